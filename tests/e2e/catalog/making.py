"""Making the images of `images.py`: each once a session, as a layout or an archive."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.catalog.images import IMAGES, RealImage, Way
from tests.e2e.images import distil
from tests.support.engines import docker_engine
from tests.support.image_shapes import TAG, layout
from tests.support.tools import ROOT, run_tool

APT = "apt-get install -y --no-install-recommends"
PYTHONS = {"bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13"}
"""The Python of each Debian."""

STALE = 'Acquire::Check-Valid-Until "false"'
"""For unstable, which a mirror may have as it was weeks ago; mmdebstrap leaves it in the image."""

TIMEOUT = 1200
"""Seconds for a step that asks a mirror."""

_THOROUGH = pytest.mark.skipif(
    not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1"
)
each_image = pytest.mark.parametrize(
    "image",
    [
        pytest.param(
            one, id=one.name, marks=() if one.always else (pytest.mark.thorough, _THOROUGH)
        )
        for one in IMAGES
    ],
)
"""For tests of all images, most of them in a thorough run alone."""


@dataclass(frozen=True)
class MadeImage:
    """An image as it lies on the disk: an OCI layout, or an archive as docker writes it."""

    name: str
    path: Path

    @property
    def is_archive(self) -> bool:
        return self.path.suffix == ".tar"

    @property
    def for_distil(self) -> str:
        return f"docker-archive:{self.path}" if self.is_archive else f"oci:{self.path}:{self.tag}"

    @property
    def for_syft(self) -> str:
        return f"docker-archive:{self.path}" if self.is_archive else f"oci-dir:{self.path}"

    @property
    def tag(self) -> str:
        return TAG


def make(image: RealImage, directory: Path) -> MadeImage:
    """The image, below `directory`; made now unless it is there already."""
    directory.mkdir(parents=True, exist_ok=True)
    place = directory / (f"{image.name}.tar" if image.way is Way.DOCKER else image.name)
    with (directory / f"{image.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            work = directory / f"{image.name}.work"
            work.mkdir()
            try:
                _WAYS[image.way](image, work).rename(place)
            finally:
                shutil.rmtree(work)
    return MadeImage(image.name, place)


# --- what goes into them -------------------------------------------------------------------


def _base(suite: str, directory: Path) -> Path:
    """The smallest Debian with apt, as a tar; made once for all that stand on it."""
    archive = directory / f"{suite}.tar"
    with (directory / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            unfinished = directory / f"{suite}.part.tar"
            _mmdebstrap(suite, unfinished)
            unfinished.rename(archive)
    return archive


def _mmdebstrap(suite: str, archive: Path, *packages: str) -> None:
    options = ["--quiet", "--variant=minbase", "--format=tar"]
    options += [f"--aptopt={STALE}"] if suite == "sid" else []
    options += [f"--include={','.join(packages)}"] if packages else []
    run_tool("mmdebstrap", *options, suite, archive, timeout=TIMEOUT)


def _context(image: RealImage, work: Path) -> Path:
    """A directory with all that is put in from outside Debian."""
    root = work / "context" / "root"
    root.mkdir(parents=True)
    for path, content in image.files.items():
        target = root / path[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    if image.distributions:
        python = PYTHONS.get(image.suite, "3.13")
        chosen = ("--python-version", python, "--python-platform", "x86_64-manylinux_2_28")
        options = ("--quiet", "--only-binary", ":all:", *chosen, "--target")
        site = str(root / image.site[1:])
        uv = str(ROOT / ".venv/bin/uv")
        run_tool(uv, "pip", "install", *options, site, *image.distributions, timeout=TIMEOUT)
    if image.modules:
        place = root / "srv/app"
        place.mkdir(parents=True)
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts")
        run_tool("npm", "install", *quiet, "--prefix", place, *image.modules, timeout=TIMEOUT)
    return root.parent


def _containerfile(image: RealImage, base: str) -> str:
    lines = [f"FROM {base}" + (" AS build" if image.only else "")]
    if image.packages:
        install = f"{APT} {' '.join(image.packages)}"
        clean = "apt-get clean && rm -rf /var/lib/apt/lists/*"
        lines.append(f"RUN apt-get update && {install} && {clean}")
    lines.append("COPY root/ /")
    lines += [f"RUN {' && '.join(step.splitlines())}" for step in image.steps]
    if image.only:
        lines.append("FROM scratch")
        lines += [f"COPY --from=build {path} {path}" for path in image.only]
    return "\n".join((*lines, ""))


# --- ways ----------------------------------------------------------------------------------


def _with_mmdebstrap(image: RealImage, work: Path) -> Path:
    archive = work / "root.tar"
    if image.packages:
        _mmdebstrap(image.suite, archive, *image.packages)
    else:
        archive = _base(image.suite, work.parent)
    return layout(work, archive)[0]


def _with_buildah(image: RealImage, work: Path) -> Path:
    storage = work.parent / "buildah"
    buildah = ("--root", storage / "root", "--runroot", storage / "run")
    base = f"localhost/{image.suite}:base"
    with (work.parent / f"{image.suite}.buildah.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = run_tool("buildah", *buildah, "images", "--format", "{{.Name}}:{{.Tag}}")
        if base not in known.split():
            (work / "base").mkdir()
            (work / "base/Containerfile").write_text("FROM scratch\nADD root.tar /\n")
            os.link(_base(image.suite, work.parent), work / "base/root.tar")
            run_tool("buildah", *buildah, "bud", "-t", base, work / "base", timeout=TIMEOUT)
            shutil.rmtree(work / "base")
    context = _context(image, work)
    (context / "Containerfile").write_text(_containerfile(image, base))
    name = f"localhost/{image.name}:made"
    options = ("--isolation", "chroot", "--layers", "--tag", name)
    run_tool("buildah", *buildah, "bud", *options, context, timeout=TIMEOUT)
    run_tool("buildah", *buildah, "push", name, f"oci:{work / 'layout'}:{TAG}", timeout=TIMEOUT)
    run_tool("buildah", *buildah, "rmi", "--force", name)
    return work / "layout"


def _with_docker(image: RealImage, work: Path) -> Path:
    context, archive = _context(image, work), work / "image.tar"
    (context / "Dockerfile").write_text(_containerfile(image, "base:1"))
    with docker_engine() as docker:
        docker.output("import", _base(image.suite, work.parent), "base:1", timeout=TIMEOUT)
        options = ("--network", "host", "--tag", f"{image.name}:1")
        classic = {"DOCKER_BUILDKIT": "0"}
        done = subprocess.run(
            [*docker.command, "build", *options, str(context)],
            env={"PATH": "/usr/bin:/bin", **docker.environment, **classic},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        docker.output("save", "--output", archive, f"{image.name}:1", timeout=TIMEOUT)
    return archive


def _by_hand(image: RealImage, work: Path) -> Path:
    root = _context(image, work) / "root"
    archive = work / "layer.tar"
    run_tool("tar", "-c", "-f", archive, "--owner=0", "--group=0", "-C", root, ".")
    return layout(work, archive)[0]


def _with_rpm(image: RealImage, work: Path) -> Path:
    """Packages that rpmbuild makes, installed by rpm into a root of their own."""
    root, top = work / "root", work / "rpmbuild"
    (top / "SPECS").mkdir(parents=True)
    for name, spec in RPM_SPECS.items():
        (top / "SPECS" / f"{name}.spec").write_text(spec)
        defined = ("--define", f"_topdir {top}")
        run_tool("rpmbuild", *defined, "-bb", top / "SPECS" / f"{name}.spec", timeout=300)
    packages = sorted((top / "RPMS").rglob("*.rpm"))
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text(RPM_RELEASE)
    install = ("--root", root, "--dbpath", "/var/lib/rpm", "--nodeps", "--noscripts", "--install")
    run_tool("rpm", *install, *packages, timeout=300)
    run_tool("tar", "-c", "-f", work / "layer.tar", "-C", root, ".")
    return layout(work, work / "layer.tar")[0]


def _with_distil(image: RealImage, work: Path) -> Path:
    source = str(ROOT / "examples" / image.example)
    distil("build", source, "-t", TAG, "-o", f"oci:{work / 'layout'}:{TAG}")
    # Alone: Syft wants a layout to have one image, without a twin and what is attached to it.
    names = (f"oci:{work / place}:{TAG}" for place in ("layout", "alone"))
    run_tool("skopeo", "copy", "--quiet", *names)
    return work / "alone"


_WAYS: Mapping[Way, Callable[[RealImage, Path], Path]] = {
    Way.MMDEBSTRAP: _with_mmdebstrap,
    Way.BUILDAH: _with_buildah,
    Way.DOCKER: _with_docker,
    Way.HAND: _by_hand,
    Way.RPM: _with_rpm,
    Way.DISTIL: _with_distil,
}

RPM_RELEASE = """\
NAME="Fedora Linux"
ID=fedora
VERSION_ID=40
PRETTY_NAME="Fedora Linux 40 (Container Image)"
"""

RPM_SPECS = {
    "shop": """\
Name: shop
Epoch: 2
Version: 1.4
Release: 3.fc40
Summary: A shop
License: MIT and GPLv2+
URL: https://example.org/shop
Vendor: Example
Packager: Team <team@example.org>
%description
A shop.
%package libs
Summary: Its libraries
%description libs
Libraries.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/lib64 %{buildroot}/etc
echo 'echo shop' > %{buildroot}/usr/bin/shop
echo library > %{buildroot}/usr/lib64/libshop.so.1
echo setting > %{buildroot}/etc/shop.conf
%files
%attr(755,root,root) /usr/bin/shop
%config(noreplace) /etc/shop.conf
%files libs
/usr/lib64/libshop.so.1
""",
    "data": """\
Name: shop-data
Version: 20240101
Release: 1
Summary: Its data
License: CC0-1.0
BuildArch: noarch
%description
Data.
%install
mkdir -p %{buildroot}/usr/share/shop
echo data > %{buildroot}/usr/share/shop/data
%files
/usr/share/shop/data
""",
}
