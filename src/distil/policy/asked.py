"""What a build is judged by: ``[policy]``, and what the user says for this build alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from distil.model.spec import PolicySpec
from distil.policy.rules import asked_rules

GATE: Final = ("kev", "high+fixable")
"""What must not be there when a scan is asked for and nothing says what counts."""


class Asked(msgspec.Struct, frozen=True):
    """What a build is judged by, and whether its vulnerabilities are looked for."""

    policy: PolicySpec
    scan: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not asked_rules(self.policy)


def asked(policy: PolicySpec, fail_on: Sequence[str] = (), *, scan: bool | None = None) -> Asked:
    """What to judge by: `policy`, with `fail_on` in the place of its own where that says anything.

    With `scan` vulnerabilities are looked for, and `GATE` must not be there unless something else
    is said; with False nobody looks, and rules about them are skipped. None leaves that to the
    rules there are.
    """
    if fail_on:
        policy = msgspec.structs.replace(policy, fail_on=tuple(fail_on))
    if scan and not policy.fail_on:
        policy = msgspec.structs.replace(policy, fail_on=GATE)
    needed = any(rule.needs_scan for rule in asked_rules(policy))
    return Asked(policy, needed if scan is None else scan)
