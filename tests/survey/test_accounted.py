"""What the ledger of an image adds to what is found in it."""

from __future__ import annotations

import msgspec
import pytest

from distil.model.digest import Digest
from distil.model.finding import Scan
from distil.model.inventory import (
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Subject,
)
from distil.model.ledger import Kept, Ledger, Reason, Removed
from distil.model.node import Kind
from distil.model.origin import PackageOrigin
from distil.survey.accounted import left_out, with_reasons
from tests.vulns import samples

SSL = "pkg:deb/debian/libssl3@3.0.1?arch=amd64&upstream=openssl"
GONE = "pkg:deb/debian/libgcc-s1@12.2.0-14%2Bdeb12u1?arch=amd64&upstream=gcc-12%4012.2.0-14"
ORIGIN = PackageOrigin(SSL, Digest.of(b""))
LIBRARY, DOCUMENT = "/usr/lib/libssl.so.3", "/usr/share/doc/libssl3/copyright"


def kept(path: str, rule: str, because: str = "") -> Kept:
    return Kept(path, Kind.FILE, 1, ORIGIN, (Reason(rule, because, "a detail"),))


def _inventory(*paths: str) -> Inventory:
    component = InventoryComponent(name="libssl3", version="3.0.1", kind="deb", purl=SSL)
    files = tuple(
        InventoryFile(path, Kind.FILE, 0o644, 1, 0, Attribution.PACKAGE, owners=(0,))
        for path in paths
    )
    return Inventory(
        subject=Subject(name="x"), components=(component,), files=files, has_files=True
    )


def _scan(inventory: Inventory) -> Scan:
    (component,) = inventory.components
    scan = samples.FULL
    finding = msgspec.structs.replace(scan.findings[0], component=component.ref, reached="")
    return msgspec.structs.replace(scan, findings=(finding,))


WAY = (kept("/app/main", "entrypoint"), kept("/usr/lib/_ssl.so", "dependency", "/app/main"))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (
            [*WAY, kept(LIBRARY, "DT_NEEDED", "/usr/lib/_ssl.so")],
            f"entrypoint → /app/main → /usr/lib/_ssl.so → {LIBRARY}",
        ),
        ([kept(LIBRARY, "asked for")], f"asked for → {LIBRARY}"),
        ([kept(LIBRARY, "metadata")], ""),
        ([kept(LIBRARY, "DT_NEEDED", LIBRARY)], ""),
        ([], ""),
    ],
)
def test_what_leads_to_a_component(entries, words):
    inventory = _inventory(LIBRARY, DOCUMENT)
    ledger = Ledger((*entries, kept(DOCUMENT, "asked for")), ())
    found = with_reasons(_scan(inventory), inventory, ledger)
    assert found.findings[0].reached == words


def test_of_a_long_way_the_ends_are_told():
    steps = [kept("/0", "entrypoint")]
    steps += [kept(f"/{n}", "dependency", f"/{n - 1}") for n in range(1, 9)]
    ledger = Ledger((*steps, kept(LIBRARY, "DT_NEEDED", "/8")), ())
    inventory = _inventory(LIBRARY)
    (one,) = with_reasons(_scan(inventory), inventory, ledger).findings
    assert one.reached == f"entrypoint → /0 → … 7 more … → /8 → {LIBRARY}"


def test_packages_that_were_left_out_wholly():
    removed = (
        Removed("/usr/lib/libgcc_s.so.1", GONE, 1, "not reachable", ""),
        Removed("/usr/lib/libcrypto.so.3", SSL, 1, "not reachable", ""),
        Removed("/opt/x", "", 1, "not reachable", ""),
        Removed("/opt/y", "pkg:generic/y@1", 1, "not reachable", ""),
    )
    ledger = Ledger((kept(LIBRARY, "asked for"),), removed)
    (one,) = left_out(ledger, _inventory(LIBRARY))
    assert (one.kind, one.name, one.version) == ("deb", "libgcc-s1", "12.2.0-14+deb12u1")
    assert (one.source.name, one.source.version) == ("gcc-12", "12.2.0-14")
    assert one.missing == ("/usr/lib/libgcc_s.so.1",)
