"""Which modules of the standard library an interpreter has without a file of their own."""

from __future__ import annotations

import re
import sys
from typing import Final

from distil.model.node import Kind
from distil.model.tree import Tree
from distil.runtimes.python.reach.installations import Installation

_FROZEN: Final = frozenset(
    {
        *("abc", "codecs", "io", "_collections_abc", "_sitebuiltins", "genericpath", "ntpath"),
        *("posixpath", "os", "site", "stat", "importlib", "importlib.util", "importlib.machinery"),
        *("importlib._bootstrap", "importlib._bootstrap_external", "runpy", "zipimport"),
        *("__hello__", "__phello__", "_frozen_importlib", "_frozen_importlib_external"),
    }
)
"""Modules frozen into the interpreter since 3.11 (``Python/frozen.c``)."""

_ALWAYS: Final = frozenset(
    {
        *("__main__", "_abc", "_ast", "_codecs", "_collections", "_functools", "_imp", "_io"),
        *("_locale", "_operator", "_signal", "_sre", "_stat", "_string", "_symtable", "_thread"),
        *("_tokenize", "_tracemalloc", "_typing", "_warnings", "_weakref", "_suggestions"),
        *("_sysconfig", "_types", "atexit", "builtins", "errno", "faulthandler", "gc"),
        *("itertools", "marshal", "posix", "pwd", "sys", "time"),
    }
)
"""Modules that every interpreter has compiled in (``Modules/Setup.bootstrap.in``)."""

_COMPILED: Final = frozenset(
    {
        *("array", "audioop", "binascii", "cmath", "fcntl", "grp", "math", "mmap", "nis"),
        *("ossaudiodev", "pyexpat", "readline", "resource", "select", "spwd", "syslog", "termios"),
        *("unicodedata", "zlib"),
    }
)
_SOURCE: Final = frozenset(
    {
        *("__future__", "_aix_support", "_android_support", "_apple_support", "_ast_unparse"),
        *("_bootsubprocess", "_colorize", "_compat_pickle", "_compression", "_ios_support"),
        *("_markupbase", "_opcode_metadata", "_osx_support", "_py_abc", "_py_warnings"),
        *("_pydatetime", "_pydecimal", "_pyio", "_pylong", "_pyrepl", "_strptime"),
        *("_threading_local", "_weakrefset"),
    }
)
"""Modules whose name begins with an underscore and that are written in Python."""

_OTHER_SYSTEMS: Final = frozenset({"msvcrt", "nt", "winreg", "winsound", "_winapi", "_scproxy"})
_GONE: Final = frozenset(
    {
        *("aifc", "asynchat", "asyncore", "cgi", "cgitb", "chunk", "crypt", "distutils"),
        *("imghdr", "imp", "lib2to3", "mailcap", "msilib", "nntplib", "pipes", "smtpd"),
        *("sndhdr", "sunau", "telnetlib", "uu", "xdrlib"),
    }
)
"""Modules that releases from 3.12 on do not have, and earlier ones have as source."""

_ENTRY: Final = re.compile(rb"PyInit_(\w+)")


def is_standard(name: str) -> bool:
    """Whether the module `name` belongs to some version's standard library."""
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names or top in _GONE or top in _SOURCE or top in _COMPILED


class BuiltIn:
    """The modules that `installation` has compiled in; its program is read only when needed.

    Where all that ever had a file is `known`, what has none and may be compiled in is.
    """

    def __init__(self, tree: Tree, installation: Installation, *, known: bool) -> None:
        self._known = known
        self._tree = tree
        self._installation = installation
        self._read: frozenset[str] | None = None

    def has(self, name: str) -> bool:
        """Whether importing `name` may work though no file of that name is there."""
        if name in _ALWAYS or name in _OTHER_SYSTEMS:
            return True
        if name in _FROZEN:
            return int(self._installation.line.partition(".")[2]) >= 11
        if not is_standard(name) or "." in name:
            return False
        if name not in _COMPILED and (not name.startswith("_") or name in _SOURCE):
            return False
        if self._known:
            return True
        if self._read is None:
            self._read = self._compiled_in()
        return not self._read or name in self._read

    def _compiled_in(self) -> frozenset[str]:
        """Modules by the functions that start them, in the program and its library.

        Empty when the program does not tell.
        """
        line, prefix = self._installation.line, self._installation.real.rpartition("/bin/")[0]
        libraries = [
            node.path
            for directory in (f"{prefix}/lib", f"{prefix}/lib64", *self._multiarch(prefix))
            for node in self._tree.children(directory)
            if node.name.startswith(f"libpython{line}.so") and node.kind is Kind.FILE
        ]
        found: set[str] = set()
        for path in (self._installation.real, *libraries):
            node = self._tree.get(path)
            if node is not None and node.blob is not None:
                found.update(name.decode() for name in _ENTRY.findall(node.blob.read()))
        return frozenset(found)

    def _multiarch(self, prefix: str) -> list[str]:
        children = self._tree.children(f"{prefix}/lib")
        return [node.path for node in children if node.name.endswith(("-linux-gnu", "-linux-musl"))]
