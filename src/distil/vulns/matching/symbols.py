"""Whether the vulnerable functions of a Go module are linked into the programs that have it.

The linker leaves out what nothing can call, and its table of functions names those that were
inlined, too, unless no instruction was left of one; so a function that is in no table is not there.
(``govulncheck -mode=binary`` goes by the same table.) That is said only of programs whose table
shows that it can be believed: it names the program's start and functions of the module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from distil.model.advisory import Imported
from distil.model.finding import Evidence, Justification, Standing, Statement
from distil.model.inventory import InventoryComponent, InventoryFile
from distil.vulns.matching.absence import BY

SYMBOLS_ABSENT: Final = "symbols-absent"
SYMBOLS_PRESENT: Final = "symbols-present"

STDLIB: Final = "stdlib"
_STARTS: Final = ("runtime.main", "main.main")
_BRACKETS: Final = re.compile(r"([\[\]])")
_DEEPEST: Final = 6
"""Parts of a name that are looked at: package, receiver, method, and closures in it."""
_MOST_SHOWN: Final = 20


class Functions(Protocol):
    """The functions of a program, by the names that the linker gives them."""

    def names(self) -> frozenset[str]:
        """All of them."""


class Keys(NamedTuple):
    """What is linked into a program: its functions by `key`, and the packages that they are of."""

    names: frozenset[str]
    packages: frozenset[str]


LinkedFunctions = Callable[[InventoryFile], Functions | Keys | None]
"""The functions of the program in a file, with those that were inlined; None if not known."""


class Linked(NamedTuple):
    """A program, and what is linked into it, by `key`."""

    file: InventoryFile
    names: frozenset[str]
    packages: frozenset[str]


def linked_in(file: InventoryFile, functions: LinkedFunctions) -> Linked | None:
    """What is linked into the program in `file`; None where that is not known."""
    table = functions(file)
    if table is None:
        return None
    keys = table if isinstance(table, Keys) else keys_of(table)
    if not all(start in keys.names for start in _STARTS):
        return None
    return Linked(file, *keys)


def keys_of(functions: Functions) -> Keys:
    """All of `functions`, which takes seconds for the largest programs."""
    names = frozenset(_keys(functions.names()))
    return Keys(names, frozenset(map(_package, names)))


def _keys(names: Iterable[str]) -> Iterator[str]:
    """Names without type arguments and pointers, and what closures are inside of."""
    for name in names:
        plain = _without_arguments(name) if "[" in name else name
        yield key(plain)
        start = plain.rfind("/") + 1
        parts = plain[start:].split(".")
        # The closures of a function, and what it is wrapped in, are called FUNCTION.func1.
        for count in range(2, min(len(parts), _DEEPEST)):
            yield key(plain[:start] + ".".join(parts[:count]))


def _without_arguments(name: str) -> str:
    """A name without type arguments, which stand in brackets and have such themselves."""
    kept, depth = [], 0
    for piece in _BRACKETS.split(name):
        if piece == "[":
            depth += 1
        elif piece == "]":
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(piece)
    return "".join(kept)


def key(name: str) -> str:
    """A function's name without what says that its receiver is a pointer, and is a value's method.

    ``crypto/tls.(*Conn).Handshake`` is ``crypto/tls.Conn.Handshake``; ``-fm`` marks a method value.
    """
    return name.replace("(*", "").replace(")", "").removesuffix("-fm")


def _package(name: str) -> str:
    """The import path, as the linker writes it, of the package that a function is of."""
    start = name.rfind("/") + 1
    return name[:start] + name[start:].partition(".")[0]


def written(path: str) -> str:
    """An import path as the linker writes it: dots behind the last slash are escaped.

    As ``cmd/internal/objabi.PathToPrefix`` has it.
    """
    start = path.rfind("/") + 1
    return path[:start] + "".join(_escaped(letter) for letter in path[start:])


def _escaped(letter: str) -> str:
    if letter in '.%"' or letter <= " " or letter == "\x7f":
        return f"%{ord(letter):02x}"
    if letter > "\x7f":
        return "".join(f"%{byte:02x}" for byte in letter.encode())
    return letter


def judged(
    component: InventoryComponent, imports: Sequence[Imported], programs: Sequence[Linked]
) -> tuple[Evidence | None, Statement | None]:
    """Whether what `imports` name is linked into `programs`, which have the module `component`.

    What is found is evidence; where nothing is, a statement says so. Neither where that cannot
    be told: nothing is named, or a program has no function of the module at all.
    """
    main = main_path(component)
    if not imports or not all(has_module(one, component.name, main) for one in programs):
        return None, None
    found = sorted({name for one in programs for name in _present(imports, one, main)})
    files = tuple((one.file.path, one.file.digest) for one in programs)
    if found:
        shown = ", ".join(found[:_MOST_SHOWN]) + (", …" if len(found) > _MOST_SHOWN else "")
        detail = f"linked into the program: {shown}"
        return Evidence(
            rule=SYMBOLS_PRESENT, detail=detail, files=files, symbols=tuple(found)
        ), None
    looked_for = tuple(dict.fromkeys(name for one in imports for name in asked_for(one, main)))
    many = "the program" if len(programs) == 1 else f"any of {len(programs)} programs"
    detail = f"none of the vulnerable functions is linked into {many}"
    evidence = Evidence(rule=SYMBOLS_ABSENT, detail=detail, files=files, symbols=looked_for)
    return evidence, Statement(
        standing=Standing.NOT_AFFECTED,
        by=BY,
        justification=Justification.VULNERABLE_CODE_NOT_PRESENT,
        reason=detail,
        evidence=evidence,
    )


def main_path(component: InventoryComponent) -> str:
    """The import path of the program whose main module `component` is; empty for any other."""
    return dict(component.properties).get("path", "")


def has_module(program: Linked, module: str, main: str = "") -> bool:
    """Whether a function of `module` is in the program, so that its table tells of it.

    It has main functions (`linked_in`), which are the module's that has a `main` package.
    """
    if module == STDLIB or main:
        return True
    path = written(module)
    return any(one == path or one.startswith(f"{module}/") for one in program.packages)


def asked_for(imported: Imported, main: str) -> list[str]:
    """The linker's names of what is imported, of a whole package its path and a dot.

    `main` is the import path of the program's own package, which the linker calls so.
    """
    package = "main" if imported.path == main else written(imported.path)
    return [f"{package}.{symbol}" for symbol in imported.symbols] or [f"{package}."]


def is_linked(name: str, program: Linked) -> bool:
    """Whether a function, or anything of the package whose path ends with a dot, is linked in."""
    if name.endswith("."):
        return name[:-1] in program.packages
    return key(name) in program.names


def _present(imports: Iterable[Imported], program: Linked, main: str) -> Iterator[str]:
    for one in imports:
        for name in asked_for(one, main):
            if is_linked(name, program):
                yield name
