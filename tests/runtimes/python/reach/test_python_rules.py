"""The rule files that come with distil, and their format."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import distil.runtimes.python.reach
from distil.runtimes.python.errors import InvalidRule
from distil.runtimes.python.reach import load_rules, shipped_rules

DATA = Path(distil.runtimes.python.reach.__file__).parent / "data"
HEAD = 'distribution = "d"\nversions = ">=1"\ntest = "t"\n'
APPLICATIONS = Path(__file__).parent / "applications"


def test_every_file_is_shipped_and_named_after_its_distribution():
    assert {file.distribution for file in shipped_rules().files} == {
        path.stem for path in DATA.glob("*.toml")
    }


@pytest.mark.parametrize("path", sorted(DATA.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_file_names_a_test_application(path):
    file = load_rules(path.read_text(), path.name)
    assert (APPLICATIONS / file.test / "main.py").is_file()
    assert SpecifierSet(file.versions)
    assert file.resolve or file.add or file.lazy or file.convention


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("distribution = 1", "Expected `str`"),
        ("[", "Invalid"),
        (HEAD + "unknown = 1", "unknown field `unknown`"),
        (HEAD.replace(">=1", "one"), "Invalid specifier"),
        (HEAD + '[[resolve]]\nmodule = "m"\nwhy = "short"', "`why` must be a sentence"),
        (HEAD + '[[resolve]]\nmodule = "m"\nsources = ["magic"]\nwhy = "x"', "Invalid enum value"),
        (HEAD + '[[add]]\nmodules = ["m"]\nwhy = "x"', "missing required field `when`"),
    ],
)
def test_a_file_that_does_not_follow_the_format(text, complaint):
    with pytest.raises(InvalidRule, match=complaint) as raised:
        load_rules(text, "here.toml")
    assert "here.toml" in str(raised.value)
    assert raised.value.hint


def test_rules_for_what_is_installed():
    rules = shipped_rules().for_versions({"flask": "3.1.0", "gunicorn": "1.0", "d": "1"})
    assert [file.distribution for file in rules.files] == ["flask"]
    assert rules.for_versions({"flask": "not a version"}).files == ()
