"""A software bill of materials in any format that distil knows, as an inventory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from distil.model.inventory import IndexInventory, Inventory
from distil.sbom.cyclonedx_reader import read_cyclonedx
from distil.sbom.errors import MalformedSbom
from distil.sbom.purls import read_purls
from distil.sbom.reading import decoded
from distil.sbom.spdx2_reader import read_spdx2
from distil.sbom.spdx3_reader import read_spdx3
from distil.sbom.syft_reader import read_syft

Reader = Callable[[bytes, str], Inventory | IndexInventory]

_NONE: Final = msgspec.Raw()
_BOM: Final = b"\xef\xbb\xbf"
_KNOWN: Final = (
    "it has to be SPDX 2.2, 2.3 or 3.0 JSON, CycloneDX JSON, Syft's JSON or package URLs"
)


class _Sniffed(msgspec.Struct, rename={"context": "@context", "bom_format": "bomFormat"}):
    """What tells formats apart, whatever it holds."""

    bom_format: msgspec.Raw = _NONE
    spdx_version: msgspec.Raw = msgspec.field(default=_NONE, name="spdxVersion")
    context: msgspec.Raw = _NONE
    artifacts: msgspec.Raw = _NONE


def read_sbom(data: bytes, name: str) -> Inventory | IndexInventory:
    """The inventory that a document holds; `name` is what errors call it.

    The format is known by the content. Raises `MalformedSbom`.
    """
    data = data.removeprefix(_BOM)
    start = data[:64].lstrip()
    if start.startswith(b"pkg:"):
        return _read_purls(data, name)
    if not start.startswith(b"{"):
        raise MalformedSbom(name, "", "it is no software bill of materials", hint=_KNOWN)
    return _reader(decoded(data, _Sniffed, name), name)(data, name)


def _reader(sniffed: _Sniffed, name: str) -> Reader:
    if bytes(sniffed.bom_format):
        return read_cyclonedx
    if bytes(sniffed.spdx_version).startswith(b'"SPDX-2.'):
        return read_spdx2
    if b"spdx.org/rdf/3." in bytes(sniffed.context):
        return read_spdx3
    if bytes(sniffed.artifacts):
        return read_syft
    raise MalformedSbom(name, "$", "it is no software bill of materials", hint=_KNOWN)


def _read_purls(data: bytes, name: str) -> Inventory:
    try:
        return read_purls(data.decode(), name)
    except UnicodeDecodeError as error:
        raise MalformedSbom(name, f"byte {error.start}", "no UTF-8") from error
