"""Debian packages unpacked into the cache, once, and looked at from there ever after."""

from __future__ import annotations

import contextvars
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Final

from distil.distros.debian.formats.deb import DebReader
from distil.distros.debian.formats.deb822 import parse_stanza
from distil.distros.debian.package import DebianPackage
from distil.fetch.cache import Cache
from distil.fetch.packs import Pack, PackMember, open_pack, write_pack
from distil.formats.byte_source import ByteSource
from distil.formats.errors import MalformedArchive
from distil.formats.tar import TarReader
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.node import ROOT, Kind
from distil.model.origin import PackageOrigin

_KIND: Final = "deb"
_UNUSED: Final = frozenset({"symbols", "templates", "shlibs"})
"""Control files that only serve building packages and asking questions: not kept as they are."""

_ANSWERS: Final = "answers"
_QUESTION: Final = re.compile(rb"^(Template|Default): *(\S[^\n]*)", re.MULTILINE)

SCRIPTS: Final = ("preinst", "postinst", "prerm", "postrm", "config")
_CONSULTED: Final = ("Package", "Version", "Architecture")


class DebPack:
    """One unpacked package: what the index says of it, its files, its control members."""

    def __init__(self, package: DebianPackage, pack: Pack) -> None:
        self.package = package
        self.pack = pack

    @property
    def name(self) -> str:
        """The package's name."""
        return self.package.name

    @property
    def archive_digest(self) -> Digest:
        """The sha256 of the .deb."""
        return self.package.digest

    @property
    def members(self) -> Sequence[PackMember]:
        """The files as the archive has them."""
        return self.pack.members

    @cached_property
    def origin(self) -> PackageOrigin:
        """What the package's files are attributed to."""
        return PackageOrigin(self.package.purl, self.package.digest)

    @property
    def control(self) -> bytes:
        """The control file, byte for byte."""
        return self.pack.attachments["control"]

    @property
    def scripts(self) -> Mapping[str, bytes]:
        """The maintainer scripts by name: ``preinst``, ``postinst``, … They are never run."""
        found = self.pack.attachments
        return {name: found[name] for name in SCRIPTS if name in found}

    @property
    def triggers(self) -> tuple[tuple[str, str], ...]:
        """Directive and trigger name of each line of the triggers file (deb-triggers(5))."""
        lines = self._text("triggers").splitlines()
        words = (line.split("#", 1)[0].split() for line in lines)
        return tuple((pair[0], pair[1]) for pair in words if len(pair) == 2)

    @property
    def answers(self) -> dict[str, str]:
        """The default answers to the questions that the scripts ask through debconf(7)."""
        lines = (line.partition("\t") for line in self._text(_ANSWERS).splitlines())
        return {question: answer for question, _, answer in lines}

    @property
    def conffiles(self) -> tuple[str, ...]:
        """Absolute paths of the configuration files the package ships (deb-conffiles(5))."""
        lines = (line.split() for line in self._text("conffiles").splitlines())
        return tuple(words[-1] for words in lines if words and words[0] != "remove-on-upgrade")

    @property
    def md5sums(self) -> dict[str, str]:
        """Absolute path to MD5, in hexadecimal, of the files that are not conffiles."""
        sums = {}
        for line in self._text("md5sums").splitlines():
            digest, _, path = line.partition("  ")
            if path:
                sums["/" + path.removeprefix("./")] = digest
        return sums

    def _text(self, name: str) -> str:
        return self.pack.attachments.get(name, b"").decode("utf-8", "surrogateescape")


def open_unpacked(package: DebianPackage, cache: Cache) -> DebPack | None:
    """`package` as it was unpacked before, or None; the archive itself is not needed."""
    pack = open_pack(cache, package.digest, _KIND)
    return None if pack is None else DebPack(package, pack)


def unpack(package: DebianPackage, deb: FileBlob, cache: Cache) -> DebPack:
    """Decode `deb` into the cache and return it; what the cache has is not decoded again.

    The archive is hashed while it is read, and nothing is kept unless it matches. Raises
    `MalformedArchive` (also when it is another package than the index says) and its relatives,
    `CorruptContent`, `DiskFull`, `CacheUnwritable`.
    """
    found = open_unpacked(package, cache)
    if found is not None:
        return found
    what = str(package)
    source = ByteSource(deb.chunks())
    reader = DebReader(source, what)
    _check_identity(package, reader.control["control"])
    kept = {name: data for name, data in reader.control.items() if name not in _UNUSED}
    kept[_ANSWERS] = _default_answers(reader.control.get("templates", b""))
    members = _members(reader.data(), source)
    return DebPack(package, write_pack(cache, package.digest, _KIND, members, kept))


def unpack_all(
    packages: Sequence[tuple[DebianPackage, FileBlob]], cache: Cache, workers: int | None = None
) -> list[DebPack]:
    """`unpack` for several packages at once, in their order.

    Decompression, hashing and waiting for the disk release the interpreter lock, so `workers`
    (twice the processors by default) run beside each other; the largest archives start first.
    """
    workers = workers or 2 * (os.cpu_count() or 1)
    if workers == 1 or len(packages) < 2:
        return [unpack(package, deb, cache) for package, deb in packages]
    from concurrent.futures import ThreadPoolExecutor  # a warm build does without

    done: dict[int, DebPack] = {}
    with ThreadPoolExecutor(workers, "unpack") as executor:
        by_size = sorted(range(len(packages)), key=lambda at: -packages[at][0].size)
        # Each task runs in a copy of this context, so that its events find their listener.
        tasks = {}
        for at in by_size:
            work = partial(unpack, *packages[at], cache)
            tasks[at] = executor.submit(contextvars.copy_context().run, work)
        try:
            for at, task in tasks.items():
                done[at] = task.result()
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
    return [done[at] for at in range(len(packages))]


def _check_identity(package: DebianPackage, control: bytes) -> None:
    """Refuse an archive that calls itself something else than the index did."""
    stanza = parse_stanza(control, f"control file of {package}")
    said = tuple(stanza.get(field.lower(), "") for field in _CONSULTED)
    if said != (package.name, package.version, package.architecture):
        raise MalformedArchive(str(package), f"the archive says that it is {' '.join(said)}")


def _default_answers(templates: bytes) -> bytes:
    """One line for each question with a default: its name, a tab, the answer."""
    answers = []
    question = b""
    for kind, value in _QUESTION.findall(templates):
        if kind == b"Template":
            question = value.strip()
        else:
            answers.append(question + b"\t" + value.strip() + b"\n")
    return b"".join(answers)


def _members(files: TarReader, archive: ByteSource) -> Iterator[tuple[PackMember, Iterator[bytes]]]:
    for member in files:
        if member.path == ROOT and member.kind is Kind.DIRECTORY:
            continue
        yield (
            PackMember(
                member.path,
                member.kind,
                member.mode,
                member.uid,
                member.gid,
                member.mtime,
                member.target,
                xattrs=member.xattrs,
                device=member.device,
            ),
            files.chunks(),
        )
    # To the very end: only then the archive's digest has been checked.
    while archive.read(1 << 20):
        pass
