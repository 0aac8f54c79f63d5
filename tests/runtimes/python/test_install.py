"""Wheels in a tree: every file in its place, and RECORD true to it."""

from __future__ import annotations

import base64
import csv
import hashlib

import pytest

from distil.events import Event, Warned, listening
from distil.fetch.errors import WrongDigest
from distil.fetch.packs import open_pack
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, PackageOrigin
from distil.model.tree import Tree
from distil.runtimes.python.application import normalised
from distil.runtimes.python.errors import InvalidWheel
from distil.runtimes.python.install import install, record_nodes
from distil.runtimes.python.system_needs import known_needs, system_needs
from distil.runtimes.python.wheel import Wheel
from distil.runtimes.python.wheels import fetch_wheels, unpack_wheel
from tests.support.wheelhouse import Wheelhouse

SITE = "/usr/local/lib/python3.13/dist-packages"


@pytest.fixture
def pack(tmp_path, client):
    """Make a wheel and decode it; the value is what `install` takes."""
    shed = Wheelhouse(tmp_path / "shed")

    def maker(name, version="1.0", **wheel):
        path = shed.add(name, version, **wheel)
        blob = FileBlob.of_file(path)
        found = Wheel(normalised(name), version, path.name, path.as_uri(), blob.size, blob.digest)
        return found, unpack_wheel(found, blob, client.cache)

    return maker


def files(tree) -> dict[str, bytes]:
    return {node.path: node.blob.read() for node in tree if node.kind is Kind.FILE}


def test_layout(pack, interpreter):
    wheel = pack(
        "Web-App",
        files={
            "web/a.py": "1",
            "web/run": "#!/bin/sh\n",
            "top.pth": "import x",
            "Web_App-1.0.data/purelib/web/pure.py": "2",
            "Web_App-1.0.data/platlib/web/plat.py": "3",
            "Web_App-1.0.data/scripts/old-style": "#!python -s\nprint(1)\n",
            "Web_App-1.0.data/scripts/shell": "#!/bin/sh\n",
            "Web_App-1.0.data/data/share/web/x.json": "{}",
            "Web_App-1.0.data/headers/web.h": "int x;",
            "web/__pycache__/a.cpython-311.pyc": "no",
        },
        executable=("web/run",),
        entry_points="[console_scripts]\nweb = web.cli:app.run\n[gui_scripts]\nwebg = web:gui\n",
    )
    installed = install([wheel], interpreter)
    found = files(installed.tree)
    info = f"{SITE}/Web_App-1.0.dist-info"
    assert sorted(found) == sorted(
        [
            f"{SITE}/web/a.py",
            f"{SITE}/web/run",
            f"{SITE}/top.pth",
            f"{SITE}/web/pure.py",
            f"{SITE}/web/plat.py",
            "/usr/local/bin/old-style",
            "/usr/local/bin/shell",
            "/usr/local/bin/web",
            "/usr/local/bin/webg",
            "/usr/local/share/web/x.json",
            f"{info}/METADATA",
            f"{info}/WHEEL",
            f"{info}/INSTALLER",
            f"{info}/entry_points.txt",
        ]
    )
    assert found[f"{info}/INSTALLER"] == b"distil\n"
    assert found["/usr/local/bin/old-style"] == b"#!/usr/bin/python3.13\nprint(1)\n"
    assert found["/usr/local/bin/shell"] == b"#!/bin/sh\n"
    script = found["/usr/local/bin/web"].decode()
    assert script.startswith("#!/usr/bin/python3.13\n")
    assert "from web.cli import app\n" in script
    assert "sys.exit(app.run())" in script
    modes = {node.path: node.mode for node in installed.tree}
    assert modes["/usr/local/bin/web"] == modes["/usr/local/bin/shell"] == 0o755
    assert modes[f"{SITE}/web/run"] == 0o755
    assert modes[f"{SITE}/web/a.py"] == 0o644
    assert {r.path: r.rule for r in installed.removed} == {
        "/usr/local/include/python3.13/web-app/web.h": "headers",
        f"{SITE}/web/__pycache__/a.cpython-311.pyc": "byte-code directories",
    }


def test_a_module_is_never_cut_for_the_headers_beside_it(pack, interpreter):
    names = ("lxml/includes/__init__.py", "lxml/includes/libxml/__init__.py")
    headers = ("lxml/includes/libxml/tree.h", "lxml/includes/xpath.pxd")
    installed = install([pack("lxml", files=dict.fromkeys((*names, *headers), ""))], interpreter)
    assert {f"{SITE}/{name}" for name in names} <= {node.path for node in installed.tree}
    assert {one.path for one in installed.removed} == {f"{SITE}/{name}" for name in headers}


def test_script_that_is_generated_runs(pack, interpreter, tmp_path):
    import subprocess
    import sys

    wheel = pack(
        "web",
        files={"web.py": "import sys\nclass app:\n    def run():\n        return sys.argv[1:]\n"},
        entry_points="[console_scripts]\nweb = web:app.run\n",
    )
    for path, data in files(install([wheel], interpreter).tree).items():
        (tmp_path / path.rpartition("/")[2]).write_bytes(data)
    result = subprocess.run(
        [sys.executable, str(tmp_path / "web"), "x"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.strip() == "['x']"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("web-1.0.data/other/x", "belongs to no known scheme"),
        ("web-1.0.data/data", "belongs to no known scheme"),
    ],
)
def test_unknown_scheme(pack, interpreter, path, message):
    with pytest.raises(InvalidWheel, match=message):
        install([pack("web", files={path: "x"})], interpreter)


def rows(node: Node) -> dict[str, tuple[str, str]]:
    lines = node.blob.read().decode().splitlines()
    return {path: (digest, size) for path, digest, size in csv.reader(lines)}


def test_record_is_true_to_the_tree(pack, interpreter):
    wheel = pack(
        "web",
        files={
            "web/a.py": "1",
            "web/with, comma.txt": "2",
            "web/cut.py": "3",
            "web-1.0.data/data/share/x": "4",
        },
        entry_points="[console_scripts]\nweb = web:main\n",
    )
    other = pack("other")
    tree = install([wheel, other], interpreter).tree
    mine = Node("/etc/x", Kind.FILE, 0o644, origin=ApplicationOrigin("x"))
    tree = tree.filter(lambda node: node.name != "cut.py").with_nodes([mine])
    records = {node.path: node for node in record_nodes(tree, interpreter)}
    assert sorted(records) == [f"{SITE}/{n}-1.0.dist-info/RECORD" for n in ("other", "web")]
    found = rows(records[f"{SITE}/web-1.0.dist-info/RECORD"])
    assert sorted(found) == [
        "../../../bin/web",
        "../../../share/x",
        "web-1.0.dist-info/INSTALLER",
        "web-1.0.dist-info/METADATA",
        "web-1.0.dist-info/RECORD",
        "web-1.0.dist-info/WHEEL",
        "web-1.0.dist-info/entry_points.txt",
        "web/a.py",
        "web/with, comma.txt",
    ]
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"1").digest()).rstrip(b"=").decode()
    assert found["web/a.py"] == (f"sha256={digest}", "1")
    assert found["web-1.0.dist-info/RECORD"] == ("", "")
    again = record_nodes(tree.with_nodes(records.values()), interpreter)
    assert [(n.path, n.blob.digest) for n in again] == [
        (n.path, n.blob.digest) for n in records.values()
    ]


def test_record_of_a_distribution_without_metadata(pack, interpreter):
    tree = install([pack("web")], interpreter).tree
    assert record_nodes(tree.filter(lambda n: n.name != "METADATA"), interpreter) == []


def test_the_same_file_in_two_wheels(pack, interpreter):
    same = {"space/__init__.py": "", "tests/__init__.py": "# a"}
    first = pack("aa", files={**same, "space/a.py": "1"})
    second = pack("bb", files={**same, "space/b.py": "1", "tests/__init__.py": "# b"})
    events: list[Event] = []
    with listening(events.append):
        trees = [install(order, interpreter).tree for order in ([first, second], [second, first])]
    assert trees[0][f"{SITE}/tests/__init__.py"].blob.read() == b"# b"
    assert list(files(trees[0]).items()) == list(files(trees[1]).items())
    assert [type(event) for event in events] == [Warned, Warned]
    assert "pkg:pypi/aa@1.0 and pkg:pypi/bb@1.0" in str(events[0])


def test_wheel_cut(pack, interpreter):
    wheel = pack(
        "numpy",
        files={
            "numpy/_core/include/numpy/x.h": "h",
            "numpy/_core/lib/libnpymath.a": "a",
            "numpy/__init__.pxd": "p",
            "numpy/core.py": "1",
        },
    )
    installed = install([wheel], interpreter)
    assert f"{SITE}/numpy/core.py" in installed.tree
    assert len(installed.removed) == 3
    assert {r.rule for r in installed.removed} == {"wheel cut: numpy"}
    other = install([pack("cupy", files={"cupy/_core/include/x.h": "h"})], interpreter)
    assert f"{SITE}/cupy/_core/include/x.h" in other.tree


def test_origin(pack, interpreter):
    wheel, decoded = pack("web")
    tree = install([(wheel, decoded)], interpreter).tree
    assert tree[f"{SITE}/web/__init__.py"].origin == PackageOrigin("pkg:pypi/web@1.0", wheel.digest)


# --- packs ---------------------------------------------------------------------------------


def test_wheels_are_decoded_once(house, client, tmp_path):
    path = house.add("web")
    digest = Digest.from_hex(house.sha256(path.name))
    wheel = Wheel("web", "1.0", path.name, path.as_uri(), None, digest)
    first = fetch_wheels([wheel], client, tmp_path)
    path.unlink()
    again = fetch_wheels([wheel], client, tmp_path)
    assert [p.members for _, p in first] == [p.members for _, p in again]


def test_wheel_that_changed(house, client, tmp_path):
    path = house.add("web")
    wheel = Wheel("web", "1.0", path.name, path.as_uri(), None, Digest.of(b"other"))
    with pytest.raises(WrongDigest):
        fetch_wheels([wheel], client, tmp_path)


def test_bad_wheel_leaves_no_pack(house, client, tmp_path):
    path = house.add("web", record="web/__init__.py,,\n")
    digest = Digest.from_hex(house.sha256(path.name))
    wheel = Wheel("web", "1.0", path.name, path.as_uri(), None, digest)
    with pytest.raises(InvalidWheel):
        fetch_wheels([wheel], client, tmp_path)
    assert open_pack(client.cache, digest, "wheel") is None


# --- system needs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "packages"),
    [
        ({"psycopg": "3.2"}, {"libpq5"}),
        ({"psycopg": "3.2", "psycopg-binary": "3.2"}, set()),
        ({"weasyprint": "52.5"}, set()),
        ({"python-magic": "0.4"}, {"libmagic1t64 | libmagic1"}),
        ({"idna": "3"}, set()),
    ],
)
def test_system_needs(pack, names, packages):
    wheels = [pack(name, version) for name, version in names.items()]
    found = system_needs(wheels)
    assert {package for need in found for package in need.packages} == packages
    assert all(need.reason for need in found)


def test_library_search_is_noticed(pack, tmp_path):
    code = "from ctypes.util import find_library\n"
    wheels = [pack("quiet"), pack("seeker", files={"seeker/x.py": "#" * 300_000 + code})]
    (found,) = system_needs(wheels)
    assert (found.distribution, found.library_search) == ("seeker", True)
    assert "seeker/x.py" in found.reason
    path = tmp_path / "x.py"
    path.write_text(code)
    tree = Tree([Node("/app/x.py", Kind.FILE, 0o644, blob=FileBlob.of_file(path))])
    assert [need.distribution for need in system_needs([], tree)] == ["application"]


def test_table_of_needs_is_in_order():
    for need in known_needs():
        assert need.distribution == normalised(need.distribution)
        assert need.packages
        assert need.reason
