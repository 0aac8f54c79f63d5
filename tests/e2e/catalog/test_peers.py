"""Images of real software: distil sees the packages that Syft and Trivy see, and whose files are.

All images take half an hour to make: most are part of a thorough run alone. With ``DISTIL_CORPUS``,
a directory, they are kept there and made once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.model.inventory import Attribution, State
from tests.e2e.catalog.differences import DIFFERENCES, Peer, unexplained
from tests.e2e.catalog.images import IMAGES, RealImage
from tests.e2e.catalog.making import make
from tests.e2e.catalog.peers import (
    catalogued,
    seen_by_distil,
    seen_by_syft,
    seen_by_trivy,
    without_qualifiers,
)

pytestmark = [pytest.mark.engine, pytest.mark.network]

THOROUGH = pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory that images are made in; gone with the session unless it was asked for."""
    kept = os.environ.get("DISTIL_CORPUS")
    place = Path(kept) if kept else tmp_path_factory.mktemp("corpus")
    yield place
    if not kept:
        shutil.rmtree(place)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(one, id=one.name, marks=() if one.always else (pytest.mark.thorough, THOROUGH))
        for one in IMAGES
    ],
)
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
