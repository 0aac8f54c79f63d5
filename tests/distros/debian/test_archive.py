from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from distil.distros.debian import archive
from distil.distros.debian.archive import DebPack, open_unpacked, unpack, unpack_all
from distil.distros.debian.package import DebianPackage
from distil.events import Event, Warned, emit, listening
from distil.fetch.cache import Cache
from distil.formats.errors import MalformedArchive, TruncatedArchive
from distil.model.blob import FileBlob
from distil.model.errors import CorruptContent
from tests.support import deb_builder as build

CONTROL = build.control_file("x", Depends="libc6")
ENTRIES = [
    build.directory("/"),
    build.directory("/etc"),
    build.file("/etc/x.conf", b"setting"),
    build.file("/usr/bin/x", b"program", 0o755),
    build.link("/usr/bin/y", "x"),
    build.hard_link("/usr/bin/z", "/usr/bin/x"),
]
SCRIPTS = {
    "conffiles": "/etc/x.conf\nremove-on-upgrade /etc/old.conf\n",
    "postinst": "#!/bin/sh\nexit 0\n",
    "triggers": "# by hand\nactivate-noawait ldconfig  # here\ninterest-noawait /usr/lib\n",
    "templates": "Template: x/y\nType: string\nDefault: some thing\n\nTemplate: x/none\n",
}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def made(tmp_path: Path, name: str = "x") -> tuple[DebianPackage, FileBlob]:
    control = CONTROL.replace("Package: x", f"Package: {name}")
    data = build.deb(control, ENTRIES, SCRIPTS)
    return build.described(control, data), build.blob(tmp_path, data)


def check(found: DebPack | None) -> None:
    assert found is not None
    assert found.control == CONTROL.encode()
    assert found.conffiles == ("/etc/x.conf",)
    assert list(found.md5sums) == ["/usr/bin/x"]
    assert found.scripts == {"postinst": b"#!/bin/sh\nexit 0\n"}
    assert found.triggers == (("activate-noawait", "ldconfig"), ("interest-noawait", "/usr/lib"))
    assert found.answers == {"x/y": "some thing"}
    nodes = {node.path: node for node in found.pack.nodes(found.origin)}
    assert set(nodes) == {entry.path for entry in ENTRIES} - {"/"}
    assert nodes["/usr/bin/x"].blob.read() == b"program"
    assert nodes["/usr/bin/z"].target == "/usr/bin/x"
    assert found.origin.purl == "pkg:deb/debian/x@1.0-1?arch=amd64&distro=debian-13"


def test_a_package_is_unpacked_once(tmp_path: Path, cache: Cache) -> None:
    package, deb = made(tmp_path)
    assert open_unpacked(package, cache) is None
    check(unpack(package, deb, cache))
    Path(deb.path).unlink()
    check(open_unpacked(package, cache))
    check(unpack(package, deb, cache))


def test_an_archive_that_is_not_what_the_index_promised(tmp_path: Path, cache: Cache) -> None:
    package, deb = made(tmp_path)
    other = msgspec.structs.replace(package, version="2.0")
    with pytest.raises(MalformedArchive, match=r"x 2\.0: the archive says that it is x 1\.0-1"):
        unpack(other, deb, cache)
    assert open_unpacked(package, cache) is None


def test_an_archive_changed_on_disk_is_never_kept(tmp_path: Path, cache: Cache) -> None:
    package, deb = made(tmp_path)
    # A byte after the last member: the contents unpack, but they are not what was verified.
    Path(deb.path).write_bytes(Path(deb.path).read_bytes() + b"\n")
    changed = msgspec.structs.replace(deb, size=deb.size + 1)
    with pytest.raises(CorruptContent):
        unpack(package, changed, cache)
    assert open_unpacked(package, cache) is None
    assert not list(cache.root.glob("packs/*"))


def test_a_truncated_archive(tmp_path: Path, cache: Cache) -> None:
    data = build.deb(CONTROL, ENTRIES)[:-60]
    with pytest.raises(TruncatedArchive, match=r"^x 1\.0-1: a member lacks"):
        unpack(build.described(CONTROL, data), build.blob(tmp_path, data), cache)


@pytest.mark.parametrize("workers", [1, 3])
def test_several_keep_their_order(tmp_path: Path, cache: Cache, workers: int) -> None:
    wanted = [made(tmp_path, name) for name in ("c", "a", "b")]
    assert [found.name for found in unpack_all(wanted, cache, workers)] == ["c", "a", "b"]


def test_one_bad_package_stops_all(tmp_path: Path, cache: Cache) -> None:
    good, bad = made(tmp_path, "good"), made(tmp_path, "bad")
    wrong = (msgspec.structs.replace(bad[0], version="3"), bad[1])
    with pytest.raises(MalformedArchive, match="bad 3"):
        unpack_all([good, wrong], cache, 2)


def test_events_of_the_workers_reach_the_listener(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reporting(package: DebianPackage, deb: FileBlob, cache: Cache) -> DebPack:
        emit(Warned(package.name))
        return unpack(package, deb, cache)

    monkeypatch.setattr(archive, "unpack", reporting)
    heard: list[Event] = []
    with listening(heard.append):
        unpack_all([made(tmp_path, "a"), made(tmp_path, "b")], cache, 2)
    assert sorted(str(event) for event in heard) == sorted(str(Warned(name)) for name in ("a", "b"))
