"""Whom TLS connections trust, for those who want to know."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from distil.fetch.transport import tls_context


class TrustedAuthorities(msgspec.Struct, frozen=True):
    """Whom TLS connections trust: how many are known at once, and where they are from.

    `directory`: there is a directory as well, in which others are looked for when needed.
    """

    number: int
    place: str
    directory: bool


def trusted_authorities() -> TrustedAuthorities:
    """Whom TLS connections of this process would trust. Raises `InvalidUrl`."""
    import ssl

    number = tls_context().cert_store_stats()["x509_ca"]
    paths = ssl.get_default_verify_paths()
    places = {
        "SSL_CERT_FILE": os.environ.get("SSL_CERT_FILE") or paths.cafile,
        "SSL_CERT_DIR": os.environ.get("SSL_CERT_DIR") or paths.capath,
        "REQUESTS_CA_BUNDLE": os.environ.get("REQUESTS_CA_BUNDLE"),
    }
    directory = places["SSL_CERT_DIR"]
    filled = directory is not None and any(
        part and Path(part).is_dir() and any(Path(part).iterdir())
        for part in directory.split(os.pathsep)
    )
    named = [place for place in dict.fromkeys(places.values()) if place]
    return TrustedAuthorities(number, ", ".join(named) or "no bundle is named", filled)
