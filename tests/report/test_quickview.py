"""The first look at an image: one screen, and nothing found is not all that is said."""

from __future__ import annotations

import json

import msgspec

from distil.model.inventory import BaseImage, Inventory, InventoryComponent, InventoryLayer
from distil.report.quickview import to_json, to_text
from tests.vulns.samples import CLEAN, DAY, FULL, IMAGE, NOW, RELEASE, UNKNOWN

INVENTORY = Inventory(
    subject=msgspec.structs.replace(IMAGE, created=NOW - 8 * DAY),
    release=RELEASE,
    layers=tuple(InventoryLayer("sha256:" + "1" * 64, "", 9_000_000) for _ in range(3)),
    base=BaseImage("debian:bookworm-slim", layers=1, evidence="its layer is the lowest"),
    components=tuple(
        InventoryComponent(name=str(number), kind="deb" if number < 22 else "python")
        for number in range(30)
    ),
)


def test_one_screen() -> None:
    assert to_text(FULL, INVENTORY).split("\n") == [
        "image     oci:out/shop:1.4 linux/amd64",
        "size      27.0 MB in 3 layers",
        "made      2026-11-20, 8 days ago",
        "system    Debian GNU/Linux 12 (bookworm)",
        "base      debian:bookworm-slim (1 of 3 layers; its layer is the lowest)",
        "contents  22 Debian packages, 8 Python distributions",
        "",
        "              critical  high  medium  low  negligible  fixable  in all",
        "  image       1         2     1       -    1           3        5",
        "    its base  1         1     1       -    1           2        4",
        "    on top    -         1     -       -    -           1        1",
        "",
        "exploited  CVE-2024-5535 (CISA KEV)",
        "settled    1 not affected, as distil shows; 1 accepted, says ignore.toml",
        "database   of 2026-11-26, 2 days old",
        "verdict    PARTIAL: 2 programs are in no feed: myd 1.4, tini 0.19.0",
        "",
        "what to do",
        (
            "  openssl  3.0.11-1~deb12u2 → 3.0.15-1~deb12u1  fixes 2 (1 critical, 1 high),"
            " 1 known exploited; in the base image"
        ),
        "  flask    3.0.0 → 3.0.4                        fixes 1 (1 high)",
        "  2 have no fix: 1 will not be fixed, 1 not fixed",
    ]


def test_without_findings() -> None:
    clean = to_text(CLEAN, INVENTORY)
    assert "found     no known vulnerability in 31 components" in clean
    assert "critical" not in clean
    unknown = to_text(UNKNOWN, INVENTORY)
    assert "UNKNOWN: no os-release says which distribution it is" in unknown


def test_what_is_not_known_of_the_image_is_left_out() -> None:
    bare = Inventory(subject=IMAGE)
    told = to_text(FULL, bare)
    for word in ("size", "made", "base", "its base"):
        assert f"\n{word}" not in told


def test_json() -> None:
    document = json.loads(to_json(FULL, INVENTORY))
    assert document["schemaVersion"] == 1
    assert document["base"]["name"] == "debian:bookworm-slim"
    assert document["scan"]["summary"]["vulnerabilities"] == 5
