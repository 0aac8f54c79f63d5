"""What became of the statements of VEX documents, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from distil.pipeline.vex import VerifiedVex
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.units import number
from distil.vulns.matching.symbols import SYMBOLS_ABSENT
from distil.vulns.vex.proof import Outcome, Proof

SCHEMA_VERSION: Final = 1

_WORDS: Final = {Outcome.PROVEN: "PASS", Outcome.REFUTED: "FAIL", Outcome.UNTOLD: "UNTOLD"}
_UNINFORMED: Final = "without a database nobody can say whether these are all vulnerable functions"


def verified_text(image: str, found: Sequence[VerifiedVex], *, verbose: bool = False) -> str:
    """For each document a line, and below it the statements that were not shown, or all."""
    return "\n\n".join(_block(image, one, verbose=verbose) for one in found)


def verified_json(image: str, found: Sequence[VerifiedVex]) -> str:
    """The same as JSON, with every statement."""
    return json_text(
        {
            "schemaVersion": SCHEMA_VERSION,
            "image": image,
            "documents": [
                {
                    "name": one.name,
                    "format": one.form,
                    "author": one.author,
                    "holds": worst((one,)) is Outcome.PROVEN,
                    "others": one.others,
                    "isInformed": one.is_informed,
                    "statements": one.proofs,
                }
                for one in found
            ],
        }
    )


def worst(found: Sequence[VerifiedVex]) -> Outcome:
    """The answer for all documents: refuted if anything is, else untold if anything is."""
    for outcome in (Outcome.REFUTED, Outcome.UNTOLD):
        if any(one.count(outcome) for one in found):
            return outcome
    return Outcome.PROVEN


def _block(image: str, one: VerifiedVex, *, verbose: bool) -> str:
    word = _WORDS[worst((one,))]
    lines = [f"{word}  {printable(one.name)} ({one.form}) about {printable(image)}: {_counts(one)}"]
    for proof in one.proofs:
        if verbose or proof.outcome is not Outcome.PROVEN:
            lines += _told(proof)
    if not one.is_informed and any(proof.rule == SYMBOLS_ABSENT for proof in one.proofs):
        lines.append(f"  note  {_UNINFORMED}")
    return "\n".join(lines)


def _counts(one: VerifiedVex) -> str:
    if not one.proofs:
        return "it says of nothing that it is not affected"
    words = {Outcome.PROVEN: "shown again", Outcome.REFUTED: "refuted", Outcome.UNTOLD: "untold"}
    parts = [f"{one.count(each):,} {word}" for each, word in words.items() if one.count(each)]
    return f"{number(len(one.proofs), 'statement')} of not_affected: {', '.join(parts)}"


def _told(proof: Proof) -> list[str]:
    what = " ".join(filter(None, (proof.id, proof.component)))
    where = f" ({proof.platform})" if proof.platform else ""
    rule = f": {proof.rule}" if proof.rule else ""
    head = f"  {_WORDS[proof.outcome]}  {printable(what)}{where}{printable(rule)}"
    return [head, *(f"        {printable(why)}" for why in proof.why)]
