"""What is installed with a program that no package owns: its library, headers and tools.

Of programs that are built from source, or unpacked, below one directory (``/usr/local`` as a
rule) and list their files nowhere. Only what the program's own installation puts there is named:
what users install beside it, such as ``site-packages``, is never claimed.
"""

from __future__ import annotations

from typing import Final

from distil.catalog.facts import Claim

_PYTHON_LIBRARY: Final = """
__future__ __hello__ __phello__ __phello__.foo _aix_support _android_support _apple_support
_ast_unparse _bootlocale _bootsubprocess _collections_abc _colorize _compat_pickle _compression
_distutils_system_mod _dummy_thread _ios_support _markupbase _opcode_metadata _osx_support _py_abc
_py_warnings _pydatetime _pydecimal _pyio _pylong _pyrepl _sitebuiltins _strptime
_threading_local _weakrefset abc aifc annotationlib antigravity argparse ast asynchat asyncio
asyncore base64 bdb binhex bisect bz2 cProfile calendar cgi cgitb chunk cmd code codecs codeop
collections colorsys compileall compression concurrent configparser contextlib contextvars copy
copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest
dummy_threading email encodings ensurepip enum filecmp fileinput fnmatch formatter fractions ftplib
functools genericpath getopt getpass gettext glob graphlib gzip hashlib heapq hmac html http
idlelib imaplib imghdr imp importlib inspect io ipaddress json keyword lib2to3 linecache locale
logging lzma macpath macurl2path mailbox mailcap mimetypes modulefinder multiprocessing netrc
nntplib ntpath nturl2path numbers opcode operator optparse os pathlib pdb pickle pickletools pipes
pkgutil platform plistlib poplib posixpath pprint profile pstats pty py_compile pyclbr pydoc
pydoc_data queue quopri random re reprlib rlcompleter runpy sched secrets selectors shelve shlex
shutil signal site smtpd smtplib sndhdr socket socketserver sqlite3 sre_compile sre_constants
sre_parse ssl stat statistics string stringprep struct subprocess sunau symbol symtable sysconfig
tabnanny tarfile telnetlib tempfile test textwrap this threading timeit tkinter token tokenize
tomllib trace traceback tracemalloc tty turtle turtledemo types typing unittest urllib uu uuid venv
warnings wave weakref webbrowser wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zoneinfo
"""
"""Modules and packages of Python's library, 3.6 to 3.14, as they stand in its directory."""

_TRIPLETS: Final = tuple(
    f"{machine}-linux-{library}"
    for machine in ("x86_64", "aarch64", "i386", "powerpc64le", "s390x", "riscv64", "arm")
    for library in (("gnueabihf", "musleabihf") if machine == "arm" else ("gnu", "musl"))
)

_HELD: Final = {
    "python": (
        *(
            f"lib/python{{line}}/{name}{end}"
            for name in _PYTHON_LIBRARY.split()
            for end in ("/", ".py")
        ),
        *(f"lib/python{{line}}/config-{{line}}-{one}/" for one in _TRIPLETS),
        *(f"lib/python{{line}}/_sysconfigdata__linux_{one}.py" for one in _TRIPLETS),
        *(f"lib/python{{line}}/{name}" for name in ("__pycache__/", "lib-dynload/", "LICENSE.txt")),
        "lib/python{line}/site-packages/README.txt",
        "lib/pkgconfig/python-{line}.pc",
        "lib/pkgconfig/python-{line}-embed.pc",
        "include/python{line}/",
        "share/man/man1/python{line}.1",
        *(f"bin/{name}{{line}}" for name in ("2to3-", "idle", "pydoc", "pyvenv-")),
        "bin/python{line}-config",
        *(f"bin/{name}{end}" for name in ("python", "idle", "pydoc") for end in ("", "3")),
        *(f"bin/{name}" for name in ("2to3", "python-config", "python3-config")),
        "lib/libpython{line}.so",
        "lib/pkgconfig/python3.pc",
        "lib/pkgconfig/python3-embed.pc",
        "share/man/man1/python3.1",
        "bin/python{line}-gdb.py",
    ),
    "node": (
        "include/node/",
        "share/doc/node/",
        "share/man/man1/node.1",
        "share/systemtap/tapset/node.stp",
    ),
    "ruby": (
        "lib/ruby/{minor}.0/",
        "lib/pkgconfig/ruby-{minor}.pc",
        "include/ruby-{minor}.0/",
        *(f"bin/{name}" for name in ("bundle", "bundler", "erb", "gem", "irb", "racc", "rake")),
        *(f"bin/{name}" for name in ("rbs", "rdbg", "rdoc", "ri", "syntax_suggest", "typeprof")),
        *(f"share/man/man1/{name}.1" for name in ("erb", "irb", "ri", "ruby")),
    ),
    "php-cli": (
        "lib/php/build/",
        "lib/php/extensions/",
        "include/php/",
        "php/man/",
        *(f"bin/{name}" for name in ("phar.phar", "phpdbg", "phpize", "php-config", "php-cgi")),
    ),
    "perl": ("lib/perl5/{version}/",),
    "httpd": tuple(
        f"{name}/" for name in ("modules", "bin", "build", "include", "man", "manual", "icons")
    ),
    "redis": ("bin/redis-cli", "bin/redis-benchmark"),
    "valkey": ("bin/valkey-cli", "bin/valkey-benchmark"),
}
"""Paths below the directory of an installation; a directory, with all in it, ends in a slash."""


def installed_with(name: str, prefix: str, version: str, line: str) -> tuple[Claim, ...]:
    """Claims of what is installed with the program `name` below `prefix`.

    `line` is what the program's file says of its version (``3.12``), where it says something.
    None of them has to be there.
    """
    minor = ".".join(version.split(".")[:2])
    claims = []
    for held in _HELD.get(name, ()):
        path = f"{prefix}/{held.format(line=line or minor, minor=minor, version=version)}"
        claims.append(Claim(path.rstrip("/"), is_tree=path.endswith("/"), is_optional=True))
    return tuple(claims)
