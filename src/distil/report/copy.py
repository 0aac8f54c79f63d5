"""What was copied, as text."""

from __future__ import annotations

from distil.pipeline.copy import CopySummary
from distil.report.printable import printable


def to_text(done: CopySummary) -> str:
    """A line on what was copied, and one on what is not as it was at the source."""
    platforms = printable(", ".join(dict.fromkeys(done.platforms))) or "an artifact"
    extra = f", {done.artifacts} artifacts about it" if done.artifacts else ""
    lines = [f"copied {platforms}{extra}: {done.digest}"]
    if done.is_new_index:
        lines.append("note: a new index was made for these platforms; the source has no such one")
    return "\n".join(lines)
