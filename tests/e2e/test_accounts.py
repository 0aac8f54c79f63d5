"""Every path of the images that the examples become has an origin and a reason.

The written layers are walked, not the tree they were made from, and the closure check finds
nothing that is missing in them.
"""

from __future__ import annotations

import json
import os

import pytest

from tests.e2e.images import build, distil
from tests.e2e.test_examples import EXAMPLES
from tests.support.accounts import unaccounted

pytestmark = [pytest.mark.network]


@pytest.mark.parametrize("level", ["packages", "reachable"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_both_images_are_accounted_for_and_whole(
    example: str, level: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    built = build(example, level, base / "images")
    for image in (built.production, built.debug):
        tag = image.name.partition(":")[2]
        assert unaccounted(image.layout, tag) == []
        report = json.loads(distil("check", f"oci:{image.layout}:{tag}", "--format", "json"))
        assert (report["verdict"], report["report"]["faults"]) == ("pass", [])
