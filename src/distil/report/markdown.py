"""Words and tables of Markdown in which text from outside means nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from distil.report.printable import printable

_LONGEST: Final = 300
"""Characters of one cell."""

_SPECIAL: Final = re.compile(r"[&<>|`*_\[\]#!\\~$@]|:(?=\S)|(?<=www)\.")
"""What begins something in Markdown, or in what GitHub makes of words: mentions, addresses."""


def table_head(*names: str) -> tuple[str, str]:
    """The first two lines of a table."""
    return table_row(names), table_row("---" for _ in names)


def table_row(cells: Iterable[str]) -> str:
    """A line of a table whose cells are Markdown."""
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    """Words that mean nothing to Markdown and call nobody."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", printable(_cut(text)))


def code(text: str) -> str:
    """The same, in the letters of code: as HTML, for a code span cannot hold everything."""
    return f"<code>{plain(text)}</code>"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
