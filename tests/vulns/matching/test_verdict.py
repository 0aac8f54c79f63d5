"""What the answer of a scan is worth."""

from __future__ import annotations

import pytest

from distil.model.advisory import Support
from distil.model.inventory import (
    Answer,
    Inventory,
    InventoryComponent,
    OsRelease,
    SourcePackage,
    Subject,
    Verdict,
)
from distil.vulns.matching.scan import Matching, scan
from tests.vulns.memory import NOW, MemoryAdvisories

DAY = 86_400
DEB = InventoryComponent(name="a", version="1", kind="deb")
BUILT = InventoryComponent(name="libssl3", version="3", kind="deb", source=SourcePackage("openssl"))
LUA = InventoryComponent(name="a", version="1", kind="lua")
CRATE = InventoryComponent(name="a", version="1.0.0", kind="rust")
BOOKWORM = OsRelease(id="debian", version_id="12", pretty_name="Debian 12")


def _scan(components, release=BOOKWORM, told=Answer.COMPLETE, advisories=None, now=NOW):
    inventory = Inventory(
        subject=Subject(name="x"),
        release=release,
        components=components,
        has_files=True,
        verdict=Verdict(told, () if told is Answer.COMPLETE else ("the catalogue says so",)),
    )
    known = advisories or MemoryAdvisories().know("Debian:12")
    return scan(inventory, known, Matching(now=now)).verdict


def test_nothing_is_missing():
    assert _scan((DEB,)) == Verdict(Answer.COMPLETE)


@pytest.mark.parametrize(
    ("release", "words"),
    [
        (None, "does not say which release"),
        (OsRelease(id="nixos", version_id="24", pretty_name="NixOS 24"), "packages of NixOS 24"),
        (OsRelease(id="debian", version_id="9"), "packages of debian 9"),
        (OsRelease(id="debian"), "packages of debian"),
        (OsRelease(id="almalinux", version_id="9"), "packages of almalinux 9"),
    ],
)
def test_packages_without_a_feed_are_never_a_silent_nothing(release, words):
    verdict = _scan((DEB,), release)
    assert verdict.answer is Answer.UNKNOWN
    assert words in " ".join(verdict.reasons)


@pytest.mark.parametrize("told", [Answer.PARTIAL, Answer.UNKNOWN])
def test_what_is_not_in_the_inventory_cannot_be_assessed(told):
    assert _scan((DEB,), told=told) == Verdict(told, ("the catalogue says so",))


@pytest.mark.parametrize(
    ("component", "words"),
    [(LUA, "1 component cannot be assessed"), (CRATE, "no advisories for crates.io")],
)
def test_what_no_feed_tells_of(component, words):
    verdict = _scan((DEB, component))
    assert verdict.answer is Answer.PARTIAL
    assert words in verdict.reasons[0]


@pytest.mark.parametrize(
    ("ends", "extended", "answer"),
    [
        ("2026-06-10", "2028-06-30", Answer.COMPLETE),
        ("2026-11-27", "", Answer.PARTIAL),
        ("2026-11-28", "", Answer.COMPLETE),
        ("", "", Answer.COMPLETE),
    ],
)
def test_a_release_out_of_support(ends, extended, answer):
    advisories = MemoryAdvisories().know("Debian:12")
    advisories.care(Support("debian", "12", "bookworm", ends, extended))
    assert _scan((DEB,), advisories=advisories).answer is answer


@pytest.mark.parametrize(("days", "answer"), [(7, Answer.COMPLETE), (8, Answer.PARTIAL)])
def test_an_old_database(days, answer):
    assert _scan((DEB,), now=NOW + days * DAY).answer is answer


@pytest.mark.parametrize(
    ("components", "has_files", "answer"),
    [
        ((DEB,), True, Answer.COMPLETE),
        ((DEB,), False, Answer.PARTIAL),
        ((DEB, BUILT), False, Answer.COMPLETE),
    ],
)
def test_a_document_that_leaves_out_what_packages_are_built_from(components, has_files, answer):
    inventory = Inventory(
        subject=Subject(name="x"),
        release=BOOKWORM,
        components=components,
        has_files=has_files,
        verdict=Verdict(Answer.COMPLETE),
    )
    known = MemoryAdvisories().know("Debian:12")
    assert scan(inventory, known, Matching(now=NOW)).verdict.answer is answer


def test_an_image_in_which_nothing_was_found():
    assert _scan(()).answer is Answer.UNKNOWN
