"""What became of each candidate, and which of them come out best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.model.inventory import Answer
from distil.recommend.candidates import Candidate
from distil.recommend.counts import Counts
from distil.run.trial import Begun, Kind

_NOTICED: Final = 0.05
"""A start is quicker that takes less by this part of the time, and by so many seconds.

The rest is chance.
"""
_ENDED_WELL: Final = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that was tried; sizes in bytes.

    `error` says why it was not built or not started, with what to do about it in `hint`.
    `lacking` are names that the application has and the image lacks; `begun` is how it started.
    `counts` are its vulnerabilities, None where there are no advisories here.
    """

    candidate: Candidate
    error: str = ""
    hint: str = ""
    size: int = 0
    uncompressed_size: int = 0
    packages: int = 0
    components: int = 0
    lacking: tuple[str, ...] = ()
    begun: Begun | None = None
    counts: Counts | None = None

    @property
    def works(self) -> bool:
        """Whether it was built, and did not fail when it was started."""
        return not self.error and not (
            self.begun is not None
            and self.begun.kind is Kind.ENDS
            and self.begun.status != _ENDED_WELL
        )


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """All outcomes of an application, the first as its files say, and the best of them.

    `smallest` is by what is transferred; `quickest` is one that starts notably before it, if any
    does; `safest` is one with fewer vulnerabilities than it, by their weight. None where nothing
    works. `unstarted` says why nothing could be started here, `unscanned` why nothing was scanned.
    """

    application: str
    platform: str
    outcomes: tuple[Outcome, ...]
    smallest: Outcome | None
    quickest: Outcome | None
    safest: Outcome | None = None
    unstarted: str = ""
    unscanned: str = ""


def ranked(
    outcomes: Sequence[Outcome],
    *,
    application: str,
    platform: str,
    unstarted: str = "",
    unscanned: str = "",
) -> Recommendation:
    """The best of `outcomes`: of those that do when started what most of them can.

    One that listens is not compared with one that only waits.
    """
    working = [one for one in outcomes if one.works]
    best = min((_reached(one) for one in working), default=0)
    fitting = [one for one in working if _reached(one) == best]
    smallest = min(fitting, key=lambda one: one.size, default=None)
    quickest = min(fitting, key=_seconds, default=None)
    if smallest is None or quickest is None or not _is_quicker(quickest, smallest):
        quickest = None
    safest = min(
        filter(_is_counted, fitting), key=lambda one: (_weight(one), one.size), default=None
    )
    if safest is None or smallest is None or _weight(safest) >= _weight(smallest):
        safest = None
    return Recommendation(
        application=application,
        platform=platform,
        outcomes=tuple(outcomes),
        smallest=smallest,
        quickest=quickest,
        safest=safest,
        unstarted=unstarted,
        unscanned=unscanned,
    )


def _reached(outcome: Outcome) -> int:
    """How far it came when it was started; less is better."""
    return list(Kind).index(outcome.begun.kind) if outcome.begun is not None else len(Kind)


def _is_counted(outcome: Outcome) -> bool:
    """Whether it is known how vulnerable it is: none found where nothing is known is no zero."""
    return outcome.counts is not None and outcome.counts.answer is not Answer.UNKNOWN


def _weight(outcome: Outcome) -> float:
    """What its vulnerabilities come to; more than anything where that is not known."""
    return outcome.counts.weight if outcome.counts and _is_counted(outcome) else math.inf


def _is_quicker(one: Outcome, other: Outcome) -> bool:
    gained = _seconds(other) - _seconds(one)
    return one.begun is not None and gained >= _NOTICED * max(1.0, _seconds(other))


def _seconds(outcome: Outcome) -> float:
    return outcome.begun.seconds if outcome.begun is not None else 0.0
