"""What `recommend` says of an image, as text for people and as JSON for programs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Final

from distil.model.inventory import OS_KINDS, Answer
from distil.recommend.advice import Advice
from distil.recommend.bases import BaseOutcome
from distil.recommend.counts import Counts
from distil.recommend.rebuilt import Rebuilt
from distil.recommend.worth import Advised
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.scan_json import plain
from distil.report.scan_view import moment
from distil.report.units import columns, number, size

_MOST_SHOWN: Final = 8
"""Upgrades and packages that are listed when nobody asks for all."""
_HEADINGS: Final = (
    "",
    "transferred",
    "unpacked",
    "packages",
    "runtime",
    "critical",
    "high",
    "medium",
    "low",
    "unrated",
)


SCHEMA_VERSION: Final = 1


def to_json(found: Advice) -> str:
    """All that was found out, the bases that were tried among it."""
    status = found.database
    told = {
        **plain(found),
        "database": {"digest": status.digest, "built": moment(status.built)},
        "now": moment(found.now),
    }
    return json_text({"schemaVersion": SCHEMA_VERSION, "advice": told})


def to_text(found: Advice, *, verbose: bool = False) -> str:
    """What is there, then what to do: a rebuild, upgrades, another base.

    With `verbose`, every upgrade and package, and all about bases that could not be made.
    """
    return "\n".join(_lines(found, verbose=verbose))


def _lines(found: Advice, *, verbose: bool) -> Iterator[str]:
    system = f", {printable(found.system)}" if found.system else ""
    until = f", cared for until {printable(found.ends)}" if found.ends else ""
    yield f"image    {printable(found.image)} on {found.platform}{system}{until}"
    if found.runtime is not None:
        called = f"{found.runtime.title} {found.runtime.version}".rstrip()
        yield f"runtime  {printable(called)}: {printable(found.runtime.evidence)}"
    yield f"found    {told(found.counts)}"
    if found.counts.answer is not Answer.COMPLETE:
        yield f"verdict  {found.counts.answer.value}: {printable('; '.join(found.counts.why))}"
    if found.rebuilt is not None:
        yield ""
        yield from _rebuilt(found.rebuilt, verbose=verbose)
    if found.upgrades:
        yield ""
        yield from _upgrades(found, verbose=verbose)
    if found.bases:
        yield ""
        yield from _bases(found, verbose=verbose)
    for remark in found.remarks:
        yield ""
        yield f"note: {printable(remark)}"
    if not found.is_anything_better:
        yield ""
        yield "nothing that was tried is better than what is there"


def told(counts: Counts) -> str:
    """Counts as a few words: ``3 critical, 12 high; 9 can be fixed``."""
    parts = [
        f"{count:,} {word}"
        for count, word in (
            (counts.critical, "critical"),
            (counts.high, "high"),
            (counts.medium, "medium"),
            (counts.low, "low"),
            (counts.unrated, "unrated"),
        )
        if count
    ]
    if not parts and counts.answer is Answer.UNKNOWN:
        return "nothing is known of its vulnerabilities"
    if not parts:
        return "no vulnerabilities that count"
    more = [f"{counts.fixable:,} can be fixed"] * bool(counts.fixable)
    more += [f"{counts.exploited:,} exploited"] * bool(counts.exploited)
    return "; ".join((", ".join(parts), *more))


def _rebuilt(found: Rebuilt, *, verbose: bool) -> Iterator[str]:
    day = datetime.datetime.fromtimestamp(found.date, datetime.UTC).date().isoformat()
    what = "a rebuild today" if found.is_ours else "its packages as they are today"
    yield f"{what}, from {printable(found.base)} of {day}:"
    if not found.changes:
        yield "  no package would be another one"
        return
    changed = f"{number(len(found.changes), 'package')} would change"
    before, after = found.before.total, found.after.total
    yield f"  {changed}; {number(before, 'vulnerability', 'vulnerabilities')} → {after:,}"
    if found.fixes:
        yield f"  fixed: {_named(found.fixes, verbose=verbose)}"
    if found.brings:
        yield f"  new: {_named(found.brings, verbose=verbose)}"
    if verbose:
        rows = [(one.name, one.before, "→", one.after or "gone") for one in found.changes]
        yield columns(rows, "    ")


def _upgrades(found: Advice, *, verbose: bool) -> Iterator[str]:
    system = [one for one in found.upgrades if one.upgrade.kind in OS_KINDS]
    others = [one for one in found.upgrades if one.upgrade.kind not in OS_KINDS]
    yield "upgrades, those first that fix most for least change"
    most = None if verbose else _MOST_SHOWN
    yield columns([_upgrade(one, found.rebuilt) for one in (*others[:most], *system[:most])])
    hidden = sum(max(0, len(each) - _MOST_SHOWN) for each in (others, system))
    if hidden and not verbose:
        yield f"  and {hidden:,} more: -v lists all"


def _upgrade(one: Advised, rebuilt: Rebuilt | None) -> tuple[str, ...]:
    upgrade = one.upgrade
    is_had = rebuilt is None or bool(set(upgrade.fixes) & set(rebuilt.fixes))
    missing = "" if rebuilt is None or is_had else f"{rebuilt.base} does not have it yet"
    left = f", leaves {len(upgrade.remains):,}" if upgrade.remains else ""
    new = f", brings {len(upgrade.brings):,}" if upgrade.brings else ""
    lines = "; ".join(
        f"$ {line.text}" if line.where == "$" else f"{line.where}: {line.text}"
        for line in one.lines
    )
    return (
        upgrade.package,
        upgrade.installed,
        f"→ {upgrade.target}",
        upgrade.step,
        f"fixes {_brief(one.fixed)}{left}{new}",
        lines if upgrade.kind not in OS_KINDS else missing,
    )


def _brief(counts: Counts) -> str:
    worst = next(
        (
            f" ({count:,} {word})"
            for count, word in ((counts.critical, "critical"), (counts.high, "high"))
            if count
        ),
        "",
    )
    return f"{counts.total:,}{worst}"


def _bases(found: Advice, *, verbose: bool) -> Iterator[str]:
    runtime = found.runtime
    what = runtime.title if runtime is not None else "its program"
    yield f"bases for {what}, each made and scanned here"
    now = found.parts.system
    version = runtime.version if runtime is not None else ""
    packages = f"{now.components:,}"
    rows = [("what it has now", "", size(now.size), packages, version, *_counted(now.counts))]
    rows += [_base(one) for one in found.bases if not one.error]
    yield columns([_HEADINGS, *rows])
    failed = [one for one in found.bases if one.error]
    for one in failed if verbose else ():
        yield f"  {printable(one.candidate.title)}: {printable(one.error)}"
        if one.hint:
            yield f"    hint: {printable(one.hint)}"
    if failed and not verbose:
        yield f"  {number(len(failed), 'base')} could not be made: -v tells why"
    for one in found.bases:
        if one.lacking:
            yield f"  {printable(one.candidate.title)} lacks {printable(', '.join(one.lacking))}"
    own = found.parts.own
    if own.components or own.size:
        stays = f"{number(own.components, 'component')}, {size(own.size)}"
        yield f"  what stays on top of it: {stays}: {told(own.counts)}"
    if found.needed.is_musl:
        yield "  its compiled parts are for musl: for these bases they have to be installed anew"
    yield from _chosen("best", found.best, found)
    if found.newer is not None and found.newer != found.best:
        yield from _chosen("newer", found.newer, found)


def _chosen(what: str, outcome: BaseOutcome | None, found: Advice) -> Iterator[str]:
    if outcome is None or outcome.counts is None:
        return
    yield ""
    runtime = outcome.runtime
    called = f" with {runtime.title} {runtime.version}" if runtime is not None else ""
    left = number(outcome.counts.total, "vulnerability", "vulnerabilities")
    now = found.parts.system
    known = now.counts.answer is not Answer.UNKNOWN
    before = f"{now.counts.total:,}" if known else "unknown"
    change = f"{before} → {left}, {size(now.size)} → {size(outcome.uncompressed_size)}"
    yield f"{what}: {printable(outcome.candidate.title)}{printable(called)}: {change}"
    if outcome.ends > found.ends:
        yield f"  cared for until {printable(outcome.ends)}"
    if what == "newer" and found.runtime is not None and found.parts.own.components:
        old = f"{found.runtime.title} {printable(found.runtime.line)}"
        yield f"  what is compiled for {old} has to be installed anew"
    if outcome.candidate.lines:
        yield "  base/distil.toml"
        yield from (f"    {printable(line)}".rstrip() for line in outcome.candidate.lines)
    suite = outcome.candidate.base.rpartition(":")[2]
    name = f"{runtime.name}-base:{suite or 'latest'}" if runtime is not None else "app:1"
    for line in outcome.candidate.steps(name, found.image):
        text = printable(line.text)
        yield f"  $ {text}" if line.where == "$" else f"  {line.where}: {text}"


def _base(outcome: BaseOutcome) -> tuple[str, ...]:
    runtime = outcome.runtime
    counts = outcome.counts
    return (
        outcome.candidate.title,
        size(outcome.size),
        size(outcome.uncompressed_size),
        f"{outcome.packages:,}",
        runtime.version if runtime is not None else "",
        *(_counted(counts) if counts is not None else ("", "", "", "", "")),
    )


def _counted(counts: Counts) -> tuple[str, ...]:
    if counts.answer is Answer.UNKNOWN:
        return ("unknown", "", "", "", "")
    numbers = (counts.critical, counts.high, counts.medium, counts.low, counts.unrated)
    return tuple(f"{one:,}" for one in numbers)


def _named(ids: Sequence[str], *, verbose: bool) -> str:
    shown = ids if verbose else ids[:_MOST_SHOWN]
    more = f" and {len(ids) - len(shown):,} more" if len(shown) < len(ids) else ""
    return printable(", ".join(shown)) + more
