"""A build as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from distil.compose.summary import (
    BuildSummary,
    ComponentSummary,
    ComputedImports,
    ImageSummary,
    IndexSummary,
    StageSummary,
)
from distil.model.component import ToldProgram
from distil.model.policy import Outcome, RuleResult, ScanSummary
from distil.report.document import json_text
from distil.report.kinds import counted_kinds
from distil.report.printable import printable
from distil.report.units import columns, number, size


def to_json(summary: BuildSummary | IndexSummary) -> str:
    """The whole summary; ``schemaVersion`` changes when a field changes its meaning.

    The version of a runtime stands under its name.
    """
    document: dict[str, Any] = msgspec.to_builtins(summary, enc_hook=str)
    for one in document["platforms"] if isinstance(summary, IndexSummary) else [document]:
        one["plan"] = dict(_named_runtime(one["plan"]))
    return json_text(document)


def _named_runtime(plan: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in plan.items():
        yield (value["name"], value["version"]) if key == "runtime" else (key, value)


_OF_EACH: Final = ("size", "debug")
"""Titles of rows that each platform has of its own, be they the same."""


class Row(NamedTuple):
    """A line of the report. One that is `listed` shows its title after another one's only."""

    title: str
    text: str
    listed: bool = False


def to_text(summary: BuildSummary | IndexSummary, *, verbose: bool = False) -> str:
    """What was found, what was made of it, and what was checked.

    Of several platforms: what they have in common, and then what each has of its own.
    """
    platforms, plan = summary.platforms, summary.platforms[0].plan
    every = [_rows(one, verbose=verbose) for one in platforms]
    shared = [row for row in every[0] if all(row in rows for rows in every)]
    if len(platforms) > 1:
        shared = [row for row in shared if row.title not in _OF_EACH]
    names = ", ".join(one.plan.platform for one in platforms)
    release = f"({plan.release})" if " " in plan.release else plan.release
    head = [Row("base", f"{plan.base} {release}, {names}"), *shared, *_where(summary)]
    width = max(len(row.title) for rows in (head, *every) for row in rows)
    lines = [printable(f"{plan.application} {plan.version}".rstrip()), _block(head, width)]
    for one, rows in zip(platforms, every, strict=True):
        if own := [row for row in rows if row not in shared]:
            lines += [one.plan.platform, _block(own, width)]
    if verbose:
        lines += _tables(platforms)
    return "\n".join(lines)


def _tables(platforms: Sequence[BuildSummary]) -> Iterator[str]:
    """Everything that is in the images, and what is not; once where platforms are alike."""
    for title, table in (
        ("Debian packages", lambda one: _components(one.packages)),
        ("Python distributions", lambda one: _components(one.distributions)),
        ("Other components", lambda one: _components(_apart(one.others, one.programs))),
        ("Components of programs", _built_in),
        ("Left out", _cuts),
    ):
        texts = {one.plan.platform: table(one) for one in platforms}
        if not any(texts.values()):
            continue
        if len(set(texts.values())) == 1:
            texts = {"": table(platforms[0])}
        for platform, text in texts.items():
            yield f"{title}, {platform}\n{text}" if platform else f"{title}\n{text}"


def _block(rows: Sequence[Row], width: int) -> str:
    """`rows` as aligned text, titles in `width` characters."""
    before = [Row("", ""), *rows]
    titles = [
        "" if row.listed and row.title == last.title else row.title
        for row, last in zip(rows, before, strict=False)
    ]
    pairs = zip(titles, rows, strict=True)
    return columns([(title.ljust(width), row.text) for title, row in pairs])


def _rows(summary: BuildSummary, *, verbose: bool) -> list[Row]:
    rows = _plan(summary, verbose=verbose or not summary.images)
    return rows + _result(summary, verbose=verbose) if summary.images else rows


def _plan(summary: BuildSummary, *, verbose: bool) -> list[Row]:
    plan = summary.plan
    runtime = plan.runtime
    rows = [Row(runtime.name, runtime.version)] if runtime.version else []
    rows += [
        Row("packages", _counted(summary, verbose=verbose)),
        Row("entrypoint", " ".join(plan.entrypoint)),
    ]
    rows += _listed("stage", [*plan.stages, *map(_stage, summary.stages)])
    rows += _listed("repository", plan.repositories)
    rows += [
        Row("added", f"{', '.join(n.packages) or 'ldconfig'}: {n.distribution} {n.reason}")
        for n in plan.needs
    ]
    if plan.secrets:
        left_out = number(len(plan.secrets), "file or directory", "files or directories")
        rows.append(Row("secrets", f"{left_out} that may hold some left out (-v names them)"))
    if verbose:
        rows += [Row(e.subject, f"{e.finding} ({e.because})") for e in plan.evidence]
        rows += _listed("Debian", plan.packages) + _listed("wheels", plan.distributions)
        rows += _listed("in part", plan.partial_packages)
        rows += _listed("not followed", plan.not_followed)
        rows += _listed("debug twin", plan.debug_packages)
        rows += _listed("copied", plan.copied)
        rows += _listed("left out", plan.left_out)
    return rows


def _stage(stage: StageSummary) -> str:
    """What a stage stood on, and what it took."""
    on = f"{stage.name}: {stage.base}, {number(stage.packages, 'package')}"
    took = f"{stage.seconds:.1f} s"
    return f"{on}; {f'not run, as it was ({took})' if stage.cached else took}"


def _listed(title: str, entries: Sequence[str]) -> list[Row]:
    """One row for each entry, the title before the first."""
    return [Row(title, entry, listed=True) for entry in entries]


def _counted(summary: BuildSummary, *, verbose: bool) -> str:
    """What is in the image, or of what it would be made when there is none."""
    plan = summary.plan
    before = [number(len(plan.packages), "Debian package")]
    if plan.distributions:
        before.append(number(len(plan.distributions), "Python distribution"))
    if not summary.images:
        return f"{', '.join(before)}, before anything is left out"
    found = (*summary.packages, *summary.distributions, *summary.others)
    text = counted_kinds(one.kind for one in found)
    if verbose:
        counts = [str(len(plan.packages)), str(len(plan.distributions))]
        text += f", of {' and '.join(counts[: len(before)])} before anything was left out"
    return text


def _result(summary: BuildSummary, *, verbose: bool) -> list[Row]:
    production = summary.images[0]
    before = size(summary.size_before)
    sizes = (
        f"{before} → {size(production.uncompressed_size)} uncompressed, "
        f"{size(production.size)} compressed, {number(len(production.layers), 'layer')}"
    )
    rows = [Row("size", sizes), *_computed(summary.computed_imports, verbose=verbose)]
    rows += [Row("unhandled", one) for one in summary.unhandled]
    for remedy in summary.remedies:
        first, *rest = remedy.lines
        rows.append(Row("remedy", f"{', '.join(remedy.packages)}: {first}"))
        rows += [Row("", line) for line in rest]
    rows += _listed("program", [line for one in summary.programs for line in _program(one)])
    rows += _listed("privileged", [f"{one.path}: {one.what}" for one in summary.privileges])
    rows += [Row("check", f"PASS  {check.name}: {check.detail}") for check in summary.checks]
    rows += [Row("policy", _rule(one)) for one in summary.policy]
    if summary.scan is not None:
        rows.append(Row("scan", _scan(summary.scan)))
    rows += [_twin(image, production) for image in summary.images[1:]]
    return rows


def _rule(one: RuleResult) -> str:
    word = "PASS" if one.outcome is Outcome.HOLDS else one.outcome.upper()
    return "; ".join([f"{word}  {one.key}: {one.asked}", *one.remarks])


def _scan(scan: ScanSummary) -> str:
    """How many vulnerabilities are open, and what that is worth."""
    counts = ", ".join(f"{count:,} {word}" for word, count in scan.open.items())
    many = number(sum(scan.open.values()), "vulnerability", "vulnerabilities")
    settled = f", {scan.settled:,} settled" if scan.settled else ""
    verdict = scan.verdict
    reasons = f": {'; '.join(verdict.reasons)}" if verdict.reasons else ""
    return f"{many}{f' ({counts})' if counts else ''}{settled}; {verdict.answer}{reasons}"


def _program(told: ToldProgram) -> Iterator[str]:
    made_from = f", {number(len(told.components), 'component')}" if told.components else ""
    yield f"{told.path}: {told.what}{made_from}"
    yield from told.remarks


def _computed(imports: ComputedImports | None, *, verbose: bool) -> list[Row]:
    if imports is None:
        return []
    what = (
        f"{len(imports.places):,} computed: the whole standard library and every distribution is "
        f"kept, {size(imports.size)} more"
    )
    rows = [Row("imports", what if verbose else f"{what} (-v says where they are)")]
    return rows + (_listed("imports", imports.places) if verbose else [])


def _twin(image: ImageSummary, production: ImageSummary) -> Row:
    more = size(image.uncompressed_size - production.uncompressed_size)
    what = f"the same layers and {more} of tools"
    return Row("debug", f"{', '.join(image.references)} ({what})" if image.references else what)


def _where(summary: BuildSummary | IndexSummary) -> list[Row]:
    """Where the images are that no platform's own rows tell of."""
    rows: list[Row] = []
    if isinstance(summary, IndexSummary):
        rows = [Row("debug", ", ".join(image.references)) for image in summary.images[1:]]
    into = f"into {summary.engine}" if summary.engine else ""
    if isinstance(summary, IndexSummary) and summary.loaded:
        only = f"{summary.loaded} only, an engine takes one platform"
        into = f"{into}: {only}" if into else only
    return [*rows, Row("loaded", into)] if into else rows


def _components(components: tuple[ComponentSummary, ...]) -> str:
    rows = [
        (c.name, c.version, number(c.files, "file"), size(c.size), ", ".join(c.needed_by))
        for c in components
    ]
    return columns(rows)


def _apart(
    components: Sequence[ComponentSummary], programs: Sequence[ToldProgram]
) -> tuple[ComponentSummary, ...]:
    """`components` without those that the programs themselves tell of."""
    told = {(one.name, one.version) for program in programs for one in program.components}
    return tuple(one for one in components if (one.name, one.version) not in told)


def _built_in(summary: BuildSummary) -> str:
    rows = [
        (built_in.name, built_in.version, told.path)
        for told in summary.programs
        for built_in in told.components
    ]
    return columns(rows)


def _cuts(summary: BuildSummary) -> str:
    rows = [(c.rule, number(c.files, "file"), size(c.size), c.reason) for c in summary.cuts]
    return columns(rows)
