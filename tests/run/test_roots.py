"""Trees as directories of the cache: made once, looked at each time, removed as a whole."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from distil.events import Event, Warned, listening
from distil.fetch.cache import Cache
from distil.model.node import Kind, Node, generated_file, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree
from distil.run.layers import layer
from distil.run.roots import AREA, root_is_sound, unpacked, unpacked_as

TREE = Tree(
    [
        generated_file("/etc/a", b"a\n", "test"),
        generated_file("/etc/b", b"b\n", "test", 0o600),
        generated_file("/usr/bin/su", b"#!\n", "test", 0o4755),
        Node("/etc/c", Kind.HARDLINK, 0o644, target="/etc/a"),
        Node("/run/p", Kind.FIFO, 0o600),
        Node("/dev/null", Kind.CHARACTER, 0o666, device=(1, 3)),
        symlink("/l", "/etc/a", GeneratedOrigin("test")),
        Node("/locked", Kind.DIRECTORY, 0o555),
        generated_file("/locked/f", b"", "test"),
        generated_file("/caf\udce9", b"", "test"),
    ]
)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def warned(call: Callable[[], object]) -> list[str]:
    events: list[Event] = []
    with listening(events.append):
        call()
    return [event.message for event in events if isinstance(event, Warned)]


def test_a_tree_is_unpacked_once(cache: Cache) -> None:
    with unpacked(TREE, cache) as root:
        assert (root / "etc" / "c").read_bytes() == b"a\n"
        assert stat.S_IMODE((root / "usr" / "bin" / "su").stat().st_mode) == 0o755
        assert not (root / "dev" / "null").exists()
        first = (root / "etc" / "a").stat().st_ino
    with unpacked(TREE, cache) as root:
        assert (root / "etc" / "a").stat().st_ino == first
        assert [path.name for path in root.parent.parent.iterdir()] == [root.parent.name]


def test_another_tree_is_another_root(cache: Cache) -> None:
    with unpacked(TREE, cache) as one, unpacked(TREE.prune({"/etc/a"}), cache) as other:
        assert one != other
        assert not (other / "etc" / "b").exists()


def test_an_identity_spares_making_the_tree(cache: Cache) -> None:
    made = []

    def make() -> Tree:
        made.append(1)
        return TREE

    for _ in range(2):
        with unpacked_as("text", make, cache) as root:
            assert (root / "etc" / "a").is_file()
    assert made == [1]


@pytest.mark.skipif(os.geteuid() != 0, reason="owners are root's to give")
def test_owners(cache: Cache) -> None:
    tree = Tree([Node("/f", Kind.DIRECTORY, 0o2750, 5, 6), *TREE])
    with unpacked(tree, cache, owners=True) as root, unpacked(tree, cache) as plain:
        assert root != plain
        found = (root / "f").stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (5, 6, 0o2750)
        assert stat.S_ISCHR((root / "dev" / "null").stat().st_mode)
        assert root_is_sound(cache, root.parent.name)


def _write(root: Path) -> None:
    (root / "etc" / "a").write_bytes(b"b\n")


def _write_and_set_the_time_back(root: Path) -> None:
    found = (root / "etc" / "b").stat()
    (root / "etc" / "b").write_bytes(b"x\n")
    os.utime(root / "etc" / "b", ns=(found.st_atime_ns, found.st_mtime_ns))


def _replace(root: Path) -> None:
    (root / "new").write_bytes(b"a\n")
    (root / "new").rename(root / "etc" / "a")


def _mode(root: Path) -> None:
    (root / "etc" / "a").chmod(0o777)


def _add(root: Path) -> None:
    (root / "etc" / "new").touch()


def _remove(root: Path) -> None:
    (root / "l").unlink()


def _record(root: Path) -> None:
    (root.parent / "record").write_text("{")


DAMAGE = (_write, _write_and_set_the_time_back, _replace, _mode, _add, _remove, _record)


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_what_was_changed_is_made_anew(damage: Callable[[Path], None], cache: Cache) -> None:
    with unpacked(TREE, cache) as root:
        assert root_is_sound(cache, root.parent.name)
        damage(root)

    def again() -> None:
        with unpacked(TREE, cache) as root:
            assert root_is_sound(cache, root.parent.name)
            assert (root / "etc" / "a").read_bytes() == b"a\n"
            assert not (root / "etc" / "new").exists()
            assert [path.name for path in root.parent.parent.iterdir()] == [root.parent.name]

    assert [message.partition(": ")[2] for message in warned(again)] == [
        "not what was unpacked there, made anew"
    ]
    assert warned(again) == []


def test_what_a_disk_has_changed_is_found_by_hashing(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unpacked(TREE, cache) as root:
        _write(root)
    assert cache.verify({AREA: root_is_sound}).removed == (f"{AREA}/{root.parent.name}",)
    assert not root.exists()


def test_a_tree_that_cannot_be_made_leaves_nothing(cache: Cache) -> None:
    def make() -> Tree:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError), unpacked_as("text", make, cache):
        pass
    assert list((cache.root / AREA).iterdir()) == []


def test_two_at_the_same_time(cache: Cache) -> None:
    """Both are made, one of them stays."""
    both = threading.Barrier(2, timeout=60)
    found: list[Path] = []

    def make() -> Tree:
        both.wait()
        return TREE

    def use() -> None:
        with unpacked_as("text", make, cache) as root:
            both.wait()
            assert (root / "etc" / "a").read_bytes() == b"a\n"
            found.append(root)

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert len(list((cache.root / AREA).iterdir())) == 1


def test_the_cache_knows_of_roots_and_layers(cache: Cache) -> None:
    with unpacked(TREE, cache) as root, layer(cache):
        usage = {area.area: area for area in cache.usage()}
        # A layer is not finished: it is nobody's but its process's.
        assert (usage[AREA].entries, usage[AREA].size) == (1, size_of(root.parent))
    assert cache.collect(1 << 40).removed == 0
    assert root.exists()
    assert cache.collect(0).removed == 1
    assert list((cache.root / AREA).iterdir()) == []


def size_of(directory: Path) -> int:
    paths = (path for path in directory.rglob("*") if not path.is_dir() or path.is_symlink())
    return sum(path.lstat().st_size for path in paths)


def test_layers_of_killed_processes_are_swept(cache: Cache) -> None:
    left = cache.root / AREA / ".tmp-1-dead"
    deep = left / "work" / "work"
    deep.mkdir(parents=True)
    (deep / "f").touch()
    deep.chmod(0)
    with layer(cache) as upper:
        assert [path.name for path in upper.parent.iterdir()] == [upper.name]
