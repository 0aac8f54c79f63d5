"""The database as something to carry: a file, or an artifact in any place that images can be in.

What comes from elsewhere is read and checked wholly before it takes the place of what is here, and
only if it is no older.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from distil.image.artifact import BundledFile, bundle
from distil.image.naming import name_image
from distil.image.read import find_manifest, read_manifest
from distil.image.staging import locked, reporting, staged_file, workplace
from distil.image.stores import Source, StoreSettings
from distil.image.stores.table import store_to_read
from distil.image.write import write
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.errors import LimitExceeded
from distil.model.image import Descriptor
from distil.model.reference import Location, parse_image_name
from distil.model.regular_file import open_regular
from distil.vulns.database.following import check_follows
from distil.vulns.database.placing import put_in_place
from distil.vulns.database.reader import Database
from distil.vulns.errors import (
    DamagedDatabase,
    NoDatabase,
    NoDatabaseThere,
    OlderDatabase,
    TruncatedDatabase,
)

MEDIA_DATABASE: Final = "application/vnd.distil.db.v1"
"""The type of the artifact, and of the one file in it."""
LARGEST: Final = 16 << 30
"""Bytes of a database that comes from elsewhere."""

_NAME: Final = "distil-db:latest"
_TITLE: Final = "advisories.db"
_PIECE: Final = 1 << 20


def export_file(path: Path, target: Path) -> Digest:
    """Write the database at `path` to the file `target`, which appears whole; its digest.

    Raises what opening the database raises, `DamagedDatabase`, `OutputFailed`, `DiskFull`.
    """
    blob = _sound(path)
    with reporting(target), staged_file(target, blob.chunks()):
        pass
    return blob.digest


def export_artifact(path: Path, location: Location, settings: StoreSettings) -> str:
    """Write the database at `path` as an artifact to `location`; how it is addressed there.

    Raises what opening the database raises, `DamagedDatabase`, and what writing images raises.
    """
    file = BundledFile(_TITLE, MEDIA_DATABASE, _sound(path))
    artifact = bundle(MEDIA_DATABASE, [file])
    named = name_image(artifact, [parse_image_name(_NAME)], location)
    return write(named[:1], location, settings)[0]


def _sound(path: Path) -> FileBlob:
    with Database.open(path) as database:
        database.check_all()
    return FileBlob.of_file(path)


def import_file(source: Path, path: Path, *, allow_older: bool) -> None:
    """Let the database in the file `source` take the place of the one at `path`.

    Raises what opening the database raises, `OlderAdvisories`, `FewerAdvisories`, `OutputFailed`,
    `DiskFull`.
    """
    with Database.open(source):
        pass  # What it is is told by its own name.
    with reporting(path), open_regular(source) as stream:
        _imported(_pieces(stream), path, allow_older=allow_older)


def import_artifact(
    location: Location, settings: StoreSettings, path: Path, *, allow_older: bool
) -> None:
    """Let the database in the artifact at `location` take the place of the one at `path`.

    Raises `NoDatabaseThere`, what reading images and opening the database raise,
    `OlderAdvisories`, `FewerAdvisories`, `OutputFailed`, `DiskFull`.
    """
    with store_to_read(location, settings).opened() as source:
        layer = _layer(source)
        if layer.size > LARGEST:
            raise LimitExceeded(str(location), f"a database of more than {LARGEST} bytes")
        with reporting(path):
            _imported(source.blob(layer).chunks(), path, allow_older=allow_older)


def _layer(source: Source) -> Descriptor:
    """The database in the artifact that is meant."""
    descriptor, _ = find_manifest(source, source.resolve(), None)
    manifest = read_manifest(source, descriptor)
    files = [layer for layer in manifest.layers if layer.media_type == MEDIA_DATABASE]
    if len(files) != 1:
        raise NoDatabaseThere(str(source.location))
    return files[0]


def _imported(pieces: Iterable[bytes], path: Path, *, allow_older: bool) -> None:
    with workplace(path) as work, locked(path.parent), _opened_if_sound(path) as before:
        made = work / "database"
        with staged_file(made, pieces):
            pass
        with Database.open(made) as database:
            database.check_all()
            if before is not None and not allow_older:
                _check_no_older(before, database)
        put_in_place(made, path)


@contextlib.contextmanager
def _opened_if_sound(path: Path) -> Iterator[Database | None]:
    """The database that there is; what is damaged has nothing to be compared with."""
    with contextlib.ExitStack() as stack:
        database = None
        with contextlib.suppress(NoDatabase, TruncatedDatabase, DamagedDatabase, OlderDatabase):
            database = stack.enter_context(Database.open(path))
        yield database


def _check_no_older(before: Database, database: Database) -> None:
    """Raise `OlderAdvisories` or `FewerAdvisories` for a feed that fell back."""
    known = {one.name: one for one in before.meta.feeds}
    for one in database.meta.feeds:
        if one.name in known:
            check_follows(known[one.name], one)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece
