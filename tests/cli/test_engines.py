"""Images that were loaded into an engine, asked about where they are."""

from __future__ import annotations

import pytest

from tests.support.command import World

MISSING = "no-such-image:1"


@pytest.mark.engine
def test_questions_about_an_image_that_was_loaded(built_world: World, docker) -> None:
    world = built_world.with_variables(**docker.environment)
    done = world.distil("build", world.app(), "-t", "shop:1.0", "--load")
    assert done.code == 0, done.stderr
    why = world.distil("why", "docker-daemon:shop:1.0", "/app/app.py")
    assert why.code == 0, why.stderr
    assert "this one is from the cache" in why.stderr
    there = world.distil("check", "docker-daemon:shop:1.0", "--exit-zero", "--format", "json")
    assert there.data["report"]["elf_files"] > 3
    gone = world.distil("why", f"docker-daemon:{MISSING}", "/app/app.py")
    assert (gone.code, gone.stdout) == (2, "")
    assert f"docker does not give out {MISSING}" in gone.error
