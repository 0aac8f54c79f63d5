"""The page about exit codes and errors, from the classes of all modules."""

from __future__ import annotations

import importlib
import pkgutil
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import distil
from distil.errors import DistilError
from scripts.reference.docstrings import summary
from scripts.reference.schema import markdown

HEAD: Final = """# Errors

<!-- Made by scripts/docs from the errors in src/distil. -->

Every error says what, where and why, and `hint:` what to do next. In the Python API each is a
subclass of `distil.errors.DistilError`, with `message`, `hint` and `exit_code`.

| exit code | what it means |
|---|---|
| 0 | done, and the answer is "yes" |
| 1 | the answer is "no": a check failed, or there is nothing to tell |
| 2 | it could not be done: usage, input, network, or a defect of distil |
| 3 | it could not be told |
| 130 | interrupted by Ctrl-C; nothing half-written is left |
"""

_PROJECT: Final = Path(__file__).resolve().parents[2] / "pyproject.toml"


def exits_page() -> str:
    """The page as Markdown: every class by package, the lowest first, in the order of the files.

    Raises `LookupError` for a class without a docstring.
    """
    rows = _rows()
    errors = sorted(_errors(), key=lambda error: (rows[_room(error)], _package(error)))
    page = HEAD
    for package, found in groupby(errors, _package):
        members = list(found)
        modules = " and ".join(f"`{name}`" for name in sorted({e.__module__ for e in members}))
        title = ": ".join(package.split(".")[1:]) or "anywhere"
        page += f"\n## {title[:1].upper()}{title[1:]}\n\nIn {modules}.\n\n"
        page += "| error | exit code | when |\n|---|---|---|\n"
        page += "".join(map(_line, members))
    return page


def _line(error: type[DistilError]) -> str:
    text = markdown(summary(error)) if "__doc__" in vars(error) else ""
    if not text:
        raise LookupError(f"{error.__name__} has no docstring")
    return f"| `{error.__name__}` | {error.exit_code} | {text.replace('|', '&#124;')} |\n"


def _errors() -> Iterator[type[DistilError]]:
    """All classes of errors but the base, each module's in its order."""
    names = sorted(one.name for one in pkgutil.walk_packages(distil.__path__, "distil."))
    for name in names:
        if name.endswith(".__main__"):
            continue
        for value in vars(importlib.import_module(name)).values():
            own = isinstance(value, type) and value.__module__ == name
            if own and issubclass(value, DistilError) and value is not DistilError:
                yield value


def _package(error: type[DistilError]) -> str:
    return error.__module__.rpartition(".")[0]


def _room(error: type[DistilError]) -> str:
    return error.__module__.split(".")[1]


def _rows() -> dict[str, int]:
    """How high each part of distil stands in the contract of who may import whom."""
    contracts = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in contracts["contracts"] if "layers" in c)
    rows = enumerate(reversed(layers))
    return {room.strip(): place for place, row in rows for room in row.split("|")}
