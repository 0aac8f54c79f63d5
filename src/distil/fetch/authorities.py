"""Whom to trust when fetching: the machine's certificate authorities, and those the user adds.

What OpenSSL itself reads (``SSL_CERT_FILE``, ``SSL_CERT_DIR``) stands in the place of the
machine's; ``REQUESTS_CA_BUNDLE``, ``DISTIL_CA_FILE`` and ``ca-file`` in the configuration file
are added to it. None of them gets into an image.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from distil.fetch.configuration import configuration_path, read_configuration
from distil.fetch.errors import InvalidConfiguration
from distil.fetch.request import TlsPolicy
from distil.model.regular_file import read_small

if TYPE_CHECKING:
    import ssl

VARIABLE: Final = "DISTIL_CA_FILE"
_KEY: Final = "ca-file under [network]"


class _Bundle(msgspec.Struct, frozen=True):
    """A file of certificates (or, from some variables, a directory), and who names it."""

    path: Path
    named_by: str

    def check(self) -> None:
        if not os.access(self.path, os.R_OK):
            raise InvalidConfiguration(self.named_by, f"{self.path} cannot be read")


def tls_context(environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """A context that trusts all of them. Raises `InvalidConfiguration`, naming who named what."""
    import ssl

    instead = environment.get("SSL_CERT_FILE")
    if instead:
        _Bundle(Path(instead), "SSL_CERT_FILE").check()
    # SSL_CERT_FILE and SSL_CERT_DIR are read in here.
    context = ssl.create_default_context()
    for bundle in _added(environment):
        bundle.check()
        directory = bundle.path.is_dir()
        try:
            context.load_verify_locations(
                cafile=None if directory else bundle.path,
                capath=bundle.path if directory else None,
            )
        except (OSError, ssl.SSLError) as error:
            why = f"{bundle.path} holds no certificates in PEM form"
            raise InvalidConfiguration(bundle.named_by, why) from error
    return context


def server_context(policy: TlsPolicy) -> ssl.SSLContext:
    """A context for the server that `policy` is about; machine-wide trust holds there as well.

    Raises `InvalidConfiguration`, naming the file that cannot be used.
    """
    import ssl

    context = tls_context()
    for path in policy.authorities:
        _Bundle(Path(path), path).check()
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise InvalidConfiguration(path, "holds no certificates in PEM form") from error
    if policy.client is not None:
        try:
            context.load_cert_chain(*policy.client, password="")
        except (OSError, ssl.SSLError) as error:
            why = f"no certificate and key in PEM form, without a password: {policy.client[1]}"
            raise InvalidConfiguration(policy.client[0], why) from error
    if not policy.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class TrustedAuthorities(msgspec.Struct, frozen=True):
    """Whom TLS connections trust: how many are known at once, and where they are from.

    `directory`: there is a directory as well, in which others are looked for when needed.
    """

    number: int
    place: str
    directory: bool


def trusted_authorities() -> TrustedAuthorities:
    """Whom TLS connections of this process would trust.

    Raises `InvalidConfiguration`.
    """
    import ssl

    number = tls_context().cert_store_stats()["x509_ca"]
    paths = ssl.get_default_verify_paths()
    places = {
        "SSL_CERT_FILE": os.environ.get("SSL_CERT_FILE") or paths.cafile,
        "SSL_CERT_DIR": os.environ.get("SSL_CERT_DIR") or paths.capath,
        **{bundle.named_by: str(bundle.path) for bundle in _added(os.environ)},
    }
    directory = places["SSL_CERT_DIR"]
    filled = directory is not None and any(
        part and Path(part).is_dir() and any(Path(part).iterdir())
        for part in directory.split(os.pathsep)
    )
    named = [place for place in dict.fromkeys(places.values()) if place]
    return TrustedAuthorities(number, ", ".join(named) or "no bundle is named", filled)


@contextlib.contextmanager
def trust_for_uv(environment: Mapping[str, str] = os.environ) -> Iterator[dict[str, str]]:
    """Variables that make uv trust the same authorities, as long as the block lasts.

    uv reads OpenSSL's variables and none of those that add to them, so it gets one file of all.
    Raises `InvalidConfiguration`.
    """
    added = [bundle for bundle in _added(environment) if not bundle.path.is_dir()]
    if not added:
        yield {}
        return
    import tempfile

    tls_context(environment)  # that it is right is better said here than by uv
    files = [*_trusted_instead(environment), *(bundle.path for bundle in added)]
    with tempfile.NamedTemporaryFile(prefix="distil-authorities-", suffix=".pem") as stream:
        for path in dict.fromkeys(files):
            stream.write(read_small(path).rstrip(b"\n") + b"\n")
        stream.flush()
        yield {"SSL_CERT_FILE": stream.name}


def _added(environment: Mapping[str, str]) -> list[_Bundle]:
    """The bundles that are trusted beside the machine's."""
    named = {name: environment.get(name, "") for name in ("REQUESTS_CA_BUNDLE", VARIABLE)}
    known = ("", environment.get("SSL_CERT_FILE"))
    found = [_Bundle(Path(path), name) for name, path in named.items() if path not in known]
    if VARIABLE not in environment:
        path = configuration_path(environment)
        configured = read_configuration(path).network.ca_file
        if configured:
            found.append(_Bundle(Path(configured), f"{path}: {_KEY}"))
    return found


def _trusted_instead(environment: Mapping[str, str]) -> list[Path]:
    """The files of what is trusted without anything added; those in a directory one by one."""
    import ssl

    defaults = ssl.get_default_verify_paths()
    if environment.get("SSL_CERT_FILE"):
        return [Path(environment["SSL_CERT_FILE"])]
    if defaults.cafile:
        return [Path(defaults.cafile)]
    directory = Path(environment.get("SSL_CERT_DIR") or defaults.capath or "")
    return sorted(path for path in directory.glob("*.0") if path.is_file())
