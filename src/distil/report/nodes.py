"""Paths of an image, as JSON and as ls(1) has them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Any, Final

from distil.model.node import Kind, Node
from distil.model.tree import OPAQUE, WHITEOUT
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.units import columns

SCHEMA_VERSION: Final = 1

_LETTERS: Final = {
    Kind.FILE: "-",
    Kind.HARDLINK: "-",
    Kind.DIRECTORY: "d",
    Kind.SYMLINK: "l",
    Kind.CHARACTER: "c",
    Kind.BLOCK: "b",
    Kind.FIFO: "p",
}


def node_document(node: Node) -> dict[str, Any]:
    """What there is to say of `node` in JSON, but its path."""
    document: dict[str, Any] = {
        "kind": node.kind.name.lower(),
        "mode": f"{node.mode:04o}",
        "uid": node.uid,
        "gid": node.gid,
    }
    if node.blob is not None:
        document |= {"size": node.size, "digest": node.blob.digest}
    if node.target:
        document["target"] = node.target
    if node.device is not None:
        document["device"] = list(node.device)
    if node.xattrs:
        document["attributes"] = {name: value.hex() for name, value in node.xattrs}
    return document


def to_json(image: str, nodes: Iterable[Node]) -> str:
    """`nodes` of `image`, with times in seconds since 1970."""
    entries = [_entry(node) for node in nodes]
    return json_text({"schemaVersion": SCHEMA_VERSION, "image": image, "entries": entries})


def _entry(node: Node) -> dict[str, Any]:
    removed = _removed(node)
    if removed:
        return {"path": removed, "kind": "whiteout", "opaque": node.name == OPAQUE}
    return {"path": node.path, **node_document(node), "mtime": node.mtime}


def to_names(nodes: Iterable[Node], *, whole: bool) -> Iterator[str]:
    """A line for each of `nodes`: its name, or its `whole` path. What is removed has a ``-``."""
    for node in nodes:
        removed = _removed(node)
        if removed:
            yield f"- {printable(removed)}"
        else:
            yield printable(node.path if whole else node.name)


def to_table(nodes: Iterable[Node]) -> str:
    """What ls -l shows: mode, owner, size in bytes, time in UTC, path, and where a link leads."""
    return columns([_row(node) for node in nodes], indent="")


def _row(node: Node) -> tuple[str, ...]:
    removed = _removed(node)
    if removed:
        return "-", "", "", "", f"- {removed}"
    size = ",".join(map(str, node.device)) if node.device is not None else str(node.size)
    link = {Kind.SYMLINK: f" -> {node.target}", Kind.HARDLINK: f" link to {node.target}"}
    named = f" [{', '.join(name for name, _ in node.xattrs)}]" if node.xattrs else ""
    text = f"{node.path}{link.get(node.kind, '')}{named}"
    return _mode(node), f"{node.uid}:{node.gid}", size.rjust(10), _time(node.mtime), text


def _removed(node: Node) -> str:
    """The path that a whiteout hides, with a slash for all that is in a directory; else ""."""
    if node.name == OPAQUE:
        return f"{node.parent.rstrip('/')}/"
    if node.name.startswith(WHITEOUT):
        return f"{node.parent.rstrip('/')}/{node.name[len(WHITEOUT) :]}"
    return ""


def _mode(node: Node) -> str:
    """``drwxr-xr-x``, as ls(1) writes it."""
    text = [
        letter if node.mode >> (8 - place) & 1 else "-" for place, letter in enumerate("rwx" * 3)
    ]
    for bit, place, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if node.mode & bit:
            text[place] = letter if text[place] == "x" else letter.upper()
    return _LETTERS[node.kind] + "".join(text)


def _time(seconds: int) -> str:
    try:
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return f"@{seconds}"
    return moment.strftime("%Y-%m-%d %H:%M")
