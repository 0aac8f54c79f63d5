"""What one Python file imports and refers to, read from its bytes alone.

The reader is lexical (see `python_lexer`): it works for sources newer than the host's own
grammar, and where it cannot be sure it reports more than there is, never less. What is left out
on purpose: blocks under ``if TYPE_CHECKING:`` and under a test for another operating system,
which do not run on the target.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from distil.formats.possessive import compile_possessive
from distil.runtimes.python.formats.calls import (
    ALL_NAMES,
    Alias,
    Call,
    Reference,
    called_names,
    is_called,
    read_calls,
)
from distil.runtimes.python.formats.lexer import (
    COMMENT,
    FORMATTED_PREFIX,
    SPACE,
    STRING,
    decode_source,
    end_of_formatted,
)
from distil.runtimes.python.formats.place import Guard, Place
from distil.runtimes.python.formats.words import encoding_strings, mentioned, module_strings


class Import(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One module that an import statement names.

    `module` is as written, leading dots included; `names` are what ``from module import …``
    asks for (each may be a submodule), empty for ``import module``. `line` counts from 1.
    `scope` is the dotted name of the functions and classes around the statement when at least
    one is a function, so that it only runs when that is called; `main` says that it stands
    under ``if __name__ == "__main__":``, `guard` what else is around it.
    """

    module: str
    names: tuple[str, ...]
    line: int
    scope: str = ""
    main: bool = False
    guard: Guard = Guard.NONE

    @property
    def certain(self) -> bool:
        """Whether it runs whenever its module is imported, and its failure is the module's."""
        return not self.scope and not self.main and self.guard is Guard.NONE


class PythonSource(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What one file imports and refers to.

    `strings` are the string literals that have the form of a module path or of an encoding's
    name (with hyphens), collected when a reference is dynamic, the file has an ``__all__``, or
    the caller asked for them.
    `mentions` are those of the words asked for that stand anywhere in the file. `complete`
    is false when the file could not be followed to its end, so that text was taken for code.
    `encodings` are string literals that look like the name of a character encoding.
    """

    imports: tuple[Import, ...] = ()
    references: tuple[Reference, ...] = ()
    strings: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    complete: bool = True
    encodings: tuple[str, ...] = ()


_PLAIN_FORMATTED: Final = (
    r"(?:[fFtT][rR]?|[rR][fFtT])(?:"
    r'"(?!"")(?:[^"\\{\n]|\\[^{]|\{\{|\{[^{}"\\\n]*+\})*+"'
    r"|'(?!'')(?:[^'\\{\n]|\\[^{]|\{\{|\{[^{}'\\\n]*+\})*+')"
)
_KEYWORD: Final = r"(?:import|from|def|class)\b"
_OTHER_SYSTEM: Final = (
    r"sys\.platform[ ]*==[ ]*[\"'](?:win32|darwin|cygwin|emscripten|wasi|ios|android)[\"']"
    r"|os\.name[ ]*==[ ]*[\"'](?:nt|java)[\"']"
    r"|sys\.platform\.startswith\([\"'](?:win|darwin|java)[\"']\)"
)
_CONDITION: Final = (
    r"(?:(?:el)?if[ \t]+(?:(?P<typing>(?:\w+\.)?TYPE_CHECKING)"
    r"|(?P<main>__name__[ ]*==[ ]*[\"']__main__[\"'])"
    rf"|(?P<system>{_OTHER_SYSTEM}))"
    r"|(?P<caught>try|except(?:[ \t*(][^:\n]*)?|with[ \t]+(?:\w+\.)?suppress\([^()\n]*\)))[ \t]*:"
)
_UNNAMED_CONDITION: Final = re.sub(r"\?P<\w+>", "?:", _CONDITION)
_INCLUDE: Final = re.compile(r"^include[ \t]+[\"']", re.MULTILINE)
"""A statement of Cython that brings in a file which is not read here."""
_IF: Final = re.compile(_CONDITION)
_NAME: Final = compile_possessive(rf"{SPACE}++(\w+)")
_MODULES: Final = compile_possessive(rf"{SPACE}*+((?:[\w.,]|{SPACE})++)")
_PART: Final = r"(?!import\b)\w++"
_FROM: Final = compile_possessive(
    rf"((?:\.|{SPACE})*+(?:{_PART}(?:{SPACE}*+\.{SPACE}*+{_PART})*+)?+){SPACE}*+import\b{SPACE}*+"
    rf"(?:\(((?:[^()#]|{COMMENT})*+)\)|(\*)|((?:[\w,]|{SPACE})++))"
)
_COMMENT: Final = re.compile(COMMENT)
_WHITE: Final = re.compile(r"[\s\\]+")
_AROUND_DOT: Final = re.compile(r"[\s\\]*\.[\s\\]*")
_ANY_IMPORT: Final = re.compile(r"\b(?:import|from)\b")
_FLAG: Final = "TYPE_CHECKING"
_GIVEN_VALUE: Final = compile_possessive(
    rf"{_FLAG}\b[ \t]*(?::[ \t]*[\w.\[\]]+[ \t]*)?=(?!=)[ \t]*+(?!False\b)"
)


def read_python_source(
    data: bytes, *, strings: bool = False, words: Iterable[str] = ()
) -> PythonSource:
    """Read one ``.py`` file.

    `strings` asks for its string literals in any case; `words` are looked for anywhere in it.

    Never raises: what is not Python any more is searched for import statements as plain text.
    """
    text = decode_source(data)
    names = called_names(text)
    reader = _Reader(text, names)
    reader.read()
    aliases = {alias.alias: alias.name for alias in reader.aliases if is_called(alias, names)}
    if aliases:
        reader = _Reader(text, names.union(aliases), aliases)
        reader.read()
    found = read_calls(text, reader.calls)
    wanted = strings or "__all__" in text or any(reference.dynamic for reference in found)
    literals = module_strings(text) if wanted else ()
    complete = reader.complete and not ("include" in text and _INCLUDE.search(text))
    mentions = mentioned(text, tuple(words))
    encodings = encoding_strings(text)
    return PythonSource(tuple(reader.imports), found, literals, mentions, complete, encodings)


@functools.lru_cache(maxsize=256)
def _items(aliases: tuple[str, ...] | None) -> re.Pattern[str]:
    """The pattern that runs from one item of interest to the next.

    Calls are of interest unless `aliases` is None: functions by their own name or an alias.
    """
    mention = r"(?!)"
    if aliases is not None:
        mention = rf"(?:{'|'.join([*sorted(ALL_NAMES), *map(re.escape, aliases)])})\b"
    return compile_possessive(
        rf"(?:[^\w#\"']++|(?!{_KEYWORD}|{_UNNAMED_CONDITION}|{FORMATTED_PREFIX}|{mention})\w++"
        rf"|{COMMENT}|{STRING}|{_PLAIN_FORMATTED})*+"
        rf"(?:(?P<import>import)\b|(?P<from>from)\b"
        rf"|(?P<block>def|class)\b|(?={_UNNAMED_CONDITION})(?P<condition>)"
        rf"|(?P<formatted>){FORMATTED_PREFIX}|(?P<open>[\"'])|(?P<call>{mention})|\Z)",
        re.DOTALL,
    )


class _Block:
    """A header that encloses the more indented lines after it."""

    __slots__ = ("checked", "indent", "kind", "name")

    def __init__(self, indent: int, kind: str, name: str, end: int) -> None:
        self.indent = indent
        self.kind = kind
        self.name = name
        self.checked = end


class _Reader:
    """One pass over the text, collecting import statements and the blocks around them."""

    def __init__(
        self, text: str, calls: frozenset[str], aliases: Mapping[str, str] | None = None
    ) -> None:
        self.text = text
        self.imports: list[Import] = []
        self.aliases: list[Alias] = []
        self.calls: list[Call] = []
        self._wanted = calls
        self._aliased = aliases or {}
        self._items = _items(tuple(self._aliased)) if calls else _items(None)
        self.complete = True
        self._flag: bool | None = None
        self._blocks: list[_Block] = []
        self._line = 1
        self._counted = 0

    def read(self) -> None:
        """Collect everything."""
        text = self.text
        position = 0
        while (item := self._items.match(text, position)) is not None:
            kind = item.lastgroup
            end = item.end()
            if kind is None:
                return
            if kind == "import":
                position = self._import(end)
            elif kind == "from":
                position = self._from(end)
            elif kind == "block":
                position = self._definition(item.start(kind), end)
            elif kind == "condition":
                position = self._condition(end)
            elif kind == "call":
                position = self._call(item[kind], end)
            elif kind == "formatted":
                position = self._formatted(item.start(kind))
            else:
                position = self._unclosed(end)

    # --- statements ------------------------------------------------------------------------

    def _import(self, end: int) -> int:
        """``import a.b as c, d``: what follows the keyword."""
        start = end - len("import")
        match = _MODULES.match(self.text, end)
        if match is None:
            return end
        where = self._place(start)
        if where is not None:
            for module, _ in self._names(match[1]):
                self.imports.append(Import(module, (), *where))
        return match.end()

    def _from(self, end: int) -> int:
        """``from a import b as c, d``: what follows the first keyword, if it is a statement."""
        start = end - len("from")
        match = _FROM.match(self.text, end)
        if match is None:
            return end
        where = self._place(start)
        if where is not None:
            module = _module_name(match[1])
            pairs = [("*", "")] if match[3] else self._names(match[2] or match[4] or "")
            self.aliases.extend(Alias(module, name, alias) for name, alias in pairs if alias)
            names = tuple(name for name, _ in pairs)
            self.imports.append(Import(module, names, *where))
        return match.end()

    def _names(self, listed: str) -> list[tuple[str, str]]:
        """``a.b as c, d`` as pairs of name and alias."""
        if "#" in listed:
            listed = _COMMENT.sub("", listed)
        found = []
        for entry in listed.split(","):
            words = _WHITE.split(_AROUND_DOT.sub(".", entry).strip("\\ \t\f\n"))
            if words[0]:
                alias = words[2] if len(words) == 3 and words[1] == "as" else ""
                found.append((_normal(words[0]), alias))
        return found

    def _definition(self, start: int, end: int) -> int:
        """A ``def`` or ``class``: it encloses what is more indented."""
        name = _NAME.match(self.text, end)
        if name is None:
            return end
        kind = self.text[start:end]
        line_start = self.text.rfind("\n", 0, start) + 1
        lead = self.text[line_start:start]
        if lead and not lead.isspace():
            stripped = lead.strip()
            if stripped != "async":
                return name.end()
            lead = lead[: len(lead) - len(lead.lstrip())]
        self._enter(_Block(len(lead), kind, name[1], name.end()))
        return name.end()

    def _condition(self, start: int) -> int:
        match = _IF.match(self.text, start)
        if match is None:  # pragma: no cover - the item pattern has just seen it
            return start + 1
        line_start = self.text.rfind("\n", 0, start) + 1
        lead = self.text[line_start:start]
        kind = str(match.lastgroup)
        if not lead.strip() and not (kind == "typing" and self._flag_is_set()):
            self._enter(_Block(len(lead), kind, "", match.end()))
        return match.end()

    def _call(self, name: str, end: int) -> int:
        """A name that, when called, refers to a module, library or distribution."""
        where = self._place(end) if name in self._wanted else None
        if where is not None:
            self.calls.append(Call(self._aliased.get(name, name), end, *where[:3]))
        return end

    def _flag_is_set(self) -> bool:
        """Whether the file gives TYPE_CHECKING a value of its own that may be true."""
        if self._flag is None:
            self._flag = self._gives_flag()
        return self._flag

    def _gives_flag(self) -> bool:
        position = self.text.find(_FLAG)
        while position >= 0:
            renamed = self.text.endswith(" as ", 0, position)
            if renamed or _GIVEN_VALUE.match(self.text, position):
                return True
            position = self.text.find(_FLAG, position + 1)
        return False

    # --- text that is not plain ------------------------------------------------------------

    def _formatted(self, start: int) -> int:
        end = end_of_formatted(self.text, start)
        if end >= 0:
            return end
        return self._unclosed(start + (2 if self.text[start + 1] in "\"'" else 3))

    def _unclosed(self, position: int) -> int:
        """A quote that nothing closes: take the line (or, for three quotes, the rest) as code."""
        self.complete = False
        quote = self.text[position - 1 : position + 2]
        triple = quote in {'"""', "'''"}
        end = len(self.text) if triple else self.text.find("\n", position)
        end = len(self.text) if end < 0 else end
        while (match := _ANY_IMPORT.search(self.text, position, end)) is not None:
            word_end = match.end()
            position = self._import(word_end) if match[0] == "import" else self._from(word_end)
        return max(position, end)

    # --- places ----------------------------------------------------------------------------

    def _place(self, position: int) -> Place | None:
        """The place of code at `position`; None when it does not run on the target.

        Must be asked in rising order of position while reading.
        """
        if position >= self._counted:
            self._line += self.text.count("\n", self._counted, position)
            self._counted = position
        line_start = self.text.rfind("\n", 0, position) + 1
        if self.text[line_start] not in " \t":
            self._blocks.clear()
            guard = Guard.NONE if position == line_start else Guard.CONDITION
            return Place(self._line, "", main=False, guard=guard)
        return self._indented(position, line_start)

    def _indented(self, position: int, line_start: int) -> Place | None:
        lead = self.text[line_start:position]
        indent = len(lead) - len(lead.lstrip(" \t"))
        self._leave(indent)
        for index, block in enumerate(self._blocks):
            if _dedent(block.indent).search(self.text, block.checked, line_start) is not None:
                del self._blocks[index:]
                break
            block.checked = line_start - 1
        kinds = {block.kind for block in self._blocks}
        if kinds & {"typing", "system"}:
            return None
        scope = ".".join(block.name for block in self._blocks if block.name)
        if "def" not in kinds:
            guard = Guard.CAUGHT if "caught" in kinds else Guard.CONDITION
            return Place(self._line, "", "main" in kinds, guard)
        return Place(self._line, scope, "main" in kinds, self._guard_in_function())

    def _guard_in_function(self) -> Guard:
        for block in reversed(self._blocks):
            if block.kind in {"caught", "def"}:
                return Guard.CAUGHT if block.kind == "caught" else Guard.NONE
        return Guard.NONE

    def _enter(self, block: _Block) -> None:
        self._leave(block.indent)
        self._blocks.append(block)

    def _leave(self, indent: int) -> None:
        while self._blocks and self._blocks[-1].indent >= indent:
            self._blocks.pop()


@functools.cache
def _dedent(indent: int) -> re.Pattern[str]:
    """A line of code indented at most by `indent`; closing brackets and comments are not one."""
    return re.compile(rf"\n[ \t]{{0,{indent}}}+(?![ \t\n#)\]}}]|\Z)")


def _module_name(written: str) -> str:
    return _normal(_WHITE.sub("", written))


def _normal(name: str) -> str:
    """An identifier as the interpreter compares it (PEP 3131: NFKC)."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)
