"""Local .deb files: which are taken, what the solver makes of them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.local_debs import LocalDebs
from distil.distros.debian.own_packages import OwnPackages, find_own_packages
from distil.distros.debian.solver import SOLVER
from distil.fetch.cache import Cache
from distil.formats.errors import InvalidSpec
from distil.formats.spec_toml import parse_spec
from distil.model.platform import AMD64, ARM64, Platform
from tests.support.deb_builder import control_file, deb, file
from tests.support.debian_archive import MemorySource, packages_file
from tests.support.vendor import build_deb


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "shop/vendor").mkdir(parents=True)
    return tmp_path / "shop"


def add(project: Path, name: str, version: str = "1.0", path: str = "", **fields: str) -> bytes:
    """A .deb below ``vendor``."""
    control = control_file(name, Version=version, **fields)
    data = deb(control, [file(f"/usr/share/{name}", name)], compression="gz")
    architecture = fields.get("Architecture", "amd64")
    path = path or f"vendor/{name}_{version}_{architecture}.deb"
    (project / path).write_bytes(data)
    return data


def found(project: Path, *patterns: str, platform: Platform = AMD64, more: str = "") -> OwnPackages:
    text = f"[base]\ndebs = {list(patterns)}\n{more}"
    (project / "distil.toml").write_text(text)
    spec = parse_spec(text, str(project / "distil.toml"))
    return find_own_packages(project, spec, platform)


def debs(project: Path, *patterns: str, platform: Platform = AMD64) -> LocalDebs:
    own = found(project, *patterns, platform=platform).debs
    assert own is not None
    return own


def test_none() -> None:
    assert find_own_packages(Path("/nowhere"), parse_spec(""), AMD64) == OwnPackages()


def test_installed_as_apt_installs_a_file(project: Path, tmp_path: Path) -> None:
    """In exactly its version, though there are others, with what it needs from the suites."""
    data = add(project, "tool", "1.0", Depends="libtool, helper (= 2)")
    add(project, "helper", "2")
    suite = packages_file("tool 3.0\ntool 1.0\nhelper 3\nlibtool 1\n")
    own = debs(project, "vendor/*.deb")
    index = PackageIndex([own.suite_index, MemorySource(suite)], Cache(tmp_path / "cache"), "amd64")
    solution = SOLVER.solve(own.roots, index)
    assert [str(package) for package in solution.packages] == ["helper 2", "libtool 1", "tool 1.0"]
    tool = solution.packages[2]
    assert tool.url == (project / "vendor/tool_1.0_amd64.deb").as_uri()
    assert tool.size == len(data)
    assert tool.purl == "pkg:deb/debian/tool@1.0?arch=amd64&distro=debian-13"


def test_names_of_files_do_not_matter(project: Path, tmp_path: Path) -> None:
    add(project, "tool", path="vendor/my tool #1 %.deb")
    own = debs(project, "vendor/*")
    index = PackageIndex([own.suite_index], Cache(tmp_path / "cache"), "amd64")
    package = index.describe(index.package("tool"))
    assert package.url.endswith("/vendor/my%20tool%20%231%20%25.deb")


def test_what_a_control_file_says_of_the_file_is_not_believed(
    project: Path, tmp_path: Path
) -> None:
    data = add(project, "tool", Filename="../../etc/passwd", Size="1", SHA256="0" * 64)
    index = PackageIndex(
        [debs(project, "vendor/*").suite_index], Cache(tmp_path / "cache"), "amd64"
    )
    package = index.describe(index.package("tool"))
    assert package.url.endswith("/vendor/tool_1.0_amd64.deb")
    assert package.size == len(data)


def test_each_platform_gets_its_own(project: Path) -> None:
    for architecture in ("amd64", "arm64"):
        add(project, "tool", Architecture=architecture)
    add(project, "data", Architecture="all")
    for platform in (AMD64, ARM64):
        own = debs(project, "vendor/*.deb", "vendor/tool_1.0_amd64.deb", platform=platform)
        assert [(deb.name, deb.architecture) for deb in own.debs] == [
            ("data", "all"),
            ("tool", platform.debian),
        ]


def test_made_by_dpkg(project: Path, tmp_path: Path) -> None:
    files = {"/usr/bin/tool": "#!/bin/sh\n"}
    made = build_deb(project / "vendor", "tool", "1:2.0-1", files, depends="libc6 (>= 2)")
    own = debs(project, "vendor/*.deb")
    assert own.roots == ("tool=1:2.0-1",)
    index = PackageIndex([own.suite_index], Cache(tmp_path / "cache"), "amd64")
    assert index.package("tool").size == made.stat().st_size


@pytest.mark.parametrize(
    ("patterns", "platform", "says"),
    [
        (["vendor/none.deb"], AMD64, "there is no 'vendor/none.deb'"),
        (["vendor/*.udeb"], AMD64, r"matches 'vendor/\*.udeb'"),
        (["vendor"], AMD64, "vendor cannot be read: Is a directory"),
        (["vendor/text"], AMD64, "vendor/text is not a Debian package"),
        (["vendor/short"], AMD64, "vendor/short is not a Debian package"),
        (["vendor/nameless"], AMD64, "vendor/nameless is not a Debian package: Package is"),
        (["vendor/link"], AMD64, "'vendor/link' is a symbolic link that leads out"),
        (["vendor/tool_1.0_amd64.deb"], ARM64, "is for amd64, and the image for arm64"),
        (["vendor/tool_*"], AMD64, "are both the package tool"),
    ],
)
def test_refused(project: Path, patterns: list[str], platform: Platform, says: str) -> None:
    """With the line."""
    whole = add(project, "tool")
    add(project, "tool", "2.0")
    (project / "vendor/text").write_text("no package")
    (project / "vendor/short").write_bytes(whole[:150])
    nameless = deb("Version: 1\nArchitecture: all\n", [], compression="gz")
    (project / "vendor/nameless").write_bytes(nameless)
    (project.parent / "outside.deb").write_bytes(whole)
    (project / "vendor/link").symlink_to("../../outside.deb")
    with pytest.raises(InvalidSpec, match=says) as caught:
        found(project, *patterns, platform=platform)
    assert (caught.value.line, caught.value.key) == (2, "base.debs")


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("keys/none.asc", "there is no 'keys/none.asc'"),
        ("keys/link.asc", "leads out"),
        ("keys/*", "stands for several files"),
    ],
)
def test_keys_that_are_not_there(project: Path, key: str, says: str) -> None:
    (project / "keys").mkdir()
    (project / "keys/one.asc").write_text("one")
    (project / "keys/two.asc").write_text("two")
    if "*" not in key:
        (project / "keys/link.asc").symlink_to("../../outside.asc")
        (project.parent / "outside.asc").write_text("outside")
    table = '[[base.repositories]]\nurl = "https://vendor.example/debian"\nsuite = "stable"\n'
    with pytest.raises(InvalidSpec, match=says) as caught:
        found(project, more=f'{table}key = "{key}"\n')
    assert (caught.value.line, caught.value.key) == (6, "base.repositories.key")
