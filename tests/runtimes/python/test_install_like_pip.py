"""What an installer makes of real wheels, file for file: pip's result against ours."""

from __future__ import annotations

import csv
import hashlib
import posixpath
import subprocess
import sys

import pytest

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.model.node import Kind
from distil.model.spec import Spec
from distil.runtimes.python.application import (
    Dependencies,
    DependencySource,
    PythonApplication,
)
from distil.runtimes.python.install import PREFIX, SCRIPTS, install, record_nodes
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.resolve import resolve
from distil.runtimes.python.wheels import fetch_wheels

DISTRIBUTIONS = (
    "numpy",
    "pandas",
    "pydantic-core",
    "psycopg-binary",
    "django",
    "flask",
    "gunicorn",
    "cryptography",
    "lxml",
    "pillow",
    "notebook-shim",
    "ipykernel",
    "widgetsnbextension",
    "certifi",
    "setuptools",
    "ruff",
    "sqlalchemy",
    "greenlet",
    "protobuf",
    "zope-interface",
)
"""Extensions, scripts of every kind, data files, .pth files, programs that are no Python."""

NOT_COMPARED = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")


@pytest.mark.network
def test_the_same_files_as_pip(tmp_path):
    version = ".".join(map(str, sys.version_info[:3]))
    interpreter = PythonInterpreter(version, (2, 36), "x86_64")
    application = PythonApplication(
        source=str(tmp_path),
        name="x",
        version="",
        requires_python="",
        dependencies=Dependencies(DependencySource.SCRIPT, requirements=DISTRIBUTIONS),
        packaged=False,
    )
    with Client(Cache(tmp_path / "cache")) as client:
        wheels = resolve(application, interpreter, client, Spec()).wheels
        packs = fetch_wheels(wheels, client, tmp_path)
    installed = install(packs, interpreter)
    tree = installed.tree.with_nodes(record_nodes(installed.tree, interpreter))
    house = tmp_path / "wheels"
    house.mkdir()
    for wheel in wheels:
        blob = Cache(tmp_path / "cache").blob(wheel.digest)
        (house / wheel.filename).symlink_to(blob.path)
    target = tmp_path / "root"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(target)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(target / "bin/python"), "install", "-q"]
    options = ["--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([*pip, *options, *map(str, sorted(house.iterdir()))], check=True)
    theirs = _their_files(target, interpreter)
    ours = {n.path: n for n in tree if n.kind is Kind.FILE and n.name not in NOT_COMPARED}
    removed = {file.path for file in installed.removed}
    assert set(ours) | removed == set(theirs) | {p for p in removed if "__pycache__" in p}
    scripts = 0
    for path, node in ours.items():
        data, executable = theirs[path]
        assert (node.mode == 0o755) == executable, path
        if node.path.startswith(SCRIPTS) and data.startswith(b"#!"):
            scripts += 1
            assert node.blob.read().startswith(f"#!{interpreter.executable}\n".encode()), path
        else:
            assert node.blob.digest.hex == hashlib.sha256(data).hexdigest(), path
    assert scripts >= 5
    assert len(ours) > 5000
    _check_records(tree, interpreter)


def _their_files(target, interpreter):
    """Path as it is in an image → contents and whether it is executable."""
    site = target / f"lib/python{interpreter.line}/site-packages"
    found = {}
    for path in target.rglob("*"):
        if not path.is_file() or path.is_symlink() or path.name in NOT_COMPARED:
            continue
        executable = bool(path.stat().st_mode & 0o111)
        if path.is_relative_to(site):
            place = f"{interpreter.site_directory}/{path.relative_to(site)}"
        else:
            place = f"{PREFIX}/{path.relative_to(target)}".replace("/include/site/", "/include/")
        found[place] = (path.read_bytes(), executable)
    ours = {f"{PREFIX}/{name}" for name in ("pyvenv.cfg", ".lock")}
    activate = f"{SCRIPTS}/activate", f"{SCRIPTS}/Activate.ps1"
    return {
        path: value
        for path, value in found.items()
        if path not in ours and not path.startswith(activate) and "_virtualenv" not in path
    }


def _check_records(tree, interpreter):
    """Each file of the tree is in exactly one RECORD."""
    listed = []
    for node in tree:
        if node.name == "RECORD" and posixpath.dirname(node.parent) == interpreter.site_directory:
            for path, _, _ in csv.reader(node.blob.read().decode().splitlines()):
                full = f"{interpreter.site_directory}/{path}"
                listed.append(posixpath.normpath(full))
    assert sorted(listed) == sorted(n.path for n in tree if n.kind is Kind.FILE)
