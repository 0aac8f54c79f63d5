"""Wheels that want to write outside, through uv as well, which unpacks what it builds from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.command import World
from tests.support.hostile import ESCAPED, run
from tests.support.wheelhouse import record_line, zip_bytes

HOSTILE = {
    "climbs": f"../../../{ESCAPED}",
    "climbs from the data": f"hello-1.0.data/data/../../../../{ESCAPED}",
    "absolute": f"/tmp/{ESCAPED}",
    "a drive": f"C:\\{ESCAPED}",
    "control characters": "hello/\x1b[2J\x07.py",
}


def wheel(path: str) -> bytes:
    """A wheel with a file at `path`, which its RECORD lists."""
    files = {
        "hello/__init__.py": b"",
        path: b"x",
        "hello-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n",
        "hello-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n",
    }
    record = "".join(record_line(name, data) for name, data in files.items())
    return zip_bytes({**files, "hello-1.0.dist-info/RECORD": record.encode()})


def own(world: World) -> dict[str, str]:
    """The environment of a user who has said nothing about uv's cache."""
    environment = world.environment()
    del environment["UV_CACHE_DIR"]
    return environment


@pytest.mark.parametrize("case", HOSTILE)
def test_wheels_that_are_refused(warm: World, case: str) -> None:
    world = replace(warm, uv_root=None)
    name = "hello-1.0-py3-none-any.whl"
    files = {"main.py": "import hello\n", "requirements.txt": f"./{name}\n"}
    app = world.app({**files, name: wheel(HOSTILE[case])})
    arguments = ("build", app, "-t", "shop:1", "-o", f"oci:{world.out}")
    run(world.root, own(world), arguments).answered(2)
    assert not world.out.exists()
    assert list((world.root / "home").rglob("*")) == []


def test_uv_works_in_the_cache_of_distil(cold: World) -> None:
    """Nothing of it is under HOME; `cache info` shows it, `cache gc` removes it as a whole."""
    world = replace(cold, uv_root=None)
    arguments = ("build", world.app(), "-t", "shop:1", "-o", f"oci:{world.out}")
    run(world.root, own(world), arguments).answered(0)
    assert list((world.root / "home").rglob("*")) == []
    assert any((world.cache / "uv").iterdir())
    areas = world.distil("cache", "info", "--format", "json").data["areas"]
    [area] = [area for area in areas if area["area"] == "uv"]
    assert area["entries"] == 1
    assert area["size"] > 0
    world.checked()
    assert (world.cache / "uv").exists()
    assert world.distil("cache", "gc", "--limit", "0").code == 0
    assert not (world.cache / "uv").exists()
    run(world.root, own(world), arguments).answered(0)


def test_where_the_user_wants_uv_to_work(cold: World) -> None:
    world = replace(cold, uv_root=None)
    assert world.build(world.app()).code == 0
    assert (world.root / "uv-cache").exists()
    assert not (world.cache / "uv").exists()
