"""Debian's own scripts, run by dash in a root of the packages, and what following them comes to.

What other tools would do to the system beside its files (accounts, alternatives, services) is
done by nobody: stubs take their place.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from distil.distros.debian.archive import DebPack
from distil.distros.debian.effects.record import Made
from distil.distros.debian.effects.scripts import default_knowledge, script_effects
from distil.fetch.cache import Cache
from distil.image.unpack import unpack
from distil.model.node import Kind, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.platform import AMD64
from distil.model.tree import Tree
from tests.distros.debian.test_real_packages import fetched
from tests.support.tools import tool

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs to change owners"),
]

SEEDS = (
    "dash", "coreutils", "sed", "grep", "mawk", "findutils", "debianutils", "base-files",
    "base-passwd", "libc-bin", "login.defs", "hostname", "dpkg", "tzdata", "ca-certificates",
    "netbase", "media-types", "openssl", "fontconfig-config", "unixodbc", "redis-tools",
    "redis-server", "nginx", "memcached", "logrotate", "rsync", "postgresql-common", "haproxy",
    "mosquitto", "lighttpd", "sudo", "ssl-cert", "xml-core", "sgml-base", "locales",
    "libnginx-mod-stream", "php8.4-fpm", "php8.4-mbstring", "php8.4-intl", "psmisc", "procps",
)  # fmt: skip

STUBS = (
    "adduser", "addgroup", "useradd", "groupadd", "usermod", "systemd-sysusers", "chown", "chgrp",
    "update-alternatives", "dpkg-divert", "dpkg-trigger", "ldconfig", "ucfr", "ucfq",
    *(name for entry in default_knowledge().harmless for name in entry.commands),
)  # fmt: skip

CONFMODULE = """\
db_get() { RET=$(sed -n "s|^$1\t||p" /stubs/answers); grep -q "^$1\t" /stubs/answers; }
db_set() { :; }; db_go() { :; }; db_stop() { :; }; db_version() { :; }; db_capb() { :; }
db_input() { :; }; db_subst() { :; }; db_fset() { :; }; db_unregister() { :; }; db_reset() { :; }
"""


UCF = """\
#!/bin/sh
[ "$1" != --purge ] || exit 0
while [ "${1#--}" != "$1" ]; do shift; done
[ -e "$2" ] || cp -p "$1" "$2"
"""
"""As on a first installation, where it asks nothing."""


def written(packs: list[DebPack], users: list[str], root: Path) -> None:
    """The root of `packs`, with the stubs and `users`, which no stub creates."""
    origin = GeneratedOrigin("merged directory")
    links = [symlink(f"/{n}", f"usr/{n}", origin) for n in ("bin", "lib", "lib64", "sbin")]
    trees = (Tree(pack.pack.nodes(pack.origin)) for pack in packs)
    unpack(Tree(links).merge(*trees), root, owners=True)
    stubs = root / "stubs"
    stubs.mkdir()
    for name in STUBS:
        (stubs / name).write_text("#!/bin/sh\nexit 0\n")
        (stubs / name).chmod(0o755)
    for name in ("dpkg-query", "dpkg-statoverride", "su"):
        # Nothing is known of a package or overridden; to override succeeds.
        (stubs / name).write_text('#!/bin/sh\n[ "$1" = --update ]\n')
        (stubs / name).chmod(0o755)
    (stubs / "ucf").write_text(UCF)
    (stubs / "ucf").chmod(0o755)
    for name in ("dev", "proc", "tmp", "run/lock", "var/lib/dpkg/info", "usr/share/debconf"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "usr/share/debconf/confmodule").write_text(CONFMODULE)
    for name in ("passwd", "group"):
        shutil.copy(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    for number, name in enumerate(users, 300):
        with (root / "etc/passwd").open("a") as table:
            table.write(f"{name}:*:{number}:{number}::/nonexistent:/usr/sbin/nologin\n")
        with (root / "etc/group").open("a") as table:
            table.write(f"{name}:*:{number}:\n")


def run(pack: DebPack, script: str, words: list[str], root: Path) -> None:
    answers = "".join(f"{question}\t{answer}\n" for question, answer in pack.answers.items())
    (root / "stubs/answers").write_text(answers)
    (root / "stubs/script").write_bytes(pack.scripts[script])
    variables = {
        "PATH": "/stubs:/usr/sbin:/usr/bin", "DPKG_MAINTSCRIPT_PACKAGE": pack.name,
        "DPKG_MAINTSCRIPT_NAME": script, "DPKG_MAINTSCRIPT_ARCH": "amd64", "DPKG_ROOT": "",
        "DEBIAN_FRONTEND": "noninteractive", "DPKG_ADMINDIR": "/var/lib/dpkg",
    }  # fmt: skip
    options = [word for pair in variables.items() for word in ("--setenv", *pair)]
    command = [
        tool("bwrap"), "--bind", str(root), "/", "--dev", "/dev", "--proc", "/proc",
        "--unshare-ipc", "--unshare-net", "--unshare-pid", "--cap-add", "ALL", "--chdir", "/",
        "--clearenv", *options, "/usr/bin/dash", "/stubs/script", *words,
    ]  # fmt: skip
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, (pack.name, script, done.stderr[-2000:])


def seen(root: Path) -> dict[str, tuple[Kind, int, bytes]]:
    """Kind, permissions and contents or target of everything but what is not compared."""
    found: dict[str, tuple[Kind, int, bytes]] = {}
    for top, directories, files in os.walk(root):
        if Path(top) == root:
            for name in ("stubs", "dev", "proc", "tmp"):
                directories.remove(name)
        for name in (*directories, *files):
            place = Path(top, name)
            path = f"/{place.relative_to(root)}"
            if place.is_symlink():
                found[path] = (Kind.SYMLINK, 0o777, os.fsencode(place.readlink()))
            elif place.is_dir():
                found[path] = (Kind.DIRECTORY, place.stat().st_mode & 0o7777, b"")
            else:
                found[path] = (Kind.FILE, place.stat().st_mode & 0o7777, place.read_bytes())
    return found


def in_sh(pack: DebPack) -> bool:
    """Whether there is a script to compare, and none for another shell."""
    found = [pack.scripts[name] for name in ("preinst", "postinst") if name in pack.scripts]
    return bool(found) and all(re.match(rb"#! ?/bin/sh\b", script) for script in found)


def test_scripts_do_what_following_them_says(tmp_path: Path) -> None:
    packs = fetched("debian:trixie", AMD64, SEEDS, Cache(tmp_path / "cache")).packs
    # What is covered is not done either: those packages are not compared.
    knowledge = msgspec.structs.replace(default_knowledge(), covered=())
    effects = script_effects(packs, "amd64", knowledge=knowledge)
    unclear = {one.package for one in effects.unhandled}
    compared = [pack for pack in packs if pack.name not in unclear and in_sh(pack)]
    assert len(compared) >= 12, sorted(unclear)
    root = tmp_path / "root"
    written(packs, [account.name for account in effects.accounts], root)
    for script, words in (("preinst", ["install"]), ("postinst", ["configure", ""])):
        for pack in compared:
            if script in pack.scripts:
                before = seen(root)
                run(pack, script, words, root)
                check(pack, before, seen(root), effects.made, set(effects.removed))
    names = {pack.name for pack in compared}
    # Below /run is what a service manager makes, and there is none.
    made = [one for one in effects.made if not one.path.startswith("/run/")]
    missing = [one.path for one in made if one.package in names]
    missing = [path for path in missing if not os.path.lexists(f"{root}{path}")]
    assert missing == []


def check(
    pack: DebPack,
    before: dict[str, tuple[Kind, int, bytes]],
    after: dict[str, tuple[Kind, int, bytes]],
    made: tuple[Made, ...],
    removed: set[str],
) -> None:
    """What appeared, changed or went away is what following the scripts says of `pack`."""
    expected = {one.path: one for one in made if one.package == pack.name}
    for path, found in after.items():
        if before.get(path) == found:
            continue
        one = expected.get(path)
        if one is None:
            assert path in before, (pack.name, path, "was made")
            assert before[path][::2] == found[::2], (pack.name, path, "was changed")
        else:
            data = os.fsencode(one.target) or one.data
            assert (one.kind, data) == found[::2], (pack.name, path)
    for path in before.keys() - after.keys():
        assert path in removed or path not in expected, (pack.name, path, "went away")
