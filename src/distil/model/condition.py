"""Which findings count, as ``--fail-on`` and ``fail_on`` say it: ``high+fixable``, ``kev``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from distil.errors import did_you_mean
from distil.model.advisory import Severity
from distil.model.errors import UnknownCondition
from distil.model.finding import Finding

ANY: Final = "any"
EXPLOITED: Final = "kev"
FIXABLE: Final = "fixable"

_SEVERITIES: Final = {
    one.word: one for one in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
}

WORDS: Final = (*_SEVERITIES, ANY, EXPLOITED, FIXABLE)
"""The words there are; a severity stands for itself and all that is worse."""


class Condition(msgspec.Struct, frozen=True):
    """What a finding has to be like to count: all of what is asked for.

    `severity` is the least it must have, `exploited` that it is in CISA's catalogue, `fixable`
    that a version with the fix is known.
    """

    severity: Severity = Severity.UNKNOWN
    exploited: bool = False
    fixable: bool = False

    def holds(self, finding: Finding) -> bool:
        """Whether `finding` is so and is not settled."""
        return (
            finding.settled is None
            and finding.severity >= self.severity
            and (finding.exploited is not None or not self.exploited)
            and (finding.is_fixable or not self.fixable)
        )

    @property
    def phrase(self) -> str:
        """What is like that, for people: ``high or worse and fixable``; empty for anything."""
        worst = self.severity is Severity.CRITICAL
        words = [self.severity.word + " or worse" * (not worst)] if self.severity else []
        words += ["known to be exploited"] * self.exploited + ["fixable"] * self.fixable
        return " and ".join(words)

    def __str__(self) -> str:
        """As it is written."""
        words = [self.severity.word] if self.severity is not Severity.UNKNOWN else []
        words += [EXPLOITED] * self.exploited + [FIXABLE] * self.fixable
        return "+".join(words) or ANY


COUNTS: Final = (Condition(),)
"""That any finding counts which is not settled."""


def parse_condition(text: str) -> Condition:
    """The condition that `text` is: words of `WORDS` with ``+`` between them, which all must hold.

    Raises `UnknownCondition`.
    """
    words = text.split("+")
    for word in words:
        if word not in WORDS:
            raise UnknownCondition(text, word, WORDS, _near(text, word))
    return Condition(
        max(_SEVERITIES.get(word, Severity.UNKNOWN) for word in words),
        exploited=EXPLOITED in words,
        fixable=FIXABLE in words,
    )


def _near(text: str, word: str) -> str:
    """What is meant: words in capitals or in a list, as other scanners take them, or a slip."""
    each = [one.strip() for one in text.lower().split(",")]
    if text in WORDS or not all(part in WORDS for one in each for part in one.split("+")):
        return did_you_mean(word.lower(), WORDS)
    if len(each) == 1:
        return f"write {each[0]}"
    return f"name each on its own: {', '.join(each)}; a severity stands for all that is worse, too"


def counting(findings: Iterable[Finding], conditions: Sequence[Condition]) -> tuple[Finding, ...]:
    """Those of `findings` that count: any of `conditions` holds for them."""
    return tuple(one for one in findings if any(each.holds(one) for each in conditions))
