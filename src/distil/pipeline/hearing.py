"""Which documents are heard about a scan: those that the user names, and those with the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from distil.errors import DistilError
from distil.events import Warned, emit
from distil.model.errors import LimitExceeded
from distil.model.finding import Scan
from distil.model.inventory import Inventory
from distil.model.regular_file import open_regular
from distil.survey.surveying import Surveyed
from distil.vulns.vex.claims import Document
from distil.vulns.vex.reading import LARGEST


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be heard: VEX documents and an ignore file, each a file that the user names.

    `attached`: and the VEX documents that are attached to the image.
    """

    vex: tuple[str, ...] = ()
    ignore: str = ""
    attached: bool = True


def named_documents(hearing: Hearing) -> tuple[Document, ...]:
    """The documents that the user names. Raises `MalformedVex`, `MalformedIgnoreFile`, OSError."""
    found = [read_named(one) for one in hearing.vex]
    if hearing.ignore:
        from distil.vulns.vex.ignore import read_ignore_file

        found.append(read_ignore_file(_read(hearing.ignore), hearing.ignore))
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


def heard(
    scan: Scan, inventory: Inventory, surveyed: Surveyed | None, documents: Sequence[Document]
) -> Scan:
    """`scan` with what `documents` and those that were found with the image say of it."""
    beside = tuple(attached_vex(surveyed)) if surveyed is not None else ()
    if not documents and not beside:
        return scan
    from distil.vulns.vex.apply import apply
    from distil.vulns.vex.match import target_of

    index = surveyed.index if surveyed is not None else ""
    return apply(scan, (*documents, *beside), target_of(inventory, index))


def _read(file: str) -> bytes:
    with open_regular(Path(file)) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise LimitExceeded(file, f"a document of more than {LARGEST} bytes")
    return data
