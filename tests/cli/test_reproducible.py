"""The same image to the bit, wherever, whenever and by whomever it is built."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.applications import FLASK, PACKAGED
from tests.support.command import World, copied
from tests.support.layouts import config, members
from tests.support.tools import tool

INDEX_DATE = 1_750_000_000
"""Of the newest index in the small Debian."""

ANOTHER_USER = (
    "setpriv",
    "--reuid=4242",
    "--regid=4242",
    "--clear-groups",
    # To read a Python and a checkout that are somebody else's.
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)

APPLICATIONS = {"copied": FLASK, "packaged": PACKAGED}


def forget(world: World, *areas: str) -> None:
    """Drop what was derived, so that it is made anew."""
    for area in areas:
        shutil.rmtree(world.cache / area, ignore_errors=True)


def written(directory: Path, files: Mapping[str, str], *, seconds: int, umask: int = 0o022) -> Path:
    """`files` in `directory`, made in that order and as under `umask`; dates from `seconds` on."""
    for number, (path, contents) in enumerate(files.items()):
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(contents)
        place.chmod(0o666 & ~umask)
        place.parent.chmod(0o777 & ~umask)
        os.utime(place, (seconds + number, seconds + number))
    return directory


def archives(world: World, app: Path, **how: object) -> list[str]:
    """What `app` is built to, as hashes: both images' digests, and two archives."""
    forget(world, "layers", "packs")
    outputs = [world.root / "shop.tar", world.root / "shop.oci.tar"]
    kinds = zip(("docker-archive", "oci-archive"), outputs, strict=True)
    done = world.build(app, *(f"-o{kind}:{path}" for kind, path in kinds), **how)
    return [*done.digests, *(hashlib.sha256(path.read_bytes()).hexdigest() for path in outputs)]


@pytest.fixture(params=APPLICATIONS)
def files(request: pytest.FixtureRequest) -> dict[str, str]:
    return dict(APPLICATIONS[request.param])


def test_all_that_may_differ(warm: World, files: dict[str, str]) -> None:
    """Another path, umask, locale, time zone, home, hash seed, file order, dates, directory
    of the command, number of processors."""
    first = archives(warm, written(warm.root / "one", files, seconds=1_600_000_000))
    assert len(set(first)) == 4
    backwards = dict(reversed(files.items()))
    other = warm.with_variables(
        LANG="tr_TR.UTF-8",
        LC_ALL="C",
        TZ="Pacific/Kiritimati",
        HOME=str(warm.root),
        USER="somebody",
        PYTHONHASHSEED="4711",
        COLUMNS="40",
    )
    place = warm.root / "elsewhere" / "a b" / "one"
    app = written(place, backwards, seconds=1_700_000_000, umask=0o077)
    one_processor = (tool("taskset"), "-c", str(min(os.sched_getaffinity(0))))
    assert archives(other, app, umask=0o077, cwd=app, through=one_processor) == first


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_another_user(warm: World, files: dict[str, str]) -> None:
    """And one who may only read the application."""
    tool("setpriv")
    first = archives(warm, written(warm.root / "one", files, seconds=1_600_000_000))
    with tempfile.TemporaryDirectory() as open_to_all:
        other = replace(warm, root=Path(open_to_all), uv_root=None)
        app = written(other.root / "one", files, seconds=1_600_000_000)
        copied(warm.cache, other.cache)
        for path in (*other.root.rglob("*"), other.root):
            if app not in (path, *path.parents):
                os.chown(path, 4242, 4242, follow_symlinks=False)
        other.root.chmod(0o755)
        assert archives(other, app, through=ANOTHER_USER) == first
        assert (other.out / "index.json").stat().st_uid == 4242


def test_a_cold_and_a_warm_cache(cold: World) -> None:
    first = cold.build(cold.app()).digests
    assert cold.build(cold.app()).digests == first


def test_from_a_lock_without_the_network(warm: World) -> None:
    first = warm.build(warm.app()).digests
    assert warm.build(warm.app(), "--offline").digests == first


def test_the_date_is_the_newest_index_s(warm: World) -> None:
    warm.build(warm.app())
    assert config(warm.out, "1.0")["created"] == "2025-06-15T15:06:40Z"
    dates = {m.name: m.mtime for _, entries in members(warm.out, "1.0") for m in entries}
    assert dates["app/app.py"] == INDEX_DATE
    assert max(dates.values()) == INDEX_DATE


def test_source_date_epoch(warm: World) -> None:
    """It is the image's date, and no file is younger; the Debian files here are of 2023."""
    first = warm.build(warm.app()).digests
    epoch = warm.with_variables(SOURCE_DATE_EPOCH="1600000000")
    second = epoch.build(epoch.app()).digests
    assert second != first
    assert config(warm.out, "1.0")["created"] == "2020-09-13T12:26:40Z"
    dates = {m.mtime for _, entries in members(warm.out, "1.0") for m in entries}
    assert max(dates) == 1_600_000_000
    assert epoch.build(epoch.app()).digests == second


@pytest.mark.parametrize("value", ["yesterday", "-1", "1.5", " 5"])
def test_an_epoch_that_is_none(warm: World, value: str) -> None:
    done = warm.with_variables(SOURCE_DATE_EPOCH=value).build(warm.app())
    assert done.code == 2
    assert "SOURCE_DATE_EPOCH" in done.error
    assert not warm.out.exists()


def test_a_code_change_moves_the_application_s_layer_alone(warm: World) -> None:
    before = warm.build(warm.app()).data["images"]
    changed = {**FLASK, "app.py": FLASK["app.py"] + "# one more line\n"}
    after = warm.build(warm.app(changed)).data["images"]
    for old, new in zip(before, after, strict=True):
        pairs = zip(old["layers"], new["layers"], strict=True)
        moved = [a["title"] for a, b in pairs if a["digest"] != b["digest"]]
        assert moved == ["application"]


def test_a_new_dependency_moves_the_layers_from_there_on(warm: World) -> None:
    before = warm.build(warm.app()).data["images"][0]["layers"]
    more = {
        "requirements.txt": FLASK["requirements.txt"] + "shared==1.0\n",
        "app.py": "import shared\n" + FLASK["app.py"],
    }
    after = warm.build(warm.app(more)).data["images"][0]["layers"]
    moved = [a["title"] for a, b in zip(before, after, strict=True) if a != b]
    assert "third-party dependencies" in moved
    assert not {"system packages", "runtime"} & set(moved)


def test_the_twin_is_production_and_one_layer(warm: World) -> None:
    production, twin = warm.build(warm.app()).data["images"]
    assert twin["layers"][:-1] == production["layers"]
    assert twin["layers"][-1]["title"] == "debug tools"
