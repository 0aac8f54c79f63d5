"""Ledgers that lie beside an image: anybody can write one, and what it alone says is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.compose.ledgers import AREA
from distil.events import Event, Warned, listening
from distil.fetch.cache import Cache
from distil.formats.ledger import MEDIA_TYPE, encode_ledger
from distil.model.digest import Digest
from distil.model.inventory import Answer, Attribution, Inventory
from distil.model.ledger import Kept, Ledger
from distil.model.node import Kind
from distil.model.origin import ApplicationOrigin, Origin, PackageOrigin
from distil.model.reference import parse_location
from distil.survey.surveying import Wanted, survey
from tests.catalog.test_inventory import at, debian, layer_of
from tests.support.hand_made import Layout, diff_id
from tests.survey.test_attached import named, refer

EVIL = b"#!/bin/sh\necho evil\n"
PLACE = "/usr/bin/evil"


def ledger(tmp_path: Path, origin: Origin) -> bytes:
    """What agrees with an image, and says that `PLACE` is of `origin`."""
    inventory, _ = surveyed(tmp_path / "first", None)
    kept = (
        Kept(one.path, one.kind, one.size, origin if one.path == PLACE else package(), ())
        for one in inventory.files
    )
    return encode_ledger(Ledger(tuple(kept), ()))


def package() -> Origin:
    return PackageOrigin("pkg:deb/debian/tool@1.0-1?arch=amd64", Digest.of(b""))


def surveyed(
    directory: Path, beside: bytes | None, *, is_ours: bool = False
) -> tuple[Inventory, list[str]]:
    """What is in an image with `PLACE` and a ledger, and what was warned of."""
    layout, data = Layout(directory / "layout"), layer_of(debian(**{PLACE[1:]: EVIL}))
    layer = layout.add(data, "application/vnd.oci.image.layer.v1.tar")
    image = layout.add(layout.manifest(layout.config(diff_id(data, "")), layer))
    artifacts = [refer(layout, image, MEDIA_TYPE, beside)] if beside is not None else []
    layout.index(named(image), *artifacts)
    cache = Cache(directory / "cache")
    warned: list[Event] = []
    if is_ours and beside is not None:
        cache.put_document(AREA, image["digest"].removeprefix("sha256:"), beside)
    with listening(warned.append):
        found = survey(parse_location(f"oci:{layout.directory}:1"), Wanted(), cache)
    return found.images[0].inventory, [one.message for one in warned if isinstance(one, Warned)]


def test_an_application_of_somebody_elses_ledger_is_told_as_its_word(tmp_path: Path) -> None:
    beside = ledger(tmp_path, ApplicationOrigin("bin/evil"))
    found, _ = surveyed(tmp_path / "theirs", beside)
    assert at(found, PLACE).attribution is Attribution.APPLICATION
    assert at(found, PLACE).rule == "bin/evil of the application, says the ledger beside the image"
    assert found.verdict is not None
    (reason,) = found.verdict.reasons
    assert reason == (
        "1 file is attributed by the word of the ledger beside the image alone,"
        " 1 of them executable"
    )
    ours, _ = surveyed(tmp_path / "ours", beside, is_ours=True)
    assert at(ours, PLACE).rule == "bin/evil of the application"
    assert ours.verdict is not None
    assert (ours.verdict.answer, ours.verdict.reasons) == (Answer.COMPLETE, ())


def test_a_ledger_gives_no_file_to_a_package_that_does_not_list_it(tmp_path: Path) -> None:
    found, _ = surveyed(tmp_path / "theirs", ledger(tmp_path, package()))
    assert at(found, PLACE).attribution is Attribution.UNOWNED
    assert at(found, PLACE).kind is Kind.FILE
    assert found.verdict is not None
    assert found.verdict.answer is Answer.PARTIAL


@pytest.mark.parametrize("data", [b"", b"no ledger"])
def test_a_ledger_that_cannot_be_read_is_a_warning(tmp_path: Path, data: bytes) -> None:
    found, (warning,) = surveyed(tmp_path, data)
    assert "the ledger cannot be read" in warning
    assert at(found, PLACE).attribution is Attribution.UNOWNED
