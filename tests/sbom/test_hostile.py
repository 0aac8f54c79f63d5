"""Whatever a document holds: an inventory, or an error that says where."""

from __future__ import annotations

import functools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distil.model.inventory import IndexInventory, Inventory
from distil.sbom.errors import MalformedSbom
from distil.sbom.identity import Writing
from distil.sbom.read import read_sbom
from distil.sbom.reading import MOST_IMAGES
from distil.sbom.table import FORMATS
from tests.sbom.inventories import INDEX, SAMPLE

_FORMATS = list(FORMATS)
_MANY = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40, deadline=None)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@functools.cache
def _document(name, *, index=False):
    return b"".join(FORMATS[name].write(INDEX if index else SAMPLE, Writing()))


def _reads_or_says_where(data):
    try:
        found = read_sbom(data, "sbom.json")
    except MalformedSbom as error:
        told = error.message
    else:
        assert isinstance(found, Inventory | IndexInventory)
        return
    assert told.startswith("sbom.json")
    assert len(told) < 2000


@given(st.binary(max_size=200))
def test_any_bytes(data):
    _reads_or_says_where(data)


@pytest.mark.parametrize("name", _FORMATS)
@given(st.data())
@_MANY
def test_bytes_that_were_changed(name, data):
    document = bytearray(_document(name))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(document) - 1))
        document[position : position + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3)
        )
    _reads_or_says_where(bytes(document))


@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize("name", [name for name in _FORMATS if name != "purls"])
@given(st.data())
@_MANY
def test_values_that_were_changed(name, index, data):
    document = json.loads(_document(name, index=index and name != "syft"))
    for _ in range(data.draw(st.integers(1, 3))):
        _change(document, data)
    _reads_or_says_where(json.dumps(document).encode())


def _change(document, data):
    """Put any value in the place of one, or take it out, somewhere in the document."""
    here = document
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(here[key], dict | list) or not data.draw(st.integers(0, 4)):
            if data.draw(st.booleans()):
                here[key] = data.draw(_JSON)
            else:
                del here[key]
            return
        here = here[key]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"<bom/>", ""),
        (b"{}", "$"),
        (b'{"spdxVersion": "SPDX-9.9"}', "$"),
        (b'{"bomFormat": "CycloneDX", "components": [{"name": 1}]}', "$.components[0].name"),
        (b'{"spdxVersion": "SPDX-2.3", "packages": [{}]}', "$.packages[0]"),
        (b'{"artifacts": [{"id": "a"}]}', "$.artifacts[0]"),
        (b'{"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": {}}', "$.@graph"),
        (b'{"bomFormat": "CycloneDX", "components": [' + b"[" * 100_000, ""),
        (b"pkg:deb/a@1\n\xff", "byte 12"),
        (b'{"bomFormat": "CycloneDX", "metadata": {"timestamp": "\xff"}}', ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(data, where):
    with pytest.raises(MalformedSbom) as told:
        read_sbom(data, "sbom.json")
    assert told.value.where == where or (not where and told.value.why)
    assert told.value.exit_code == 2


def test_properties_that_make_no_sense_are_told_with_their_place():
    document = json.loads(_document("cyclonedx"))
    document["components"][2]["properties"].append({"name": "distil:removed-by", "value": "many"})
    with pytest.raises(MalformedSbom) as told:
        read_sbom(json.dumps(document).encode(), "sbom.json")
    assert told.value.where == "$.components[2]"


def test_components_in_components_in_components():
    depth = 50_000
    text = '{"type":"library","name":"x","components":[' * depth
    with pytest.raises(MalformedSbom, match="deep"):
        read_sbom(f'{{"bomFormat":"","components":[{text}'.encode(), "sbom.json")
    closed = text + "]}" * depth
    with pytest.raises(MalformedSbom, match="deep"):
        read_sbom(f'{{"bomFormat":"","components":[{closed}]}}'.encode(), "sbom.json")


def test_an_index_has_a_bound():
    told = [{"name": "distil:index", "value": "true"}]
    main = {"type": "container", "name": "x", "properties": told}
    document = {
        "bomFormat": "CycloneDX",
        "metadata": {"component": main},
        "components": [{"type": "container", "name": "y"}] * (MOST_IMAGES + 1),
    }
    with pytest.raises(MalformedSbom, match="257 images"):
        read_sbom(json.dumps(document).encode(), "sbom.json")
