"""Licences by the copyright files of Debian's packages.

Follows the machine-readable format 1.0 (DEP-5) where the file says that it does. Of all others
what can be told without guessing: references to the licences that each system has, and licences
whose own words are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.catalog.facts import Added, Content, Facts, Unreadable
from distil.catalog.formats.debian_fields import paragraphs, printable, text_of
from distil.catalog.formats.debian_root import package_key
from distil.catalog.formats.licenses import Licenses, spdx_all

LARGEST: Final = 4 << 20
"""Bytes of a copyright file; the longest of Debian have some hundred thousand."""

MOST_LICENSES: Final = 500
"""Different licences of one file; browsers have about a hundred."""

_HOME: Final = "/usr/share/doc/"
_MACHINE_READABLE: Final = re.compile(r"\s*Format(?:-Specification)?:[^\n]*", re.IGNORECASE)
_COMMON: Final = re.compile(r"/usr/share/common-licenses/([0-9A-Za-z][0-9A-Za-z_.-]*)")
_LATER: Final = re.compile(r"any later\s+version|or later|or newer|\(or any later", re.IGNORECASE)
_REACH: Final = 4000
"""Characters before a reference that the words "any later version" count in."""
_WORDS: Final = (
    ("permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    ("permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"),
    ("permission to use, copy, modify, and distribute this software for any purpose", "ISC"),
    ("licensed under the apache license, version 2.0", "Apache-2.0"),
    ("this software is provided 'as-is', without any express or implied warranty", "Zlib"),
    ("boost software license - version 1.0", "BSL-1.0"),
    ("subject to the terms of the mozilla public license, v. 2.0", "MPL-2.0"),
    ("python software foundation license version 2", "PSF-2.0"),
)
"""Words that stand in one licence alone."""
_BSD: Final = "redistribution and use in source and binary forms, with or without modification"
_BSD_CLAUSES: Final = (
    ("all advertising materials mentioning features", "BSD-4-Clause"),
    ("may be used to endorse or promote products derived", "BSD-3-Clause"),
    ("", "BSD-2-Clause"),
)
_MARKS: Final = '*#>"`'
"""What comments and quotations begin their lines with."""


def copyright_file(path: str, content: Content) -> Facts:
    """The licences of the package whose documentation `path` is in. Raises `Unreadable`."""
    root, found, rest = path.rpartition(_HOME)
    package, _, name = rest.partition("/")
    if not found or name != "copyright":
        return Facts()
    text = text_of(content)
    told = _machine_readable(text) if _MACHINE_READABLE.match(text) else _free(text)
    if not told.expressions:
        return Facts()
    key = package_key("dpkg", root, package)
    return Facts(added=(Added(key, licenses=told.expressions, license_texts=told.texts),))


def _machine_readable(text: str) -> Licenses:
    """The licence of each paragraph about files, or of the whole where there is none."""
    head: list[str] = []
    of_files: dict[str, None] = {}
    texts: dict[str, str] = {}
    for fields in paragraphs(text):
        name, _, words = fields.get("license", "").partition("\n")
        name = printable(" ".join(name.split()))
        if not name:
            continue
        if words:
            texts.setdefault(name, words)
        if "files" in fields:
            of_files[name] = None
        elif "format" in fields or "format-specification" in fields:
            head.append(name)
        if len(of_files) > MOST_LICENSES:
            raise Unreadable(f"more than {MOST_LICENSES} licences")
    return spdx_all(of_files or head or texts, _Texts(texts))


class _Texts(dict[str, str]):
    """Texts of licences by name, as the file has them; only those that are asked for are read."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return printable(_unfolded(self[name])) if name in self else default


def _unfolded(words: str) -> str:
    """A licence's text without the space that begins its lines, and the dots of empty ones."""
    lines = (line.strip() for line in words.split("\n"))
    return "\n".join("" if line == "." else line for line in lines).strip()


def _free(text: str) -> Licenses:
    """Licences that a text refers to or has the words of."""
    names = dict.fromkeys(_referred(text))
    for mark in _MARKS:
        text = text.replace(mark, " ")
    plain = " ".join(text.lower().split())
    for words, name in _WORDS:
        if words in plain:
            names[name] = None
    if _BSD in plain:
        names[next(name for words, name in _BSD_CLAUSES if words in plain)] = None
    if len(names) > MOST_LICENSES:
        raise Unreadable(f"more than {MOST_LICENSES} licences")
    return spdx_all(names)


def _referred(text: str) -> Iterator[str]:
    """The common licences that `text` names, with ``+`` where it says that later ones will do."""
    end = 0
    for found in _COMMON.finditer(text):
        name = found[1].rstrip(".-_")
        before = text[max(end, found.start() - _REACH) : found.start()]
        is_gnu = name.startswith(("GPL-", "LGPL-", "GFDL-"))
        yield f"{name}+" if is_gnu and _LATER.search(before) else name
        end = found.end()
