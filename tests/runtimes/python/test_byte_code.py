"""Byte code in a tree: of which modules, whose it is, and compiled only once."""

from __future__ import annotations

import importlib.util
import marshal
from pathlib import Path

import msgspec
import pytest

from distil.compose.layers import Components, LayerKind, split
from distil.fetch.cache import Cache
from distil.fetch.errors import CorruptCache
from distil.fetch.packs import pack_is_sound
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, GeneratedOrigin, Origin, PackageOrigin
from distil.model.tree import Tree
from distil.runtimes.python.byte_code import byte_code_nodes
from distil.runtimes.python.byte_code_files import byte_code_origin, byte_code_path, compiled_module
from distil.runtimes.python.byte_compiler import Compiler
from distil.runtimes.python.errors import CannotCompile
from distil.runtimes.python.install import record_nodes
from tests.support.host_python import host_interpreter, host_runtime, script_runtime
from tests.support.nodes import file, special

PYTHON = host_interpreter()
TAG = f"cpython-{PYTHON.line.replace('.', '')}"
LIBRARY = f"/usr/lib/python{PYTHON.line}"
SITE = PYTHON.site_directory
APPLICATION = "/home/me/shop"

STDLIB = PackageOrigin("pkg:deb/debian/libpython@3", Digest.of(b"deb"))
FLASK = PackageOrigin("pkg:pypi/flask@3.1.0", Digest.of(b"wheel"))
CODE = ApplicationOrigin("shop.py")


SHOP = f"/app/__pycache__/shop.{TAG}.pyc"


def source(path: str, origin: Origin, text: str = "x = 1\n", **fields: object) -> Node:
    return file(path, text.encode(), origin=origin, **fields)


TREE = Tree(
    [
        source(f"{LIBRARY}/ssl.py", STDLIB),
        source(f"{LIBRARY}/email/__init__.py", STDLIB),
        special(f"{LIBRARY}/sitecustomize.py", Kind.SYMLINK, target="/etc/site.py", origin=STDLIB),
        source("/etc/site.py", STDLIB),
        source(f"{SITE}/flask/app.py", FLASK, mtime=1_700_000_000),
        source(f"{SITE}/flask/template.py.txt", FLASK),
        source(f"{SITE}/flask/python2.py", FLASK, "print 'no'\n"),
        source(f"{SITE}/flask-3.1.0.dist-info/METADATA", FLASK, "Name: flask\n"),
        source("/usr/share/tool/helper.py", STDLIB),
        source("/app/shop.py", CODE, mode=0o755, uid=5),
        source("/app/gunicorn.conf.py", CODE),
        source("/app/\udcff/strange.py", CODE),
        source("/app/made.py", GeneratedOrigin("test")),
    ]
)
COMPILED = [
    f"{LIBRARY}/email/__init__.py",
    f"{LIBRARY}/sitecustomize.py",
    f"{LIBRARY}/ssl.py",
    f"{SITE}/flask/app.py",
    "/app/shop.py",
]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def nodes(tree: Tree, cache: Cache, runtime: Compiler | None = None) -> dict[str, Node]:
    found = byte_code_nodes(tree, PYTHON, runtime or host_runtime(), APPLICATION, cache)
    return {node.path: node for node in found}


def contents(found: dict[str, Node]) -> dict[str, bytes]:
    return {path: node.blob.read() for path, node in found.items() if node.blob is not None}


def idle() -> Compiler:
    """The same interpreter as far as the cache knows, but it cannot be run."""
    return msgspec.structs.replace(
        script_runtime("#!/bin/sh\nexit 1\n"), identity=host_runtime().identity
    )


def changed(tree: Tree, path: str, text: str) -> Tree:
    return tree.with_nodes([msgspec.structs.replace(tree[path], blob=InlineBlob.of(text.encode()))])


def test_modules_and_nothing_else(cache: Cache) -> None:
    found = nodes(TREE, cache)
    assert sorted(map(compiled_module, found.values())) == sorted(COMPILED)
    assert SHOP in found


def test_a_file_is_its_sources_owners_and_has_no_date_of_its_own(cache: Cache) -> None:
    node = nodes(TREE, cache)[SHOP]
    assert (node.mode, node.uid, node.mtime, node.origin) == (
        0o644,
        5,
        0,
        byte_code_origin("/app/shop.py"),
    )
    code = marshal.loads(contents({SHOP: node})[SHOP][16:])
    assert code.co_filename == "/app/shop.py"


def test_compiled_once(cache: Cache) -> None:
    first = nodes(TREE, cache)
    assert nodes(TREE, cache, idle()) == first


def test_only_what_is_new_or_changed_is_compiled(cache: Cache) -> None:
    before = contents(nodes(TREE, cache))
    tree = changed(TREE, "/app/shop.py", "x = 2\n")
    with pytest.raises(CannotCompile):
        nodes(tree, cache, idle())
    after = contents(nodes(tree, cache))
    assert after[SHOP][8:16] == importlib.util.source_hash(b"x = 2\n")
    assert {**after, SHOP: before[SHOP]} == before


def test_another_selection_of_the_same_package(cache: Cache) -> None:
    fewer = TREE.filter(lambda node: node.path != f"{LIBRARY}/ssl.py")
    first = contents(nodes(fewer, cache))
    nodes(TREE, cache)
    assert contents(nodes(fewer, cache, idle())) == first
    assert len(nodes(TREE, cache, idle())) == len(COMPILED)


def test_another_interpreter_compiles_anew(cache: Cache) -> None:
    nodes(TREE, cache)
    with pytest.raises(CannotCompile):
        nodes(TREE, cache, msgspec.structs.replace(idle(), identity="another"))


def test_damage_in_the_cache_is_found_and_mended(cache: Cache) -> None:
    first = contents(nodes(TREE, cache))
    assert cache.verify({"packs": pack_is_sound}).removed == ()
    for path in (cache.root / "packs").glob("*.pyc"):
        path.write_bytes(bytes(path.stat().st_size))
    damaged = nodes(TREE, cache, idle())
    with pytest.raises(CorruptCache), cache.guarding():
        contents({SHOP: damaged[SHOP]})
    assert contents({SHOP: nodes(TREE, cache)[SHOP]}) == {SHOP: first[SHOP]}


def test_layer_and_record_of_the_source(cache: Cache) -> None:
    tree = TREE.with_nodes(nodes(TREE, cache).values())
    layers = dict(split(tree, Components("deb", frozenset([STDLIB.purl]), frozenset())))
    for path in COMPILED:
        compiled = byte_code_path(path, PYTHON.line)
        (kind,) = [kind for kind, held in layers.items() if compiled in {n.path for n in held}]
        assert path in {node.path for node in layers[kind]}
    assert LayerKind.APPLICATION in layers
    (record,) = record_nodes(tree, PYTHON)
    assert record.blob is not None
    lines = record.blob.read().decode().splitlines()
    assert f"flask/__pycache__/app.{TAG}.pyc,," in lines, "as pip lists it"
    assert not [line for line in lines if "python2" in line and ".pyc" in line]


def test_what_is_no_byte_code() -> None:
    assert compiled_module(TREE["/app/made.py"]) == ""
    assert compiled_module(TREE["/app/shop.py"]) == ""
