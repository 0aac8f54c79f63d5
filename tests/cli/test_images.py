"""What is in the images that the command writes, read as somebody else's program would."""

from __future__ import annotations

import csv
import io
import posixpath
import tarfile

import pytest

from tests.support.applications import FLASK, native
from tests.support.command import World
from tests.support.layouts import config, files, members

SITE = "usr/local/lib/python3.13/dist-packages"
LEVELS = ["packages", "reachable"]


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def tree(world: World, tag: str) -> dict[str, tarfile.TarInfo]:
    """The entries of all layers together."""
    return {entry.name: entry for _, layer in members(world.out, tag) for entry in layer}


def test_directories_that_programs_count_on(warm: World, level: str) -> None:
    warm.build(warm.app(), "--level", level)
    found = tree(warm, "1.0")
    assert found["tmp"].mode == 0o1777
    assert found["var/tmp"].mode == 0o1777
    assert (found["home/nonroot"].uid, found["home/nonroot"].mode) == (65532, 0o700)
    for name in ("bin", "sbin", "lib", "lib64"):
        assert found[name].linkname == f"usr/{name}"
    assert found["var/run"].linkname == "/run"
    for name in ("dev", "proc", "sys", "run", "etc"):
        assert found[name].isdir()


def test_metadata_is_true_to_what_is_there(warm: World, level: str) -> None:
    """RECORD of every distribution, and dpkg's lists; both name all that is there, no more."""
    warm.build(warm.app(), "--level", level)
    contents = files(warm.out, "1.0")
    records = [path for path in contents if path.endswith(".dist-info/RECORD")]
    names = {posixpath.basename(posixpath.dirname(path)) for path in records}
    assert names == {
        "flask-3.1.0.dist-info",
        "gunicorn-23.0.0.dist-info",
        "werkzeug-3.1.3.dist-info",
    }
    listed = {
        posixpath.normpath(posixpath.join(SITE, row[0]))
        for record in records
        for row in csv.reader(io.StringIO(contents[record].decode()))
    }
    installed = {path for path in contents if path.startswith("usr/local/")}
    assert listed == installed
    checked = {
        line.partition("  ")[2]
        for path, data in contents.items()
        if path.endswith(".md5sums")
        for line in data.decode().splitlines()
    }
    generated = {path for path in contents if path.startswith(("etc/", "var/lib/dpkg/", "app/"))}
    assert checked | generated | installed == set(contents)


def test_each_path_is_in_one_layer(warm: World, level: str) -> None:
    """Directories aside, which lead to something in each layer that has them."""
    warm.build(warm.app(), "--level", level)
    layers = members(warm.out, "1.0")
    assert [title for title, _ in layers] == [
        "system packages",
        "runtime",
        "third-party dependencies",
        "application",
        "generated configuration",
    ]
    paths = [entry.name for _, layer in layers for entry in layer if not entry.isdir()]
    assert len(paths) == len(set(paths))
    for title, layer in layers[:-1]:
        leading = {posixpath.dirname(entry.name) for entry in layer}
        empty = {entry.name for entry in layer if entry.isdir()} - leading
        assert empty <= {"tmp", "usr/bin"}, title


def test_how_it_is_started(warm: World) -> None:
    spec = '[image]\nports = [80]\nlabels = {team = "till"}\nwritable = ["/var/lib/shop"]\n'
    warm.build(warm.app({**FLASK, "distil.toml": spec}))
    production, twin = (config(warm.out, tag)["config"] for tag in ("1.0", "1.0-debug"))
    assert production["User"] == "65532"
    assert production["Entrypoint"][:3] == ["/usr/bin/python3", "-m", "gunicorn"]
    assert production["ExposedPorts"] == {"80/tcp": {}}
    assert production["Labels"]["team"] == "till"
    assert "/var/lib/shop" in production["Volumes"]
    path = next(entry for entry in production["Env"] if entry.startswith("PATH="))
    assert [e for e in twin["Env"] if e.startswith("PATH=")] == [f"{path}:/busybox"]
    rest = ("Env", "ExposedPorts", "Labels", "User", "Entrypoint", "Volumes")
    assert {key: twin[key] for key in rest[1:]} == {key: production[key] for key in rest[1:]}


def test_the_twin_has_a_shell_and_production_has_none(warm: World) -> None:
    warm.build(warm.app({**FLASK, "distil.toml": '[debug]\npackages = ["strace"]\n'}))
    assert not [name for name in tree(warm, "1.0") if posixpath.basename(name) in ("sh", "busybox")]
    twin = tree(warm, "1.0-debug")
    assert twin["busybox/sh"].linkname == "busybox"
    assert twin["busybox/busybox"].mode == 0o755
    assert "usr/bin/strace" in twin
    assert {"var/lib/dpkg/status.d/busybox-static", "var/lib/dpkg/status.d/strace"} <= set(twin)


def test_a_library_that_a_wheel_needs_is_added(warm: World) -> None:
    """With the package that has it, found in the indexes; and said so."""
    tag = "cp313-cp313-manylinux_2_17_x86_64"
    warm.house.add("speedy", "1.0", files=native("speedy", "libstdc++.so.6"), tag=tag)
    app = {"app.py": FLASK["app.py"] + "import speedy\n"}
    app["requirements.txt"] = FLASK["requirements.txt"] + "speedy==1.0\n"
    done = warm.build(warm.app(app))
    needs = done.data["plan"]["needs"]
    assert [(need["distribution"], need["packages"]) for need in needs] == [
        ("speedy", ["libstdc++6"])
    ]
    assert "usr/lib/x86_64-linux-gnu/libstdc++.so.6" in tree(warm, "1.0")


def test_packages_that_the_user_names_are_whole(warm: World) -> None:
    spec = '[app]\npackages = ["libpq5", "openssl"]\n'
    warm.build(warm.app({**FLASK, "distil.toml": spec}))
    found = tree(warm, "1.0")
    assert {"usr/lib/x86_64-linux-gnu/libpq.so.5", "usr/bin/openssl"} <= set(found)


def test_zstd(warm: World) -> None:
    done = warm.build(warm.app(), "--compression", "zstd", "-o", f"oci-archive:{warm.root}/a.tar")
    assert done.code == 0
    done = warm.build(warm.app(), "--compression", "zstd", "-o", f"docker-archive:{warm.root}/b")
    assert done.code == 2
    assert "zstd" in done.error
    assert not (warm.root / "b").exists()
