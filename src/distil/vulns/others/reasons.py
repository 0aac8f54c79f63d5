"""Why one of two scanners counts what the other does not, from what we know."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Final

from distil.model.finding import Finding, Repair, Scan, Statement
from distil.model.inventory import Inventory, InventoryComponent
from distil.model.other_report import OtherFinding, OtherPackage, OtherReport, Reason
from distil.vulns.advisories import Advisories
from distil.vulns.matching.questions import Question, questions
from distil.vulns.others.consulting import Answer, Consultation
from distil.vulns.others.identity import Packages, is_same_version, keys_of

_ENOUGH: Final = 10
"""Findings of theirs from which on one can see what they leave out."""


def settled_words(statement: Statement) -> str:
    """Why a finding does not count, and who says so."""
    told = (statement.justification, statement.reason) if statement.justification else ()
    words = ": ".join(filter(None, told)) or statement.reason or str(statement.standing)
    return f"{words} ({statement.by})"


class WhyTheirs:
    """Why a finding that they count is none of ours."""

    def __init__(self, scan: Scan, inventory: Inventory, advisories: Advisories) -> None:
        self._packages = Packages(inventory.components)
        self._paths = frozenset(one.path for one in inventory.files)
        self._consultation = Consultation(advisories)
        asked = questions(inventory, advisories)
        self._questions = {one.component.ref: one.questions for one in asked.asked}
        self._owners = dict(scan.covered)
        self._components = {one.ref: one for one in inventory.components}
        self._unassessed = {ref: one.why for one in scan.unassessed for ref in one.components}

    def of(self, names: frozenset[str], others: tuple[OtherFinding, ...]) -> Answer:
        """The reason for one vulnerability of one package; `names` are all that it has."""
        package = others[0].package
        found = self._packages.of(package)
        here = [one for one in found if one.removed_by < 0]
        if not here:
            return self._of_absent(found, others)
        same = [one for one in here if is_same_version(one.version, package.version)]
        answer = self._of_component((same or here)[0], names, others)
        if same or not package.version:
            return answer
        versions = ", ".join(dict.fromkeys(one.version or "one without number" for one in here))
        told = f"they saw {package.version}, and {versions} is there; {answer.why}"
        return Answer(Reason.OTHER_VERSION, told)

    def _of_absent(
        self, removed: tuple[InventoryComponent, ...], others: tuple[OtherFinding, ...]
    ) -> Answer:
        if removed:
            layer = removed[0].removed_by + 1
            return Answer(Reason.REMOVED, f"layer {layer} removes it")
        paths = [path for one in others for path in one.paths]
        if not paths or not self._paths:
            return Answer(Reason.NOT_HERE, "nothing in it tells of such a package")
        present = [path for path in paths if "/" + path.lstrip("/") in self._paths]
        if present:
            told = f"{present[0]}, which they name, is there, and tells us of no such package"
            return Answer(Reason.NOT_HERE, told)
        return Answer(Reason.NOT_HERE, f"nor is {paths[0]}, which they name")

    def _of_component(
        self,
        component: InventoryComponent,
        names: frozenset[str],
        others: tuple[OtherFinding, ...],
    ) -> Answer:
        owner = self._owners.get(component.ref)
        if owner is not None:
            return self._of_owned(self._components[owner], names)
        asked = self._questions.get(component.ref, ())
        answer = self._consultation.answer(names, asked, component)
        if answer is not None:
            return answer
        unassessed = self._unassessed.get(component.ref)
        if unassessed is not None:
            return Answer(Reason.NOT_ASSESSED, unassessed)
        answer = self._consultation.elsewhere(names, _asked_words(component, asked))
        if any(one.is_by_cpe for one in others):
            return answer._replace(why=f"{answer.why}; they compared a CPE")
        return answer

    def _of_owned(self, owner: InventoryComponent, names: frozenset[str]) -> Answer:
        asked = self._questions.get(owner.ref, ())
        answer = self._consultation.answer(names, asked, owner)
        said = answer.why if answer is not None else "they do not tell of it"
        told = f"it is part of the package {owner.name}, whose own advisories count: {said}"
        return Answer(Reason.OWNED, told)


def _asked_words(component: InventoryComponent, asked: Iterable[Question]) -> str:
    told = [f"{one.name} ({one.ecosystem})" for one in asked]
    return " or ".join(told) or component.name


class WhyOurs:
    """Why a finding that we count is none of theirs."""

    def __init__(self, report: OtherReport, together: Iterable[Finding]) -> None:
        """`together` are findings of ours that they count as well: such are not left out."""
        self._report = report
        counted = [one for one in report.findings if not one.left_out]
        self._count = len(counted)
        shared = list(together)
        self._severities = {one.severity for one in counted} | {one.severity for one in shared}
        self._has_unfixed = not all([one.fixed for one in counted] + [one.fixed for one in shared])
        self._seen: dict[str, list[OtherPackage]] = {}
        for package in report.packages or ():
            for key in keys_of(package.name, package.purl):
                self._seen.setdefault(key, []).append(package)

    def of(self, finding: Finding) -> Answer:
        """The reason, as far as their report tells."""
        return (
            self._of_package(finding)
            or self._of_time(finding)
            or _of_undetermined(finding)
            or self._of_kind(finding)
            or Answer(Reason.UNTOLD, _evidence(finding))
        )

    def _of_package(self, finding: Finding) -> Answer | None:
        if self._report.packages is None:
            return None
        seen = [
            one for key in keys_of(finding.name, finding.purl) for one in self._seen.get(key, ())
        ]
        if not seen:
            known = "it is known by its bytes alone" if finding.kind == "binary" else ""
            where = f"it is told of by {finding.places[0]}" if finding.places else ""
            told = ["the packages that they list have none of that name", known or where]
            return Answer(Reason.UNSEEN, "; ".join(filter(None, told)))
        if any(is_same_version(one.version, finding.installed) for one in seen):
            return None
        versions = ", ".join(dict.fromkeys(one.version for one in seen))
        return Answer(Reason.SEEN_OTHERWISE, f"they saw {versions}, not {finding.installed}")

    def _of_time(self, finding: Finding) -> Answer | None:
        looked = self._report.looked
        if not looked or finding.published <= looked:
            return None
        told = f"published on {day(finding.published)}; what they know is of {day(looked)}"
        return Answer(Reason.NEWER, told)

    def _of_kind(self, finding: Finding) -> Answer | None:
        many = f"of their {self._count:,} findings"
        if not finding.fixed:
            if self._report.fixed_only:
                return Answer(Reason.FILTERED, "they were asked for what has a fix alone")
            if self._count >= _ENOUGH and not self._has_unfixed:
                return Answer(Reason.FILTERED, f"{many}, none is without a fix, as this is")
        if self._count >= _ENOUGH and finding.severity not in self._severities:
            word = finding.severity.word
            return Answer(Reason.FILTERED, f"{many}, none is of severity {word}, as this is")
        return None


def _of_undetermined(finding: Finding) -> Answer | None:
    if finding.repair is not Repair.UNDETERMINED:
        return None
    return Answer(Reason.UNDETERMINED, finding.basis or _evidence(finding))


def _evidence(finding: Finding) -> str:
    """What our finding rests on."""
    fixed = f"fixed in {finding.fixed[0]}" if finding.fixed else str(finding.repair)
    told = f"{finding.ecosystem}, {', '.join(finding.advisories)}" if finding.advisories else ""
    return f"{told or finding.ecosystem}: {finding.package} {finding.installed}, {fixed}"


def day(moment: int) -> str:
    """A moment in seconds since 1970 as ``2026-11-28``."""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).date().isoformat()
