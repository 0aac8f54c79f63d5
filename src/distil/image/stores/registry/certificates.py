"""Certificates for one registry, as containers-certs.d(5) and Docker have them in directories."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from distil.image.stores.registry.errors import InvalidCertificates

SYSTEM_DIRECTORIES: Final = (Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))


class RegistryCertificates(msgspec.Struct, frozen=True):
    """Whom to trust beside the machine's authorities, and who to be.

    `client` is the certificate and its key; each is a file in PEM form.
    """

    authorities: tuple[Path, ...] = ()
    client: tuple[Path, Path] | None = None


def certificates_for(host: str) -> RegistryCertificates:
    """What is kept for the registry ``HOST[:PORT]``: nothing, when no directory is called so.

    The first directory counts, the user's own before the system's; one that this user may not
    read counts as not there. Raises `InvalidCertificates` for a client certificate without its
    key, or a key without its certificate.
    """
    for parent in (Path("~/.config/containers/certs.d").expanduser(), *SYSTEM_DIRECTORIES):
        try:
            names = sorted(path.name for path in (parent / host).iterdir())
        except OSError:
            continue
        return _sorted_out(parent / host, names)
    return RegistryCertificates()


def _sorted_out(directory: Path, names: list[str]) -> RegistryCertificates:
    authorities = tuple(directory / name for name in names if name.endswith(".crt"))
    certificates = [name.removesuffix(".cert") for name in names if name.endswith(".cert")]
    keys = [name.removesuffix(".key") for name in names if name.endswith(".key")]
    for name in certificates:
        if name not in keys:
            why = f"the key of this certificate is missing: {name}.key"
            raise InvalidCertificates(str(directory / f"{name}.cert"), why)
    for name in keys:
        if name not in certificates:
            why = f"the certificate of this key is missing: {name}.cert"
            raise InvalidCertificates(str(directory / f"{name}.key"), why)
    if not certificates:
        return RegistryCertificates(authorities)
    first = directory / certificates[0]
    pair = (first.with_name(f"{first.name}.cert"), first.with_name(f"{first.name}.key"))
    return RegistryCertificates(authorities, pair)
