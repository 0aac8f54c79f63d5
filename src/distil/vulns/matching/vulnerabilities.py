"""What answers come to: documents read, joined, and what is known of each CVE."""

from __future__ import annotations

from collections.abc import Mapping

from distil.model.advisory import Advisory, VulnerabilityFacts
from distil.vulns.advisories import Advisories
from distil.vulns.matching.answers import Answer
from distil.vulns.matching.joining import Vulnerability, is_cve, joined
from distil.vulns.matching.questions import Asked, Question
from distil.vulns.matching.streams import is_of_stream, stream_of


class Vulnerabilities:
    """What the answers come to, joined once for each set of questions, and facts of the CVEs."""

    def __init__(self, answers: Mapping[Question, Answer], advisories: Advisories) -> None:
        self._answers = answers
        ids = {one.entry.advisory for found in answers.values() for one in found.matches}
        self._documents: Mapping[str, Advisory] = advisories.advisories(sorted(ids))
        self._joined: dict[tuple[tuple[Question, ...], str, str], list[Vulnerability]] = {}
        self._facts: Mapping[str, VulnerabilityFacts] = advisories.facts(sorted(self._cves()))

    def _cves(self) -> set[str]:
        return {
            name
            for one in self._documents.values()
            for name in (one.id, *one.aliases, *one.upstream, *one.related)
            if is_cve(name)
        }

    def facts_of(self, found: Vulnerability) -> VulnerabilityFacts | None:
        """What is known of it by any of its CVEs: of two that are one, either may be exploited."""
        told = [self._facts[name] for name in found.names if name in self._facts]
        if len(told) < 2:
            return told[0] if told else None
        likely = [one.likelihood for one in told if one.likelihood is not None]
        return VulnerabilityFacts(
            id=found.id,
            ratings=tuple(rating for one in told for rating in one.ratings),
            exploited=next((one.exploited for one in told if one.exploited is not None), None),
            likelihood=max(likely, key=lambda one: one.score, default=None),
        )

    def of(self, asked: Asked) -> list[Vulnerability]:
        """Those that concern the component."""
        if not any(self._answers[question].matches for question in asked.questions):
            return []
        key = (asked.questions, asked.component.kind, stream_of(asked.component))
        known = self._joined.get(key)
        if known is None:
            found = [self._answers[question] for question in asked.questions]
            matches = [
                match
                for one in found
                for match in one.matches
                if is_of_stream(
                    match.entry, self._documents.get(match.entry.advisory), asked.component
                )
            ]
            about = frozenset[str]().union(*(one.about for one in found))
            known = joined(matches, self._documents, about) if matches else []
            self._joined[key] = known
        return known
