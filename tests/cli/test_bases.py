"""Building on nothing, and on images of others: their layers stay, and ours tell the truth."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from distil.model.digest import Digest
from distil.model.platform import AMD64, ARM64
from tests.support.base_images import CONFIG, busybox, distroless, slim, write_base
from tests.support.command import Done, World
from tests.support.elf_builder import Elf
from tests.support.layouts import blob, config, files, manifest, tag_digest
from tests.support.nodes import file
from tests.support.registries import Registry

PROGRAM = Elf(kind=2, dynamic=False).build()
NATIVE = '[app]\nentrypoint = ["/hello"]\n[[copy]]\nfrom = "hello"\nto = "/hello"\nmode = "0755"\n'


def static(world: World, more: str = "") -> Path:
    """An application that is one static program."""
    return world.app({"hello": PROGRAM, "distil.toml": NATIVE + more}, "hello")


def base(world: World, kind: str, place: str = "", **how: Any) -> str:
    """An image to build on, written to `place`, a layout by default; how it is called."""
    nodes = {"slim": slim, "distroless": distroless, "busybox": busybox}[kind]()
    name = place or f"oci:{world.root / kind}:1"
    write_base(name, [nodes, [file("/opt/team/word", b"blue")]], world.cache, **how)
    return name


def built(done: Done) -> Done:
    assert done.code == 0, done.stderr
    return done


# --- nothing -------------------------------------------------------------------------------


def test_a_static_program_is_alone_on_scratch(warm: World) -> None:
    built(warm.build(static(warm), "--base", "scratch"))
    assert set(files(warm.out, "1.0")) == {"hello", "etc/passwd", "etc/group"}
    found = config(warm.out, "1.0")["config"]
    assert not [entry for entry in found["Env"] if entry.startswith("SSL_CERT_FILE")]
    assert "busybox/busybox" in files(warm.out, "1.0-debug")


def test_python_works_on_scratch_as_on_its_suite(warm: World) -> None:
    built(warm.build(warm.app(), "--base", "scratch"))
    found = files(warm.out, "1.0")
    assert "usr/lib/os-release" in found
    assert "var/lib/dpkg/status.d/python3.13-minimal" in found
    assert "etc/hosts" not in found


# --- layers --------------------------------------------------------------------------------


def test_layers_stay_byte_for_byte_and_ours_go_on_top(warm: World) -> None:
    name = base(warm, "slim")
    before = manifest(warm.root / "slim", "1")["layers"]
    built(warm.build(static(warm), "--base", name))
    found = manifest(warm.out, "1.0")["layers"]
    assert found[: len(before)] == before
    titles = [step["created_by"] for step in config(warm.out, "1.0")["history"]]
    assert titles == [
        "ADD 0",
        "ADD 1",
        "CMD",
        "distil: application",
        "distil: generated configuration",
    ]
    own = [entry.name for layer in found[len(before) :] for entry in entries(warm.out, layer)]
    assert sorted(own) == ["etc", "etc/group", "etc/passwd", "hello", "home", "home/nonroot", "tmp"]


def test_a_directory_of_the_image_that_is_to_be_written_to(warm: World) -> None:
    name = base(warm, "slim")
    built(warm.build(static(warm, '[image]\nwritable = ["/opt/team"]\n'), "--base", name))
    layers = manifest(warm.out, "1.0")["layers"]
    found = {one.name: one for layer in layers for one in entries(warm.out, layer)}
    assert {found[path].uid for path in ("opt/team", "opt/team/word")} == {65532}


def entries(layout: Path, layer: dict[str, Any]) -> list[tarfile.TarInfo]:
    """What a layer of an image holds."""
    with tarfile.open(fileobj=io.BytesIO(blob(layout, layer["digest"]))) as archive:
        return archive.getmembers()


def test_how_it_is_started_is_ours_and_the_rest_is_inherited(warm: World) -> None:
    name = base(warm, "slim")
    built(warm.build(static(warm, '[image.labels]\nown = "1"\n'), "--base", name))
    found = config(warm.out, "1.0")["config"]
    assert found["Entrypoint"] == ["/hello"]
    assert "Cmd" not in found
    assert found["Labels"] == {"own": "1", "team": "blue"}
    environment = dict(entry.split("=", 1) for entry in found["Env"])
    assert environment["TEAM"] == "blue"
    assert environment["PATH"] == "/opt/team/bin:/usr/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin"
    assert found["User"] == "65532"


@pytest.mark.parametrize(
    ("user", "expected"),
    [("team", "1000"), ("1000:5", "1000:5"), ("root", "65532"), ("", "65532"), ("nobody", "65532")],
)
def test_the_user_of_the_image_stays_unless_it_is_root(
    warm: World, user: str, expected: str
) -> None:
    name = base(warm, "slim", config=msgspec.structs.replace(CONFIG, user=user))
    built(warm.build(static(warm), "--base", name))
    assert config(warm.out, "1.0")["config"]["User"] == expected


def test_users_join_those_that_are_there(warm: World) -> None:
    built(warm.build(static(warm), "--base", base(warm, "slim")))
    passwd = files(warm.out, "1.0")["etc/passwd"].decode().splitlines()
    assert passwd[:2] == ["root:x:0:0:root:/root:/bin/sh", "team:x:1000:1000::/srv:/bin/sh"]
    assert "# people" in passwd
    assert any(line.startswith("nonroot:*:65532:") for line in passwd)


def test_why_and_check_know_the_base(warm: World) -> None:
    name = base(warm, "slim")
    done = built(warm.build(static(warm), "--base", name))
    checks = {one["name"]: one["detail"] for one in done.data["checks"]}
    assert checks["shell"] == "/usr/bin/dash, of the base image"
    why = warm.distil("why", f"oci:{warm.out}:1.0", "/opt/team/word")
    assert f"base image  ({tag_digest(warm.root / 'slim', '1')})" in why.stdout
    assert warm.distil("check", f"oci:{warm.out}:1.0").code == 0


# --- packages ------------------------------------------------------------------------------


def test_missing_packages_are_added_and_dpkg_s_database_goes_on(warm: World) -> None:
    done = built(warm.build(warm.app(), "--base", base(warm, "slim")))
    found = files(warm.out, "1.0")
    status = found["var/lib/dpkg/status"].decode()
    names = re.findall(r"^Package: (\S+)$", status, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert names[:2] == ["libc6", "gone"]
    assert {"python3.13-minimal", "libssl3t64", "ca-certificates"} <= set(names)
    assert "libc6 2.41-12" not in done.data["plan"]["packages"]
    listed = found["var/lib/dpkg/info/python3.13-minimal.list"].decode().splitlines()
    assert (
        listed == ["/.", "/usr", "/usr/bin", "/usr/bin/python3.13"]
        or "/usr/bin/python3.13" in listed
    )
    assert "var/lib/dpkg/info/python3.13-minimal.md5sums" in found
    assert not [path for path in found if "/status.d/" in path]
    assert "etc/ld.so.cache" in found


def test_a_database_in_pieces_is_gone_on_with_in_pieces(warm: World) -> None:
    built(warm.build(warm.app(), "--base", base(warm, "distroless")))
    found = files(warm.out, "1.0")
    assert "var/lib/dpkg/status.d/python3.13-minimal" in found
    assert "var/lib/dpkg/status" not in found
    twin = files(warm.out, "1.0-debug")
    assert "var/lib/dpkg/status.d/busybox-static" in twin


def test_the_twin_s_tools_are_in_dpkg_s_database_too(warm: World) -> None:
    app = static(warm, '[debug]\npackages = ["strace"]\n')
    built(warm.build(app, "--base", base(warm, "slim")))
    status = files(warm.out, "1.0-debug")["var/lib/dpkg/status"].decode()
    assert "Package: strace\nStatus: install ok installed\n" in status
    assert "strace" not in files(warm.out, "1.0")["var/lib/dpkg/status"].decode()


def test_without_a_database_no_package_can_be_added(warm: World) -> None:
    name = base(warm, "busybox")
    done = warm.build(static(warm, '[base]\npackages = ["libpq5"]\n'), "--base", name)
    assert done.code == 2
    assert "no package can be added to " in done.error
    assert "needed are libpq5 (for [base] or [app] packages)" in done.error
    done = warm.build(warm.app(), "--base", name)
    assert (done.code, "has no python3" in done.error) == (2, True)


def test_a_static_program_needs_no_package(warm: World) -> None:
    built(warm.build(static(warm), "--base", base(warm, "busybox")))
    assert set(files(warm.out, "1.0")) >= {"hello", "bin/busybox"}
    assert "busybox/busybox" in files(warm.out, "1.0-debug")


@pytest.mark.parametrize(
    ("release", "why"),
    [
        ('ID=ubuntu\nPRETTY_NAME="Ubuntu 24.04"\nVERSION_CODENAME=noble\n', "not Debian's own"),
        ('ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"\n', "from which of the two suites"),
        ('ID=debian\nPRETTY_NAME="Debian"\n', "does not say of which release"),
        ('ID=debian\nPRETTY_NAME="Debian 8"\nVERSION_CODENAME=jessie\n', "jessie"),
    ],
)
def test_where_packages_are_from_has_to_be_known(warm: World, release: str, why: str) -> None:
    name = f"oci:{warm.root / 'odd'}:1"
    write_base(name, [slim(release=release)], warm.cache)
    app = static(warm, '[base]\npackages = ["libpq5"]\n')
    done = warm.build(app, "--base", name)
    assert done.code == 2
    assert why in done.error
    built(warm.build(static(warm), "--base", name))


def test_what_is_installed_is_older_than_what_is_needed(warm: World) -> None:
    nodes = [node for node in slim() if node.path != "/var/lib/dpkg/status"]
    old = b"Package: libc6\nStatus: install ok installed\nVersion: 2.31-1\nArchitecture: amd64\n"
    name = f"oci:{warm.root / 'old'}:1"
    write_base(name, [[*nodes, file("/var/lib/dpkg/status", old)]], warm.cache)
    done = warm.build(static(warm, '[base]\npackages = ["libpq5"]\n'), "--base", name)
    assert done.code == 2
    assert "libc6" in done.stderr
    assert "2.38" in done.stderr


# --- the user's own ------------------------------------------------------------------------


def test_a_copy_may_replace_what_the_image_has(warm: World) -> None:
    more = '[[copy]]\nfrom = "distil.toml"\nto = "/opt/team/word"\n'
    built(warm.build(static(warm, more), "--base", base(warm, "slim")))
    assert files(warm.out, "1.0")["opt/team/word"].startswith(b"[app]")


# --- from a registry, and locked -----------------------------------------------------------


def in_registry(registry: Registry, repository: str) -> str:
    return f"{registry.place}/{repository}:1"


def test_an_image_of_a_registry(warm: World, plain_registry: Registry) -> None:
    name = in_registry(plain_registry, "bases/slim")
    digest = write_base(f"docker://{name}", [slim()], warm.cache)
    built(warm.build(static(warm), "--base", name))
    annotations = manifest(warm.out, "1.0")["annotations"]
    assert annotations["org.opencontainers.image.base.name"] == name
    assert annotations["org.opencontainers.image.base.digest"] == digest
    first = tag_digest(warm.out, "1.0")
    built(warm.build(static(warm), "--base", name, "--offline"))
    assert tag_digest(warm.out, "1.0") == first


def test_a_registry_that_was_never_asked_is_not_asked_offline(warm: World) -> None:
    done = warm.build(static(warm), "--base", "127.0.0.1:9/never:1", "--offline")
    assert done.code != 0
    assert "the network is not to be used" in done.error


def test_a_lock_keeps_the_image(warm: World, plain_registry: Registry) -> None:
    name = in_registry(plain_registry, "bases/locked")
    before = write_base(f"docker://{name}", [slim()], warm.cache)
    app = static(warm, f'[base]\nfrom = "{name}"\n')
    built(warm.distil("lock", app))
    text = (app / "distil.lock").read_text()
    assert f'name = "{name}"' in text
    assert f'digest = "{before}"' in text
    after = write_base(f"docker://{name}", [slim(), [file("/new", b"")]], warm.cache)
    built(warm.build(app, "--locked"))
    assert base_digest(warm) == before
    built(warm.build(app))
    assert base_digest(warm) == after
    built(warm.distil("lock", app))
    assert f'digest = "{before}"' in (app / "distil.lock").read_text()
    built(warm.distil("lock", app, "--upgrade", name))
    assert f'digest = "{after}"' in (app / "distil.lock").read_text()


def test_a_locked_image_comes_from_the_registry_by_its_digest(
    warm: World, plain_registry: Registry
) -> None:
    name = in_registry(plain_registry, "bases/elsewhere")
    before = write_base(f"docker://{name}", [slim()], warm.cache)
    app = static(warm, f'[base]\nfrom = "{name}"\n')
    built(warm.distil("lock", app))
    write_base(f"docker://{name}", [distroless()], warm.cache)
    elsewhere = warm.with_variables(DISTIL_CACHE_DIR=str(warm.root / "another"))
    built(elsewhere.build(app, "--locked"))
    assert base_digest(warm) == before


def test_a_locked_layout_that_has_changed_is_told_of(warm: World) -> None:
    name = base(warm, "slim")
    app = static(warm, f'[base]\nfrom = "{name}"\n')
    built(warm.distil("lock", app))
    write_base(name, [distroless()], warm.cache)
    built(warm.build(app, "--locked"))  # the cache has what was locked
    elsewhere = warm.with_variables(DISTIL_CACHE_DIR=str(warm.root / "another"))
    done = elsewhere.build(app, "--locked")
    assert done.code != 0
    assert "is wanted" in done.error


def base_digest(world: World) -> str:
    found = manifest(world.out, "1.0")["annotations"]["org.opencontainers.image.base.digest"]
    return str(Digest(found))


def test_several_platforms_each_on_its_own(warm: World, plain_registry: Registry) -> None:
    name = in_registry(plain_registry, "bases/both")
    nodes = [file("/opt/team/word", b"both")]
    write_base(f"docker://{name}", [nodes], warm.cache, platforms=(AMD64, ARM64))
    app = warm.app({"hello": "", "distil.toml": NATIVE}, "both")
    (app / "hello").write_bytes(PROGRAM)
    built(warm.build(app, "--base", name, "--platform", "linux/amd64,linux/arm64"))
    for architecture in ("amd64", "arm64"):
        assert files(warm.out, "1.0", architecture)["opt/team/word"] == b"both"
    only = in_registry(plain_registry, "bases/one")
    write_base(f"docker://{only}", [nodes], warm.cache)
    done = warm.build(static(warm), "--base", only, "--platform", "linux/arm64")
    assert done.code == 2
    assert "linux/arm64" in done.error


def test_a_path_is_relative_to_whoever_writes_it(warm: World) -> None:
    base(warm, "busybox")
    app = static(warm, '[base]\nfrom = "oci:../busybox:1"\n')
    built(warm.build(app))
    first = tag_digest(warm.out, "1.0")
    built(warm.build(static(warm), "--base", "oci:busybox:1", cwd=warm.root))
    assert tag_digest(warm.out, "1.0") == first
