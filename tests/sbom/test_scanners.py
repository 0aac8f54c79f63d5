"""Syft and Trivy read what is written, and see the same packages, system and sources."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from distil.model.inventory import KINDS, Inventory, InventoryComponent, Subject
from distil.sbom.identity import Writing
from distil.sbom.read import read_sbom
from distil.sbom.scanners import SYFT_TYPES
from distil.sbom.table import FORMATS
from distil.sbom.verify import compare
from tests.sbom.inventories import LIBC, SAMPLE
from tests.support.tools import run_tool

_BIN = Path(sys.executable).parent
_READ = ["spdx", "cyclonedx", "syft"]
"""What Syft 1.18 and Trivy 0.76 read: CycloneDX 1.7 and SPDX 3 are younger than the former."""


def _document(name, directory):
    path = directory / f"sbom{FORMATS[name].suffix}"
    path.write_bytes(b"".join(FORMATS[name].write(SAMPLE, Writing())))
    return path


def _read(converted) -> Inventory:
    found = read_sbom(json.dumps(converted).encode(), "converted")
    assert isinstance(found, Inventory)
    return found


def _converted(path, to):
    return json.loads(run_tool(str(_BIN / "syft"), "convert", path, "-o", to, "-q"))


@pytest.mark.parametrize("name", _READ)
def test_syft_sees_every_package(name, tmp_path):
    seen = _converted(_document(name, tmp_path), "syft-json")
    packages = {(one["name"], one["version"], one["purl"]) for one in seen["artifacts"]}
    # Syft takes the operating system of any SPDX document for a package, Trivy's too.
    assert packages - {("debian", "12", "")} == {
        (one.name, one.version, one.purl) for one in SAMPLE.components
    }
    assert (seen["distro"]["id"], seen["distro"]["versionID"]) == ("debian", "12")
    libc = next(one for one in seen["artifacts"] if one["name"] == "libc6")
    assert libc["type"] == "deb"
    assert libc["metadata"]["source"] == "glibc"


@pytest.mark.parametrize("to", ["syft-json", "spdx-json", "cyclonedx-json@1.6"])
@pytest.mark.parametrize("name", _READ)
def test_what_syft_makes_of_it_has_the_same_components(name, to, tmp_path):
    again = _read(_converted(_document(name, tmp_path), to))
    found = compare(again, SAMPLE)
    assert not found.missing
    assert not found.versions
    assert {one.name for one in found.extra} <= {"debian"}
    assert next(one.source for one in again.components if one.name == "libc6") == LIBC.source


def test_all_that_is_told_survives_syft(tmp_path):
    again = _read(_converted(_document("syft", tmp_path), "syft-json"))
    assert {one.name: one.present for one in again.components} == {
        one.name: one.present for one in SAMPLE.components
    }
    assert [one.attribution for one in again.files] == [one.attribution for one in SAMPLE.files]
    assert again.relations == SAMPLE.relations


@pytest.mark.parametrize("name", ["spdx", "cyclonedx"])
def test_trivy_sees_every_package(name, tmp_path):
    path = _document(name, tmp_path)
    trivy = str(_BIN / "trivy")
    cache = ("--cache-dir", tmp_path / "cache")
    seen = json.loads(run_tool(trivy, "sbom", "-q", *cache, "--format", "cyclonedx", path))
    purls = {one["purl"] for one in seen["components"] if "purl" in one}
    assert purls == {one.purl for one in SAMPLE.components}
    systems = [one for one in seen["components"] if one["type"] == "operating-system"]
    assert [(one["name"], one["version"]) for one in systems] == [("debian", "12")]
    sources = _sources_in_cyclonedx(seen)
    if name == "spdx":
        as_spdx = json.loads(run_tool(trivy, "sbom", "-q", *cache, "--format", "spdx-json", path))
        sources = {one["name"]: one.get("sourceInfo", "") for one in as_spdx["packages"]}
    assert sources["libc6"].endswith("glibc 2.36-9+deb12u10")
    assert sources["python3-magic"].endswith("python-magic 2:0.4.26-2")


def _sources_in_cyclonedx(seen):
    """Trivy writes them where it reads them from: as properties here, as words in SPDX."""
    sources = {}
    for one in seen["components"]:
        told = {each["name"].rpartition(":")[2]: each["value"] for each in one["properties"]}
        if "SrcName" in told:
            epoch = f"{told['SrcEpoch']}:" if "SrcEpoch" in told else ""
            version = f"{told['SrcVersion']}-{told['SrcRelease']}"
            sources[one["name"]] = f"{told['SrcName']} {epoch}{version}"
    return sources


def test_the_module_of_an_rpm_package_is_told(tmp_path):
    package = InventoryComponent(
        name="nodejs",
        version="1:18.20-1.el9",
        kind="rpm",
        purl="pkg:rpm/redhat/nodejs@18.20-1.el9?arch=x86_64&epoch=1",
        properties=(("modularity", "nodejs:18:9040020240301111111:rhel9"),),
    )
    path = tmp_path / "sbom.json"
    inventory = Inventory(subject=Subject(name="image"), components=(package,))
    path.write_bytes(b"".join(FORMATS["syft"].write(inventory, Writing())))
    (seen,) = _converted(path, "syft-json")["artifacts"]
    assert seen["metadata"]["modularityLabel"] == "nodejs:18:9040020240301111111:rhel9"
    assert (seen["metadata"]["epoch"], seen["metadata"]["release"]) == (1, "1.el9")


def test_every_kind_of_component_has_a_name_in_syfts_words():
    assert SYFT_TYPES.keys() == KINDS.keys()
