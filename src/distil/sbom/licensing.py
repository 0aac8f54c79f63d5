"""Licences as documents want them: one SPDX expression, and the words of what it cannot name."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Final

REF: Final = "LicenseRef-"
NO_WORDS: Final = ("NOASSERTION", "NONE")
"""What SPDX documents have where nothing is known, or there is nothing."""

_REF: Final = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_TOKEN: Final = re.compile(r"[()]|[^\s()]+")
_NOT_ID: Final = re.compile(r"[^A-Za-z0-9.]+")
_LONGEST: Final = 2000
"""Characters of an expression that is parsed; longer ones are words."""


class Licensing:
    """The licences of a component, for writing: `expression`, empty where there is none.

    `texts` are the words behind each ``LicenseRef-…`` of the expression.
    """

    __slots__ = ("expression", "texts")

    def __init__(self, licenses: Iterable[str], texts: Iterable[tuple[str, str]]) -> None:
        words = dict(texts)
        terms = []
        for one in licenses:
            if is_expression(one):
                terms.append(one)
            else:
                terms.append(ref_of(one))
                words.setdefault(terms[-1], one)
        self.expression = conjunction(terms)
        self.texts = {ref: words.get(ref, "") for ref in refs_in(self.expression)}


def conjunction(terms: list[str]) -> str:
    """One expression that says that all hold; `terms_of` takes it apart into the same."""
    return " AND ".join(f"({one})" if " " in one and _is_compound(one) else one for one in terms)


def terms_of(expression: str) -> tuple[str, ...]:
    """The terms of a conjunction, without the parentheses around one."""
    terms: list[list[str]] = [[]]
    depth = 0
    for token in _TOKEN.findall(expression):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 0 and token.upper() == "AND":
            terms.append([])
        else:
            terms[-1].append(token)
    return tuple(_bare(term) for term in terms if term)


def refs_in(expression: str) -> list[str]:
    """Every ``LicenseRef-…`` of an expression, once, in order."""
    return list(dict.fromkeys(_REF.findall(expression)))


def ref_of(words: str) -> str:
    """The ``LicenseRef-…`` for a licence that SPDX has no name for."""
    return REF + (_NOT_ID.sub("-", words[:64]).strip("-") or "unnamed")


@functools.lru_cache(maxsize=4096)
def is_expression(words: str) -> bool:
    """Whether `words` are an SPDX licence expression of licences that SPDX knows."""
    if _REF.fullmatch(words):
        return True
    if not words or len(words) > _LONGEST or not words.isascii():
        return False
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return bool(canonicalize_license_expression(words))
    except InvalidLicenseExpression:
        return False


def read_licenses(
    told: Iterable[str], texts: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """`licenses` and `license_texts` of a component whose document tells these expressions.

    What is no expression becomes a ``LicenseRef-…`` with these words.
    """
    licenses: list[str] = []
    words: dict[str, str] = {}
    for one in told:
        if not one or one in NO_WORDS:
            continue
        if is_expression(one):
            licenses.extend(terms_of(one))
        else:
            licenses.append(ref_of(one))
            words[licenses[-1]] = one
    for ref in refs_in(" ".join(licenses)):
        if texts.get(ref):
            words[ref] = texts[ref]
    return tuple(licenses), tuple((ref, words[ref]) for ref in words)


def _is_compound(term: str) -> bool:
    return any(token.upper() in {"AND", "OR"} for token in term.split())


def _bare(tokens: list[str]) -> str:
    """A term's text; parentheses around the whole are left away."""
    if tokens[0] == "(" and tokens[-1] == ")":
        depth = 0
        for position, token in enumerate(tokens):
            depth += {"(": 1, ")": -1}.get(token, 0)
            if depth == 0 and position < len(tokens) - 1:
                break
        else:
            tokens = tokens[1:-1]
    return " ".join(tokens).replace("( ", "(").replace(" )", ")")
