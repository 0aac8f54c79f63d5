"""Programs known by their bytes: samples for the rows, cut out of programs as they are shipped."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.formats.classifiers import CLASSIFIERS
from distil.catalog.formats.classify import classified, script

SAMPLES = [
    ("/usr/local/bin/python3.11", b"oc_debug\x003.11.2\0strict\0", "python", "3.11.2"),
    (
        "/usr/local/lib/libpython3.11.so.1.0",
        b"%s: '%s'\x003.11.2\0%.80s (%",
        "python",
        "3.11.2",
    ),
    ("/opt/py/lib/libpython3.9.so.1.0", b"o\0/opt/3.9.18\0python3.9\0", "python", "3.9.18"),
    ("/opt/pypy/bin/libpypy3.9-c.so", b"[PyPy 7.3.12 with GCC", "pypy", "7.3.12"),
    ("/usr/bin/node", b"]\n\n\0/json\0node.js/v20.20.2\0(delegate_) !", "node", "20.20.2"),
    ("/usr/bin/node", b"\0node v0.10.48\0", "node", "0.10.48"),
    ("/usr/bin/deno", b"Deno/1.41.0", "deno", "1.41.0"),
    ("/usr/local/go/bin/go", b"\0go1.19.8\0", "go", "1.19.8"),
    ("/lib/libjulia-internal.so", b"__init__\x001.9.4\0verify", "julia", "1.9.4"),
    ("/usr/local/lib/libruby.so.3.1.2", b"\0ruby 3.1.2p20 (2022-04", "ruby", "3.1.2p20"),
    ("/usr/local/bin/php", b"%s,%s\0X-Powered-By: PHP/8.2.36\0ZEND_MM", "php-cli", "8.2.36"),
    ("/usr/local/sbin/php-fpm", b"X-Powered-By: PHP/8.3.0RC1\0", "php-fpm", "8.3.0RC1"),
    ("/usr/lib/apache2/modules/libphp.so", b"X-Powered-By: PHP/8.2.1\0", "libphp", "8.2.1"),
    (
        "/usr/bin/composer",
        b"'pretty_version' => '2.7.1',",
        "composer",
        "2.7.1",
    ),
    ("/usr/local/bin/perl", b"/usr/local/lib/perl5/5.38.2/x86", "perl", "5.38.2"),
    ("/usr/local/bin/erlexec", b"/usr/src/otp_src_25.3.2.6/erts/", "erlang", "25.3.2.6"),
    ("/usr/local/bin/elixir", b"ELIXIR_VERSION=1.15.7\n", "elixir", "1.15.7"),
    ("/usr/bin/swipl", b"swipl-9.1.18/lib", "swipl", "9.1.18"),
    ("/usr/lib/dart/bin/dart", b'"%s"\x003.0.0 (stable) (', "dart", "3.0.0"),
    (
        "/rust/lib/libstd-86f0d7cc2b2ab8c8.so",
        b"\0clang LLVM (rustc version 1.67.1 (d5a82bbd2 2023-02-07))",
        "rust",
        "1.67.1",
    ),
    ("/opt/ghc/bin/ghc-9.6.2", b"\0GHC 9.6.2\0", "haskell/ghc", "9.6.2"),
    (
        "/usr/local/bin/redis-server",
        b"\x007.0.14buildkitsandbox-1702957741000000000\0",
        "redis",
        "7.0.14",
    ),
    (
        "/usr/local/bin/redis-server",
        b"\x004.0.11841ce7054bd9-1542359302000000000\0",
        "redis",
        "4.0.11",
    ),
    ("/usr/local/bin/memcached", b"\0listen\0memcached 1.6.18\0udp-por", "memcached", "1.6.18"),
    (
        "/usr/local/sbin/haproxy",
        b"\0\0 version 2.6.12-1+deb12u4, released 2026/10/17",
        "haproxy",
        "2.6.12",
    ),
    ("/usr/local/apache2/bin/httpd", b"Apache/2.4.58 (Unix)", "httpd", "2.4.58"),
    ("/usr/sbin/nginx", b'on: "%c"\0nginx version: nginx/1.22.1\n\0', "nginx", "1.22.1"),
    ("/usr/local/bin/traefik", b"x\0" * 99 + b"\x002.10.7\0", "traefik", "2.10.7"),
    ("/usr/bin/mongod", b"6.0.27\0tcmalloc", "mongodb", "6.0.27"),
    (
        "/usr/lib/postgresql/15/bin/postgres",
        b's".\0\0\0\0\0\0PostgreSQL 15.20 (Debian',
        "postgresql",
        "15.20",
    ),
    ("/usr/bin/mysql", b"shutdown\x008.0.37\0\0\0\0\0mysql_real_esc", "mysql", "8.0.37"),
    ("/usr/bin/mariadb", b"nux-gnu\x0010.11.19-MariaDB\0x86_64", "mariadb", "10.11.19"),
    ("/bin/consul", b"CONSUL_VERSION: 1.15.4", "consul", "1.15.4"),
    ("/usr/local/bin/helm", b"\0\0v3.14.2\0\0", "helm", "3.14.2"),
    ("/bin/busybox", b" memory\0BusyBox v1.35.0 (Debian", "busybox", "1.35.0"),
    ("/bin/bash", b" law.\0\0\0@(#)Bash version 5.2.15(1) release GNU\0", "bash", "5.2.15"),
    ("/usr/bin/openssl", b"N/A\0OpenSSL 3.0.22 25 Aug 2", "openssl", "3.0.22"),
    ("/usr/lib/libcrypto.so.1.1", b"@\0OpenSSL 1.1.1w  11 Sep 2023", "openssl", "1.1.1w"),
    ("/usr/bin/curl", b"on/json\0curl/7.88.1\0", "curl", "7.88.1"),
    ("/usr/lib/libcurl.so.4.8.0", b"f\0\0/\0libcurl/7.88.1\0zlib/%s", "curl", "7.88.1"),
    ("/usr/bin/gzip", b"\0x\x001.12\0", "gzip", "1.12"),
    ("/usr/bin/jq", b"\0\x001.7.1\0", "jq", "1.7.1"),
    ("/usr/lib/libsqlite3.so.0.8.6", b"\0\xe8\x03\0\0\x08\0\x003.40.1\0\0\x01", "sqlite", "3.40.1"),
    ("/lib/libz.so.1.3.1", b" deflate 1.3.1 Copyright 1995-2024", "zlib", "1.3.1"),
    ("/lib/ld-musl-x86_64.so.1", b"\x001.2.4\0", "musl", "1.2.4"),
    (
        "/lib/x86_64-linux-gnu/libc.so.6",
        b"\0\0GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\nC",
        "glibc",
        "2.36",
    ),
    ("/usr/lib/libstdc++.so.6.0.30", b"GCC: (Debian 12.2.0-14) 12.2.0\0", "gcc", "12.2.0"),
    ("/usr/bin/ffmpeg", b"%s version 6.1.1", "ffmpeg", "6.1.1"),
]


@pytest.mark.parametrize(("path", "content", "name", "version"), SAMPLES)
def test_a_program_is_known_by_its_bytes(
    path: str, content: bytes, name: str, version: str
) -> None:
    stated = classified(path, b"\x7fELF" + bytes(300) + content + bytes(300)).stated
    assert [(one.component.name, one.component.version) for one in stated] == [(name, version)]
    assert stated[0].component.kind == "binary"
    assert stated[0].claims[0].path == path


def test_package_urls_and_cpes() -> None:
    content = b"\0revoke1.18.0"
    [stated] = classified("/bin/vault", content).stated
    assert stated.component.purl == "pkg:golang/github.com/hashicorp/vault@1.18.0"
    assert stated.component.cpes == ("cpe:2.3:a:hashicorp:vault:1.18.0:*:*:*:*:*:*:*",)


@pytest.mark.parametrize(
    "path", ["/usr/bin/nodejs", "/usr/bin/mynode", "/usr/bin/python3", "/libpython3.so.1", "/x"]
)
def test_other_names_are_not_looked_into(path: str) -> None:
    assert not classified(path, b"\0node.js/v20.20.2\x003.11.2\0").stated


def test_an_interpreter_belongs_to_the_library_that_it_is_made_of() -> None:
    library = classified("/usr/local/lib/libpython3.11.so.1.0", b"\x003.11.2\0").stated[0]
    for path in ("/usr/local/bin/python3.11", "/usr/local/lib/libpython3.so"):
        facts = classified(path, b"no version")
        assert not facts.stated
        assert facts.added[0].key in library.keys
        assert facts.added[0].claims[0].path == path
    other = classified("/opt/x/bin/python3.11", b"no version").added[0]
    assert other.key not in library.keys


def test_what_is_installed_with_a_program() -> None:
    [python] = classified("/usr/local/bin/python3.11", b"\x003.11.2\0").stated
    paths = {claim.path: claim for claim in python.claims}
    assert paths["/usr/local/lib/python3.11/json"].is_tree
    assert not paths["/usr/local/lib/python3.11/os.py"].is_tree
    assert paths["/usr/local/lib/python3.11/os.py"].is_optional
    assert not any(path.endswith("site-packages") for path in paths)
    [ruby] = classified("/opt/ruby/lib/libruby.so.3.1.2", b"\0ruby 3.1.2p20 (2022-04").stated
    assert "/opt/ruby/lib/ruby/3.1.0" in [claim.path for claim in ruby.claims if claim.is_tree]
    [perl] = classified("/usr/local/bin/perl", b"/usr/local/lib/perl5/5.38.2/x86").stated
    assert "/usr/local/lib/perl5/5.38.2" in [claim.path for claim in perl.claims]


def test_a_version_of_another_line_is_not_its_own() -> None:
    assert not classified("/bin/python3.11", b"\x003.12.1\0").stated


def test_two_rows_of_one_name() -> None:
    content = b"/build/mysql-8.0.4/x /src/percona-server-8.0.36/y"
    names = {one.component.name for one in classified("/usr/bin/mysql", content).stated}
    assert names == {"mysql", "percona-server"}


def test_a_literal_far_into_a_large_map(tmp_path: Path) -> None:
    file = tmp_path / "node"
    with file.open("wb") as out:
        out.truncate(40 << 20)
        out.seek(0, 2)
        out.write(b"node.js/v22.1.0\0")
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as map_:
        assert classified("/node", map_).stated[0].component.version == "22.1.0"


def test_literals_beyond_the_limit_are_not_looked_at() -> None:
    assert not classified("/node", b"node.js/vx" * 5000 + b"node.js/v22.1.0").stated


def test_scripts_are_classified_but_not_what_is_elf() -> None:
    content = b"'pretty_version' => '2.7.1',"
    assert script("/usr/bin/composer", content).stated
    assert not script("/usr/bin/composer", b"\x7fELF" + content).stated


def test_patterns_of_names_begin_with_letters() -> None:
    names = [name for row in CLASSIFIERS for name in row.names]
    assert [name for name in names if set(name[:3]) & set("*?[")] == []


@given(st.sampled_from([name for row in CLASSIFIERS for name in row.names]), st.binary())
def test_any_bytes(name: str, content: bytes) -> None:
    for one in classified("/" + name.replace("*", "1").replace("?", "3"), content).stated:
        assert one.component.version
