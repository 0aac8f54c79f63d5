"""What `recommend` found out, as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from distil.model.inventory import Answer
from distil.recommend.counts import Counts
from distil.recommend.outcome import Outcome, Recommendation
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.units import columns, number, size
from distil.run.trial import Begun, Kind

_VULNERABLE = "vulnerabilities"
_HEADINGS = ("", "compressed", "unpacked", "packages", _VULNERABLE, "start")


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    schema_version: int = 1
    recommendation: Recommendation


def to_json(found: Recommendation) -> str:
    """All outcomes with what each changes, and the best ones again."""
    return json_text(_Document(recommendation=found))


def to_text(found: Recommendation, *, verbose: bool = False) -> str:
    """A row for each outcome, and what ``distil.toml`` has to say for the best.

    With `verbose`, what each image lacks as well.
    """
    return "\n".join(_lines(found, verbose=verbose))


def _lines(found: Recommendation, *, verbose: bool) -> Iterator[str]:
    yield f"{printable(found.application)} on {found.platform}, each built and started here"
    yield columns(list(_table(found)))
    for one in found.outcomes:
        yield from _notes(one, verbose=verbose)
    if found.unscanned:
        yield f"nothing was scanned: {printable(found.unscanned)}"
    if found.unstarted:
        yield f"nothing was started: {printable(found.unstarted)}"
    yield ""
    if found.smallest is None:
        yield "nothing that was tried works"
        if any(one.begun is not None for one in found.outcomes):
            yield "hint: what a program needs to start follows --: distil recommend . -- ARGS"
        return
    yield from _named("smallest", found.smallest)
    if found.quickest is not None:
        yield from _named("starts first", found.quickest)
    if found.safest is not None:
        yield from _named("fewest vulnerabilities", found.safest)


def _table(found: Recommendation) -> Iterator[tuple[str, ...]]:
    """The rows, with vulnerabilities where anything was scanned."""
    at = _HEADINGS.index(_VULNERABLE)
    is_scanned = any(one.counts is not None for one in found.outcomes)
    for row in (_HEADINGS, *(_row(one) for one in found.outcomes if not one.error)):
        yield row if is_scanned else (*row[:at], *row[at + 1 :])


def _row(outcome: Outcome) -> tuple[str, ...]:
    components = f" + {outcome.components:,}" if outcome.components else ""
    return (
        outcome.candidate.title,
        size(outcome.size),
        size(outcome.uncompressed_size),
        f"{outcome.packages:,}{components}",
        "" if outcome.counts is None else _vulnerable(outcome.counts),
        "" if outcome.begun is None else _start(outcome.begun),
    )


def _vulnerable(counts: Counts) -> str:
    """How many vulnerabilities there are, and the bad ones: ``12: 1 critical, 3 high``."""
    if counts.answer is Answer.UNKNOWN:
        return "unknown"
    bad = [f"{counts.critical:,} critical"] * bool(counts.critical)
    bad += [f"{counts.high:,} high"] * bool(counts.high)
    return f"{counts.total:,}" + (f": {', '.join(bad)}" if bad else "")


def _start(begun: Begun) -> str:
    after = f"{begun.seconds:.2f} s"
    if begun.kind is Kind.LISTENS:
        return f"listens at {begun.port} after {after}"
    if begun.kind is Kind.ENDS:
        return f"ends with {begun.status} after {after}"
    if begun.kind is Kind.PRINTS:
        return f"says something after {after}, listens nowhere"
    return f"says nothing and listens nowhere for {after}"


def _notes(outcome: Outcome, *, verbose: bool) -> Iterator[str]:
    title = printable(outcome.candidate.title)
    if outcome.error:
        first, *more = outcome.error.splitlines()
        yield f"  {title}: {printable(first)}"
        yield from (f"    {printable(line)}" for line in (more if verbose else ()))
        if outcome.hint and verbose:
            yield f"    hint: {printable(outcome.hint)}"
    elif not outcome.works and outcome.begun is not None:
        yield f"  {title} fails: {printable(outcome.begun.said)}"
    if outcome.lacking:
        yield f"  {title} lacks {number(len(outcome.lacking), 'thing')} that may be wanted" + (
            ":" if verbose else ": `distil build` names them, and so does -v"
        )
        yield from (f"    {printable(line)}" for line in (outcome.lacking if verbose else ()))


def _named(what: str, outcome: Outcome) -> Iterator[str]:
    lines = outcome.candidate.lines
    yield f"{what}: {printable(outcome.candidate.title)}" + (", with" if lines else "")
    yield from (f"    {printable(line)}" for line in lines)
