"""Questions to a ledger."""

from __future__ import annotations

import pytest

from distil.explain.explain import (
    LONGEST_CHAIN,
    Answer,
    NothingAsked,
    NothingKnown,
    Question,
    ask,
    component_name,
    component_version,
)
from distil.model.digest import Digest
from distil.model.ledger import Kept, Ledger, Reason, Removed
from distil.model.node import Kind
from distil.model.origin import ApplicationOrigin, PackageOrigin

ZLIB = PackageOrigin("pkg:deb/debian/zlib1g@1%3A1.3-1?arch=amd64", Digest.of(b"z"))
FLASK = PackageOrigin("pkg:pypi/flask@3.1.0", Digest.of(b"f"))
APP = ApplicationOrigin("app.py")


def kept(path: str, size: int, origin: PackageOrigin | ApplicationOrigin, reason: Reason) -> Kept:
    return Kept(path, Kind.FILE, size, origin, (reason,))


LEDGER = Ledger(
    (
        kept("/app/app.py", 10, APP, Reason("entrypoint", "", "app")),
        kept("/usr/lib/libz.so.1", 500, ZLIB, Reason("DT_NEEDED", "/x/flask.so", "libz.so.1")),
        kept("/x/flask.so", 500, FLASK, Reason("import", "/app/app.py", "line 1")),
        kept("/x/loop-a", 1, FLASK, Reason("link", "/x/loop-b")),
        kept("/x/loop-b", 2, FLASK, Reason("link", "/x/loop-a")),
    ),
    (
        Removed("/usr/lib/libz.so.1", FLASK.purl, 7, "bundled", "another has it"),
        Removed("/usr/share/doc/zlib1g/changelog", ZLIB.purl, 9, "documentation", "nobody reads"),
        Removed("/usr/share/man/z", "pkg:deb/debian/gone@1", 90, "manual", "nobody reads"),
    ),
)


def answer(**question: object) -> Answer:
    return ask(LEDGER, Question(**question), "oci:x:1")  # type: ignore[arg-type]


def test_the_chain_leads_to_what_the_image_is_for() -> None:
    (found,) = answer(path="/usr/lib/libz.so.1").explanations
    assert [step.path for step in found.chain] == [
        "/usr/lib/libz.so.1",
        "/x/flask.so",
        "/app/app.py",
    ]
    assert answer(path="/usr/lib/libz.so.1").removed == LEDGER.removed[:1]


@pytest.mark.parametrize("path", ["usr/lib/libz.so.1", "/usr/lib//./libz.so.1/", "/lib/libz.so.1"])
def test_a_path_can_be_written_in_several_ways(path: str) -> None:
    (found,) = answer(path=path).explanations
    assert found.kept.path == "/usr/lib/libz.so.1"


def test_what_was_left_out() -> None:
    found = answer(path="/usr/share/man/z")
    assert found.explanations == ()
    assert [gone.rule for gone in found.removed] == ["manual"]


def test_chains_that_go_round_end() -> None:
    (found,) = answer(path="/x/loop-a").explanations
    assert [step.path for step in found.chain] == ["/x/loop-a", "/x/loop-b"]


def test_chains_without_end_are_cut() -> None:
    long = Ledger(
        tuple(kept(f"/{n:05}", 1, APP, Reason("link", f"/{n + 1:05}")) for n in range(5000)), ()
    )
    (found,) = ask(long, Question(path="/00000"), "x").explanations
    assert len(found.chain) == LONGEST_CHAIN


def test_a_chain_may_lead_to_what_nobody_knows() -> None:
    entry = Kept("/a", Kind.FILE, 1, APP, (Reason("link", "/gone"),))
    bare = Kept("/b", Kind.FILE, 1, APP, ())
    ledger = Ledger((entry, bare), ())
    assert len(ask(ledger, Question(path="/a"), "x").explanations[0].chain) == 1
    assert ask(ledger, Question(path="/b"), "x").explanations[0].chain == ()


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/other/libz.so.1", "did you mean /usr/lib/libz.so.1?"),
        ("/x/flsk.so", "did you mean /x/flask.so?"),
        ("/nothing/like/it", ""),
    ],
)
def test_a_path_that_is_not_known(path: str, hint: str) -> None:
    entries = (*LEDGER.kept, Kept("/x", Kind.DIRECTORY, 0, APP, ()))
    with pytest.raises(NothingKnown) as caught:
        ask(Ledger(entries, ()), Question(path=path), "oci:x:1")
    assert caught.value.hint == hint
    assert caught.value.exit_code == 1


def test_a_package_with_both_its_sides() -> None:
    (files,) = answer(package="zlib1g").packages
    assert [entry.path for entry in files.kept] == ["/usr/lib/libz.so.1"]
    assert [entry.path for entry in files.removed] == ["/usr/share/doc/zlib1g/changelog"]
    (gone,) = answer(package="gone").packages
    assert gone.kept == ()
    with pytest.raises(NothingKnown) as caught:
        answer(package="zlib")
    assert caught.value.hint == "did you mean zlib1g?"


def test_the_largest_come_largest_first_then_by_path() -> None:
    found = answer(largest=3).explanations
    assert [one.kept.path for one in found] == [
        "/usr/lib/libz.so.1",
        "/x/flask.so",
        "/app/app.py",
    ]


def test_removals_come_largest_first() -> None:
    assert [gone.size for gone in answer(removed=True).removed] == [90, 9, 7]
    assert [gone.size for gone in answer(removed=True, package="flask").removed] == [7]


def test_nothing_asked() -> None:
    with pytest.raises(NothingAsked):
        answer()


@pytest.mark.parametrize(
    ("purl", "name", "version"),
    [
        (ZLIB.purl, "zlib1g", "1:1.3-1"),
        ("pkg:deb/debian/libstdc%2B%2B6@14.2", "libstdc++6", "14.2"),
        ("pkg:pypi/flask", "flask", ""),
        ("", "", ""),
    ],
)
def test_names_and_versions_of_package_urls(purl: str, name: str, version: str) -> None:
    assert (component_name(purl), component_version(purl)) == (name, version)
