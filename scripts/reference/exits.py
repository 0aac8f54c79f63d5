"""The page about exit codes and errors, from ``errors.py``."""

from __future__ import annotations

import inspect
import re
from typing import Final

from distil import errors
from distil.errors import DistilError
from scripts.reference.docstrings import summary
from scripts.reference.schema import markdown

HEAD: Final = """# Errors

<!-- Made by scripts/docs from src/distil/errors.py. -->

Every error says what, where and why, and `hint:` what to do next. In the Python API each is a class
of `distil.errors`, with `message`, `hint` and `exit_code`.

| exit code | what it means |
|---|---|
| 0 | done, and the answer is "yes" |
| 1 | the answer is "no": a check failed, or there is nothing to tell |
| 2 | it could not be done: usage, input, network, or a defect of distil |
| 3 | it could not be told |
| 130 | interrupted by Ctrl-C; nothing half-written is left |
"""

_SECTION: Final = re.compile(r"^# --- (?P<name>[^-]+) -+$|^class (?P<error>\w+)\(", re.MULTILINE)


def exits_page() -> str:
    """The page as Markdown: every class by section, in the order of the file.

    Raises `LookupError` for a class without a docstring.
    """
    page = HEAD
    for found in _SECTION.finditer(inspect.getsource(errors)):
        if found["name"]:
            title = found["name"].strip()
            page += f"\n## {title[:1].upper()}{title[1:]}\n\n| error | exit code | when |\n"
            page += "|---|---|---|\n"
            continue
        error = getattr(errors, found["error"])
        if error is DistilError or not issubclass(error, DistilError):
            continue
        text = markdown(summary(error)) if "__doc__" in vars(error) else ""
        if not text:
            raise LookupError(f"{error.__name__} has no docstring")
        page += f"| `{error.__name__}` | {error.exit_code} | {text.replace('|', '&#124;')} |\n"
    return page
