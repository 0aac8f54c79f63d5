"""Installed R packages."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Claim, Facts
from distil.catalog.formats.r_package import description
from tests.catalog.formats.language_samples import SAMPLES


def test_a_package_of_a_library() -> None:
    (stated,) = description(*SAMPLES["r"]).stated
    component = stated.component
    assert (component.kind, component.name, component.version) == ("r", "digest", "0.6.31")
    assert component.purl == "pkg:cran/digest@0.6.31"
    assert component.licenses == ("GPL-2.0-or-later",)
    assert component.supplier == "Ann <ann@example.org>"
    assert component.homepage == "https://example.org/digest"
    assert component.description == "Create Compact Hash Digests"
    assert Claim("/usr/lib/R/site-library/digest", is_tree=True) in stated.claims
    assert [one.split("|")[:2] for one in stated.needs] == [
        ["r:/usr/lib/R/site-library:utils", "r:/usr/lib/R/library:utils"],
        ["r:/usr/lib/R/site-library:Rcpp", "r:/usr/lib/R/library:Rcpp"],
    ]


def test_one_of_rs_own_library_need_not_say_when_it_was_built() -> None:
    content = b"Package: translations\nVersion: 4.2.2\n"
    (stated,) = description("/usr/lib/R/library/translations/DESCRIPTION", content).stated
    assert stated.component.name == "translations"


@pytest.mark.parametrize(
    "content",
    [b"Package: x\nVersion: 1\n", b"Version: 1\nBuilt: x\n", b"A text of something else.\n", b""],
)
def test_a_source_tree_and_other_files_are_none(content: bytes) -> None:
    assert description("/src/x/DESCRIPTION", content) == Facts()
