"""Looking at many things at once: answers, errors, and no waiting for what does not answer."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from distil.distros.debian.errors import NoMirror
from distil.doctor.together import together
from distil.errors import NoAnswer

_ALL_AT_ONCE = """
import subprocess, sys, threading, uv
from distil.runtimes.python.uv import uv_program
from distil.doctor.together import together

sys.setswitchinterval(1e-6)
met = threading.Barrier(8)
found = together({str(n): lambda: met.wait() >= 0 and uv_program() for n in range(8)}, 60)
print(len(set(found.values())))
"""


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


def test_uv_is_found_by_all_who_look_at_once() -> None:
    """In a new process, where CPython 3.11 has yet to fill what uv looks through."""
    command = [sys.executable, "-c", _ALL_AT_ONCE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
