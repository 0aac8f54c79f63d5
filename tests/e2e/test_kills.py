"""SIGKILL at random moments of pulls and pushes: nothing wrong is left, and the next one works."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.reference import parse_image_name
from tests.support.command import DISTIL
from tests.support.images import layer, oci, sample_image
from tests.support.layouts import blob, manifest, tag_digest
from tests.support.memory_registry import MANIFEST, digest_of
from tests.support.nodes import file
from tests.support.registries import Registry, docker_registry

KILLS = 100 if os.environ.get("DISTIL_THOROUGH") else 4
"""Of pulls, and as many of pushes."""
IN_A_ROW = 2
"""Kills before one is let finish and the next begins with nothing."""
TAG = "1.0"


@dataclass
class Killing:
    """Copies of one image that are killed."""

    root: Path
    registry: Registry
    moments: random.Random

    @property
    def ours(self) -> Path:
        return self.root / "ours"

    @property
    def out(self) -> Path:
        return self.root / "out"

    def name(self, repository: str) -> str:
        return f"docker://{self.registry.place}/{repository}:{TAG}"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "DISTIL_CACHE_DIR": str(self.root / "cache"),
        }
        return subprocess.Popen(
            [DISTIL, *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def finish(self, *arguments: str) -> bytes:
        """Run a command that has to succeed."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
        return said

    def kill_one(self, seconds: float, *arguments: str) -> bool:
        """Whether the command was still at work when it was killed."""
        process = self.start(*arguments)
        time.sleep(self.moments.uniform(seconds / 4, seconds))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), said.decode()
        return process.returncode != 0

    def check_cache(self) -> None:
        """Every file in the cache is what it should be."""
        said = self.finish("cache", "gc", "--verify", "--format", "json")
        assert json.loads(said)["verified"]["removed"] == [], said.decode()
        assert list((self.root / "cache").rglob(".tmp-*")) == []

    def check_layout(self, *, may_lack: bool) -> None:
        """What was pulled is all there or not there."""
        if may_lack and not self.out.exists():
            return
        assert tag_digest(self.out, TAG) == tag_digest(self.ours, TAG)
        found = manifest(self.out, TAG)
        for part in (found["config"], *found["layers"]):
            assert digest_of(blob(self.out, part["digest"])) == part["digest"]

    def check_repository(self, repository: str, *, may_lack: bool) -> None:
        """What was pushed is all there, or has no tag."""
        base = f"{self.registry.url}/v2/{repository}"
        request = urllib.request.Request(f"{base}/manifests/{TAG}", headers={"Accept": MANIFEST})
        try:
            with urllib.request.urlopen(request) as answer:
                data = answer.read()
        except urllib.error.HTTPError as error:
            if (error.code, may_lack) == (404, True):
                return
            raise
        assert digest_of(data) == tag_digest(self.ours, TAG)
        document = json.loads(data)
        for part in (document["config"], *document["layers"]):
            with urllib.request.urlopen(f"{base}/blobs/{part['digest']}") as answer:
                assert digest_of(answer.read()) == part["digest"]


@pytest.fixture
def killing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killing]:
    """An image of 12 MB in three layers, and a registry of its own."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    cache = Cache(tmp_path / "made")
    source = random.Random(1)
    layers = [layer(cache, [file(f"/data{n}", source.randbytes(4 << 20))]) for n in range(3)]
    place = oci(tmp_path / "ours")
    write(name_image(sample_image(cache, *layers), [parse_image_name(f"s:{TAG}")], place), place)
    seed = random.randrange(1 << 32)
    print(f"the moments are those of seed {seed}")
    with docker_registry(tmp_path / "registry") as registry:
        yield Killing(tmp_path, registry, random.Random(seed))


def test_pulls(killing: Killing) -> None:
    source = killing.name("kills/pulled")
    killing.finish("copy", f"oci:{killing.ours}:{TAG}", source)
    arguments = ("copy", source, f"oci:{killing.out}:{TAG}")
    began = time.monotonic()
    killing.finish(*arguments)
    seconds = time.monotonic() - began
    killed = 0
    while killed < KILLS:
        if killed % IN_A_ROW == 0:
            killing.finish(*arguments)
            killing.check_layout(may_lack=False)
            for place in (killing.out, killing.root / "cache", *killing.root.glob(".out*")):
                shutil.rmtree(place, ignore_errors=True)
        killed += killing.kill_one(seconds, *arguments)
        killing.check_layout(may_lack=True)
        killing.check_cache()
    killing.finish(*arguments)
    killing.check_layout(may_lack=False)


def test_pushes(killing: Killing) -> None:
    began = time.monotonic()
    killing.finish("copy", f"oci:{killing.ours}:{TAG}", killing.name("kills/first"))
    seconds = time.monotonic() - began
    killed = 0
    while killed < KILLS:
        repository = f"kills/pushed{killed // IN_A_ROW}"
        arguments = ("copy", f"oci:{killing.ours}:{TAG}", killing.name(repository))
        killed += killing.kill_one(seconds, *arguments)
        killing.check_repository(repository, may_lack=True)
        killing.check_cache()
        if killed % IN_A_ROW == 0:
            killing.finish(*arguments)
            killing.check_repository(repository, may_lack=False)
