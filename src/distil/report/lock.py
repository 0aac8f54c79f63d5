"""A lock as text for people and as JSON for programs."""

from __future__ import annotations

from distil.locks.summary import LockedSummary, LockSummary
from distil.report.document import json_text
from distil.report.units import columns, number, size


def to_json(summary: LockSummary) -> str:
    """The whole summary; ``schemaVersion`` changes when a field changes its meaning."""
    return json_text(summary)


def to_text(summary: LockSummary) -> str:
    """What is locked, and a line for each version that changed."""
    rows = [_platform(platform) for platform in summary.platforms]
    if not summary.written:
        rows.append(("unchanged", "it fits; --upgrade looks for newer versions", ""))
    several = len(summary.platforms) > 1
    for change in summary.changes:
        verb = "upgraded" if change.before and change.after else "added"
        verb = verb if change.after else "removed"
        versions = " → ".join(filter(None, (change.before, change.after)))
        where = f"  ({change.platform})" if several else ""
        rows.append((verb, change.name, f"{versions}{where}"))
    if summary.vendored is not None:
        kept = summary.vendored
        rows.append(
            ("kept", kept.directory, f"{number(kept.archives, 'archive')}, {size(kept.size)}")
        )
    return columns(rows, indent="")


def _platform(platform: LockedSummary) -> tuple[str, str, str]:
    what = [number(platform.packages, "Debian package"), number(platform.distributions, "wheel")]
    if platform.projects:
        what.append(number(platform.projects, "project"))
    if platform.stages:
        what.append(number(platform.stages, "stage"))
    return ("locked", platform.platform, f"{', '.join(what)}; {platform.release}, {platform.date}")
