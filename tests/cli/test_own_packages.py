"""Packages of a vendor's repository and local .deb files in an image, and what can go wrong."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.applications import FLASK
from tests.support.command import World
from tests.support.layouts import files, members
from tests.support.vendor import Vendor, build_deb, program
from tests.support.web_server import tampered

POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
  mkdir -p /var/lib/agent
  chown 7:8 /usr/bin/agent
  chmod u+s /usr/bin/agent
fi
"""


@pytest.fixture(scope="module")
def vendor_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vendor, str]]:
    """A vendor with a program; beside its repository lie local packages."""
    vendor = Vendor(tmp_path_factory.mktemp("vendor"))
    tool: dict[str, bytes | str] = {
        "/usr/bin/tool": program("libgcc_s.so.1"),
        "/etc/tool.conf": "tool\n",
    }
    vendor.add("tool", "2.0-1", tool, depends="libc6, libgcc-s1", source="tools (2.0)")
    vendor.publish()
    agent: dict[str, bytes | str] = {
        "/usr/bin/agent": program("libstdc++.so.6"),
        "/usr/share/agent/words": "words\n",
    }
    local = vendor.root.parent
    build_deb(local, "agent", "1.0", agent, {"postinst": POSTINST}, depends="libstdc++6")
    build_deb(local, "agent", "1.0", agent, architecture="arm64")
    with vendor.web.serve() as url:
        yield vendor, url


@pytest.fixture
def vendor(vendor_of_module: tuple[Vendor, str]) -> Iterator[Vendor]:
    yield vendor_of_module[0]
    vendor_of_module[0].web.faults.clear()
    vendor_of_module[0].publish()


@pytest.fixture
def url(vendor_of_module: tuple[Vendor, str]) -> str:
    return vendor_of_module[1]


def app(world: World, vendor: Vendor, url: str, *, spec: str = "", key: bytes = b"") -> Path:
    """An application that wants the vendor's program and a local agent."""
    text = f'[base]\npackages = ["tool"]\ndebs = ["vendor/*.deb"]\n{vendor.table(url)}{spec}'
    keys = {"keys/vendor.asc": key or vendor.armored.read_bytes()}
    made = world.app({**FLASK, "distil.toml": text, ".dockerignore": "vendor\nkeys\n", **keys})
    (made / "vendor").mkdir(exist_ok=True)
    for deb in vendor.root.parent.glob("agent_*.deb"):
        shutil.copy(deb, made / "vendor")
    return made


@pytest.mark.parametrize("level", ["reachable", "packages"])
def test_in_the_image(warm: World, vendor: Vendor, url: str, level: str) -> None:
    done = warm.build(app(warm, vendor, url), "--level", level)
    assert done.code == 0, done.stderr
    entries = {entry.name: entry for _, layer in members(warm.out, "1.0") for entry in layer}
    assert {"usr/bin/tool", "etc/tool.conf", "usr/bin/agent", "usr/share/agent/words"} <= set(
        entries
    )
    assert entries["var/lib/agent"].isdir()
    assert "usr/lib/x86_64-linux-gnu/libstdc++.so.6" in entries
    status = files(warm.out, "1.0")["var/lib/dpkg/status.d/tool"].decode()
    assert "Version: 2.0-1\n" in status
    sums = files(warm.out, "1.0")["var/lib/dpkg/status.d/agent.md5sums"].decode()
    assert "  usr/share/agent/words\n" in sums
    purls = {package["name"]: package["purl"] for package in done.data["packages"]}
    assert purls["tool"] == (
        "pkg:deb/debian/tool@2.0-1?arch=amd64&distro=debian&upstream=tools%402.0"
    )
    assert purls["agent"] == "pkg:deb/debian/agent@1.0?arch=amd64&distro=debian"
    assert done.data["unhandled"] == []
    agent = entries["usr/bin/agent"]
    assert (agent.uid, agent.gid, agent.mode) == (7, 8, 0o4755)
    setuid = {"path": "/usr/bin/agent", "what": "setuid 7, mode 4755"}
    assert setuid in done.data["privileges"]


def test_the_summary_names_what_gives_rights(warm: World, vendor: Vendor, url: str) -> None:
    done = warm.distil("build", app(warm, vendor, url), "-o", f"oci:{warm.out}")
    assert re.search(r"privileged +/usr/bin/agent: setuid 7, mode 4755\n", done.stderr)


def test_why(warm: World, vendor: Vendor, url: str) -> None:
    warm.build(app(warm, vendor, url))

    def why(path: str) -> str:
        return " ".join(warm.distil("why", f"oci:{warm.out}:1.0", path).stdout.split())

    assert "tool 2.0-1" in why("/usr/bin/tool")
    assert "asked for" in why("/usr/bin/tool")
    assert "agent 1.0" in why("/usr/share/agent/words")
    assert "needed by /usr/bin/agent (libstdc++.so.6)" in why(
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"
    )


def test_the_same_from_another_place_and_offline(warm: World, vendor: Vendor, url: str) -> None:
    """Where the files lie is not in the image, and the network is not needed any more."""
    first = warm.build(app(warm, vendor, url))
    (warm.root / "elsewhere").mkdir()
    moved = (warm.root / "shop").rename(warm.root / "elsewhere/shop")
    vendor.web.faults.status("*", 500)
    again = warm.build(moved, "--offline")
    assert again.digests == first.digests
    contents = files(warm.out, "1.0")
    assert not [path for path, data in contents.items() if str(warm.root).encode() in data]


def test_dry_run(warm: World, vendor: Vendor, url: str) -> None:
    done = warm.build(app(warm, vendor, url), "--dry-run")
    assert {"tool 2.0-1", "agent 1.0"} <= set(done.data["plan"]["packages"])


def test_a_local_package_stands_before_debian_s(warm: World, vendor: Vendor, url: str) -> None:
    """Of the same version, and whatever newer ones there are; in the debug twin as well."""
    more = '[app]\npackages = ["libpq5"]\n[debug]\npackages = ["strace"]\n'
    made = app(warm, vendor, url, spec=more)
    build_deb(made / "vendor", "netbase", "6.5", {"/etc/services": "mine\n"})
    build_deb(made / "vendor", "libpq5", "16.0", {"/usr/share/libpq/mine": "mine\n"})
    build_deb(made / "vendor", "strace", "1.0", {"/usr/bin/strace": program()})
    done = warm.build(made)
    assert done.code == 0, done.stderr
    contents = files(warm.out, "1.0")
    assert contents["etc/services"] == contents["usr/share/libpq/mine"] == b"mine\n"
    assert "libpq5 16.0" in done.data["plan"]["packages"]
    assert "strace 1.0" in done.data["plan"]["debugPackages"]


def test_locked(warm: World, vendor: Vendor, url: str) -> None:
    """The same image from the lock alone, elsewhere; other local files are noticed."""
    made = app(warm, vendor, url)
    first = warm.build(made)
    locked = warm.distil("lock", made)
    assert locked.code == 0, locked.stderr
    assert str(warm.root) not in (made / "distil.lock").read_text()
    (warm.root / "elsewhere").mkdir()
    moved = made.rename(warm.root / "elsewhere/shop")
    vendor.web.faults.status("*", 500)
    again = warm.build(moved, "--locked", "--offline")
    assert again.digests == first.digests
    assert "agent 1.0" in again.data["plan"]["packages"]
    before = (moved / "distil.lock").read_text()
    assert warm.distil("lock", moved).code == 0
    assert (moved / "distil.lock").read_text() == before
    vendor.web.faults.clear()
    next((moved / "vendor").glob("agent_*_amd64.deb")).unlink()
    build_deb(moved / "vendor", "agent", "0.9", {"/usr/share/agent/words": "less\n"})
    done = warm.build(moved, "--locked")
    assert done.code == 2
    assert "the .deb files of the project are others" in done.error
    assert warm.distil("lock", moved).code == 0
    assert "agent 0.9" in warm.build(moved, "--locked").data["plan"]["packages"]


# --- what can go wrong ---------------------------------------------------------------------


def test_a_tampered_package(warm: World, vendor: Vendor, url: str) -> None:
    vendor.web.faults.replace("*/tool_*.deb", tampered)
    done = warm.build(app(warm, vendor, url))
    assert done.code == 2
    assert re.search(r"tool 2\.0-1 from \S+ should have the digest", done.error)
    assert not warm.out.exists()


def test_a_tampered_release_file(warm: World, vendor: Vendor, url: str) -> None:
    vendor.web.faults.replace("*/InRelease", lambda data: data.replace(b"Vendor", b"Vender"))
    done = warm.build(app(warm, vendor, url))
    assert done.code == 2
    assert re.search(
        r"Release file of stable at \S+ has no valid signature: it is not what its signer signed",
        done.error,
    )


def test_a_tampered_index(warm: World, vendor: Vendor, url: str) -> None:
    vendor.web.faults.replace("*/Packages*", tampered)
    done = warm.build(app(warm, vendor, url))
    assert done.code == 2
    assert re.search(r"Packages of \S+ stable does not match the signed Release file", done.error)


def test_another_key(warm: World, vendor: Vendor, url: str) -> None:
    """Debian's key of this world is not asked about a vendor's repository."""
    done = warm.build(app(warm, vendor, url, key=warm.mirror.keyring.read_bytes()))
    assert done.code == 2
    assert "is signed by none of the trusted keys" in done.error
    assert "keys/vendor.asc count here" in done.stderr


def test_the_vendor_s_key_is_not_one_for_debian(warm: World, vendor: Vendor, url: str) -> None:
    """Though it is named in the same file."""
    world = warm.with_variables(DISTIL_DEBIAN_KEYRING=str(vendor.armored))
    done = world.build(app(world, vendor, url), "--refresh")
    assert done.code == 2
    assert "Release file of trixie" in done.error
    assert "is signed by none of the trusted keys" in done.error


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (('suite = "stable"', 'suite = "unstable"'), 6, "suite: .* has no Release file at"),
        (("vendor.asc", "none.asc"), 7, r"key: there is no 'keys/none\.asc'"),
        (("vendor.asc", "../app.py"), 7, "key: .* leads out"),
        (
            ("keys/vendor.asc", ".dockerignore"),
            7,
            "key: .* cannot be checked: .*not an OpenPGP keyring",
        ),
        (("[[base", "x = 1\n[[base"), 4, "x: unknown key"),
        (("vendor/*.deb", "vendor/*.rpm"), 3, r"debs: nothing in \S+ matches"),
        (("vendor/*.deb", ".dockerignore"), 3, r"debs: \.dockerignore is not a Debian package"),
        (("http://", "http://me:s3cret@"), 5, "url: .* user name or password"),
        (('"stable"', '"stable"\ncomponents = ["extra"]'), 7, "components: .*no component 'extra'"),
    ],
)
def test_bad_values(
    warm: World, vendor: Vendor, url: str, change: tuple[str, str], line: int, says: str
) -> None:
    """Each names its line and key, and secrets are not shown."""
    made = app(warm, vendor, url)
    spec = made / "distil.toml"
    spec.write_text(spec.read_text().replace(*change))
    done = warm.build(made)
    assert (done.code, done.stdout) == (2, "")
    key = says.partition(":")[0]
    where = "base" if key in ("debs", "x") else "base.repositories"
    expected = rf"shop/distil\.toml:{line}: {re.escape(where)}\.{says}"
    assert re.search(expected, done.error), done.error
    assert "s3cret" not in done.stderr
    assert not warm.out.exists()


def test_a_platform_that_nothing_is_for(warm: World, vendor: Vendor, url: str) -> None:
    made = app(warm, vendor, url)
    next((made / "vendor").glob("*_arm64.deb")).unlink()
    done = warm.build(made, "--platform", "linux/arm64")
    assert done.code == 2
    assert re.search(r"distil\.toml:3: base\.debs: \S+ is for amd64", done.error)


def test_a_local_package_that_needs_what_is_not_there(
    warm: World, vendor: Vendor, url: str
) -> None:
    made = app(warm, vendor, url)
    build_deb(made / "vendor", "hungry", "1.0", {}, depends="libmissing (>= 3)")
    done = warm.build(made)
    assert done.code == 2
    assert "cannot be installed together" in done.stderr
    assert "hungry" in done.stderr
    assert "libmissing" in done.stderr
