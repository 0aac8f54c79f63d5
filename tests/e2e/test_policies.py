"""Every policy's self-test succeeds in an image, and fails where a file of the policy is gone."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from distil.formats.patterns import path_expression
from distil.reach.policies import Policy, shipped_policies
from tests.e2e.subjects import Subject
from tests.support.runners import BuiltImage, Completed, Launch, RuncRunner

pytestmark = [pytest.mark.engine, pytest.mark.network, pytest.mark.xdist_group("policies")]

POLICIES = {policy.name: policy for policy in shipped_policies().all}
SPECIFICATION = """
[app]
entrypoint = ["python3", "main.py"]

[base]
packages = [{packages}]
"""
ALL: tuple[str, ...] = ("libxml2", "ncurses-base")
"""The library converts character sets, and nothing depends on descriptions of terminals; all else
is there because of the self-tests themselves."""
SERVICES = {
    "PostgreSQL": ("postgresql-17", "dash"),
    "PostgreSQL clusters": ("postgresql-17", "dash"),
    "Redis": ("redis-server",),
    "HAProxy": ("haproxy",),
    "PHP at the command line": ("php8.4-cli", "php8.4-mbstring"),
    "PHP-FPM": ("php8.4-fpm", "php8.4-mbstring"),
    "memcached": ("memcached",),
    "nginx": ("nginx-light", "libnginx-mod-stream"),
}
"""Policies that are about packages of their own, which are in an image of their own."""
FEW = 6
"""Files of one pattern that are tried one by one; of more some are."""


@dataclass(frozen=True)
class Image:
    """An image that all policies apply to, unpacked."""

    built: BuiltImage
    runner: RuncRunner

    @property
    def root(self) -> Path:
        return self.runner.unpacked(self.built) / "rootfs"

    def run(self, policy: Policy) -> Completed:
        return self.runner.run(self.built, Launch(entrypoint=("python3", "-c", policy.selftest)))

    @contextmanager
    def without(self, path: str) -> Iterator[None]:
        place, aside = self.root / path[1:], self.root.parent / "aside"
        place.rename(aside)
        try:
            yield
        finally:
            aside.rename(place)


ImageOf = Callable[[str], Image]
"""The image that a policy is tried in."""


@pytest.fixture(scope="module")
def image_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageOf]:
    runner = RuncRunner()

    @functools.cache
    def made(packages: tuple[str, ...]) -> Image:
        source = tmp_path_factory.mktemp("policies")
        listed = ", ".join(f'"{package}"' for package in packages)
        (source / "distil.toml").write_text(SPECIFICATION.format(packages=listed))
        tests = (
            one.selftest for one in POLICIES.values() if SERVICES.get(one.name, ALL) == packages
        )
        functions = [
            f"def test_{number}():\n{textwrap.indent(selftest or 'pass', '    ')}\n"
            for number, selftest in enumerate(tests)
        ]
        (source / "main.py").write_text("\n".join(functions))
        subject = Subject("policies", source, lambda *_: None)
        return Image(subject.image("reachable", tmp_path_factory.mktemp("image")), runner)

    yield lambda name: made(SERVICES.get(name, ALL))
    runner.close()


@pytest.mark.parametrize("name", POLICIES)
def test_succeeds(name: str, image_of: ImageOf) -> None:
    image = image_of(name)
    done = image.run(POLICIES[name])
    assert done.status == 0, done.errors


@pytest.mark.parametrize(
    ("name", "pattern"),
    [(policy.name, pattern) for policy in POLICIES.values() for pattern in policy.keep],
)
def test_fails_without_a_file(name: str, pattern: str, image_of: ImageOf) -> None:
    image = image_of(name)
    expression = re.compile(path_expression((pattern,)))
    everything = sorted(
        f"/{path.relative_to(image.root)}"
        for path in image.root.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )
    without = re.compile(path_expression(POLICIES[name].without))
    kept = [path for path in everything if expression.fullmatch(path)]
    kept = [path for path in kept if not without.fullmatch(path)]
    if not kept:
        pytest.skip("this image has no such file")
    for path in kept if len(kept) <= FEW else kept[:: len(kept) // 3]:
        with image.without(path):
            assert image.run(POLICIES[name]).status != 0, f"{path} is not missed"
