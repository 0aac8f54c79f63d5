"""Distroless-like: exactly the packages of distroless' python3 image for Debian 13, whole.

Package lists from the project's `private/repos/deb/trixie*.yaml` and image definitions, without
the parts that are not packages' files: the archives are unpacked and nothing is left out of
them. The Python distributions go where PYTHONPATH points, without byte code, as a first build
stage with pip would copy them.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bench.peers.context import UV, Example
from bench.peers.debian import download, run
from bench.peers.slim import Buildah

STATIC = ("base-files", "media-types", "netbase", "tzdata")
BASE = ("libc6", "libssl3t64", "libzstd1", "zlib1g")
CC = ("gcc-14-base", "libgcc-s1", "libgomp1", "libstdc++6")
PYTHON = (
    *("libbz2-1.0", "libc-bin", "libcom-err2", "libcrypt1", "libdb5.3t64", "libexpat1"),
    *("libffi8", "libgssapi-krb5-2", "libk5crypto3", "libkeyutils1", "libkrb5-3"),
    *("libkrb5support0", "liblzma5", "libncursesw6", "libnsl2", "libpython3.13-minimal"),
    *("libpython3.13-stdlib", "libreadline8t64", "libsqlite3-0", "libtinfo6", "libtirpc3t64"),
    *("libuuid1", "python3.13-minimal", "python3.13-venv"),
)
CERTIFICATES = "ca-certificates"
LIBRARIES_OF_LIBPQ = ("libpq5", "libldap2", "libsasl2-2", "libsasl2-modules-db")
"""What a user of distroless has to find out by hand for ``libpq5``."""
SITE = "usr/lib/python3/site-packages"
ACCOUNTS = """root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
"""


def archives(directory: Path) -> dict[str, Path]:
    """Every package that one of the images needs, by name; downloaded once."""
    if not directory.exists():
        download((*STATIC, *BASE, *CC, *PYTHON, CERTIFICATES, *LIBRARIES_OF_LIBPQ), directory)
    return {path.name.partition("_")[0]: path for path in directory.glob("*.deb")}


def root_file_system(example: Example, context: Path, debs: dict[str, Path], root: Path) -> None:
    """Unpack the packages, the distributions and the application into `root`."""
    names = [*STATIC, *BASE, *CC, *PYTHON]
    if "libpq5" in example.packages:
        names += LIBRARIES_OF_LIBPQ
    root.mkdir()
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in names:
        extract(debs[name], root)
    certificates(debs[CERTIFICATES], root)
    (root / "etc/passwd").write_text(ACCOUNTS)
    (root / "etc/group").write_text("root:x:0:\nnonroot:x:65532:\n")
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "usr/bin/python3").symlink_to("python3.13")
    target = ("--python-version", "3.13", "--python-platform", "x86_64-manylinux_2_40")
    install = (UV, "pip", "install", "--quiet", *target, "--target", root / SITE)
    run([*install, "-r", "requirements.txt"], cwd=context)
    if (context / "src").is_dir():
        run([*install, "--no-deps", "."], cwd=context)
    shutil.copytree(context, root / "app", ignore=shutil.ignore_patterns("Containerfile", ".*"))


def extract(deb: Path, root: Path) -> None:
    """Unpack through the usr-merge links, as dpkg does."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as data:
        command = ["tar", "--extract", "--keep-directory-symlink", f"--directory={root}"]
        subprocess.run(command, stdin=data.stdout, check=True)


def certificates(deb: Path, root: Path) -> None:
    """The bundle that update-ca-certificates would make; the package is not in the image."""
    unpacked = root.parent / f"{root.name}-certificates"
    unpacked.mkdir()
    extract(deb, unpacked)
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    parts = sorted((unpacked / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    bundle.write_bytes(b"".join(path.read_bytes() for path in parts))
    shutil.rmtree(unpacked)


def commit(example: Example, root: Path, buildah: Buildah, name: str) -> None:
    """Make an image of `root` that runs the example."""
    entrypoint = [f"/{SITE}/bin/{example.entrypoint[0]}", *example.entrypoint[1:]]
    python = ("/usr/bin/python3", *entrypoint)
    if example.entrypoint[0] == "python3":
        python = ("/usr/bin/python3", *example.entrypoint[1:])
    environment = {
        "PYTHONPATH": f"/{SITE}",
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt",
    }
    buildah.from_directory(root, name, python, environment)
