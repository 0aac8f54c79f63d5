"""Whatever is in an inventory and in advisories: nothing is lost, and the order changes nothing."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distil.model.advisory import Advisory, AffectedPackage, Event, EventKind
from distil.model.inventory import Inventory, InventoryComponent, OsRelease, Subject
from distil.vulns.matching.answers import Match
from distil.vulns.matching.joining import joined
from distil.vulns.matching.questions import Question
from distil.vulns.matching.scan import Matching, scan
from distil.vulns.matching.symbols import keys_of
from tests.vulns.memory import NOW, MemoryAdvisories

VERSIONS = st.one_of(
    st.sampled_from(
        ["", "0", "1.0", "1.0-1", "1:2.3-4", "v1.2.3", "2.0.0-rc.1", "1!2", "x y", "é"]
    ),
    st.text(max_size=12),
)
KINDS = st.sampled_from(["deb", "python", "go", "npm", "java", "gem", "binary", "lua", "rust"])
CVES = st.sampled_from([f"CVE-2024-000{n}" for n in range(6)])
IDS = st.one_of(
    CVES, st.sampled_from(["DSA-1-1", "ALBA-1", "GHSA-a", "PYSEC-1", "DEBIAN-CVE-2024-0001"])
)
EVENTS = st.lists(st.builds(Event, st.sampled_from(list(EventKind)), VERSIONS), max_size=4).map(
    tuple
)
ECOSYSTEMS = ("Debian:12", "PyPI", "Go", "npm", "Maven", "RubyGems", "Bitnami", "crates.io")
NAMES = st.sampled_from(["a", "b", "node", "stdlib"])
DOCUMENTS = st.builds(
    Advisory,
    id=IDS,
    source=st.just("x"),
    withdrawn=st.sampled_from([0, 0, 0, 1]),
    aliases=st.lists(IDS, max_size=2).map(tuple),
    upstream=st.lists(CVES, max_size=2).map(tuple),
    related=st.lists(CVES, max_size=2).map(tuple),
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    components=st.lists(
        st.builds(InventoryComponent, name=NAMES, version=VERSIONS, kind=KINDS), max_size=5
    ),
    told=st.lists(
        st.tuples(
            st.sampled_from(ECOSYSTEMS), NAMES, st.lists(EVENTS, max_size=2).map(tuple), DOCUMENTS
        ),
        max_size=6,
    ),
)
def test_every_component_is_answered_for(components, told) -> None:
    advisories = MemoryAdvisories()
    for ecosystem, name, ranges, document in told:
        entry = AffectedPackage(advisory=document.id, ranges=ranges)
        advisories.add(ecosystem, name, entry, document)
    inventory = Inventory(
        subject=Subject(name="x"),
        release=OsRelease(id="debian", version_id="12"),
        components=tuple(components),
    )
    found = scan(inventory, advisories, Matching(now=NOW))
    unassessed = {ref for one in found.unassessed for ref in one.components}
    for component in components:
        if not component.version:
            assert component.ref in unassessed
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=type(found)) == found


@given(st.lists(DOCUMENTS, max_size=6, unique_by=lambda one: one.id), st.randoms())
def test_the_order_of_advisories_changes_nothing(documents, random) -> None:
    by_id = {one.id: one for one in documents}
    question = Question("Debian:12", "a", "1")
    matches = [Match(question, AffectedPackage(advisory=name), ()) for name in by_id]
    about = frozenset(by_id)
    found = joined(matches, by_id, about)
    random.shuffle(matches)
    assert joined(matches, by_id, about) == found
    ids = [one.id for one in found]
    assert ids == sorted(set(ids))


@given(st.lists(st.text(alphabet="ab.[]()*/-\0fm1", max_size=30), max_size=5))
def test_names_of_functions_can_be_anything(names) -> None:
    class _Any:
        def names(self) -> frozenset[str]:
            return frozenset(names)

    keys = keys_of(_Any())
    assert len(keys.names) <= 6 * len(names)


def test_a_name_of_many_brackets_and_dots_takes_no_time() -> None:
    class _Long:
        def names(self) -> frozenset[str]:
            return frozenset({"a." + "[" * 200_000 + "]" * 200_000, "b" + ".c" * 200_000})

    assert "a." in keys_of(_Long()).names
