"""The policies: when they apply, and that the data files say what can be so."""

from __future__ import annotations

import re

import pytest

from distil.formats.elf_strings import ElfStrings, Sought
from distil.reach.policies import Need, Policies, Policy, PolicyFacts, When, shipped_policies

SHIPPED = shipped_policies()


def policy(**when: object) -> Policy:
    return Policy("p", "why", When(**when), keep=("/etc/p/**",))  # type: ignore[arg-type]


def test_always() -> None:
    assert policy(always=True).because(PolicyFacts(())) == ""


@pytest.mark.parametrize(("function", "because"), [("x.G", "/api"), ("x.F", "")])
def test_what_always_applies_is_there_for_who_needs_it(function: str, because: str) -> None:
    need = Need(("a",), "why", go_functions=("x.G",))
    found = PolicyFacts((), go_functions={function: "/api"})
    assert Policy("p", "why", When(always=True), need=need).because(found) == because


@pytest.mark.parametrize(
    ("when", "found", "because"),
    [
        ({"files": ("/lib/*.so",)}, PolicyFacts({"/a", "/lib/x.so"}), "/lib/x.so"),
        ({"files": ("/lib/*.so",)}, PolicyFacts({"/lib/y/x.so"}), None),
        ({"functions": ("f",)}, PolicyFacts((), functions={"f": {"": "/app/x"}}), "/app/x"),
        (
            {"functions": ("f",), "not_called_by": ("libc.so.6",)},
            PolicyFacts((), functions={"f": {"libc.so.6": "/lib/libc.so.6"}}),
            None,
        ),
        (
            {"functions": ("f",), "not_called_by": ("libc.so.6",)},
            PolicyFacts((), functions={"f": {"libc.so.6": "/lib/libc.so.6", "": "/x"}}),
            "/x",
        ),
        ({"texts": ("t",)}, PolicyFacts((), texts={"t": "/app/go"}), "/app/go"),
        ({"modules": ("m",)}, PolicyFacts((), modules={"m": "/lib/m.py"}), "/lib/m.py"),
        ({"modules": ("m",)}, PolicyFacts((), modules={"m": ""}), ""),
        ({"modules": ("m",), "texts": ("t",)}, PolicyFacts((), modules={"other": "/x"}), None),
        ({"go_functions": ("x.F",)}, PolicyFacts((), go_functions={"x.F": "/api"}), "/api"),
        ({"go_functions": ("x.F",)}, PolicyFacts((), functions={"x.F": {"": "/api"}}), None),
        ({}, PolicyFacts({"/x"}), None),
    ],
)
def test_when(when: dict[str, object], found: PolicyFacts, because: str | None) -> None:
    assert policy(**when).because(found) == because


def test_covered_packages_go_by_name() -> None:
    policies = Policies([Policy("p", "why", When(), covers=("libssl*", "tzdata"))])
    assert policies.covers("libssl3t64")
    assert policies.covers("tzdata")
    assert not policies.covers("tzdata-x")


@pytest.mark.parametrize("shipped", SHIPPED.all, ids=lambda one: one.name)
def test_a_shipped_policy_is_complete(shipped: Policy) -> None:
    assert shipped.reason
    assert shipped.keep
    assert all(pattern.startswith("/") for pattern in shipped.keep)
    assert all(pattern.startswith("/") for pattern in shipped.when.files)
    when = shipped.when
    signs = (when.files, when.functions, when.modules, when.texts, when.go_functions)
    assert when.always or any(signs)
    compile(shipped.selftest, shipped.name, "exec")


def test_what_policies_ask_of_compiled_code_is_sought() -> None:
    need = Need(("a",), "why", ("f2",), ("t2",), ("lib.so",), ("x.G2",), ("x.G3",))
    when = When(functions=("f1",), texts=("t1",), go_functions=("x.G1",))
    policies = Policies([Policy("p", "why", when, need=need), Policy("q", "why", when)])
    assert policies.sought == Sought(("f1", "f2"), ("t1", "t2"), ("x.G1", "x.G2", "x.G3"))


@pytest.mark.parametrize(
    ("strings", "linked", "because"),
    [
        (ElfStrings(), (), None),
        (ElfStrings(functions=("f",)), (), "f"),
        (ElfStrings(texts=("t",)), (), "t"),
        (ElfStrings(), ("lib.so", "libc.so.6"), "lib.so"),
        (ElfStrings(go_functions=("x.G",)), (), "x.G"),
        (ElfStrings(texts=("t",), go_functions=("x.G", "x.Own")), (), None),
    ],
)
def test_needs(strings: ElfStrings, linked: tuple[str, ...], because: str | None) -> None:
    need = Need(("a",), "why", ("f",), ("t",), ("lib.so",), ("x.G",), ("x.Own",))
    assert need.because(strings, linked) == because


def test_names_are_unique_and_nothing_is_covered_twice() -> None:
    names = [shipped.name for shipped in SHIPPED.all]
    assert len(names) == len(set(names))
    covered = [pattern for shipped in SHIPPED.all for pattern in shipped.covers]
    assert len(covered) == len(set(covered))
    assert not any(re.search(r"[^a-z0-9+.*-]", pattern) for pattern in covered)
