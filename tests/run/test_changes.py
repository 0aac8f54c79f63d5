"""What tasks leave in a layer, read back: over an overlay and over a copy."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from distil.fetch.cache import Cache
from distil.model.blob import FileBlob
from distil.model.node import Kind, Node, generated_file, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree
from distil.run import changes as module
from distil.run.changes import changes
from distil.run.errors import UnusableChange
from distil.run.layers import copy_root, is_copied, layer, place
from distil.run.roots import unpacked
from distil.run.sandbox import run
from distil.run.task import Bind, Root, Task
from tests.support.small_root import APPLETS, SmallRoot
from tests.support.tools import tool

ORIGIN = GeneratedOrigin("test")


@pytest.fixture(scope="module")
def base() -> Tree:
    busybox = FileBlob.of_file(Path(tool("busybox")))
    return Tree(
        [
            Node("/bin/busybox", Kind.FILE, 0o755, blob=busybox, origin=ORIGIN),
            *(symlink(f"/bin/{name}", "busybox", ORIGIN) for name in APPLETS),
            generated_file("/etc/a", b"a\n", "test"),
            generated_file("/etc/b", b"b\n", "test"),
            generated_file("/old/d/x", b"x\n", "test"),
            generated_file("/old/e/x", b"x\n", "test"),
            Node("/old/link", Kind.HARDLINK, 0o644, target="/old/d/x"),
            symlink("/old/to", "d", ORIGIN),
        ]
    )


@pytest.fixture(params=["overlay", "copy"])
def changed(
    request: pytest.FixtureRequest, tmp_path: Path, base: Tree
) -> Iterator[Callable[..., Tree]]:
    """The tree that a script makes of `base`."""
    SmallRoot(tmp_path)  # skips where there is no sandbox
    cache = Cache(tmp_path / "cache")
    with unpacked(base, cache) as lower, layer(cache) as upper:
        if request.param == "copy":
            copy_root(lower, upper)

        def changed(script: str, **fields: Any) -> Tree:
            said = bytearray()
            task = Task(Root(lower, upper), ("/bin/sh", "-ec", script), **fields)
            ended = run(task, said.extend)
            assert ended.status == 0, (ended, said)
            assert is_copied(upper) == (request.param == "copy")
            return base.overlay(changes(upper, lower))

        yield changed


def difference(before: Tree, after: Tree) -> dict[str, object]:
    """By path: what is there now that was not, or not so; None for what is gone."""
    found: dict[str, object] = {}
    for node in after:
        old = before.get(node.path)
        if old is None or (old.kind, old.mode, old.target) != (node.kind, node.mode, node.target):
            found[node.path] = (node.kind, oct(node.mode), node.target or content(node))
        elif content(old) != content(node):
            found[node.path] = content(node)
    found.update({path: None for path in before.paths() if path not in after})
    return found


def content(node: Node) -> bytes:
    return node.blob.read() if node.blob is not None else b""


FILE, DIRECTORY, LINK, HARD = Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK

CASES: dict[str, tuple[str, dict[str, object]]] = {
    "nothing": ("ls -l / >/dev/null", {}),
    "a file": ("echo 1 > /new", {"/new": (FILE, "0o644", b"1\n")}),
    "contents": ("echo 1 > /etc/a", {"/etc/a": b"1\n"}),
    "appended": ("echo 1 >> /etc/a", {"/etc/a": b"a\n1\n"}),
    "the same again": ("echo a > /etc/a; touch /etc/b; touch /etc", {}),
    "a mode": ("chmod 600 /etc/a", {"/etc/a": (FILE, "0o600", b"a\n")}),
    "set-id": ("chmod 4755 /etc/a", {"/etc/a": (FILE, "0o4755", b"a\n")}),
    "a mode of a directory": ("chmod 700 /etc", {"/etc": (DIRECTORY, "0o700", b"")}),
    "unreadable": (
        "mkdir /d; echo 1 > /d/f; chmod 0 /d/f /d",
        {"/d": (DIRECTORY, "0o0", b""), "/d/f": (FILE, "0o0", b"1\n")},
    ),
    "removed": ("rm /etc/a", {"/etc/a": None}),
    "removed and made again": ("rm /etc/a; echo 1 > /etc/a", {"/etc/a": b"1\n"}),
    "a directory removed": ("rm -r /old/e", {"/old/e": None, "/old/e/x": None}),
    "a directory made again": (
        "rm -r /old/e; mkdir /old/e; echo y > /old/e/y",
        {"/old/e/x": None, "/old/e/y": (FILE, "0o644", b"y\n")},
    ),
    "a directory made a file": (
        "rm -r /old/e; echo 1 > /old/e",
        {"/old/e": (FILE, "0o644", b"1\n"), "/old/e/x": None},
    ),
    "a file made a directory": (
        "rm /etc/a; mkdir /etc/a; echo 1 > /etc/a/b",
        {"/etc/a": (DIRECTORY, "0o755", b""), "/etc/a/b": (FILE, "0o644", b"1\n")},
    ),
    "a link made a directory": (
        "rm /old/to; mkdir /old/to; echo 1 > /old/to/f",
        {"/old/to": (DIRECTORY, "0o755", b""), "/old/to/f": (FILE, "0o644", b"1\n")},
    ),
    "renamed": (
        "mv /old/e /new; mv /etc/a /etc/c",
        {
            "/old/e": None,
            "/old/e/x": None,
            "/new": (DIRECTORY, "0o755", b""),
            "/new/x": (FILE, "0o644", b"x\n"),
            "/etc/a": None,
            "/etc/c": (FILE, "0o644", b"a\n"),
        },
    ),
    "links": (
        "echo 1 > /f; ln /f /g; ln -s /etc/passwd /l; ln -s .. /m",
        {
            "/f": (FILE, "0o644", b"1\n"),
            "/g": (HARD, "0o644", "/f"),
            "/l": (LINK, "0o777", "/etc/passwd"),
            "/m": (LINK, "0o777", ".."),
        },
    ),
    "through a link": ("echo 1 > /old/to/new", {"/old/d/new": (FILE, "0o644", b"1\n")}),
    "fifos": ("mkfifo -m 640 /p", {"/p": (Kind.FIFO, "0o640", b"")}),
    "names": (
        "echo 1 > \"/$(printf '\\351\\n ,:')\"",
        {"/\udce9\n ,:": (FILE, "0o644", b"1\n")},
    ),
    "places that were mounted at": (
        "echo 1 > /dev/shm/f; echo 1 > /memory/f; echo 1 > /etc/hosts",
        {},
    ),
    "beside a place": (
        "echo 1 > /mnt/f",
        {"/mnt": (DIRECTORY, "0o755", b""), "/mnt/f": (FILE, "0o644", b"1\n")},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_changes(case: str, base: Tree, changed: Callable[..., Tree], tmp_path: Path) -> None:
    script, expected = CASES[case]
    bind = Bind(tmp_path, "/mnt/deep/er")
    after = changed(script, binds=(bind,), tmpfs=("/memory",))
    assert difference(base, after) == expected
    assert {(node.uid, node.gid) for node in after} == {(0, 0)}


def test_several_tasks_in_one_layer(base: Tree, changed: Callable[..., Tree]) -> None:
    changed("echo 1 > /a; echo 2 > /b")
    after = changed("rm /a; cat /b > /c")
    assert difference(base, after) == {
        "/b": (FILE, "0o644", b"2\n"),
        "/c": (FILE, "0o644", b"2\n"),
    }


def test_a_hard_link_to_what_was_there(base: Tree, changed: Callable[..., Tree]) -> None:
    """An overlay has made a file of its own of it; what can be read is the same."""
    after = changed("ln /etc/a /etc/c; echo 1 >> /etc/c")
    assert content(after.resolve("/etc/c")) == b"a\n1\n"
    assert content(after["/etc/a"]) in {b"a\n", b"a\n1\n"}


# --- files put in beforehand -----------------------------------------------------------------


@pytest.mark.parametrize("copied", [False, True])
def test_what_was_put_into_a_layer_is_there_and_is_a_change(
    *, copied: bool, base: Tree, tmp_path: Path
) -> None:
    SmallRoot(tmp_path)
    cache = Cache(tmp_path / "cache")
    outside = tmp_path / "outside"
    outside.mkdir()
    with unpacked(base, cache) as lower, layer(cache) as upper:
        (place(upper) / "src").mkdir()
        (place(upper) / "src" / "main.c").write_text("int\n")
        # Where the root has a link: an upper directory hides it.
        (place(upper) / "old" / "to").mkdir(parents=True)
        (place(upper) / "old" / "to" / "f").write_text("f")
        if copied:
            copy_root(lower, upper)
        said = bytearray()
        task = Task(Root(lower, upper), ("/bin/sh", "-c", "cat /src/main.c > /out; cat /out"))
        assert run(task, said.extend).status == 0
        found = difference(base, base.overlay(changes(upper, lower)))
    assert said == b"int\n"
    assert found == {
        "/src": (DIRECTORY, "0o755", b""),
        "/src/main.c": (FILE, "0o644", b"int\n"),
        "/out": (FILE, "0o644", b"int\n"),
        "/old/to": (DIRECTORY, "0o755", b""),
        "/old/to/f": (FILE, "0o644", b"f"),
    }
    assert list(outside.iterdir()) == []


ON_AN_OVERLAY = """
import sys
from pathlib import Path
from distil.fetch.cache import Cache
from distil.run.changes import changes
from distil.run.layers import is_copied, layer
from distil.run.sandbox import run
from distil.run.task import Root, Task

place = Path(sys.argv[1])
with layer(Cache(place / "merged" / "cache")) as upper:
    task = Task(Root(place / "lower", upper), ("/bin/sh", "-c", "echo 1 > /f; rm /bin/yes"))
    print(run(task, print).status, is_copied(upper))
    print(*(node.path for node in changes(upper, place / "lower")))
"""


def test_a_file_system_that_takes_no_overlay(tmp_path: Path) -> None:
    """As the cache of a container is, whose own root is an overlay: here somebody's else."""
    SmallRoot(tmp_path)
    for name in ("below", "upper", "work", "merged"):
        (tmp_path / name).mkdir()
    mount = (
        "mount -t overlay none merged -o lowerdir=below,upperdir=upper,workdir=work,userxattr &&"
        ' exec "$@"'
    )
    done = subprocess.run(
        [
            *(tool("unshare"), "--user", "--map-root-user", "--mount"),
            *("/bin/sh", "-c", mount, "sh", sys.executable, "-c", ON_AN_OVERLAY, tmp_path),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == ["0 True", "/f /bin/.wh.yes"], done.stderr


# --- hostile layers --------------------------------------------------------------------------


@pytest.fixture
def upper(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "lower").mkdir()
    with layer(Cache(tmp_path / "cache")) as upper:
        yield upper


def read(upper: Path) -> dict[str, Node]:
    return {node.path: node for node in changes(upper, upper.parents[2] / "lower")}


def test_no_link_is_followed(upper: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "f").write_text("secret")
    (upper / "upper" / "directory").symlink_to(tmp_path / "secret")
    (upper / "upper" / "file").symlink_to(tmp_path / "secret" / "f")
    assert {path: (node.kind, node.blob) for path, node in read(upper).items()} == {
        "/directory": (LINK, None),
        "/file": (LINK, None),
    }


def test_a_lower_root_whose_directory_is_a_link(upper: Path, tmp_path: Path) -> None:
    """What is compared is the root's own file, not where a link of it leads."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "f").write_text("same")
    (tmp_path / "lower" / "d").symlink_to(tmp_path / "secret")
    (upper / "upper" / "d").mkdir()
    (upper / "upper" / "d" / "f").write_text("same")
    assert set(read(upper)) == {"/d", "/d/f"}


def test_what_waits_is_not_opened(upper: Path) -> None:
    os.mkfifo(upper / "upper" / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        os.chdir(upper / "upper")
        try:
            listener.bind("socket")
        finally:
            os.chdir(before)
        assert {path: node.kind for path, node in read(upper).items()} == {"/fifo": Kind.FIFO}


@pytest.mark.parametrize("name", [".wh.x", ".wh..wh..opq"])
def test_what_looks_like_a_whiteout(name: str, upper: Path) -> None:
    (upper / "upper" / name).touch()
    with pytest.raises(UnusableChange, match=r"\.wh\."):
        read(upper)


def test_whiteouts_in_attributes(upper: Path, tmp_path: Path) -> None:
    """Linux 6.7 and tools that have no devices write them so (kernel: filesystems/overlayfs)."""
    (tmp_path / "lower" / "gone").touch()
    (upper / "upper" / "gone").touch()
    os.setxattr(upper / "upper" / "gone", "user.overlay.whiteout", b"y")
    assert set(read(upper)) == {"/.wh.gone"}


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        ("MOST_PATHS", 5, "there are more than 5 paths"),
        ("MOST_BYTES", 1 << 30, "all files together have more than 1 GiB"),
        ("DEEPEST", 3, "more than 3 directories deep"),
    ],
)
def test_bounds(
    limit: str, value: int, why: str, upper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, limit, value)
    deep = upper / "upper" / "a" / "b" / "c" / "d"
    deep.mkdir(parents=True)
    for number in range(3):
        (deep / str(number)).touch()
    if limit == "MOST_BYTES":
        os.truncate(deep / "0", value + 1)
    with pytest.raises(UnusableChange, match=why):
        read(upper)


def test_a_sparse_file_is_read_once_and_no_larger_than_allowed(upper: Path) -> None:
    (upper / "upper" / "f").touch()
    os.truncate(upper / "upper" / "f", 8 << 20)
    (node,) = read(upper).values()
    assert (node.size, node.blob.read()) == (8 << 20, bytes(8 << 20))


def test_modes_of_what_is_made_readable_stay(upper: Path) -> None:
    (upper / "upper" / "f").write_text("x")
    (upper / "upper" / "f").chmod(0)
    (node,) = read(upper).values()
    assert (node.mode, node.blob.read()) == (0, b"x")
    assert stat.S_IMODE((upper / "upper" / "f").stat().st_mode) & stat.S_IRUSR
