"""SIGKILL at random moments of cold builds: nothing wrong is left, and nothing piles up."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.command import World, copied
from tests.support.layouts import config, files

KILLS = 100 if os.environ.get("DISTIL_THOROUGH") else 10
IN_A_ROW = 4
"""Builds killed in one cache before one is let finish and the next begins with nothing."""


@pytest.fixture(scope="module")
def expected(built_world: World) -> list[str]:
    return built_world.build(built_world.app()).digests


def temporaries(world: World) -> list[Path]:
    return list(world.cache.rglob(".tmp-*"))


def unfinished(world: World) -> list[Path]:
    """Outputs under a temporary name."""
    return [*world.root.glob(".out*"), *world.out.rglob(".*")]


def forget(world: World) -> None:
    """Begin with nothing, but for what uv has, which is not distil's."""
    for place in (world.cache, world.out):
        shutil.rmtree(place, ignore_errors=True)
    for place in unfinished(world):
        shutil.rmtree(place, ignore_errors=True)


def is_whole(world: World) -> bool:
    """Whether the output is there; it has every byte then."""
    if not world.out.exists():
        return False
    for tag in ("1.0", "1.0-debug"):
        assert "app/app.py" in files(world.out, tag)
        assert config(world.out, tag)["os"] == "linux"
    return True


@dataclass
class Killing:
    """Builds of one application that are killed, with all that they started."""

    world: World
    moments: random.Random
    seconds: float
    """How long a cold build takes here."""

    def kill_one(self) -> bool:
        """Whether the build was still at work when it was killed."""
        arguments = ("-t", "shop:1.0", "-o", f"oci:{self.world.out}")
        process = self.world.start("build", self.world.app(), *arguments, alone=True)
        time.sleep(self.moments.uniform(0, self.seconds))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode in (0, -signal.SIGKILL)
        return process.returncode != 0


def test_kills_at_random_moments(cold: World, built_world: World, expected: list[str]) -> None:
    seed = random.randrange(1 << 32)
    print(f"the moments are those of seed {seed}")
    world = replace(cold, uv_root=cold.root)
    copied(built_world.root / "uv-cache", world.root / "uv-cache")
    began = time.monotonic()
    assert world.build(world.app()).digests == expected
    killing = Killing(world, random.Random(seed), time.monotonic() - began)
    forget(world)
    killed = 0
    while killed < KILLS:
        killed += killing.kill_one()
        is_whole(world)
        world.checked()
        assert temporaries(world) == []
        if killed % IN_A_ROW == 0:
            assert world.build(world.app()).digests == expected
            assert is_whole(world)
            world.checked()
            forget(world)


def test_what_is_killed_is_swept_by_the_next_build(
    cold: World, built_world: World, expected: list[str]
) -> None:
    """Without anybody's `cache gc`."""
    world = replace(cold, uv_root=built_world.root)
    copied(built_world.cache, world.cache)
    for area in ("blobs", "layers"):
        (world.cache / area / ".tmp-1-abandoned").write_bytes(b"half")
    assert world.build(world.app()).digests == expected
    assert temporaries(world) == []


def test_one_of_two_builds_is_killed(cold: World, expected: list[str]) -> None:
    """The other one, in the same empty cache, takes no harm."""
    app = cold.app()
    other = cold.start("build", app, "-t", "shop:1.0", "-o", "oci:other", alone=True)
    with cold.start("build", app, "-t", "shop:1.0", "-o", f"oci:{cold.out}") as process:
        time.sleep(random.random())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(other.pid, signal.SIGKILL)
        other.communicate()
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
    assert cold.build(app).digests == expected
    cold.checked()
    assert temporaries(cold) == []
