"""Module name patterns: ``*`` stands for any text, dots included."""

from __future__ import annotations


def matches(pattern: str, name: str) -> bool:
    """Whether `name` is one of those `pattern` stands for."""
    return pattern in {"*", name} or ("*" in pattern and _matches(pattern, name))


def _matches(pattern: str, name: str) -> bool:
    """Each piece at the first place where it fits, so that no pattern makes this slow."""
    first, *inner, last = pattern.split("*")
    at, end = len(first), len(name) - len(last)
    if at > end or not (name.startswith(first) and name.endswith(last)):
        return False
    for piece in inner:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def absolute(pattern: str, module: str, package: str) -> str:
    """`pattern` with its placeholders and leading dots resolved for code in `module`.

    Empty when it climbs out of the top-level package.
    """
    pattern = pattern.replace("{name}", module).replace("{package}", package)
    if pattern.startswith("."):
        pattern = package + pattern if package else ""
    while ".." in pattern:
        before, _, after = pattern.partition("..")
        if "*" in before:
            return "*"
        before = before.rpartition(".")[0]
        if not before:
            return ""
        pattern = f"{before}.{after}"
    return pattern.strip(".")


def literal_package(pattern: str) -> str:
    """The dotted part of `pattern` before its first ``*``, up to the last dot."""
    return pattern.partition("*")[0].rpartition(".")[0]
