"""A document is held against the bytes: each difference is told."""

from __future__ import annotations

import msgspec
import pytest

from distil.model.inventory import Inventory
from distil.sbom.identity import Writing
from distil.sbom.read import read_sbom
from distil.sbom.table import FORMATS
from distil.sbom.verify import compare, differences
from tests.sbom.inventories import GO, LIBC, MAGIC, SAMPLE

_replace = msgspec.structs.replace


def _document(name) -> Inventory:
    found = read_sbom(b"".join(FORMATS[name].write(SAMPLE, Writing())), name)
    assert isinstance(found, Inventory)
    return found


def _with_file(path, **changes):
    files = tuple(
        _replace(one, **changes) if one.path == path else one
        for one in SAMPLE.files
        if changes or one.path != path
    )
    return _replace(SAMPLE, files=files)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "purls"])
def test_a_document_of_the_same_bytes_agrees(name):
    document = _document(name)
    assert compare(document, SAMPLE).agrees
    assert differences(document, SAMPLE) == ()


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            _with_file("/app/main.py", digest="0" * 64, sha1="0" * 40),
            "/app/main.py is not the file that the document lists",
        ),
        (
            _with_file("/app/main.py", mode=0o4755),
            "/app/main.py is not the file that the document lists",
        ),
        (_with_file("/app/main.py"), "/app/main.py is in the document, and not in the image"),
        (
            _replace(SAMPLE, files=(*SAMPLE.files, _replace(SAMPLE.files[0], path="/new"))),
            "/new is in the image, and not in the document",
        ),
        (
            _replace(SAMPLE, components=(LIBC, MAGIC, SAMPLE.components[2])),
            "go example.com/tool v1.2.3 is in the document, and not in the image",
        ),
        (
            _replace(SAMPLE, components=(*SAMPLE.components, _replace(GO, name="other"))),
            "go other v1.2.3 is in the image, and not in the document",
        ),
        (
            _replace(SAMPLE, components=(*SAMPLE.components[:3], _replace(GO, version="v2"))),
            "go example.com/tool is v2, and in the document v1.2.3",
        ),
        (
            _replace(SAMPLE, components=(*SAMPLE.components, _replace(GO, version="v2"))),
            "go example.com/tool v2 is in the image, and not in the document",
        ),
    ],
)
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "purls"])
def test_what_differs_is_told(name, found, sentence):
    document = _document(name)
    assert differences(document, found) == (sentence,)


def test_a_document_that_does_not_say_that_it_lists_all_files_lacks_none():
    document = _replace(SAMPLE, has_files=False, files=SAMPLE.files[:2])
    assert compare(document, SAMPLE).agrees
    assert compare(document, _with_file("/app/main.py")).removed == ("/app/main.py",)


@pytest.mark.parametrize(
    ("purl", "agrees"),
    [
        ("pkg:deb/debian/libc6@2.36-9%2Bdeb12u10", True),
        ("pkg:deb/libc6@2.36-9+deb12u10?arch=amd64", True),
        ("", True),
        ("pkg:deb/ubuntu/libc6@2.36-9%2Bdeb12u10", False),
        ("pkg:deb/debian/libc6@9.99", False),
        ("pkg:deb/debian/libc7@2.36-9%2Bdeb12u10", False),
        ("pkg:generic/libc6@2.36-9%2Bdeb12u10", False),
    ],
)
def test_a_package_url_that_names_something_else_is_told(purl, agrees):
    """Scanners go by it: what it hides is hidden, whatever the name beside it says."""
    forged = _replace(SAMPLE, components=(_replace(LIBC, purl=purl), *SAMPLE.components[1:]))
    told = differences(forged, SAMPLE)
    assert told == () if agrees else purl in told[0]
