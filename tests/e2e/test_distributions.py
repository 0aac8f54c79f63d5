"""Distributions of every kind, at the default level: each builds, and works there as installed.

What is proven for each: a program that imports nothing but the distribution's first module builds,
and in its image every public module of the distribution can be imported that can be imported
beside a plain Debian with the same version of Python, where the same distribution is installed by
uv. And a program that imports all of these modules, each on its way to the start, is not refused.

Public is what has no component with a leading underscore; test-suites do not count. Both sides run
in the same container, as the same user, without a network, with a read-only root.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.distributions.subject import (
    Distribution,
    build,
    failures,
    in_plain_debian,
    install,
    plain_debian,
)
from tests.e2e.distributions.table import DISTRIBUTIONS
from tests.support.runners import RuncRunner

pytestmark = [pytest.mark.engine, pytest.mark.network]

ALWAYS = ("trio",)
"""Part of every test run; the others take an hour together."""
THOROUGH = pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")
NAMED = {one.name: one for one in DISTRIBUTIONS}


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a plain Debian."""
    return plain_debian(tmp_path_factory.mktemp("plain") / "root")


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(d, id=name, marks=() if name in ALWAYS else (pytest.mark.thorough, THOROUGH))
        for name, d in NAMED.items()
    ],
)
def test_every_public_module_can_be_imported(
    one: Distribution, plain: Path, runc_runner: RuncRunner, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    names = install(one, site)
    image = build(one, [one.first], tmp_path / "first")
    mounts = in_plain_debian(plain, site)
    whole = failures(names, image, runc_runner, tmp_path / "in-plain", mounts)
    # What a package that fails had imported stays behind, and a later import would find it.
    good = [name for name in names if not any(f"{name}.".startswith(f"{bad}.") for bad in whole)]
    print(f"{one.name}: {len(good)} of {len(names)} public modules can be imported")
    assert one.first in good, whole
    part = failures(good, image, runc_runner, tmp_path / "in-image")
    assert {name: what for name, what in part.items() if name not in one.apart} == {}
    assert set(one.apart) <= set(part), "explained, and makes no difference"
    build(one, good, tmp_path / "all")


def test_what_is_not_there_is_noticed(plain: Path, runc_runner: RuncRunner, tmp_path: Path) -> None:
    one = NAMED["trio"]
    install(one, tmp_path / "site")
    image = build(one, [one.first], tmp_path / "first")
    root = runc_runner.unpacked(image) / "rootfs"
    (root / "usr/lib/python3.13/ssl.py").unlink()
    found = failures([one.first, "trio.testing"], image, runc_runner, tmp_path / "in-image")
    assert "ssl" in found[one.first]
