"""Whether what a document says is not affected can be shown again, from the bytes of an image.

Nothing in the document is believed. What it cites is looked for in the files that are there, and
what it would have had to cite is found out anew: evidence that leaves a file, a program or a
function out proves nothing.
"""

from __future__ import annotations

import enum
import fnmatch
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from distil.formats.go_functions import GoFunctions
from distil.model.errors import LinkLoop
from distil.model.finding import Evidence, Standing
from distil.model.inventory import Inventory, InventoryComponent, InventoryFile
from distil.model.node import Node
from distil.model.tree import Tree
from distil.vulns.matching.absence import FILES_ABSENT, KERNEL_HEADERS, Absence
from distil.vulns.matching.presence import Remaining
from distil.vulns.matching.symbols import (
    SYMBOLS_ABSENT,
    Linked,
    has_module,
    is_linked,
    linked_in,
    main_path,
)
from distil.vulns.vex.claims import About, Claim, Document
from distil.vulns.vex.match import Target, names_component, names_image, target_of

_MOST_WHY: Final = 5
"""Sentences that are told about one statement."""

Symbols = Callable[[InventoryComponent, Sequence[str]], frozenset[str] | None]
"""The functions that advisories of these ids name of a component, by the linker's names; None
where there are none to ask."""


class Outcome(enum.StrEnum):
    """What became of a statement."""

    PROVEN = "proven"
    REFUTED = "refuted"
    """It does not hold for this image, or its evidence is not what is there."""
    UNTOLD = "untold"
    """It gives no evidence, or none that can be checked here."""


class Proof(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A statement about one component, and whether it was shown again.

    `where` is its place in the document, `platform` that of the image that it is about, `rule`
    what shows it. `why` are sentences.
    """

    id: str
    component: str
    outcome: Outcome
    where: str
    platform: str = ""
    rule: str = ""
    why: tuple[str, ...] = ()


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """An image whose bytes were all read: what is in it, and its files.

    `functions` reads those of the Go program that is a node of the tree.
    """

    inventory: Inventory
    tree: Tree
    index: str = ""
    functions: Callable[[Node], GoFunctions | None]

    @property
    def target(self) -> Target:
        """What statements are held against."""
        return target_of(self.inventory, self.index)


def prove(
    document: Document, images: Sequence[Examined], symbols: Symbols | None = None
) -> tuple[Proof, ...]:
    """What becomes of each statement of `document` that something is not affected.

    `images` are those of all platforms. `symbols` tells which functions advisories name, so that
    evidence cannot leave one out. Raises what reading files raises.
    """
    checks = [_Check(one, symbols) for one in images]
    found: list[Proof] = []
    for claim in document.claims:
        if claim.standing is Standing.NOT_AFFECTED:
            found += _proofs(claim, checks)
    return tuple(found)


def _proofs(claim: Claim, checks: Sequence[_Check]) -> Iterator[Proof]:
    for about in claim.about:
        meant = [one for one in checks if names_image(about.product, one.target)]
        if claim.evidence is None:
            yield _untold(claim, about, "it gives no evidence")
        elif not meant:
            yield _refuted(claim, about, f"it is about {about.product}, and this is another image")
        else:
            for check in meant:
                yield from check.proofs(claim, about, claim.evidence)
    if not claim.about:
        yield _untold(claim, None, "it names no product")


def _untold(claim: Claim, about: About | None, why: str) -> Proof:
    return Proof(
        id=_id(claim),
        component=_named(about),
        outcome=Outcome.UNTOLD,
        where=claim.where,
        rule=claim.evidence.rule if claim.evidence is not None else "",
        why=(why,),
    )


def _refuted(claim: Claim, about: About, why: str) -> Proof:
    return msgspec.structs.replace(_untold(claim, about, why), outcome=Outcome.REFUTED)


def _id(claim: Claim) -> str:
    return claim.ids[0] if claim.ids else ""


def _named(about: About | None) -> str:
    if about is None:
        return ""
    return str(about.parts[0] if about.parts else about.product)


class _Check:
    """One image, and what has been found out about it."""

    def __init__(self, image: Examined, symbols: Symbols | None) -> None:
        self.target = image.target
        self._image = image
        self._symbols = symbols
        self._absence = Absence(image.inventory)
        self._files = {file.path: file for file in image.inventory.files}
        self._numbers = {one.ref: n for n, one in enumerate(image.inventory.components)}
        self._programs: dict[str, Linked | None] = {}

    def proofs(self, claim: Claim, about: About, evidence: Evidence) -> Iterator[Proof]:
        """A proof for each component that the statement is about in this image."""
        if not about.parts:
            yield _untold(claim, about, "it is about the whole image, its evidence about a part")
        for part in about.parts:
            refs = [
                ref
                for ref, component in self.target.components.items()
                if names_component(part, component, self.target)
            ]
            for ref in refs:
                number = self._numbers[ref]
                yield self._proof(claim, evidence, number)
            if not refs:
                why = "nothing in the image, or beside it, tells of the component"
                one = _untold(claim, About(part), why)
                yield msgspec.structs.replace(one, platform=self._platform)

    @property
    def _platform(self) -> str:
        return self._image.inventory.subject.platform

    def _proof(self, claim: Claim, evidence: Evidence, number: int) -> Proof:
        component = self._image.inventory.components[number]
        known = {
            FILES_ABSENT: self._gone,
            KERNEL_HEADERS: self._gone,
            SYMBOLS_ABSENT: self._unlinked,
        }
        outcome, why = Outcome.UNTOLD, [f"{evidence.rule!r} is no rule that can be shown here"]
        if evidence.rule in known:
            why = [*self._cited(evidence), *known[evidence.rule](component, evidence, claim)]
            outcome = Outcome.REFUTED if why else Outcome.PROVEN
        more = [f"… and {len(why) - _MOST_WHY} more"] if len(why) > _MOST_WHY else []
        return Proof(
            id=_id(claim),
            component=f"{component.name} {component.version}".strip(),
            outcome=outcome,
            where=claim.where,
            platform=self._platform,
            rule=evidence.rule,
            why=(*why[:_MOST_WHY], *more),
        )

    def _cited(self, evidence: Evidence) -> Iterator[str]:
        """What of the files that are cited is not as it is cited."""
        for path, digest in evidence.files:
            file = self._files.get(path)
            if file is None:
                yield f"{path} is not there"
            elif _hex(file.digest) != _hex(digest):
                yield f"{path} has other contents"
        for path in evidence.absent:
            if there := self._there(path):
                yield f"{there} is there"

    def _there(self, path: str) -> str:
        """The path of the image that `path`, which may have wildcards, leads to; else empty."""
        tree = self._image.tree
        if "*" in path:
            return next((one for one in fnmatch.filter(self._files, path)), "")
        if path in tree:
            return path
        parent, _, name = path.rpartition("/")
        try:
            real = f"{tree.real_path(parent or '/').rstrip('/')}/{name}"
        except LinkLoop:
            return ""
        return real if real in tree else ""

    def _gone(
        self, component: InventoryComponent, evidence: Evidence, claim: Claim
    ) -> Iterator[str]:
        """What speaks against it that the component is not there, whatever the document cites."""
        del claim
        number = self._numbers[component.ref]
        if evidence.rule == FILES_ABSENT:
            left_out = sorted({*component.missing} - {*evidence.absent})
            for path in left_out:
                yield f"the evidence leaves out {path}, which {component.name} has as well"
        remains = Remaining(self._image.inventory, [number]).of(number)
        statement = self._absence.statement(component, number, remains)
        if statement is None:
            yield f"the files of the image do not show that {component.name} is not there"
        elif statement.evidence is None or statement.evidence.rule != evidence.rule:
            yield f"the files of the image show it otherwise than by {evidence.rule}"

    def _unlinked(
        self, component: InventoryComponent, evidence: Evidence, claim: Claim
    ) -> Iterator[str]:
        """What speaks against it that functions are in none of the programs with the component."""
        if not evidence.symbols:
            yield "the evidence names no function"
        cited = {path for path, _ in evidence.files}
        for place in component.places:
            if place.path not in cited:
                yield f"the evidence leaves out {place.path}, which has {component.name} as well"
        for path in sorted(cited):
            file = self._files.get(path)
            if file is not None:
                yield from self._linked(file, component, evidence.symbols)
        wanted = self._symbols(component, claim.ids) if self._symbols is not None else None
        for name in sorted((wanted or frozenset()) - {*evidence.symbols}):
            yield f"the evidence leaves out {name}, which an advisory names"

    def _linked(
        self, file: InventoryFile, component: InventoryComponent, symbols: Iterable[str]
    ) -> Iterator[str]:
        if file.path not in self._programs:
            self._programs[file.path] = linked_in(file, self._read)
        program = self._programs[file.path]
        if program is None:
            yield f"the functions of {file.path} cannot be told"
            return
        if not has_module(program, component.name, main_path(component)):
            yield f"{file.path} tells of no function of {component.name}"
        for name in symbols:
            if is_linked(name, program):
                yield f"{name} is linked into {file.path}"

    def _read(self, file: InventoryFile) -> GoFunctions | None:
        node = self._image.tree.get(file.path)
        return self._image.functions(node) if node is not None else None


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")
