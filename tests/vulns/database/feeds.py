"""Small feeds, as a directory that a database is made from."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.vulns.feeds.places import feeds_at
from distil.vulns.feeds.updating import Settings, Updated, update

NOW = 1_795_000_000
"""2026-11-18."""

Json = dict[str, Any]


def osv(name: str, ecosystem: str, package: str, *events: Mapping[str, str], **more: Any) -> Json:
    """A document of OSV's about one package; without `events` it was always affected."""
    return {
        "id": name,
        "modified": "2026-08-01T00:00:00Z",
        "published": "2026-07-01T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": list(events) or [{"introduced": "0"}]},
                ],
            }
        ],
        **more,
    }


def write_archive(place: Path, ecosystem: str, documents: Iterable[Json]) -> None:
    """``ECOSYSTEM/all.zip`` in `place`."""
    path = place / ecosystem / "all.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for one in documents:
            archive.writestr(f"{one['id']}.json", json.dumps(one))


def write_exploited(place: Path, *cves: str, released: str = "2026-08-07T16:45:47.0648Z") -> None:
    entries = [{"cveID": cve, "dateAdded": "2026-08-07", "dueDate": "2026-08-10"} for cve in cves]
    document = {"dateReleased": released, "vulnerabilities": entries}
    place.mkdir(parents=True, exist_ok=True)
    (place / "known_exploited_vulnerabilities.json").write_text(json.dumps(document))


def write_likelihoods(place: Path, scores: Mapping[str, tuple[float, float]]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    lines = ["#model_version:v1,score_date:2026-08-16", "cve,epss,percentile"]
    lines += [f"{cve},{score},{percentile}" for cve, (score, percentile) in scores.items()]
    (place / "epss_scores.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))


def build(
    path: Path,
    place: str | Path,
    now: int = NOW,
    *,
    allow_older: bool = False,
    offline: bool = False,
) -> dict[str, Updated]:
    """Bring the database at `path` to what the feeds at `place` say; what came of each."""
    with Client(Cache(path.parent / "cache"), retry_delay=0, offline=offline) as client:
        done = update(path, feeds_at(str(place)), client, Settings(now, allow_older=allow_older))
    return {one.feed.name: one for one in done}
