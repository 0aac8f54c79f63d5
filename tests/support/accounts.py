"""Whether a written image is accounted for: its layers against its ledger, read independently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import zstandard

from tests.support.layouts import blob, members, tag_digest

ARTIFACT = "application/vnd.distil.ledger.v1+jsonl+zstd"


def ledger(layout: Path, tag: str) -> list[list[Any]]:
    """The lines of the ledger that refers to the image, as format version 1 documents them."""
    subject = tag_digest(layout, tag)
    for entry in json.loads((layout / "index.json").read_bytes())["manifests"]:
        if entry.get("artifactType") == ARTIFACT:
            manifest = json.loads(blob(layout, entry["digest"]))
            if manifest["subject"]["digest"] == subject:
                data = blob(layout, manifest["layers"][0]["digest"])
                text = zstandard.ZstdDecompressor().decompressobj().decompress(data)
                return [json.loads(line) for line in text.splitlines()]
    raise AssertionError(f"{layout} has no ledger of {tag}")


def unaccounted(layout: Path, tag: str) -> list[str]:
    """What does not hold of the image's paths: one sentence each."""
    lines = ledger(layout, tag)
    assert lines[0] == ["distil-ledger", 1]
    origins = [line[1] for line in lines if line[0] == "origin"]
    reasons = [line[1:] for line in lines if line[0] == "reason"]
    kept = {line[1]: line[2:] for line in lines if line[0] == "+" and isinstance(line[1], str)}
    entries = {f"/{e.name}": e for _, layer in members(layout, tag) for e in layer}
    wrong = [f"{path} is in no line of the ledger" for path in entries.keys() - kept.keys()]
    wrong += [f"{path} is in no layer" for path in kept.keys() - entries.keys() - {"/"}]
    for path, (_, size, origin, why) in kept.items():
        entry = entries.get(path)
        if entry is not None and entry.isfile() and entry.size != size:
            wrong.append(f"{path} has {entry.size} bytes, not {size}")
        if not origins[origin]:
            wrong.append(f"{path} is from nowhere")
        if not 1 <= len(why) <= 8 or len({tuple(reasons[one]) for one in why}) < len(why):
            wrong.append(f"{path} has the reasons {why}")
        for rule, because, _ in (reasons[one] for one in why):
            if not rule or (because and because not in kept):
                wrong.append(f"{path} is there because of {because or 'nothing'} ({rule})")
    return sorted(wrong)
