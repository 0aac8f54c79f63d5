"""Images of real software: distil sees the packages that Syft and Trivy see, and whose files are.

All images take half an hour to make: most are part of a thorough run alone. With ``DISTIL_CORPUS``,
a directory, they are kept there and made once.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.model.inventory import Attribution, State
from tests.e2e.catalog.differences import DIFFERENCES, Peer, unexplained
from tests.e2e.catalog.images import IMAGES, RealImage
from tests.e2e.catalog.making import each_image, make
from tests.e2e.catalog.peers import (
    catalogued,
    seen_by_distil,
    seen_by_syft,
    seen_by_trivy,
    without_qualifiers,
)

pytestmark = [pytest.mark.engine, pytest.mark.network]


@each_image
def test_the_packages_are_those_that_others_see(
    image: RealImage, corpus: Path, tmp_path: Path
) -> None:
    made = make(image, corpus)
    inventory = catalogued(made, tmp_path / "cache")
    ours = seen_by_distil(inventory)
    found = unexplained(Peer.SYFT, seen_by_syft(made), ours.packages, image.name)
    assert found == [], "Syft"
    theirs = seen_by_trivy(made, tmp_path / "trivy")
    bare, owned = (set(map(without_qualifiers, packages)) for packages in ours)
    assert unexplained(Peer.TRIVY, theirs, bare, image.name, owned) == [], "Trivy"
    assert [one.path for one in inventory.files if one.state is State.MODIFIED] == []
    if image.unowned is not None:
        unowned = [one for one in inventory.files if one.attribution is Attribution.UNOWNED]
        assert tuple(one.path for one in unowned) == image.unowned


def test_names_are_those_of_images() -> None:
    names = [image.name for image in IMAGES]
    assert len(names) == len(set(names)) >= 30
    assert {name for row in DIFFERENCES for name in row.images} <= set(names)
