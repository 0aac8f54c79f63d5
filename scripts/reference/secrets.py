"""The page about what counts as a secret, from ``data/secrets.toml``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from distil.source.secrets import Answer, secret_table

HEAD: Final = """# Secrets

<!-- Made by scripts/docs from src/distil/source/data/secrets.toml. -->

What looks like a secret among an application's files.
[What becomes of them](../concepts/secrets.md) is another page.
"""

_TITLES: Final = {
    Answer.LEFT_OUT: "Left out by name",
    Answer.WARNED: "Warned about by name",
}


def secrets_page() -> str:
    """The page as Markdown."""
    table, page = secret_table(), HEAD
    for answer, title in _TITLES.items():
        page += f"\n## {title}\n\n| names | what it is |\n|---|---|\n"
        for rule in table.name:
            if rule.answer is answer:
                but = f", but not {_code(rule.unless)}" if rule.unless else ""
                page += f"| {_code(rule.patterns)}{but} | {rule.why} |\n"
    page += "\n## By content\n\n| what it is | begins with | answer |\n|---|---|---|\n"
    for kind, rules in groupby(table.content, key=lambda rule: rule.kind):
        same = list(rules)
        starts = _code(start for rule in same for start in rule.starts)
        page += f"| {kind} | {starts or 'bytes of its own'} | {same[0].answer} |\n"
    beside = _code((*(f"{name}/" for name in table.beside.directories), *table.beside.files))
    return f"{page}\n## Beside the application\n\n{beside}\n"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
