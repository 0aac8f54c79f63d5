"""What is released: the wheel and the source archive, built in clones of this checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.tools import run_tool

ROOT = Path(__file__).resolve().parents[1]
GENERATED = "distil/_version.py"
EPOCH = "1700000000"


def git(*arguments: str | Path, cwd: Path = ROOT) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone without tags, of what is committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    place = tmp_path_factory.mktemp("clone") / "distil"
    git("clone", "--quiet", "--no-tags", ROOT, place)
    return place


def build(source: Path, target: Path, kind: str = "wheel", umask: int = 0o022) -> Path:
    """Build `source` with the back end installed here, without network."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SETUPTOOLS_SCM", "VCS_"))}
    environment = {**kept, "SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run(
        command,
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        umask=umask,
    )
    assert done.returncode == 0, done.stderr
    (found,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return found


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(clone, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(clone, tmp_path_factory.mktemp("sdist"), "sdist")


def test_the_wheel_holds_what_git_has(clone: Path, wheel: Path) -> None:
    """Every module and every data file (cuts, policies, rules, keyrings), and nothing else."""
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    tracked = {line.removeprefix("src/") for line in git("ls-files", "src", cwd=clone).split("\n")}
    assert code == {name for name in tracked if name} | {GENERATED}
    for name in code - {GENERATED}:
        assert zipfile.ZipFile(wheel).read(name) == (clone / "src" / name).read_bytes(), name
    about = {name.partition("/")[2] for name in names - code}
    assert about == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def test_the_same_wheel_again(clone: Path, wheel: Path, tmp_path: Path) -> None:
    """In another directory, with another umask and other times of files."""
    other = tmp_path / "elsewhere"
    git("clone", "--quiet", "--no-tags", clone, other)
    again = build(other, tmp_path / "wheel", umask=0o077)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_source_archive_makes_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    run_tool("tar", "--extract", "--file", sdist, "--directory", tmp_path)
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = build(source, tmp_path / "wheel")
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_source_archive_holds_what_git_has(clone: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = set(git("ls-files", cwd=clone).split("\n")) - {""}
    assert names == tracked | {f"src/{GENERATED}", "PKG-INFO"}


@pytest.mark.parametrize(
    ("tag", "version"), [("v1.2.3", r"1\.2\.3"), ("", r"0\.1\.1\.dev\d+\+g[0-9a-f]+")]
)
def test_the_version_is_the_tags(clone: Path, tmp_path: Path, tag: str, version: str) -> None:
    place = tmp_path / "distil"
    git("clone", "--quiet", "--no-tags", clone, place)
    if tag:
        git("tag", tag, cwd=place)
    found = build(place, tmp_path / "wheel").name.split("-")[1]
    assert re.fullmatch(version, found), found
    if tag:
        (place / "more").write_text("")
        git("add", "more", cwd=place)
        git("commit", "--quiet", "-m", "more", cwd=place)
        after = build(place, tmp_path / "later").name.split("-")[1]
        assert after.startswith("1.2.4.dev1+g")


def test_an_archive_without_git(clone: Path, tmp_path: Path) -> None:
    """Of a tag it has the tag's version; where there was never a tag it still builds."""
    place = tmp_path / "distil"
    git("clone", "--quiet", "--no-tags", clone, place)
    for tag, version in (("", "0.0-"), ("v2.0.1", "2.0.1-")):
        if tag:
            git("tag", tag, cwd=place)
        source = tmp_path / f"source{tag}"
        source.mkdir()
        git("archive", "--output", tmp_path / "archive.tar", "HEAD", cwd=place)
        run_tool("tar", "--extract", "--file", tmp_path / "archive.tar", "--directory", source)
        built = build(source, tmp_path / f"wheel{tag}").name
        assert built.startswith(f"distil-{version}"), built


def test_a_copy_without_git(clone: Path, tmp_path: Path) -> None:
    place = tmp_path / "distil"
    git("clone", "--quiet", "--no-tags", clone, place)
    shutil.rmtree(place / ".git")
    assert build(place, tmp_path / "wheel").name.startswith("distil-0.1.0-")


def test_python_runs_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """`python -m distil`, from what was unpacked and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    script = "import distil; print(distil.__file__)"
    command = [sys.executable, "-c", script]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith(str(tmp_path))
    command = [sys.executable, "-m", "distil", "--version"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout == f"distil {wheel.name.split('-')[1]}\n"
