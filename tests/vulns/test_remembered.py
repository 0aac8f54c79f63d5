"""Advisories that are asked for several times are read once, and answer the same."""

from __future__ import annotations

from distil.model.advisory import Advisory, VulnerabilityFacts
from distil.vulns.remembered import Remembered
from tests.vulns.memory import MemoryAdvisories, below


class _Counting(MemoryAdvisories):
    """Notes what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []

    def affected(self, ecosystem, names):
        self.asked.append(list(names))
        return super().affected(ecosystem, self.asked[-1])

    def advisories(self, ids):
        self.asked.append(list(ids))
        return super().advisories(self.asked[-1])


def test_what_is_known_is_not_asked_for_again():
    under = _Counting()
    under.add("npm", "a", below("1", "GHSA-1"), Advisory(id="GHSA-1", source="x"))
    under.add("PyPI", "a", below("2", "PYSEC-1"))
    under.tell(VulnerabilityFacts("CVE-2024-0001"))
    remembered = Remembered(under)
    for _ in range(2):
        assert list(remembered.affected("npm", ["a", "b"])) == ["a"]
        assert remembered.affected("PyPI", ["a"])["a"][0].advisory == "PYSEC-1"
        assert list(remembered.advisories(["GHSA-1", "GHSA-2"])) == ["GHSA-1"]
        assert list(remembered.facts(["CVE-2024-0001", "CVE-2024-0002"])) == ["CVE-2024-0001"]
    assert list(remembered.affected("npm", ["b", "c", "a"])) == ["a"]
    assert under.asked == [["a", "b"], ["a"], ["GHSA-1", "GHSA-2"], ["c"]]
    assert remembered.has("npm")
    assert remembered.status == under.status
    assert remembered.support("debian", "12") is None
