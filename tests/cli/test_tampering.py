"""Each link of the chain of trust, broken: an error of its own, no output, and no harm done."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pysequoia import SignatureMode, Tsk, sign

from tests.support.command import World
from tests.support.web_server import tampered

RELEASE = "*/dists/trixie/InRelease"
BY_HASH = "*/dists/trixie/main/binary-amd64/by-hash/*"
INDEX = "*/dists/trixie/main/binary-amd64/Packages*"
DEB = "*/libc6_2.41-12_amd64.deb"

Fault = Callable[[World], AbstractContextManager[None]]


# --- faults --------------------------------------------------------------------------------


def served(pattern: str, change: Callable[[bytes], bytes]) -> Fault:
    """The mirror answers with something else."""

    @contextlib.contextmanager
    def fault(world: World) -> Iterator[None]:
        world.mirror.faults.replace(pattern, change)
        yield

    return fault


def cut_short(pattern: str) -> Fault:
    """The connection ends before the last byte, every time."""

    @contextlib.contextmanager
    def fault(world: World) -> Iterator[None]:
        world.mirror.faults.truncate(pattern, after=100)
        yield

    return fault


def published(*, key: bool = False, **changes: Any) -> Fault:
    """The suite is published with other settings, properly signed."""

    @contextlib.contextmanager
    def fault(world: World) -> Iterator[None]:
        suites = world.mirror.suites
        before = suites["trixie"]
        suites["trixie"] = replace(before, **changes)
        other = Tsk.generate(user_id="Somebody <else@example.org>") if key else world.mirror.key
        text = world.mirror.release_text("trixie").encode()
        suites["trixie"] = before
        world.mirror.put_release("trixie", sign(other.signer(), text, mode=SignatureMode.CLEAR))
        try:
            yield
        finally:
            world.mirror.publish()

    return fault


@contextlib.contextmanager
def unhashed_index(world: World) -> Iterator[None]:
    """A mirror that keeps indexes by name only, and has the wrong one."""
    with published(by_hash=False)(world), served(INDEX, tampered)(world):
        yield


@contextlib.contextmanager
def wheel_with_another_hash(world: World) -> Iterator[None]:
    """The index is right about the wheel, and the file is another."""
    path = world.house.root / "werkzeug-3.1.3-py3-none-any.whl"
    world.house.replaced[path.name] = tampered(path.read_bytes())
    yield


def changed(place: Callable[[World], Path], change: Callable[[bytes], bytes] = tampered) -> Fault:
    """A file of the cache is not what was stored; nothing has to be mended afterwards."""

    @contextlib.contextmanager
    def fault(world: World) -> Iterator[None]:
        path = place(world)
        path.write_bytes(change(path.read_bytes()))
        yield

    return fault


def libc_archive(world: World) -> str:
    """What the cache calls the .deb of the C library, of which everything is in the image."""
    [path] = (world.mirror.root / "debian").glob("pool/main/l/libc6/libc6_2.41-12_amd64.deb")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def deb(world: World) -> Path:
    return world.cache / "blobs" / libc_archive(world)


def pack(world: World) -> Path:
    return world.cache / "packs" / f"{libc_archive(world)}.deb"


def wheel(world: World) -> Path:
    return world.cache / "blobs" / world.house.sha256("werkzeug-3.1.3-py3-none-any.whl")


def layer(world: World) -> Path:
    return max(world.cache.glob("layers/*.layer"), key=lambda path: path.stat().st_size)


# --- the table -----------------------------------------------------------------------------

PACK = "an unpacked archive in the cache is not.*/packs/"

# name: the fault, what is dropped from the cache so that the link is looked at, the error.
LINKS: dict[str, tuple[Fault, str, str]] = {
    "signature": (
        served(RELEASE, lambda data: data.replace(b"Label: Debian", b"Label: Debiam")),
        "",
        "is not what its signer signed",
    ),
    "text before": (
        served(RELEASE, lambda data: b"Origin: Debian\n" + data),
        "",
        "before its signed part that nobody signed",
    ),
    "text after": (
        served(RELEASE, lambda data: data + b"Origin: Debian\n"),
        "",
        "after its signed part that nobody signed",
    ),
    "no signature": (
        served(RELEASE, lambda data: b"Origin: Debian\nSuite: stable\n"),
        "",
        "is not a signed document",
    ),
    "another key": (published(key=True), "", "is signed by none of the trusted keys"),
    "expired": (published(valid_for=86400), "", "expired on 2025-06-16"),
    "older": (published(date=1_740_000_000), "", "is of 2025-02-19.*was seen before"),
    "of the future": (published(date=4_000_000_000), "", "which is in the future"),
    "another suite": (
        published(codename="sid", suite="unstable"),
        "",
        "not about the suite trixie",
    ),
    "somebody else's": (published(origin="Somebody"), "", "its origin is 'Somebody', not Debian"),
    "index": (
        unhashed_index,
        "blobs/* indexes/* state/*",
        "Packages of trixie does not match the signed Release file",
    ),
    "by-hash": (
        served(BY_HASH, tampered),
        "blobs/* indexes/*",
        "asked for by its digest, does not match",
    ),
    ".deb in the mirror": (
        served(DEB, tampered),
        "blobs/* packs/*",
        r"libc6 2\.41-12 from \S+ should have the digest",
    ),
    "longer .deb": (
        served(DEB, lambda data: data + b"\n"),
        "blobs/* packs/*",
        r"libc6 2\.41-12 from \S+ should have \d+ bytes, but has \d+",
    ),
    "truncated .deb": (cut_short(DEB), "blobs/* packs/*", r"cannot fetch libc6 2\.41-12 .*ended"),
    ".deb in the cache": (
        changed(deb),
        "packs/*",
        r"libc6 2\.41-12 in the cache is not what was stored",
    ),
    "wheel in the index": (
        wheel_with_another_hash,
        "blobs/* packs/*.wheel",
        r"werkzeug 3\.1\.3 from \S+ should have",
    ),
    "wheel in the cache": (
        changed(wheel),
        "packs/*.wheel",
        r"werkzeug 3\.1\.3 in the cache is not what was stored",
    ),
    "pack in the cache": (changed(pack), "layers/*", PACK),
    "shorter pack": (changed(pack, lambda data: data[:-1]), "", PACK),
    "layer in the cache": (changed(layer), "", "a layer in the cache is not.*/layers/"),
}


@pytest.fixture(scope="module")
def expected(built_world: World) -> list[str]:
    """The digests of what was built when nothing was wrong."""
    return built_world.build(built_world.app()).digests


@pytest.mark.parametrize("link", LINKS)
def test_link(warm: World, expected: list[str], link: str) -> None:
    """One clear error of its own, exit code 2, no output; then all is as if it had not been."""
    fault, dropped, message = LINKS[link]
    app = warm.app()
    # What was verified lately is not asked for again by itself.
    options = [] if dropped or "in the cache" in message else ["--refresh"]
    for pattern in dropped.split():
        for path in warm.cache.glob(pattern):
            path.unlink()
    with warm.mended(), fault(warm):
        done = warm.build(app, *options)
        assert done.code == 2, done.stderr
        assert done.stdout == ""
        assert re.search(message, done.error), done.error
        others = {other for _, _, other in LINKS.values()} - {message}
        assert not [other for other in others if re.search(other, done.error)], done.error
        assert "hint: " in done.stderr
        assert not warm.out.exists()
    assert warm.build(app, *options).digests == expected
    if "in the cache" in message:
        warm.checked()


@pytest.mark.parametrize(
    "files",
    [
        *("blobs/*", "packs/*.deb", "packs/*.doc", "layers/*.layer", "layers/*.doc"),
        *("indexes/*.packages", "indexes/*.doc", "resolutions/*", "state/*"),
    ],
)
def test_gc_finds_what_was_changed(warm: World, expected: list[str], files: str) -> None:
    """`cache gc --verify` looks at everything, removes what is wrong, and a build goes on."""
    paths = [path for path in sorted(warm.cache.glob(files)) if path.stat().st_size]
    for path in paths:
        path.write_bytes(tampered(path.read_bytes()))
    found = warm.distil("cache", "gc", "--verify", "--format", "json").data["verified"]
    assert paths
    assert found["removed"] == [str(path.relative_to(warm.cache)) for path in paths]
    assert not [path for path in paths if path.exists()]
    assert warm.build(warm.app()).digests == expected
    warm.checked()


def test_derived_data_that_was_changed_is_made_again(cold: World, expected: list[str]) -> None:
    """Indexes of what was verified are not used either, but need no answer from anybody.

    The cache has nothing but what this application looks at.
    """
    cold.build(cold.app())
    for area in ("indexes", "resolutions", "packs"):
        for path in (cold.cache / area).glob("*.doc"):
            path.write_bytes(tampered(path.read_bytes()))
    done = cold.build(cold.app())
    assert done.digests == expected
    assert "warning: " in done.stderr
    cold.checked()
