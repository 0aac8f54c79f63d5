"""The JSON schema refuses what the parser refuses, and nothing else."""

from __future__ import annotations

import enum
import json
import re
import tomllib
from typing import Any, Literal

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.errors import InvalidSpec
from distil.formats.spec_template import schema_text
from distil.formats.spec_toml import parse_spec
from distil.model.spec import Spec
from scripts.reference import constraints, schema
from scripts.reference.outputs import ROOT
from tests.formats.test_spec_toml import REFUSED
from tests.support.pages import read_page

SCHEMA = json.loads(schema_text())
BEYOND_A_SCHEMA = {
    "[image\n": "not TOML: the editor says so itself",
    "[image.healthcheck]\ncommand = ['true']\ntimeout = nan\n": "JSON has no such number",
}
"""What the parser refuses and a schema cannot, with the reason."""


VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def accepted(text: str) -> bool:
    return bool(VALIDATOR.is_valid(tomllib.loads(text)))


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/distil.toml")), ids=str)
def test_examples_are_accepted(path: Any) -> None:
    assert accepted(path.read_text())


def test_the_example_of_the_documentation_is_accepted() -> None:
    page = read_page(ROOT / "docs" / "concepts" / "configuration.md")
    (text,) = [fence.text for fence in page.fences if fence.path == "distil.toml"]
    assert parse_spec(text) != Spec()
    assert accepted(text)


@pytest.mark.parametrize("text", [text for text, *_ in REFUSED if text not in BEYOND_A_SCHEMA])
def test_what_the_parser_refuses_is_refused(text: str) -> None:
    assert not accepted(text), (
        "the parser refuses this and the schema does not: add to scripts/reference/constraints.py"
    )


def test_what_is_beyond_a_schema_is_still_refused_by_the_parser() -> None:
    assert set(BEYOND_A_SCHEMA) <= {text for text, *_ in REFUSED}


WORDS = (
    *("", "a", "/", "//", "/a", "/a/../b", "/..", "/..a", "a/b", "../a", "0", "00", "1000:0"),
    *("65535", "65536", "065535", "0/udp", "53/udp", "53/icmp", "99999", "SIGTERM", "TERM", "SIG"),
    *("SIGRTMIN+3", "15", "100", "2147483646", "2147483647", "0000000007", "1:2147483647", "1:"),
    *("gzip", "lzma", "packages", "debian:sid", "A=B", "a\0", "\0", "/a\0", "ports", "zstd"),
)
NUMBERS = (-1, 0, 1, 2, 80, 65535, 65536, 2**31 - 2, 2**31 - 1, 0.0005, 0.5, 1e10, True)
SCALARS = (*WORDS, *NUMBERS)
VALUES = (
    *SCALARS,
    *([value] for value in SCALARS),
    *(["a", value] for value in WORDS),
    *({word: "a"} for word in WORDS),
    *({"a": value} for value in SCALARS),
    [],
    {},
)
"""Around every limit there is, for every key."""


def keys(table: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of each key, tables included."""
    found = [(*path, key) for key in table["properties"]]
    for key, value in table["properties"].items():
        if "properties" in value:
            found += keys(value, (*path, key))
    return found


@pytest.mark.parametrize("path", keys(SCHEMA), ids=".".join)
def test_schema_and_parser_agree(path: tuple[str, ...]) -> None:
    for value in VALUES:
        document: dict[str, Any] = {}
        inner = document
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        if path[:2] == ("image", "healthcheck") and len(path) > 2:
            inner["command"] = ["true"]
        inner[path[-1]] = value
        text = toml(document)
        assert accepted(text) is parsed(text), text


def parsed(text: str) -> bool:
    try:
        parse_spec(text)
    except InvalidSpec:
        return False
    return True


def toml(value: Any, *, top: bool = True) -> str:
    """A document of the values above as TOML, all tables but the outer one inline."""
    if isinstance(value, dict):
        pairs = [f"{json.dumps(key)} = {toml(item, top=False)}" for key, item in value.items()]
        return "\n".join(pairs) if top else f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(toml(item, top=False) for item in value)}]"
    return json.dumps(value)


# --- any struct ------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"
    """As blood."""
    BLUE = "blue"


class Part(msgspec.Struct):
    """``[[part]]``: one of many."""

    name: str
    """What it is called."""
    colour: Colour = Colour.RED
    """What it looks like."""
    size: Literal["s", "l"] | None = None
    """How large it is."""


class Inner(msgspec.Struct, rename={"from_": "from"}):
    """``[inner]``: a table."""

    from_: int | str = 1
    """Where it begins,
    on two lines."""


class Whole(msgspec.Struct):
    """All of it."""

    inner: Inner = msgspec.field(default_factory=Inner)
    part: tuple[Part, ...] = ()
    optional: Inner | None = None
    """The same, with its own words."""
    table: dict[str, tuple[int, ...]] = {}
    """Lists by name."""


class Undocumented(msgspec.Struct):
    """A table."""

    name: str = ""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Any:
    def of(struct: type, **asked: Any) -> dict[str, Any]:
        monkeypatch.setattr(schema, "Spec", struct)
        monkeypatch.setattr(schema, "CONSTRAINTS", asked)
        return schema.spec_schema()["properties"]

    return of


def test_structs_in_any_nesting(made: Any) -> None:
    found = made(Whole)
    assert found["inner"]["description"] == "A table."
    assert found["inner"]["properties"]["from"] == {
        "description": "Where it begins, on two lines.",
        "type": ["integer", "string"],
        "default": 1,
    }
    assert found["optional"]["description"] == "The same, with its own words."
    part = found["part"]["items"]
    assert (found["part"]["type"], part["required"]) == ("array", ["name"])
    assert part["properties"]["colour"]["enum"] == ["red", "blue"]
    assert part["properties"]["colour"]["x-taplo"] == {"docs": {"enumValues": ["As blood.", ""]}}
    assert part["properties"]["colour"]["default"] == "red"
    assert part["properties"]["size"]["enum"] == ["s", "l"]
    assert found["table"]["additionalProperties"]["items"] == {"type": "integer"}


def test_constraints_reach_items_and_values(made: Any) -> None:
    found = made(Whole, **{"table{}[]": {"minimum": 3}, "part[].name": {"minLength": 1}})
    assert found["table"]["additionalProperties"]["items"]["minimum"] == 3
    assert found["part"]["items"]["properties"]["name"]["minLength"] == 1


def test_a_key_without_a_docstring_is_an_error(made: Any) -> None:
    with pytest.raises(LookupError, match=r"Undocumented\.name has no docstring"):
        made(Undocumented)


def test_a_constraint_on_nothing_is_an_error(made: Any) -> None:
    with pytest.raises(LookupError, match=r"colour\.shade"):
        made(Whole, **{"colour.shade": {}})


@given(st.integers(10, 10**6), st.integers(0, 10**7))
def test_numbers_up_to_a_limit(limit: int, number: int) -> None:
    matched = re.fullmatch(constraints.up_to(limit), str(number)) is not None
    assert matched is (number <= limit)
