"""``distil.toml`` of an application, and what the command line puts before it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from distil.formats.errors import InvalidSpec
from distil.formats.spec_toml import parse_spec, violation
from distil.model.reference import names_image, parse_location
from distil.model.regular_file import read_small
from distil.model.spec import ByteCode, Level, Spec

SPEC_FILE: Final = "distil.toml"


class Overrides(msgspec.Struct, frozen=True):
    """What the user says for this build only; None leaves it as it is."""

    base: str | None = None
    compression: str | None = None
    level: str | None = None
    bytecode: str | None = None
    labels: Mapping[str, str] = {}
    """Beside those of the file, and before them."""


def read_spec(source: Path, overrides: Overrides) -> Spec:
    """The specification in `source`, all defaults where it has none.

    Raises `InvalidSpec`, `InvalidReference`.
    """
    path = source / SPEC_FILE
    try:
        text = read_small(path).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        text = ""
    except UnicodeDecodeError as error:
        raise InvalidSpec(str(path), None, "", f"not UTF-8: {error.reason}") from error
    except OSError as error:
        raise InvalidSpec(str(path), None, "", error.strerror or str(error)) from error
    spec = parse_spec(text, str(path))
    base, image = spec.base, spec.image
    if overrides.base is not None:
        base = msgspec.structs.replace(base, source=_seen_from_here(overrides.base))
    if overrides.compression is not None:
        image = msgspec.structs.replace(image, compression=overrides.compression)
    if overrides.labels:
        image = msgspec.structs.replace(image, labels=image.labels | dict(overrides.labels))
    reach = spec.reach
    if overrides.level is not None:
        reach = msgspec.structs.replace(reach, level=Level(overrides.level))
    python = spec.python
    if overrides.bytecode is not None:
        python = msgspec.structs.replace(python, bytecode=ByteCode(overrides.bytecode))
    return msgspec.structs.replace(spec, python=python, base=base, image=image, reach=reach)


def _seen_from_here(base: str) -> str:
    """`base`, with the path of an image as it is for who types it: relative to where they are."""
    if not names_image(base):
        return base
    location = parse_location(base)
    if location.transport.is_file:
        location = msgspec.structs.replace(location, path=str(Path(location.path).absolute()))
    return str(location)


class SpecPlace(msgspec.Struct, frozen=True):
    """A place in the specification of the application in `source`, by its keys.

    For what is found wrong with a value only when it is used; see `violation`.
    """

    source: Path
    keys: tuple[str, ...]

    def error(self, why: str, *, hint: str = "") -> InvalidSpec:
        """The error that names the line of this place."""
        path = self.source / SPEC_FILE
        try:
            text = read_small(path).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            text = ""  # Gone since it was read: the keys alone have to do.
        return violation(text, str(path), self.keys, why, hint=hint)

    @property
    def line(self) -> int | None:
        """The number of the line, from 1."""
        return self.error("").line
