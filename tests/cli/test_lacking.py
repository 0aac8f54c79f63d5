"""What the application names and the image lacks is told, with the package that has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.applications import FLASK, PACKAGED
from tests.support.command import Done, World, copied, world
from tests.support.deb_builder import file
from tests.support.elf_builder import Elf

PROGRAM = Elf(
    interpreter="/lib64/ld-linux-x86-64.so.2", needed=("libc.so.6",), flags_1=0x08000000
).build()
ODBC = "#!/bin/sh\nset -e\nodbcinst -i -d -f /usr/share/tdsodbc/odbcinst.ini\n"
"""The postinst of a driver."""
PACKAGES: dict[str, list[tuple[str, bytes | str, int]]] = {
    "media-box": [("/usr/bin/transcode", PROGRAM + b"\0/bin/sh\0", 0o755)],
    "dash": [("/usr/bin/sh", PROGRAM, 0o755)],
    "tzdata-legacy": [("/usr/share/zoneinfo/US/Eastern", b"TZif2", 0o644)],
    "locales-all": [("/usr/lib/locale/de_DE.utf8/LC_CTYPE", b"locale", 0o644)],
    "libmagic1t64": [("/usr/lib/x86_64-linux-gnu/libmagic.so.1", b"", 0o644)],
    "tdsodbc": [
        ("/usr/share/tdsodbc/odbcinst.ini", "[FreeTDS]\nDriver = libtdsodbc.so\n", 0o644),
        ("/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so", b"library", 0o644),
    ],
}
CODE = """\
import ctypes.util
import locale
import os
import shutil
import subprocess
import zoneinfo


def work(name):
    subprocess.run(["transcode", name])
    subprocess.run(["openssl", name])
    subprocess.run(["nobody-has-this"])
    shutil.which("nobody-has-that")
    os.system(name)
    locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
    zoneinfo.ZoneInfo("US/Eastern")
    zoneinfo.ZoneInfo("Europe/Berlin")
    ctypes.util.find_library("magic")
    subprocess.run(["python3", "-V"])
"""
TOLD = {
    ("program", "transcode"): "media-box",
    ("program", "openssl"): "openssl",
    ("program", "nobody-has-this"): "",
    ("/bin/sh", "/bin/sh"): "dash",
    ("locale", "de_DE.UTF-8"): "locales-all",
    ("time zone", "US/Eastern"): "tzdata-legacy",
    ("library looked for", "magic"): "libmagic1t64",
}


@pytest.fixture(scope="module")
def wider_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A Debian that also has what `CODE` names."""
    with world(tmp_path_factory.mktemp("wider")) as made:
        for name, entries in PACKAGES.items():
            made.mirror.add_package(
                name,
                "1.0-1",
                [
                    *(file(path, data, mode) for path, data, mode in entries),
                    file(f"/usr/share/doc/{name}/copyright", "free\n"),
                ],
                depends="libc6",
                scripts={"postinst": ODBC} if name == "tdsodbc" else None,
            )
        made.mirror.publish()
        yield made


@pytest.fixture
def wider(wider_world: World, tmp_path: Path) -> World:
    copied(wider_world.cache, tmp_path / "cache")
    return replace(wider_world, root=tmp_path, uv_root=wider_world.root)


def lacking(done: Done) -> dict[tuple[str, str], str]:
    """Kind and name to the first package."""
    assert done.code == 0, done.stderr
    return {
        (one["kind"], one["name"]): " ".join(one["packages"][:1]) for one in done.data["lacking"]
    }


def app(world: World, toml: str = "", files: Mapping[str, str | bytes] = FLASK) -> Path:
    return world.app({**files, "work.py": CODE, "distil.toml": toml})


@pytest.mark.parametrize("level", ["packages", "reachable"])
def test_each_kind(wider: World, level: str) -> None:
    done = wider.build(app(wider), "--level", level)
    assert lacking(done) == TOLD
    said = done.stderr
    assert (
        "/app/work.py:10 starts transcode, which the image lacks; the package media-box has" in said
    )
    assert "/app/work.py:12 starts nobody-has-this, which the image lacks; no package of" in said
    assert 'packages = ["' in said
    assert 'locales = ["de_DE.UTF-8"] below [image]' in said
    assert said.count("below [app]") == 1
    assert "nobody-has-that" not in said


def test_what_is_added_is_not_told(wider: World) -> None:
    names = ["media-box", "dash", "tzdata-legacy", "libmagic1t64", "openssl"]
    done = wider.build(app(wider, f"[app]\npackages = {names}\n"))
    assert lacking(done) == {
        ("program", "nobody-has-this"): "",
        **{key: package for key, package in TOLD.items() if key[0] == "locale"},
    }


def test_a_program_that_starts_a_shell(wider: World) -> None:
    plain = wider.app({**FLASK, "distil.toml": '[app]\npackages = ["media-box"]\n'})
    done = wider.build(plain)
    assert lacking(done) == {("shell of programs", "/bin/sh"): "dash"}
    assert "/usr/bin/transcode of media-box can start /bin/sh, which the image lacks" in done.stderr


def test_an_application_of_its_own_distribution(wider: World) -> None:
    code = "import os\n\ndef work():\n    os.execlp('transcode', 'x')\n"
    packaged = wider.app({**PACKAGED, "till/zones/a.py": code})
    assert lacking(wider.build(packaged)) == {("program", "transcode"): "media-box"}


def test_code_that_does_not_run_in_the_image_is_not_told_of(wider: World) -> None:
    files = {**FLASK, "tests/test_work.py": CODE, "noxfile.py": CODE}
    assert lacking(wider.build(wider.app(files))) == {}


def test_a_program_that_is_named_and_there_is_kept(wider: World) -> None:
    code = "import subprocess\nsubprocess.run(['strace', 'x'])\n"
    keeping = wider.app(
        {**FLASK, "work.py": code, "distil.toml": '[base]\npackages = ["strace"]\n'}
    )
    assert lacking(wider.build(keeping)) == {}
    found = wider.distil("why", f"oci:{wider.out}:1.0", "/usr/bin/strace").stdout
    assert "named program" in found
    assert "/app/work.py" in found


def test_the_environment(wider: World) -> None:
    toml = '[app]\nenvironment = { TZ = "US/Eastern", LANG = "de_DE.UTF-8" }\n'
    done = wider.build(wider.app({**FLASK, "distil.toml": toml}))
    assert set(lacking(done)) == {("time zone", "US/Eastern"), ("locale", "de_DE.UTF-8")}
    assert "the environment asks for the time zone US/Eastern" in done.stderr


def test_a_distribution_that_is_there_to_start_a_program(wider: World) -> None:
    wider.house.add("gitpython", "3.1.44", files={"git/__init__.py": "def refresh(): ...\n"})
    files = {**FLASK, "requirements.txt": f"{FLASK['requirements.txt']}gitpython\n"}
    done = wider.build(wider.app(files))
    assert lacking(done) == {("program", "git"): ""}
    assert "warning: gitpython starts git, which the image lacks" in done.stderr


def test_a_lock_names_no_further_packages(wider: World) -> None:
    source = app(wider)
    assert wider.distil("lock", source).code == 0
    done = wider.build(source, "--locked")
    assert set(lacking(done)) == {key for key in TOLD if key[0] != "library looked for"}
    assert set(lacking(done).values()) == {"", "openssl"}
    assert re.search(r"starts transcode, .*; no package of \S*distil.lock is", done.stderr)


def test_an_odbc_driver_has_a_remedy(wider: World) -> None:
    source = wider.app({**FLASK, "distil.toml": '[app]\npackages = ["tdsodbc"]\n'})
    command = ("build", source, "-t", "shop:1.0", "-o", f"oci:{wider.out}")
    said = wider.distil(*command).stderr
    assert "unhandled" in said
    rows = said[said.index("remedy") :].splitlines()
    assert rows[0].split(maxsplit=1)[1] == "tdsodbc: write odbcinst.ini beside distil.toml:"
    driver = "/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so"
    text = [row.strip() for row in rows[1:]]
    assert text[:6] == [
        *("[FreeTDS]", f"Driver = {driver}", "and in distil.toml:", "[[copy]]"),
        *('from = "odbcinst.ini"', 'to = "/etc/odbcinst.ini"'),
    ]
    (source / "odbcinst.ini").write_text("\n".join([*text[:2], ""]))
    with (source / "distil.toml").open("a") as toml:
        toml.write("\n".join(text[3:6]) + "\n")
    done = wider.build(source)
    assert done.code == 0, done.stderr
    assert done.data["remedies"] == []
