"""Documents that are damaged, hostile, or something else: one clear error, and nothing ignored."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.errors import DistilError
from distil.vulns.vex.errors import MalformedIgnoreFile, MalformedVex
from distil.vulns.vex.ignore import read_ignore_file
from distil.vulns.vex.read import is_vex, read_vex
from tests.vulns.vex.documents import csaf, cyclonedx, openvex, related, statement, vulnerability

DEEP = 5_000
BRACKETS = b'{"@context": ' + b"[" * DEEP


def _nested(depth):
    inner: dict = {"type": "library", "name": "x", "bom-ref": "x"}
    for _ in range(depth):
        inner = {"type": "library", "name": "x", "components": [inner]}
    return inner


def _branches(depth):
    inner: dict = {}
    for _ in range(depth):
        inner = {"branches": [inner]}
    return inner


BROKEN = {
    "nothing": (b"", "it is no VEX document"),
    "text": (b"hello", "it is no VEX document"),
    "another JSON": (b"{}", "it is no VEX document"),
    "an SBOM": (b'{"bomFormat": "CycloneDX"}', "it is no VEX document"),
    "half": (openvex(statement())[:-9], "truncated"),
    "no UTF-8": (openvex(statement()).replace(b"Ann", b"\xff"), "byte"),
    "a status that is none": (
        openvex(statement("maybe")), "$.statements[0].status: 'maybe' is none of not_affected",
    ),
    "no statements": (b'{"@context": "https://openvex.dev/ns"}', "statements"),
    "another type": (openvex(statement(), statements=7), "$.statements"),
    "evidence that is none": (
        openvex(statement(status_notes="distil-evidence/v1 {")), "its evidence cannot be read",
    ),
    "a state that is none": (
        cyclonedx(vulnerability("maybe")), "$.vulnerabilities[0].analysis.state",
    ),
    "components in components": (
        cyclonedx(vulnerability(), components=[_nested(40)]), "components lie too deep",
    ),
    "branches in branches": (
        csaf({}, tree={"branches": [_branches(70)]}), "branches lie too deep in each other",
    ),
    "brackets": (BRACKETS, ""),
}  # fmt: skip


@pytest.mark.parametrize(("data", "why"), BROKEN.values(), ids=BROKEN)
def test_one_error_that_says_what_and_where(data, why):
    with pytest.raises(MalformedVex) as caught:
        read_vex(data, "x.json")
    assert caught.value.message.startswith("x.json")
    assert why in caught.value.message


def test_a_product_in_itself_ends():
    tree = related()
    tree["relationships"][0]["product_reference"] = "os:lib"
    tree["relationships"][0]["relates_to_product_reference"] = "os:lib"
    assert read_vex(csaf({"fixed": ["os:lib"]}, tree=tree), "x").claims == ()


def test_what_looks_like_vex():
    assert is_vex(openvex(statement()))
    assert is_vex(cyclonedx(vulnerability()))
    assert is_vex(csaf({}, tree=related()))
    assert not is_vex(b'{"bomFormat": "CycloneDX", "components": []}')
    assert not is_vex(b"\0")


def test_remarks_say_what_was_not_understood():
    told = cyclonedx(
        vulnerability(ref="nothing"),
        vulnerability(""),
        vulnerability(versions=[{"range": "vers:deb/>=1"}]),
    )
    assert read_vex(told, "x").remarks == (
        "1 of its vulnerabilities have no analysis",
        "1 of its references lead to no component of it",
        "1 of its ranges of versions were not compared",
    )
    told = csaf({"fixed": ["os:lib", "x"]}, tree=related(platform={}))
    assert read_vex(told, "x").remarks == (
        "1 of its products are not in its product tree",
        "1 of its products have nothing to know them by",
    )
    nothing = {"vulnerability": {"name": "CVE-1"}, "status": "affected"}
    assert read_vex(openvex(nothing), "x").remarks == ("1 of its statements name no product",)
    assert read_vex(openvex(nothing), "x", "sha256:00").remarks == ()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
_SEEDS = [
    json.loads(one)
    for one in (
        openvex(statement()),
        cyclonedx(vulnerability(versions=[{"version": "1"}])),
        csaf({"fixed": ["os:lib"]}, tree=related()),
    )
]


def _places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from _places(value[key], (*path, key))


def _with(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy


@given(data=st.data(), seed=st.sampled_from(_SEEDS), new=_JSON)
def test_whatever_stands_anywhere_is_read_or_refused(data, seed, new):
    place = data.draw(st.sampled_from([one for one in _places(seed) if one]))
    with contextlib.suppress(DistilError):
        read_vex(json.dumps(_with(seed, place, new)).encode(), "x")


BAD_IGNORES = {
    "no TOML": "[[ignore",
    "no reason": '[[ignore]]\nid = "CVE-1"',
    "an empty reason": '[[ignore]]\nid = "CVE-1"\nreason = " "',
    "an empty id": '[[ignore]]\nid = ""\nreason = "x"',
    "a slip": '[[ignore]]\nid = "CVE-1"\nreason = "x"\nexpires = 2026-01-01',
    "another table": '[[ignored]]\nid = "CVE-1"\nreason = "x"',
    "no date": '[[ignore]]\nid = "CVE-1"\nreason = "x"\nuntil = "soon"',
}


@pytest.mark.parametrize("text", BAD_IGNORES.values(), ids=BAD_IGNORES)
def test_an_ignore_file_that_is_not_understood_is_an_error(text):
    with pytest.raises(MalformedIgnoreFile) as caught:
        read_ignore_file(text.encode(), "ignore.toml")
    assert caught.value.message.startswith("ignore.toml")


def test_an_ignore_file_that_is_no_text():
    with pytest.raises(MalformedIgnoreFile):
        read_ignore_file(b"\xff", "ignore.toml")
