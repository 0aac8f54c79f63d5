"""Mirrors that fail for a while are survived; those that go on failing are explained."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import Done, World
from tests.support.web_server import Faults, WebServer

DEB = "*/libc6_2.41-12_amd64.deb"
WHEEL = "*/werkzeug-3.1.3-py3-none-any.whl"
RELEASE = "*/dists/trixie/InRelease"
PAGE = "/simple/werkzeug/*"

Fault = Callable[[Faults, str], None]


@pytest.fixture(scope="module")
def expected(built_world: World) -> list[str]:
    return built_world.build(built_world.app()).digests


def spoilt(world: World, pattern: str, fault: Fault) -> World:
    """The world with a fault at what `pattern` stands for, which is not in its cache."""
    fault(world.mirror.faults if pattern in (DEB, RELEASE) else world.house.faults, pattern)
    for area in ("blobs", "packs", "resolutions", "layers"):
        shutil.rmtree(world.cache / area, ignore_errors=True)
    # uv's own cache and patience would hide what its index does.
    return world.with_variables(UV_NO_CACHE="1", UV_HTTP_RETRIES="3")


def build(world: World) -> Done:
    return world.build(world.app(), "--refresh")


# --- survived ------------------------------------------------------------------------------

PASSING: dict[str, Fault] = {
    "unavailable twice": lambda faults, what: faults.status(what, 503, times=2),
    "too many requests": lambda faults, what: faults.status(
        what, 429, times=1, headers={"Retry-After": "1"}
    ),
    "cut short": lambda faults, what: faults.truncate(what, 100, times=1),
    "reset": lambda faults, what: faults.reset(what, 100, times=1),
    "late": lambda faults, what: faults.slow(what, 0.5, times=1),
    "a stale copy on the way": lambda faults, what: faults.tamper(what, times=1),
    "no length": lambda faults, what: faults.without_length(what),
    "a length that is none": lambda faults, what: faults.promise(what, "many", times=1),
    "a length too long": lambda faults, what: faults.promise(what, "99999999", times=1),
}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [*((DEB, name) for name in PASSING), (WHEEL, "unavailable twice"), (WHEEL, "cut short")],
)
def test_survived(warm: World, expected: list[str], pattern: str, name: str) -> None:
    world = spoilt(warm, pattern, PASSING[name])
    done = build(world)
    assert done.digests == expected
    world.checked()


@pytest.mark.parametrize("pattern", [RELEASE, PAGE], ids=["release", "index page"])
def test_indexes_that_are_unavailable_twice(warm: World, expected: list[str], pattern: str) -> None:
    world = spoilt(warm, pattern, PASSING["unavailable twice"])
    assert build(world).digests == expected


# --- explained -----------------------------------------------------------------------------

LASTING: dict[str, tuple[Fault, str]] = {
    "unavailable": (lambda faults, what: faults.status(what, 503), "the server answered 503"),
    "not for a day": (
        lambda faults, what: faults.status(what, 503, headers={"Retry-After": "86400"}),
        "503 and wants to be left alone for 86400 seconds",
    ),
    "gone": (lambda faults, what: faults.status(what, 404), "the (mirror no longer|server answ)"),
    "cut short": (lambda faults, what: faults.truncate(what, 100), "ended before the last byte"),
    "reset": (lambda faults, what: faults.reset(what, 100), "ended before|reset|broke"),
    "part of it": (lambda faults, what: faults.status(what, 206), "the server answered 206"),
    "no such part": (lambda faults, what: faults.status(what, 416), "the server answered 416"),
    "a length too short": (lambda faults, what: faults.promise(what, "10"), "should have"),
    "a login page": (
        lambda faults, what: faults.replace(what, b"<html>log in</html>"),
        "should have",
    ),
}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        *((DEB, name) for name in LASTING),
        (WHEEL, "gone"),
        (WHEEL, "reset"),
        (WHEEL, "a login page"),
    ],
)
def test_explained(warm: World, expected: list[str], pattern: str, name: str) -> None:
    """Exit code 2, nothing half-written; and all is well when the mirror is."""
    fault, message = LASTING[name]
    world = spoilt(warm, pattern, fault)
    done = build(world)
    assert (done.code, done.stdout) == (2, "")
    assert re.search(message, done.error), done.error
    assert ("libc6 2.41-12" if pattern == DEB else "werkzeug 3.1.3") in done.error
    assert "hint: " in done.stderr
    assert not world.out.exists()
    assert not list(world.cache.rglob(".tmp-*"))
    world.mirror.faults.clear()
    world.house.faults.clear()
    assert build(world).digests == expected
    world.checked()


def test_index_that_is_unavailable(warm: World) -> None:
    world = spoilt(warm, PAGE, LASTING["unavailable"][0])
    done = build(world.with_variables(UV_HTTP_RETRIES="0"))
    assert (done.code, done.stdout) == (2, "")
    assert "503" in done.error
    assert "hint: " in done.stderr


# --- versions that are superseded ----------------------------------------------------------


def without_a_version(world: World, *, keep: Path | None = None) -> World:
    """The index still lists a version whose archive has left the mirror, as between updates."""
    faults = world.mirror.faults
    faults.status("/debian/pool/*/libc6_2.41-12_amd64.deb", 404)
    assert keep is None or list(keep.rglob("libc6_2.41-12_amd64.deb"))
    return spoilt(world, DEB, lambda _faults, _pattern: None)


def test_a_superseded_version_has_its_own_error(warm: World) -> None:
    done = build(without_a_version(warm))
    assert (done.code, done.stdout) == (2, "")
    assert "the mirror no longer has it, probably because a newer version" in done.error
    assert "DISTIL_DEBIAN_SNAPSHOT_MIRROR" in done.stderr
    assert "--refresh" in done.stderr


@pytest.mark.parametrize("how", ["environment", "configuration"])
def test_a_snapshot_mirror_has_it(warm: World, expected: list[str], how: str) -> None:
    """The image is the same, wherever its archives are from."""
    world = without_a_version(warm, keep=warm.mirror.root)
    snapshot = WebServer(world.mirror.root / "debian")
    with snapshot.serve() as url:
        if how == "environment":
            world = world.with_variables(DISTIL_DEBIAN_SNAPSHOT_MIRROR=f"{url}/")
        else:
            path = world.root / "home/.config/distil/config.toml"
            path.parent.mkdir(parents=True)
            path.write_text(f'[debian]\nsnapshot-mirror = "{url}"\n')
        assert build(world).digests == expected
    assert [request.path for request in snapshot.requests] == [
        "/pool/main/l/libc6/libc6_2.41-12_amd64.deb"
    ]


def test_a_snapshot_mirror_that_has_it_neither(warm: World) -> None:
    world = without_a_version(warm)
    snapshot = WebServer(world.root / "empty")
    with snapshot.serve() as url:
        done = build(world.with_variables(DISTIL_DEBIAN_SNAPSHOT_MIRROR=url))
    assert done.code == 2
    assert "no longer has it" in done.error
    assert len(snapshot.requests) == 1
