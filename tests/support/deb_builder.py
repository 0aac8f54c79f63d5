"""Small Debian packages and archives made by the tests themselves."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from distil.distros.debian.package import DebianPackage
from distil.model.blob import FileBlob
from distil.model.digest import Digest


@dataclass(frozen=True)
class Entry:
    """A member of a data archive; `content` is for files, `link` for both kinds of link."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    link: str = ""
    type: bytes = tarfile.REGTYPE
    uid: int = 0
    gid: int = 0
    mtime: int = 1_700_000_000
    pax: dict[str, str] = field(default_factory=dict)


def file(path: str, content: bytes | str = b"", mode: int = 0o644) -> Entry:
    return Entry(path, content.encode() if isinstance(content, str) else content, mode)


def directory(path: str, mode: int = 0o755) -> Entry:
    return Entry(path, mode=mode, type=tarfile.DIRTYPE)


def link(path: str, target: str) -> Entry:
    return Entry(path, mode=0o777, link=target, type=tarfile.SYMTYPE)


def hard_link(path: str, target: str) -> Entry:
    return Entry(path, link=target, type=tarfile.LNKTYPE)


def tar(entries: Iterable[Entry], layout: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar archive, written by the standard library."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=layout) as archive:
        for entry in entries:
            info = tarfile.TarInfo("." + entry.path)
            info.type, info.mode, info.size = entry.type, entry.mode, len(entry.content)
            info.uid, info.gid, info.mtime = entry.uid, entry.gid, entry.mtime
            info.linkname = entry.link
            if entry.type == tarfile.LNKTYPE:
                info.linkname = "." + entry.link
            info.pax_headers = entry.pax
            archive.addfile(info, io.BytesIO(entry.content))
    return out.getvalue()


def ar(members: Iterable[tuple[str, bytes]]) -> bytes:
    out = b"!<arch>\n"
    for name, data in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        out += data + b"\n" * (len(data) % 2)
    return out


def compress(data: bytes, compression: str) -> bytes:
    match compression:
        case "gz":
            return gzip.compress(data, mtime=0)
        case "xz":
            return lzma.compress(data)
        case "zst":
            return zstandard.compress(data)
    return data


def control_file(name: str, **fields: str) -> str:
    """A control file; underscores in the names of `fields` become hyphens."""
    all_fields = {
        "Package": name,
        "Version": "1.0-1",
        "Architecture": "amd64",
        "Maintainer": "Nobody <nobody@example.org>",
        **{key.replace("_", "-"): value for key, value in fields.items()},
        "Description": "a package for tests",
    }
    return "".join(f"{key}: {value}\n" for key, value in all_fields.items())


def deb(
    control: str,
    entries: Iterable[Entry],
    scripts: Mapping[str, str | bytes] | None = None,
    *,
    compression: str = "xz",
) -> bytes:
    """A whole .deb with md5sums computed; `scripts` are further control members by name."""
    entries = list(entries)
    members = {"control": control, **(scripts or {})}
    if "md5sums" not in members:
        conffiles = str(members.get("conffiles", "")).split()
        members["md5sums"] = "".join(
            f"{hashlib.md5(entry.content).hexdigest()}  {entry.path[1:]}\n"
            for entry in entries
            if entry.type == tarfile.REGTYPE and entry.path not in conffiles
        )
    control_tar = tar([directory("/"), *(file(f"/{n}", data) for n, data in members.items())])
    suffix = f".{compression}" if compression else ""
    return ar(
        [
            ("debian-binary", b"2.0\n"),
            (f"control.tar{suffix}", compress(control_tar, compression)),
            (f"data.tar{suffix}", compress(tar(entries), compression)),
        ]
    )


def described(control: str, archive: bytes) -> DebianPackage:
    """What an index would say of `archive`, whose control file is `control`."""
    fields = dict(line.split(": ", 1) for line in control.splitlines() if ": " in line)
    return DebianPackage(
        name=fields["Package"],
        version=fields["Version"],
        architecture=fields["Architecture"],
        source=fields.get("Source", fields["Package"]),
        source_version=fields["Version"],
        url=f"https://mirror.invalid/{fields['Package']}.deb",
        size=len(archive),
        digest=Digest.of(archive),
        suite="trixie",
    )


def blob(directory: Path, archive: bytes) -> FileBlob:
    """`archive` as a file in `directory`."""
    path = directory / f"{Digest.of(archive).hex}.deb"
    path.write_bytes(archive)
    return FileBlob.of_file(path)
