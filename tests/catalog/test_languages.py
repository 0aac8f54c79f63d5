"""Packages of languages in an image: whose files are, and how they stand to the system's."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from distil.model.inventory import Attribution, Inventory, Link, State
from distil.model.node import Node, symlink
from tests.support.catalogued import ORIGIN, by_path, catalogued
from tests.support.nodes import file

SITE = "/opt/venv/lib/python3.11/site-packages"


def module(path: str, name: str, **fields: object) -> Node:
    return file(path, json.dumps({"name": name, "version": "1.0", **fields}).encode())


def owned(found: Inventory) -> dict[str, tuple[str, str]]:
    """The owner, or the rule, and the state by path."""
    return {
        one.path: (
            ", ".join(found.components[owner].name for owner in one.owners)
            or (one.rule if one.attribution is Attribution.GENERATED else one.attribution.value),
            one.state.value,
        )
        for one in found.files
    }


def test_a_virtual_environment(tmp_path: Path) -> None:
    good, bad = file(f"{SITE}/a/__init__.py", b"good"), file(f"{SITE}/a/b.py", b"bad")
    program = file("/opt/venv/bin/a", b"#!/opt/venv/bin/python\n", mode=0o755)
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        for path, content in (
            ("a/__init__.py", b"good"),
            ("a/b.py", b"other"),
            ("../../../bin/a", b"#!/opt/venv/bin/python\n"),
            ("a/lost.py", b""),
        )
    }
    record = "".join(f"{path},sha256={digest},1\n" for path, digest in digests.items())
    found = catalogued(
        tmp_path,
        good,
        bad,
        program,
        file(f"{SITE}/a/__pycache__/b.cpython-311.pyc", b"code"),
        file(f"{SITE}/A-1.dist-info/METADATA", b"Name: A\nVersion: 1\nRequires-Dist: c\n"),
        file(f"{SITE}/A-1.dist-info/RECORD", record.encode()),
        file(f"{SITE}/A-1.dist-info/licenses/LICENSE", b"do what you want"),
        file(
            f"{SITE}/A-1.dist-info/direct_url.json",
            b'{"url": "https://example.org/a", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
        ),
        file("/usr/lib/python3/dist-packages/c.egg-info", b"Name: c\nVersion: 2\n"),
        file("/opt/venv/pyvenv.cfg", b"version = 3.11.2\n"),
        file("/opt/venv/bin/activate", b"VIRTUAL_ENV=/opt/venv\n"),
        symlink("/opt/venv/bin/python", "/usr/bin/python3", ORIGIN),
        file("/opt/venv/bin/python3", b"#!/bin/sh\nevil\n", mode=0o755),
        file(f"{SITE}/stray.py", b"stray"),
    )
    environment = ("virtual environment", "unchecked")
    assert owned(found) == {
        f"{SITE}/a/__init__.py": ("a", "verified"),
        f"{SITE}/a/b.py": ("a", "modified"),
        "/opt/venv/bin/a": ("a", "verified"),
        f"{SITE}/a/__pycache__/b.cpython-311.pyc": ("a", "unchecked"),
        f"{SITE}/A-1.dist-info/METADATA": ("a", "unchecked"),
        f"{SITE}/A-1.dist-info/RECORD": ("a", "unchecked"),
        f"{SITE}/A-1.dist-info/licenses/LICENSE": ("a", "unchecked"),
        f"{SITE}/A-1.dist-info/direct_url.json": ("a", "unchecked"),
        "/usr/lib/python3/dist-packages/c.egg-info": ("c", "unchecked"),
        "/opt/venv/pyvenv.cfg": environment,
        "/opt/venv/bin/activate": environment,
        "/opt/venv/bin/python": environment,
        "/opt/venv/bin/python3": ("unowned", "unchecked"),
        f"{SITE}/stray.py": ("unowned", "unchecked"),
    }
    a, c = found.components
    assert (a.claimed, a.present, a.modified) == (4, 3, (f"{SITE}/a/b.py",))
    assert a.purl == "pkg:pypi/a@1?vcs_url=git%2Bhttps://example.org/a%40abc"
    assert [(one.subject, one.link, one.object) for one in found.relations] == [
        (a.ref, Link.NEEDS, c.ref)
    ]


def test_modules_of_node_js_as_npm_and_pnpm_lay_them_out(tmp_path: Path) -> None:
    store = "/app/node_modules/.pnpm/b@1.0/node_modules/b"
    found = catalogued(
        tmp_path,
        module("/app/package.json", "app", dependencies={"a": "1", "b": "1"}),
        file("/app/package-lock.json", b"{}"),
        file("/app/server.js", b"listen()"),
        file("/app/node_modules/.package-lock.json", b"{}"),
        module("/app/node_modules/a/package.json", "a", bin="cli.js", dependencies={"c": "1"}),
        file("/app/node_modules/a/lib/cli.js", b"#!/usr/bin/env node\n", mode=0o755),
        file("/app/node_modules/a/lib/package.json", b'{"type": "module"}'),
        module("/app/node_modules/a/node_modules/c/package.json", "c"),
        file("/app/node_modules/a/node_modules/c/c.js", b"c"),
        symlink("/app/node_modules/.bin/a", "../a/lib/cli.js", ORIGIN),
        module(f"{store}/package.json", "b"),
        symlink("/app/node_modules/b", ".pnpm/b@1.0/node_modules/b", ORIGIN),
    )
    told = {path: owner for path, (owner, _) in owned(found).items()}
    assert told == {
        "/app/package.json": "app",
        "/app/package-lock.json": "app",
        "/app/server.js": "unowned",
        "/app/node_modules/.package-lock.json": "package manager of Node.js",
        "/app/node_modules/a/package.json": "a",
        "/app/node_modules/a/lib/cli.js": "a",
        "/app/node_modules/a/lib/package.json": "a",
        "/app/node_modules/a/node_modules/c/package.json": "c",
        "/app/node_modules/a/node_modules/c/c.js": "c",
        "/app/node_modules/.bin/a": "a",
        f"{store}/package.json": "b",
        "/app/node_modules/b": "package manager of Node.js",
    }
    names = {one.ref: one.name for one in found.components}
    assert {(names[one.subject], names[one.object]) for one in found.relations} == {
        ("app", "a"),
        ("a", "c"),
    }


def test_a_language_package_that_the_system_ships_is_owned_by_its_package(tmp_path: Path) -> None:
    metadata = file(
        "/usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO", b"Name: six\nVersion: 1.16\n"
    )
    six = file("/usr/lib/python3/dist-packages/six.py", b"six")
    listed = "".join(f"{one.path}\n" for one in (metadata, six))
    status = "Package: python3-six\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    found = catalogued(
        tmp_path,
        metadata,
        six,
        file("/usr/lib/python3/dist-packages/six-1.16.0.egg-info/top_level.txt", b"six\n"),
        file("/var/lib/dpkg/status", status.encode()),
        file("/var/lib/dpkg/info/python3-six.list", listed.encode()),
    )
    package, distribution = found.components
    assert [(one.subject, one.link, one.object) for one in found.relations] == [
        (package.ref, Link.OWNS, distribution.ref)
    ]
    assert by_path(found)[six.path].attribution is Attribution.PACKAGE
    assert by_path(found)[six.path].state is State.UNCHECKED


def test_a_gem_with_what_it_compiled(tmp_path: Path) -> None:
    home = "/usr/local/bundle"
    extension = f"{home}/extensions/x86_64-linux/3.1.0/hi-1.0"
    found = catalogued(
        tmp_path,
        file(f"{home}/specifications/hi-1.0.gemspec", b"# stub: hi 1.0 ruby lib\n"),
        file(f"{home}/gems/hi-1.0/lib/hi.rb", b"hi"),
        file(f"{extension}/gem.build_complete", b""),
        file(f"{extension}/hi.so", b"code"),
        file(f"{home}/gems/other/x.rb", b"x"),
    )
    assert {path: owner for path, (owner, _) in owned(found).items()} == {
        f"{home}/specifications/hi-1.0.gemspec": "hi",
        f"{home}/gems/hi-1.0/lib/hi.rb": "hi",
        f"{extension}/gem.build_complete": "hi",
        f"{extension}/hi.so": "hi",
        f"{home}/gems/other/x.rb": "unowned",
    }
