"""Looking at many things at once: answers, errors, and no waiting for what does not answer."""

from __future__ import annotations

import threading

import pytest

from distil.doctor.together import together
from distil.errors import NoAnswer, NoMirror


def test_answers_by_name() -> None:
    assert together({"a": lambda: 1, "b": lambda: 2}, 10) == {"a": 1, "b": 2}


def test_an_error_of_ours_is_an_answer() -> None:
    error = NoMirror("anywhere")

    def fails() -> int:
        raise error

    assert together({"a": fails, "b": lambda: 2}, 10) == {"a": error, "b": 2}


def test_a_defect_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        together({"a": lambda: 1 // 0}, 10)


def test_what_does_not_answer_is_left_behind() -> None:
    never = threading.Event()
    try:
        found = together({"slow": never.wait, "quick": lambda: True}, 0.2)
    finally:
        never.set()
    assert isinstance(found["slow"], NoAnswer)
    assert "slow" in found["slow"].message
    assert found["quick"] is True


def test_everything_runs_at_once() -> None:
    """Each waits for the other: one after the other they would never end."""
    met = threading.Barrier(2)
    found = together({"a": lambda: met.wait() >= 0, "b": lambda: met.wait() >= 0}, 20)
    assert found == {"a": True, "b": True}
