"""An apt for each suite, which reads its indexes once for all tests of a worker process."""

from __future__ import annotations

import functools

import pytest

from distil.distros.debian.errors import NoMirror
from distil.distros.debian.sources import find_mirrors
from tests.distros.debian.agreement import OracleOf
from tests.support.apt_oracle import AptOracle
from tests.support.tools import tool


@pytest.fixture(scope="session")
def oracle_of(tmp_path_factory: pytest.TempPathFactory) -> OracleOf:
    """An apt for Debian itself; skips where there is no apt, no mirror or no network."""

    @functools.cache
    def made(suite: str, architecture: str) -> AptOracle:
        tool("apt-get")
        try:
            mirrors = find_mirrors()
        except NoMirror as error:
            pytest.skip(str(error))
        directory = tmp_path_factory.mktemp(f"apt-{suite}-{architecture}")
        oracle = AptOracle.debian(directory, mirrors, suite, architecture)
        if failed := oracle.update():
            pytest.skip(f"the Debian mirror cannot be used: {failed}")
        return oracle

    return made
