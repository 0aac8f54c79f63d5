"""Which findings count, word by word."""

from __future__ import annotations

from typing import Any

import pytest

from distil.model.advisory import Exploited, Severity
from distil.model.condition import Condition, counting, parse_condition
from distil.model.errors import UnknownCondition
from distil.model.finding import Finding, Standing, Statement


def finding(**told: Any) -> Finding:
    return Finding(
        id="CVE-2026-1",
        component="c",
        kind="deb",
        name="libx",
        installed="1",
        purl="",
        package="x",
        ecosystem="Debian:12",
        **told,
    )


UNRATED = finding()
LOW = finding(severity=Severity.LOW)
HIGH = finding(severity=Severity.HIGH)
CRITICAL_FIXABLE = finding(severity=Severity.CRITICAL, fixed=("2",))
LOW_EXPLOITED = finding(severity=Severity.LOW, exploited=Exploited("2026-01-01"))
SETTLED = finding(
    severity=Severity.CRITICAL, statements=(Statement(standing=Standing.NOT_AFFECTED, by="x"),)
)
EVERYTHING = (UNRATED, LOW, HIGH, CRITICAL_FIXABLE, LOW_EXPLOITED, SETTLED)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["any"], [UNRATED, LOW, HIGH, CRITICAL_FIXABLE, LOW_EXPLOITED]),
        (["low"], [LOW, HIGH, CRITICAL_FIXABLE, LOW_EXPLOITED]),
        (["high"], [HIGH, CRITICAL_FIXABLE]),
        (["critical"], [CRITICAL_FIXABLE]),
        (["kev"], [LOW_EXPLOITED]),
        (["fixable"], [CRITICAL_FIXABLE]),
        (["high+fixable"], [CRITICAL_FIXABLE]),
        (["high+kev"], []),
        (["high+fixable", "kev"], [CRITICAL_FIXABLE, LOW_EXPLOITED]),
        (["low+critical"], [CRITICAL_FIXABLE]),
        (["any+fixable"], [CRITICAL_FIXABLE]),
        ([], []),
    ],
)
def test_what_counts(texts: list[str], expected: list[Finding]) -> None:
    assert list(counting(EVERYTHING, [parse_condition(text) for text in texts])) == expected


@pytest.mark.parametrize("text", ["any", "medium", "kev", "high+kev", "critical+kev+fixable"])
def test_written_as_it_was_read(text: str) -> None:
    assert str(parse_condition(text)) == text


@pytest.mark.parametrize("text", ["", "+", "high+", "hihg", "HIGH", "high fixable", "unknown"])
def test_words_that_mean_nothing(text: str) -> None:
    with pytest.raises(UnknownCondition):
        parse_condition(text)


def test_a_slip_is_told() -> None:
    with pytest.raises(UnknownCondition, match="did you mean high"):
        parse_condition("fixable+hihg")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("HIGH", "write high"),
        ("High+Fixable", "write high+fixable"),
        (
            "HIGH,CRITICAL",
            "name each on its own: high, critical; a severity stands for all that is",
        ),
        ("critical, kev", "name each on its own: critical, kev;"),
        ("HIGH,hihg", ""),
        ("HIHG", "did you mean high?"),
    ],
)
def test_words_as_other_scanners_take_them(text: str, hint: str) -> None:
    with pytest.raises(UnknownCondition) as caught:
        parse_condition(text)
    assert (caught.value.hint or "").startswith(hint)


def test_what_is_settled_never_counts() -> None:
    assert not Condition().holds(SETTLED)
