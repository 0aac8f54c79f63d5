"""Each ecosystem's versions order as its own tools order them."""

from __future__ import annotations

import itertools
import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.vulns.versions.ordering import LONGEST_VERSION, InvalidVersion, Ordering
from distil.vulns.versions.table import ordering_of
from tests.vulns.versions.references import REFERENCES, SIGNS, answers, pairs

ECOSYSTEMS = [
    "AlmaLinux:9",
    "Alpine:v3.20",
    "Bitnami",
    "CRAN",
    "Debian:12",
    "Go",
    "Maven",
    "NuGet",
    "Packagist",
    "PyPI",
    "RubyGems",
    "Ubuntu:24.04:LTS",
    "Wolfi",
    "crates.io",
    "npm",
]

ASCENDING = {
    # Documentation of NuGet, "Package versioning"; the numbers of System.Version.
    "NuGet": [
        "1.0.0-ALPHA",
        "1.0.0-alpha.1",
        "1.0.0-Alpha.1.X",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-BETA.11",
        "1.0.0-rc.1",
        "1.0",
        "1.0.0.1",
        "1.0.1",
        "1.01.1",
        "1.10",
    ],
    "CRAN": ["0.9", "1.0", "1.0-0", "1.0-1", "1.0.2", "1.0-10", "1.1"],
    "PyPI": ["1.dev1", "1a1", "1.0b2", "1rc1", "1", "1.0+local", "1.post1", "1.1", "1!0"],
    "crates.io": [
        "1.0.0-0",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
    ],
    "Go": [
        "v0.0.0-20200101000000-aaaaaaaaaaaa",
        "v0.0.0-20210101000000-000000000000",
        "v1.2.3-0.20200101000000-aaaaaaaaaaaa",
        "v1.2.3+incompatible",
        "go1.21rc2",
        "1.21.0-rc.10",
        "go1.21.0 X:boringcrypto",
        "go1.21.1-X:nodwarf5",
        "go1.22",
    ],
    "Bitnami": [
        "1.0.0-rc1",
        "1.0.0",
        "1.0.0-1",
        "1.0.0-10",
        "1.0.1",
        "1.1.1a",
        "1.1.1w",
        "1.8.0_333",
        "1.8.0-392",
        "3.13.0b1",
        "3.13.0rc2",
        "3.13",
        "9.3p1",
        "9.3p2",
        "25.3.2",
        "25.3.2.7",
    ],
}
"""What has no reference here is held against what its documentation says."""

EQUAL = {
    "NuGet": [("1", "1.0.0.0"), ("1.0.0+a", "1.0.0+b"), ("1.0-A", "1.0.0-a"), ("1.01", "1.1")],
    "PyPI": [
        ("1.0", "1"),
        ("1.0-beta1", "1b1"),
        ("v1", "1"),
        ("3.0.3-NA", "3.0.3"),
        ("2.6.0-cu124", "2.6.0+cu124"),
    ],
    "Go": [("v1.2.3", "1.2.3"), ("go1.22", "1.22.0"), ("v2.0.0+incompatible", "2.0.0")],
    "Bitnami": [("4.0.20-0", "4.0.20"), ("1.0", "1.0.0"), ("17.0.9+9", "17.0.9")],
    "Packagist": [("1.0", "v1.0.0.0"), ("1.0-a1", "1.0.0-alpha1")],
}

REFUSED = {
    "NuGet": ["", "a", "1.2.3.4.5", "1.0-", "1.0.0-a..b"],
    "CRAN": ["", "1.a", "1..2"],
    "PyPI": ["", "2004d", "1.0.0-XY"],
    "crates.io": ["", "1.2.3.4", "latest", "1.0.0-a..b"],
    "Go": ["(devel)", "", "unknown"],
    "Bitnami": ["nightly.2026-03-10.0", ""],
    "Maven": [""],
    "AlmaLinux": [""],
    "Debian": [""],
    "Packagist": ["dev-main", "master", "1.2.3.4.5"],
}


def known(ecosystem: str) -> Ordering:
    found = ordering_of(ecosystem)
    assert found is not None
    return found


def sign(ordering: Ordering, one: str, other: str) -> str:
    try:
        return SIGNS[ordering.compare(one, other)]
    except InvalidVersion:
        return "?"


@pytest.mark.parametrize("name", REFERENCES)
def test_what_the_reference_said_is_what_we_say(name):
    ordering = known(REFERENCES[name].ecosystem)
    kept = answers(name)
    assert len(kept) == 600
    differing = [
        (*answer, ours)
        for answer in kept
        if (ours := sign(ordering, answer[0], answer[2])) != answer[1]
        and not _is_read_too(name, answer)
    ]
    assert differing == []


@pytest.mark.thorough
@pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")
@pytest.mark.parametrize("name", REFERENCES)
def test_the_reference_itself_says_what_we_say(name):
    reference = REFERENCES[name]
    if shutil.which(reference.command) is None:
        pytest.skip(f"{reference.command} is not installed")
    ordering = known(reference.ecosystem)
    made = pairs(reference, 2_000 if name == "dpkg" else 50_000, "thorough")
    told = zip(made, reference.ask(made), strict=True)
    differing = [
        (one, theirs, other)
        for (one, other), theirs in told
        if sign(ordering, one, other) != theirs and not _is_read_too(name, (one, theirs, other))
    ]
    assert differing == []


def _is_read_too(name: str, answer: tuple[str, str, str]) -> bool:
    """What we order though the reference refuses it: dpkg's is any text, semver may be short."""
    return answer[1] == "?" and name in ("dpkg", "semver")


@pytest.mark.parametrize("ecosystem", ASCENDING)
def test_versions_ascend(ecosystem):
    ordering = known(ecosystem)
    for lower, higher in itertools.combinations(ASCENDING[ecosystem], 2):
        assert (lower, sign(ordering, lower, higher), higher) == (lower, "<", higher)
        assert sign(ordering, higher, lower) == ">"


@pytest.mark.parametrize("ecosystem", EQUAL)
def test_one_version_can_be_written_in_several_ways(ecosystem):
    for one, other in EQUAL[ecosystem]:
        assert (one, sign(known(ecosystem), one, other), other) == (one, "=", other)


@pytest.mark.parametrize("ecosystem", REFUSED)
def test_what_cannot_be_ordered_is_refused(ecosystem):
    for version in REFUSED[ecosystem]:
        with pytest.raises(InvalidVersion, match="is no version as"):
            known(ecosystem).key(version)


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
def test_a_version_of_thousands_of_characters_is_refused(ecosystem):
    assert known(ecosystem).key("1.2.3")
    with pytest.raises(InvalidVersion) as caught:
        known(ecosystem).key("1" * (LONGEST_VERSION + 1))
    assert len(str(caught.value)) < 120


def test_an_ecosystem_that_nobody_knows_has_no_ordering():
    assert ordering_of("GIT") is None
    assert ordering_of("") is None
    assert ordering_of("debian:12") is None


VERSIONS = st.text(st.sampled_from("0129.-_~^+:abrcXpv"), min_size=1, max_size=12)
ODD_VERSIONS = st.text(st.sampled_from("0129.-_~^+:abrcXpv \n\0²٣\u212a\u017fé\udc80"), max_size=12)
"""With digits and letters that are no ASCII, and what no version should have."""


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
def test_any_text_is_ordered_or_refused(ecosystem):
    ordering = known(ecosystem)

    @given(ODD_VERSIONS, ODD_VERSIONS)
    def check(one: str, other: str) -> None:
        forth, back = sign(ordering, one, other), sign(ordering, other, one)
        assert back == {"<": ">", ">": "<"}.get(forth, forth)
        assert sign(ordering, one, one) in "=?"

    check()


@pytest.mark.parametrize("ecosystem", [one for one in ECOSYSTEMS if one != "Maven"])
def test_the_order_is_total(ecosystem):
    """But Maven's own, which its module tells of."""
    ordering = known(ecosystem)

    @given(st.lists(VERSIONS, min_size=3, max_size=3))
    def check(versions: list[str]) -> None:
        try:
            keys = sorted(ordering.key(one) for one in versions)
        except InvalidVersion:
            return
        assert keys[0] <= keys[1] <= keys[2]
        assert keys[0] <= keys[2]

    check()
