"""What is asked for by name or by pattern is there: packages, locales, kept paths."""

from __future__ import annotations

import re

import pytest

from tests.support.applications import FLASK
from tests.support.command import World
from tests.support.layouts import files, members

LEVELS = pytest.mark.parametrize("level", ["reachable", "packages"])
PLACE = "usr/lib/locale"


def spec(text: str) -> dict[str, str]:
    return {**FLASK, "distil.toml": text}


def locales(world: World, tag: str = "1.0") -> set[str]:
    """The paths below the directory of locales that are no directories."""
    found = {e.name for _, layer in members(world.out, tag) for e in layer if not e.isdir()}
    return {path for path in found if path.startswith((PLACE, "usr/share/locale"))}


C = {f"{PLACE}/C.utf8/LC_CTYPE"}
GERMAN = {f"{PLACE}/de_DE.utf8/LC_CTYPE", f"{PLACE}/de_DE.utf8/LC_TIME"}
AUSTRIAN = {f"{PLACE}/de_AT.utf8/LC_CTYPE", f"{PLACE}/de_AT.utf8/LC_TIME"}
EURO = {f"{PLACE}/de_DE@euro/LC_TIME"}


@LEVELS
def test_the_locales_that_are_named_and_no_others(warm: World, level: str) -> None:
    app = warm.app(spec('[image]\nlocales = ["de_DE.UTF-8", "C.UTF-8"]\n'))
    done = warm.build(app, "--level", level)
    assert done.code == 0, done.stderr
    assert locales(warm) == C | GERMAN
    contents = files(warm.out, "1.0")
    assert contents[f"{PLACE}/de_DE.utf8/LC_CTYPE"] == b"letters"
    sums = contents["var/lib/dpkg/status.d/locales-all.md5sums"].decode()
    listed = {line.split("  ")[1] for line in sums.splitlines()}
    assert listed == {*GERMAN, "usr/share/doc/locales-all/copyright"}
    assert "libc-l10n" not in {package["name"] for package in done.data["packages"]}
    why = warm.distil("why", f"oci:{warm.out}:1.0", f"/{PLACE}/de_DE.utf8/LC_TIME")
    assert "[image] locales" in why.stdout
    assert warm.distil("check", f"oci:{warm.out}:1.0").code == 0


def test_with_a_lock_and_for_two_platforms(warm: World) -> None:
    app = warm.app(spec('[image]\nlocales = ["de_AT.UTF-8"]\n'))
    both = ("--platform", "linux/amd64,linux/arm64")
    locked = warm.distil("lock", app, *both)
    assert locked.code == 0, locked.stderr
    done = warm.build(app, "--locked", *both)
    assert done.code == 0, done.stderr
    for platform in ("linux/amd64", "linux/arm64"):
        image = ("--platform", platform, f"oci:{warm.out}:1.0")
        assert warm.distil("why", *image, f"/{PLACE}/de_AT.utf8/LC_TIME").code == 0
        gone = warm.distil("why", *image, f"/{PLACE}/de_DE.utf8/LC_TIME")
        assert "[image] locales names" in gone.stdout
    (app / "distil.toml").write_text('[image]\nlocales = ["de_DE.UTF-8"]\n')
    assert warm.build(app, "--locked", *both).code == 0


def test_a_locale_that_there_is_not(warm: World) -> None:
    done = warm.build(warm.app(spec('[image]\n\nlocales = ["de_CH.UTF-8"]\n')))
    assert done.code == 2
    assert "distil.toml:3: image.locales: Debian has no locale 'de_CH.UTF-8'" in done.stderr
    assert re.search(r"hint: there are de_\w+\.UTF-8, ", done.stderr)
    assert not warm.out.exists()


@LEVELS
def test_a_package_of_locales_stays_whole(warm: World, level: str) -> None:
    done = warm.build(warm.app(spec('[base]\npackages = ["locales-all"]\n')), "--level", level)
    assert done.code == 0, done.stderr
    assert locales(warm) == C | GERMAN | AUSTRIAN | EURO


@LEVELS
def test_kept_paths_win_over_cuts(warm: World, level: str) -> None:
    keep = '["/usr/lib/locale/*@euro/**", "/usr/share/locale/**", "/usr/share/man/**", "/nowhere"]'
    text = f'[base]\npackages = ["locales-all"]\n[reach]\nlevel = "{level}"\nkeep = {keep}\n'
    done = warm.build(warm.app(spec(text)))
    assert done.code == 0, done.stderr
    messages = {f"usr/share/locale/de/LC_MESSAGES/{name}.mo" for name in ("x", "libc")}
    assert locales(warm) == C | GERMAN | AUSTRIAN | EURO | messages
    assert "usr/share/man/man1/python3.13.1.gz" in files(warm.out, "1.0")
    assert done.stderr.count("warning: [reach] keep: nothing") == 1
    assert "matches '/nowhere'" in done.stderr


# --- what is missing -----------------------------------------------------------------------


@LEVELS
def test_a_plugin_that_cannot_be_loaded_is_a_warning(warm: World, level: str) -> None:
    app = warm.app(spec('[base]\npackages = ["player"]\n'))
    done = warm.build(app, "--level", level)
    assert done.code == 0, done.stderr
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("warning: ")]
    assert "/player/libgl.so.0.0 needs libshow.so.1" in line
    assert 'add "libshow1" to packages below [app]' in line
    checked = warm.distil("check", f"oci:{warm.out}:1.0")
    assert checked.code == 0, checked.stdout
    assert "/player/libgl.so.0.0 needs libshow.so.1" in checked.stdout
    (app / "distil.toml").write_text('[base]\npackages = ["player", "libshow1"]\n')
    assert "warning" not in warm.build(app, "--level", level).stderr


@LEVELS
def test_a_hint_that_is_followed_is_enough(warm: World, level: str) -> None:
    """What the missing library needs in turn, and its package does not say, is told as well."""
    app = warm.app(spec('[base]\npackages = ["recorder"]\n'))
    done = warm.build(app, "--level", level)
    assert done.code == 1
    for soname in ("libtape.so.1", "libshow.so.1", "libspool.so.1"):
        assert f"needs {soname}, which is not there" in done.stderr
    (hint,) = re.findall(r"write (packages = \[.*\]) below \[app\]", done.stderr)
    assert {"libtape1", "libshow1", "libspool1"} == set(re.findall(r'"(\w+)"', hint))
    (app / "distil.toml").write_text(f'[app]\n{hint}\n[base]\npackages = ["recorder"]\n')
    assert warm.build(app, "--level", level).code == 0
