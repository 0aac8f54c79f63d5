"""What ``[policy]`` of ``distil.toml`` asks for: what can never be right."""

from __future__ import annotations

from collections.abc import Iterator

from distil.formats.sizes import size_in_bytes
from distil.formats.spec_sources import LARGEST_ID, Violation, pattern_violations
from distil.model.condition import parse_condition
from distil.model.errors import UnknownCondition
from distil.model.spec import PolicySpec


def policy_violations(policy: PolicySpec) -> Iterator[Violation]:
    """What is wrong with ``[policy]``."""
    yield from _condition_violations(policy)
    days = policy.max_database_days
    if days is not None and not 0 <= days <= LARGEST_ID:
        yield ("policy", "max_database_days"), f"{days} is no number of days", "write 7"
    if policy.ignore:
        yield from pattern_violations(("policy", "ignore"), policy.ignore)
    for file in policy.vex:
        yield from pattern_violations(("policy", "vex"), file)
    for key in ("max_size", "max_download"):
        text = getattr(policy, key)
        if text and size_in_bytes(text) is None:
            yield ("policy", key), f"{text!r} is no size", 'write "60MB" or "64 MiB"'
    for key in ("denied_licenses", "license_exceptions", "denied_packages"):
        if "" in getattr(policy, key):
            yield ("policy", key), "'' names nothing", "leave it out"
    for text in policy.labels:
        if not text.partition("=")[0]:
            yield ("policy", "labels"), f"{text!r} names no label", "write NAME or NAME=PATTERN"


def _condition_violations(policy: PolicySpec) -> Iterator[Violation]:
    for text in policy.fail_on:
        try:
            parse_condition(text)
        except UnknownCondition as error:
            yield ("policy", "fail_on"), error.message, error.hint
