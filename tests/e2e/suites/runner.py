"""Run inside an image by its own Python: pytest, over a test-suite that is mounted beside it.

    python3 /suite/runner.py ARGUMENTS OF PYTEST…

Tests need more than the program that they test: pytest, and parts of the standard library and of
distributions that the image does not have because nothing of the application reaches them. All
that is lent, from what is mounted below /suite, to the tests, to their tools and to modules that
are in the image but that the application does not reach. It is lent to nobody else: what the
application reaches (/suite/reached.json) gets what it would get in production, and whatever it
asks for in vain although the image had it before it was narrowed is reported.

It stands alone, and until its import hook is set uses nothing but what every interpreter has.
"""

import builtins
import importlib
import sys
from importlib.machinery import BuiltinImporter, ExtensionFileLoader, FrozenImporter, PathFinder
from typing import Any

SUITE = "/suite/"
OWN = SUITE + "runner.py"
SOURCE = SUITE + "source"
WHOLE = SUITE + "whole"
"""Root of the image before anything was narrowed."""
TOOLS = SUITE + "packages"
COMPILED = "compiled code"
OPTIONS = (
    *("-q", "-pno:cacheprovider", "--no-header", "--tb=short", "--continue-on-collection-errors"),
    *("--timeout=20", "-oasyncio_default_fixture_loop_scope=function"),
)


def opcode_of_import():
    """The number of the instruction that an ``import`` statement is."""
    found = []

    def probe(*_):
        frame = sys._getframe(1)
        found.append(frame.f_code.co_code[frame.f_lasti])

    exec("import anything", {"__builtins__": {"__import__": probe}})
    return found[0]


IMPORT = opcode_of_import()
LIBRARY = importlib.__file__.removesuffix("importlib/__init__.py")
MACHINERY = ("<frozen importlib", LIBRARY + "importlib/", LIBRARY + "pkgutil.py", OWN)
"""Files that import what others ask for."""
FUNCTIONS = (LIBRARY, "<frozen importlib.util")
"""Those of them that are called to do so, not by the import statement."""


def asker():
    """The file whose code is importing; COMPILED where it is compiled code that is running."""
    frame = sys._getframe(1)
    called = False
    while frame is not None:
        code = frame.f_code
        name = code.co_filename
        if name.startswith(MACHINERY):
            owner = frame.f_locals.get("self")
            if isinstance(owner, ExtensionFileLoader):  # which is just being loaded
                return owner.path
            called = called or name.startswith(FUNCTIONS) or code.co_name == "imported"
        elif called or code.co_code[frame.f_lasti] == IMPORT or "__import__" in code.co_names:
            return name
        else:
            return COMPILED
        frame = frame.f_back
    return ""


def place_of(spec):
    """Where a module is: its file, or the first directory of a namespace package."""
    return spec.origin or next(iter(spec.submodule_search_locations or ()), "")


class Lender:
    """Finds modules as Python does, and what the image lacks for those who may have it."""

    def __init__(self, reached):
        self._reached = frozenset(reached)
        self._image = tuple(sys.path)
        self.lent = set()
        self.refused = set()

    def find_spec(self, name, path=None, target=None):
        found = PathFinder.find_spec(name, path, target)
        if found is not None and not place_of(found).startswith((WHOLE, TOOLS)):
            return found
        whole = self._whole(name, path)
        if whole is None:
            return found
        if self._refuses(name):
            return None
        self.lent.add(name)
        return found or whole

    def find_distributions(self, *context):
        """Metadata: of what the image has, and of the tools."""
        return PathFinder.find_distributions(*context)

    def check(self, module, name, names):
        """Refuse what is loaded already because it was lent to somebody else."""
        for one in (name, *(f"{name}.{n}" for n in names or ())):
            if one in self.lent and self._refuses(one):
                raise ModuleNotFoundError(f"No module named {one!r}", name=one)
        return module

    def _whole(self, name, path):
        """The module as the image had it before anything was narrowed."""
        places = [p.removeprefix(WHOLE) for p in (self._image if path is None else path)]
        return PathFinder.find_spec(name, [WHOLE + p for p in places if not p.startswith(SUITE)])

    def _refuses(self, name):
        who = asker()
        if who != COMPILED and who not in self._reached:
            return False
        self.refused.add((name, who))
        return True


def hook(lender):
    """Make `lender` answer every import, also of what is loaded already."""
    statement, function = builtins.__import__, importlib.import_module

    def absolute(name, around, level):
        if level:
            package = around.get("__package__") or around["__name__"].rpartition(".")[0]
            package = package.rsplit(".", level - 1)[0] if level > 1 else package
            name = f"{package}.{name}" if name else package
        return name

    def guarded(name, globals=None, locals=None, fromlist=(), level=0):
        module = statement(name, globals, locals, fromlist, level)
        return lender.check(module, absolute(name, globals or {}, level), fromlist)

    def imported(name, package=None):
        module = function(name, package)
        return lender.check(module, module.__name__, ())

    builtins.__import__, importlib.import_module = guarded, imported
    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, lender]


def read_reached():
    """The paths in /suite/reached.json, which has one in each line."""
    with open(SUITE + "reached.json", encoding="utf-8") as file:
        return [line.strip(' ,"\n') for line in file]


def main():
    """Run pytest; the last line that is printed says in JSON what came of it."""
    sys.dont_write_bytecode = True
    sys.path[:] = [path for path in sys.path if path and not path.startswith(SUITE)]
    lender = Lender(read_reached())
    hook(lender)
    sys.path.append(TOOLS)

    import json
    import os

    import pytest

    os.chdir(SOURCE)
    found: dict[str, Any] = {}

    class Outcomes:
        """What became of each test."""

        def pytest_runtest_logreport(self, report):
            if report.outcome != "passed" or report.when == "call":
                outcome = "xfailed" if hasattr(report, "wasxfail") else report.outcome
                if found.get(report.nodeid) in (None, "passed"):
                    found[report.nodeid] = outcome

        def pytest_collectreport(self, report):
            if report.failed:
                found[report.nodeid] = "not collected"

    options = [*OPTIONS, *sys.argv[1:]]
    status = pytest.main(options, plugins=[Outcomes()])
    print()
    print(json.dumps({"status": status, "tests": found, "refused": sorted(lender.refused)}))


if __name__ == "__main__":
    main()
