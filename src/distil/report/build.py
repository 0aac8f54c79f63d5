"""A build as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence

from distil.build.summary import BuildSummary, Component, ImageSummary, PlanSummary
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.units import columns, number, size


def to_json(summary: BuildSummary) -> str:
    """The whole summary; ``schemaVersion`` changes when a field changes its meaning."""
    return json_text(summary)


def to_text(summary: BuildSummary, *, verbose: bool = False) -> str:
    """What was found, what was made of it, and what was checked."""
    plan = summary.plan
    rows = _plan(plan, verbose=verbose or not summary.images)
    if summary.images:
        rows += _result(summary)
    lines = [printable(f"{plan.application} {plan.version}".rstrip()), columns(rows)]
    if verbose:
        lines.append(_components("Debian packages", summary.packages))
        lines.append(_components("Python distributions", summary.distributions))
        lines.append(_cuts(summary))
    return "\n".join(lines)


def _plan(plan: PlanSummary, *, verbose: bool) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("base", f"{plan.base} {plan.release}, {plan.platform}"),
        ("python", plan.python),
        ("packages", _counted(plan)),
        ("entrypoint", " ".join(plan.entrypoint)),
    ]
    rows += _listed("repository", plan.repositories)
    rows += [
        ("added", f"{', '.join(n.packages) or 'ldconfig'}: {n.distribution} {n.reason}")
        for n in plan.needs
    ]
    if verbose:
        rows += [(entry.subject, f"{entry.finding} ({entry.because})") for entry in plan.evidence]
        rows += _listed("Debian", plan.packages) + _listed("wheels", plan.distributions)
        rows += _listed("in part", plan.partial_packages)
        rows += _listed("not followed", plan.not_followed)
        rows += _listed("debug twin", plan.debug_packages)
        rows += _listed("copied", plan.copied)
        rows += _listed("left out", plan.left_out)
    return rows


def _listed(title: str, entries: Sequence[str]) -> list[tuple[str, ...]]:
    """One row for each entry, the title before the first."""
    return [(title if number == 0 else "", entry) for number, entry in enumerate(entries)]


def _counted(plan: PlanSummary) -> str:
    return (
        f"{number(len(plan.packages), 'Debian package')}, "
        f"{number(len(plan.distributions), 'Python distribution')}"
    )


def _result(summary: BuildSummary) -> list[tuple[str, ...]]:
    production = summary.images[0]
    before = size(summary.size_before)
    sizes = (
        f"{before} → {size(production.uncompressed_size)} uncompressed, "
        f"{size(production.size)} compressed, {number(len(production.layers), 'layer')}"
    )
    rows: list[tuple[str, ...]] = [("size", sizes)]
    rows += [("unhandled", one) for one in summary.unhandled]
    rows += [("check", f"PASS  {check.name}: {check.detail}") for check in summary.checks]
    rows += [_twin(image, production) for image in summary.images[1:]]
    if summary.engine:
        rows.append(("loaded", f"into {summary.engine}"))
    return rows


def _twin(image: ImageSummary, production: ImageSummary) -> tuple[str, ...]:
    more = size(image.uncompressed_size - production.uncompressed_size)
    return ("debug", f"{', '.join(image.references)} (the same layers and {more} of tools)")


def _components(title: str, components: tuple[Component, ...]) -> str:
    rows = [
        (c.name, c.version, number(c.files, "file"), size(c.size), ", ".join(c.needed_by))
        for c in components
    ]
    return f"{title}\n{columns(rows)}"


def _cuts(summary: BuildSummary) -> str:
    rows = [(c.rule, number(c.files, "file"), size(c.size), c.reason) for c in summary.cuts]
    return f"Left out\n{columns(rows)}"
