from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distil.fetch.cache import Cache
from distil.fetch.errors import CorruptCache
from distil.fetch.packs import Pack, PackMember, open_pack, pack_is_sound, write_pack
from distil.formats.errors import MalformedArchive
from distil.model.digest import Digest
from distil.model.errors import CorruptContent
from distil.model.node import Kind
from distil.model.origin import PackageOrigin

ARCHIVE = Digest.of(b"an archive")
ORIGIN = PackageOrigin("pkg:deb/debian/x@1", ARCHIVE)


def member(path: str, kind: Kind = Kind.FILE, **fields: Any) -> PackMember:
    return PackMember(path, kind, 0o755 if kind is Kind.DIRECTORY else 0o644, **fields)


MEMBERS = [
    (member("/usr", Kind.DIRECTORY), ()),
    (member("/usr/a", uid=7, gid=8, mtime=9, xattrs=(("user.x", b"\0\xff"),)), (b"one", b"two")),
    (member("/usr/empty"), ()),
    (member("/usr/link", Kind.SYMLINK, target="a"), ()),
    (member("/usr/hard", Kind.HARDLINK, target="/usr/a"), ()),
    (member("/usr/null", Kind.CHARACTER, device=(1, 3)), ()),
    (member("/usr/b"), (b"three",)),
]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def write(cache: Cache, members: object = MEMBERS) -> Pack:
    return write_pack(cache, ARCHIVE, "deb", members, {"control": b"Package: x\n"})  # type: ignore[arg-type]


def test_a_pack_is_read_back_as_it_was_written(cache: Cache) -> None:
    written = write(cache)
    found = open_pack(cache, ARCHIVE, "deb")
    assert found is not None
    assert found.members == written.members
    assert found.attachments == {"control": b"Package: x\n"}
    assert found.nodes(ORIGIN) == written.nodes(ORIGIN)


def test_nodes_carry_all_metadata_and_contents(cache: Cache) -> None:
    write(cache)
    found = open_pack(cache, ARCHIVE, "deb")
    assert found is not None
    nodes = {node.path: node for node in found.nodes(ORIGIN)}
    file = nodes["/usr/a"]
    assert (file.mode, file.uid, file.gid, file.mtime) == (0o644, 7, 8, 9)
    assert file.xattrs == (("user.x", b"\0\xff"),)
    assert file.blob is not None
    assert file.blob.read() == b"onetwo"
    assert file.blob.digest == Digest.of(b"onetwo")
    assert nodes["/usr/empty"].blob is not None
    assert nodes["/usr/empty"].blob.read() == b""
    assert nodes["/usr/hard"].target == "/usr/a"
    assert nodes["/usr/link"].target == "a"
    assert nodes["/usr/null"].device == (1, 3)
    assert nodes["/usr"].blob is None
    assert all(node.origin == ORIGIN for node in nodes.values())


def test_names_that_are_not_utf8_survive(cache: Cache) -> None:
    odd = "/caf\udce9/\u00fc"
    xattrs = (("user.\udce9", b"\xff"),)
    odd_one = member(odd, Kind.SYMLINK, target="\udcff", xattrs=xattrs)
    write(cache, [(odd_one, ()), (member("/\u00fc"), (b"x",))])
    found = open_pack(cache, ARCHIVE, "deb")
    assert found is not None
    assert [(m.path, m.target) for m in found.members] == [(odd, "\udcff"), ("/\u00fc", "")]
    assert found.members[0].xattrs == xattrs


def test_kinds_do_not_mix(cache: Cache) -> None:
    write(cache)
    assert open_pack(cache, ARCHIVE, "wheel") is None
    assert open_pack(cache, Digest.of(b"other"), "deb") is None


def test_the_same_path_twice_is_an_error_and_leaves_nothing(cache: Cache) -> None:
    with pytest.raises(MalformedArchive, match=r"/usr/a.*twice"):
        write(cache, [*MEMBERS, (member("/usr/a"), ())])
    assert open_pack(cache, ARCHIVE, "deb") is None


def test_a_file_in_place_of_a_directory_is_an_error(cache: Cache) -> None:
    with pytest.raises(MalformedArchive, match="twice"):
        write(cache, [(member("/x"), ()), (member("/x", Kind.DIRECTORY), ())])


def test_a_source_that_fails_leaves_nothing(cache: Cache) -> None:
    def contents() -> Iterator[bytes]:
        yield b"some"
        raise CorruptContent("archive", ARCHIVE)

    with pytest.raises(CorruptContent):
        write(cache, [(member("/x"), contents())])
    assert open_pack(cache, ARCHIVE, "deb") is None
    assert list(cache.root.glob("packs/*")) == []


def test_changed_contents_are_noticed_when_read(cache: Cache) -> None:
    pack = write(cache)
    data = Path(pack.data_path)
    data.write_bytes(data.read_bytes().replace(b"one", b"onf"))
    found = open_pack(cache, ARCHIVE, "deb")
    assert found is not None
    nodes = {node.path: node for node in found.nodes(ORIGIN)}
    with pytest.raises(CorruptContent):
        nodes["/usr/a"].blob.read()
    assert nodes["/usr/b"].blob.read() == b"three"


def test_a_pack_whose_data_is_gone_counts_as_none(cache: Cache) -> None:
    Path(write(cache).data_path).unlink()
    assert open_pack(cache, ARCHIVE, "deb") is None


def test_a_pack_whose_data_has_another_size_is_an_error_and_removed(cache: Cache) -> None:
    data = Path(write(cache).data_path)
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(CorruptCache):
        open_pack(cache, ARCHIVE, "deb")
    assert open_pack(cache, ARCHIVE, "deb") is None


def test_checking_a_pack(cache: Cache) -> None:
    data = Path(write(cache).data_path)
    right = data.read_bytes()
    assert pack_is_sound(cache, data.name) is True
    for wrong in (right[:-1], right + b"x", *(changed(right, at) for at in range(len(right)))):
        data.write_bytes(wrong)
        assert pack_is_sound(cache, data.name) is False
    data.write_bytes(right)
    assert cache.verify({"packs": pack_is_sound}).removed == ()
    data.write_bytes(changed(right, 0))
    assert cache.verify({"packs": pack_is_sound}).removed == (f"packs/{data.name}",)


def test_a_file_that_no_index_leads_to_is_no_pack(cache: Cache) -> None:
    data = Path(write(cache).data_path)
    for name in ("something", f"{'0' * 64}.deb", data.name.replace(".deb", ".wheel")):
        assert pack_is_sound(cache, name) is None


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_changed_index_counts_as_none(cache: Cache) -> None:
    write(cache)
    (index,) = cache.root.glob("packs/*.doc")
    index.write_bytes(index.read_bytes().replace(b"/usr/b", b"/usr/c"))
    assert open_pack(cache, ARCHIVE, "deb") is None
    write(cache)
    assert open_pack(cache, ARCHIVE, "deb") is not None


def test_what_the_elf_reader_finds_is_kept(cache: Cache) -> None:
    elf = Path("/proc/self/exe").read_bytes()
    half = len(elf) // 2
    pieces = {"/whole": (elf,), "/pieces": (elf[:half], elf[half:]), "/broken": (b"\x7fELFxx",)}
    write(cache, [(member("/pad"), (b"odd",)), *((member(p), c) for p, c in pieces.items())])
    found = open_pack(cache, ARCHIVE, "deb")
    assert found is not None
    by_path = {m.path: m for m in found.members}
    assert by_path["/whole"].elf is not None
    assert by_path["/whole"].elf.interpreter.startswith("/")
    assert by_path["/pieces"].elf == by_path["/whole"].elf
    assert by_path["/broken"].elf is None
    known = found.elf_files()
    assert known[Digest.of(elf)] == by_path["/whole"].elf
    assert known[Digest.of(b"odd")] is None
