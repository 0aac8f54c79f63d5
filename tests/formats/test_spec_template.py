"""The file that `distil init` writes: TOML whatever is in it, every key, nothing but defaults."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from distil.formats.spec_template import Entry, schema_text, spec_template
from distil.formats.spec_toml import parse_spec
from distil.model.spec import Spec

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]))


def uncommented(text: str) -> str:
    """The text with the keys and headers that are comments made to count."""
    return re.sub(r"(?m)^#(?=[a-z\[])", "", text)


def test_nothing_known_decides_nothing() -> None:
    assert parse_spec(spec_template({})) == Spec()


def test_every_key_is_there_with_its_default() -> None:
    """Keys without a default show a form to fill in."""
    told = tomllib.loads(uncommented(spec_template({})))
    assert differences(json.loads(schema_text()), told) == []


def differences(schema: dict[str, Any], told: dict[str, Any], path: str = "") -> list[str]:
    """What a document lacks of a schema, or says otherwise."""
    found = [path + key for key in schema["properties"] if key not in told]
    for key, described in schema["properties"].items():
        value = told.get(key)
        inner = described["items"] if described.get("type") == "array" else described
        if "properties" in inner:
            found += differences(inner, value[0] if isinstance(value, list) else value, f"{key}.")
        elif value != described.get("default", value):
            found.append(f"{path}{key} = {value}")
    return found


def test_every_key_has_its_description_above() -> None:
    keys = re.findall(r"(?m)^(.*)\n#?[a-z_]+ = ", spec_template({}))
    assert len(keys) > 20
    assert [above for above in keys if not above.startswith("# ")] == []


def test_lines_are_short() -> None:
    notes = ("a word " * 60,)
    text = spec_template({("app", "name"): Entry(notes, "x")})
    assert max(len(line) for line in text.splitlines() if line.startswith("# ")) <= 100


@given(ANYTHING, st.lists(ANYTHING), st.dictionaries(ANYTHING, ANYTHING))
def test_whatever_is_known_is_written(
    note: str, words: list[str], variables: dict[str, str]
) -> None:
    known: dict[tuple[str, ...], Entry] = {
        ("app", "command"): Entry((note,), words),
        ("app", "environment"): Entry((), variables),
        ("app", "name"): Entry((note,), "shown only", decides=False),
    }
    app = tomllib.loads(spec_template(known))["app"]
    assert app == {"command": words, "environment": variables}
