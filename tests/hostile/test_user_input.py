"""What stands in an application's directory: nothing of it hangs, crashes or leads outside."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from distil.errors import DistilError
from distil.formats.lock_toml import decode_lock
from distil.formats.spec_toml import parse_spec
from distil.formats.toml import NotToml, parse_toml
from distil.runtimes.python.formats.entry_module import script_metadata
from tests.support.command import World
from tests.support.hostile import hostile, in_child

MAIN = "if __name__ == '__main__':\n    print()\n"
SECRET = "root-only-7f3a"

DEEP_TOML = {
    "arrays": "x=" + "[" * 100_000,
    "arrays that end": "x=" + "[" * 90 + "]" * 90,
    "tables": "x=" + "{a=" * 100_000,
    "a dotted key": ".".join(["a"] * 20_000) + "=1",
    "a quoted dotted key": ".".join(['"a=."'] * 20_000) + "=1",
    "a header": "[" + ".".join(["a"] * 20_000) + "]",
    "a thousand headers": "".join(f"[{'.'.join([f'a{n}'] * 60)}]\n" for n in range(9_000)),
    "a number": "x=" + "9" * 5_000,
    "a hexadecimal number": "version=0x" + "f" * 100_000,
    "empty tables": "x=[" + "{}," * 1_000_000 + "]",
    "keys": "".join(f"k{n}.a=1\n" for n in range(400_000)),
    "too large": "#" * (17 << 20),
}


@pytest.mark.parametrize("case", DEEP_TOML)
def test_toml(case: str) -> None:
    assert in_child(lambda: parse_toml(DEEP_TOML[case])).startswith("NotToml: ")


@pytest.mark.parametrize(
    "text",
    [
        'x="' + "\\u0041" * 300_000 + '"',
        "#" * 1_000_000 + "\n",
        "'" + "a" * 1_000_000 + "'=1\n",
        "x=[" + "1," * 300_000 + "]",
        "x='''" + "[{=." * 200_000 + "'''",
        'x="""' + '\\"' * 200_000 + '"""',
        "[[x]]\n" * 50_000,
    ],
    ids=["escapes", "a comment", "a key", "an array", "a text", "quotes", "tables"],
)
def test_large_toml_that_is_fine(text: str) -> None:
    assert in_child(lambda: parse_toml(text)) == ""


@pytest.mark.parametrize(
    "text", ['x="' * 100_000, "x='''" * 100_000, "'''\"" * 100_000, "a." * 90_000]
)
def test_text_without_an_end(text: str) -> None:
    assert in_child(lambda: parse_toml(text)).startswith("NotToml: ")


@pytest.mark.parametrize("case", DEEP_TOML)
@pytest.mark.parametrize("name", ["distil.toml", "distil.lock", "main.py"])
def test_each_reader_says_so_itself(case: str, name: str) -> None:
    text = DEEP_TOML[case]
    script = "# /// script\n" + "".join(f"# {line}\n" for line in text.splitlines()) + "# ///\n"
    readers: dict[str, Callable[[], object]] = {
        "distil.toml": lambda: parse_spec(text),
        "distil.lock": lambda: decode_lock(text, name),
        "main.py": lambda: script_metadata(script, name),
    }

    def read() -> None:
        with pytest.raises(DistilError, match=name):
            readers[name]()

    assert in_child(read) == ""


def test_not_toml_is_no_error_of_the_user() -> None:
    assert not issubclass(NotToml, DistilError)


# --- files of a project ----------------------------------------------------------------------

NAMES = (
    *("distil.toml", "distil.lock", "pyproject.toml", "uv.lock", "poetry.lock", "pylock.toml"),
    *("requirements.txt", "uv.toml", ".dockerignore", ".gitignore", "setup.cfg", "main.py"),
)
PROJECT = {"main.py": MAIN, "pyproject.toml": "[project]\nname = 'a'\nversion = '1'\n"}


@pytest.mark.parametrize("name", NAMES)
def test_a_fifo_in_place_of_a_file(cold: World, name: str) -> None:
    app = cold.app(PROJECT, "app")
    (app / name).unlink(missing_ok=True)
    os.mkfifo(app / name)
    hostile(cold, "build", app, "--dry-run").answered(0, 2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", ["/dev/zero", "/etc/shadow", "loop"])
def test_a_link_in_place_of_a_file(cold: World, name: str, target: str) -> None:
    app = cold.app(PROJECT, "app")
    (app / name).unlink(missing_ok=True)
    (app / name).symlink_to(target if target != "loop" else name)
    ended = hostile(cold, "build", app, "--dry-run")
    ended.answered(0, 2)
    assert "root:" not in ended.stderr


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "data", [b"\xff\xfe" * 5000, b"\0" * 5000, b"\x1b]0;x\x07" * 999, b"[" * 9999, b"a" * 2_000_000]
)
def test_a_file_of_rubbish(cold: World, name: str, data: bytes) -> None:
    app = cold.app(PROJECT | {name: data}, "app")
    hostile(cold, "build", app, "--dry-run").answered(0, 2)


def test_a_file_without_an_end(cold: World) -> None:
    app = cold.app(PROJECT, "app")
    for name in ("distil.toml", ".dockerignore", "uv.lock"):
        with (app / name).open("wb") as stream:
            stream.truncate(1 << 40)
        hostile(cold, "build", app, "--dry-run").refused("larger than")
        (app / name).unlink()


# --- paths that lead out ----------------------------------------------------------------------

VENDOR = "[[base.repositories]]\nurl = 'https://h/d'\nsuite = 't'\n"


@pytest.mark.parametrize(
    "text",
    [
        "[python]\nrequirements = '{}'\n",
        "[[copy]]\nto = '/srv/'\nfrom = '{}'\n",
        "[base]\ndebs = ['{}']\n",
        "[image]\ncertificates = ['{}']\n",
        VENDOR + "key = '{}'\n",
    ],
)
@pytest.mark.parametrize("way", ["absolute", "above", "a link", "a link to a directory"])
def test_a_path_of_distil_toml(cold: World, text: str, way: str) -> None:
    secret = cold.root / "secret.txt"
    secret.write_text(SECRET)
    app = cold.app({"main.py": MAIN}, "app")
    (app / "link").symlink_to("../secret.txt")
    (app / "links").symlink_to("..")
    paths = {"absolute": str(secret), "above": "../secret.txt", "a link": "link"}
    (app / "distil.toml").write_text(text.format(paths.get(way, "links/secret.txt")))
    ended = hostile(cold, "build", app, "--dry-run")
    ended.refused("out of|outside|an absolute path|no path in")
    assert SECRET not in ended.stderr


@pytest.mark.parametrize("option", ["-r", "-c", "--requirement=", "--constraint "])
@pytest.mark.parametrize(
    "way", ["../secret.txt", "{root}/secret.txt", "link.txt", "in/../../secret.txt"]
)
def test_what_a_requirements_file_includes(cold: World, option: str, way: str) -> None:
    (cold.root / "secret.txt").write_text(f"{SECRET} ===\n")
    app = cold.app({"main.py": MAIN, "in/a": ""}, "app")
    (app / "link.txt").symlink_to("../secret.txt")
    (app / "requirements.txt").write_text(f"{option} {way.format(root=cold.root)}\n")
    ended = hostile(cold, "build", app, "--dry-run")
    ended.refused("outside of the application's directory")
    assert SECRET not in ended.stderr


def test_a_repository_is_one_project(cold: World) -> None:
    (cold.root / "base.txt").write_text("flask\n")
    app = cold.app({"main.py": MAIN, "requirements.txt": "-r ../base.txt\n"}, "app")
    subprocess.run(["git", "init", "--quiet", cold.root], check=True)
    hostile(cold, "build", app, "--dry-run").answered(0)


def test_includes_that_fan_out(cold: World) -> None:
    files = {
        f"r{n}.txt": "".join(f"-r {'./' * k}r{n + 1}.txt\n" for k in range(10)) for n in range(15)
    }
    app = cold.app(
        {"main.py": MAIN, "requirements.txt": "-r r0.txt\n", "r15.txt": ""} | files, "app"
    )
    hostile(cold, "build", app, "--dry-run").answered(0)
    (app / "r15.txt").write_text("-r in/../r3.txt\n")
    (app / "in").mkdir()
    hostile(cold, "build", app, "--dry-run").refused("without end")


# --- names and values -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x=" + "[" * 100_000, "levels deep"),
        (f"[[copy]]\nfrom = 'main.py'\nto = '/{'a/' * 5000}b'\n", "4095 bytes"),
        (f"[[copy]]\nfrom = 'main.py'\nto = '/{'ü' * 150}'\n", "255 bytes"),
        ("[[copy]]\nfrom = 'main.py'\nto = '/proc/self/x'\n", "mount over /proc"),
        (f"[app]\nenvironment = {{{'A' * 1_000_000} = 'x'}}\n", "131071"),
        ('[app]\nentrypoint = ["python3", "\\u0000"]\n', "NUL"),
        ("[image]\nuser = '99999999999999999999'\n", "numeric"),
        ("[image]\nports = [99999999999999999999999]\n", "image.ports"),
        ("[image]\nports = [0xffffffffffffffffffffffffffffffff]\n", "image.ports"),
        ("[image.healthcheck]\ncommand = ['a']\ntimeout = 1e999\n", "timeout"),
        (f"'{'k' * 1_000_000}' = 1\n", "unknown key"),
        (f"[app]\nname = '{'n' * 1_000_000}'\n", ""),
        ('[app]\nname = "\\u001b[2J"\n', ""),
        ('[base]\nfrom = "debian:../../etc"\n', ""),
        ('[app]\npackages = ["../x", "a\\nb", "--help"]\n', ""),
    ],
)
def test_a_value(cold: World, text: str, says: str) -> None:
    app = cold.app({"main.py": MAIN, "distil.toml": text}, "app")
    hostile(cold, "build", app, "-o", f"oci:{cold.out}").refused(says)


def test_strange_values_that_are_data(cold: World) -> None:
    text = (
        '[app]\nenvironment = {A = "a\\nb\\u001b[2J"}\ncommand = ["\\n", "\\u202e"]\n'
        '[image]\nlabels = {"a\\nb" = "\\u001b]0;x\\u0007"}\n'
    )
    app = cold.app({"main.py": MAIN, "distil.toml": text}, "app")
    hostile(cold, "build", app, "-o", f"oci:{cold.out}", "-t", "a").answered(0)
    hostile(cold, "check", f"oci:{cold.out}:latest").answered(0)


def test_strange_names_of_files(cold: World) -> None:
    app = cold.app({"main.py": MAIN}, "app")
    for name in (b"\xff\xfe", b"a\nb", b"\x1b[2J", "ü".encode() * 127, b"a" * 255, b"-rf", b"\\"):
        Path(os.fsdecode(os.fsencode(app) + b"/" + name)).write_text("x")
    hostile(cold, "build", app, "-o", f"oci:{cold.out}", "-t", "a").answered(0)
    hostile(cold, "check", f"oci:{cold.out}:latest").answered(0)


def test_a_name_of_a_whiteout(cold: World) -> None:
    app = cold.app({"main.py": MAIN, "data/.wh.main.py": ""}, "app")
    hostile(cold, "build", app, "-o", f"oci:{cold.out}", "-t", "a").refused("hides a file")


def test_directories_inside_one_another(cold: World) -> None:
    app = cold.app({"main.py": MAIN}, "app")
    path = app
    for _ in range(900):
        path /= "d"
        path.mkdir()
    hostile(cold, "build", app, "--dry-run").refused("directories deep")
    (app / "distil.toml").write_text("[app]\nexclude = ['d']\n[base]\ndebs = ['**/x.deb']\n")
    hostile(cold, "build", app, "--dry-run").refused("directories deep")


def test_many_files(cold: World) -> None:
    app = cold.app({"main.py": MAIN, "distil.toml": "[app]\nexclude = ['data/*7']\n"}, "app")
    (app / "data").mkdir()
    for number in range(30_000):
        (app / "data" / f"{number}").symlink_to("../main.py")
    hostile(cold, "build", app, "-o", f"oci:{cold.out}", "-t", "a").answered(0)
