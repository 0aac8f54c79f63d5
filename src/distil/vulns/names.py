"""What things are looked up by, where one name is written in several ways."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_RUNS: Final = re.compile(r"[-_.]+")


def _python(name: str) -> str:
    """PEP 503."""
    return _RUNS.sub("-", name).lower()


_WAYS: Final[dict[str, Callable[[str], str]]] = {
    "PyPI": _python,
    "NuGet": str.lower,
    "Packagist": str.lower,
}


def key_of(ecosystem: str, name: str) -> str:
    """What a package is looked up by, however its name is written."""
    way = _WAYS.get(ecosystem)
    return name if way is None else way(name)


def key_of_release(distribution: str, version: str) -> str:
    """What a distribution's release is looked up by."""
    return f"{distribution} {version}"
