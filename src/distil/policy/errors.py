"""Why an image must not be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from distil.errors import DistilError
from distil.model.policy import Outcome, RuleResult

_SHOWN: Final = 10
"""Faults of one rule that the message holds."""


class PolicyViolated(DistilError):
    """An image that is not as ``[policy]`` asks; nothing was written.

    `results` are those of all rules. The exit code is 1, and 3 where no rule is broken and it
    cannot be told whether all hold.
    """

    exit_code = 1

    def __init__(self, image: str, results: Sequence[RuleResult]) -> None:
        self.results = tuple(results)
        bad = [one for one in results if one.outcome in (Outcome.BROKEN, Outcome.UNTOLD)]
        if all(one.outcome is Outcome.UNTOLD for one in bad):
            self.exit_code = 3
        lines = [f"{image} does not keep the rules, and nothing was written:"]
        for one in bad:
            word = "FAIL" if one.outcome is Outcome.BROKEN else "UNKNOWN"
            lines.append(f"  {word}  {one.key}: {one.asked}")
            lines += [f"    {fault}" for fault in one.faults[:_SHOWN]]
            if len(one.faults) > _SHOWN:
                lines.append(f"    … and {len(one.faults) - _SHOWN:,} more")
        super().__init__("\n".join(lines), hint="; ".join(_hints(bad)))


def _hints(bad: Iterable[RuleResult]) -> list[str]:
    return list(dict.fromkeys(one.hint for one in bad if one.hint))
