"""Which versions get rid of findings, tried against advisories that are a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import pytest

from distil.model.advisory import Exploited, Likelihood, Severity
from distil.model.finding import Finding, Scan, Standing, Statement, Upgrade
from distil.model.inventory import Answer, Inventory, InventoryComponent, SourcePackage, Verdict
from distil.vulns.supposed import Scanner, at_version, supposed
from distil.vulns.upgrades import MOST_TRIED, Step, step_of, upgrades, weight_of
from tests.vulns.samples import DATABASE, IMAGE, NOW

Table = Mapping[tuple[str, str], Iterable[str]]
"""What there is of a package, by its name, at a version."""


def component(
    name: str, version: str, kind: str = "python", source: SourcePackage | None = None
) -> InventoryComponent:
    purl = f"pkg:pypi/{name}@{version}"
    return InventoryComponent(name=name, version=version, kind=kind, purl=purl, source=source)


def inventory(*components: InventoryComponent) -> Inventory:
    return Inventory(subject=IMAGE, components=components)


def scanner(table: Table, fixed: Mapping[str, tuple[str, ...]]) -> Scanner:
    """Findings by `table`, each fixed in the versions of `fixed`."""

    def look(of: Inventory) -> Scan:
        found = []
        for one in of.components:
            source = one.source.name if one.source is not None else one.name
            at = one.source.version if one.source is not None else one.version
            found += [
                Finding(
                    id=name,
                    component=one.ref,
                    kind=one.kind,
                    name=one.name,
                    installed=one.version,
                    purl=one.purl,
                    package=source,
                    ecosystem="Debian:12" if one.kind == "deb" else "PyPI",
                    fixed=fixed.get(name, ()),
                )
                for name in table.get((source, at), ())
            ]
        return Scan(
            subject=of.subject,
            findings=tuple(found),
            verdict=Verdict(Answer.COMPLETE),
            database=DATABASE,
            now=NOW,
        )

    return look


def found(of: Inventory, look: Scanner) -> list[tuple[str, ...]]:
    """Of each upgrade the target, the step, and what it fixes, leaves and brings."""
    return [
        (one.target, one.step, *(" ".join(ids) for ids in (one.fixes, one.remains, one.brings)))
        for one in upgrades(look(of), of, look)
    ]


DJANGO = {
    ("django", "4.1.0"): ("A", "B", "C", "D"),
    ("django", "4.1.9"): ("B", "C", "D"),
    ("django", "4.1.13"): ("C", "D"),
    ("django", "4.2.1"): ("B", "C", "D"),
    ("django", "4.2.7"): ("C", "D"),
    ("django", "5.0.1"): ("E",),
}
FIXES = {"A": ("4.1.9", "4.2.1"), "B": ("4.1.13", "4.2.7"), "C": ("5.0.1",), "D": ("5.0.1",)}


def test_each_step_that_fixes_more_than_the_smaller_one() -> None:
    of = inventory(component("django", "4.1.0"))
    assert found(of, scanner(DJANGO, FIXES)) == [
        ("4.1.13", Step.PATCH, "A B", "C D", ""),
        ("5.0.1", Step.MAJOR, "A B C D", "", "E"),
    ]


def test_what_a_version_brings_is_mended_by_a_later_one() -> None:
    table = {("x", "1.0"): ("A",), ("x", "1.1"): ("B", "C"), ("x", "1.2"): ("C",)}
    look = scanner(table, {"A": ("1.1",), "B": ("1.2",), "C": ("1.3", "2.0")})
    assert found(inventory(component("x", "1.0")), look) == [("1.3", Step.MINOR, "A", "", "")]


def test_what_brings_as_much_as_it_fixes_is_no_upgrade() -> None:
    table = {("x", "1.0"): ("A",), ("x", "1.1"): ("B",)}
    assert found(inventory(component("x", "1.0")), scanner(table, {"A": ("1.1",)})) == []


def test_the_lowest_version_that_fixes_as_much() -> None:
    table = {("x", "1.0"): ("A", "B"), ("x", "1.0.2"): (), ("x", "1.0.9"): ()}
    look = scanner(table, {"A": ("1.0.2",), "B": ("1.0.2", "1.0.9")})
    assert found(inventory(component("x", "1.0")), look) == [("1.0.2", Step.PATCH, "A B", "", "")]


def test_a_version_that_is_affected_itself_is_no_upgrade() -> None:
    table = {("x", "1.0"): ("A",), ("x", "1.1"): ("A",)}
    assert found(inventory(component("x", "1.0")), scanner(table, {"A": ("1.1",)})) == []


def test_packages_of_one_source_go_together() -> None:
    source = SourcePackage("openssl", "3.0.1-1")
    of = inventory(
        component("libssl3", "3.0.1-1", "deb", source=source),
        component("openssl", "3.0.1-1", "deb", source=source),
    )
    table = {("openssl", "3.0.1-1"): ("A", "B", "Z"), ("openssl", "3.0.1-3"): ("Z",)}
    look = scanner(table, {"A": ("3.0.1-2",), "B": ("3.0.1-3",)})
    (one,) = upgrades(look(of), of, look)
    assert (one.names, one.target, one.step) == (("libssl3", "openssl"), "3.0.1-3", Step.UPDATE)
    assert (one.fixes, one.remains) == (("A", "B"), ("Z",))
    assert set(one.components) == {each.ref for each in of.components}


def test_versions_of_a_language_go_alone() -> None:
    of = inventory(component("x", "1.0.0"), component("x", "2.0.0"))
    table = {("x", "1.0.0"): ("A",), ("x", "2.0.0"): ("A",)}
    look = scanner(table, {"A": ("2.0.1",)})
    assert sorted((one.installed, one.step) for one in upgrades(look(of), of, look)) == [
        ("1.0.0", Step.MAJOR),
        ("2.0.0", Step.PATCH),
    ]


def test_what_is_settled_needs_no_upgrade() -> None:
    of = inventory(component("x", "1.0"))
    look = scanner({("x", "1.0"): ("A",)}, {"A": ("1.1",)})
    scan = look(of)
    said = Statement(standing=Standing.NOT_AFFECTED, by="distil")
    settled = tuple(msgspec.structs.replace(one, statements=(said,)) for one in scan.findings)
    assert upgrades(msgspec.structs.replace(scan, findings=settled), of, look) == ()


def test_the_package_comes_first_of_which_most_is_fixed() -> None:
    of = inventory(component("a", "1.0"), component("b", "1.0"))
    table = {("a", "1.0"): ("A",), ("b", "1.0"): ("B", "C")}
    look = scanner(table, dict.fromkeys("ABC", ("1.1",)))
    assert [one.package for one in upgrades(look(of), of, look)] == ["b", "a"]


def test_versions_that_nobody_can_order_are_no_targets() -> None:
    of = inventory(component("x", "1.0"))
    look = scanner({("x", "1.0"): ("A",)}, {"A": ("no version at all",)})
    assert upgrades(look(of), of, look) == ()


def test_work_is_bounded() -> None:
    fixes = tuple(f"1.0.{number}" for number in range(1, 400))
    look = scanner({("x", "1.0"): ("A",)}, {"A": fixes})
    scanned = []

    def counted(of: Inventory) -> Scan:
        scanned.append(len(of.components))
        return look(of)

    of = inventory(component("x", "1.0"))
    (one,) = upgrades(look(of), of, counted)
    assert (one.target, scanned) == ("1.0.1", [MOST_TRIED])


@pytest.mark.parametrize(
    ("kind", "installed", "target", "step"),
    [
        ("deb", "1.0-1", "1.0-1+deb12u1", Step.UPDATE),
        ("python", "3.1.2", "3.1.6", Step.PATCH),
        ("python", "3.1", "3.1.6", Step.PATCH),
        ("python", "3.1.2", "3.2", Step.MINOR),
        ("python", "3.1.2", "4", Step.MAJOR),
        ("rust", "0.3.2", "0.4.0", Step.MAJOR),
        ("rust", "0.3.2", "0.3.9", Step.PATCH),
        ("go", "v1.2.3", "1.3.0", Step.MINOR),
        ("go", "none", "1", Step.MAJOR),
    ],
)
def test_steps(kind: str, installed: str, target: str, step: Step) -> None:
    assert step_of(kind, installed, target) is step


def test_weights() -> None:
    def of(severity: Severity, **more: object) -> Finding:
        finding = Finding(
            id="A", component="", kind="deb", name="x", installed="1", purl="", package="x",
            ecosystem="Debian:12", severity=severity,
        )  # fmt: skip
        return msgspec.structs.replace(finding, **more)

    low, high = of(Severity.LOW), of(Severity.HIGH)
    assert weight_of(of(Severity.CRITICAL)) > weight_of(high) > weight_of(of(Severity.UNKNOWN))
    assert weight_of(of(Severity.LOW, exploited=Exploited("2026-01-01"))) > weight_of(high)
    likely = of(Severity.LOW, likelihood=Likelihood(0.5, 0.9))
    assert weight_of(low) < weight_of(likely)


def test_supposed() -> None:
    one = component("x", "1.0")
    other = InventoryComponent(
        name="libx", version="1-1", kind="deb", purl="pkg:deb/debian/libx@1-1?arch=amd64"
    )
    of = inventory(one, other)
    (only,) = supposed(of, [at_version(other, "1:2-1+b")] * 2).components
    assert only.purl == "pkg:deb/debian/libx@1:2-1%2Bb?arch=amd64"
    assert only.source == SourcePackage("libx", "1:2-1+b")
    scoped = InventoryComponent(
        name="@a/b", version="1.0.0", kind="npm", purl="pkg:npm/%40a/b@1.0.0"
    )
    assert at_version(scoped, "2.0.0").purl == "pkg:npm/%40a/b@2.0.0"


def test_values_are_plain() -> None:
    of = inventory(component("django", "4.1.0"))
    look = scanner(DJANGO, FIXES)
    data = msgspec.json.encode(upgrades(look(of), of, look))
    assert msgspec.json.decode(data, type=tuple[Upgrade, ...])[0].step == "patch"
