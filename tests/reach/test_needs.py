"""What compiled code of the application needs by convention."""

from __future__ import annotations

import pytest

from distil.model.component import SystemNeed
from distil.model.tree import Tree
from distil.reach.needs import conventional_needs
from distil.reach.objects import elf_files
from tests.support.elf_builder import Elf
from tests.support.go_program import GoProgram
from tests.support.nodes import file

CERTIFICATES = "verifies certificates with the system's authorities"
ZONES = "tells the time in zones that are named at run time"
TYPES = "looks types of files up in the system's table"


def needs(data: bytes, *, every_image: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    tree = Tree([file("/api", data)])
    found = list(conventional_needs(tree, elf_files(tree), every_image.__contains__))
    assert all(need.distribution == "/api" and need.by_policy for need in found)
    return [(need.packages, need.reason) for need in found]


@pytest.mark.parametrize(
    ("functions", "packages"),
    [
        (("main.main",), []),
        (("crypto/x509.loadSystemRoots",), [("ca-certificates",)]),
        (("time.LoadLocation",), [("tzdata",)]),
        (("time.LoadLocation", "time/tzdata.loadFromEmbeddedTZData"), []),
        (("mime.TypeByExtension",), [("media-types",)]),
        (
            ("crypto/x509.loadSystemRoots", "mime.TypeByExtension", "time.LoadLocation"),
            [("ca-certificates",), ("media-types",), ("tzdata",)],
        ),
    ],
)
def test_go(functions: tuple[str, ...], packages: list[tuple[str, ...]]) -> None:
    program = GoProgram(functions=functions)
    # What every Go program has, whether or not it asks for it.
    program.elf.sections = {".rodata": b"/usr/share/zoneinfo/etc/ssl/certs/etc/mime.types"}
    assert [found for found, _ in needs(program.build())] == packages


@pytest.mark.parametrize(
    ("elf", "found"),
    [
        (Elf(), []),
        (Elf(sections={".rodata": b"x/etc/ssl/certs"}), [(CERTIFICATES, "/etc/ssl/certs")]),
        (Elf(needed=("libssl.so.3",)), [(CERTIFICATES, "libssl.so.3")]),
        (Elf(sections={".rodata": b"\0localtime_r\0"}), [(ZONES, "localtime_r")]),
        (Elf(sections={".rodata": b"x/usr/share/zoneinfo"}), [(ZONES, "/usr/share/zoneinfo")]),
        (Elf(sections={".rodata": b"x/etc/mime.types"}), [(TYPES, "/etc/mime.types")]),
    ],
)
def test_other_languages(elf: Elf, found: list[tuple[str, str]]) -> None:
    assert [why for _, why in needs(elf.build())] == [f"{why} ({sign})" for why, sign in found]


def test_what_every_image_has_is_not_asked_for() -> None:
    data = Elf(needed=("libssl.so.3",)).build()
    assert needs(data, every_image=("ca-certificates",)) == []


def test_only_elf_files_are_asked() -> None:
    assert needs(b"#!/bin/sh\nls /etc/ssl/certs\n") == []


def test_who_needs_it_is_told() -> None:
    tree = Tree([file("/api", GoProgram(functions=("time.LoadLocation",)).build())])
    assert list(conventional_needs(tree, elf_files(tree), lambda _: False)) == [
        SystemNeed("/api", ("tzdata",), f"{ZONES} (time.LoadLocation)", by_policy=True)
    ]
