"""Write the JSON schema and the pages of the reference anew."""

from __future__ import annotations

from scripts.reference.outputs import ROOT, outputs

for path, text in outputs().items():
    place = ROOT / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
