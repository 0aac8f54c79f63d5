"""`distil.model.spec` as a JSON schema (draft 7, which editors understand)."""

from __future__ import annotations

import enum
import re
import types
import typing
from typing import Any, Final

import msgspec

from distil.model.spec import Spec
from scripts.reference.constraints import CONSTRAINTS
from scripts.reference.docstrings import field_docstrings, summary

Schema = dict[str, Any]

_SCALARS: Final[dict[object, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
}


_HEADER: Final = re.compile(r"^`\[.*?\]`: ")
"""How the docstring of a struct begins: with the table it is."""


def spec_schema() -> Schema:
    """The schema of ``distil.toml``.

    Raises `LookupError` for a key without a docstring, for a type that is not known here, and
    for a constraint on a key that does not exist.
    """
    unused = dict(CONSTRAINTS)
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "distil.toml",
        **_table(Spec, (), unused),
    }
    if unused:
        raise LookupError(f"constraints on keys that do not exist: {sorted(unused)}")
    return schema


def _table(struct: type[msgspec.Struct], path: tuple[str, ...], unused: dict[str, Any]) -> Schema:
    documented = field_docstrings(struct)
    annotations = typing.get_type_hints(struct, include_extras=True)
    properties, required = {}, []
    for field in msgspec.structs.fields(struct):
        value = _value(annotations[field.name], (*path, field.encode_name), unused)
        own = value.get("items", value).get("description", "")
        text = sentence(documented.get(field.name, "")) or own
        if not text:
            raise LookupError(f"{struct.__name__}.{field.name} has no docstring below it")
        properties[field.encode_name] = {"description": text} | {
            key: part for key, part in (value | _default(field)).items() if key != "description"
        }
        if field.required:
            required.append(field.encode_name)
    found: Schema = {"description": sentence(summary(struct)), "type": "object"}
    if required:
        found["required"] = required
    return found | {"properties": properties, "additionalProperties": False}


def _default(field: msgspec.structs.FieldInfo) -> Schema:
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    if default is msgspec.NODEFAULT or default is None or isinstance(default, msgspec.Struct):
        return {}
    return {"default": msgspec.to_builtins(default)}


def _value(annotation: Any, path: tuple[str, ...], unused: dict[str, Any]) -> Schema:  # noqa: ANN401
    """The schema of a type, with what is asked of the values at `path` beyond it."""
    found = _of_type(annotation, path, unused)
    more: Schema = unused.pop(".".join(path), {})
    return found | more


def _of_type(annotation: Any, path: tuple[str, ...], unused: dict[str, Any]) -> Schema:  # noqa: ANN401
    if annotation in _SCALARS:
        return {"type": _SCALARS[annotation]}
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _enumeration(annotation)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return _table(annotation, path, unused)
    return _generic(annotation, path, unused)


def _generic(annotation: Any, path: tuple[str, ...], unused: dict[str, Any]) -> Schema:  # noqa: ANN401
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _one_of([_of_type(a, path, unused) for a in arguments if a is not types.NoneType])
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (tuple, list, frozenset, set):
        item = (*path[:-1], f"{path[-1]}[]")
        return {"type": "array", "items": _value(arguments[0], item, unused)}
    if origin is dict:
        value = (*path[:-1], f"{path[-1]}{{}}")
        return {"type": "object", "additionalProperties": _value(arguments[1], value, unused)}
    raise LookupError(f"{'.'.join(path)} has a type that the schema does not know: {annotation}")


def _one_of(found: list[Schema]) -> Schema:
    if len(found) == 1:
        return found[0]
    if all(set(schema) == {"type"} for schema in found):
        return {"type": [schema["type"] for schema in found]}
    return {"anyOf": found}


def _enumeration(values: type[enum.Enum]) -> Schema:
    texts = field_docstrings(values)
    schema: Schema = {"enum": [member.value for member in values]}
    if texts:
        # What Taplo, the language server behind most TOML plug-ins, shows beside each value.
        shown = [sentence(texts.get(member.name, "")) for member in values]
        schema["x-taplo"] = {"docs": {"enumValues": shown}}
    return schema


def sentence(text: str) -> str:
    """A docstring as a sentence of Markdown, without the header it may begin with."""
    text = _HEADER.sub("", markdown(text))
    return text[:1].upper() + text[1:]


def markdown(text: str) -> str:
    """A docstring's markup as Markdown: literals have one backtick on each side."""
    return text.replace("``", "`")
