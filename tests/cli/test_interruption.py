"""Signals, full disks and company: nothing half-written, and the next run as if nothing was."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.applications import FLASK
from tests.support.command import Done, World, copied
from tests.support.layouts import config, files
from tests.support.moments import Moments
from tests.support.tools import missing, tool

MOMENTS = 8
"""At which each signal is sent, evenly between a build's first change and its last."""


@pytest.fixture(scope="module")
def expected(built_world: World) -> list[str]:
    return built_world.build(built_world.app()).digests


def forget(world: World) -> None:
    """Leave the downloads; all that is made of them is made again."""
    for area in ("packs", "layers", "indexes", "resolutions", "analysis"):
        shutil.rmtree(world.cache / area, ignore_errors=True)


@pytest.fixture(scope="module")
def changes(built_world: World, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many changes a build makes that has the downloads."""
    root = tmp_path_factory.mktemp("counted")
    world = replace(built_world, root=root, uv_root=built_world.root)
    copied(built_world.cache, world.cache)
    forget(world)
    moments = Moments(root / "moments", root)
    assert world.with_variables(**moments.variables()).build(world.app()).code == 0
    assert moments.count > 100
    return moments.count


def leftovers(world: World) -> list[Path]:
    """Files with a temporary name, in the cache and beside the output."""
    found = [*world.cache.rglob(".tmp-*"), *world.root.glob(".out*"), *world.out.rglob(".*")]
    return sorted(path for path in found if ".tmp-" in path.name or ".distil-" in path.name)


def is_whole(world: World) -> bool:
    """Whether the output is there; it has every byte then."""
    if not world.out.exists():
        return False
    for tag in ("1.0", "1.0-debug"):
        assert "app/app.py" in files(world.out, tag)
        assert config(world.out, tag)["os"] == "linux"
    return True


def goes_on(world: World, expected: list[str]) -> None:
    """The next run does its work, and the cache has nothing wrong in it."""
    assert world.build(world.app()).digests == expected
    assert is_whole(world)
    world.checked()
    assert not list(world.cache.rglob(".tmp-*"))


@pytest.mark.parametrize("part", range(MOMENTS))
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda n: n.name)
def test_signal_in_the_middle(
    warm: World, expected: list[str], changes: int, number: signal.Signals, part: int
) -> None:
    forget(warm)
    moments = Moments(warm.root / "moments", warm.root)
    moment = 1 + part * (changes - 1) // (MOMENTS - 1)
    done = warm.with_variables(**moments.variables(moment, number)).build(warm.app())
    if number == signal.SIGINT:
        assert (done.code, done.stdout) == (130, "")
        assert done.stderr.lstrip() == "error: interrupted; nothing half-written is left\n"
        assert leftovers(warm) == []
    else:
        assert done.code == -signal.SIGKILL
    is_whole(warm)
    goes_on(warm, expected)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda n: n.name)
@pytest.mark.parametrize("moment", [3, 25])
def test_signal_while_it_downloads(
    cold: World, expected: list[str], number: signal.Signals, moment: int
) -> None:
    moments = Moments(cold.root / "moments", cold.root)
    done = cold.with_variables(**moments.variables(moment, number)).build(cold.app())
    assert done.code == (130 if number == signal.SIGINT else -9), done.stderr
    assert not cold.out.exists()
    goes_on(cold, expected)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda n: n.name)
def test_signal_while_an_output_is_replaced(warm: World, number: signal.Signals) -> None:
    """The image that was there stays whole until the new one is."""
    warm.build(warm.app())
    new = warm.app({**FLASK, "app.py": FLASK["app.py"] + "changed = True\n"})
    moments = Moments(warm.root / "moments", warm.out)
    for moment in range(1, 100):
        done = warm.with_variables(**moments.variables(moment * 4, number)).build(new)
        assert is_whole(warm)
        if done.code == 0:
            break
    assert moment > 2
    assert b"changed" in files(warm.out, "1.0")["app/app.py"]
    assert b"changed" in files(warm.out, "1.0-debug")["app/app.py"]


# --- company -------------------------------------------------------------------------------


@pytest.mark.parametrize("outputs", [("one", "two"), ("one", "one")], ids=["two", "the same"])
def test_two_builds_at_once(cold: World, expected: list[str], outputs: tuple[str, str]) -> None:
    """In one cache that is empty: both do all of the work, or use the other's."""
    app = cold.app()
    options = ("-t", "shop:1.0", "--format", "json")
    running = [cold.start("build", app, "-o", f"oci:{name}", *options) for name in outputs]
    for process in running:
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
        assert [image["digest"] for image in json.loads(stdout)["images"]] == expected
    cold.checked()
    for name in outputs:
        assert "app/app.py" in files(cold.root / name, "1.0")


def test_cleaning_while_it_builds(warm: World, expected: list[str]) -> None:
    """`cache gc` waits for the build, or the build fetches again; neither takes harm."""
    forget(warm)
    with warm.start("cache", "gc", "--limit", "0") as cleaning:
        assert warm.build(warm.app()).digests == expected
        _, stderr = cleaning.communicate(timeout=60)
        assert cleaning.returncode == 0, stderr
    goes_on(warm, expected)


# --- full disks ----------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """A file system of `size` at `place`."""
    place.mkdir()
    command = [tool("mount"), "-t", "tmpfs", "-o", f"size={size}", "distil-test", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        missing(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run([tool("umount"), str(place)], check=True)


def grown(place: Path) -> None:
    subprocess.run([tool("mount"), "-o", "remount,size=64m", str(place)], check=True)


def refused(done: Done, place: Path) -> None:
    assert (done.code, done.stdout) == (2, "")
    assert "no space left on the disk that holds" in done.error
    assert str(place) in done.error
    assert "hint: " in done.stderr


@pytest.mark.parametrize("size", ["48k", "200k", "400k"])
def test_full_disk_under_the_cache(cold: World, expected: list[str], size: str) -> None:
    with small_disk(cold.root / "disk", size):
        world = cold.with_variables(DISTIL_CACHE_DIR=str(cold.root / "disk" / "cache"))
        refused(world.build(world.app()), cold.root / "disk")
        assert not cold.out.exists()
        assert not list((cold.root / "disk").rglob(".tmp-*"))
        grown(cold.root / "disk")
        assert world.build(world.app()).digests == expected
        world.checked()


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_full_disk_under_the_output(warm: World, kind: str) -> None:
    disk = warm.root / "disk"
    with small_disk(disk, "16k"):
        arguments = ("build", warm.app(), "-t", "shop:1.0", "-o", f"{kind}:{disk}/out")
        refused(warm.distil(*arguments), disk)
        assert list(disk.iterdir()) == []
        grown(disk)
        assert warm.distil(*arguments).code == 0
        assert [path.name for path in disk.iterdir()] == ["out"]


@pytest.mark.parametrize("limit", [0, 4096, 12_000])
def test_files_that_may_not_grow(cold: World, expected: list[str], limit: int) -> None:
    """As on a disk with a quota for files: for want of a mount, and for its own sake."""
    # Python itself would write its byte code cut short.
    world = cold.with_variables(PYTHONDONTWRITEBYTECODE="1")
    done = world.build(cold.app(), through=(tool("prlimit"), f"--fsize={limit}"))
    assert (done.code, done.stdout) == (2, "")
    assert done.error
    assert not cold.out.exists()
    assert leftovers(cold) == []
    goes_on(cold, expected)


def test_few_open_files(warm: World, expected: list[str]) -> None:
    """A process that may open few files says so and leaves nothing."""
    forget(warm)
    world = warm.with_variables(PYTHONDONTWRITEBYTECODE="1")
    done = world.build(warm.app(), through=(tool("prlimit"), "--nofile=9"))
    assert (done.code, done.stdout) == (2, "")
    assert done.error
    assert leftovers(warm) == []
    goes_on(warm, expected)
