"""The page about ``distil.toml``: its JSON schema as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

Schema = dict[str, Any]

HEAD: Final = """# distil.toml

<!-- Made by scripts/docs from src/distil/model/spec.py. -->

A plain application directory needs no file. Everything has a default; what is written wins over
what is found out. An unknown key is an error that names the line and the nearest known key.
`distil init` writes a file to begin with, and [Configuration](../concepts/configuration.md) shows
one.
"""


def settings_page(schema: Schema) -> str:
    """The page as Markdown."""
    return HEAD + "".join(_tables(schema, ""))


def _tables(schema: Schema, path: str) -> Iterator[str]:
    keys = schema["properties"]
    inner = {key: value for key, value in keys.items() if _struct(value)}
    plain = {key: value for key, value in keys.items() if key not in inner}
    if plain and path:
        required = schema.get("required", [])
        yield "\n| key | type | default | what |\n|---|---|---|---|\n"
        yield from (_row(key, value, required=key in required) for key, value in plain.items())
    for key, value in inner.items():
        here = f"{path}.{key}" if path else key
        header = f"[[{here}]]" if value["type"] == "array" else f"[{here}]"
        yield f"\n## `{header}`\n\n{value['description']}\n"
        yield from _tables(_struct(value), here)


def _row(key: str, value: Schema, *, required: bool) -> str:
    default = "required" if required else ""
    if "default" in value and value["default"] not in ([], {}, ""):
        default = f"`{json.dumps(value['default'])}`"
    text = value["description"] + _values(value)
    cells = (f"`{key}`", type_name(value), default, text)
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _values(value: Schema) -> str:
    """What each allowed value means, where that is documented."""
    texts = value.get("x-taplo", {}).get("docs", {}).get("enumValues", [])
    pairs = zip(value.get("enum", []), texts, strict=False)
    return "".join(f"<br>`{name}`: {text}" for name, text in pairs if text)


def type_name(value: Schema) -> str:
    """A type in words: ``list of strings``."""
    if "enum" in value:
        return "one of " + ", ".join(f"`{json.dumps(item)}`" for item in value["enum"])
    if "anyOf" in value and "type" not in value:
        return " or ".join(dict.fromkeys(type_name(item) for item in value["anyOf"]))
    kind = value.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_plural(value['items'])}"
    if kind == "object":
        return f"table of {_plural(value['additionalProperties'])}"
    return str(kind)


def _plural(item: Schema) -> str:
    names = type_name(item).split(" or ")
    return " or ".join(name if " " in name else f"{name}s" for name in names)


def _struct(value: Schema) -> Schema:
    """The schema of the table that a key is (or of each table of a list), or an empty one."""
    inner = value.get("items", {}) if value.get("type") == "array" else value
    return inner if "properties" in inner else {}
