"""``[image] certificates``: authorities of the user's own that the image shall trust.

They go where update-ca-certificates(8) expects local ones, each in a file of its own, and from
there into the bundle and the hashed links. What this machine trusts when fetching never does.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from distil.errors import DistilError
from distil.formats.errors import MalformedCertificate
from distil.formats.x509_name import certificates_in, subject_hash
from distil.model.blob import InlineBlob
from distil.model.certificates import LOCAL
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin
from distil.model.regular_file import read_small

_DER = 0x30
"""The first byte of a certificate that is not in PEM form: an ASN.1 sequence."""


class UnusableCertificate(DistilError):
    """A file of certificates for the image that cannot be used."""

    def __init__(self, name: str, why: str, *, hint: str = "") -> None:
        advice = "[image] certificates are files of authorities in PEM form"
        super().__init__(f"the certificate {name} cannot be used: {why}", hint=hint or advice)


def local_certificates(source: Path, names: Sequence[str]) -> tuple[Node, ...]:
    """The certificates in the files `names` below the application's directory `source`.

    Raises `UnusableCertificate` for a file that is missing, outside, holds something else than
    certificates, or a certificate that is no authority's.
    """
    nodes: dict[str, Node] = {}
    for name in names:
        for der in _authorities(name, _read(source, name)):
            path = _free_path(PurePosixPath(name).stem, nodes)
            origin = ApplicationOrigin(name)
            nodes[path] = Node(path, Kind.FILE, 0o644, blob=InlineBlob.of(_pem(der)), origin=origin)
    return tuple(nodes.values())


def _read(source: Path, name: str) -> bytes:
    path = (source / name).resolve()
    if not path.is_relative_to(source.resolve()):
        raise UnusableCertificate(name, "it is outside of the application's directory")
    try:
        return read_small(path)
    except OSError as error:
        raise UnusableCertificate(name, error.strerror or "it cannot be read") from error


def _authorities(name: str, data: bytes) -> Iterator[bytes]:
    """The certificates in `data`, in DER form; all of them authorities'."""
    if b"PRIVATE KEY-----" in data:
        raise UnusableCertificate(name, "it holds a private key, which no image should have")
    try:
        found = certificates_in(data)
    except MalformedCertificate as error:
        raise UnusableCertificate(name, error.message) from error
    if not found:
        der = data[:1] == bytes([_DER])
        hint = f"openssl x509 -inform der -in {name} -out corp.pem" if der else ""
        raise UnusableCertificate(name, "it holds no certificate in PEM form", hint=hint)
    for number, certificate in enumerate(found, 1):
        which = f"certificate {number} of {len(found)} " if len(found) > 1 else "its certificate "
        _check(name, which, certificate)
        yield certificate


def _check(name: str, which: str, der: bytes) -> None:
    """As OpenSSL judges it: well-formed, and allowed to sign others."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        subject_hash(der)
        context.load_verify_locations(cadata=der)
    except (ssl.SSLError, MalformedCertificate) as error:
        raise UnusableCertificate(name, f"{which}is malformed") from error
    if not context.cert_store_stats()["x509_ca"]:
        why = f"{which}is a server's or a client's, not an authority's (CA:TRUE)"
        hint = "name the certificate of the authority that signed it"
        raise UnusableCertificate(name, why, hint=hint)


def _free_path(stem: str, taken: dict[str, Node]) -> str:
    path = f"{LOCAL}/{stem}.crt"
    number = 1
    while path in taken:
        number += 1
        path = f"{LOCAL}/{stem}-{number}.crt"
    return path


def _pem(der: bytes) -> bytes:
    """RFC 7468: nothing but the certificate, whatever else stood in the file."""
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode("ascii"), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()
