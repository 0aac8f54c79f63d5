"""apt's lists of package sources, in both of their formats (sources.list(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.distros.debian.errors import MalformedControl
from distil.distros.debian.formats.deb822 import Stanza, parse_stanzas

_WORD: Final = re.compile(r'\[[^\]]*\]\S*|"[^"]*"|(?:[^\s"\[]|\[[^\]]*\])+')
"""A word of the one-line format: bare, quoted, or with white space inside of brackets."""

_OPTION: Final = re.compile(r'([\w-]+)([+-]?=)("[^"]*"|\S*)')


class AptSource(msgspec.Struct, frozen=True):
    """One enabled source of binary packages.

    `uris`, `suites` and `components` hold for each other in every combination; `signed_by` is
    a keyring file or a key as it stands, "" when none is given.
    """

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    check_valid_until: bool = True


def parse_deb822_sources(data: bytes, what: str) -> Iterator[AptSource]:
    """The sources of a ``.sources`` file that are enabled and of type ``deb``.

    Raises `MalformedControl` when `data`, called `what`, is not in this format.
    """
    for stanza in parse_stanzas(data, what):
        if "deb" not in _words(stanza, "types"):
            continue
        if not _flag(stanza.get("enabled", "yes")):
            continue
        yield AptSource(
            _words(stanza, "uris"),
            _words(stanza, "suites"),
            _words(stanza, "components"),
            stanza.get("signed-by", "").strip(),
            _flag(stanza.get("check-valid-until", "yes")),
        )


def parse_one_line_sources(data: bytes, what: str) -> Iterator[AptSource]:
    """The sources of a ``.list`` file that are of type ``deb``; a comment disables one.

    Raises `MalformedControl` when `data`, called `what`, is not in this format.
    """
    text = data.decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.splitlines(), 1):
        words = _WORD.findall(line.partition("#")[0])
        if not words:
            continue
        kind = words.pop(0)
        if kind not in ("deb", "deb-src"):
            raise MalformedControl(what, number, f"the type {kind[:40]!r} is unknown")
        options = {}
        if words and words[0].startswith("[") and words[0].endswith("]"):
            options = _options(words.pop(0)[1:-1])
        if len(words) < 2:
            raise MalformedControl(what, number, "the address or the suite is missing")
        if kind == "deb":
            uri, suite, *components = (word.strip('"') for word in words)
            yield AptSource(
                (uri,),
                (suite,),
                tuple(components),
                options.get("signed-by", ""),
                _flag(options.get("check-valid-until", "yes")),
            )


def _options(text: str) -> dict[str, str]:
    return {name.lower(): value.strip('"') for name, _, value in _OPTION.findall(text)}


def _words(stanza: Stanza, name: str) -> tuple[str, ...]:
    return tuple(stanza.get(name, "").split())


def _flag(value: str) -> bool:
    """Truth values as apt reads them (StringToBool): what is not clearly "no" stands."""
    return value.strip().lower() not in ("no", "false", "without", "off", "disable", "0")
