"""Commands that print: what they make of text, as far as scripts rely on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from distil.distros.debian.effects.arguments import Options, known, number, only_prints, parsed
from distil.distros.debian.effects.glob import Pattern
from distil.distros.debian.effects.outcome import Status, Text, Unclear
from distil.distros.debian.effects.shell import Handler, Shell

_DIRECTIVE: Final = re.compile(r"\\[\s\S]|%[\s\S]?")
_ESCAPED: Final = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}
_CHANGES: Final = re.compile(r"-i|--in-place|-delete$|-exec|-ok|-f?print0?f$|-fls$|-o$|--output")
"""Options with which a command that looks at files changes some."""
_PLAIN: Final = re.compile(r"[\w-]+", re.ASCII)
"""A pattern that stands for itself."""


def _echo(run: Shell, arguments: list[Text]) -> Status:
    words = [word for word in arguments if word is not None]
    end = "\n"
    if words[:1] == ["-n"]:
        end = ""
        words.pop(0)
    text = " ".join(words)
    if len(words) + (not end) < len(arguments) or "\\" in text or words[:1] in (["-e"], ["-E"]):
        # What becomes of a backslash depends on the shell.
        run.print(None)
    else:
        run.print(text + end)
    return True


def _printf(run: Shell, arguments: list[Text]) -> Status:
    words = [word for word in arguments if word is not None]
    if not words or len(words) < len(arguments):
        run.print(None)
        return True
    form, *values = words
    directives = set(_DIRECTIVE.findall(form)) - _ESCAPED.keys()
    if not directives <= {"%s", "%%"}:
        run.print(None)
        return True
    rest = values[::-1]
    while True:
        before = len(rest)
        run.print(_DIRECTIVE.sub(lambda found: _directed(found[0], rest), form))
        if not rest or len(rest) == before:
            return True


def _directed(directive: str, rest: list[str]) -> str:
    if directive == "%s":
        return rest.pop() if rest else ""
    return "%" if directive == "%%" else _ESCAPED[directive]


def _dirname(run: Shell, options: Options, names: list[str]) -> Status:  # noqa: ARG001
    parent = names[0].rstrip("/").rpartition("/")[0].rstrip("/")
    run.print((parent or ("/" if names[0].startswith("/") else ".")) + "\n")
    return True


def _basename(run: Shell, arguments: list[str]) -> Status:
    if not 0 < len(arguments) < 3 or arguments[0].startswith("-"):
        raise Unclear
    name, *suffix = arguments
    name = name.rstrip("/").rpartition("/")[2] or name[:1]
    if suffix and name != suffix[0]:
        name = name.removesuffix(suffix[0])
    run.print(name + "\n")
    return True


def _cut(run: Shell, options: Options, names: list[str]) -> Status:
    held, place = run.state.input.text, number(options.get("f", ""))
    if names or held is None or place is None or place < 1 or "s" in options:
        run.print(None)
        return True
    separator = options.get("d", "\t")[:1]
    for line in held.splitlines():
        fields = line.split(separator) if separator else [line]
        alone = len(fields) == 1
        run.print((line if alone else fields[place - 1] if place <= len(fields) else "") + "\n")
    return True


def _grep(run: Shell, options: Options, names: list[str]) -> Status:
    """Whether there is a line with a simple pattern; other uses are not worked out."""
    if not names or len(names) > 2 or not {"i", "c", "v"}.isdisjoint(options):
        raise Unclear
    text = run.state.input.text
    if len(names) == 2:
        data = run.machine.contents(names[1])
        if data is None:
            run.failure = "2"
            return False
        text = data.decode("utf-8", "surrogateescape")
    if text is None:
        raise Unclear
    if "F" in options:
        pattern = Pattern.of_shell([("*", False), (names[0], True), ("*", False)])
    else:
        pattern = Pattern.of_grep(f"^{names[0]}$" if "x" in options else names[0])
    run.machine.budget.spend(pattern.work(text))
    matches: Callable[[str], object] = pattern.matches
    if "w" in options:
        if not _PLAIN.fullmatch(names[0]):
            raise Unclear
        matches = re.compile(rf"(?<!\w){names[0]}(?!\w)", re.ASCII).search
    found = [line for line in text.removesuffix("\n").split("\n") if text and matches(line)]
    if "q" not in options:
        run.print("".join(line + "\n" for line in found))
    return bool(found)


def _cat(run: Shell, arguments: list[str]) -> Status:
    for name in arguments or ["-"]:
        if name == "-":
            run.print(run.state.input.text)
            run.state.input.text = ""
            continue
        if name.startswith("-"):
            raise Unclear
        data = run.machine.contents(name)
        if data is None:
            return False
        run.print(data.decode("utf-8", "surrogateescape"))
    return True


def _ls(run: Shell, arguments: list[str]) -> Status:
    """Whether all the names are there; what would be printed is not worked out."""
    run.print(None)
    run.failure = "2"
    return all(run.machine.find(name) for name in arguments if not name.startswith("-"))


def _looks(run: Shell, arguments: list[Text]) -> Status:
    """What only prints something that is not worked out here, unless an option says otherwise."""
    if any(_CHANGES.match(argument or "") for argument in arguments):
        raise Unclear
    run.print(None)
    return None


_LOOKING: Final = (
    "awk", "cmp", "date", "diff", "df", "egrep", "expr", "fgrep", "find",
    "head", "hostname", "md5sum", "od", "pidof", "pgrep", "ps",
    "sed", "seq", "sha512sum", "sort", "stat", "tail", "tr", "uname",
    "uniq", "wc", "runlevel", "ss", "ischroot",

)  # fmt: skip

TEXT_COMMANDS: Final[dict[str, Handler]] = {
    "echo": _echo,
    "printf": _printf,
    "dirname": only_prints(parsed(_dirname, count=1)),
    "basename": only_prints(known(_basename)),
    "cut": only_prints(parsed(_cut, "d: f: s")),
    "grep": only_prints(parsed(_grep, "q s w x F i c h v quiet=q silent=q no-messages=s")),
    "cat": only_prints(known(_cat)),
    "ls": only_prints(known(_ls)),
    **dict.fromkeys(_LOOKING, _looks),
}
"""Handlers by name; they change nothing."""
