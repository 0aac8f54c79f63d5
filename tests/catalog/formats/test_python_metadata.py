"""Python distributions: what METADATA, PKG-INFO and eggs say."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Claim, Facts, Stated, Unreadable
from distil.catalog.formats.python_metadata import egg_file, installed
from tests.catalog.formats.language_samples import METADATA, SAMPLES
from tests.support.small_zip import small_zip

SITE = "/usr/lib/python3.11/site-packages"


def only(facts: Facts) -> Stated:
    (stated,) = facts.stated
    return stated


def told(text: str) -> Stated:
    return only(installed(f"{SITE}/x-1.dist-info/METADATA", text.encode()))


def test_a_wheels_metadata() -> None:
    stated = only(installed(*SAMPLES["python"]))
    component = stated.component
    assert (component.kind, component.name, component.version) == (
        "python",
        "my-pack-age",
        "1.0+local.1",
    )
    assert component.purl == "pkg:pypi/my-pack-age@1.0%2Blocal.1"
    assert component.licenses == ("MIT OR Apache-2.0",)
    assert component.supplier == "Ann <ann@example.org>, Bob <bob@example.org>"
    assert component.homepage == "https://example.org"
    assert component.description == "What it does"
    assert stated.keys == (
        f"python:{SITE}/my_pack_age-1.0.dist-info",
        f"python:{SITE}:my-pack-age",
    )
    assert [one.split("|")[0] for one in stated.needs] == [
        f"python:{SITE}:requests",
        f"python:{SITE}:typing-extensions",
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("License: MIT", ("MIT",)),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License", ("MIT",)),
        # a licence without a version is clearer among the classifiers
        (
            "License: GPL\nClassifier: License :: OSI Approved :: GNU GPL v3",
            ("GPL-3.0-only",),
        ),
        ("License: BSD\nClassifier: License :: OSI Approved :: BSD License", ("LicenseRef-BSD",)),
        ("License: MIT License\n\n", ("MIT",)),
        ("Classifier: Topic :: Utilities", ()),
    ],
)
def test_licences(fields: str, expected: tuple[str, ...]) -> None:
    assert told(f"Name: x\nVersion: 1\n{fields}").component.licenses == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("Author: Ann", "Ann"),
        ("Author: Ann\nAuthor-email: a@b", "Ann <a@b>"),
        ("Author: UNKNOWN\nMaintainer: Bob", "Bob"),
        ("Author: Ann\nAuthor-email: Ann <a@b>", "Ann <a@b>"),
        ("Author: Ann\nAuthor-email: a@b, c@d", "Ann"),
    ],
)
def test_authors(fields: str, expected: str) -> None:
    assert told(f"Name: x\nVersion: 1\n{fields}").component.supplier == expected


def test_lines_may_end_as_on_windows_and_the_first_may_be_empty() -> None:
    stated = told("\r\n\r\nName: Z\r\nVersion: 1\r\n\r\nName: other\r\n")
    assert (stated.component.name, stated.component.version) == ("z", "1")


def test_an_egg_that_is_a_directory_has_all_that_is_in_it() -> None:
    stated = only(installed("/opt/x-1.egg/EGG-INFO/PKG-INFO", b"Name: x\nVersion: 1\n"))
    assert Claim("/opt/x-1.egg", is_tree=True) in stated.claims
    assert stated.keys == ("python:/opt/x-1.egg/EGG-INFO", "python:/opt:x")


def test_an_egg_info_that_is_a_file() -> None:
    stated = only(egg_file("/opt/x-1.egg-info", b"Name: x\nVersion: 1\n"))
    assert stated.keys == ("python:/opt/x-1.egg-info", "python:/opt:x")
    assert [claim.path for claim in stated.claims] == ["/opt/x-1.egg-info"]


def test_an_egg_that_is_an_archive() -> None:
    content = small_zip({"x/__init__.py": b"", "EGG-INFO/PKG-INFO": METADATA})
    assert only(egg_file("/opt/x-1.egg", content)).component.name == "my-pack-age"


def test_the_interpreter_is_no_distribution() -> None:
    assert egg_file("/usr/lib/python2.7/Python-2.7.egg-info", b"Name: Python\n") == Facts()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/x.egg", b"no archive"),
        ("/x.egg", small_zip({"x": b""})),
        ("/x.egg-info", b"Version: 1\n"),
        ("/x.egg-info", b"Name: \x00\n"),
    ],
)
def test_what_cannot_be_read_says_why(path: str, content: bytes) -> None:
    with pytest.raises(Unreadable):
        egg_file(path, content)
