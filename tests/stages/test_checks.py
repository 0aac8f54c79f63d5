"""What can never be right about stages is said before anything is run, with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.formats.errors import InvalidSpec
from distil.formats.spec_toml import parse_spec
from distil.stages.checks import check_stages, memory_bytes
from distil.stages.stage_base import base_of_stage, lineage, needed_stages

RIGHT = """
[base]
from = "debian:bookworm"
[[stage]]
name = "deps"
packages = ["npm"]
run = ["npm ci"]
network = true
mounts = [{cache = "npm", at = "/root/.npm"}, {secret = "npmrc", at = "/root/.npmrc"}]
[[stage]]
name = "builder"
base = "deps"
packages = ["make", "npm"]
run = [["make", "all"]]
[[stage]]
name = "files"
base = "docker.io/library/busybox:1"
[[copy]]
stage = "builder"
from = "/src/dist"
to = "/app"
"""


def check(tmp_path: Path, text: str) -> None:
    (tmp_path / "distil.toml").write_text(text)
    check_stages(tmp_path, parse_spec(text))


def test_what_is_right(tmp_path: Path) -> None:
    check(tmp_path, RIGHT)
    spec = parse_spec(RIGHT)
    assert [stage.name for stage in lineage(spec, "builder")] == ["deps", "builder"]
    assert [stage.name for stage in needed_stages(spec)] == ["deps", "builder"]
    ground = base_of_stage(spec, "builder")
    # The application's own suite: what is linked there runs on it.
    assert ground.source == "debian:bookworm"
    assert ground.packages == ("npm", "make")
    assert base_of_stage(spec, "files").source == "docker.io/library/busybox:1"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('name = "builder"', 'name = "deps"', "there is a stage 'deps' already"),
        ('name = "builder"', 'name = "a b"', "no name of a stage"),
        ('name = "builder"', 'name = "scratch"', "no name of a stage"),
        ('base = "deps"', 'base = "dep"', "there is no stage 'dep' above"),
        ('base = "deps"', 'base = "builder"', "cannot begin with itself"),
        ('base = "deps"', 'base = "files"', "comes after"),
        ('run = [["make", "all"]]\n', "", ""),
        ('packages = ["npm"]\nrun = ["npm ci"]', "", "runs nothing"),
        ('[["make", "all"]]', "[[]]", "names no program"),
        ('[["make", "all"]]', '[" "]', "names no program"),
        ("network = true", 'environment = {"A=B" = "1"}', "no name of a variable"),
        ("network = true", 'workdir = "src"', "no path in a stage"),
        ("network = true", 'workdir = "/proc/x"', "engines mount over"),
        ("network = true", "seconds = 0", "no number of seconds"),
        ("network = true", 'memory = "much"', "no amount of memory"),
        ('cache = "npm"', 'cache = "npm", secret = "x"', "both a cache and a secret"),
        ('cache = "npm", ', "", "neither a cache nor a secret"),
        ('cache = "npm"', 'cache = "../x"', "no name of a cache"),
        ('"/root/.npmrc"', '"/root/.npm/"', "or not twice"),
        ('"/root/.npmrc"', '"/"', "nothing can be mounted at the root"),
        ('"/root/.npmrc"', '"/a/../b"', "no path in a stage"),
        ('stage = "builder"', 'stage = "bulider"', "there is no stage 'bulider'"),
    ],
)
def test_what_is_wrong(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert old in RIGHT
    text = RIGHT.replace(old, new, 1)
    if not what:
        check(tmp_path, text)
        return
    with pytest.raises(InvalidSpec) as wrong:
        check(tmp_path, text)
    assert what in wrong.value.message
    assert wrong.value.line is not None


def test_a_slip_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec) as wrong:
        check(tmp_path, RIGHT.replace('stage = "builder"', 'stage = "bulider"'))
    assert wrong.value.hint == "did you mean builder?"


def test_amounts_of_memory() -> None:
    assert [memory_bytes(text) for text in ("7", "1k", "512m", "4G")] == [
        7,
        1024,
        512 << 20,
        4 << 30,
    ]
