"""``distil.lock`` as text: TOML, version 1.

Each ``[[platform]]`` holds, in tables of its own, the suites as they were, every Debian package
with its index entry, every wheel, and the application's own projects with what builds them.
Nothing in it depends on who wrote it, where or when: the same lock is always the same text.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

import msgspec

from distil.errors import InvalidDigest, InvalidLock
from distil.formats.toml import NotToml, parse_toml
from distil.model.digest import Digest
from distil.model.lock import LOCK_VERSION, Lock

_HEAD: Final = (
    "# Written by `distil lock`, which also brings it up to date. Keep it with the code.\n"
)
_SINGULAR: Final = {
    "platforms": "platform",
    "suites": "suite",
    "packages": "package",
    "wheels": "wheel",
    "projects": "project",
}
_PLURAL: Final = {singular: plural for plural, singular in _SINGULAR.items()}


def encode_lock(lock: Lock) -> str:
    """The text of `lock`."""
    import tomli_w  # only what writes a lock needs it

    document = msgspec.to_builtins(lock, builtin_types=(datetime.datetime,), enc_hook=str)
    return _HEAD + tomli_w.dumps(_renamed(document, _SINGULAR))


def decode_lock(text: str, where: str) -> Lock:
    """The lock in `text`; `where` is how errors call it. Raises `InvalidLock`."""
    try:
        document = parse_toml(text)
    except NotToml as error:
        raise InvalidLock(where, f"not valid TOML: {error}") from error
    version = document.get("version")
    if version != LOCK_VERSION:
        raise InvalidLock(where, f"it is of version {version!r}, and {LOCK_VERSION} is read here")
    try:
        return msgspec.convert(_renamed(document, _PLURAL), Lock, dec_hook=_digest)
    except (msgspec.ValidationError, InvalidDigest) as error:
        raise InvalidLock(where, str(error)) from error


def _renamed(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401  what TOML can hold
    """`value` with the keys of lists of tables as TOML has them, or as the structs do."""
    if isinstance(value, list | tuple):
        return [_renamed(one, names) for one in value]
    if isinstance(value, dict):
        return {
            names.get(key, key) if _tables(one) else key: _renamed(one, names)
            for key, one in value.items()
        }
    return value


def _tables(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, dict) for one in value)


def _digest(kind: type, value: Any) -> Any:  # noqa: ANN401  msgspec's signature
    if kind is Digest and isinstance(value, str):
        return Digest(value)
    raise InvalidDigest(str(value))
