"""`vex verify`: what a VEX document says is not affected, shown again from an image's bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.formats.go_functions import GoFunctions, read_go_functions
from distil.image.read import read_image
from distil.image.read_tree import read_listing
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.finding import Standing
from distil.model.inventory import InventoryComponent
from distil.model.node import Kind, Node
from distil.model.platform import optional_platform
from distil.model.reference import Location, parse_location
from distil.model.tree import Tree
from distil.pipeline.hearing import attached_vex, read_named
from distil.survey.errors import NoAttachedVex
from distil.survey.surveying import Surveyed, Wanted, survey
from distil.vulns.advisories import Advisories
from distil.vulns.database.location import database_path
from distil.vulns.database.reader import Database
from distil.vulns.matching.symbols import asked_for, main_path
from distil.vulns.vex.claims import Document
from distil.vulns.vex.proof import Examined, Outcome, Proof, prove

ATTACHED: Final = "attached"
"""What stands for the documents that are attached to the image itself."""

_GO: Final = "Go"


class VexRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify_vex` is asked for: an image, and a file with a VEX document.

    ``attached`` in place of a file are those that are attached to the image. Of an image for
    several platforms all are looked at, or `platform` alone. `database` is a file of advisories,
    empty for the one of this user if there is one.
    """

    image: str
    file: str
    platform: str = ""
    database: str = ""
    settings: StoreSettings = NOTHING_SAID


class VerifiedVex(msgspec.Struct, frozen=True):
    """A document, and what became of each of its statements that something is not affected.

    `others` counts those that say something else, which asks for no proof. `is_informed` says
    that advisories were asked which functions evidence has to be about.
    """

    name: str
    form: str
    author: str
    proofs: tuple[Proof, ...]
    others: int = 0
    is_informed: bool = False

    def count(self, outcome: Outcome) -> int:
        """How many statements came out so."""
        return sum(one.outcome is outcome for one in self.proofs)


def verify_vex(request: VexRequest) -> tuple[VerifiedVex, ...]:
    """What becomes of the document, or of each that is attached.

    All bytes of the image are read and hashed again. Where there is a database, functions of Go
    programs are held against what its advisories name. Raises `MalformedVex`, `NoAttachedVex`,
    what opening databases raises, and what reading images raises.
    """
    is_attached = request.file == ATTACHED
    documents: tuple[Document, ...] = () if is_attached else (read_named(request.file),)
    location, cache = parse_location(request.image), Cache.default()
    wanted = Wanted(
        platform=request.platform,
        anew=True,
        hashed=True,
        vex=is_attached,
        settings=request.settings,
    )
    with cache.guarding():
        surveyed = survey(location, wanted, cache).images
        if is_attached:
            documents = _attached(surveyed)
            if not documents:
                raise NoAttachedVex(request.image)
        images = [_examined(one, location, request.settings, cache) for one in surveyed]
        with _advisories(request.database) as advisories:
            symbols = None if advisories is None else _Named(advisories)
            return tuple(_verified(one, images, symbols) for one in documents)


@contextmanager
def _advisories(database: str) -> Iterator[Advisories | None]:
    """Those of the database, if there is one: what needs none does without."""
    path = Path(database) if database else database_path()
    if not database and not path.exists():
        yield None
        return
    with Database.open(path) as opened:
        yield opened


def _attached(surveyed: Sequence[Surveyed]) -> tuple[Document, ...]:
    """Each document once, whichever of the images it is attached to."""
    found = {one.name: one for image in surveyed for one in attached_vex(image)}
    return tuple(found.values())


def _verified(
    document: Document, images: Sequence[Examined], symbols: _Named | None
) -> VerifiedVex:
    others = sum(one.standing is not Standing.NOT_AFFECTED for one in document.claims)
    proofs = prove(document, images, symbols)
    return VerifiedVex(
        document.name,
        document.form,
        document.author,
        proofs,
        others=others,
        is_informed=symbols is not None,
    )


def _examined(one: Surveyed, location: Location, settings: StoreSettings, cache: Cache) -> Examined:
    platform = one.inventory.subject.platform
    return Examined(
        inventory=one.inventory,
        tree=_tree(location, platform, settings, cache),
        index=one.index,
        functions=_functions,
    )


def _tree(location: Location, platform: str, settings: StoreSettings, cache: Cache) -> Tree:
    with store_to_read(location, settings).opened() as source:
        return read_listing(read_image(source, optional_platform(platform)).layers, cache)


def _functions(node: Node) -> GoFunctions | None:
    """The functions of the Go program that `node` is; None where its table does not name all."""
    if node.kind is not Kind.FILE or node.blob is None:
        return None
    try:
        found = read_go_functions(ElfImage(node.blob.read()))
    except MalformedElf:
        return None
    return found if found is not None and found.has_inlined else None


class _Named:
    """The functions that advisories name of a Go module."""

    def __init__(self, advisories: Advisories) -> None:
        self._advisories = advisories

    def __call__(self, component: InventoryComponent, ids: Sequence[str]) -> frozenset[str] | None:
        entries = self._advisories.affected(_GO, [component.name]).get(component.name, ())
        documents = self._advisories.advisories([one.advisory for one in entries])
        wanted, main = {one.upper() for one in ids}, main_path(component)
        names: set[str] = set()
        for entry in entries:
            document = documents.get(entry.advisory)
            told = {entry.advisory}
            if document is not None:
                told |= {document.id, *document.aliases, *document.upstream}
            if wanted.isdisjoint(one.upper() for one in told):
                continue
            names.update(name for one in entry.imports for name in asked_for(one, main))
        return frozenset(names)
