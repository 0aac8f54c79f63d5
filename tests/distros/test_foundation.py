"""An image that is built on: how trees join it, and what it decides."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from distil.distros.foundation import LARGEST, Asked, Foundation, open_foundation, small_file
from distil.events import Event, Warned, listening
from distil.fetch.cache import Cache
from distil.fetch.errors import Offline
from distil.image.errors import ContentTooLarge
from distil.image.stores import NOTHING_SAID
from distil.model.digest import Digest
from distil.model.errors import FileConflict, MalformedImage
from distil.model.image import ContainerConfig
from distil.model.node import Kind, Node
from distil.model.origin import LayerOrigin
from distil.model.platform import AMD64
from distil.model.reference import names_image, parse_location
from distil.model.spec import Level, Spec
from distil.model.tree import Tree
from tests.support.base_images import busybox, write_base
from tests.support.nodes import file, special

EMPTY = ContainerConfig()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def opened(
    tmp_path: Path, cache: Cache, layers: list[list[Node]], config: ContainerConfig = EMPTY
) -> Foundation:
    place = f"oci:{tmp_path / 'base'}:1"
    write_base(place, layers, tmp_path / "other", config)
    return open_foundation(Asked(parse_location(place), AMD64), cache, NOTHING_SAID)


def test_what_is_as_it_was_is_the_image_s_again(tmp_path: Path, cache: Cache) -> None:
    files = [file("/etc/a", b"a", mtime=5), file("/etc/b", b"b")]
    image = opened(tmp_path, cache, [[special("/etc", Kind.DIRECTORY), *files]])
    made = [file("/etc/a", b"a"), file("/etc/b", b"other"), special("/etc", Kind.DIRECTORY)]
    settled = image.settled(image.tree.with_nodes(made))
    before, after = image.tree["/etc/a"], settled["/etc/a"]
    assert (after.origin, after.mtime) == (before.origin, 5)
    assert isinstance(settled["/etc"].origin, LayerOrigin)
    assert not isinstance(settled["/etc/b"].origin, LayerOrigin)


@pytest.mark.parametrize("path", ["/data", "/data/a"])
def test_what_has_another_owner_is_ours(tmp_path: Path, cache: Cache, path: str) -> None:
    image = opened(tmp_path, cache, [[special("/data", Kind.DIRECTORY), file("/data/a", b"a")]])
    node = msgspec.structs.replace(image.tree[path], uid=7)
    settled = image.settled(image.tree.with_nodes([node]))
    again = msgspec.structs.replace(image.tree[path], mtime=9)
    assert isinstance(image.settled(image.tree.with_nodes([again]))[path].origin, LayerOrigin)
    ours = [n for n in settled if n.path != "/" and not isinstance(n.origin, LayerOrigin)]
    assert [(one.path, one.uid) for one in ours] == [(path, 7)]


def test_what_is_removed_is_in_the_image_all_the_same(tmp_path: Path, cache: Cache) -> None:
    nodes = [file("/data/a/b", b"1"), file("/data/c", b"2"), file("/old/y/x", b"3")]
    image = opened(tmp_path, cache, [nodes])
    left = image.tree.filter(lambda node: not node.path.startswith(("/data/a", "/old")))
    left = left.with_nodes([special("/old", Kind.SYMLINK, target="data")])
    warned: list[Event] = []
    with listening(warned.append):
        assert image.settled(image.tree)["/data/c"] == image.tree["/data/c"]
        assert not warned
        settled = image.settled(left)
    assert {node.path for node in settled} - {"/"} == {
        "/data",
        "/data/a",
        "/data/a/b",
        "/data/c",
        "/old",
    }
    assert settled["/data/a/b"] == image.tree["/data/a/b"]
    assert [event.message for event in warned if isinstance(event, Warned)] == [
        "/data/a of the base image was to be removed and stays, and 1 more"
    ]


def test_ours_take_the_place_of_its_files_and_join_its_directories(
    tmp_path: Path, cache: Cache
) -> None:
    link = special("/lib", Kind.SYMLINK, target="usr/lib")
    image = opened(tmp_path, cache, [[link, file("/usr/lib/a", b"a"), file("/app/x")]])
    joined = image.joined(image.tree, Tree([file("/lib/a", b"new"), file("/app/y")]))
    assert joined["/usr/lib/a"].size == 3
    assert {"/app/x", "/app/y"} <= set(joined.paths())
    with pytest.raises(FileConflict):
        image.joined(image.tree, Tree([file("/app", b"no directory")]))
    own = image.joined(image.tree, Tree([file("/own", b"1")]))
    with pytest.raises(FileConflict):
        image.joined(own, Tree([file("/own", b"2")]))


@pytest.mark.parametrize(
    ("user", "expected"),
    [("", "65532"), ("0", "65532"), ("team", "1000"), ("7:8", "7:8"), ("team:root", "1000:0"),
     ("nobody", "65532"), ("²", "65532")],
)  # fmt: skip
def test_the_user_by_number(tmp_path: Path, cache: Cache, user: str, expected: str) -> None:
    image = opened(tmp_path, cache, [busybox()], ContainerConfig(user=user))
    assert image.completed(Spec()).image.user == expected


def test_it_stays_whole(tmp_path: Path, cache: Cache) -> None:
    image = opened(tmp_path, cache, [busybox()], ContainerConfig(stop_signal="SIGINT"))
    found = image.completed(Spec())
    assert (found.reach.level, found.image.stop_signal) == (Level.PACKAGES, "SIGINT")
    assert Foundation().completed(Spec()) == Spec()


def test_an_image_that_was_seen_is_not_asked_for_again(tmp_path: Path, cache: Cache) -> None:
    place = f"oci:{tmp_path / 'base'}:1"
    digest = Digest(write_base(place, [busybox()], tmp_path / "other"))
    asked = Asked(parse_location(place), AMD64)
    first = open_foundation(asked, cache, NOTHING_SAID)
    assert first.digest == digest
    write_base(place, [[file("/new")]], tmp_path / "other")
    exact = msgspec.structs.replace(asked, digest=digest)
    assert open_foundation(exact, cache, NOTHING_SAID).tree.paths() == first.tree.paths()
    with pytest.raises(MalformedImage, match="is wanted"):
        open_foundation(exact, Cache(tmp_path / "empty"), NOTHING_SAID)


def test_offline_nothing_is_asked(cache: Cache) -> None:
    asked = Asked(parse_location("127.0.0.1:9/never:1"), AMD64)
    with pytest.raises(Offline):
        open_foundation(asked, cache, NOTHING_SAID, offline=True)


def test_a_table_that_is_too_large_is_not_read() -> None:
    blob = file("/etc/passwd", b"").blob
    assert blob is not None

    class Large(msgspec.Struct, frozen=True):
        size: int = LARGEST + 1

    tree = Tree([Node("/etc/passwd", Kind.FILE, 0o644, blob=Large())])  # type: ignore[arg-type]
    with pytest.raises(ContentTooLarge):
        small_file(tree, "/etc/passwd")
    assert small_file(tree, "/etc/group") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oci:x:1", True),
        ("docker://debian", True),
        ("docker-daemon:x:1", True),
        ("registry.example/team/base:3", True),
        ("localhost:5000/base", True),
        ("docker.io/library/debian:12", True),
        ("debian:trixie", False),
        ("library/debian", False),
        ("scratch", False),
        ("docker:x", False),
    ],
)
def test_what_can_only_be_an_image(text: str, expected: bool) -> None:
    assert names_image(text) is expected
