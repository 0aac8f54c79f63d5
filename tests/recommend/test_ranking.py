"""Which outcomes come out best, and how they are told."""

from __future__ import annotations

import json

import msgspec

from distil.model.inventory import Answer
from distil.recommend.candidates import Candidate
from distil.recommend.counts import Counts
from distil.recommend.outcome import Outcome, Recommendation, ranked
from distil.report.recommend import to_json, to_text
from distil.run.trial import Begun, Kind
from distil.source.specification import Overrides


def outcome(base: str | None, size: int, begun: Begun | None, **more: object) -> Outcome:
    candidate = Candidate(Overrides(base=base))
    return Outcome(candidate=candidate, size=size, begun=begun, **more)  # type: ignore[arg-type]


def listening(seconds: float) -> Begun:
    return Begun(Kind.LISTENS, seconds, port=8000)


def of(*outcomes: Outcome, **more: str) -> Recommendation:
    return ranked(outcomes, application="shop 1.0", platform="linux/amd64", **more)


def test_the_smallest_and_the_quickest_of_those_that_listen() -> None:
    own = outcome(None, 20, listening(0.5))
    small = outcome("small", 10, listening(0.6))
    quick = outcome("quick", 30, listening(0.1))
    silent = outcome("silent", 5, Begun(Kind.WAITS, 10.0))
    dead = outcome("dead", 1, Begun(Kind.ENDS, 0.1, status=1, said="no module named x"))
    unbuilt = outcome("unbuilt", 0, None, error="it does not fit")
    found = of(own, small, quick, silent, dead, unbuilt)
    assert (found.smallest, found.quickest) == (small, quick)


def test_what_is_hardly_quicker_is_not_told() -> None:
    small, other = outcome("small", 10, listening(0.100)), outcome("other", 11, listening(0.098))
    assert of(small, other).quickest is None
    assert of(small, outcome("other", 11, listening(0.02))).quickest is not None
    slow = outcome("slow", 1, listening(10.0))
    assert of(slow, outcome("other", 11, listening(9.6))).quickest is None
    assert of(slow, outcome("other", 11, listening(9.4))).quickest is not None
    assert of(small, other).smallest is small


def test_a_program_that_ends_well_works() -> None:
    well, badly = Begun(Kind.ENDS, 0.1), Begun(Kind.ENDS, 0.1, status=2)
    assert of(outcome("a", 1, badly), outcome("b", 2, well)).smallest.candidate.title == "base b"
    assert of(outcome("a", 1, badly)).smallest is None
    assert "hint:" in to_text(of(outcome("a", 1, badly)))


def test_where_nothing_can_be_started_sizes_are_told() -> None:
    found = of(outcome(None, 2, None), outcome("b", 1, None), unstarted="no namespaces")
    assert found.smallest.candidate.title == "base b"
    assert found.quickest is None
    assert "nothing was started: no namespaces" in to_text(found)


def test_text() -> None:
    found = of(
        outcome(None, 12_800_000, listening(0.41), uncompressed_size=33_000_000, packages=22),
        outcome("b", 1_000, listening(0.2), packages=1, components=8, lacking=("library x.so",)),
        outcome("bad", 1, Begun(Kind.ENDS, 0.1, status=3, said="\x1b[31mred")),
        outcome("none", 0, None, error="does not fit\nmore", hint="another"),
    )
    assert (
        to_text(found)
        == """\
shop 1.0 on linux/amd64, each built and started here
            compressed  unpacked  packages  start
  as it is  12.8 MB     33.0 MB   22        listens at 8000 after 0.41 s
  base b    1.0 kB      0 B       1 + 8     listens at 8000 after 0.20 s
  base bad  1 B         0 B       0         ends with 3 after 0.10 s
  base b lacks 1 thing that may be wanted: `distil build` names them, and so does -v
  base bad fails: \\x1b[31mred
  base none: does not fit

smallest: base b, with
    [base]
    from = "b\""""
    )
    assert "    hint: another" in to_text(found, verbose=True)
    assert "    library x.so" in to_text(found, verbose=True)


def test_json() -> None:
    found = json.loads(to_json(of(outcome("b", 1, listening(0.2)))))
    assert found["schemaVersion"] == 1
    assert found["recommendation"]["smallest"]["candidate"]["changes"]["base"] == "b"


def counted(weight: float, answer: Answer = Answer.COMPLETE, **more: int) -> Counts:
    counts = Counts(weight=weight, answer=answer)
    return msgspec.structs.replace(counts, **more)


def test_the_safest_has_fewer_vulnerabilities_than_the_smallest() -> None:
    small = outcome("small", 10, listening(0.5), counts=counted(5, high=1))
    safe = outcome("safe", 20, listening(0.5), counts=counted(1, low=2))
    same = outcome("same", 15, listening(0.5), counts=counted(5, high=1))
    untold = outcome("untold", 30, listening(0.5), counts=counted(0, Answer.UNKNOWN))
    dead = outcome("dead", 1, Begun(Kind.ENDS, 0.1, status=1), counts=counted(0))
    assert of(small, safe, same, untold, dead).safest is safe
    assert of(small, same, untold).safest is None
    assert of(outcome("a", 1, listening(0.5))).safest is None
    assert of(untold, safe).safest is None


def test_vulnerabilities_are_a_column_where_anything_was_scanned() -> None:
    found = of(
        outcome(None, 12_800_000, listening(0.41), counts=counted(9, critical=1, high=2, low=4)),
        outcome("b", 99_000_000, listening(0.41), counts=counted(0)),
        outcome("c", 99_000_000, listening(0.41), counts=counted(0, Answer.UNKNOWN)),
    )
    text = to_text(found)
    assert "vulnerabilities        start" in text
    assert "7: 1 critical, 2 high  listens" in text
    assert "0                      listens" in text
    assert "unknown                listens" in text
    assert "fewest vulnerabilities: base b, with" in text
    untold = of(outcome(None, 1, listening(0.4)), unscanned="there is no database")
    assert "vulnerabilities" not in to_text(untold).splitlines()[1]
    assert "nothing was scanned: there is no database" in to_text(untold)
