from __future__ import annotations

import re

import msgspec
import pytest

from distil.distros.debian.cuts import Cuts, default_cuts
from distil.formats.patterns import name_expression, path_expression

DOCUMENT = b"""
[[edge]]
from = ["*"]
to = ["debconf*"]
reason = "questions"

[[edge]]
from = ["libreadline*"]
to = ["readline-common"]
reason = "keys"

[[partial]]
package = "base"
with = ["*"]
reason = "some of it"
keep = ["/etc/x"]
features.more = ["/usr/sbin/*"]

[[partial]]
package = "openssl"
with = ["libssl3", "libssl4"]
unless_asked = true
reason = "paths"
keep = []

[[partial]]
package = "gcc-*-base"
reason = "documents"
keep = []

[[files]]
rule = "documents"
reason = "for people"
paths = ["/usr/share/doc/**"]
keep = ["/usr/share/doc/*/copyright"]

[[files]]
rule = "shells"
reason = "no"
unless_asked = true
paths = ["/usr/bin/sh"]
"""


@pytest.fixture(scope="module")
def cuts() -> Cuts:
    return Cuts(DOCUMENT)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/a/*", "/a", False),
        ("/a/b*d", "/a/bcd", True),
        ("/a/b*d", "/a/b/d", False),
        ("/a/**", "/a", True),
        ("/a/**", "/a/b/c", True),
        ("/a/**", "/ab", False),
        ("/a/**/b", "/a/b", True),
        ("/a/**/b", "/a/x/y/b", True),
        ("/a/**/b", "/a/xb", False),
        ("/a/**/b/**", "/a/x/b/y", True),
        ("/a/*.a", "/a/x.a", True),
        ("/a/*.a", "/a/xaa", False),
        ("/a+b", "/a+b", True),
    ],
)
def test_path_patterns(pattern: str, path: str, matches: bool) -> None:
    assert (re.fullmatch(path_expression([pattern]), path) is not None) is matches


def test_no_patterns_match_nothing() -> None:
    assert re.fullmatch(path_expression([]), "") is None
    assert re.fullmatch(name_expression([]), "") is None


@pytest.mark.parametrize(
    ("package", "dependency", "reason"),
    [
        ("anything", "debconf", "questions"),
        ("anything", "debconf-2.0", "questions"),
        ("libreadline8t64", "readline-common", "keys"),
        ("other", "readline-common", None),
        ("anything", "libc6", None),
    ],
)
def test_edges(cuts: Cuts, package: str, dependency: str, reason: str | None) -> None:
    found = cuts.edge_cut(package, dependency)
    assert (found and found.reason) == reason
    assert cuts.edge(package, dependency) is (reason is not None)


def test_companions_join_what_needs_them(cuts: Cuts) -> None:
    assert cuts.companions(["libc6"]) == ("base",)
    assert cuts.companions(["libssl4", "libc6"]) == ("base", "openssl")
    assert cuts.companions(["libssl4", "openssl", "base"]) == ()


def test_partial_packages(cuts: Cuts) -> None:
    base = cuts.partial("base", asked=True)
    assert base is not None
    assert base.reason == "some of it"
    assert cuts.partial("gcc-14-base") is not None
    assert cuts.partial("openssl") is not None
    assert cuts.partial("openssl", asked=True) is None
    assert cuts.partial("libc6") is None
    assert cuts.features() == {"more"}
    assert not cuts.kept_of(base, ()).fullmatch("/usr/sbin/x")
    assert cuts.kept_of(base, ["more"]).fullmatch("/usr/sbin/x")
    assert cuts.kept_of(base, ()).fullmatch("/etc/x")


def test_file_rules(cuts: Cuts) -> None:
    rules = cuts.file_rules(asked=False)
    found = rules.of("/usr/share/doc/x/README")
    assert found is not None
    assert (found.rule, found.reason) == ("documents", "for people")
    assert rules.of("/usr/share/doc/x/copyright") is None
    assert rules.of("/usr/share/docs") is None
    assert rules.of("/usr/bin/sh") is not None
    assert cuts.file_rules(asked=True).of("/usr/bin/sh") is None
    assert cuts.file_rules(asked=True).of("/usr/share/doc/x/README") is not None


def test_a_misspelt_key_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="becuase"):
        Cuts(DOCUMENT.replace(b'reason = "keys"', b'reason = "keys"\nbecuase = "x"'))


# --- the data that distil comes with: one case for each entry --------------------------------


@pytest.mark.parametrize(
    ("package", "dependency"),
    [
        ("libc6", "debconf"),
        ("libpam-runtime", "debconf-2.0"),
        ("redis-tools", "adduser"),
        ("openssh-client", "passwd"),
        ("dbus", "init-system-helpers"),
        ("fontconfig-config", "ucf"),
        ("nginx-common", "lsb-base"),
        ("python3-minimal", "dpkg"),
        ("something", "dash"),
        ("something", "bash"),
        ("something", "man-db"),
        ("libreadline8t64", "readline-common"),
        ("ca-certificates", "openssl"),
    ],
)
def test_dependencies_that_are_cut(package: str, dependency: str) -> None:
    found = default_cuts().edge_cut(package, dependency)
    assert found is not None
    assert len(found.reason) > 10


@pytest.mark.parametrize(
    ("package", "dependency"),
    [
        ("libc6", "libgcc-s1"),
        ("libgcc-s1", "gcc-14-base"),
        ("libssl3t64", "openssl-provider-legacy"),
        ("python3.13", "media-types"),
        ("python3.13", "tzdata"),
        ("git", "perl"),
        ("something", "openssl"),
        ("something", "readline-common"),
    ],
)
def test_dependencies_that_are_followed(package: str, dependency: str) -> None:
    assert not default_cuts().edge(package, dependency)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/usr/share/doc/x/changelog.gz", "documentation"),
        ("/usr/lib/python3.13/email/architecture.rst", "documentation"),
        ("/usr/share/man/man1/x.1.gz", "manual pages"),
        ("/usr/share/lintian/overrides/x", "packaging"),
        ("/usr/bin/dpkg-query", "package managers"),
        ("/usr/bin/pip3", "package managers"),
        ("/usr/lib/python3/dist-packages/pip/__init__.py", "package managers"),
        ("/usr/lib/python3.13/ensurepip/__init__.py", "package managers"),
        ("/usr/bin/sh", "shells"),
        ("/usr/bin/bash", "shells"),
        ("/usr/share/bash-completion/completions/x", "completion"),
        ("/usr/include/zlib.h", "development"),
        ("/usr/lib/x86_64-linux-gnu/libz.a", "development"),
        ("/usr/lib/x86_64-linux-gnu/x/libz.la", "development"),
        ("/usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc", "development"),
        ("/usr/share/gdb/auto-load/x.py", "debugging"),
        ("/usr/share/locale/de/LC_MESSAGES/x.mo", "translations"),
        ("/usr/lib/locale/de_DE.utf8/LC_CTYPE", "locales"),
        ("/usr/share/applications/x.desktop", "desktop"),
        ("/usr/lib/systemd/system/x.service", "services"),
        ("/etc/init.d/x", "services"),
        ("/var/log/x.log", "logs"),
        ("/var/log/x/y/access.log", "logs"),
        ("/var/lib/php/modules/8.4/registry/x", "packaging"),
        ("/usr/lib/python3.13/test/support/__init__.py", "python leftovers"),
        ("/usr/lib/python3.13/idlelib/run.py", "python leftovers"),
        ("/usr/bin/pydoc3.13", "python leftovers"),
        ("/usr/share/doc/x/copyright", None),
        ("/usr/share/doc/x/NOTICE.gz", None),
        ("/usr/lib/locale/C.utf8/LC_CTYPE", None),
        ("/usr/lib/python3.13/unittest/case.py", None),
        ("/usr/lib/python3.13/os.py", None),
        ("/usr/lib/python3/dist-packages/numpy/tests/x.a", None),
        ("/usr/share/zoneinfo/Europe/Berlin", None),
        ("/usr/lib/x86_64-linux-gnu/gconv/UTF-16.so", None),
        ("/usr/share/common-licenses/GPL-2", None),
    ],
)
def test_files_that_are_cut(path: str, rule: str | None) -> None:
    found = default_cuts().file_rules(asked=False).of(path)
    assert (found and found.rule) == rule


@pytest.mark.parametrize(
    ("package", "kept", "left"),
    [
        ("base-files", "/usr/lib/os-release", "/etc/issue"),
        ("base-passwd", None, "/usr/sbin/update-passwd"),
        ("libc-bin", "/usr/lib/locale/C.utf8/LC_CTYPE", "/usr/bin/ldd"),
        ("netbase", "/etc/services", "/etc/networks"),
        ("openssl", "/usr/lib/ssl/cert.pem", "/usr/bin/openssl"),
        ("ca-certificates", "/usr/share/ca-certificates/mozilla/x.crt", "/usr/sbin/x"),
        ("readline-common", "/usr/share/readline/inputrc", "/usr/share/info/x"),
        ("gcc-14-base", None, "/usr/share/doc/gcc-14-base/README"),
    ],
)
def test_packages_taken_in_part(package: str, kept: str | None, left: str) -> None:
    partial = default_cuts().partial(package)
    assert partial is not None
    expression = default_cuts().kept_of(partial, ())
    assert kept is None or expression.fullmatch(kept)
    assert not expression.fullmatch(left)


def test_ldconfig_is_kept_on_demand() -> None:
    partial = default_cuts().partial("libc-bin")
    assert partial is not None
    assert not default_cuts().kept_of(partial, ()).fullmatch("/usr/sbin/ldconfig")
    assert default_cuts().kept_of(partial, ["ldconfig"]).fullmatch("/usr/sbin/ldconfig")


def test_a_python_image_has_these_companions() -> None:
    found = default_cuts().companions(["libc6", "libssl3t64", "ca-certificates", "tzdata"])
    assert found == ("base-files", "base-passwd", "libc-bin", "netbase", "openssl")
