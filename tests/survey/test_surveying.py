"""Which images of an index are surveyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.model.image import MEDIA_INDEX
from distil.model.reference import parse_location
from distil.survey.surveying import Wanted, survey
from tests.support.hand_made import Layout
from tests.survey.test_attached import named

ABOUT = {"vnd.docker.reference.type": "attestation-manifest"}
AMD64 = {"architecture": "amd64", "os": "linux"}
NONE = {"architecture": "unknown", "os": "unknown"}


@pytest.mark.parametrize(
    ("changes", "is_image"),
    [
        ({"platform": AMD64}, True),
        ({"platform": AMD64, "annotations": ABOUT}, True),
        ({"platform": AMD64, "artifactType": "application/spdx+json"}, True),
        ({"platform": NONE, "annotations": ABOUT}, False),
        ({"annotations": ABOUT}, False),
        ({"artifactType": "application/spdx+json"}, False),
        ({}, True),
    ],
)
def test_what_an_engine_would_run_is_an_image(
    tmp_path: Path, changes: dict, is_image: bool
) -> None:
    layout = Layout(tmp_path / "layout")
    first = layout.add(layout.manifest(annotations={"a": "first"}), platform=AMD64)
    other = layout.add(layout.manifest(annotations={"a": "other"}), **changes)
    index = {"schemaVersion": 2, "manifests": [first, other]}
    layout.index(named(layout.add(index, MEDIA_INDEX)))
    found = survey(parse_location(f"oci:{layout.directory}:1"), Wanted(), Cache(tmp_path / "c"))
    told = {one.inventory.subject.digest for one in found.images}
    assert (other["digest"] in told) is is_image
