"""What upgrades are worth, what to write for them, what is the system's, and a rebuild today."""

from __future__ import annotations

import msgspec
import pytest

from distil.distros.protocol import Offered
from distil.formats.elf import EM_X86_64, ElfFile
from distil.formats.spec_toml import parse_spec
from distil.model.advisory import Exploited, Severity
from distil.model.blob import InlineBlob
from distil.model.finding import Finding, Scan, Standing, Statement, Unassessed, Upgrade
from distil.model.image import ContainerConfig
from distil.model.inventory import (
    Answer,
    Attribution,
    BaseImage,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Link,
    Place,
    Relation,
    SourcePackage,
    Verdict,
)
from distil.model.node import Kind, Node
from distil.model.spec import Level
from distil.model.tree import Tree
from distil.recommend.bases import Base, BaseOutcome, alone, best_of, candidates_on, newest_of
from distil.recommend.counts import Counts, count, counts_of
from distil.recommend.lines import lines_for
from distil.recommend.parts import Division, Part, all_of, needed_by, parts_of
from distil.recommend.programs import program_of
from distil.recommend.rebuilt import Change, Release, rebuilt
from distil.recommend.recognised import Recognised
from distil.recommend.worth import advised
from tests.vulns.samples import DATABASE, IMAGE, NOW
from tests.vulns.test_upgrades import component, scanner


def finding(name: str, of: InventoryComponent, severity: Severity, **more: object) -> Finding:
    one = Finding(
        id=name,
        component=of.ref,
        kind=of.kind,
        name=of.name,
        installed=of.version,
        purl=of.purl,
        package=of.name,
        ecosystem="PyPI",
        severity=severity,
    )
    return msgspec.structs.replace(one, **more)


def scan(*findings: Finding, **more: object) -> Scan:
    verdict = Verdict(Answer.COMPLETE)
    found = Scan(subject=IMAGE, findings=findings, verdict=verdict, database=DATABASE, now=NOW)
    return msgspec.structs.replace(found, **more)


def upgrade(
    of: InventoryComponent, target: str, step: str, *fixes: str, brings: int = 0
) -> Upgrade:
    return Upgrade(
        kind=of.kind,
        ecosystem="PyPI",
        package=of.name,
        names=(of.name,),
        components=(of.ref,),
        installed=of.version,
        target=target,
        step=step,
        fixes=fixes,
        brings=tuple(f"NEW-{number}" for number in range(brings)),
    )


def test_what_fixes_most_for_least_change_comes_first() -> None:
    a, b, c = component("a", "1.0"), component("b", "1.0"), component("c", "1.0")
    found = scan(
        finding("A", a, Severity.HIGH),
        finding("B", b, Severity.CRITICAL),
        finding("C", c, Severity.LOW, exploited=Exploited("2026-01-01")),
        upgrades=(
            upgrade(a, "1.0.1", "patch", "A"),
            upgrade(b, "2.0", "major", "B"),
            upgrade(c, "1.1", "minor", "C"),
        ),
    )
    assert [(one.upgrade.package, one.worth) for one in advised(found)] == [
        ("c", 10.25),
        ("a", 5.0),
        ("b", 2.0),
    ]


def test_what_an_upgrade_brings_takes_from_its_worth() -> None:
    a, b = component("a", "1.0"), component("b", "1.0")
    found = scan(
        finding("A", a, Severity.HIGH),
        finding("B", b, Severity.HIGH),
        upgrades=(upgrade(a, "1.1", "minor", "A", brings=3), upgrade(b, "1.1", "minor", "B")),
    )
    assert [one.upgrade.package for one in advised(found)] == ["b", "a"]


@pytest.mark.parametrize(
    ("kind", "name", "target", "line"),
    [
        ("python", "jinja2", "3.1.6", "requirements.txt: jinja2>=3.1.6"),
        ("npm", "@a/b", "2.0.0", "$: npm install @a/b@2.0.0"),
        ("go", "golang.org/x/net", "0.38.0", "$: go get golang.org/x/net@v0.38.0"),
        ("go", "stdlib", "1.24.4", "go.mod: toolchain go1.24.4"),
        ("rust", "time", "0.3.9", "$: cargo update -p time --precise 0.3.9"),
        ("deb", "x", "1:2.0~rc1+b-1", "RUN apt-get update && apt-get install -y --only-upgrade x"),
        ("binary", "python", "3.12.1", ""),
        ("npm", "x; rm -rf /", "1", ""),
        ("npm", "x", "$(reboot)", ""),
        ("npm", "--global", "1", ""),
        ("python", "x\nevil", "1", ""),
    ],
)
def test_lines(kind: str, name: str, target: str, line: str) -> None:
    one = upgrade(InventoryComponent(kind=kind, name=name), target, "patch", "A")
    found = [f"{line.where}: {line.text}".removeprefix("Dockerfile: ") for line in lines_for(one)]
    assert found == ([line] if line else [])


def test_counts_are_of_distinct_vulnerabilities_that_count() -> None:
    a, b = component("a", "1"), component("b", "1")
    settled = Statement(standing=Standing.NOT_AFFECTED, by="distil")
    findings = (
        finding("A", a, Severity.LOW),
        finding("A", b, Severity.HIGH, fixed=("2",), exploited=Exploited("2026-01-01")),
        finding("B", a, Severity.NEGLIGIBLE),
        finding("C", a, Severity.UNKNOWN),
        finding("D", a, Severity.CRITICAL, statements=(settled,)),
    )
    found = count(findings)
    assert (found.high, found.low, found.unrated, found.critical, found.total) == (1, 1, 1, 0, 3)
    assert (found.exploited, found.fixable) == (1, 1)
    unknown = scan(verdict=Verdict(Answer.UNKNOWN, ("no feed",)))
    assert (counts_of(unknown).answer, counts_of(unknown).why) == (Answer.UNKNOWN, ("no feed",))


# --- parts ------------------------------------------------------------------------------------


def file(path: str, layer: int, *owners: int, attribution: Attribution) -> InventoryFile:
    return InventoryFile(path, Kind.FILE, 0o644, 10, layer, attribution, owners=owners)


DEB = InventoryComponent(kind="deb", name="libc6", version="2.36-9", layer=0)
PYTHON = InventoryComponent(
    kind="binary", name="python", version="3.12.1", layer=1,
    places=(Place("/usr/local/bin/python3.12", 1),),
)  # fmt: skip
PIP = InventoryComponent(kind="python", name="pip", version="25.0", layer=1)
OWN = InventoryComponent(kind="python", name="flask", version="3.0", layer=2)
SITE = "/usr/local/lib/python3.12/site-packages"
FILES = (
    file("/usr/lib/x86_64-linux-gnu/libc.so.6", 0, 0, attribution=Attribution.PACKAGE),
    file("/usr/local/bin/python3.12", 1, 1, attribution=Attribution.PROGRAM),
    file("/usr/local/lib/python3.12/os.py", 1, attribution=Attribution.UNOWNED),
    file(f"{SITE}/pip/x.py", 1, 2, attribution=Attribution.LANGUAGE),
    file(f"{SITE}/flask/x.so", 2, 3, attribution=Attribution.LANGUAGE),
    file("/app/main.py", 2, attribution=Attribution.UNOWNED),
    file("/etc/ld.so.cache", 1, attribution=Attribution.GENERATED),
)  # fmt: skip
RUNTIME = Recognised(
    name="python", title="Python", version="3.12.1", evidence="x", component=PYTHON.ref
)


def whole(**more: object) -> Inventory:
    found = Inventory(
        subject=IMAGE, components=(DEB, PYTHON, PIP, OWN), files=FILES, has_files=True
    )
    return msgspec.structs.replace(found, **more)


def test_with_a_base_all_of_its_layers_is_the_systems() -> None:
    found = whole(base=BaseImage("python:3.12", layers=2))
    division = Division(found, RUNTIME)
    mine = [one.path for one in found.files if not division.has(one)]
    assert mine == ["/usr/local/lib/python3.12/site-packages/flask/x.so", "/app/main.py"]
    assert set(division.refs) == {DEB.ref, PYTHON.ref, PIP.ref}


def test_without_a_base_what_lies_with_the_runtime_is_the_systems() -> None:
    division = Division(whole(), RUNTIME)
    mine = [one.path for one in FILES if not division.has(one)]
    assert [path.rpartition("/")[2] for path in mine] == ["x.py", "x.so", "main.py"]
    assert set(division.refs) == {DEB.ref, PYTHON.ref}


def test_what_a_package_of_the_system_owns_is_the_systems() -> None:
    owned = (Relation(DEB.ref, Link.OWNS, PIP.ref),)
    assert PIP.ref not in Division(whole(), RUNTIME).refs
    assert PIP.ref in Division(whole(relations=owned), RUNTIME).refs


def test_parts_have_their_own_vulnerabilities() -> None:
    found = whole(base=BaseImage("python:3.12", layers=2))
    findings = (finding("A", DEB, Severity.HIGH), finding("B", OWN, Severity.LOW))
    parts = parts_of(scan(*findings), found, Division(found, RUNTIME))
    assert (parts.system.counts.high, parts.system.counts.low) == (1, 0)
    assert (parts.own.counts.high, parts.own.counts.low) == (0, 1)
    assert (parts.system.size, parts.own.size) == (50, 20)
    assert (parts.system.components, parts.own.components) == (3, 1)


def test_libraries_that_the_application_needs_and_does_not_bring() -> None:
    found = whole(base=BaseImage("python:3.12", layers=2))
    blob = InlineBlob.of(b"elf")
    path = "/usr/local/lib/python3.12/site-packages/flask/x.so"
    tree = Tree([Node(path, Kind.FILE, mode=0o755, blob=blob)])
    needed = ("libpq.so.5", "libc.so.6", "x.so", "libc.musl-x86_64.so.1")
    elf = ElfFile(64, little_endian=True, machine=EM_X86_64, type=3, needed=needed)
    told = needed_by(found, Division(found, RUNTIME), tree, {blob.digest: elf})
    assert (told.libraries, told.is_musl) == (("libc.so.6", "libpq.so.5"), True)


# --- bases ------------------------------------------------------------------------------------


NOW_THERE = Part(size=99, components=9, counts=Counts(low=9, weight=9))


def outcome(base: str, version: str, weight: float, size: int = 1, **more: object) -> BaseOutcome:
    runtime = msgspec.structs.replace(RUNTIME, version=version)
    counts = Counts(low=int(weight), weight=weight)
    found = BaseOutcome(
        candidate=Base(base=base), uncompressed_size=size, runtime=runtime, counts=counts
    )
    return msgspec.structs.replace(found, **more)


def test_the_best_has_the_same_line_and_the_fewest_vulnerabilities() -> None:
    unknown = Counts(answer=Answer.UNKNOWN)
    outcomes = (
        outcome("large", "3.12.9", 2, size=9),
        outcome("small", "3.12.9", 2, size=3),
        outcome("bad", "3.12.9", 7),
        outcome("newer", "3.13.5", 1),
        outcome("older", "3.9.1", 0),
        outcome("untold", "3.12.9", 0, counts=unknown),
        outcome("lacking", "3.12.9", 0, lacking=("libpq.so.5",)),
        outcome("failed", "3.12.9", 0, error="no"),
        outcome("none", "3.12.9", 0, runtime=None),
    )
    best = best_of(outcomes, RUNTIME, NOW_THERE)
    assert best.candidate.base == "small"
    assert newest_of(outcomes, RUNTIME, best).candidate.base == "newer"
    assert best_of(outcomes[3:], RUNTIME, NOW_THERE) is None


def test_what_is_no_better_than_what_there_is_is_not_recommended() -> None:
    same = outcome("same", "3.12.9", 9, size=99)
    assert best_of((same,), RUNTIME, NOW_THERE) is None
    assert best_of((outcome("smaller", "3.12.9", 9, size=98),), RUNTIME, NOW_THERE) is not None
    assert best_of((outcome("worse", "3.12.9", 10, size=1),), RUNTIME, NOW_THERE) is None


def test_what_is_known_is_better_than_what_nobody_knows() -> None:
    found = whole(base=BaseImage("python:3.12", layers=2))
    unknown = scan(verdict=Verdict(Answer.UNKNOWN, ("no feed",)))
    now = parts_of(unknown, found, Division(found, RUNTIME)).system
    assert now.counts.answer is Answer.UNKNOWN
    assert best_of((outcome("a", "3.12.9", 9, size=999),), RUNTIME, now) is not None
    assert all_of(unknown, found).system.counts.answer is Answer.UNKNOWN
    unheard = scan(unassessed=(Unassessed(why="no feed", components=(OWN.ref,)),))
    parts = parts_of(unheard, found, Division(found, RUNTIME))
    assert (parts.own.counts.answer, parts.system.counts.answer) == (
        Answer.UNKNOWN,
        Answer.COMPLETE,
    )


def test_how_far_a_line_goes_is_the_runtimes() -> None:
    node = Recognised(name="node", title="Node.js", version="20.15.1", evidence="x")
    assert (node.line, RUNTIME.line) == ("20", "3.12")


def test_a_newer_line_is_for_fewer_vulnerabilities_or_longer_care() -> None:
    best = outcome("a", "3.12.9", 1, ends="2028-06-30")
    same = outcome("b", "3.13.5", 1, ends="2028-06-30")
    assert newest_of((best, same), RUNTIME, best) is None
    longer = msgspec.structs.replace(same, ends="2030-06-30")
    assert newest_of((best, longer), RUNTIME, best) is longer
    assert newest_of((best, same), RUNTIME, None) is same


def test_where_no_version_is_known_any_line_will_do() -> None:
    unsaid = msgspec.structs.replace(RUNTIME, version="")
    assert best_of((outcome("a", "3.13.5", 1),), unsaid, NOW_THERE).candidate.base == "a"


LIBRARIES = ("libpq.so.5", 'x"]\nevil = ["')


def test_the_file_of_a_base_says_what_was_made() -> None:
    for plain in candidates_on("debian:trixie", ("python3",), RUNTIME):
        one = plain.with_libraries(LIBRARIES, {"libpq.so.5": "libpq5"})
        said = parse_spec("\n".join(one.lines), "distil.toml")
        assert said.base.source == "debian:trixie"
        assert (said.app.packages, said.app.entrypoint) == (("python3", "libpq5"), ("python3",))
        assert said.reach.level is one.level
        kept = () if one.level is Level.PACKAGES else ("/usr/lib/**/libpq.so.5*",)
        assert said.reach.keep == kept
    service = Base(base="debian:trixie", packages=("redis-server",), level=Level.PACKAGES)
    assert parse_spec("\n".join(service.lines), "distil.toml").app.entrypoint is None
    assert Base(image="oci:base").lines == ()
    assert Base(image="r.example/b:1").steps("x")[0].text == "FROM r.example/b:1"


# --- a rebuild --------------------------------------------------------------------------------


def debian(name: str, version: str, source: str = "") -> InventoryComponent:
    told = SourcePackage(source or name, version)
    return InventoryComponent(kind="deb", name=name, version=version, source=told)


def test_a_rebuild_today() -> None:
    ssl, zlib, gone = (
        debian("libssl3", "1-1", "openssl"),
        debian("zlib1g", "1-1"),
        debian("old", "1"),
    )
    found = Inventory(subject=IMAGE, components=(ssl, zlib, gone, OWN))
    table = {
        ("openssl", "1-1"): ("A", "B", "S"),
        ("openssl", "1-2"): ("B", "N"),
        ("zlib1g", "1-1"): ("S",),
        ("old", "1"): ("O",),
        ("flask", "3.0"): ("F",),
    }
    look = scanner(table, {})
    offers = {"libssl3": Offered("1-2", "openssl", "1-2"), "zlib1g": Offered("1-1", "zlib", "1-1")}
    release = Release(name="debian:bookworm 12.15", date=NOW, kind="deb", offers=offers.get)
    told = rebuilt(look(found), found, release, look, is_ours=True)
    assert told.changes == (Change("libssl3", "1-1", "1-2"), Change("old", "1", ""))
    assert (told.fixes, told.brings) == (("A",), ("N",))
    assert (told.before.total, told.after.total) == (5, 5)


def test_nothing_changes_where_all_is_as_it_was() -> None:
    one = debian("zlib1g", "1-1")
    found = Inventory(subject=IMAGE, components=(one,))
    look = scanner({("zlib1g", "1-1"): ("A",)}, {})
    offered = Offered("1-1", "zlib", "1-1")
    release = Release(name="x", date=NOW, kind="deb", offers={"zlib1g": offered}.get)
    told = rebuilt(look(found), found, release, look, is_ours=False)
    assert (told.changes, told.fixes, told.brings, told.before) == ((), (), (), told.after)


# --- a program alone --------------------------------------------------------------------------

APP = Node("/usr/local/bin/app", Kind.FILE, mode=0o755, blob=InlineBlob.of(b"elf"))
TINI = Node("/sbin/tini", Kind.FILE, mode=0o755, blob=InlineBlob.of(b"elf tini"))
BASH = Node("/usr/bin/bash", Kind.FILE, mode=0o755, blob=InlineBlob.of(b"elf bash"))
SCRIPT = Node("/usr/local/bin/run", Kind.FILE, mode=0o755, blob=InlineBlob.of(b"#!/bin/sh"))
ELF = {
    node.blob.digest: ElfFile(64, little_endian=True, machine=EM_X86_64, type=2)
    for node in (APP, TINI, BASH)
    if node.blob is not None
}


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "found"),
    [
        (("app",), (), APP),
        (("/usr/local/bin/app",), ("--port=80",), APP),
        ((), ("app",), APP),
        (("/sbin/tini", "--", "app"), (), APP),
        (("tini", "-g"), ("env", "A=b", "app"), APP),
        (("run",), (), None),
        (("bash",), (), None),
        (("nowhere",), (), None),
        (("tini", "--"), (), None),
        ((), (), None),
    ],
)
def test_the_program_that_an_image_is_for(
    entrypoint: tuple[str, ...], cmd: tuple[str, ...], found: Node | None
) -> None:
    package = InventoryComponent(kind="deb", name="bash", version="5.2-1")
    files = (
        file(BASH.path, 0, 0, attribution=Attribution.PACKAGE),
        file(APP.path, 1, attribution=Attribution.UNOWNED),
    )
    whole = Inventory(subject=IMAGE, components=(package,), files=files, has_files=True)
    config = ContainerConfig(entrypoint=entrypoint, cmd=cmd)
    assert program_of(config, Tree([APP, TINI, BASH, SCRIPT]), ELF, whole) == found


def test_the_file_of_a_program_alone() -> None:
    for one in alone("/usr/local/bin/my app"):
        said = parse_spec("\n".join(one.lines), "distil.toml")
        assert said.app.entrypoint == ("/usr/local/bin/my app",)
        assert [(copy.source, copy.target) for copy in said.copy] == [
            ("program", "/usr/local/bin/my app")
        ]
    first, *_ = one.steps("app:1", "oci:lay out")
    assert first.text == "distil cat 'oci:lay out' '/usr/local/bin/my app' > base/program"


def test_the_smaller_of_a_program_alone_is_best() -> None:
    small, large = outcome("scratch", "", 9, size=3), outcome("debian:trixie", "", 9, size=4)
    assert best_of((large, small), None, NOW_THERE) is small
    found = all_of(scan(finding("A", OWN, Severity.HIGH)), whole())
    assert (found.system.size, found.system.components, found.system.counts.high) == (70, 4, 1)
    assert found.own.components == 0
