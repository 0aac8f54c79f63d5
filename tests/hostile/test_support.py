"""The limits of the tests with hostile input hold."""

from __future__ import annotations

import pytest

from tests.support.command import World
from tests.support.hostile import MEMORY, STOP, Place, hostile, in_child


def test_a_command_is_measured(place: Place) -> None:
    ended = place.distil("check", "oci:nowhere")
    ended.refused("nowhere")
    assert 10 << 20 < ended.peak < 150 << 20
    assert 0 < ended.seconds < 10


def test_a_build_within_the_limits(cold: World) -> None:
    ended = hostile(cold, "build", cold.app(), "-t", "shop", "-o", f"oci:{cold.out}")
    ended.answered(0)
    assert cold.out.exists()


def test_a_function_is_measured() -> None:
    assert in_child(lambda: None) == ""
    assert in_child(lambda: int("x")).startswith("ValueError: invalid literal")
    assert in_child(lambda: bytes(2 * STOP)).startswith("MemoryError")
    with pytest.raises(AssertionError, match=r"\d+ MB"):
        in_child(lambda: b"x" * (MEMORY + (256 << 20)))
