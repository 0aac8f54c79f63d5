"""Licences as packages write them, to SPDX licence expressions.

Debian's short names (DEP-5), rpm's and Alpine's words of several years, R's, the classifiers and
the free text of Python distributions, the ids of npm, gems and composer: all come to an expression
of ids of the SPDX licence list (SPDX specification, annex "SPDX license expressions"). What is not
on that list, or does not say which version, stays what it is: ``LicenseRef-…``, with the words.
The list is that of `packaging.licenses`.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from distil.catalog.formats.license_names import (
    EXCEPTIONS,
    NAMES,
    NOTHING,
    REPLACED,
)

_LONGEST: Final = 512
"""Characters of what is read as an expression; more is a licence's text."""
_LONGEST_TEXT: Final = 64 << 10
"""Characters of a text that are kept."""
_DEEPEST: Final = 32
"""Parentheses within each other."""
_MOST_WORDS: Final = 5
"""Words of a licence that has no id, beside others: more is a sentence, and not taken apart."""

_LATER: Final = re.compile(
    r"[\s,_-]*\b(?:or[\s_-]+(?:\(?at your option\)?\s+)?(?:any[\s_-]+)?"
    r"(?:later|newer|greater|higher|above)(?:[\s_-]+versions?)?|(?:and|&)[\s_-]+(?:later|newer|above))\b\.?",
    re.IGNORECASE,
)
_R_VERSION: Final = re.compile(r"\s*\(\s*(>=|==)\s*([\d.]+)\s*\)")
_R_FILE: Final = re.compile(r"\s*[+|]\s*file\s+LICEN[CS]E\b", re.IGNORECASE)
_TOKEN: Final = re.compile(r"\s*(\(|\)|,|\|\|?|&&?|;|[^\s(),|&;]+)")
_OPERATORS: Final = {
    "and": "AND",
    "&": "AND",
    "&&": "AND",
    "or": "OR",
    "|": "OR",
    "||": "OR",
    ",": ",",
    ";": ",",
}
_FILLER: Final = re.compile(r"\b(?:the|licen[cs]ed?|licenses|version|software|under)\b|\bv(?=\d)")
_NOT_IN_KEY: Final = re.compile(r"[^a-z0-9.+]+")
_GNU_WORDS: Final = re.compile(
    r"\b(?:gnu\s+)?(affero|lesser|library|free documentation|)"
    r"\s*(?:general public(?: licen[cs]e)?|documentation licen[cs]e|(?<=free documentation)"
    r"(?: licen[cs]e)?)"
)
_GNU_NAMES: Final = {
    "affero": "agpl",
    "lesser": "lgpl",
    "library": "lgpl",
    "free documentation": "gfdl",
    "": "gpl",
}
_GNU: Final = re.compile(
    r"^(?:gnu )?(l|a|)gpl (?:version )?(\d)(?:\.(\d))?(?:\.0)? ?(\+|only|or later|)$"
)
_DOCUMENTATION: Final = re.compile(
    r"^(?:gnu )?gfdl (niv )?1\.(\d)( no invariants)? ?(\+|only|or later|)( no invariants)?$"
)
_JOINED: Final = re.compile(r"\b(a|l)?gpl(?=[\d])|\b(gfdl|lgpl|agpl|gpl)v(?=\d)")
_ASIDE: Final = re.compile(r"\((?:[AL]?GPL|GFDL|MPL|ASL)\)(?=\s*\S)", re.IGNORECASE)
_ABBREVIATED: Final = re.compile(r"\(([^()]+)\)\s*$")
_CLASSIFIER: Final = re.compile(r"^License\s*::\s*(?:OSI Approved\s*::\s*)?", re.IGNORECASE)
_EXCEPTION: Final = re.compile(r"[\s_-]*exceptions?$", re.IGNORECASE)
_HYPHENATED: Final = re.compile(r"(.+?[\d+])-(?:with-)?([a-z][^\s]*-exceptions?)", re.IGNORECASE)
_NOT_IN_REFERENCE: Final = re.compile(r"[^A-Za-z0-9.]+")


class Licenses(NamedTuple):
    """Expressions, and the words of each ``LicenseRef-…`` that is in them."""

    expressions: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


def spdx(written: str, texts: Mapping[str, str] | None = None) -> Licenses:
    """One expression for what a package wrote, or none where it says nothing (``UNKNOWN``).

    `texts` are the texts of licences by the names that `written` uses (a copyright file has
    them): a licence without an id is then told with its text, and its reference ends with a part
    of the text's digest, since packages mean different texts by one name.
    """
    told = written.strip()
    if told.casefold() in NOTHING:
        return Licenses()
    if "\n" in told or len(told) > _LONGEST:
        return _of_text(told)
    expression, unknown = _expression(told)
    if texts is None or not unknown:
        return Licenses((expression,), unknown)
    found: list[tuple[str, str]] = []
    for reference, name in unknown:
        text = texts.get(name, "")[:_LONGEST_TEXT]
        if not text:
            found.append((reference, name))
            continue
        longer = f"{reference}-{_digest(text)}"
        expression = re.sub(rf"{re.escape(reference)}(?![A-Za-z0-9.-])", longer, expression)
        found.append((longer, text))
    return Licenses((expression,), tuple(found))


def spdx_all(several: Iterable[str], texts: Mapping[str, str] | None = None) -> Licenses:
    """The expressions of several, each once, in their order."""
    expressions: dict[str, None] = {}
    words: dict[str, str] = {}
    for one in several:
        read = spdx(one, texts)
        expressions.update(dict.fromkeys(read.expressions))
        words.update(read.texts)
    return Licenses(tuple(expressions), tuple(words.items()))


def _of_text(text: str) -> Licenses:
    """A whole text: known by its title, else a reference to it."""
    lines = [line.strip() for line in text[:4096].splitlines() if line.strip()][:2]
    for title in (lines[0], " ".join(lines)):
        known = _known(title) if len(title) <= _LONGEST else None
        if known is not None:
            return Licenses((known,))
    reference = f"LicenseRef-{_digest(text)}"
    return Licenses((reference,), ((reference, text[:_LONGEST_TEXT]),))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@functools.lru_cache(maxsize=4096)
def _expression(told: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The expression, and (reference, name) of what has no id."""
    known = _known(told)
    if known is not None:
        return known, ()
    unknown: dict[str, str] = {}
    read = _taken_apart(told, unknown)
    if read is None:
        unknown = {}
        read = _reference(_CLASSIFIER.sub("", told), unknown)
    return read, tuple(unknown.items())


def _reference(name: str, unknown: dict[str, str]) -> str:
    plain = name.removeprefix("LicenseRef-").replace("+", "-plus")
    slug = _NOT_IN_REFERENCE.sub("-", plain).strip("-.")
    if not slug or len(slug) > 64:
        slug = f"{slug[:48].rstrip('-.')}-{_digest(name)}".lstrip("-")
    reference = f"LicenseRef-{slug}"
    unknown[reference] = name
    return reference


# --- one licence ---


@functools.lru_cache(maxsize=4096)
def _known(name: str) -> str | None:
    """The expression that a name stands for, as a whole."""
    strict = _listed(name)
    if strict is not None:
        return strict
    name = _CLASSIFIER.sub("", name).strip(" .,;\"'")
    name = _R_FILE.sub("", name)
    name = _R_VERSION.sub(lambda found: f" {found[2]}{'+' * (found[1] == '>=')}", name)
    name = _LATER.sub("+", _ASIDE.sub(" ", name))
    abbreviated = _ABBREVIATED.search(name)
    if abbreviated is not None:
        inner = _by_key(_key(abbreviated[1]))
        if inner is not None:
            return inner
        name = name[: abbreviated.start()]
    return _by_key(_key(name))


def _listed(expression: str) -> str | None:
    """What is an SPDX expression already, with the ids of today; None for all else."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    expression = expression.strip()
    if expression.startswith("(") and expression.endswith(")"):
        inner = _listed(expression[1:-1])
        if inner is not None:
            return inner
    try:
        canonical = canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return None
    if "LicenseRef-" in canonical:
        return None
    words = canonical.replace("(", "( ").replace(")", " )").split(" ")
    renewed = [REPLACED.get(word, word) for word in words]
    return " ".join(renewed).replace("( ", "(").replace(" )", ")")


def _key(name: str) -> str:
    """A name without what people write differently: case, hyphens, "the", "License", "v"."""
    lower = name.lower()
    if "public" in lower or "documentation" in lower:
        lower = _GNU_WORDS.sub(lambda found: _GNU_NAMES[found[1]], lower)
    lower = _JOINED.sub(lambda found: f"{found[0].removesuffix('v')} ", lower)
    lower = _FILLER.sub(" ", lower)
    return " ".join(_NOT_IN_KEY.sub(" ", lower).split()).replace(" +", "+")


def _by_key(key: str) -> str | None:
    named = NAMES.get(key)
    if named is not None:
        return named
    gnu = _GNU.match(key)
    if gnu is not None:
        kind = "only" if gnu[4] in ("", "only") else "or-later"
        return _listed(f"{gnu[1]}GPL-{gnu[2]}.{gnu[3] or 0}-{kind}")
    documentation = _DOCUMENTATION.match(key)
    if documentation is not None:
        free = documentation[1] or documentation[3] or documentation[5]
        kind = "only" if documentation[4] in ("", "only") else "or-later"
        return _listed(f"GFDL-1.{documentation[2]}-{'no-invariants-' if free else ''}{kind}")
    if " and " in f" {key} " or " or " in f" {key} " or not key:
        return None
    for candidate in (key, f"{key}.0") if key[-1].isdigit() else (key,):
        found = _listed(candidate.replace(" ", "-"))
        if found is not None:
            return found
    return None


# --- several of them ---


class _TooOdd(Exception):
    """Not an expression, however kindly read."""


def _taken_apart(told: str, unknown: dict[str, str]) -> str | None:
    """What stands between "and", "or", "with", commas and parentheses, each for itself."""
    told = _R_FILE.sub("", _CLASSIFIER.sub("", told))
    told = _R_VERSION.sub(lambda found: f" {found[2]}{'+' * (found[1] == '>=')}", told)
    told = _LATER.sub("+", told.replace("_or_", " or ").replace("_and_", " and "))
    tokens = [found[1] for found in _TOKEN.finditer(told)]
    reader = _Reader(tokens, unknown)
    try:
        return reader.whole()
    except _TooOdd:
        return None


class _Reader:
    """Recursive descent: ``,`` binds least, then "or", then "and", as DEP-5 has it."""

    def __init__(self, tokens: list[str], unknown: dict[str, str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._known = 0
        self._unknown = unknown

    def whole(self) -> str:
        """The expression; `_TooOdd` where something is left."""
        read = self._listing()
        is_sentence = len(self._unknown) > max(2, self._known)
        if self._at < len(self._tokens) or is_sentence:
            raise _TooOdd
        return read

    def _operator(self) -> str:
        if self._at >= len(self._tokens):
            return ""
        return _OPERATORS.get(self._tokens[self._at].lower(), "")

    def _listing(self) -> str:
        """Expressions between commas: ``A or B, and C`` is both; a bare comma says "and"."""
        read = self._either()
        while self._operator() == ",":
            self._at += 1
            word = "AND"
            if self._operator() in ("AND", "OR"):
                word = self._operator()
                self._at += 1
            read = _joined(word, [read, self._either()])
        return read

    def _either(self) -> str:
        return self._chain("OR", lambda: self._chain("AND", self._one))

    def _chain(self, word: str, part: Callable[[], str]) -> str:
        read = [part()]
        while self._operator() == word:
            self._at += 1
            read.append(part())
        return _joined(word, read)

    def _one(self) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at] == "(":
            self._at += 1
            self._depth += 1
            if self._depth > _DEEPEST:
                raise _TooOdd
            read = self._listing()
            if self._at >= len(self._tokens) or self._tokens[self._at] != ")":
                raise _TooOdd
            self._at += 1
            self._depth -= 1
            return read
        words: list[str] = []
        while self._at < len(self._tokens) and not self._operator():
            word = self._tokens[self._at]
            if word in "()":
                break
            words.append(word)
            self._at += 1
        if not words:
            raise _TooOdd
        name = " ".join(words)
        known = _known(name) or _excepted(words) or _several(words)
        if known is not None:
            self._known += 1
            return known
        if len(words) > _MOST_WORDS:
            raise _TooOdd
        return _reference(name, self._unknown)


def _excepted(words: list[str]) -> str | None:
    """A licence "with" an exception, both of the list."""
    lower = [word.lower() for word in words]
    if "with" in lower[1:-1]:
        middle = lower.index("with", 1)
        names = " ".join(words[:middle]), " ".join(words[middle + 1 :])
    else:
        hyphenated = _HYPHENATED.fullmatch(" ".join(words))
        if hyphenated is None:
            return None
        names = hyphenated[1], hyphenated[2]
    licence, exception = _known(names[0]), _exception(names[1])
    if licence is None or exception is None or " " in licence:
        return None
    return f"{licence} WITH {exception}"


def _several(words: list[str]) -> str | None:
    """Ids with a space between (Alpine's old way: all of them), or a stroke (npm's: any)."""
    if len(words) > 1:
        each = [_known(word) for word in words]
        return None if None in each else _joined("AND", [one for one in each if one])
    if "/" not in words[0]:
        return None
    each = [_known(word) for word in words[0].split("/") if word]
    return None if None in each or not each else _joined("OR", [one for one in each if one])


def _exception(name: str) -> str | None:
    key = _key(_EXCEPTION.sub("", name))
    named = EXCEPTIONS.get(key)
    if named is not None:
        return named
    for candidate in (name, f"{key.replace(' ', '-')}-exception"):
        found = _listed(f"MIT WITH {candidate}")
        if found is not None:
            return found.removeprefix("MIT WITH ")
    return None


def _joined(word: str, parts: list[str]) -> str:
    """The parts with the operator between them, each once, in parentheses where it takes them."""
    kept = list(dict.fromkeys(parts))
    if len(kept) == 1:
        return kept[0]
    other = f" {'AND' if word == 'OR' else 'OR'} "
    # AND binds closer than OR, so only the ORs within an AND need parentheses.
    shown = [f"({one})" if word == "AND" and other in one else one for one in kept]
    return f" {word} ".join(shown)
