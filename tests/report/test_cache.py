"""What the cache holds and what cleaning did."""

from __future__ import annotations

import json

from distil.fetch.cache import AreaUsage, Collected, Verified
from distil.pipeline import CacheCleaned, CacheInfo
from distil.report.cache import gc_json, gc_text, info_json, info_text

INFO = CacheInfo(directory="/c", areas=[AreaUsage("blobs", 1, 1500), AreaUsage("packs", 20, 0)])
CLEANED = CacheCleaned(collected=Collected(2, 3000, 4000, 1))


def test_info() -> None:
    assert info_text(INFO).splitlines() == [
        "/c",
        "  blobs  1 entry     1.5 kB",
        "  packs  20 entries  0 B",
        "  total              1.5 kB",
    ]
    areas = json.loads(info_json(INFO))["areas"]
    assert areas[0] == {"area": "blobs", "entries": 1, "size": 1500}


def test_gc() -> None:
    assert gc_text(CLEANED) == "removed 2 entries (3.0 kB) and 1 leftover; 4.0 kB left"
    document = json.loads(gc_json(CLEANED))
    assert (document["schemaVersion"], document["verified"]) == (1, None)
    assert document["collected"] == {"removed": 2, "freed": 3000, "left": 4000, "swept": 1}


def test_gc_tells_what_was_corrupt() -> None:
    cleaned = CacheCleaned(collected=CLEANED.collected, verified=Verified(12, ("packs/a.deb",)))
    assert gc_text(cleaned).splitlines()[:2] == [
        "verified 12 files, 1 corrupt",
        "  removed packs/a.deb",
    ]
