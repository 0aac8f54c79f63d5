"""The runtimes that an image may be made for, as a table: how each shows, and who else has it.

What a row names of packages is what Debian calls them: bases are made of its suites.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Known(NamedTuple):
    """A row: a language's interpreter, or a server.

    `started` is a pattern of the names of what containers of it start. `components` are the kinds
    of component (`KINDS`) that are it, each with a pattern of its name. `language` is the kind of
    components that are written for it, if any are.

    `choices` are sets of packages with it, the one tried first that there is; in their names
    ``{0}`` stands for the first number of its version and ``{1}`` for the first two. `start` is
    what a base with it is started with; nothing where the packages say so themselves.
    """

    name: str
    title: str
    started: str
    components: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, ...], ...]
    start: tuple[str, ...] = ()
    language: str = ""
    line: int = 2
    """How many numbers of the version have to be the same for what runs on it to go on."""


_PHP_SUITES: Final = ("8.4", "8.2", "8.3", "8.5")
"""The versions of PHP that Debian's suites have; a service's package is called after it."""
_POSTGRESQL_SUITES: Final = ("17", "15", "18", "16")

KNOWN: Final = (
    Known(
        "python",
        "Python",
        r"python[0-9.]*|gunicorn|uvicorn|hypercorn|celery|flask|django-admin|fastapi",
        (
            ("binary", r"python"),
            ("deb", r"python3(\.\d+)?(-minimal)?"),
            ("apk", r"python3"),
            ("rpm", r"python3(\.?\d+)?"),
            ("alpm", r"python"),
            ("conda", r"python"),
            ("portage", r"dev-lang/python"),
        ),
        (("python3",),),
        ("python3",),
        "python",
    ),
    Known(
        "node",
        "Node.js",
        r"node|nodejs|npm|npx|yarn|pnpm",
        (
            ("binary", r"node"),
            ("deb", r"nodejs"),
            ("apk", r"nodejs(-current)?"),
            ("rpm", r"nodejs"),
            ("alpm", r"nodejs.*"),
        ),
        (("nodejs",),),
        ("node",),
        "npm",
        line=1,
    ),
    Known(
        "java",
        "Java",
        r"java|catalina\.sh|jetty\.sh",
        (
            ("binary", r".*\b(jdk|jre|java)\b.*"),
            ("deb", r"(openjdk|temurin)-\d+-(jre|jdk)(-headless)?"),
            ("apk", r"openjdk\d+(-jre)?(-base|-headless)?"),
            ("rpm", r"java-[\d.]+-openjdk(-headless)?"),
            ("alpm", r"(jre|jdk).*-openjdk.*"),
        ),
        (("openjdk-{0}-jre-headless",), ("default-jre-headless",)),
        ("java",),
        "java",
        line=1,
    ),
    Known(
        "ruby",
        "Ruby",
        r"ruby[0-9.]*|rails|bundle|puma|unicorn|rackup",
        (("binary", r"ruby"), ("deb", r"ruby\d\.\d"), ("apk", r"ruby"), ("rpm", r"ruby")),
        (("ruby",),),
        ("ruby",),
        "gem",
    ),
    Known(
        "php-fpm",
        "PHP-FPM",
        r"php-fpm[0-9.]*",
        (
            ("binary", r"php-fpm"),
            ("deb", r"php\d\.\d-fpm"),
            ("apk", r"php\d+-fpm"),
            ("rpm", r"php-fpm"),
        ),
        (("php{1}-fpm",), *((f"php{one}-fpm",) for one in _PHP_SUITES)),
        language="composer",
    ),
    Known(
        "php",
        "PHP",
        r"php[0-9.]*|docker-php-entrypoint",
        (
            ("binary", r"php-cli"),
            ("deb", r"php\d\.\d-cli"),
            ("apk", r"php\d+"),
            ("rpm", r"php-cli"),
        ),
        (("php{1}-cli",), *((f"php{one}-cli",) for one in _PHP_SUITES)),
        ("php",),
        "composer",
    ),
    Known(
        "nginx",
        "nginx",
        r"nginx",
        (("binary", r"nginx"), ("deb", r"nginx(-light|-core|-full)?"), ("apk", r"nginx")),
        (("nginx-light",), ("nginx",)),
        line=1,
    ),
    Known(
        "valkey",
        "Valkey",
        r"valkey-server",
        (("binary", r"valkey"), ("deb", r"valkey-server"), ("apk", r"valkey")),
        (("valkey-server",),),
        line=1,
    ),
    Known(
        "redis",
        "Redis",
        r"redis-server",
        (("binary", r"redis"), ("deb", r"redis-server"), ("apk", r"redis"), ("rpm", r"redis")),
        (("redis-server",), ("valkey-server",)),
        line=1,
    ),
    Known(
        "postgresql",
        "PostgreSQL",
        r"postgres|start-postgres",
        (
            ("binary", r"postgresql"),
            ("deb", r"postgresql-\d+"),
            ("apk", r"postgresql\d+"),
            ("rpm", r"postgresql(\d+)?-server"),
        ),
        (("postgresql-{0}",), *((f"postgresql-{one}",) for one in _POSTGRESQL_SUITES)),
        line=1,
    ),
    Known(
        "memcached",
        "memcached",
        r"memcached",
        (("binary", r"memcached"), ("deb", r"memcached"), ("apk", r"memcached")),
        (("memcached",),),
        line=1,
    ),
    Known(
        "haproxy",
        "HAProxy",
        r"haproxy",
        (("binary", r"haproxy"), ("deb", r"haproxy"), ("apk", r"haproxy"), ("rpm", r"haproxy")),
        (("haproxy",),),
    ),
    Known(
        "perl",
        "Perl",
        r"perl[0-9.]*|plackup|starman",
        (("binary", r"perl"), ("deb", r"perl"), ("apk", r"perl"), ("rpm", r"perl(-interpreter)?")),
        (("perl",),),
        ("perl",),
        "perl",
        line=1,
    ),
    Known(
        "dotnet",
        ".NET",
        r"dotnet",
        (
            ("binary", r"dotnet.*"),
            ("deb", r"dotnet-runtime-[\d.]+|aspnetcore-runtime-[\d.]+"),
            ("apk", r"dotnet\d+-runtime"),
            ("rpm", r"dotnet-runtime-[\d.]+"),
        ),
        (),
        language="dotnet",
        line=1,
    ),
    Known("deno", "Deno", r"deno", (("binary", r"deno"),), ()),
    Known("bun", "Bun", r"bun|bunx", (("binary", r"bun"),), ()),
    Known("erlang", "Erlang", r"erl|beam\.smp|elixir", (("binary", r"erlang"),), ()),
)
"""All of them. Where nothing else tells, a row counts before those below it."""
