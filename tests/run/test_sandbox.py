"""Tasks in a sandbox: what they see, what they get, how they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.run.sandbox import able
from distil.run.task import Able
from tests.support.small_root import SmallRoot


@pytest.fixture
def small(tmp_path: Path) -> SmallRoot:
    return SmallRoot(tmp_path)


def test_a_program_writes_and_ends(small: SmallRoot) -> None:
    ended, said = small.run("echo one; echo two >&2; exit 3")
    assert (ended.status, ended.signal, said) == (3, 0, "one\ntwo\n")


def test_what_the_doctor_asks() -> None:
    assert isinstance(able(), Able)
