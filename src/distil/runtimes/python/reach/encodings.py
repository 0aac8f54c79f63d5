"""The names of character encodings, which the standard library turns into modules."""

from __future__ import annotations

import re
from encodings.aliases import aliases
from typing import Final

_LONGEST: Final = 40
_SEPARATORS: Final = re.compile(r"[^a-z0-9.]+")


def encoding_module(text: str) -> str:
    """The module that the codec called `text` would be in; empty for what can be no name of one.

    Follows `encodings.search_function`: case and separators do not count, then aliases do.
    """
    if len(text) > _LONGEST or not text.isascii():
        return ""
    name = _SEPARATORS.sub("_", text.lower()).strip("_")
    if not name:
        return ""
    plain = name.replace(".", "_")
    found = aliases.get(name) or aliases.get(plain) or plain
    return f"encodings.{found}"
