"""Each rule of `[policy]`, on images that keep it and that break it."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from distil.formats.spec_policy import policy_violations
from distil.model.advisory import Severity
from distil.model.inventory import (
    Answer,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Subject,
    Verdict,
)
from distil.model.node import Kind
from distil.model.policy import Outcome, RuleResult
from distil.model.spec import PolicySpec
from distil.policy.errors import PolicyViolated
from distil.policy.rules import RULES, Judged, asked_rules, judge
from tests.vulns.samples import DAY, FINDINGS, NOW
from tests.vulns.samples import FULL as SCAN

PACKAGES = (
    InventoryComponent(name="libc6", version="2.36", kind="deb", licenses=("LGPL-2.1-or-later",)),
    InventoryComponent(name="busybox", version="1.36", kind="binary"),
    InventoryComponent(name="flask", version="3.0", kind="python", licenses=("BSD-3-Clause",)),
    InventoryComponent(
        name="evil", version="1", kind="npm", licenses=("MIT", "SSPL-1.0 OR AGPL-3.0-only")
    ),
    InventoryComponent(name="pip", version="25", kind="python", licenses=("MIT",)),
)


def path(name: str, mode: int = 0o755, kind: Kind = Kind.FILE, **more: Any) -> InventoryFile:
    return InventoryFile(name, kind, mode, 1000, 0, Attribution.PACKAGE, **more)


def image(*files: InventoryFile, user: str = "65532", **more: Any) -> Judged:
    subject = Subject(
        name="shop", size=25_000_000, labels=(("team", "payments"), ("empty", ""), ("url", "x/y"))
    )
    told: dict[str, Any] = {"components": PACKAGES, "subject": subject} | more
    inventory = Inventory(files=files, has_files=True, **told)
    return Judged(inventory=inventory, user=user, scan=SCAN)


def judged(image: Judged, **asked: Any) -> RuleResult:
    policy = PolicySpec(**asked)
    assert list(policy_violations(policy)) == []
    (result,) = judge(policy, image)
    return result


PLAIN = image(path("/usr/bin/python3"), path("/usr/lib/x/sh", 0o644), path("/app/apt", 0o644))


@pytest.mark.parametrize(
    ("asked", "image", "fault"),
    [
        ({"denied_packages": ("telnet*", "npm:flask")}, PLAIN, ""),
        ({"denied_packages": ("fl*",)}, PLAIN, "python flask 3.0"),
        ({"denied_packages": ("npm:*",)}, PLAIN, "npm evil 1"),
        ({"denied_licenses": ("GPL-*",)}, PLAIN, ""),
        ({"denied_licenses": ("agpl-3.0-only",)}, PLAIN, ""),
        ({"denied_licenses": ("AGPL-*", "SSPL-*")}, PLAIN, "npm evil 1: AGPL-3.0-only, SSPL-1.0"),
        ({"max_size": "3kB"}, PLAIN, ""),
        ({"max_size": "2999B"}, PLAIN, "it is 3.0 kB, 1 B more"),
        ({"max_download": "25 MB"}, PLAIN, ""),
        ({"max_download": "20MiB"}, PLAIN, "it is 25.0 MB, 4.0 MB more"),
        ({"labels": ("team", "team=pay*", "url=*y")}, PLAIN, ""),
        ({"labels": ("source",)}, PLAIN, "label source is not there"),
        ({"labels": ("empty",)}, PLAIN, "label empty is not there"),
        ({"labels": ("team=shop",)}, PLAIN, "label team is 'payments', not shop"),
        ({"shell": False}, PLAIN, ""),
        ({"shell": False}, image(path("/bin/dash")), "/bin/dash"),
        ({"shell": False}, image(path("/bin/sh", 0o777, Kind.SYMLINK)), "/bin/sh, a link"),
        ({"shell": False}, image(path("/x/y", owners=(0, 1))), "/x/y, which is busybox"),
        ({"shell": False}, image(path("/x/y", 0o644, owners=(0, 1))), ""),
        ({"setuid": False}, PLAIN, ""),
        ({"setuid": False}, image(path("/bin/su", 0o4755)), "/bin/su, mode 4755"),
        ({"setuid": False}, image(path("/bin/wall", 0o2755)), "/bin/wall, mode 2755"),
        ({"setuid": False}, image(path("/l", 0o6777, Kind.SYMLINK)), ""),
        ({"root": False}, PLAIN, ""),
        ({"root": False}, image(user="0:1"), "its user is 0:1"),
        ({"root": False}, image(user="00"), "its user is 00"),
        ({"root": False}, image(user=""), "its user is root, as it names none"),
        ({"root": False}, image(user="www-data"), "its user is 'www-data', which can be anybody"),
        ({"package_manager": False}, image(components=PACKAGES[:4]), ""),
        ({"package_manager": False}, PLAIN, "python pip 25"),
        (
            {"package_manager": False},
            image(path("/usr/bin/apt-get"), components=()),
            "/usr/bin/apt-get",
        ),
    ],
    ids=str,
)
def test_a_rule(asked: dict[str, Any], image: Judged, fault: str) -> None:
    result = judged(image, **asked)
    assert result.faults == ((fault,) if fault else ())
    assert result.outcome is (Outcome.BROKEN if fault else Outcome.HOLDS)


def test_components_without_a_licence_are_told() -> None:
    result = judged(PLAIN, denied_licenses=("SSPL-1.0",))
    assert result.remarks == ("1 component does not say its licence",)


def test_a_licence_can_be_excepted() -> None:
    denied = ("AGPL-*", "SSPL-*", "LGPL-*")
    excepted = (
        judged(PLAIN, denied_licenses=denied),
        PolicySpec(denied_licenses=denied, license_exceptions=("deb:*", "evil")),
    )
    assert excepted[0].outcome is Outcome.BROKEN
    (result,) = judge(excepted[1], PLAIN)
    assert result.outcome is Outcome.HOLDS


# --- vulnerabilities -----------------------------------------------------------------------


def scanned(**more: Any) -> Judged:
    return msgspec.structs.replace(PLAIN, scan=msgspec.structs.replace(SCAN, **more))


def test_vulnerabilities_that_count() -> None:
    result = judged(PLAIN, fail_on=("kev", "high+fixable"))
    assert result.outcome is Outcome.BROKEN
    assert result.asked == (
        "no vulnerability that is known to be exploited, or high or worse and fixable"
    )
    first = result.faults[0]
    assert first.startswith("CVE-2024-5535 in libssl3, openssl 3.0.11-1~deb12u2 (critical, fixed")
    assert first.endswith("known to be exploited)")
    assert len(set(result.faults)) == len(result.faults)


def test_vulnerabilities_that_do_not_count_are_told() -> None:
    result = judged(scanned(findings=FINDINGS[2:3]), fail_on=("critical",))
    assert result.outcome is Outcome.HOLDS
    assert result.remarks[0] == "1 other is open"


def test_what_nobody_has_rated_is_told_as_unrated() -> None:
    unrated = msgspec.structs.replace(FINDINGS[2], severity=Severity.UNKNOWN)
    result = judged(scanned(findings=(unrated,)), fail_on=("critical",))
    assert result.remarks[0] == "1 other is open, unrated"
    result = judged(scanned(findings=(unrated,)), fail_on=("any",))
    assert "(unrated, " in result.faults[0]


def test_a_verdict_that_is_not_complete_is_told() -> None:
    told = judged(scanned(findings=(), verdict=Verdict(Answer.PARTIAL, ("why",))), fail_on=("any",))
    assert told.outcome is Outcome.HOLDS
    assert told.remarks == ("the verdict is partial",)


@pytest.mark.parametrize("answer", [Answer.PARTIAL, Answer.UNKNOWN])
def test_what_cannot_be_told(answer: Answer) -> None:
    result = judged(scanned(verdict=Verdict(answer, ("no release is known",))), complete=True)
    assert result.outcome is Outcome.UNTOLD
    assert result.faults == ("no release is known",)


def test_complete() -> None:
    result = judged(scanned(verdict=Verdict(Answer.COMPLETE)), complete=True)
    assert result.outcome is Outcome.HOLDS


@pytest.mark.parametrize(("limit", "outcome"), [(1, Outcome.UNTOLD), (2, Outcome.HOLDS)])
def test_age_of_the_database(limit: int, outcome: Outcome) -> None:
    assert judged(scanned(now=NOW + DAY // 2), max_database_days=limit).outcome is outcome


def test_without_a_scan_nothing_is_said_to_hold() -> None:
    image = msgspec.structs.replace(PLAIN, scan=None)
    policy = PolicySpec(fail_on=("any",), complete=True, max_database_days=0, setuid=False)
    outcomes = {one.key: one.outcome for one in judge(policy, image)}
    assert outcomes == {
        "fail_on": Outcome.SKIPPED,
        "complete": Outcome.SKIPPED,
        "max_database_days": Outcome.SKIPPED,
        "setuid": Outcome.HOLDS,
    }


# --- the table -----------------------------------------------------------------------------


def test_nothing_asked_is_nothing_judged() -> None:
    assert asked_rules(PolicySpec()) == ()
    assert judge(PolicySpec(), PLAIN) == ()


def test_every_key_is_a_rule_or_of_one() -> None:
    of_others = {"ignore", "vex", "license_exceptions"}
    keys = {field.name for field in msgspec.structs.fields(PolicySpec)}
    assert {one.key for one in RULES} == keys - of_others


def test_the_error_tells_what_is_broken() -> None:
    policy = PolicySpec(max_size="1kB", labels=("a", "b"), setuid=False)
    error = PolicyViolated("shop:1", judge(policy, PLAIN))
    assert error.exit_code == 1
    assert re.findall(r"FAIL  (\w+)", error.message) == ["max_size", "labels"]
    assert "label b is not there" in error.message
    assert error.hint == "write labels below [image], or --label NAME=VALUE"


def test_what_cannot_be_told_has_its_own_exit_code() -> None:
    unknown = scanned(verdict=Verdict(Answer.UNKNOWN, ("why",)))
    assert PolicyViolated("x", judge(PolicySpec(complete=True), unknown)).exit_code == 3
    both = PolicySpec(complete=True, labels=("a",))
    assert PolicyViolated("x", judge(both, unknown)).exit_code == 1


def test_many_faults_are_counted() -> None:
    policy = PolicySpec(labels=tuple(f"l{n}" for n in range(15)))
    message = PolicyViolated("x", judge(policy, PLAIN)).message
    assert "… and 5 more" in message
    assert "label l9 is" in message
    assert "label l10 is" not in message
