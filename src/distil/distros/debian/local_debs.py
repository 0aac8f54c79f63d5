"""Local .deb files as a suite of packages: their control data are the index."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from distil.distros.debian.errors import MalformedControl, UnusableDeb
from distil.distros.debian.formats.deb import DebReader
from distil.distros.debian.formats.deb822 import Stanza, parse_stanza
from distil.distros.debian.repository import SuiteIndex
from distil.formats.byte_source import ByteSource
from distil.formats.errors import MalformedArchive
from distil.model.blob import FileBlob
from distil.model.digest import Digest

NAME: Final = "local .deb files"
"""What the suite is called, in messages and in locks."""

_NEEDED: Final = ("package", "version", "architecture")


class LocalDeb(msgspec.Struct, frozen=True):
    """One .deb: `path` is relative to the project, `size` in bytes, `control` its fields."""

    path: str
    size: int
    digest: Digest
    control: Stanza

    @property
    def name(self) -> str:
        """The package's name."""
        return self.control["package"]

    @property
    def version(self) -> str:
        """The package's version."""
        return self.control["version"]

    @property
    def architecture(self) -> str:
        """Debian's name of the architecture, or ``all``."""
        return self.control["architecture"]


def read_deb(root: Path, path: str) -> LocalDeb:
    """What the .deb at `path` below `root` says of itself; its bytes are hashed.

    Raises `UnusableDeb` for a file that is no package.
    """
    place = root / path
    try:
        blob = FileBlob.of_file(place)
        reader = DebReader(ByteSource(blob.chunks()), path)
        control = parse_stanza(reader.control["control"], "its control file")
    except OSError as error:
        raise UnusableDeb(path, f"cannot be read: {error.strerror or error}") from error
    except (MalformedArchive, MalformedControl) as error:
        why = error.message.removeprefix(f"{path}: ")
        raise UnusableDeb(path, f"is not a Debian package: {why}") from error
    missing = [field.capitalize() for field in _NEEDED if not control.get(field)]
    if missing:
        raise UnusableDeb(path, f"is not a Debian package: {missing[0]} is missing")
    return LocalDeb(path, blob.size, blob.digest, control)


class LocalDebs(msgspec.Struct, frozen=True):
    """The packages `debs`, which lie below the directory `root`; at least one."""

    root: Path
    debs: tuple[LocalDeb, ...]

    @property
    def suite_index(self) -> SuiteIndex:
        """The packages as a suite, which has neither codename, version nor date."""
        text = "\n".join(_stanza(deb) for deb in self.debs).encode("utf-8", "surrogateescape")
        return SuiteIndex(
            suite=NAME,
            component="",
            codename="",
            version="",
            date=0,
            base_url=place_of(self.root),
            digest=Digest.of(text),
            packages=functools.partial(bytes, text),
            extra=_nothing_more,
        )

    @property
    def roots(self) -> tuple[str, ...]:
        """What installing the files asks for: each package in exactly its version."""
        return tuple(f"{deb.name}={deb.version}" for deb in self.debs)


def place_of(root: Path) -> str:
    """The address that the names of local files are relative to."""
    return root.absolute().as_uri()


def _nothing_more(name: str) -> None:
    """No list of files."""


def _stanza(deb: LocalDeb) -> str:
    # A file may be called what no file of an archive is.
    filename = quote(deb.path, safe="/~+:=@", errors="surrogateescape")
    of_the_file = {"filename": filename, "size": str(deb.size), "sha256": deb.digest.hex}
    fields = deb.control | of_the_file
    return "".join(f"{name}: {text}\n" for name, text in fields.items())
