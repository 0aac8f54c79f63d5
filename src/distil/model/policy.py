"""What the rules of ``[policy]`` come to."""

from __future__ import annotations

import enum

import msgspec

from distil.model.inventory import Verdict


class Outcome(enum.StrEnum):
    """How an image stands to a rule; the values are written into documents."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNTOLD = "untold"
    """It cannot be told whether it holds."""
    SKIPPED = "skipped"
    """It was asked not to look."""


class RuleResult(msgspec.Struct, frozen=True):
    """One rule: its `key` in ``[policy]``, what is asked for in words, and what came of it.

    `faults` are what breaks it, each a sentence; `remarks` are what it let pass and should be
    known; `hint` is what to do about faults.
    """

    key: str
    asked: str
    outcome: Outcome
    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    hint: str = ""


class ScanSummary(msgspec.Struct, frozen=True):
    """What is known of an image's vulnerabilities, in numbers.

    `open` counts those that are open by the word of their severity, the worst first; `settled`
    those that statements settle somewhere. `database` is the digest of the state that was asked.
    """

    open: dict[str, int]
    settled: int
    verdict: Verdict
    database: str


class Judgement(msgspec.Struct, frozen=True):
    """How an image stands to ``[policy]``: what each rule comes to, and what a scan found."""

    rules: tuple[RuleResult, ...] = ()
    scan: ScanSummary | None = None
