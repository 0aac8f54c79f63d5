"""The files of a wheel's ``.dist-info`` (Binary distribution format, Core metadata, entry points).

Only bytes are looked at: see `wheel_archive` for the zip that holds them.
"""

from __future__ import annotations

import base64
import configparser
import re
from typing import TYPE_CHECKING, Final

import msgspec

from distil.runtimes.python.application import normalised
from distil.runtimes.python.errors import InvalidWheel

if TYPE_CHECKING:
    from email.message import Message

SIGNATURES: Final = ("RECORD.jws", "RECORD.p7s")
"""Files of ``.dist-info`` that RECORD does not list, beside itself."""

_HASHES: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
_SCRIPT_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ -]*", re.ASCII)
_REFERENCE: Final = re.compile(
    r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*(?::\s*(?P<object>[^\W\d]\w*(?:\.[^\W\d]\w*)*))?"
    r"\s*(?:\[[^\]]*\])?"
)


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """What RECORD says of one file; `algorithm` is empty for a file without a hash."""

    algorithm: str
    digest: bytes
    size: int | None


class Metadata(msgspec.Struct, frozen=True):
    """The part of ``METADATA`` that installing and resolving need."""

    name: str
    version: str
    requires_python: str
    requires: tuple[str, ...]
    extras: tuple[str, ...]


class WheelInfo(msgspec.Struct, frozen=True):
    """What the ``WHEEL`` file says."""

    purelib: bool
    tags: tuple[str, ...]


class Script(msgspec.Struct, frozen=True):
    """A console or GUI script: its name, and the object that it calls."""

    name: str
    module: str
    attribute: str


def parse_record(data: bytes, filename: str) -> dict[str, Recorded]:
    """``RECORD`` as a mapping of path. Raises `InvalidWheel` for weak or malformed hashes."""
    import csv  # a warm build does without

    found: dict[str, Recorded] = {}
    try:
        for row in csv.reader(data.decode("utf-8").splitlines(), strict=True):
            if not row:
                continue
            path, hash_text, size = (*row, "", "")[:3]
            if path in found:
                raise InvalidWheel(filename, f"RECORD lists {path!r} twice")
            found[path] = _recorded(path, hash_text, size, filename)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidWheel(filename, f"RECORD does not parse: {error}") from None
    return found


def parse_wheel_info(data: bytes, filename: str) -> WheelInfo:
    """The ``WHEEL`` file. Raises `InvalidWheel` for a format version that is not 1."""
    headers = _headers(data)
    version = str(headers.get("Wheel-Version", "")).strip()
    if version.split(".")[0] != "1":
        raise InvalidWheel(filename, f"its format version is {version!r}, known is 1")
    purelib = str(headers.get("Root-Is-Purelib", "")).strip().lower()
    if purelib not in ("true", "false"):
        raise InvalidWheel(filename, f"Root-Is-Purelib is {purelib!r}, neither true nor false")
    return WheelInfo(purelib == "true", tuple(map(str, headers.get_all("Tag", []))))


def parse_metadata(data: bytes, filename: str) -> Metadata:
    """``METADATA``. Raises `InvalidWheel` when name or version are missing."""
    headers = _headers(data)
    name, version = (str(headers.get(key, "")).strip() for key in ("Name", "Version"))
    if not name or not version:
        raise InvalidWheel(filename, "METADATA has no name or no version")
    return Metadata(
        name,
        version,
        str(headers.get("Requires-Python", "")).strip(),
        tuple(" ".join(str(value).split()) for value in headers.get_all("Requires-Dist", [])),
        tuple(normalised(str(value)) for value in headers.get_all("Provides-Extra", [])),
    )


def parse_scripts(data: bytes, filename: str) -> tuple[Script, ...]:
    """The console and GUI scripts in ``entry_points.txt``, sorted by name.

    Raises `InvalidWheel` for a name that is not a plain file name and for a reference that is
    not one: both end up in a generated program.
    """
    parser = configparser.ConfigParser(
        delimiters=("=",), comment_prefixes=("#", ";"), interpolation=None, strict=False
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(data.decode("utf-8"))
    except (UnicodeDecodeError, configparser.Error) as error:
        why = str(error).splitlines()[0]
        raise InvalidWheel(filename, f"entry_points.txt does not parse: {why}") from None
    found: dict[str, Script] = {}
    for section in ("gui_scripts", "console_scripts"):
        if parser.has_section(section):
            for name, reference in parser.items(section, raw=True):
                found[name] = _script(name, reference, filename)
    return tuple(found[name] for name in sorted(found))


def record_hash(digest: bytes) -> str:
    """A sha256 digest as RECORD writes it: URL-safe base64 without padding."""
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _headers(data: bytes) -> Message:
    from email.parser import BytesHeaderParser  # a warm build does without

    return BytesHeaderParser().parsebytes(data)


def _recorded(path: str, hash_text: str, size: str, filename: str) -> Recorded:
    algorithm, _, encoded = hash_text.partition("=")
    length = int(size) if size.isdigit() else None
    if not hash_text:
        return Recorded("", b"", length)
    if algorithm not in _HASHES:
        raise InvalidWheel(filename, f"RECORD has a {algorithm!r} hash for {path!r}")
    try:
        digest = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        digest = b""
    if len(digest) != _HASHES[algorithm]:
        raise InvalidWheel(filename, f"RECORD has no valid hash for {path!r}")
    return Recorded(algorithm, digest, length)


def _script(name: str, reference: str, filename: str) -> Script:
    match = _REFERENCE.fullmatch(reference.strip())
    if not _SCRIPT_NAME.fullmatch(name):
        raise InvalidWheel(filename, f"{name!r} cannot be the name of a script")
    if match is None or match["object"] is None:
        raise InvalidWheel(filename, f"script {name!r} refers to {reference!r}")
    return Script(name, match["module"], match["object"])
