"""What known mechanisms make, and that nothing else passes for it."""

from __future__ import annotations

import pytest

from distil.catalog.generated import Made, made_by
from distil.model.node import Kind

FILES = {
    "/etc/ld.so.cache": "ldconfig",
    "/var/cache/ldconfig/aux-cache": "ldconfig",
    "/etc/passwd": "users and groups",
    "/etc/gshadow-": "users and groups",
    "/etc/ssl/certs/ca-certificates.crt": "update-ca-certificates",
    "/etc/ssh/ssh_host_ed25519_key.pub": "ssh-keygen",
    "/var/lib/dpkg/status": "dpkg's database",
    "/var/lib/dpkg/info/format": "dpkg's database",
    "/var/lib/dpkg/triggers/ldconfig": "dpkg's database",
    "/var/lib/apt/lists/deb.example.org_dists_a_InRelease": "apt",
    "/var/lib/apt/lists/deb.example.org_dists_a_main_binary-amd64_Packages.lz4": "apt",
    "/var/cache/apt/pkgcache.bin": "apt",
    "/var/cache/debconf/templates.dat-old": "debconf",
    "/var/log/apt/history.log": "log",
    "/etc/hostname": "container engine",
    "/etc/machine-id": "systemd",
    "/usr/lib/locale/locale-archive": "locale-gen",
    "/usr/lib/locale/de_DE.utf8/LC_MESSAGES/SYS_LC_MESSAGES": "locale-gen",
    "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache": "iconvconfig",
    "/usr/lib64/gconv/gconv-modules.cache": "iconvconfig",
    "/var/cache/fontconfig/3830d5c3ddfd5cd38a049b759396e72e-le64.cache-8": "fc-cache",
    "/usr/share/mime/mime.cache": "update-mime-database",
    "/usr/share/mime/text/plain.xml": "update-mime-database",
    "/usr/share/glib-2.0/schemas/gschemas.compiled": "glib-compile-schemas",
    "/lib/apk/db/installed": "apk's database",
    "/var/cache/apk/APKINDEX.0123abcd.tar.gz": "apk",
    "/var/lib/rpm/rpmdb.sqlite-wal": "rpm's database",
    "/var/lib/rpm/Providename": "rpm's database",
    "/usr/lib/sysimage/rpm/Packages.db": "rpm's database",
    "/var/lib/pacman/local/zlib-1:1.3-1/desc": "pacman's database",
    "/var/lib/chisel/manifest.wall": "Chisel",
    "/app/node_modules/.package-lock.json": "package manager of Node.js",
    "/node_modules/.pnpm/lock.yaml": "package manager of Node.js",
    "/usr/local/lib/luarocks/rocks-5.1/manifest": "luarocks",
    "/opt/venv/lib/python3.13/site-packages/.lock": "uv",
    "/opt/conda/conda-meta/history": "conda",
}

LINKS = {
    ("/usr/bin/awk", "/etc/alternatives/awk"): "update-alternatives",
    ("/etc/alternatives/awk", "/usr/bin/mawk"): "update-alternatives",
    ("/bin/ls", "/bin/busybox"): "busybox --install",
    ("/lib", "usr/lib"): "merged /usr",
    ("/app/node_modules/b", ".pnpm/b@1/node_modules/b"): "package manager of Node.js",
    ("/node_modules/@s/b", "../../packages/b"): "package manager of Node.js",
    ("/app/node_modules/.bin/tsc", "../typescript/bin/tsc"): "package manager of Node.js",
    ("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"): "tzdata",
    ("/etc/ssl/certs/002c0b4f.0", "GlobalSign.pem"): "update-ca-certificates",
    ("/etc/rc2.d/S01cron", "../init.d/cron"): "update-rc.d",
    (
        "/etc/systemd/system/timers.target.wants/apt-daily.timer",
        "/lib/systemd/system/apt-daily.timer",
    ): "deb-systemd-helper",
}

OTHERS = (
    "/etc/ld.so.preload",
    "/etc/passwd2",
    "/etc/cron.d/mine",
    "/etc/ssl/certs/mine.pem",
    "/etc/ssl/certs/java/x/cacerts",
    "/etc/apt/trusted.gpg.d/mine.gpg",
    "/root/.ssh/authorized_keys",
    "/usr/bin/mine",
    "/usr/lib/locale/x",
    "/usr/lib/x/y/gconv/gconv-modules.cache",
    "/var/cache/mine",
    "/var/cache/apt/archives/mine.deb",
    "/var/cache/apt/pkgcache.bin/mine",
    "/var/lib/apt/lists/mine",
    "/var/lib/dpkg/mine",
    "/var/lib/dpkg/info/mine",
    "/var/lib/dpkg/status/mine",
    "/var/lib/dpkg/info/a/b.list",
    "/var/lib/rpm/mine",
    "/var/log/mine.log",
    "/app/etc/passwd",
    "/app/node_modules/a/b",
    "/app/node_modules/.bin/a/b",
    "/app/node_modules/.hidden",
    "/app/var/lib/dpkg/status",
    "/",
    "",
)


@pytest.mark.parametrize("path", FILES)
def test_files_that_are_made(path: str) -> None:
    made = made_by(path, Kind.FILE)
    assert made is not None
    assert made.rule == FILES[path]
    assert not made.needs_owner


@pytest.mark.parametrize(("path", "target"), LINKS)
def test_links_that_are_made(path: str, target: str) -> None:
    made = made_by(path, Kind.SYMLINK, target)
    assert made is not None
    assert made.rule == LINKS[path, target]


@pytest.mark.parametrize("path", OTHERS)
@pytest.mark.parametrize("kind", [Kind.FILE, Kind.SYMLINK, Kind.CHARACTER, Kind.FIFO])
def test_nothing_else_is_generated_for_where_it_is(path: str, kind: Kind) -> None:
    if (path, kind) != ("/etc/ssl/certs/mine.pem", Kind.SYMLINK):
        assert made_by(path, kind, "/usr/bin/mine") is None


@pytest.mark.parametrize("path", FILES)
def test_a_program_or_another_kind_in_such_a_place_is_not_made(path: str) -> None:
    assert made_by(path, Kind.FILE, is_program=True) is None
    assert made_by(path, Kind.CHARACTER) is None
    assert made_by(path, Kind.SYMLINK, "/tmp/mine") is None


def test_scripts_of_packages_need_their_package() -> None:
    script = "/var/lib/dpkg/info/libc6:amd64.postinst"
    assert made_by(script, Kind.FILE, is_program=True) == Made(
        "scripts of dpkg's packages", "libc6", needs_owner=True
    )
    assert made_by("/var/lib/dpkg/info/libc6.sh", Kind.FILE, is_program=True) is None


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/a/__pycache__/b.cpython-311.pyc", "/a/b.py"),
        ("/a/__pycache__/b.cpython-311.opt-1.pyc", "/a/b.py"),
        ("/a/__pycache__/b.c.pypy39.pyc", "/a/b.c.py"),
        ("/a/__pycache__/b.cpython-313t.pyc", "/a/b.py"),
        ("/a/b.pyc", "/a/b.py"),
    ],
)
def test_byte_code_is_made_from_its_source(path: str, source: str) -> None:
    assert made_by(path, Kind.FILE) == Made(
        f"byte code of {source}", source=source, needs_owner=True
    )


def test_what_the_base_system_copies_tells_of_what() -> None:
    made = made_by("/etc/profile", Kind.FILE)
    assert made == Made("base-files", "base-files", copies=("/usr/share/base-files/profile",))
    assert made_by("/dev/null", Kind.CHARACTER) == Made("devices")
    assert made_by("/dev/null", Kind.FILE) is None
