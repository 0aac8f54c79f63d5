"""What a look at this machine found, as values."""

from __future__ import annotations

import enum

import msgspec

from distil.errors import DistilError


class Status(enum.StrEnum):
    """How something stands."""

    PASS = "pass"  # noqa: S105 - not a password
    """It is there and works."""
    WARN = "warn"
    """distil can do without, or can still do with it; somebody should look at it."""
    FAIL = "fail"
    """distil cannot build here because of it."""
    NONE = "none"
    """It is not there and need not be, or was not looked at."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at: what was found and, where it is wanting, what to do.

    `details` are lines for those who want to know more.
    """

    subject: str
    status: Status
    text: str
    hint: str = ""
    details: tuple[str, ...] = ()


class Section(msgspec.Struct, frozen=True):
    """Findings that belong together."""

    title: str
    findings: tuple[Finding, ...]


class Diagnosis(msgspec.Struct, frozen=True):
    """All that was found. `offline`: what needs the network was not looked at."""

    offline: bool
    sections: tuple[Section, ...]

    @property
    def can_build(self) -> bool:
        """Whether nothing that building needs is missing."""
        return not any(
            finding.status is Status.FAIL
            for section in self.sections
            for finding in section.findings
        )

    @property
    def runners(self) -> tuple[str, ...]:
        """What images can be run with here."""
        section = next(s for s in self.sections if s.title == RUNNING)
        return tuple(f.subject for f in section.findings if f.status is Status.PASS)


BUILDING = "building"
SOURCES = "sources"
RUNNING = "running"


def failed(subject: str, error: DistilError, status: Status = Status.FAIL) -> Finding:
    """What an error of ours says about `subject`."""
    return Finding(subject, status, error.message, error.hint)


def absent(subject: str, why: str, hint: str = "") -> Finding:
    """`subject` is not there, which is no fault."""
    return Finding(subject, Status.NONE, why, hint)
