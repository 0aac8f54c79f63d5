"""Input that cannot be built: one clear error, its exit code, a next step, and no output."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field

import pytest

from tests.support.applications import FLASK, PACKAGED, native
from tests.support.command import Done, World

LINE = 'version = "4.2"\n'
OLD = LINE + 'requires-python = "<3.12"\n'
NEW = LINE + 'requires-python = ">=4"\n'
NATIVE = "cp313-cp313-manylinux_2_17_x86_64"


@dataclass(frozen=True)
class Bad:
    """An application, what the error says (patterns, in any order), and the exit code."""

    files: dict[str, str]
    says: tuple[str, ...]
    code: int = 2
    options: tuple[str, ...] = field(default=())


def flask(*, spec: str = "", requirements: str = "") -> dict[str, str]:
    more = {"requirements.txt": FLASK["requirements.txt"] + requirements}
    return {**FLASK, **more, **({"distil.toml": spec} if spec else {})}


CASES = {
    "an empty directory": Bad({}, ("no application found in .*/shop", "pyproject.toml", "hint: ")),
    "no Python at all": Bad({"main.go": "package main\n"}, ("no application found",)),
    "no way to start it": Bad(
        {"shop.py": "print(1)\n", "requirements.txt": "flask\n"},
        ("cannot tell how to start", "entrypoint = "),
    ),
    "a framework without a server": Bad(
        {"app.py": FLASK["app.py"], "requirements.txt": "flask==3.1.0\n"},
        ("server", "gunicorn"),
    ),
    "two applications": Bad(
        {**FLASK, "other.py": FLASK["app.py"]}, ("several applications", r"other\.py line 3")
    ),
    "an unknown key": Bad(
        flask(spec='# mine\n[image]\nuser = "1000"\nprots = [80]\n'),
        (r"distil\.toml:4: image\.prots: unknown key", "did you mean ports"),
    ),
    "an unknown table": Bad(
        flask(spec="[iamge]\n"), (r"distil\.toml:1: iamge: unknown key", "did you mean image")
    ),
    "a wrong type": Bad(flask(spec="[image]\nports = 80\n"), (r"distil\.toml:2: image\.ports",)),
    "a user by name": Bad(
        flask(spec='\n[image]\nuser = "www"\n'), (r"distil\.toml:3: image\.user", "'www'", "65532")
    ),
    "no TOML": Bad(flask(spec="[image\n"), (r"distil\.toml: not valid TOML", "line 1")),
    "a broken pyproject": Bad({"pyproject.toml": "[project\n"}, (r"pyproject\.toml",)),
    "a broken requirement": Bad(flask(requirements="a b c\n"), (r"requirements\.txt",)),
    "a package that is not there": Bad(
        flask(spec='[app]\npackages = ["libqp5"]\n'),
        ("there is no package 'libqp5'", "did you mean libpq5"),
    ),
    "a package that the twin asks for": Bad(
        flask(spec='[debug]\npackages = ["starce"]\n'), ("'starce'", "did you mean strace")
    ),
    "packages that cannot be had together": Bad(
        flask(spec='[app]\npackages = ["from-the-future"]\n'),
        (
            "cannot be installed together",
            r"from-the-future.*needs-newer-libc",
            r"needs-newer-libc.*libc6 \(>= 99\)",
            r"2\.41-12",
        ),
    ),
    "a distribution that is not there": Bad(
        flask(requirements="flsak\n"), ("no package index has 'flsak'", "spelling")
    ),
    "a version that is not there": Bad(
        flask(requirements="shared==7\n"), ("cannot all be met", r"shared==7")
    ),
    "distributions that contradict": Bad(
        flask(requirements="wants-old\nwants-new\n"),
        ("cannot all be met", r"wants-old depend on shared<2", r"wants-new depend on shared>=2"),
    ),
    "no wheel for the target": Bad(
        flask(requirements="windows-only\n"),
        ("windows-only.* has no wheel for CPython 3.13 on Linux x86_64 with glibc 2.41", "hint: "),
    ),
    "a distribution for a newer Python": Bad(
        flask(requirements="newest-python-only\n"),
        (r"newest-python-only.* needs Python >=3\.99, the image has 3\.13\.5",),
    ),
    "an application for an older Python": Bad(
        {**PACKAGED, "pyproject.toml": PACKAGED["pyproject.toml"].replace(LINE, OLD)},
        (r"till needs Python <3\.12, the image has 3\.13\.5", r'from = "debian:bookworm"'),
    ),
    "an application for a Python that no suite has": Bad(
        {**PACKAGED, "pyproject.toml": PACKAGED["pyproject.toml"].replace(LINE, NEW)},
        (r"till needs Python >=4, the image has 3\.13\.5",),
    ),
    "a hash that does not fit": Bad(
        {
            **FLASK,
            "requirements.txt": f"flask==3.1.0 --hash=sha256:{'0' * 64}\n"
            f"werkzeug==3.1.3 --hash=sha256:{'0' * 64}\n"
            f"gunicorn==23.0.0 --hash=sha256:{'0' * 64}\n",
        },
        ("none of the files .* has a hash that .*requirements.txt allows",),
    ),
    "a back end that fails": Bad(
        {**PACKAGED, "back_end.py": "def build_wheel(*_):\n    raise SystemExit('no flour')\n"},
        ("building the wheel of .*/shop failed", "no flour"),
    ),
    "an entrypoint that is not there": Bad(
        flask(spec='[app]\nentrypoint = ["/app/run"]\n'),
        ("entrypoint /app/run cannot be started", "no such program"),
        code=1,
    ),
    "an architecture without packages": Bad(
        flask(),
        ("has no python3 for linux/arm64", "another platform"),
        options=("--base", "debian:bookworm", "--platform", "linux/arm64"),
    ),
    "byte code by an interpreter that does not run": Bad(
        flask(spec='[python]\nbytecode = "compiled"\n'),
        (r"Python 3\.13\.5 cannot be run here to compile modules: ", 'bytecode = "none"'),
    ),
}


def said(done: Done) -> str:
    """All of the message, on one line."""
    assert done.error
    return " ".join(done.stderr.split())


@pytest.mark.parametrize("name", CASES)
def test_bad_application(warm: World, name: str) -> None:
    case = CASES[name]
    (warm.root / "shop").mkdir()
    done = warm.build(warm.app(case.files), *case.options)
    assert done.code == case.code, done.stderr
    assert done.stdout == ""
    text = said(done)
    assert not [pattern for pattern in case.says if not re.search(pattern, text)], text
    assert not warm.out.exists()


def test_a_library_that_nobody_has(warm: World) -> None:
    """Named in the error, with who needs it: exit code 1, for the image would not work."""
    wheel = native("speedy", "libnowhere.so.1")
    warm.house.add("speedy", "2.0", files=wheel, tag=NATIVE)
    app = {"app.py": FLASK["app.py"] + "import speedy\n"}
    app["requirements.txt"] = FLASK["requirements.txt"] + "speedy==2.0\n"
    done = warm.build(warm.app(app))
    assert done.code == 1
    assert re.search(r"speedy/_speed\S* needs libnowhere\.so\.1", said(done)), done.stderr
    assert not warm.out.exists()


@pytest.mark.parametrize("target", ["nowhere", "a-file"])
def test_a_directory_that_is_none(warm: World, target: str) -> None:
    (warm.root / "a-file").write_text("")
    done = warm.distil("build", target, "-o", "oci:out")
    assert done.code == 2
    assert target in done.error


def test_unreadable_application(warm: World) -> None:
    app = warm.app()
    (app / "secret").symlink_to("/proc/self/mem")
    os.mkfifo(app / "pipe")
    done = warm.build(app, "--dry-run")
    assert done.code == 0
    assert [entry.partition(":")[0] for entry in done.data["plan"]["leftOut"]] == ["pipe", "secret"]


# --- the network ---------------------------------------------------------------------------


def test_no_mirror_cold(cold: World) -> None:
    world = cold.with_variables(DISTIL_DEBIAN_MIRROR="http://127.0.0.1:9/debian")
    done = world.build(world.app())
    assert done.code == 2
    assert re.search(
        r"cannot fetch .*Release file of trixie.* from http://127\.0\.0\.1:9", done.error
    )
    assert "hint: " in done.stderr
    assert not world.out.exists()
    assert cold.build(cold.app()).code == 0


def test_no_index_cold(cold: World) -> None:
    world = cold.with_variables(UV_DEFAULT_INDEX="http://127.0.0.1:9/simple")
    done = world.build(world.app())
    assert done.code == 2
    assert "the Python package index cannot be reached" in done.error
    assert not world.out.exists()


def test_no_server_warm(warm: World) -> None:
    """What was verified and resolved lately needs nobody."""
    first = warm.build(warm.app()).digests
    warm.mirror.faults.status("*", 503)
    assert warm.build(warm.app()).digests == first
    assert warm.build(warm.app(), "--offline").digests == first


def test_offline_cold(cold: World) -> None:
    done = cold.build(cold.app(), "--offline")
    assert done.code == 2
    assert "the network is not to be used" in done.error
    assert "run once without --offline" in done.stderr
    assert not cold.out.exists()


def test_offline_asks_nobody(warm: World) -> None:
    warm.build(warm.app())
    before = len(warm.mirror.web.requests), len(warm.house.requests)
    assert warm.build(warm.app(), "--offline").code == 0
    assert (len(warm.mirror.web.requests), len(warm.house.requests)) == before


def test_offline_with_one_archive_missing(warm: World) -> None:
    for path in (*warm.cache.glob("packs/*.deb"), *warm.cache.glob("blobs/*")):
        if path.suffix == ".deb" or path.read_bytes()[:7] == b"!<arch>":
            path.unlink()
    warm.build(warm.app(), "--dry-run")
    done = warm.build(warm.app(), "--offline")
    assert done.code == 2
    assert re.search(r"cannot fetch \S+ \S+ from .*network is not to be used", done.error)
    assert not warm.out.exists()


def test_a_mirror_that_fails_half_way(cold: World) -> None:
    """What arrived is kept; the next run asks for the rest only."""
    cold.mirror.faults.status("*/tzdata_*.deb", 404)
    done = cold.build(cold.app())
    assert done.code == 2
    assert "tzdata 2025b-4" in done.error
    assert not cold.out.exists()
    cold.mirror.faults.clear()
    before = len(cold.mirror.requested("*.deb"))
    assert cold.build(cold.app()).code == 0
    assert 0 < len(cold.mirror.requested("*.deb")) - before < 18
    cold.checked()


# --- places to write to --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_output_below_a_file(warm: World, kind: str) -> None:
    (warm.root / "file").write_text("mine")
    done = warm.distil("build", warm.app(), "-o", f"{kind}:{warm.root}/file/x")
    assert done.code == 2
    assert f"{warm.root}/file" in done.error
    assert (warm.root / "file").read_text() == "mine"


def test_a_directory_that_is_no_layout(warm: World) -> None:
    (warm.out).mkdir()
    (warm.out / "letter").write_text("dear")
    done = warm.build(warm.app())
    assert done.code == 2
    assert "not an OCI image layout" in done.error
    assert [path.name for path in warm.out.iterdir()] == ["letter"]


def test_a_file_where_the_layout_should_be(warm: World) -> None:
    warm.out.write_text("mine")
    done = warm.build(warm.app())
    assert done.code == 2
    assert "it is not a directory" in done.error
    assert warm.out.read_text() == "mine"


def test_an_output_nobody_may_write(warm: World) -> None:
    """/proc refuses even root."""
    done = warm.distil("build", warm.app(), "-o", "oci:/proc/out")
    assert done.code == 2
    assert "/proc/out" in done.error
    done = warm.distil("build", warm.app(), "-o", "docker-archive:/proc/out.tar")
    assert done.code == 2
    assert "/proc/out.tar" in done.error


def test_the_second_of_two_outputs_fails(warm: World) -> None:
    """The first is there, whole; nothing is printed, for not all was done."""
    done = warm.build(warm.app(), "-o", "oci:/proc/out")
    assert (done.code, done.stdout) == (2, "")
    assert "/proc/out" in done.error


def test_a_cache_nobody_may_write(cold: World) -> None:
    world = cold.with_variables(DISTIL_CACHE_DIR="/proc/cache")
    done = world.build(world.app())
    assert done.code == 2
    assert "/proc/cache" in done.error
    assert "DISTIL_CACHE_DIR" in done.stderr
    assert not world.out.exists()


def test_a_layout_that_is_damaged(warm: World) -> None:
    warm.build(warm.app())
    index = warm.out / "index.json"
    index.write_text("{")
    done = warm.build(warm.app())
    assert done.code == 2
    assert "index.json" in done.error
    assert index.read_text() == "{"
    shutil.rmtree(warm.out)
    assert warm.build(warm.app()).code == 0


@pytest.mark.parametrize(
    "options", [("-o", "docker://example.org/Shop"), ("-t", "Shop"), ("-o", "oci:")]
)
def test_what_can_never_be_is_said_before_the_work(cold: World, options: tuple[str, str]) -> None:
    before = len(cold.mirror.web.requests)
    done = cold.distil("build", cold.app(), *options)
    assert done.code == 2
    assert options[1].removeprefix("docker://") in done.error
    assert len(cold.mirror.web.requests) == before
