"""A Debian archive's ``Release`` file (DebianRepository/Format), from verified bytes only."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.distros.debian.errors import MalformedRelease
from distil.distros.debian.formats.deb822 import Stanza, parse_stanza
from distil.model.digest import Digest

DEBIAN_FIELDS: Final = ("origin", "codename", "date", "sha256", "architectures", "components")
"""What each of Debian's own Release files has."""

LEAST_FIELDS: Final = ("date", "sha256")
"""What the chain of trust needs. Simple repositories have no more."""

_DATE: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{1,2}):(\d\d):(\d\d) "
    r"(?:UTC|GMT|Z|[+-]0000)",
    re.ASCII,
)
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"


class ReleaseFile(msgspec.Struct, frozen=True):
    """One file that a Release file vouches for; `size` in bytes, `digest` its sha256."""

    size: int
    digest: Digest


class Release(msgspec.Struct, frozen=True):
    """What a suite says about itself. Times are in seconds since 1970."""

    origin: str
    suite: str
    codename: str
    version: str
    date: int
    valid_until: int | None
    by_hash: bool
    not_automatic: bool
    architectures: tuple[str, ...]
    components: tuple[str, ...]
    sha256: str
    """The SHA256 field as it stands: looking one name up is cheaper than reading them all."""

    def file(self, name: str) -> ReleaseFile | None:
        """The file called `name`, relative to the Release file; None when it is not listed."""
        digest_and_size = r"^[ \t]*([0-9a-f]{64})[ \t]+([0-9]{1,18})[ \t]+"
        pattern = rf"{digest_and_size}(?:\./)?{re.escape(name)}[ \t]*$"
        match = re.search(pattern, self.sha256, re.MULTILINE | re.ASCII)
        if match is None:
            return None
        return ReleaseFile(int(match[2]), Digest.from_hex(match[1]))


def parse_release(text: bytes, what: str, required: Sequence[str] = DEBIAN_FIELDS) -> Release:
    """Read `text`, which a trusted key has signed; `what` names it in errors.

    Fields that are not `required` are empty when they are missing. Raises `MalformedControl`,
    and `MalformedRelease` when a required field is missing or one cannot be read.
    Only SHA256 is looked at: the older digests are of no use against an attacker.
    """
    fields = parse_stanza(text, what)
    for needed in required:
        if not fields.get(needed):
            raise MalformedRelease(what, f"the field {needed.capitalize()} is missing")
    until = fields.get("valid-until")
    return Release(
        origin=fields.get("origin", ""),
        suite=fields.get("suite", ""),
        codename=fields.get("codename", ""),
        version=fields.get("version", ""),
        date=_seconds(fields["date"], what),
        valid_until=None if until is None else _seconds(until, what),
        by_hash=_is_yes(fields, "acquire-by-hash"),
        not_automatic=_is_yes(fields, "notautomatic"),
        architectures=tuple(fields.get("architectures", "").split()),
        # The security archive writes "updates/main" for what lies in the directory "main".
        components=tuple(name.rpartition("/")[2] for name in fields.get("components", "").split()),
        sha256=fields["sha256"],
    )


def _is_yes(fields: Stanza, name: str) -> bool:
    return fields.get(name, "no").lower() == "yes"


def _seconds(text: str, what: str) -> int:
    """A date as Release files write it: always UTC, always in English."""
    match = _DATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        raise MalformedRelease(what, f"the date {text[:40]!r} cannot be read")
    day, month, year, *clock = match.groups()
    moment = (int(year), _MONTHS.index(month) // 3 + 1, int(day), *map(int, clock))
    return calendar.timegm(moment)
