"""Quantities and tables as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.report.units import columns, number, size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (54_900_000, "54.9 MB"),
        (999_949_999, "999.9 MB"),
        (999_950_000, "1.0 GB"),
        (12_345_678_901_234, "12345.7 GB"),
    ],
)
def test_size(count: int, text: str) -> None:
    assert size(count) == text


@given(st.integers(1, 999_949_999_999))
def test_size_is_short_and_right(count: int) -> None:
    """Never more than three digits before the point, and off by half of the last digit at most."""
    value, unit = size(count).split()
    factor = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}[unit]
    assert float(value) < 1000
    assert abs(float(value) * factor - count) <= factor / 20 + 1e-6 * count


def test_number() -> None:
    assert number(1, "file") == "1 file"
    assert number(0, "file") == "0 files"
    assert number(1203, "entry", "entries") == "1,203 entries"


def test_columns() -> None:
    rows = [("a", "long", ""), ("bcd", "x", "y")]
    assert columns(rows) == "  a    long\n  bcd  x     y"
    assert columns([]) == ""
