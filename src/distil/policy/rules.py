"""The rules of ``[policy]``: each a row, judged by a pure function of what is known of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from distil.formats.globs import Globs
from distil.formats.patterns import text_globs
from distil.formats.sizes import size, size_in_bytes
from distil.model.advisory import Severity
from distil.model.condition import counting, parse_condition
from distil.model.finding import Finding, Scan
from distil.model.inventory import Answer, Inventory, InventoryComponent, InventoryFile
from distil.model.node import Kind
from distil.model.policy import Outcome, RuleResult
from distil.model.spec import PolicySpec
from distil.policy.licenses import denied_in
from distil.policy.programs import INSTALLING_PACKAGES, PACKAGE_MANAGERS, SHELLS

_DAY: Final = 86_400


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged: what is in an image, what is known of its vulnerabilities, who it runs as.

    `scan` is None where nobody looked. `user` is as the image's configuration has it.
    """

    inventory: Inventory
    user: str
    scan: Scan | None = None


class Found(msgspec.Struct, frozen=True):
    """What a rule found: what breaks it, what it lets pass, and whether that cannot be told."""

    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    is_untold: bool = False


class Rule(msgspec.Struct, frozen=True):
    """A row: the `key` of `PolicySpec`, what it asks for, how it is judged, and what to do.

    One that `needs_scan` cannot be judged without the vulnerabilities.
    """

    key: str
    asked: Callable[[PolicySpec], str]
    judge: Callable[[PolicySpec, Judged], Found]
    hint: str = ""
    needs_scan: bool = False


def asked_rules(policy: PolicySpec) -> tuple[Rule, ...]:
    """The rules that `policy` asks for: those that do not have their default."""
    nothing = PolicySpec()
    return tuple(one for one in RULES if getattr(policy, one.key) != getattr(nothing, one.key))


def judge(policy: PolicySpec, image: Judged) -> tuple[RuleResult, ...]:
    """What each rule of `policy` comes to for `image`, in the order of `RULES`."""
    return tuple(_result(rule, policy, image) for rule in asked_rules(policy))


def _result(rule: Rule, policy: PolicySpec, image: Judged) -> RuleResult:
    asked = rule.asked(policy)
    if rule.needs_scan and image.scan is None:
        return RuleResult(rule.key, asked, Outcome.SKIPPED)
    found = rule.judge(policy, image)
    outcome = Outcome.HOLDS
    if found.faults:
        outcome = Outcome.UNTOLD if found.is_untold else Outcome.BROKEN
    hint = rule.hint if found.faults else ""
    return RuleResult(rule.key, asked, outcome, found.faults, found.remarks, hint)


# --- vulnerabilities -----------------------------------------------------------------------


def _vulnerabilities(policy: PolicySpec, image: Judged) -> Found:
    scan = _scan(image)
    conditions = [parse_condition(text) for text in policy.fail_on]
    found = counting(scan.findings, conditions)
    counted = {one.id for one in found}
    others: dict[str, Severity] = {}
    for one in scan.open:
        if one.id not in counted:
            others[one.id] = max(one.severity, others.get(one.id, Severity.UNKNOWN))
    remarks = []
    if others:
        unrated = sum(one is Severity.UNKNOWN for one in others.values())
        told = f", {unrated:,} of them unrated" if unrated else ""
        if unrated == len(others):
            told = ", unrated"
        remarks.append(
            f"{len(others):,} {'other is' if len(others) == 1 else 'others are'} open{told}"
        )
    settled = len({one.id for one in scan.findings if one.settled is not None})
    if settled:
        remarks.append(f"{settled:,} that statements settle")
    if scan.verdict.answer is not Answer.COMPLETE:
        remarks.append(f"the verdict is {scan.verdict.answer}")
    return Found(tuple(_one_line_each(found)), tuple(remarks))


def _wanted(phrases: Sequence[str]) -> str:
    """What no vulnerability may be."""
    return f"no vulnerability that is {', or '.join(phrases)}" if all(phrases) else "none at all"


def _one_line_each(findings: Sequence[Finding]) -> Iterator[str]:
    """A line for each vulnerability of a package, however many components are built from it."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        groups.setdefault((one.id, one.package, one.installed), []).append(one)
    for same in groups.values():
        first = same[0]
        names = ", ".join(dict.fromkeys(one.name for one in same))
        about = ["unrated" if first.severity is Severity.UNKNOWN else first.severity.word]
        about += [f"fixed in {first.fixed[0]}"] if first.fixed else [f"{first.repair}"]
        about += ["known to be exploited"] if first.exploited is not None else []
        yield f"{first.id} in {names} {first.installed} ({', '.join(about)})"


def _complete(_: PolicySpec, image: Judged) -> Found:
    verdict = _scan(image).verdict
    if verdict.answer is Answer.COMPLETE:
        return Found()
    return Found(verdict.reasons or (f"the verdict is {verdict.answer}",), is_untold=True)


def _database_age(policy: PolicySpec, image: Judged) -> Found:
    scan = _scan(image)
    newest = max((feed.fetched for feed in scan.database.feeds), default=scan.database.built)
    days = max(0, scan.now - newest) // _DAY
    if days <= (policy.max_database_days or 0):
        return Found()
    return Found((f"it is {days:,} days old",), is_untold=True)


def _scan(image: Judged) -> Scan:
    """The scan, which is there: `_result` asks no rule that needs one without it."""
    if image.scan is None:
        raise LookupError("a rule about vulnerabilities was judged without a scan")
    return image.scan


# --- what is there -------------------------------------------------------------------------


def _licenses(policy: PolicySpec, image: Judged) -> Found:
    denied = text_globs(one.lower() for one in policy.denied_licenses)
    excepted = text_globs(policy.license_exceptions)
    faults, untold = [], 0
    for one in image.inventory.components:
        if _is_named(one, excepted):
            continue
        found = sorted({name for text in one.licenses for name in denied_in(text, denied)})
        if found:
            faults.append(f"{_told(one)}: {', '.join(found)}")
        untold += not one.licenses
    say = "component does not say its" if untold == 1 else "components do not say their"
    remarks = (f"{untold:,} {say} licence",) if untold else ()
    return Found(tuple(faults), remarks)


def _packages(policy: PolicySpec, image: Judged) -> Found:
    denied = text_globs(policy.denied_packages)
    return Found(tuple(_told(c) for c in image.inventory.components if _is_named(c, denied)))


def _is_named(one: InventoryComponent, patterns: Globs) -> bool:
    """Whether one of `patterns` is its name, or its kind and name with a colon between."""
    return one.name in patterns or f"{one.kind}:{one.name}" in patterns


def _told(one: InventoryComponent) -> str:
    return f"{one.kind} {one.name} {one.version}".rstrip()


def _size(policy: PolicySpec, image: Judged) -> Found:
    count = sum(one.size for one in image.inventory.files if one.kind is Kind.FILE)
    return _at_most(count, policy.max_size)


def _download(policy: PolicySpec, image: Judged) -> Found:
    return _at_most(image.inventory.subject.size, policy.max_download)


def _at_most(count: int, limit: str) -> Found:
    allowed = size_in_bytes(limit)
    if allowed is None or count <= allowed:
        return Found()
    return Found((f"it is {size(count)}, {size(count - allowed)} more",))


def _labels(policy: PolicySpec, image: Judged) -> Found:
    labels = dict(image.inventory.subject.labels)
    return Found(tuple(_missing_labels(policy.labels, labels)))


def _missing_labels(asked: Iterable[str], labels: dict[str, str]) -> Iterator[str]:
    for text in asked:
        name, has_value, pattern = text.partition("=")
        if not labels.get(name):
            yield f"label {name} is not there"
        elif has_value and labels[name] not in text_globs([pattern]):
            yield f"label {name} is {labels[name]!r}, not {pattern}"


def _shell(_: PolicySpec, image: Judged) -> Found:
    return Found(tuple(_programs(image.inventory, SHELLS)))


def _package_manager(_: PolicySpec, image: Judged) -> Found:
    found = list(_programs(image.inventory, PACKAGE_MANAGERS))
    found += [
        _told(one)
        for one in image.inventory.components
        if f"{one.kind}:{one.name}" in INSTALLING_PACKAGES
    ]
    return Found(tuple(found))


def _programs(inventory: Inventory, names: frozenset[str]) -> Iterator[str]:
    """Paths by whose name they are one of these, and files whose bytes say so."""
    known = {
        n for n, c in enumerate(inventory.components) if c.kind == "binary" and c.name in names
    }
    for file in inventory.files:
        name = file.path[file.path.rfind("/") + 1 :]
        if name in names and _is_program(file):
            yield f"{file.path}, a link" if file.kind is Kind.SYMLINK else file.path
        elif known.intersection(file.owners) and file.is_executable:
            owner = inventory.components[next(n for n in file.owners if n in known)]
            yield f"{file.path}, which is {owner.name}"


def _is_program(file: InventoryFile) -> bool:
    return file.is_executable or file.kind in (Kind.SYMLINK, Kind.HARDLINK)


def _setuid(_: PolicySpec, image: Judged) -> Found:
    found = [
        f"{one.path}, mode {one.mode:04o}"
        for one in image.inventory.files
        if one.mode & 0o6000 and one.kind in (Kind.FILE, Kind.HARDLINK)
    ]
    return Found(tuple(found))


def _root(_: PolicySpec, image: Judged) -> Found:
    user = image.user.partition(":")[0]
    if user.isdecimal() and int(user) > 0:
        return Found()
    if not user or user == "root" or user.isdecimal():
        return Found((f"its user is {image.user or 'root, as it names none'}",))
    return Found((f"its user is {user!r}, which can be anybody",))


RULES: Final = (
    Rule(
        "fail_on",
        lambda p: _wanted([parse_condition(text).phrase for text in p.fail_on]),
        _vulnerabilities,
        "`distil build --no-scan` builds it all the same, and `distil scan -v` tells all of them",
        needs_scan=True,
    ),
    Rule(
        "complete",
        lambda _: "all vulnerabilities are known",
        _complete,
        "`distil db update` where the advisories are old; `distil sbom -v` shows what was not "
        "recognised",
        needs_scan=True,
    ),
    Rule(
        "max_database_days",
        lambda p: f"a vulnerability database of at most {p.max_database_days} days",
        _database_age,
        "run `distil db update`",
        needs_scan=True,
    ),
    Rule(
        "denied_licenses",
        lambda p: f"no licence {', '.join(p.denied_licenses)}",
        _licenses,
        "license_exceptions below [policy] names what may have it",
    ),
    Rule("denied_packages", lambda p: f"no package {', '.join(p.denied_packages)}", _packages),
    Rule("max_size", lambda p: f"files of at most {p.max_size}", _size),
    Rule("max_download", lambda p: f"layers of at most {p.max_download}", _download),
    Rule(
        "labels",
        lambda p: f"labels {', '.join(p.labels)}",
        _labels,
        "write labels below [image], or --label NAME=VALUE",
    ),
    Rule("shell", lambda _: "no shell", _shell),
    Rule("package_manager", lambda _: "no package manager", _package_manager),
    Rule("setuid", lambda _: "no file with setuid or setgid", _setuid),
    Rule("root", lambda _: "it does not run as root", _root, "set user below [image]"),
)
"""All rules there are, in the order in which they are told."""
