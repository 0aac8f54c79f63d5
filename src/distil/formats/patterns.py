"""Path and name patterns: of the data files as regular expressions, of the user as `Globs`.

An expression of many stars can take forever, which nobody writes into a data file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from distil.formats.globs import ALL, BELOW, DIRECTORIES, STAR, Glob, Globs, Part


def path_expression(patterns: Iterable[str]) -> str:
    """A regular expression for whole paths that match one of `patterns`.

    ``*`` stands for any part of one component, ``**`` as a component for any number of them;
    at the end it also covers the directory itself.
    """
    return "|".join(map(_path, sorted(patterns))) or r"(?!)"


def name_expression(patterns: Iterable[str]) -> str:
    """A regular expression for whole names that match one of `patterns` (``*``: anything)."""
    return "|".join(map(_literal, sorted(patterns))) or r"(?!)"


def path_patterns(patterns: Iterable[str]) -> list[str]:
    """Those of the user's patterns that are about paths: they begin with a slash."""
    return [pattern for pattern in patterns if pattern.startswith("/")]


def name_patterns(patterns: Iterable[str]) -> list[str]:
    """Those of the user's patterns that are about names of packages and distributions."""
    return [pattern for pattern in patterns if not pattern.startswith("/")]


def _path(pattern: str) -> str:
    below = pattern.endswith("/**")
    parts = pattern.removesuffix("/**").split("/")
    text = "/".join("(?:[^/]+/)*" if part == "**" else _literal(part) for part in parts)
    # "a/**/b" was joined with one slash too many behind the group that already ends in one.
    text = text.replace("(?:[^/]+/)*/", "(?:[^/]+/)*")
    return text + "(?:/.*)?" if below else text


def _literal(text: str) -> str:
    return "[^/]*".join(re.escape(piece) for piece in text.split("*"))


def path_globs(patterns: Iterable[str]) -> Globs:
    """As `path_expression`, whatever the patterns are."""
    return Globs(map(_path_glob, patterns))


def name_globs(patterns: Iterable[str]) -> Globs:
    """As `name_expression`, whatever the patterns are."""
    return Globs(Glob(_literal_parts(pattern)) for pattern in patterns)


def text_globs(patterns: Iterable[str]) -> Globs:
    """Patterns of any texts, in which ``*`` stands for anything."""
    return Globs(
        Glob([ALL if character == "*" else Part(character) for character in pattern])
        for pattern in patterns
    )


def _path_glob(pattern: str) -> Glob:
    parts: list[Part] = []
    names = pattern.removesuffix("/**").split("/")
    for number, name in enumerate(names):
        if name == "**" and (number == 0 or names[number - 1] != "**"):
            parts += DIRECTORIES
        elif name != "**":
            parts += _literal_parts(name)
            parts += [Part("/")] if number < len(names) - 1 else []
    return Glob(parts, BELOW if pattern.endswith("/**") else ())


def _literal_parts(text: str) -> list[Part]:
    return [STAR if character == "*" else Part(character) for character in text]
