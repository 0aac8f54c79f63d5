"""What a change of an image brought, as text, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from distil.model.comparison import ChangedPackage, Comparison, ScannedImage, VulnerabilityChange
from distil.report.document import json_text
from distil.report.markdown import plain, table_head, table_row
from distil.report.printable import printable
from distil.report.scan_json import finding_document
from distil.report.scan_view import counted, distinct, names_words, word
from distil.report.units import columns, number, size

SCHEMA_VERSION: Final = 1

SHOWN: Final = 20
"""Rows of a group that are shown when not all are asked for."""

_Row = tuple[str, ...]


def to_text(found: Comparison, *, verbose: bool = False) -> str:
    """What it comes to, both images side by side, and then what is new, gone and changed.

    Of each group `SHOWN` rows, unless `verbose`.
    """
    first, second = printable(found.before.name), printable(found.after.name)
    relation = [f"  {printable(found.relation)}"] if found.relation else []
    sides = columns([("", "before", "after", "change"), *_sides(found)])
    parts = [
        "\n".join([f"{first} → {second}", *relation, sides]),
        printable(headline(found)),
    ]
    for title, rows in _filled(found):
        if rows:
            shown = rows if verbose else rows[:SHOWN]
            left = len(rows) - len(shown)
            more = [f"  … and {left:,} more (-v shows all)"] if left > 0 else []
            parts.append("\n".join([title, columns(shown), *more]))
    return "\n\n".join(parts)


def to_markdown(found: Comparison) -> str:
    """The same for a pull request, all of it."""
    first, second = (plain(one.name) for one in (found.before, found.after))
    parts = [
        f"### {first} → {second}",
        f"**{plain(headline(found))}**",
        *([plain(found.relation)] if found.relation else []),
        _table([("", "before", "after", "change"), *_sides(found)]),
    ]
    for title, rows in _filled(found):
        if rows:
            heading = ("",) * len(rows[0])
            body = _table([heading, *rows])
            summary = f"<summary>{title} ({len(rows):,})</summary>"
            parts.append(f"<details>{summary}\n\n{body}\n\n</details>")
    return "\n\n".join(parts)


def to_json(found: Comparison) -> str:
    """All of it, as one JSON document."""
    document: dict[str, Any] = {
        "schemaVersion": SCHEMA_VERSION,
        "before": _side_document(found.before),
        "after": _side_document(found.after),
        "relation": found.relation,
        "worse": bool(found.worse),
        "told": found.is_told,
        "database": found.after.scan.database.digest,
        "vulnerabilities": {
            "same": found.same,
            "new": [_change_document(one) for one in found.new],
            "gone": [_change_document(one) for one in found.gone],
            "changed": [_change_document(one) for one in found.changed],
        },
        "packages": {
            "same": found.same_packages,
            "changed": [_package_document(one) for one in found.packages],
        },
    }
    return json_text(document)


def headline(found: Comparison) -> str:
    """What it comes to, in one line; that less is known is never left unsaid."""
    new, gone, worse = (_distinct(one) for one in (found.new, found.gone, found.worse))
    many = number(gone, "vulnerability", "vulnerabilities")
    if worse:
        told = number(worse, "vulnerability that counts", "vulnerabilities that count")
        text = f"WORSE: {told}, and did not before; {gone:,} gone"
    elif new:
        text = f"no worse: {many} gone, none of the {new:,} new ones counts"
    elif gone:
        text = f"better: {many} gone, none new"
    elif found.changed:
        text = f"no worse: none gone, none new, {len(found.changed):,} changed"
    else:
        text = "the same vulnerabilities" if found.same else "no known vulnerabilities in either"
    if not found.is_less_known:
        return text
    verdict = found.after.scan.verdict
    told = f"less is known of {found.after.name} ({verdict.answer}: {'; '.join(verdict.reasons)})"
    return f"{text}; {told}" if found.is_told else f"UNKNOWN: {told}; {text}"


def _distinct(changes: Sequence[VulnerabilityChange]) -> int:
    return len({one.id for one in changes})


# --- both sides ----------------------------------------------------------------------------


def _sides(found: Comparison) -> Iterator[_Row]:
    before, after = found.before, found.after
    yield from _row("digest", found, lambda one: one.inventory.subject.digest[:19])
    yield from _row("system", found, _system)
    new, gone = _distinct(found.new), _distinct(found.gone)
    told = f"{new:,} new, {gone:,} gone" if new or gone else ""
    yield from _row("vulnerabilities", found, _vulnerabilities, told)
    yield from _row("components", found, _components, _step(found, _components_count, "{:+,}"))
    for title, count in (("size", _size), ("download", _download)):
        step = count(after) - count(before)
        sign = "+" if step > 0 else "-"
        change = f"{sign}{size(abs(step))}" if step and count(before) and count(after) else ""
        if count(before) or count(after):
            yield title, _sized(count(before)), _sized(count(after)), change
    yield from _row("verdict", found, lambda one: one.scan.verdict.answer)


def _row(
    title: str, found: Comparison, told: Callable[[ScannedImage], str], change: str = ""
) -> Iterator[_Row]:
    sides = told(found.before), told(found.after)
    if any(sides):
        yield title, *sides, change


def _step(found: Comparison, count: Callable[[ScannedImage], int], form: str) -> str:
    step = count(found.after) - count(found.before)
    return form.format(step) if step else ""


def _system(one: ScannedImage) -> str:
    release = one.inventory.release
    if release is None:
        return "not known"
    return release.pretty_name or f"{release.name or release.id} {release.version_id}".rstrip()


def _vulnerabilities(one: ScannedImage) -> str:
    found = one.scan.open
    return f"{distinct(found):,} ({counted(found)})" if found else "none known"


def _components(one: ScannedImage) -> str:
    return f"{_components_count(one):,}"


def _components_count(one: ScannedImage) -> int:
    return len(one.inventory.components)


def _size(one: ScannedImage) -> int:
    return one.size


def _download(one: ScannedImage) -> int:
    return one.download


def _sized(count: int) -> str:
    return size(count) if count else "not known"


# --- groups --------------------------------------------------------------------------------


def _filled(found: Comparison) -> Iterator[tuple[str, list[_Row]]]:
    """The groups without the columns that are empty in all of their rows."""
    for title, rows in _groups(found):
        filled = [n for n in range(len(rows[0])) if any(row[n] for row in rows)] if rows else []
        yield title, [tuple(row[n] for n in filled) for row in rows]


def _groups(found: Comparison) -> Iterator[tuple[str, list[_Row]]]:
    yield "new vulnerabilities", [_vulnerability(one) for one in found.new]
    yield "changed vulnerabilities", [_vulnerability(one) for one in found.changed]
    yield "gone vulnerabilities", [_vulnerability(one) for one in found.gone]
    yield "packages", [_package(one) for one in found.packages]
    yield "what could not be told", list(_untold(found))


def _untold(found: Comparison) -> Iterator[_Row]:
    first, second = (one.scan.verdict.reasons for one in (found.before, found.after))
    for reason in dict.fromkeys([*first, *second]):
        both = reason in first and reason in second
        yield "of both" if both else "before" if reason in first else "after", reason


def _vulnerability(one: VulnerabilityChange) -> _Row:
    first = one.first
    names = tuple(dict.fromkeys(each.name for each in one.after or one.before))
    return (
        "!" if one.is_worse else "",
        word(first.severity),
        "KEV" if first.exploited is not None else "",
        one.id,
        f"{names_words(names)} {first.installed}",
        one.why + _fix(one),
    )


def _fix(one: VulnerabilityChange) -> str:
    """What would get rid of what is new."""
    first = one.first
    return f"; fixed in {first.fixed[0]}" if one.after and not one.before and first.fixed else ""


def _package(one: ChangedPackage) -> _Row:
    versions = [", ".join(each) for each in (one.before, one.after) if each]
    sign = "+" if not one.before else "~" if one.after else "-"
    step = one.sizes[1] - one.sizes[0]
    told = f"{'+' if step > 0 else '-'}{size(abs(step))}" if step else ""
    return sign, one.kind, one.name, " → ".join(versions), told


# --- Markdown ------------------------------------------------------------------------------


def _table(rows: Sequence[_Row]) -> str:
    first, *rest = rows
    return "\n".join(
        [*table_head(*map(plain, first)), *(table_row(map(plain, row)) for row in rest)]
    )


# --- JSON ----------------------------------------------------------------------------------


def _side_document(one: ScannedImage) -> dict[str, Any]:
    subject, verdict = one.inventory.subject, one.scan.verdict
    return {
        "name": subject.name,
        "digest": subject.digest,
        "platform": subject.platform,
        "components": len(one.inventory.components),
        "size": one.size,
        "download": one.download,
        "open": distinct(one.scan.open),
        "verdict": {"answer": verdict.answer, "reasons": verdict.reasons},
    }


def _change_document(one: VulnerabilityChange) -> dict[str, Any]:
    return {
        "id": one.id,
        "severity": one.first.severity.word,
        "exploited": one.first.exploited is not None,
        "package": one.first.package,
        "worse": one.is_worse,
        "what": one.what,
        "why": one.why,
        "before": [finding_document(each) for each in one.before],
        "after": [finding_document(each) for each in one.after],
    }


def _package_document(one: ChangedPackage) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "before": one.before,
        "after": one.after,
        "sizes": {"before": one.sizes[0], "after": one.sizes[1]},
    }
