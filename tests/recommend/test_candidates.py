"""What is tried for an application, and what its `distil.toml` has to say for each."""

from __future__ import annotations

import msgspec
import pytest

from distil.formats.spec_toml import parse_spec
from distil.model.spec import ByteCode, Level, Spec
from distil.recommend.candidates import Candidate, candidates
from distil.source.specification import Overrides

SPEC = Spec().completed(base="debian:trixie", workdir="/app")
COMPILED = Overrides(bytecode=ByteCode.COMPILED)


def titles(spec: Spec, *variants: Overrides) -> list[str]:
    bases = ("debian:bookworm", "debian:trixie", "scratch", "scratch")
    return [one.title for one in candidates(spec, bases, variants)]


def test_one_change_at_a_time_first_none() -> None:
    assert titles(SPEC, COMPILED) == [
        "as it is",
        "base debian:bookworm",
        "base scratch",
        "level packages",
        "compression zstd",
        "bytecode compiled",
    ]


def test_what_is_said_already_is_no_change() -> None:
    spec = msgspec.structs.replace(
        SPEC.completed(base="", workdir=""),
        reach=msgspec.structs.replace(SPEC.reach, level=Level.PACKAGES),
        image=msgspec.structs.replace(SPEC.image, compression="zstd"),
        python=msgspec.structs.replace(SPEC.python, bytecode=ByteCode.COMPILED),
    )
    assert titles(spec, COMPILED)[3:] == ["level reachable", "compression gzip"]


@pytest.mark.parametrize("candidate", candidates(SPEC, ("scratch",), (COMPILED,)))
def test_lines_are_those_of_the_file(candidate: Candidate) -> None:
    said = parse_spec("\n".join(candidate.lines), "distil.toml")
    changes = candidate.changes
    assert (said.base.source or None) == changes.base
    assert changes.level in (None, said.reach.level)
    assert changes.compression in (None, said.image.compression)
    assert changes.bytecode in (None, said.python.bytecode)
    assert (said == Spec()) == (not candidate.lines)
