"""Pages of the documentation as sessions: the commands they show, and what these print.

A page is read as a reader reads it, from top to bottom:

- a fence ``console`` holds commands behind ``$ `` (continued after a backslash, or behind ``> ``)
  and below each what it prints; a command without anything below it may print what it likes;
- a fence with ``title="PATH"`` is a file that the reader writes;
- HTML comments say the rest. ``<!-- session: PLACE -->`` where it all happens, an empty directory
  by default; ``<!-- given: THING -->`` what has to be there; before a fence, ``<!-- not run:
  REASON -->`` and ``<!-- run with: distil VERB -->``, for a verb that may not be there yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?P<info>\S.*)?$")
DIRECTIVE = re.compile(r"^ *<!-- (?P<name>session|given|not run|run with): (?P<what>.*) -->$")
TITLE = re.compile(r'title="(?P<path>[^"]+)"')


@dataclass
class Command:
    """One command, where it stands, and the lines below it."""

    line: int
    text: str
    expected: list[str] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        """Whether the page shows an error, so that the command has to end with one."""
        return any(line.startswith("error: ") for line in self.expected)


@dataclass(frozen=True)
class Fence:
    """A fence of any language, with the comments before it."""

    line: int
    info: str
    text: str
    not_run: str = ""
    run_with: str = ""

    @property
    def language(self) -> str:
        return self.info.split(" ")[0]

    @property
    def path(self) -> str:
        """Of the file that it is, empty if it is none."""
        found = TITLE.search(self.info)
        return found["path"] if found else ""

    @property
    def commands(self) -> list[Command]:
        """What is run, when it is a session."""
        return list(_commands(self)) if self.language == "console" else []


@dataclass(frozen=True)
class Page:
    """A page, where its session happens, and what is given there."""

    path: Path
    place: str
    given: tuple[str, ...]
    fences: tuple[Fence, ...]


def read_page(path: Path) -> Page:
    """The page in the file `path`."""
    said: dict[str, list[str]] = {}
    fences: list[Fence] = []
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    for number, line in lines:
        if found := DIRECTIVE.match(line):
            said.setdefault(found["name"], []).append(found["what"])
        elif found := FENCE.match(line):
            indent, body = found["indent"], []
            for _, inner in lines:
                if inner == f"{indent}```":
                    break
                body.append(inner.removeprefix(indent))
            else:
                raise AssertionError(f"{path}:{number}: the fence has no end")
            before = [said.pop(name, [""])[-1] for name in ("not run", "run with")]
            fences.append(Fence(number, found["info"] or "", "\n".join(body) + "\n", *before))
    assert not said.keys() & {"not run", "run with"}, f"{path}: a comment without a fence: {said}"
    place = said.get("session", ["an empty directory"])[-1]
    return Page(path, place, tuple(said.get("given", [])), tuple(fences))


def _commands(fence: Fence) -> Iterator[Command]:
    command: Command | None = None
    for number, line in enumerate(fence.text.splitlines(), fence.line + 1):
        continued = command is not None and not command.expected and command.text.endswith("\\")
        if line.startswith("$ "):
            if command is not None:
                yield command
            command = Command(number, line[2:])
        elif command is None:
            raise AssertionError(f"line {number}: output of no command")
        elif continued or (line.startswith("> ") and not command.expected):
            command.text += "\n" + line.removeprefix("> ")
        else:
            command.expected.append(line)
    if command is not None:
        yield command


# --- what is printed -------------------------------------------------------------------------

_PIECE = re.compile(
    r"(?P<any>…)"
    r"|(?P<digest>\b(?:sha256:)?[0-9a-f]{12,64}\b)"
    r"|(?P<line>(?<=\w):\d+(?=: ))"
    r"|(?P<size>\b\d[\d.,]* (?:B|kB|MB|GB)\b)"
    r"|(?P<number>(?<![\w./:@~-])\d[\w.,+~:-]*)"
    r"|(?P<gap> {2,})"
    r"|(?P<text>.)"
)
_PATTERNS = {
    "any": ".*",
    "digest": "(?:sha256:)?[0-9a-f]{12,64}",
    "line": r":\d+",
    "size": r"\d[\d.,]* (?:B|kB|MB|GB)",
    "number": r"\d[\w.,+~:-]*",
    "gap": " {2,}",
}


def is_shown(expected: list[str], printed: str) -> bool:
    """Whether `printed` is what a page shows.

    ``…`` stands for anything on a line, alone on a line for any lines. Numbers, versions and
    sizes (words that begin with a digit), digests, lines of files and the width of columns may be
    others.
    """
    lines = [line.rstrip() for line in printed.rstrip("\n").split("\n")]
    shown = "\n".join(expected).rstrip("\n").split("\n")
    pattern = "".join(_line_pattern(line) for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


def _line_pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    pieces = _PIECE.finditer(line.rstrip())
    texts = (_PATTERNS.get(piece.lastgroup or "", re.escape(piece[0])) for piece in pieces)
    return "".join(texts) + r"\n"
