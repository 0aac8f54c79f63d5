"""What a server wants before it answers: the header WWW-Authenticate (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

LONGEST: Final = 16 << 10
"""Characters of a header that are read; a longer one asks for nothing."""

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the grammar's word
_PARAMETER: Final = re.compile(
    rf'[\s,]*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))(?=[\s,]|$)', re.DOTALL
)
_SCHEME: Final = re.compile(rf"[\s,]*({_TOKEN})(?=[\s,]|$)")
_QUOTED: Final = re.compile(r"\\(.)", re.DOTALL)


class Challenge(msgspec.Struct, frozen=True):
    """One way to be let in: the scheme in lower case, and its parameters by lower-case names."""

    scheme: str
    parameters: dict[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """The challenges in `header`, in their order; what does not parse ends them."""
    found: list[Challenge] = []
    position = 0
    text = header[:LONGEST] if len(header) <= LONGEST else ""
    while position < len(text):
        parameter = _PARAMETER.match(text, position)
        if parameter is not None and found:
            name, quoted, plain = parameter.groups()
            value = _QUOTED.sub(r"\1", quoted) if quoted is not None else plain
            found[-1].parameters.setdefault(name.lower(), value)
            position = parameter.end()
            continue
        scheme = _SCHEME.match(text, position)
        if scheme is None:
            break
        found.append(Challenge(scheme[1].lower(), {}))
        position = scheme.end()
    return found
