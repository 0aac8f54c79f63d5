"""``distil.lock`` as text: TOML, version 2; version 1 is read as well.

Each ``[[platform]]`` holds a table of its distribution and one of its runtime, each written by
the room of that name. Nothing in it depends on who wrote it, where or when: the same lock is
always the same text.
"""

from __future__ import annotations

import datetime
from typing import Any, Final, TypeVar

import msgspec

from distil.formats.errors import InvalidLock
from distil.formats.toml import NotToml, parse_toml
from distil.model.digest import Digest
from distil.model.errors import InvalidDigest
from distil.model.lock import LOCK_VERSION, Lock, LockPart

_HEAD: Final = (
    "# Written by `distil lock`, which also brings it up to date. Keep it with the code.\n"
)
_VERSION_1_BASE: Final = ("suite", "package", "libraries")
_VERSION_1_RUNTIME: Final = ("python=version", "glibc", "wheel", "project")

_Part = TypeVar("_Part")


def encode_lock(lock: Lock) -> str:
    """The text of `lock`."""
    import tomli_w  # only what writes a lock needs it

    return _HEAD + tomli_w.dumps(to_part(lock))


def decode_lock(text: str, where: str) -> Lock:
    """The lock in `text`; `where` is how errors call it. Raises `InvalidLock`."""
    try:
        document = parse_toml(text)
    except NotToml as error:
        raise InvalidLock(where, f"not valid TOML: {error}") from error
    version = document.get("version")
    if version == 1:
        document = _of_version_1(document)
    elif version != LOCK_VERSION:
        raise InvalidLock(where, f"it is of version {version!r}, and {LOCK_VERSION} is read here")
    return from_part(document, Lock, where)


def to_part(value: msgspec.Struct) -> dict[str, Any]:
    """`value` as TOML has it."""
    types = (datetime.datetime,)
    return dict[str, Any](msgspec.to_builtins(value, builtin_types=types, enc_hook=str))


def from_part(part: LockPart, kind: type[_Part], where: str = "distil.lock") -> _Part:
    """The value of `kind` that `part` holds. Raises `InvalidLock`."""
    try:
        return msgspec.convert(part, kind, dec_hook=_digest)
    except (msgspec.ValidationError, InvalidDigest) as error:
        raise InvalidLock(where, str(error)) from error


def _of_version_1(document: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew one distribution and one language, and kept both parts in one table."""
    platforms = document.get("platform")
    if not isinstance(platforms, list) or not all(isinstance(one, dict) for one in platforms):
        return document
    moved = [
        {
            "name": one.get("name"),
            "base": {"debian": _chosen(one, *_VERSION_1_BASE)},
            "runtime": {"python": _chosen(one, *_VERSION_1_RUNTIME)},
        }
        for one in platforms
    ]
    return document | {"version": LOCK_VERSION, "platform": moved}


def _chosen(table: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Those of `keys` that `table` has; ``old=new`` is another name for one."""
    pairs = [(key.partition("=")[0], key.rpartition("=")[2]) for key in keys]
    return {new: table[old] for old, new in pairs if old in table}


def _digest(kind: type, value: Any) -> Any:  # noqa: ANN401  msgspec's signature
    if kind is Digest and isinstance(value, str):
        return Digest(value)
    raise InvalidDigest(str(value))
