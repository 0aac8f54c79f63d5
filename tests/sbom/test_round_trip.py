"""What is written comes back: in every format, all that it can carry."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from distil.sbom.identity import Writing
from distil.sbom.read import read_sbom
from distil.sbom.table import FORMATS
from tests.sbom.inventories import INDEX, SAMPLE, inventories

_WHOLE = [name for name in FORMATS if name != "purls"]


def _there_and_back(inventory, name):
    data = b"".join(FORMATS[name].write(inventory, Writing()))
    return read_sbom(data, "document")


@pytest.mark.parametrize("name", _WHOLE)
def test_all_of_an_image_comes_back(name):
    assert _there_and_back(SAMPLE, name) == SAMPLE


@pytest.mark.parametrize("name", [name for name in _WHOLE if name != "syft"])
def test_all_of_an_index_comes_back(name):
    assert _there_and_back(INDEX, name) == INDEX


@pytest.mark.parametrize("name", _WHOLE)
@given(inventory=inventories())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25, deadline=None)
def test_any_inventory_comes_back(name, inventory):
    assert _there_and_back(inventory, name) == inventory


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_same_inventory_gives_the_same_bytes(name):
    first = b"".join(FORMATS[name].write(SAMPLE, Writing()))
    assert b"".join(FORMATS[name].write(SAMPLE, Writing())) == first
    dated = b"".join(FORMATS[name].write(SAMPLE, Writing(created=0)))
    assert (b"1970-01-01T00:00:00Z" in dated) is (name != "purls")


def test_package_urls_come_back():
    found = _there_and_back(SAMPLE, "purls")
    assert [one.purl for one in found.components] == [one.purl for one in SAMPLE.components]
    assert [one.kind for one in found.components] == ["deb", "deb", "python", "go"]
    assert found.subject.digest == SAMPLE.subject.digest
    sources = [one.source.name if one.source else "" for one in found.components]
    assert sources == ["glibc", "python-magic", "", ""]
    assert (found.release.id, found.release.version_id) == ("debian", "12")
