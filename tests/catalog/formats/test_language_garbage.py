"""What languages' package managers write, broken: facts or a reason, and no path outside."""

from __future__ import annotations

import json
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.dispatch import Dispatch
from distil.catalog.facts import Facts, Unreadable
from distil.catalog.table import CATALOGERS
from distil.model.inventory import KINDS
from tests.catalog.formats.language_samples import SAMPLES

ROWS = {row.name: row for row in CATALOGERS}
DEEP_JSON = b'{"name": ' + b"[" * 100_000


def read(name: str, content: bytes) -> Facts | None:
    try:
        facts = ROWS[name].load()(SAMPLES[name][0], content)
    except Unreadable:
        return None
    check(facts)
    return facts


def check(facts: Facts) -> None:
    """What holds of all facts, whatever was read."""
    claims = [claim for one in facts.stated for claim in one.claims]
    claims += [claim for one in facts.added for claim in one.claims]
    for path in [claim.path for claim in claims] + [path for path, _ in facts.generated]:
        assert path.startswith("/")
        assert path != "/"
        assert posixpath.normpath(path) == path
    for stated in facts.stated:
        component = stated.component
        assert component.kind in KINDS
        assert component.name.isprintable()
        assert component.name
        assert component.version.isprintable()
        assert component.supplier.isprintable()
        assert "\n" not in component.description


@pytest.mark.parametrize("name", SAMPLES)
def test_the_row_takes_the_file_and_the_parser_says_something_of_it(name: str) -> None:
    path, content = SAMPLES[name]
    assert name in [row.name for row in Dispatch(CATALOGERS).rows(path, content[:4])]
    facts = read(name, content)
    assert facts is not None
    assert facts.stated or facts.added or facts.generated


@pytest.mark.parametrize("name", SAMPLES)
@given(content=st.binary(max_size=400))
def test_any_bytes_come_to_facts_or_a_reason(name: str, content: bytes) -> None:
    read(name, content)


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
def test_a_file_with_a_piece_changed_comes_to_facts_or_a_reason(
    name: str, data: st.DataObject
) -> None:
    content = SAMPLES[name][1]
    begin = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(begin, min(len(content), begin + 40)))
    put = data.draw(st.binary(max_size=12) | st.sampled_from([b'"', b"{", b"[", b"\n", b"9" * 30]))
    read(name, content[:begin] + put + content[end:])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
IN_JSON = [name for name, (path, _) in SAMPLES.items() if path.endswith(".json")]


@pytest.mark.parametrize("name", IN_JSON)
@given(data=st.data())
def test_json_with_something_else_in_a_field_comes_to_facts_or_a_reason(
    name: str, data: st.DataObject
) -> None:
    document = json.loads(SAMPLES[name][1])
    place = document
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if isinstance(place[key], dict | list) and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(JSON)
        break
    read(name, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("npm", DEEP_JSON),
        ("npm", b'{"dependencies": ' + b'{"a":' * 100_000),
        ("composer", b"[" * 100_000),
        (
            "python-sbom",
            b'{"bomFormat": "CycloneDX", "components": [' + b'{"components":[' * 50_000,
        ),
        ("conda", DEEP_JSON),
        ("dotnet", b'{"targets":' * 50_000),
        ("pear", b"a:1:{i:0;" * 100_000),
        ("pear", b"a:99999999999:{" + b"i:0;N;" * 10),
        ("pear", b's:99999999999:"x";'),
        ("lua", b'package = "x"\nversion = "1"\nx = ' + b"{" * 100_000),
        ("python-egg", b"PK\x05\x06" + b"\0" * 18),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_deep_or_promises_much_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(Unreadable):
        ROWS[name].load()(SAMPLES[name][0], content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gem", b's.files = ["' + b"a" * 200_000),
        ("gem", b"s.files = [" + b'"a", ' * 50_000),
        ("gem", b"  s.name = " * 20_000),
        ("gem", b"add_runtime_dependency" * 20_000),
        ("lua", b"--[" * 100_000),
        ("lua", b"x = [[" * 50_000),
        ("lua", b'x = "\\' * 50_000),
        ("python", b"Name: x\n" + b" more\n" * 200_000),
        ("python", b"Name: x\nRequires-Dist: " + b"a" * 100_000 + b";" * 100_000),
        ("python", b"Name: x\nRequires-Dist: a" + b"; ext" * 100_000),
        ("python-record", b'"' * 100_000),
        ("python-record", b"," * 100_000),
        ("r", b"Package: x\nVersion: 1\nBuilt: y\nDepends: " + b"a, " * 100_000),
        ("wordpress", b"* " * 4000 + b"Plugin Name"),
    ],
)
def test_what_invites_a_long_search_is_read_in_one_go(name: str, content: bytes) -> None:
    read(name, content)
