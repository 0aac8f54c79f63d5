"""`distil lock`, `build --locked`: the same image on another day, on another machine, offline."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.applications import FLASK, PACKAGED
from tests.support.command import World

NOWHERE = "http://127.0.0.1:9"
SPECIFICATION = '[app]\npackages = ["libpq5"]\n\n[debug]\npackages = ["strace"]\n'


def cut_off(world: World, root: Path) -> World:
    """A machine with nothing on it, whose mirrors and indexes do not answer."""
    root.mkdir()
    away = replace(world, root=root, uv_root=None)
    return away.with_variables(
        DISTIL_DEBIAN_MIRROR=f"{NOWHERE}/debian",
        DISTIL_DEBIAN_SECURITY_MIRROR=f"{NOWHERE}/debian-security",
        UV_DEFAULT_INDEX=f"{NOWHERE}/simple",
    )


@pytest.fixture
def moved_on(warm: World) -> Iterator[World]:
    """A mirror and an index that get newer versions while the block lasts."""
    packages, date = list(warm.mirror.packages), warm.mirror.suites["trixie"].date
    yield warm
    warm.mirror.packages[:] = packages
    for suite in warm.mirror.suites.values():
        suite.date = date
    for path in warm.house.root.glob("*-99.0-*"):
        path.unlink()
    warm.mirror.publish()


def newer(world: World) -> None:
    """A week later: libpq5 and strace have new versions, and so has werkzeug."""
    for name in ("libpq5", "strace"):
        old = next(p for p in world.mirror.packages if f"/{name}_" in p.path)
        depends = re.search(r"^Depends: (.*)$", old.stanza, re.MULTILINE)
        world.mirror.add_package(
            name,
            "99.0-1",
            {f"/usr/share/doc/{name}/copyright": "free\n"},
            depends=depends[1] if depends else "libc6",
        )
    for suite in world.mirror.suites.values():
        suite.date += 7 * 86400
    world.mirror.publish()
    world.house.add("werkzeug", "99.0", files={"werkzeug/__init__.py": "def serve(): ...\n"})


def changes(world: World, app: Path, *options: str) -> dict[str, str]:
    """What a new lock changes, by name."""
    found = world.distil("lock", app, "--format", "json", "--refresh", *options).data["changes"]
    return {change["name"]: f"{change['before']} → {change['after']}" for change in found}


@pytest.mark.parametrize("files", [FLASK, PACKAGED], ids=["flask", "packaged"])
def test_a_lock_gives_the_image_that_a_build_gives(warm: World, files: dict[str, str]) -> None:
    app = warm.app({**files, "distil.toml": SPECIFICATION})
    done = warm.distil("lock", app)
    assert (done.code, done.stdout) == (0, f"{app}/distil.lock\n"), done.stderr
    expected = warm.build(app, "--locked").digests
    if files is FLASK:  # the other's back end makes another wheel every second
        assert expected == warm.build(app).digests
    asked = len(warm.mirror.requested("*")), len(warm.house.requests)
    assert warm.build(app, "--locked", "--offline").digests == expected
    assert warm.build(app, "--locked").digests == expected
    assert (len(warm.mirror.requested("*")), len(warm.house.requests)) == asked


@pytest.mark.parametrize("files", [FLASK, PACKAGED], ids=["flask", "packaged"])
def test_kept_archives_are_all_that_is_needed(
    warm: World, tmp_path: Path, files: dict[str, str]
) -> None:
    app = warm.app({**files, "distil.toml": SPECIFICATION})
    kept = warm.distil("lock", app, "--vendor", app / "vendor", "--format", "json").data
    assert kept["vendored"]["archives"] > 20
    expected = warm.build(app, "--locked").digests
    away = cut_off(warm, tmp_path / "away")
    there = shutil.copytree(app, tmp_path / "away/elsewhere/shop")
    assert away.build(there, "--locked").digests == expected
    # Named on the command line, when it is not beside the application.
    away = cut_off(warm, tmp_path / "further")
    (there / "vendor").rename(tmp_path / "archives")
    assert away.build(there, "--locked").code == 2
    assert away.build(there, "--locked", "--vendor", tmp_path / "archives").digests == expected
    assert (away.checked().code, away.cache.exists()) == (0, True)


def test_code_that_changed_is_built_with_the_kept_back_end(warm: World, tmp_path: Path) -> None:
    app = warm.app(PACKAGED)
    warm.distil("lock", app, "--vendor", app / "vendor")
    before = warm.build(app, "--locked").digests
    away = cut_off(warm, tmp_path / "away")
    (app / "till/zones/c.py").write_text("")
    assert away.build(app, "--locked").digests != before


def test_a_back_end_that_never_makes_the_same_is_told(warm: World) -> None:
    clock = 'wheel.writestr("till/when.txt", str(__import__("time").time_ns()))'
    back_end = PACKAGED["back_end.py"].replace("metadata = ", f"{clock}\n        metadata = ", 1)
    app = warm.app({**PACKAGED, "back_end.py": back_end})
    lock = warm.distil("lock", app)
    assert lock.code == 0, lock.stderr
    shutil.rmtree(warm.cache / "resolutions")
    for path in warm.cache.glob("blobs/*"):
        if path.read_bytes()[:2] == b"PK":
            path.unlink()
    done = warm.build(app, "--locked")
    assert done.code == 2
    assert "till-4.2-py3-none-any.whl was built from the locked sources and is" in done.error
    assert "hint: its build back end gives another wheel here" in done.stderr


def test_versions_stay_until_they_are_asked_to_change(moved_on: World) -> None:
    app = moved_on.app({**FLASK, "distil.toml": SPECIFICATION})
    moved_on.distil("lock", app)
    text = (app / "distil.lock").read_text()
    expected = moved_on.build(app, "--locked").digests
    newer(moved_on)
    assert moved_on.build(app, "--refresh").digests != expected
    assert moved_on.build(app, "--locked").digests == expected
    assert changes(moved_on, app) == {}
    assert (app / "distil.lock").read_text() == text
    # What the project asks for has changed: what need not change with it stays.
    (app / "requirements.txt").write_text(f"{FLASK['requirements.txt']}shared\n")
    assert changes(moved_on, app) == {"shared": " → 2.0"}
    assert changes(moved_on, app, "--upgrade", "libpq5") == {"libpq5": "17.6-0 → 99.0-1"}
    assert changes(moved_on, app, "--upgrade", "werkzeug") == {"werkzeug": "3.1.3 → 99.0"}
    assert set(changes(moved_on, app, "--upgrade")) == {"strace"}
    assert moved_on.build(app, "--locked").digests == moved_on.build(app).digests


def test_a_version_asked_for_stands_before_the_locked_one(moved_on: World) -> None:
    app = moved_on.app({**FLASK, "distil.toml": SPECIFICATION})
    moved_on.distil("lock", app)
    newer(moved_on)
    (app / "distil.toml").write_text(SPECIFICATION.replace("libpq5", "libpq5=99.0-1"))
    assert changes(moved_on, app) == {"libpq5": "17.6-0 → 99.0-1"}


def test_locked_versions_that_no_longer_fit_are_given_up(moved_on: World) -> None:
    app = moved_on.app({**FLASK, "distil.toml": SPECIFICATION})
    moved_on.distil("lock", app)
    newer(moved_on)
    moved_on.mirror.add_package("late", "1.0", {}, depends="libpq5 (>= 99)")
    moved_on.mirror.publish()
    (app / "distil.toml").write_text(SPECIFICATION.replace('"libpq5"', '"libpq5", "late"'))
    done = moved_on.distil("lock", app, "--refresh")
    assert done.code == 0, done.stderr
    assert "warning: locked versions do not fit what is asked for now" in done.stderr
    assert re.search(r"upgraded  +libpq5 +17\.6-0 → 99\.0-1", done.stderr)


def test_an_archive_that_left_its_mirror(moved_on: World) -> None:
    app = moved_on.app(FLASK)
    moved_on.distil("lock", app)
    for area in ("blobs", "packs", "layers"):
        shutil.rmtree(moved_on.cache / area)
    moved_on.mirror.faults.status("*/libc6_2.41-12_amd64.deb", 404)
    with moved_on.mended():
        done = moved_on.build(app, "--locked")
    assert done.code == 2
    assert "the mirror no longer has it" in done.error
    assert "DISTIL_DEBIAN_SNAPSHOT_MIRROR" in done.stderr
    assert not moved_on.out.exists()


STALE = {
    "requirements": ({"requirements.txt": "flask\ngunicorn\n"}, "requirements.txt has changed"),
    "packages": ({"distil.toml": '[base]\npackages = ["libpq5"]\n'}, "what distil.toml says"),
    "debug": ({"distil.toml": '[debug]\npackages = ["strace"]\n'}, "what distil.toml says"),
    "constraints": ({"pyproject.toml": "[tool.uv]\nconstraint-dependencies = []\n"}, "has come"),
}


@pytest.mark.parametrize("case", STALE)
def test_a_lock_that_does_not_fit_any_more(warm: World, case: str) -> None:
    files, why = STALE[case]
    app = warm.app(FLASK)
    warm.distil("lock", app)
    warm.app(files)
    done = warm.build(app, "--locked")
    assert done.code == 2
    assert f"{app}/distil.lock is out of date: " in done.error
    assert why in done.error
    assert f"hint: run `distil lock {app}`" in done.stderr
    assert not warm.out.exists()


def test_what_does_not_matter_to_a_lock(warm: World) -> None:
    app = warm.app(PACKAGED)
    warm.distil("lock", app)
    project = PACKAGED["pyproject.toml"].replace(
        'version = "4.2"', 'version = "4.2"\nkeywords = []'
    )
    warm.app(
        {
            "pyproject.toml": project + "\n[tool.ruff]\nline-length = 80\n",
            "distil.toml": '[image]\nlabels = { a = "b" }\n',
            "README.md": "much to read\n",
        }
    )
    assert warm.build(app, "--locked").code == 0


def test_no_lock_and_bad_locks(warm: World) -> None:
    app = warm.app(FLASK)
    done = warm.build(app, "--locked")
    assert (done.code, done.error) == (2, f"error: there is no {app}/distil.lock")
    assert f"hint: `distil lock {app}` makes it" in done.stderr
    warm.distil("lock", app)
    good = (app / "distil.lock").read_text()
    bad = {
        "= = =": "not valid TOML",
        good.replace("version = 2", "version = 7", 1): "it is of version 7, and 2 is read here",
        re.sub(r"sha256:[0-9a-f]{64}", "md5:0", good, count=1): "is not a sha256 digest",
        re.sub(r"^size = .*$", "size = true", good, count=1, flags=re.MULTILINE): "Expected `int`",
        good.replace('glibc = "2.41"', 'glibc = "new"'): "glibc",
    }
    for text, why in bad.items():
        (app / "distil.lock").write_text(text)
        done = warm.build(app, "--locked")
        assert done.code == 2
        assert why in done.error
    done = warm.distil("lock", app)
    assert (done.code, (app / "distil.lock").read_text()) == (2, text)


def test_what_a_lock_does_not_hold(warm: World) -> None:
    app = warm.app(FLASK)
    warm.distil("lock", app)
    done = warm.build(app, "--locked", "--platform", "linux/arm64")
    assert f"{app}/distil.lock holds no linux/arm64" in done.error
    text = (app / "distil.lock").read_text()
    cut = re.sub(
        r'\[\[platform\.base\.debian\.package\]\]\nname = "zlib1g"\n(?s:.+?)(?=\[\[)', "", text
    )
    assert cut != text
    (app / "distil.lock").write_text(cut)
    done = warm.build(app, "--locked")
    assert (done.code, warm.out.exists()) == (2, False)
    assert "holds no answer to what the image needs now" in done.error


def test_another_archive_than_the_locked_one(warm: World) -> None:
    app = warm.app(FLASK)
    warm.distil("lock", app)
    path = app / "distil.lock"
    digest = warm.house.sha256("werkzeug-3.1.3-py3-none-any.whl")
    path.write_text(path.read_text().replace(digest, "0" * 64))
    done = warm.build(app, "--locked")
    assert (done.code, warm.out.exists()) == (2, False)
    assert re.search(r"werkzeug 3\.1\.3 from \S+ should have the digest sha256:0000", done.error)


def test_directories_that_keep_nothing(warm: World, tmp_path: Path) -> None:
    app = warm.app(FLASK)
    (tmp_path / "empty").mkdir()
    done = warm.build(app, "--vendor", tmp_path / "empty")
    assert (done.code, "add --locked" in done.stderr) == (2, True)
    warm.distil("lock", app)
    done = warm.build(app, "--locked", "--vendor", tmp_path / "empty")
    assert (done.code, "it keeps no archives" in done.error) == (2, True)


def test_archives_kept_earlier_go_when_nothing_needs_them(moved_on: World) -> None:
    app = moved_on.app({**FLASK, "distil.toml": SPECIFICATION})
    moved_on.distil("lock", app, "--vendor", app / "kept")
    old = {path.name for path in (app / "kept/blobs/sha256").iterdir()}
    newer(moved_on)
    done = moved_on.distil("lock", app, "--upgrade", "--format", "json").data
    assert {change["name"] for change in done["changes"]} == {"libpq5", "strace", "werkzeug"}
    new = {path.name for path in (app / "kept/blobs/sha256").iterdir()}
    # Three archives, the lock and the manifest have others in their place.
    assert (len(old - new), len(new - old)) == (5, 5)
    assert moved_on.build(app, "--locked").code == 0


def test_there_is_nothing_of_that_name_to_upgrade(warm: World) -> None:
    app = warm.app(FLASK)
    warm.distil("lock", app)
    done = warm.distil("lock", app, "--upgrade", "werkzeuk")
    assert (done.code, "did you mean werkzeug?" in done.stderr) == (2, True)
    done = warm.distil("lock", "--upgrade", app)
    assert f"the directory comes first: `distil lock {app} --upgrade`" in done.stderr


def test_no_credentials_in_a_lock(warm: World) -> None:
    app = warm.app(FLASK)
    variables = warm.environment()
    secret = {
        name: variables[name].replace("://", "://reader:hush-hush@")
        for name in ("DISTIL_DEBIAN_MIRROR", "DISTIL_DEBIAN_SECURITY_MIRROR", "UV_DEFAULT_INDEX")
    }
    done = warm.with_variables(**secret).distil("lock", app, "--refresh", "--format", "json")
    assert done.code == 0, done.stderr
    assert "hush" not in (app / "distil.lock").read_text() + done.stdout + done.stderr
