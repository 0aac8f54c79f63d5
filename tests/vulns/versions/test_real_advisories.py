"""The versions that real advisories name can be ordered, but for a handful."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.vulns.versions.ordering import InvalidVersion
from distil.vulns.versions.table import ordering_of

CHECKOUT = Path(__file__).parents[3]
ADVISORIES = Path(os.environ.get("DISTIL_ADVISORIES") or CHECKOUT.parent / "shared" / "advisories")

REFUSED = {"Bitnami": 1, "Go": 0, "PyPI": 10, "crates.io": 0}
"""How many events, of tens of thousands, may name a version that nobody can order."""


def versions(ecosystem: str) -> Iterator[str]:
    with zipfile.ZipFile(ADVISORIES / ecosystem / "all.zip") as archive:
        for name in archive.namelist():
            for affected in json.loads(archive.read(name))["affected"]:
                for one in affected.get("ranges", ()):
                    if one["type"] != "GIT":
                        yield from (
                            version for event in one["events"] for version in event.values()
                        )


@pytest.mark.skipif(not ADVISORIES.is_dir(), reason="DISTIL_ADVISORIES names no advisories")
@pytest.mark.parametrize("ecosystem", REFUSED)
def test_real_versions_can_be_ordered(ecosystem):
    ordering = ordering_of(ecosystem)
    refused = []
    for version in versions(ecosystem):
        try:
            ordering.key(version)
        except InvalidVersion:
            refused.append(version)
    assert len(refused) <= REFUSED[ecosystem], sorted(set(refused))
