"""Wheels as packs: fetched, verified against their own RECORD, decoded once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from distil.fetch.cache import Cache
from distil.fetch.http import Client, Download
from distil.fetch.packs import Pack, PackMember, open_pack, write_pack
from distil.model.blob import FileBlob
from distil.model.node import Kind
from distil.runtimes.python.indexes import authorised, configured_indexes, uses_keyring
from distil.runtimes.python.wheel import Wheel

if TYPE_CHECKING:
    from distil.runtimes.python.formats.wheel_archive import WheelArchive

PACK_KIND: Final = "wheel"

DIST_INFO: Final = "dist-info"
"""Attachment: the name of the metadata directory."""
ENTRY_POINTS: Final = "entry_points.txt"
LIBRARY_SEARCH: Final = "find_library"
"""Attachment: the modules that call ``ctypes.util.find_library``, one a line."""

_NOT_INSTALLED: Final = frozenset(
    {"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"}
)
"""Files of ``.dist-info`` that an installer writes itself, or that sign what it rewrites."""

_SEARCH: Final = b"find_library"


def fetch_wheels(
    wheels: Sequence[Wheel], client: Client, source: Path, files: Sequence[str] = ()
) -> list[tuple[Wheel, Pack]]:
    """`wheels` with their packs, in their order; what is not in the cache is downloaded.

    `source` is the application's directory: uv's configuration there says how to log in to a
    private index, as may the `files` that say what it depends on. Raises `InvalidWheel`,
    `NetworkError`, `WrongDigest`, `WrongSize`.
    """
    packs = {wheel.digest: open_pack(client.cache, wheel.digest, PACK_KIND) for wheel in wheels}
    missing = [wheel for wheel in wheels if packs[wheel.digest] is None]
    if missing:
        downloads = wheel_downloads(missing, client, source, files)
        for wheel, blob in zip(missing, client.archives(downloads), strict=True):
            packs[wheel.digest] = unpack_wheel(wheel, blob, client.cache)
    return [(wheel, pack) for wheel in wheels if (pack := packs[wheel.digest]) is not None]


def unpack_wheel(wheel: Wheel, blob: FileBlob, cache: Cache) -> Pack:
    """The pack of a wheel whose archive `blob` was verified. Raises `InvalidWheel`.

    Members are absolute paths made of those in the archive; where they are installed depends on
    the interpreter, and is not decided here.
    """
    from distil.runtimes.python.formats.wheel_archive import (
        WheelArchive,  # a warm build does without
    )

    with Path(blob.path).open("rb") as stream:
        archive = WheelArchive(stream, wheel.filename)
        attachments = {DIST_INFO: archive.dist_info.encode()}
        if archive.has(f"{archive.dist_info}/{ENTRY_POINTS}"):
            attachments[ENTRY_POINTS] = archive.read(f"{archive.dist_info}/{ENTRY_POINTS}")
        return write_pack(
            cache, wheel.digest, PACK_KIND, _members(archive, attachments), attachments
        )


def wheel_downloads(
    wheels: Sequence[Wheel], client: Client, source: Path, files: Sequence[str] = ()
) -> list[Download]:
    """How `wheels` are fetched: with all that their addresses lack; see `fetch_wheels`."""
    places = [client.whole_address(wheel.url) for wheel in wheels]
    indexes = configured_indexes(source, files=files)
    places = authorised(places, indexes, keyring=uses_keyring(source))
    return [
        Download(place, wheel.digest, wheel.size, str(wheel))
        for place, wheel in zip(places, wheels, strict=True)
    ]


def _members(
    archive: WheelArchive, attachments: dict[str, bytes]
) -> Iterator[tuple[PackMember, Iterator[bytes]]]:
    skipped = {f"{archive.dist_info}/{name}" for name in _NOT_INSTALLED}
    searching: list[str] = []
    for file, contents in archive.files():
        if file.path in skipped:
            continue
        mode = 0o755 if file.executable else 0o644
        member = PackMember(f"/{file.path}", Kind.FILE, mode)
        if file.path.endswith(".py"):
            contents = _noting_search(contents, file.path, searching)  # noqa: PLW2901
        yield member, contents
    if searching:
        attachments[LIBRARY_SEARCH] = "\n".join(searching).encode()


def _noting_search(contents: Iterator[bytes], path: str, searching: list[str]) -> Iterator[bytes]:
    tail = b""
    noted = False
    for piece in contents:
        if not noted and _SEARCH in tail + piece:
            searching.append(path)
            noted = True
        tail = piece[-len(_SEARCH) :]
        yield piece
