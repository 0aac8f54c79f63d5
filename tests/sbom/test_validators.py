"""Documents are what their specifications say, by those who wrote these."""

from __future__ import annotations

import io
import json

import msgspec
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import HealthCheck, given, settings
from spdx_python_model import v3_0_1
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from distil.sbom.identity import Writing
from distil.sbom.table import FORMATS
from tests.sbom.inventories import INDEX, SAMPLE, inventories

_VERSIONS = {"cyclonedx": SchemaVersion.V1_6, "cyclonedx1.7": SchemaVersion.V1_7}
_FEW = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=15, deadline=None)


def _written(inventory, name):
    return b"".join(FORMATS[name].write(inventory, Writing()))


def _faults_of_cyclonedx(data, name):
    return JsonStrictValidator(_VERSIONS[name]).validate_str(data.decode())


def _faults_of_spdx2(data):
    document = JsonLikeDictParser().parse(json.loads(data))
    return [one.validation_message for one in validate_full_spdx_document(document)]


def _elements_of_spdx3(data):
    objects = v3_0_1.SHACLObjectSet()
    v3_0_1.JSONLDDeserializer().read(io.BytesIO(data), objects)
    v3_0_1.JSONLDSerializer().write(objects, io.BytesIO())
    return objects


@pytest.mark.parametrize("inventory", [SAMPLE, INDEX], ids=["image", "index"])
@pytest.mark.parametrize("name", _VERSIONS)
def test_cyclonedx_follows_its_schema(name, inventory):
    assert _faults_of_cyclonedx(_written(inventory, name), name) is None


@pytest.mark.parametrize("name", _VERSIONS)
@given(inventory=inventories())
@_FEW
def test_any_inventory_follows_the_schema_of_cyclonedx(name, inventory):
    assert _faults_of_cyclonedx(_written(inventory, name), name) is None


@pytest.mark.parametrize("inventory", [SAMPLE, INDEX], ids=["image", "index"])
def test_spdx_2_is_valid(inventory):
    assert _faults_of_spdx2(_written(inventory, "spdx")) == []


NAMES = ["\r", " ", "Ann\n", " Ann <a@b.c>", "()", "Ann (Bob)", "\x85"]


@pytest.mark.parametrize("supplier", NAMES)
def test_a_supplier_that_spdx_2_cannot_name(supplier):
    component = msgspec.structs.replace(SAMPLE.components[0], supplier=supplier)
    inventory = msgspec.structs.replace(SAMPLE, components=(component, *SAMPLE.components[1:]))
    assert _faults_of_spdx2(_written(inventory, "spdx")) == []


@given(inventory=inventories())
@_FEW
def test_any_inventory_is_valid_spdx_2(inventory):
    assert _faults_of_spdx2(_written(inventory, "spdx")) == []


@pytest.mark.parametrize("inventory", [SAMPLE, INDEX], ids=["image", "index"])
def test_spdx_3_is_of_its_model(inventory):
    elements = _elements_of_spdx3(_written(inventory, "spdx3"))
    assert not elements.missing_ids
    packages = list(elements.foreach_type(v3_0_1.software_Package))
    assert len(packages) == (6 if inventory is SAMPLE else 10)


@given(inventory=inventories())
@_FEW
def test_any_inventory_is_of_the_model_of_spdx_3(inventory):
    assert not _elements_of_spdx3(_written(inventory, "spdx3")).missing_ids
