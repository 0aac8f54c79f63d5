"""The user's file of findings that are to be ignored, with the reason and until when.

TOML: an ``[[ignore]]`` for each, with ``id`` (of the vulnerability, by any of its names),
``reason``, and, if wanted, ``package`` (a name or a package URL) and ``until`` (a date).
"""

from __future__ import annotations

import datetime
from typing import Final

import msgspec

from distil.formats.toml import NotToml, parse_toml
from distil.model.finding import Standing
from distil.vulns.vex.claims import About, Claim, Document, Thing
from distil.vulns.vex.errors import MalformedIgnoreFile
from distil.vulns.vex.reading import named, shortened

FORM: Final = "ignore file"
ANY: Final = "any package"
"""What an entry without a package is about."""


class _Ignored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    reason: str
    package: str = ""
    until: datetime.date | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ignore: list[_Ignored] = []


def read_ignore_file(data: bytes, name: str) -> Document:
    """What the file says, as claims about every component, or those called `package`.

    Raises `MalformedIgnoreFile`: what is not understood ignores nothing.
    """
    try:
        told = msgspec.convert(parse_toml(data.decode()), _File)
    except UnicodeDecodeError as error:
        raise MalformedIgnoreFile(name, f"byte {error.start}", "no UTF-8") from error
    except NotToml as error:
        raise MalformedIgnoreFile(name, "", str(error)) from error
    except msgspec.ValidationError as error:
        why, _, where = str(error).partition(" - at ")
        raise MalformedIgnoreFile(name, where.strip("`"), why) from error
    claims = []
    for number, one in enumerate(told.ignore):
        where = f"$.ignore[{number}]"
        if not one.id.strip() or not one.reason.strip():
            empty = "reason" if one.id.strip() else "id"
            raise MalformedIgnoreFile(name, f"{where}.{empty}", "it is empty")
        claims.append(
            Claim(
                ids=(one.id.strip(),),
                about=(About(_package(one.package.strip())),),
                standing=Standing.ACCEPTED,
                reason=shortened(one.reason),
                until=one.until.isoformat() if one.until is not None else "",
                where=where,
            )
        )
    return Document(name=name, form=FORM, claims=tuple(claims))


def _package(text: str) -> Thing:
    return named(text) if text.startswith("pkg:") else Thing(name=text or ANY)
