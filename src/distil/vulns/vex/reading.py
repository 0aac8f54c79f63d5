"""What the readers of all formats share: decoding with a bound, words, dates and evidence."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

from distil.formats.json_document import NotTheDocument, decoded
from distil.formats.spelling import unspelled
from distil.model.finding import Evidence, Justification, Standing
from distil.model.image import seconds_of
from distil.vulns.vex.claims import Thing
from distil.vulns.vex.errors import MalformedVex

LARGEST: Final = 256 << 20
"""Bytes of a document. The largest that vendors publish are some ten million."""

MOST_CLAIMS: Final = 500_000
"""Statements of one document, each counted once for every thing it is about."""

LONGEST: Final = 4_000
"""Characters that are kept of what a document says in words."""

MARK: Final = "distil-evidence/v1"
"""What a line with evidence begins with, and what a property with it is called."""

_DIGEST: Final = re.compile(r"(?:^|@)(sha256:[0-9a-f]{64})$")
_Document = TypeVar("_Document")


def decode(data: bytes, kind: type[_Document], name: str) -> _Document:
    """JSON as `kind`. Raises `MalformedVex`."""
    try:
        return decoded(data, kind)
    except NotTheDocument as error:
        raise MalformedVex(name, error.where, error.why) from error


def standing_of(word: str, words: dict[str, Standing], name: str, where: str) -> Standing:
    """What `word` of a format means. Raises `MalformedVex` for one that it does not have."""
    try:
        return words[word]
    except KeyError:
        why = f"{word[:100]!r} is none of {', '.join(words)}"
        raise MalformedVex(name, where, why) from None


def justified(word: str) -> tuple[Justification | None, str]:
    """A justification in the words of OpenVEX and CSAF; for another word why it is void."""
    if not word:
        return None, ""
    try:
        return Justification(word), ""
    except ValueError:
        return None, f"there is no justification {word[:100]!r}"


def unjustified(standing: Standing, justification: Justification | None, reason: str) -> str:
    """Why a statement of this `standing` is void as far as its justification goes."""
    if standing is Standing.NOT_AFFECTED and justification is None and not reason:
        return "it gives neither a justification nor a reason"
    return ""


def moment(*dates: str) -> int:
    """The first of these dates that can be read, in seconds since 1970, else 0."""
    return next(filter(None, map(seconds_of, dates)), 0)


def shortened(text: str) -> str:
    """What a document says in words, as far as it is kept."""
    text = text.strip()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def named(text: str, *, purls: tuple[str, ...] = (), digests: tuple[str, ...] = ()) -> Thing:
    """The thing that an identifier names: a package URL, a digest, or whatever people call it."""
    if text.startswith("pkg:"):
        return Thing(purls=tuple(dict.fromkeys((text, *purls))), digests=digests)
    found = _DIGEST.search(text)
    if found:
        digests = tuple(dict.fromkeys((*digests, found[1])))
    ref = text.removeprefix(REF) if text.startswith(REF) else ""
    return Thing(purls=purls, digests=digests, name=text, ref=ref)


REF: Final = "urn:distil:component:"
"""What begins the identifier of a component without a package URL, before its ref."""


def evidence_in(text: str, name: str, where: str) -> Evidence | None:
    """The evidence in a text whose last line it is. Raises `MalformedVex` for a damaged one."""
    for line in text.splitlines():
        if line.startswith(MARK):
            return evidence_of(line.removeprefix(MARK).strip(), name, where)
    return None


def evidence_of(text: str, name: str, where: str) -> Evidence:
    """The evidence that is written as JSON. Raises `MalformedVex`."""
    try:
        found = msgspec.json.decode(text.encode("utf-8", "replace"), type=Evidence)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MalformedVex(name, where, f"its evidence cannot be read: {error}") from error
    return msgspec.structs.replace(
        found,
        files=tuple((unspelled(path), digest) for path, digest in found.files),
        absent=tuple(unspelled(path) for path in found.absent),
    )


def without_evidence(text: str) -> str:
    """A text without its lines of evidence."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(MARK)).strip()
