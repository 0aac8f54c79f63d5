"""An image with byte code: Python uses it, and it is the same for every processor."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import source_from_cache
from pathlib import Path

import pytest

from distil.explain.explain import Question
from distil.fetch.cache import Cache
from distil.image.read_tree import read_tree
from distil.model.origin import GeneratedOrigin
from distil.model.reference import parse_location
from distil.model.tree import Tree
from distil.pipeline import why
from distil.runtimes.python.byte_code_files import RULE, byte_code_path
from tests.e2e.subjects import SUBJECTS
from tests.e2e.workloads import WORKLOADS, Surroundings
from tests.support.browser import await_answer
from tests.support.images import open_image
from tests.support.runners import BuiltImage
from tests.support.tracing import TracingRunner

pytestmark = [pytest.mark.engine, pytest.mark.network]

NAME = "flask-hello"


def built(
    layout: Path, platform: str, source: Path = SUBJECTS[NAME].source, *options: str
) -> BuiltImage:
    tag = f"{NAME}:{platform.rpartition('/')[2]}"
    command = [sys.executable, "-m", "distil", "build", str(source), "-t", tag, *options]
    command += ["--bytecode", "compiled", "--platform", platform, "--no-debug"]
    done = subprocess.run(
        [*command, "-o", f"oci:{layout}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return BuiltImage(tag, layout, Path())


def tree(image: BuiltImage, tmp_path: Path) -> Tree:
    stored = open_image(parse_location(f"oci:{image.layout}:{image.tag}"))
    return read_tree(stored.layers, Cache(tmp_path / "cache"))


def lock_for(source: Path, *platforms: str) -> None:
    command = [
        sys.executable,
        "-m",
        "distil",
        "lock",
        str(source),
        "--platform",
        ",".join(platforms),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def digest(image: BuiltImage) -> str:
    return str(open_image(parse_location(f"oci:{image.layout}:{image.tag}")).descriptor.digest)


@pytest.fixture
def tracing() -> Iterator[TracingRunner]:
    runner = TracingRunner()
    yield runner
    runner.close()


def test_started_without_reading_a_source(
    tracing: TracingRunner, around: Surroundings, tmp_path: Path
) -> None:
    image = built(tmp_path / "layout", "linux/amd64")
    running = tracing.start(image, WORKLOADS[NAME].launch(around))
    await_answer(running.url)
    running.stop()
    opened = {access.path for access in tracing.accesses(image) if access.opened}
    files = {node.path for node in tree(image, tmp_path)}
    compiled = {path for path in opened if path.endswith(".pyc")}
    assert len(compiled) > 200
    assert "/app/__pycache__/app.cpython-313.pyc" in compiled
    sources = {path for path in opened if path.endswith(".py")}
    assert {path for path in sources if byte_code_path(path, "3.13") in files} == set()
    SUBJECTS[NAME].work(tracing, image, around)


def test_the_same_on_another_processor_and_each_with_a_reason(tmp_path: Path) -> None:
    images = [built(tmp_path / "layout", platform) for platform in ("linux/amd64", "linux/arm64")]
    found = [
        {node.path: node.blob for node in tree(image, tmp_path) if node.path.endswith(".pyc")}
        for image in images
    ]
    digests = [{path: b.digest for path, b in one.items() if b is not None} for one in found]
    assert digests[0] == digests[1]
    path = min(digests[0])
    place = f"oci:{images[0].layout}:{images[0].tag}"
    (explained,) = why(place, Question(path=path)).answer.explanations
    assert explained.kept.origin == GeneratedOrigin(RULE)
    assert explained.kept.reasons[0].because == source_from_cache(path)


def test_a_lock_holds_what_makes_it(tmp_path: Path) -> None:
    """Also for another processor, as long as this one's packages are locked too."""
    source, platforms = tmp_path / "application", ("linux/amd64", "linux/arm64")
    shutil.copytree(SUBJECTS[NAME].source, source)
    lock_for(source, "linux/arm64")
    with pytest.raises(AssertionError, match="holds no Python for linux/amd64"):
        built(tmp_path / "locked", "linux/arm64", source, "--locked")
    lock_for(source, *platforms)
    for platform in platforms:
        free = built(tmp_path / "free", platform, source)
        locked = built(tmp_path / "locked", platform, source, "--locked")
        assert digest(locked) == digest(free)
