"""From vulnerabilities to findings: what each comes to in a component that is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from distil.model.advisory import FixState, Severity
from distil.model.finding import Evidence, Finding, Repair, Statement
from distil.model.inventory import Inventory, InventoryComponent
from distil.vulns.matching.absence import Absence
from distil.vulns.matching.joining import Vulnerability
from distil.vulns.matching.presence import Remaining, Remains
from distil.vulns.matching.programs import Programs
from distil.vulns.matching.questions import Asked
from distil.vulns.matching.ratings import rating_of
from distil.vulns.matching.symbols import LinkedFunctions
from distil.vulns.matching.vulnerabilities import Vulnerabilities
from distil.vulns.versions.ordering import InvalidVersion
from distil.vulns.versions.table import ordering_of

_PRO: Final = "Ubuntu:Pro:"
_UNORDERED: Final = "the advisory has versions that cannot be ordered: it may concern this one"


class Findings:
    """The findings about what is in an inventory."""

    def __init__(
        self,
        inventory: Inventory,
        vulnerabilities: Vulnerabilities,
        functions: LinkedFunctions | None,
    ) -> None:
        self._inventory = inventory
        self._vulnerabilities = vulnerabilities
        self._absence = Absence(inventory)
        self._programs = Programs(inventory, functions)

    def of(self, asked: Iterable[Asked]) -> Iterator[Finding]:
        """Those about each component of `asked`."""
        concerned = [one for one in asked if self._vulnerabilities.of(one)]
        remaining = Remaining(self._inventory, [one.number for one in concerned])
        for one in concerned:
            remains = remaining.of(one.number)
            absent = self._absence.statement(one.component, one.number, remains)
            ref = one.component.ref
            for found in self._vulnerabilities.of(one):
                evidence, statement = None, absent
                if absent is not None:
                    evidence = absent.evidence
                elif one.component.kind == "go":
                    evidence, statement = self._programs.judged(one.component, found)
                yield self._finding(found, one, ref, remains, _Said(evidence, statement))

    def _finding(
        self, found: Vulnerability, asked: Asked, ref: str, remains: Remains, said: _Said
    ) -> Finding:
        component = asked.component
        documents = [one.document for one in found.told]
        known = self._vulnerabilities.facts_of(found)
        rating = rating_of(found.told, known)
        mending = _mending(found)
        question = found.told[0].match.question
        dates = [one.published for one in documents if one.published > 0]
        return Finding(
            id=found.id,
            component=ref,
            kind=component.kind,
            name=component.name,
            installed=component.version,
            purl=component.purl,
            package=question.name,
            ecosystem=question.ecosystem,
            severity=rating.severity if rating is not None else Severity.UNKNOWN,
            rating=rating,
            repair=mending.repair,
            fixed=mending.fixed,
            note=mending.note,
            basis=asked.basis,
            aliases=tuple(name for name in found.names if name != found.id),
            advisories=tuple(dict.fromkeys(one.id for one in documents)),
            summary=next((one.summary for one in documents if one.summary), ""),
            references=tuple(dict.fromkeys(link for one in documents for link in one.references)),
            published=min(dates, default=0),
            exploited=known.exploited if known is not None else None,
            likelihood=known.likelihood if known is not None else None,
            presence=remains.presence,
            present=remains.present,
            claimed=remains.claimed,
            evidence=said.evidence,
            layer=component.layer,
            is_base=self._is_base(component),
            places=tuple(place.path for place in component.places),
            statements=(said.statement,) if said.statement is not None else (),
        )

    def _is_base(self, component: InventoryComponent) -> bool:
        layers = self._inventory.layers
        return 0 <= component.layer < len(layers) and layers[component.layer].is_base


class _Said(NamedTuple):
    evidence: Evidence | None
    statement: Statement | None


_REPAIRS: Final = {
    FixState.NONE: Repair.NONE,
    FixState.UNFIXED: Repair.NONE,
    FixState.DEFERRED: Repair.DEFERRED,
    FixState.IGNORED: Repair.IGNORED,
    FixState.END_OF_LIFE: Repair.END_OF_LIFE,
    FixState.UNDETERMINED: Repair.UNDETERMINED,
    FixState.NOT_AFFECTED: Repair.NONE,
}


class _Mending(NamedTuple):
    repair: Repair
    fixed: tuple[str, ...]
    note: str


def _mending(found: Vulnerability) -> _Mending:
    """Which versions have the fix, and what else is said of one.

    Where several advisories tell of a fix, each version is one; a word of the distribution counts
    where none does.
    """
    matches = [one.match for one in found.told]
    fixed = _nearest_first(
        {version for one in matches for version in one.fixed}, matches[0].question.ecosystem
    )
    note = "; ".join(dict.fromkeys(one.entry.note for one in matches if one.entry.note))
    if fixed:
        if all(one.question.ecosystem.startswith(_PRO) for one in matches if one.fixed):
            note = "; ".join(filter(None, (note, "the fix comes with Ubuntu Pro")))
        return _Mending(Repair.FIXED, fixed, note)
    if all(one.is_unordered for one in matches):
        return _Mending(Repair.UNDETERMINED, (), note or _UNORDERED)
    state = max(one.entry.state for one in matches)
    return _Mending(_REPAIRS[state], (), note)


def _nearest_first(versions: Iterable[str], ecosystem: str) -> tuple[str, ...]:
    ordering = ordering_of(ecosystem)
    found = sorted(versions)
    if ordering is None or len(found) < 2:
        return tuple(found)
    try:
        return tuple(sorted(found, key=ordering.key))
    except InvalidVersion:
        return tuple(found)
