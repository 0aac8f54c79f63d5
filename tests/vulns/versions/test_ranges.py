"""Ranges of advisories are evaluated as the OSV schema says."""

from __future__ import annotations

import pytest

from distil.model.advisory import AffectedPackage, Event, EventKind
from distil.vulns.versions.ordering import InvalidVersion
from distil.vulns.versions.ranges import fixed_versions, is_affected, sorted_events
from distil.vulns.versions.table import ordering_of

KINDS = {
    "from": EventKind.INTRODUCED,
    "fixed": EventKind.FIXED,
    "last": EventKind.LAST_AFFECTED,
    "limit": EventKind.LIMIT,
}
SEMVER = ordering_of("npm")
DEBIAN = ordering_of("Debian:12")


def events(text: str) -> tuple[Event, ...]:
    words = text.split()
    return tuple(
        Event(KINDS[kind], version) for kind, version in zip(words[::2], words[1::2], strict=True)
    )


def entry(*ranges: str, versions: tuple[str, ...] = ()) -> AffectedPackage:
    return AffectedPackage("X-1", tuple(events(one) for one in ranges), versions)


@pytest.mark.parametrize(
    ("ranges", "affected", "unaffected"),
    [
        (["from 0 fixed 1.2.0"], ["0.0.0-alpha", "1.0.0", "1.2.0-rc.1"], ["1.2.0", "2.0.0"]),
        (["from 1.0.0"], ["1.0.0", "99.0.0"], ["0.9.9", "1.0.0-rc1"]),
        (["from 0 last 1.2.0"], ["1.2.0", "1.1.0"], ["1.2.1", "1.2.1-0"]),
        (
            ["from 0 fixed 1.2.0 from 1.3.0 fixed 1.3.4"],
            ["1.0.0", "1.3.0", "1.3.3"],
            ["1.2.0", "1.2.9", "1.3.4"],
        ),
        (["from 0 fixed 1.2.0", "from 2.0.0 fixed 2.1.0"], ["1.0.0", "2.0.5"], ["1.5.0", "2.1.0"]),
        (["from 0 limit 2.0.0"], ["1.9.9"], ["2.0.0", "3.0.0"]),
        (["from 0 limit 1.0.0 limit 2.0.0"], ["1.5.0"], ["2.0.0"]),
        (["from 0 fixed 0"], [], ["0.0.1", "1.0.0"]),
        (["from 0 fixed 1.2.0 from 1.2.0 fixed 1.3.0"], ["1.1.0", "1.2.0", "1.2.5"], ["1.3.0"]),
        (["fixed 1.0.0"], [], ["0.9.0", "1.0.0"]),
        ([""], [], ["1.0.0"]),
    ],
)  # fmt: skip
def test_a_version_is_in_a_range_or_not(ranges, affected, unaffected):
    one = entry(*ranges)
    assert [version for version in affected if not is_affected(one, version, SEMVER)] == []
    assert [version for version in unaffected if is_affected(one, version, SEMVER)] == []


def test_versions_that_are_named_are_affected():
    one = entry("from 0 fixed 1.0.0", versions=("1.5.0", "odd one"))
    assert is_affected(one, "1.5.0", SEMVER)
    assert is_affected(one, "odd one", SEMVER)
    assert not is_affected(one, "1.5.1", SEMVER)


def test_versions_alone_match_however_they_are_written():
    pypi = ordering_of("PyPI")
    one = entry(versions=("legacy-2004d", "1.0-beta1"))
    assert is_affected(one, "1.0b1", pypi)
    assert not is_affected(one, "1.0", pypi)


def test_nothing_is_said_of_what_cannot_be_ordered():
    one = entry("from 0 fixed weird", "from 2.0.0 fixed 2.1.0")
    with pytest.raises(InvalidVersion, match="weird"):
        is_affected(one, "1.0.0", SEMVER)
    assert is_affected(one, "2.0.1", SEMVER), "another range tells"
    with pytest.raises(InvalidVersion, match="mine"):
        is_affected(entry("from 0 fixed 1.0.0"), "mine", SEMVER)
    with pytest.raises(InvalidVersion, match="mine"):
        is_affected(entry(versions=("1.0.0",)), "mine", SEMVER)


def test_events_are_sorted_as_the_ecosystem_orders_them():
    given = events("fixed 1.10.0 from 1.9.0 from 0 fixed 1.2.0")
    assert sorted_events(given, SEMVER) == events("from 0 fixed 1.2.0 from 1.9.0 fixed 1.10.0")
    assert sorted_events(events("from 0 fixed 0"), SEMVER) == events("from 0 fixed 0")
    with pytest.raises(InvalidVersion):
        sorted_events(events("from 0 fixed weird"), SEMVER)


def test_zero_is_before_every_version_only_where_a_range_begins():
    assert is_affected(entry("from 0 fixed 1~~"), "0~~", DEBIAN)
    assert not is_affected(entry("from 0 fixed 0"), "0", DEBIAN)


@pytest.mark.parametrize(
    ("ranges", "version", "fixed"),
    [
        (["from 0 fixed 1.2.0"], "1.0.0", ("1.2.0",)),
        (["from 0 fixed 1.2.0"], "1.2.0", ()),
        (["from 0"], "1.0.0", ()),
        (["from 0 last 1.2.0"], "1.0.0", ()),
        (["from 1.0.0 fixed 1.9.4", "from 1.10.0 fixed 1.10.2"], "1.10.0", ("1.10.2",)),
        (["from 1.10.0 fixed 1.10.2", "from 0 fixed 1.9.4"], "1.0.0", ("1.9.4", "1.10.2")),
        (["from 0 fixed 1.2.0", "from 1.1.0 fixed 1.3.0"], "1.0.0", ("1.3.0",)),
        (["from 0 fixed 1.2.0", "from 0 fixed v1.2.0"], "1.0.0", ("1.2.0",)),
        (["from 0 fixed weird", "from 2.0.0 fixed 2.1.0"], "2.0.0", ()),
    ],
)  # fmt: skip
def test_the_nearest_fix_comes_first(ranges, version, fixed):
    assert fixed_versions(entry(*ranges), version, SEMVER) == fixed


def test_a_fix_that_cannot_be_ordered_is_no_fix_to_name():
    assert fixed_versions(entry("from 0 fixed weird"), "1.0.0", SEMVER) == ()
    with pytest.raises(InvalidVersion):
        fixed_versions(entry("from 0 fixed 1.0.0"), "mine", SEMVER)
