"""What to do about what maintainer scripts do and distil does not."""

from __future__ import annotations

import tomllib

import pytest

from distil.distros.debian.effects.record import UnhandledScript
from distil.distros.debian.remedies import find_remedies
from distil.model.node import Node
from distil.model.origin import ApplicationOrigin
from distil.model.platform import AMD64, ARM64
from distil.model.tree import Tree
from tests.support.nodes import file

TEMPLATE = "/usr/share/tdsodbc/odbcinst.ini"
REGISTERS = UnhandledScript("tdsodbc", "postinst", f"runs odbcinst -i -d -f {TEMPLATE}")
PIPED = UnhandledScript("odbc-mdbtools", "postinst", "runs odbcinst -i -d -r -v")
SCHEMAS = UnhandledScript(
    "libglib2.0-0t64",
    "postinst",
    "runs /usr/lib/x/glib-compile-schemas /usr/share/glib-2.0/schemas",
)
MODULES = UnhandledScript("libglib2.0-0t64", "postinst", "runs gio-querymodules /usr/lib/x")
DRIVER = "/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so"
NODES = [
    file(
        TEMPLATE,
        b"[FreeTDS]\nDescription\t= TDS driver\nDriver\t\t= libtdsodbc.so\n"
        b"Setup = libtdsS.so\n\nCPTimeout =\n",
    ),
    file(DRIVER, b"\x7fELF"),
]


def lines(*unhandled: UnhandledScript, nodes: list[Node] = NODES) -> list[str]:
    return [line for one in find_remedies(unhandled, Tree(nodes), AMD64) for line in one.lines]


def test_drivers_are_registered_with_their_paths() -> None:
    (remedy,) = find_remedies([PIPED, REGISTERS], Tree(NODES), AMD64)
    assert remedy.packages == ("odbc-mdbtools", "tdsodbc")
    head, *told = remedy.lines
    assert head == "write odbcinst.ini beside distil.toml:"
    middle = told.index("and in distil.toml:")
    assert [line.strip() for line in told[:middle]] == [
        *("[MDBTools]", "Description = MDBTools Driver", "Driver = libmdbodbc.so"),
        *("Setup = libmdbodbc.so", "FileUsage = 1"),
        *("[FreeTDS]", "Description = TDS driver", f"Driver = {DRIVER}"),
        *("Setup = libtdsS.so", "CPTimeout ="),
    ]
    assert tomllib.loads("\n".join(told[middle + 1 :])) == {
        "copy": [{"from": "odbcinst.ini", "to": "/etc/odbcinst.ini"}]
    }


def test_what_is_registered_already_stays() -> None:
    there = file("/etc/odbcinst.ini", b"[Own]\nDriver = /opt/own.so\n")
    assert lines(REGISTERS, nodes=[*NODES, there])[1:3] == ["  [Own]", "  Driver = /opt/own.so"]


def test_caches_are_made_elsewhere() -> None:
    command = "/usr/lib/x/glib-compile-schemas /usr/share/glib-2.0/schemas"
    assert lines(SCHEMAS) == [
        f"where the same packages are installed, run {command}",
        "and [[copy]] what it writes: /usr/share/glib-2.0/schemas/gschemas.compiled",
    ]
    (remedy,) = find_remedies([MODULES], Tree([]), ARM64)
    assert "/usr/lib/aarch64-linux-gnu/gio/modules/giomodule.cache" in remedy.lines[1]


@pytest.mark.parametrize(
    ("unhandled", "path"),
    [(REGISTERS, "/etc/odbcinst.ini"), (SCHEMAS, "/usr/share/glib-2.0/schemas/gschemas.compiled")],
)
def test_who_followed_a_remedy_is_not_told_again(unhandled: UnhandledScript, path: str) -> None:
    own = file(path, b"mine", origin=ApplicationOrigin("app"))
    assert lines(unhandled, nodes=[*NODES, own]) == []


@pytest.mark.parametrize(
    "unhandled",
    [
        UnhandledScript("tdsodbc", "postinst", "runs odbcinst -i -d -f /not/there"),
        UnhandledScript("other", "postinst", "runs odbcinst -i -d -r"),
        UnhandledScript("other", "postinst", "runs something"),
    ],
)
def test_what_has_no_remedy(unhandled: UnhandledScript) -> None:
    assert lines(unhandled) == []
