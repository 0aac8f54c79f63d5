"""Programs that are known by their names and by what stands in them, as a table.

The names of the rows, their package URLs and CPEs are those that Syft gives; what Syft does not
know (libraries for the most part) follows the same manner.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NO_LITERAL: Final = b""
"""In place of a literal: the pattern ends in a dotted number and a zero (`version_strings`)."""


class Classifier(NamedTuple):
    """A row. Files are those with one of `names` (as a shell's patterns).

    `patterns` are pairs of a literal and a pattern that matches around it, whose first group is
    the version; the first that matches counts. `purl` is kind, namespace and name of the package
    URL. `cpes` are ``vendor:product``. `line` is a pattern of the file's name whose first group
    stands for ``{}`` in literals and patterns. `has_library` says that a file without a version
    gets its code from a library beside it.
    """

    name: str
    names: tuple[str, ...]
    patterns: tuple[tuple[bytes, bytes], ...]
    purl: str
    cpes: tuple[str, ...] = ()
    line: str = ""
    has_library: bool = False


_V: Final = rb"(\d{1,4}\.\d{1,4}\.\d{1,5})"
"""A version of three numbers."""


def _generic(
    name: str,
    names: str,
    *patterns: tuple[bytes, bytes],
    cpes: str = "",
) -> Classifier:
    """A row whose package URL is ``pkg:generic/NAME``; `names` and `cpes` separated by spaces."""
    return Classifier(name, tuple(names.split()), patterns, f"generic/{name}", tuple(cpes.split()))


_PYTHON: Final = (
    (b"\0{}.", rb"\0({}\.\d[-._a-zA-Z0-9]{0,30})\0"),
    # A linker stores the version once where a directory ends in it.
    (b"/{}.", rb"/({}\.\d[-._a-zA-Z0-9]{0,30})\0"),
)
_PYTHON_CPES: Final = ("python_software_foundation:python", "python:python")
_RUBY: Final = ((b"ruby ", rb"ruby (\d+\.\d+\.\d+(?:(?:p|preview|rc|dev)\d{0,6})?) "),)
_PHP: Final = (
    (b"X-Powered-By: PHP/", rb"X-Powered-By: PHP/(\d+\.\d+\.\d+(?:beta\d+|alpha\d+|RC\d+)?)"),
)
_OTP: Final = (
    (b"/src/otp_src_", rb"/src/otp_src_(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d)?)/erts/"),
    (b"/usr/local/src/otp-", rb"/usr/local/src/otp-(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d)?)/erts/"),
    (b"Erlang/OTP", rb"\0(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d)?)\0{1,64}Erlang/OTP"),
)
_MYSQL: Final = rb"(\d+(?:\.\d+)?(?:\.\d+)?(?:alpha\d|beta\d|rc\d)?)"
_FFMPEG: Final = rb"(\d+\.\d+(?:\.\d+)?)"

CLASSIFIERS: Final = (
    # --- languages ---
    Classifier(
        "python",
        ("python?.*", "libpython?.*so*"),
        _PYTHON,
        "generic/python",
        _PYTHON_CPES,
        line=r"(?:lib)?python(\d+(?:\.\d+)+)[a-z]?(?:\.so.*)?$",
        has_library=True,
    ),
    Classifier(
        "python", ("libpython?.so",), (), "generic/python", line=r"libpython(\d)", has_library=True
    ),
    _generic("pypy", "libpypy*.so*", (b"[PyPy ", rb"\[PyPy (\d+\.\d+\.\d+)")),
    _generic(
        "node",
        "node",
        (b"node.js/v", rb"node\.js/v(\d+\.\d+\.\d+)"),
        (b"\0node v", rb"\0node v([0456]\.\d+\.\d+)\0"),
        (b"\0v", rb"\0v([0456]\.\d{1,3}\.\d{1,3})\0"),
        cpes="nodejs:node.js",
    ),
    _generic("deno", "deno", (b"Deno/", rb"Deno/" + _V), cpes="deno:deno"),
    _generic("bun", "bun", (b"Bun/", rb"Bun/" + _V), cpes="oven:bun"),
    _generic(
        "go",
        "go",
        (b"go1.", rb"go(\d+\.\d+(?:\.\d+|beta\d+|alpha\d+|rc\d+)?)\0"),
        cpes="golang:go",
    ),
    _generic("julia", "libjulia-internal.so", (b"\0verify", rb"__init__\0(\d+\.\d+\.\d+)\0verify")),
    Classifier(
        "ruby",
        ("ruby", "libruby.so*", "libruby-*.so*"),
        _RUBY,
        "generic/ruby",
        ("ruby-lang:ruby",),
        has_library=True,
    ),
    Classifier(
        "php-cli", ("php", "php[0-9]", "php[0-9].[0-9]"), _PHP, "generic/php-cli", ("php:php",)
    ),
    Classifier("php-fpm", ("php-fpm*",), _PHP, "generic/php-fpm", ("php:php",)),
    Classifier("libphp", ("libphp*.so",), _PHP, "generic/php", ("php:php",)),
    _generic(
        "composer",
        "composer composer.phar",
        (
            b"'pretty_version'",
            rb"'pretty_version'\s{0,8}=>\s{0,8}'(\d+\.\d+\.\d+(?:beta\d+|alpha\d+|RC\d+)?)'",
        ),
        cpes="getcomposer:composer",
    ),
    _generic(
        "perl",
        "perl perl5.* libperl.so*",
        (b"/usr/local/lib/perl5/", rb"/usr/local/lib/perl\d/(\d+\.\d+\.\d+)"),
        (b"/lib/perl", rb"/lib/(?:x86_64|aarch64)[a-z-]{1,20}/perl/(\d+\.\d+\.\d+)"),
        cpes="perl:perl",
    ),
    _generic("erlang", "erlexec beam.smp liberts_internal.a", *_OTP, cpes=r"erlang:erlang\/otp"),
    _generic(
        "elixir",
        "elixir",
        (b"ELIXIR_VERSION=", rb"ELIXIR_VERSION=(\d+\.\d+\.\d+(?:-[a-z0-9]+(?:\.\d+)?)?)"),
        cpes="elixir-lang:elixir",
    ),
    _generic(
        "swipl", "swipl", (b"swipl-", rb"swipl-(\d+\.\d+\.\d+)/"), cpes="swi-prolog:swi-prolog"
    ),
    _generic(
        "dart",
        "dart",
        (b" (stable)", rb"\0(\d+\.\d+\.\d+) \(stable\)"),
        (b".beta (beta)", rb"\0(\d+\.\d+\.\d+-\d+(?:\.\d+)?\.beta) \(beta\)"),
        cpes="dart:dart_software_development_kit",
    ),
    _generic(
        "rust",
        "libstd-????????????????.so",
        (b"(rustc version ", rb"\(rustc version (\d+\.\d+\.\d+) \(\w+ \d{4}-\d\d-\d\d\)"),
        cpes="rust-lang:rust",
    ),
    _generic(
        "haskell/ghc",
        "ghc*",
        (b"\0GHC ", rb"\0GHC (\d+\.\d+\.\d+)\0"),
        (b"\0libHSghc-", rb"\0libHSghc-(\d+\.\d+\.\d+)-(?:[a-zA-Z0-9]+-)?ghc[\d.]+\.so\0"),
        cpes="haskell:ghc",
    ),
    _generic(
        "haskell/cabal",
        "cabal",
        (b"\0Cabal-", rb"\0Cabal-(\d+\.\d+\.\d+(?:\.\d+)?)-"),
        (b"cabal-install-", rb"cabal-install-(\d+\.\d+\.\d+(?:\.\d+)?)-[a-zA-Z0-9]+\0"),
        cpes="haskell:cabal",
    ),
    _generic(
        "haskell/stack",
        "stack",
        (b"Version ", rb"Version\s{1,4}(\d+\.\d+\.\d+),\s{0,4}Git"),
        cpes="haskell:stack",
    ),
    # --- servers ---
    _generic(
        "redis",
        "redis-server",
        (b"buildkitsandbox-", rb"[^\d](\d+\.\d+\.\d+)buildkitsandbox-\d+"),
        (b"000000000", rb"[^\d](\d{1,2}\.\d{1,3}\.\d{1,3})\w{12}-\d{10,20}"),
        (b"Redis version ", rb"Redis version (\d+\.\d+\.\d+)"),
        cpes="redislabs:redis redis:redis",
    ),
    _generic(
        "valkey",
        "valkey-server",
        (b"buildkitsandbox-", rb"[^\d](\d+\.\d+\.\d+)buildkitsandbox-\d+"),
        cpes="lfprojects:valkey linuxfoundation:valkey valkey-io:valkey",
    ),
    _generic(
        "memcached", "memcached", (b"memcached ", rb"memcached " + _V), cpes="memcached:memcached"
    ),
    _generic(
        "haproxy",
        "haproxy",
        (b", released 20", rb"version (\d+\.\d+(?:\.|-dev|-rc)\d+)[-+~.\w]{0,40}, released 20"),
        (b"HA-Proxy version ", rb"HA-Proxy version (\d+\.\d+(?:\.|-dev)\d+)"),
        (b"HAProxy version", rb"(\d+\.\d+(?:\.|-dev)\d+)-[0-9a-zA-Z]{7}.{1,200}HAProxy version"),
        cpes="haproxy:haproxy",
    ),
    _generic("httpd", "httpd", (b"Apache/", rb"Apache/" + _V), cpes="apache:http_server"),
    _generic(
        "nginx",
        "nginx",
        (
            b"nginx version: ",
            rb"[\0?]nginx version: [^/]{1,40}/(\d+\.\d+\.\d+(?:\+\d+)?(?:-\d+)?)",
        ),
        cpes="f5:nginx nginx:nginx",
    ),
    _generic(
        "lighttpd", "lighttpd", (b"\0lighttpd/", rb"\0lighttpd/" + _V), cpes="lighttpd:lighttpd"
    ),
    _generic(
        "proftpd",
        "proftpd",
        (b"\0ProFTPD Version ", rb"\0ProFTPD Version (\d+\.\d+\.\d+[a-z]?)\0"),
        cpes="proftpd:proftpd",
    ),
    _generic(
        "traefik",
        "traefik",
        (NO_LITERAL, rb"\0v?(\d{1,2}\.\d{1,3}\.\d{1,3}(?:-alpha\d|-beta\d|-rc\d)?)\0"),
        (NO_LITERAL, rb"[\x80-\xff].?(\d{1,2}\.\d{1,3}\.\d{1,3}(?:-alpha\d|-beta\d|-rc\d)?)\0"),
        cpes="traefik:traefik",
    ),
    _generic(
        "envoy",
        "envoy",
        (b"envoy_reloadable_features", rb"\0(1\.\d\d\.\d{1,3}(?:-dev)?)\0.{0,500}envoy_reloadable"),
        (b"Unable to", rb"\0(1\.[12]\d\.\d{1,3}(?:-dev)?)\0.{0,500}Unable to"),
        cpes="envoyproxy:envoy",
    ),
    _generic(
        "mongodb",
        "mongod",
        (b"\0tcmalloc", rb"(\d+\.\d+\.\d+)\0tcmalloc"),
        (b"\0heap_size", rb"(\d+\.\d+\.\d+)\0{1,64}heap_size"),
        (b"\0cppdefines", rb"(\d+\.\d+\.\d+)\0{1,64}cppdefines"),
        cpes="mongodb:mongodb",
    ),
    _generic(
        "postgresql",
        "postgres",
        (
            b"PostgreSQL ",
            rb"[\0?]PostgreSQL (\d+(?:\.\d+)?(?:\.\d+)?(?:alpha\d|beta\d|rc\d)?)",
        ),
        cpes="postgresql:postgresql",
    ),
    _generic(
        "mysql",
        "mysql mysqld",
        (b"\0mysql", rb"\0" + _MYSQL + rb"\0{1,64}mysql"),
        (b"/mysql-", rb"/mysql-" + _MYSQL),
        cpes="oracle:mysql",
    ),
    _generic(
        "percona-server",
        "mysql",
        (b"/percona-server-", rb"/percona-server-" + _MYSQL),
        cpes="oracle:mysql percona:percona_server",
    ),
    _generic(
        "percona-xtradb-cluster",
        "mysql",
        (b"/Percona-XtraDB-Cluster-", rb"/Percona-XtraDB-Cluster-" + _MYSQL),
        cpes="oracle:mysql percona:percona_server percona:xtradb_cluster",
    ),
    _generic(
        "percona-xtrabackup",
        "xtrabackup",
        (b"/percona-xtrabackup-", rb"/percona-xtrabackup-" + _MYSQL),
        cpes="percona:xtrabackup",
    ),
    _generic(
        "mariadb",
        "mariadb mysql mariadbd",
        (b"-MariaDB", _MYSQL + rb"-MariaDB"),
        cpes="mariadb:mariadb",
    ),
    Classifier(
        "consul",
        ("consul",),
        (
            (b"CONSUL_VERSION: ", rb"CONSUL_VERSION: " + _V),
            (b"GitDescribe=", rb'GitDescribe=(\d+\.\d+\.\d+)"'),
            (b"\0v1.", rb"\0v(\d+\.\d+\.\d+)\0"),
        ),
        "golang/github.com/hashicorp/consul",
        ("hashicorp:consul",),
    ),
    Classifier(
        "github.com/hashicorp/vault",
        ("vault",),
        (
            (b"revoke1.", rb"revoke(\d+\.\d+\.\d+)"),
            (b"state1.", rb"state(\d+\.\d+\.\d+-rc\d)"),
            (b"016x1.1", rb"016x(1\.1[134]\.\d{1,2})"),
            (b"\x001.", rb"\0(1\.\d[01]?\.\d{1,3})\0"),
        ),
        "golang/github.com/hashicorp/vault",
        ("hashicorp:vault",),
    ),
    Classifier(
        "helm", ("helm",), ((b"\0v", rb"\0v" + _V + rb"\0"),), "golang/helm.sh/helm", ("helm:helm",)
    ),
    Classifier(
        "fluent-bit",
        ("fluent-bit",),
        ((b"Fluent", rb"\0(\d+\.\d+\.\d+)\0(?:\x1b\[1m\0|\0{1,2})?(?:%s)?Fluent"),),
        "github/fluent/fluent-bit",
        ("treasuredata:fluent_bit",),
    ),
    # --- tools ---
    _generic(
        "busybox", "busybox", (b"BusyBox v", rb"BusyBox v(\d+\.\d+\.\d+)"), cpes="busybox:busybox"
    ),
    _generic(
        "util-linux", "getopt", (b"\0util-linux ", rb"\0util-linux " + _V), cpes="kernel:util-linux"
    ),
    _generic(
        "bash",
        "bash",
        (b"@(#)Bash version ", rb"@\(#\)Bash version (\d+\.\d+\.\d+)\(\d+\) [a-z0-9]+ GNU"),
        cpes="gnu:bash",
    ),
    _generic(
        "openssl",
        "openssl libcrypto.so* libssl.so*",
        (
            b"\0OpenSSL ",
            rb"\0OpenSSL (\d+\.\d+\.\d+(?:[a-z]{1,2}|-alpha\d|-beta\d|-rc\d)?)(?: |\0)",
        ),
        cpes="openssl:openssl",
    ),
    _generic("curl", "curl libcurl.so*", (b"curl/", rb"curl/" + _V), cpes="haxx:curl"),
    _generic("gcc", "gcc", (b"GCC: (GNU) ", rb"GCC: \(GNU\) " + _V), cpes="gnu:gcc"),
    _generic("zstd", "zstd", (b"\0v1.", rb"\0v(\d+\.\d+\.\d+)\0"), cpes="facebook:zstandard"),
    _generic("xz", "xz", (b"xz (XZ Utils) ", rb"\0xz \(XZ Utils\) " + _V), cpes="tukaani:xz"),
    _generic("gzip", "gzip", (NO_LITERAL, rb"\0(1\.\d{1,3})\0"), cpes="gnu:gzip"),
    _generic("jq", "jq", (NO_LITERAL, rb"\0(1\.\d{1,3}(?:\.\d{1,3})?)\0"), cpes="jqlang:jq"),
    _generic(
        "sqlcipher",
        "sqlcipher",
        (b"\x003.", rb"[^0-9]\0(\d+\.\d+\.\d+)\0"),
        cpes="zetetic:sqlcipher",
    ),
    _generic(
        "chrome",
        "chrome",
        (b"\0Default", rb"\0(\d+\.\d+\.\d+\.\d+)\0Default"),
        cpes="google:chrome",
    ),
    _generic("ffmpeg", "ffmpeg", (b"%s version ", rb"%s version " + _FFMPEG), cpes="ffmpeg:ffmpeg"),
    _generic(
        "ffmpeg",
        "libav*.so* libswresample*.so*",
        (b"FFmpeg version ", rb"FFmpeg version " + _FFMPEG),
        cpes="ffmpeg:ffmpeg",
    ),
    _generic("wp-cli", "wp", (b"wp-cli/wp-cli ", rb"wp-cli/wp-cli " + _V), cpes="wp-cli:wp-cli"),
    # --- libraries ---
    _generic(
        "qtbase",
        "libQt*Core.so*",
        (b"\0Qt ", rb"\0Qt " + _V + rb" \("),
        (b"QtCore library version ", rb"QtCore library version " + _V),
        cpes="qt:qt qt:qtbase",
    ),
    _generic(
        "sqlite", "libsqlite3.so*", (b"\x003.", rb"\0(3\.\d{1,2}\.\d{1,2})\0"), cpes="sqlite:sqlite"
    ),
    _generic(
        "zlib",
        "libz.so*",
        (b" deflate 1.", rb" deflate (1\.\d+\.\d+(?:\.\d+)?) Copyright"),
        cpes="zlib:zlib",
    ),
    _generic(
        "musl",
        "ld-musl-*.so.1 libc.musl-*.so.1",
        (b"\x001.", rb"\0([01]\.\d\.\d{1,2})\0"),
        cpes="musl-libc:musl",
    ),
    _generic(
        "glibc",
        "libc.so.6 libc-2.*.so",
        (b"GNU C Library", rb"GNU C Library [^\n]{0,80}release version (\d+\.\d+(?:\.\d+)?)"),
        cpes="gnu:glibc",
    ),
    Classifier(
        "gcc",
        ("libstdc++.so.6*", "libgcc_s.so.1", "libgomp.so.1*"),
        ((b"GCC: (", rb"GCC: \([^)\0]{1,80}\) (\d+\.\d+\.\d+)"),),
        "generic/gcc",
        ("gnu:gcc",),
    ),
)
"""All rows; the order matters only between rows of one name."""
