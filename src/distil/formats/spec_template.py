"""A ``distil.toml`` to begin with: every key with what it is for, and the values that are known.

Lines of prose begin with ``# ``; keys that do not decide anything begin with ``#`` and no
space, so that one character makes them count.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

import msgspec

_WIDTH: Final = 98
_SCHEMA: Final = Path(__file__).with_name("distil.schema.json")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")

_HEAD: Final = """\
# distil.toml, written by `distil init` from what is in this directory.
#
# Lines without "#" decide something, and the comment above says where it was found. Lines that
# begin with "#" and a key are defaults, or what nothing was found for: remove the "#" to change
# them. For help in an editor, run `distil schema > distil.schema.json` and make this the first
# line: "#:schema ./distil.schema.json".
"""

KeyPath = tuple[str, ...]
"""A key with the tables that it is in: ``("app", "name")``."""


class Entry(msgspec.Struct, frozen=True):
    """What is known about one key: why (each a sentence), and the value, if there is one.

    `decides` says whether the value is written so that it counts, or only to show it.
    """

    notes: tuple[str, ...] = ()
    value: Any = None
    decides: bool = True


def schema_text() -> str:
    """The JSON schema of ``distil.toml``, as published."""
    return _SCHEMA.read_text(encoding="utf-8")


@functools.cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(schema_text())
    return schema


def spec_template(known: Mapping[KeyPath, Entry]) -> str:
    """The text of a file with all keys there are; `known` is by the path of a key.

    What is in `known` may come from outside: whatever it holds, the text is TOML.
    """
    return _HEAD + "".join(_table(_schema(), (), known, live=True))


def _table(
    schema: Mapping[str, Any],
    path: KeyPath,
    known: Mapping[KeyPath, Entry],
    *,
    live: bool,
) -> Iterator[str]:
    keys: dict[str, Any] = schema["properties"]
    # Tables last: in TOML a key belongs to the header above it.
    for key, described in keys.items():
        if not _inner(described):
            yield from _key((*path, key), described, known.get((*path, key), Entry()), live=live)
    for key, described in keys.items():
        if inner := _inner(described):
            here = (*path, key)
            entry = known.get(here, Entry())
            if live and described["type"] == "array" and entry.value:
                yield from _items(inner, here, described, entry)
                continue
            # A table with a key that must be there, or one of many, only counts when it is meant.
            lives = live and described["type"] == "object" and not inner.get("required")
            header = ".".join(map(_name, here))
            header = f"[[{header}]]" if described["type"] == "array" else f"[{header}]"
            yield f"\n{_prose(described['description'])}{'' if lives else '#'}{header}\n"
            yield from _table(inner, here, known, live=lives)


def _items(
    inner: Mapping[str, Any], path: KeyPath, described: Mapping[str, Any], entry: Entry
) -> Iterator[str]:
    """The tables of a list, each with what is known of it."""
    header = ".".join(map(_name, path))
    prose = [described["description"], *entry.notes]
    for item in entry.value:
        yield "".join(["\n", *map(_prose, prose), f"[[{header}]]\n"])
        yield from _table(
            inner, path, {(*path, key): Entry((), value) for key, value in item.items()}, live=True
        )
        prose = []


def _key(path: KeyPath, described: Mapping[str, Any], entry: Entry, *, live: bool) -> Iterator[str]:
    value, decides = entry.value, entry.decides and live
    text = _toml(value) if value is not None else None
    if text is None:
        text, decides = _toml(described.get("default", _placeholder(described))), False
    notes = (described["description"], *_values(described), *entry.notes)
    yield "".join(["\n", *map(_prose, notes)])
    yield f"{'' if decides else '#'}{_name(path[-1])} = {text}\n"


def _values(described: Mapping[str, Any]) -> Iterator[str]:
    """What each allowed value means, where that is documented."""
    texts = described.get("x-taplo", {}).get("docs", {}).get("enumValues", [])
    for value, text in zip(described.get("enum", []), texts, strict=False):
        yield f"`{value}`: {text}"


def _inner(described: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of the table that a key is, or of each of a list; empty for a plain value."""
    inner = described["items"] if described.get("type") == "array" else described
    return dict(inner) if "properties" in inner else {}


def _placeholder(described: Mapping[str, Any]) -> object:
    """Something of the right kind for a key that has no default."""
    if "enum" in described:
        return described["enum"][0]
    kinds: Sequence[str] = ["string"]
    if "type" in described:
        kinds = [described["type"]] if isinstance(described["type"], str) else described["type"]
    some = {"array": ["…"], "object": {}, "integer": 0, "number": 0, "boolean": True}
    return some.get(kinds[0], "…")


def _prose(text: str) -> str:
    """`text` as comment lines; what a comment must not hold is replaced."""
    clean = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    lines = wrap(clean, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return "".join(f"# {line}\n" for line in lines)


def _name(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _toml(value: object) -> str:
    """A value of strings, numbers, lists and tables as TOML on one line."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_name(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _string(text: str) -> str:
    """A basic string of TOML: JSON's, which leaves one control character unescaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
