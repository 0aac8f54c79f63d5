"""JSON that anybody wrote, decoded into types, with errors that say where."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

_LONGEST: Final = 300
"""Characters that are told of what is wrong."""

_PLACE: Final = re.compile(r"(?s)(.*) - at `(.*)`")
_Document = TypeVar("_Document")


class NotTheDocument(ValueError):
    """Bytes that are not JSON, or not of the type that was asked for; `where` is a JSON path."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}" if where else why)
        self.where, self.why = where, why


def decoded(data: bytes | memoryview, kind: type[_Document]) -> _Document:
    """JSON as `kind`. What is null counts as not there. Raises `NotTheDocument`."""
    try:
        return _without_nulls(data, kind)
    except msgspec.MsgspecError as error:
        found = _PLACE.fullmatch(str(error))
        why, where = found.groups() if found else (str(error), "")
        raise NotTheDocument(where[:_LONGEST], why[:_LONGEST]) from error
    except UnicodeDecodeError as error:
        raise NotTheDocument(f"byte {error.start}", "no UTF-8") from error
    except RecursionError as error:
        raise NotTheDocument("", "objects lie too deep in each other") from error


def _without_nulls(data: bytes | memoryview, kind: type[_Document]) -> _Document:
    """Some tools write null for what they lack."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        if "got `null`" not in str(error):
            raise
    return msgspec.convert(_dropped(msgspec.json.decode(data)), kind)


def _dropped(value: object) -> object:
    if isinstance(value, dict):
        return {name: _dropped(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_dropped(one) for one in value if one is not None]
    return value
