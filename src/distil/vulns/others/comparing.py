"""A scan and another scanner's report, held against each other finding by finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from distil.model.advisory import Severity
from distil.model.finding import Finding, Scan
from distil.model.inventory import Inventory
from distil.model.other_report import (
    Disagreement,
    Held,
    OtherFinding,
    OtherReport,
    Reason,
    Side,
)
from distil.vulns.advisories import Advisories
from distil.vulns.others.consulting import Answer
from distil.vulns.others.identity import is_same_version, keys_of
from distil.vulns.others.reasons import WhyOurs, WhyTheirs, day, settled_words

_SIDES: Final = (Side.THEIRS, Side.OURS, Side.BOTH)
_DAY: Final = 86_400
_SYSTEMS: Final = {
    "alma": "almalinux",
    "amazon": "amzn",
    "cbl-mariner": "mariner",
    "opensuse.leap": "opensuse-leap",
    "opensuse.tumbleweed": "opensuse-tumbleweed",
    "oracle": "ol",
    "redhat": "rhel",
    "suse": "sles",
}
"""What scanners call distributions, and what those call themselves (os-release(5))."""


class _Theirs(msgspec.Struct, frozen=True):
    """A vulnerability of one version of a package, wherever they found it."""

    names: frozenset[str]
    others: tuple[OtherFinding, ...]

    @property
    def counts(self) -> bool:
        return any(not one.left_out for one in self.others)


def compared(
    scan: Scan, inventory: Inventory, advisories: Advisories, report: OtherReport
) -> Disagreement:
    """What both count, and why one of them alone counts the rest. Raises `DamagedDatabase`."""
    why_theirs = WhyTheirs(scan, inventory, advisories)
    pairs, alone = _paired(scan.findings, _grouped(report.findings))
    why_ours = WhyOurs(report, (one for theirs, ours in pairs if theirs.counts for one in ours))
    held: list[Held] = []
    quiet = 0
    for theirs, ours in pairs:
        row = _of_pair(theirs, ours)
        if row is None:
            quiet += 1
        else:
            held.append(row)
    for theirs in alone:
        if theirs.counts:
            held.append(_row(Side.THEIRS, theirs, (), why_theirs.of(theirs.names, theirs.others)))
        else:
            quiet += 1
    paired = {id(one) for _, ours in pairs for one in ours}
    left = [one for one in scan.findings if id(one) not in paired]
    held += [_ours(one, why_ours.of(one)) for one in left if one.settled is None]
    quiet += sum(one.settled is not None for one in left)
    return Disagreement(
        report=msgspec.structs.replace(report, findings=(), packages=None),
        held=tuple(sorted(held, key=_order)),
        quiet=quiet,
        remarks=tuple(_remarks(scan, report)),
    )


def _order(one: Held) -> tuple[object, ...]:
    severities = [found.severity for found in one.findings]
    severities += [found.severity for found in one.others]
    return (
        _SIDES.index(one.side),
        one.reason.name,
        -max(severities, default=Severity.UNKNOWN),
        one.id,
        one.name,
        one.version,
    )


def _grouped(findings: Iterable[OtherFinding]) -> list[_Theirs]:
    """Their findings, with those of one version of a package together."""
    groups: defaultdict[tuple[object, ...], list[OtherFinding]] = defaultdict(list)
    for one in findings:
        package = one.package
        groups[(one.id, keys_of(package.name, package.purl), package.version)].append(one)
    return [
        _Theirs(frozenset(name for one in group for name in (one.id, *one.aliases)), tuple(group))
        for group in groups.values()
    ]


def _paired(
    findings: tuple[Finding, ...], theirs: list[_Theirs]
) -> tuple[list[tuple[_Theirs, tuple[Finding, ...]]], list[_Theirs]]:
    """Theirs with those of ours that are the same, and theirs that have none.

    Where no version is the same, one of ours that nothing else is paired with will do. Without a
    package URL, as older reports and those made by hand are, theirs are found by the name alone.
    """
    by_name: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        for name in {one.id, *one.aliases}:
            for key in {*keys_of(one.name, one.purl), *keys_of(one.name, "")}:
                by_name[(name, key)].append(one)
    taken: set[int] = set()
    pairs: list[tuple[_Theirs, tuple[Finding, ...]]] = []
    inexact: list[tuple[_Theirs, list[Finding]]] = []
    alone: list[_Theirs] = []
    for group in theirs:
        package = group.others[0].package
        keys = keys_of(package.name, package.purl)
        found = [one for name in group.names for key in keys for one in by_name[(name, key)]]
        same = [one for one in found if is_same_version(one.installed, package.version)]
        if same:
            unique = tuple({id(one): one for one in same}.values())
            taken |= {id(one) for one in unique}
            pairs.append((group, unique))
        else:
            inexact.append((group, found))
    for group, found in inexact:
        free = tuple({id(one): one for one in found if id(one) not in taken}.values())
        taken |= {id(one) for one in free}
        if free:
            pairs.append((group, free))
        else:
            alone.append(group)
    return pairs, alone


def _of_pair(theirs: _Theirs, ours: tuple[Finding, ...]) -> Held | None:
    """What comes of a vulnerability that both know; None where neither counts it."""
    counted = tuple(one for one in ours if one.settled is None)
    if counted and theirs.counts:
        return _both(theirs, counted)
    if counted:
        reasons = dict.fromkeys(one.left_out for one in theirs.others)
        answer = Answer(Reason.LEFT_OUT, "; ".join(reasons))
        return _row(Side.OURS, theirs, counted, answer)
    if not theirs.counts:
        return None
    settled = [one.settled for one in ours if one.settled is not None]
    words = dict.fromkeys(settled_words(one) for one in settled)
    return _row(Side.THEIRS, theirs, ours, Answer(Reason.SETTLED, "; ".join(words)))


def _both(theirs: _Theirs, ours: tuple[Finding, ...]) -> Held:
    differs = []
    told = []
    severities = {one.severity for one in theirs.others}
    mine = ours[0]
    if mine.severity not in severities:
        differs.append("severity")
        words = " and ".join(sorted(map(_rated, severities)))
        source = f" by {mine.rating.by}" if mine.rating is not None and mine.rating.by else ""
        told.append(f"{_rated(mine.severity)}{source} here, {words} there")
    fixes = {fix for one in theirs.others for fix in one.fixed}
    if bool(fixes) != bool(mine.fixed) or (fixes and fixes.isdisjoint(mine.fixed)):
        differs.append("fix")
        here = mine.fixed[0] if mine.fixed else str(mine.repair)
        there = ", ".join(sorted(fixes)) or theirs.others[0].status or "no fix"
        told.append(f"fix: {here} here, {there} there")
    row = _row(Side.BOTH, theirs, ours, Answer(Reason.NONE, "; ".join(told)))
    return msgspec.structs.replace(row, differs=tuple(differs))


def _rated(severity: Severity) -> str:
    return "unrated" if severity is Severity.UNKNOWN else severity.word


def _row(side: Side, theirs: _Theirs, ours: tuple[Finding, ...], answer: Answer) -> Held:
    other = theirs.others[0]
    return Held(
        side=side,
        id=ours[0].id if ours else _best_name(theirs),
        name=ours[0].name if ours else other.package.name,
        version=ours[0].installed if ours else other.package.version,
        findings=ours,
        others=theirs.others,
        reason=answer.reason,
        why=answer.why,
    )


def _best_name(theirs: _Theirs) -> str:
    """The CVE where there is one, else what they call it."""
    cves = sorted(name for name in theirs.names if name.startswith("CVE-"))
    own = theirs.others[0].id
    return own if own in cves or not cves else cves[0]


def _ours(one: Finding, answer: Answer) -> Held:
    return Held(
        side=Side.OURS,
        id=one.id,
        name=one.name,
        version=one.installed,
        findings=(one,),
        reason=answer.reason,
        why=answer.why,
    )


def _remarks(scan: Scan, report: OtherReport) -> Iterator[str]:
    digests = {scan.subject.digest, scan.subject.config_digest} - {""}
    if report.digests and digests and report.digests.isdisjoint(digests):
        yield (
            f"they looked at another image: {min(report.digests)}, not {min(digests)}; "
            "of an index, their report is of one platform"
        )
    release = scan.release
    if report.system and release is not None and release.id:
        system = f"{release.id} {release.version_id}".strip()
        if not _is_same_system(report.system, system):
            yield f"they take it for {report.system}, which is {system}"
    ours, theirs = scan.database.built, report.looked
    if theirs and abs(ours - theirs) >= _DAY:
        yield f"advisories here are of {day(ours)}, theirs of {day(theirs)}"


def _is_same_system(one: str, other: str) -> bool:
    """Whether names of distributions mean one, with as much of the release as both say."""
    (first, _, one_version), (second, _, other_version) = one.partition(" "), other.partition(" ")
    if _SYSTEMS.get(first.lower(), first.lower()) != second.lower():
        return False
    return all(
        not mine or not theirs or mine == theirs
        for mine, theirs in zip(one_version.split("."), other_version.split("."), strict=False)
    )
