"""Which documents are heard about a scan: those that the user names, and those with the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from distil.errors import DistilError
from distil.events import Warned, emit
from distil.formats.json_document import NotTheDocument, decoded
from distil.model.errors import LimitExceeded
from distil.model.finding import Scan
from distil.model.inventory import Inventory
from distil.model.regular_file import open_regular
from distil.survey.surveying import Surveyed
from distil.vulns.vex.claims import Document
from distil.vulns.vex.reading import LARGEST


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be heard: VEX documents and ignore files, each a file that the user names.

    `attached`: and the VEX documents that are attached to the image.
    """

    vex: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    attached: bool = True


def named_documents(hearing: Hearing) -> tuple[Document, ...]:
    """The documents that the user names. Raises `MalformedVex`, `MalformedIgnoreFile`, OSError."""
    found = [read_named(one) for one in hearing.vex]
    if hearing.ignore:
        from distil.vulns.vex.ignore import read_ignore_file

        found += [read_ignore_file(_read(one), one) for one in hearing.ignore]
    return tuple(found)


def read_named(file: str) -> Document:
    """The VEX document in `file`. Raises `MalformedVex`, OSError."""
    from distil.vulns.vex.read import read_vex

    return read_vex(_read(file), file)


def attached_vex(surveyed: Surveyed) -> Iterator[Document]:
    """What is attached to an image and says something of vulnerabilities.

    Nobody asked for it: what cannot be read is told and left out.
    """
    if not surveyed.vex:
        return
    from distil.vulns.vex.read import is_vex, read_vex

    about = surveyed.inventory.subject.digest
    for one in surveyed.vex:
        if not is_vex(one.data):
            continue
        name = f"{one.found} {one.digest}"
        try:
            document = read_vex(one.data, name, about)
        except DistilError as error:
            emit(Warned(f"a VEX document that is attached could not be read: {error.message}"))
            continue
        yield msgspec.structs.replace(document, is_attached=True)


def heard(scan: Scan, surveyed: Surveyed, documents: Sequence[Document]) -> Scan:
    """`scan` with what `documents` and those that were found with the image say of it."""
    whole = (*documents, *attached_vex(surveyed))
    return _applied(scan, surveyed.inventory, whole, index=surveyed.index)


def heard_of_sbom(
    scan: Scan, inventory: Inventory, file: str, documents: Sequence[Document]
) -> Scan:
    """`scan` of the SBOM in `file` with what `documents` say; these may name it by its serial."""
    serials = _serials(file) if documents else ()
    return _applied(scan, inventory, documents, serials=serials)


def _applied(
    scan: Scan,
    inventory: Inventory,
    documents: Sequence[Document],
    *,
    index: str = "",
    serials: Sequence[str] = (),
) -> Scan:
    if not documents:
        return scan
    from distil.vulns.vex.apply import apply
    from distil.vulns.vex.match import target_of

    return apply(scan, documents, target_of(inventory, index, serials))


def _serials(file: str) -> tuple[str, ...]:
    """The serial number of a CycloneDX document; of any other there is none."""
    try:
        serial = decoded(_read(file), _Serial).serial
    except NotTheDocument:
        return ()
    return (serial,) if serial else ()


class _Serial(msgspec.Struct, frozen=True, rename={"serial": "serialNumber"}):
    serial: str = ""


def _read(file: str) -> bytes:
    with open_regular(Path(file)) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise LimitExceeded(file, f"a document of more than {LARGEST} bytes")
    return data
