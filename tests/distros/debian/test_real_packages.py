"""Debian's own packages: unpacked as dpkg does, configured without anything left over."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from distil.distros.debian.archive import DebPack, unpack_all
from distil.distros.debian.cut_checks import check_cuts
from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.effects.apply import Configuration, apply_effects
from distil.distros.debian.effects.library_cache import library_cache_nodes
from distil.distros.debian.effects.scripts import script_effects
from distil.distros.debian.errors import NoMirror
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.orphans import without_orphans
from distil.distros.debian.package import DebianPackage
from distil.distros.debian.repository import open_suites
from distil.distros.debian.select import Wanted, select
from distil.distros.debian.solver import SOLVER
from distil.distros.debian.sources import find_mirrors
from distil.distros.debian.status import status_nodes
from distil.fetch.cache import Cache
from distil.fetch.errors import NetworkError
from distil.fetch.http import Client, Download
from distil.model.account import ImageUser
from distil.model.blob import FileBlob
from distil.model.node import Kind
from distil.model.platform import AMD64, ARM64, Platform
from tests.support.tools import needs

pytestmark = pytest.mark.network

PYTHON = {"debian:trixie": "python3.13", "debian:bookworm": "python3.11"}
LIBRARIES = (
    "libpq5", "libstdc++6", "libgcc-s1", "libgomp1", "ca-certificates", "tzdata", "openssl",
    "netbase", "media-types", "libmagic1t64", "libxml2", "libjpeg62-turbo", "libgl1", "libcurl4t64",
    "libopenblas0-pthread", "libfreetype6", "libcairo2", "fontconfig", "unixodbc", "redis-tools",
)  # fmt: skip
"""Packages that Python applications name most."""


class Debian(NamedTuple):
    packages: list[DebianPackage]
    debs: Sequence[FileBlob]
    packs: list[DebPack]


def fetched(base: str, platform: Platform, roots: Sequence[str], cache: Cache) -> Debian:
    cuts = default_cuts()
    try:
        with Client(cache) as client:
            suites = open_suites(base, platform, client, cache, find_mirrors())
            index = PackageIndex(suites, cache, platform.debian)
            solution = SOLVER.solve(roots, index, cut=cuts.edge)
            found = {package.name: package for package in solution.packages}
            for name in cuts.companions(found):
                found[name] = index.describe(index.package(name))
            packages = sorted(found.values(), key=lambda package: package.name)
            debs = client.archives([Download(p.url, p.digest, p.size, str(p)) for p in packages])
    except (NetworkError, NoMirror) as error:
        pytest.skip(str(error))
    return Debian(packages, debs, unpack_all(list(zip(packages, debs, strict=True)), cache))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def debian(cache: Cache) -> Debian:
    roots = (PYTHON["debian:trixie"], *LIBRARIES)
    return fetched("debian:trixie", AMD64, roots, cache)


@needs("dpkg-deb")
def test_archives_hold_what_dpkg_says(debian: Debian) -> None:
    kinds = {tarfile.REGTYPE: Kind.FILE, tarfile.DIRTYPE: Kind.DIRECTORY,
             tarfile.SYMTYPE: Kind.SYMLINK, tarfile.LNKTYPE: Kind.HARDLINK}  # fmt: skip
    for pack, deb in zip(debian.packs, debian.debs, strict=True):
        data = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", deb.path], capture_output=True, check=True
        ).stdout
        expected = []
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for info in archive:
                contents = archive.extractfile(info) if info.isreg() else None
                path = "/" + info.name.removeprefix(".").removeprefix("/")
                target = info.linkname
                if info.islnk():
                    target = "/" + target.removeprefix("./")
                digest = hashlib.sha256(contents.read()).digest() if contents else b""
                expected.append((path, kinds[info.type], info.mode, info.uid, target, digest))
        found = [(m.path, m.kind, m.mode, m.uid, m.target, m.sha256) for m in pack.members]
        assert found == [entry for entry in expected if entry[0] != "/"], pack.name


def test_checksums_are_those_of_the_packages(debian: Debian) -> None:
    """Unpacked contents against the list that came with them."""
    for pack in debian.packs[:10]:
        sums = pack.md5sums
        for member in pack.members:
            if member.path in sums:
                contents = pack.pack.blob(member).read()
                assert hashlib.md5(contents).hexdigest() == sums[member.path], member.path


def test_no_script_is_left_unhandled(debian: Debian) -> None:
    """Followed for all packages, those taken in part included."""
    effects = script_effects(debian.packs, "amd64")
    whole = {p.name for p in debian.packs if default_cuts().partial(p.name) is None}
    assert [str(one) for one in effects.unhandled if one.package in whole] == []


@pytest.mark.parametrize(
    ("base", "platform"),
    [("debian:trixie", AMD64), ("debian:trixie", ARM64), ("debian:bookworm", AMD64)],
    ids=str,
)
def test_a_python_system_is_complete(base: str, platform: Platform, cache: Cache) -> None:
    python = PYTHON[base]
    debian = fetched(base, platform, (python, "ca-certificates", "tzdata"), cache)
    cuts = default_cuts()
    selection = select(debian.packs, cuts)
    setting = Configuration(platform, ImageUser(65532, 65532))
    configured = apply_effects(selection, debian.packs, cuts, setting, cache)
    assert configured.unhandled == ()
    elf = {}
    for pack in debian.packs:
        elf.update(pack.pack.elf_files())
    cleaned = without_orphans(configured.tree, selection.removed, debian.packs, elf, Wanted())
    tree = cleaned.tree.with_nodes(library_cache_nodes(cleaned.tree, elf, platform))
    check_cuts(tree, cleaned.removed, elf)
    tree = tree.with_nodes(status_nodes(tree, debian.packs))
    for path in (
        f"/usr/bin/{python}", "/usr/bin/python3", "/etc/ssl/certs/ca-certificates.crt",
        "/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs/ca-certificates.crt", "/etc/passwd",
        "/usr/lib/locale/C.utf8/LC_CTYPE", "/etc/localtime", "/etc/nsswitch.conf",
        "/etc/os-release", "/etc/ld.so.cache", "/var/lib/dpkg/status.d/libc6", "/lib/os-release",
        f"/usr/local/lib/{python}/dist-packages", "/etc/mime.types", "/etc/services",
    ):  # fmt: skip
        assert tree.resolve(path) is not None, path
    for path in ("/bin/sh", "/bin/bash", "/usr/bin/dpkg", "/usr/bin/perl", "/usr/share/man"):
        assert tree.resolve(path) is None, path
    owners = {pack.name for pack in debian.packs}
    listed = {node.name for node in tree.children("/var/lib/dpkg/status.d")}
    assert listed <= owners | {f"{name}.md5sums" for name in owners}
    assert {"gcc-14-base", "gcc-12-base", "base-passwd"}.isdisjoint(listed)
    for name in listed:
        if not name.endswith(".md5sums"):
            assert tree.resolve(f"/usr/share/doc/{name}/copyright"), name


def test_the_library_alternatives_are_there(debian: Debian, cache: Cache) -> None:
    """Links that no package ships, without which numerical programs do not start."""
    selection = select(debian.packs, default_cuts())
    setting = Configuration(AMD64, ImageUser(65532, 65532))
    tree = apply_effects(selection, debian.packs, default_cuts(), setting, cache).tree
    for library in ("libblas.so.3", "liblapack.so.3", "libopenblas.so.0"):
        node = tree.resolve(f"/usr/lib/x86_64-linux-gnu/{library}")
        assert node is not None
        assert node.kind is Kind.FILE
    assert tree.resolve("/etc/fonts/conf.d/10-hinting-slight.conf") is not None
    passwd = tree["/etc/passwd"].blob
    assert passwd is not None
    assert b"\nredis:" in passwd.read()
