"""A VEX document in any format that distil knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from distil.vulns.vex.claims import Document
from distil.vulns.vex.csaf_reader import read_csaf
from distil.vulns.vex.cyclonedx_reader import read_cyclonedx
from distil.vulns.vex.errors import MalformedVex
from distil.vulns.vex.openvex_reader import read_openvex
from distil.vulns.vex.reading import LARGEST, decode

_Reader = Callable[[bytes, str, str], Document]

_NONE: Final = msgspec.Raw()
_BOM: Final = b"\xef\xbb\xbf"
_KNOWN: Final = "it has to be OpenVEX, CSAF, or CycloneDX JSON with vulnerabilities"


class _Sniffed(msgspec.Struct, rename={"context": "@context", "bom_format": "bomFormat"}):
    """What tells formats apart, whatever it holds."""

    context: msgspec.Raw = _NONE
    bom_format: msgspec.Raw = _NONE
    vulnerabilities: msgspec.Raw = _NONE
    document: msgspec.Raw = _NONE


def read_vex(data: bytes, name: str, about: str = "") -> Document:
    """What a document says; `name` is what errors call it.

    `about` is the digest of the image that it was found with: what names no product is about
    that. The format is known by the content. Raises `MalformedVex`.
    """
    if len(data) > LARGEST:
        raise MalformedVex(name, "", f"more than {LARGEST >> 20} MiB, which no document needs")
    data = data.removeprefix(_BOM)
    if not data[:64].lstrip().startswith(b"{"):
        raise MalformedVex(name, "", "it is no VEX document", hint=_KNOWN)
    reader = _reader(decode(data, _Sniffed, name))
    if reader is None:
        raise MalformedVex(name, "$", "it is no VEX document", hint=_KNOWN)
    return reader(data, name, about)


def is_vex(data: bytes) -> bool:
    """Whether bytes look like VEX at all: an SBOM without vulnerabilities does not."""
    try:
        return _reader(decode(data, _Sniffed, "")) is not None
    except MalformedVex:
        return False


def _reader(sniffed: _Sniffed) -> _Reader | None:
    if b"openvex" in bytes(sniffed.context):
        return read_openvex
    if bytes(sniffed.bom_format) and bytes(sniffed.vulnerabilities):
        return read_cyclonedx
    if b'"csaf_version"' in bytes(sniffed.document):
        return read_csaf
    return None
