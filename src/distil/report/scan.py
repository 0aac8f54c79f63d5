"""A scan in the form that is asked for; how each is written stands in a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from distil.model.condition import COUNTS, Condition, counting
from distil.model.finding import Finding, Scan

VEX: Final = ("openvex", "cyclonedx-vex")
"""Documents for other scanners."""
FORMS: Final = ("text", "json", "sarif", "markdown", "junit", *VEX)
"""All there are."""


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """How a scan is told: what counts, and whether an answer that is not complete fails."""

    conditions: tuple[Condition, ...] = COUNTS
    verbose: bool = False
    require_complete: bool = False
    version: str = ""
    """Of distil."""

    def counts(self, found: Finding) -> bool:
        """Whether any of the conditions holds for `found`."""
        return bool(counting([found], self.conditions))


def render(scans: Sequence[Scan], form: str, telling: Telling) -> str:
    """`scans`, one for each platform, in `form`, one of `FORMS`. Raises `NothingToName`."""
    if form in VEX:
        from distil.vulns.vex.table import FORMATS

        return FORMATS[form](scans, f"distil {telling.version}".strip()).decode().rstrip("\n")
    if form == "json":
        from distil.report.scan_json import to_json

        return to_json(scans)
    if form == "sarif":
        from distil.report.scan_sarif import to_sarif

        return to_sarif(scans, telling.version)
    if form == "markdown":
        from distil.report.scan_markdown import to_markdown

        return to_markdown(scans, telling.counts)
    if form == "junit":
        from distil.report.scan_junit import to_junit

        return to_junit(scans, telling.counts, require_complete=telling.require_complete)
    from distil.report.scan_text import to_text

    return to_text(scans, verbose=telling.verbose)
