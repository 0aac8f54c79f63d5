"""The shell's own commands, and those that only look at text."""

from __future__ import annotations

import re
from typing import Final

from distil.distros.debian.effects.evaluation import Evaluation, Handler
from distil.distros.debian.effects.expansion import Text
from distil.distros.debian.effects.outcome import DONE, FAILED, UNKNOWN, Leave, Result
from distil.distros.debian.formats.shell import parse_script
from distil.errors import MalformedScript
from distil.model.node import Kind

CONFMODULE: Final = "/usr/share/debconf/confmodule"
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_ESCAPES: Final = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}
_FILE_TESTS: Final = frozenset("bcdefghkLprsSwxGO")
_COMPARED: Final = {
    "-eq": int.__eq__,
    "-ne": int.__ne__,
    "-lt": int.__lt__,
    "-le": int.__le__,
    "-gt": int.__gt__,
    "-ge": int.__ge__,
}


_SIMPLE_PATTERN: Final = re.compile(r"\^?(?:[\w /:.,=@~-]|\[\^?[\w:.-]+\]|\*)*\$?")
"""A pattern that means the same to grep and to Python."""


# --- test ------------------------------------------------------------------------------------


def _bracket(run: Evaluation, arguments: list[Text]) -> Result:
    if not arguments or arguments[-1] not in ("]", "]]"):
        return UNKNOWN
    return _test(run, arguments[:-1])


def _test(run: Evaluation, arguments: list[Text]) -> Result:
    return Result(_judged(run, arguments))


def _judged(run: Evaluation, words: list[Text]) -> bool | None:
    """test(1): ``-o`` binds least, then ``-a``, then ``!``."""
    for operator, absorbing in (("-o", True), ("-a", False)):
        if operator in words[1:-1] and len(words) > 3:
            at = words.index(operator, 1)
            return _both(_judged(run, words[:at]), _judged(run, words[at + 1 :]), absorbing)
    if len(words) > 1 and words[0] == "!":
        inner = _judged(run, words[1:])
        return None if inner is None else not inner
    answer: bool | None = False if not words else None
    if len(words) == 1 and words[0] is not None:
        answer = words[0] != ""
    elif len(words) == 2:
        answer = _unary(run, words[0], words[1])
    elif len(words) == 3:
        answer = _binary(words[0], words[1], words[2])
    return answer


def _both(left: bool | None, right: bool | None, absorbing: bool) -> bool | None:
    if absorbing in (left, right):
        return absorbing
    return None if None in (left, right) else not absorbing


def _unary(run: Evaluation, operator: Text, operand: Text) -> bool | None:
    if operand is None or operator is None:
        return None
    if operator in ("-n", "-z"):
        return (operand == "") is (operator == "-z")
    if operator == "-t":
        return False
    if not operand or operator[1:] not in _FILE_TESTS:
        return False if not operand else None
    return _file_test(run, operator[1], operand)


def _file_test(run: Evaluation, letter: str, path: str) -> bool:
    if letter in "Lh":
        node = run.machine.find(path, follow=False)
        return node is not None and node.kind is Kind.SYMLINK
    node = run.machine.find(path)
    if node is None:
        return False
    answers = {
        "d": node.kind is Kind.DIRECTORY,
        "f": node.kind is Kind.FILE,
        "x": bool(node.mode & 0o111),
        "s": node.size > 0,
    }
    return answers.get(letter, letter in "erw")


def _binary(left: Text, operator: Text, right: Text) -> bool | None:
    if left is None or right is None or operator is None:
        return None
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    compare = _COMPARED.get(operator)
    if compare is None or not left.lstrip("-").isdigit() or not right.lstrip("-").isdigit():
        return None
    return bool(compare(int(left), int(right)))


# --- flow and variables ----------------------------------------------------------------------


def _leave(word: str) -> Handler:
    def leave(run: Evaluation, arguments: list[Text]) -> Result:
        text = arguments[0] if arguments else run.variable("?")
        raise Leave(word, None if text is None else text == "0")

    return leave


def _declare(run: Evaluation, arguments: list[Text]) -> Result:
    for argument in arguments:
        found = _ASSIGNMENT.fullmatch(argument or "")
        if found is not None:
            run.assign(found[1], found[2])
    return DONE


def _unset(run: Evaluation, arguments: list[Text]) -> Result:
    for argument in arguments:
        if argument is not None and not argument.startswith("-"):
            run.assign(argument, "")
    return DONE


def _set(run: Evaluation, arguments: list[Text]) -> Result:
    if "--" in arguments:
        run.arguments = arguments[arguments.index("--") + 1 :]
    return DONE


def _shift(run: Evaluation, arguments: list[Text]) -> Result:
    text = (arguments[0] if arguments else None) or ""
    count = int(text) if text.isdigit() else 1
    run.arguments = run.arguments[count:]
    return DONE


def _read(run: Evaluation, arguments: list[Text]) -> Result:
    names = [name for name in arguments if name and not name.startswith("-")]
    if run.input is None:
        for name in names:
            run.assign(name, None)
        return UNKNOWN
    line, newline, run.input = run.input.partition("\n")
    words = line.split(None, max(0, len(names) - 1))
    for number, name in enumerate(names):
        run.assign(name, words[number] if number < len(words) else "")
    return DONE if newline else FAILED


def _eval(run: Evaluation, arguments: list[Text]) -> Result:
    if None in arguments:
        return run.report("runs a command that is computed")
    return _sourced(run, " ".join(word or "" for word in arguments), "what eval is given")


def _source(run: Evaluation, arguments: list[Text]) -> Result:
    path = arguments[0] if arguments else None
    if path is None:
        return run.report("reads a script whose name is computed")
    if path.startswith(CONFMODULE):
        return DONE
    data = run.machine.contents(path)
    if data is None:
        return run.report(f"reads {path}")
    return _sourced(run, data.decode("utf-8", "surrogateescape"), path)


def _sourced(run: Evaluation, text: str, what: str) -> Result:
    try:
        body = parse_script(text)
    except MalformedScript as error:
        return run.report(f"reads {what}: {error.message}")
    return run.run(body)


def _command(run: Evaluation, arguments: list[Text]) -> Result:
    if arguments and arguments[0] in ("-v", "-V"):
        return _which(run, arguments[1:])
    rest = [word for word in arguments if word not in ("-p", "--")]
    return run.call(rest) if rest else DONE


def _which(run: Evaluation, arguments: list[Text]) -> Result:
    names = [word for word in arguments if word is None or not word.startswith("-")]
    if not names or names[0] is None:
        return UNKNOWN
    name = names[0]
    if name in run.functions or name in SHELL_COMMANDS:
        return Result(status=True, output=name + "\n")
    found = run.machine.executable(name)
    return Result(status=True, output=found + "\n") if found else FAILED


def _run_quietly(run: Evaluation, arguments: list[Text]) -> Result:
    """``env``, ``exec``, ``nice``: the command they are given."""
    rest = list(arguments)
    while rest and rest[0] is not None and (rest[0].startswith("-") or "=" in rest[0]):
        rest.pop(0)
    return run.call(rest) if rest else DONE


# --- text ------------------------------------------------------------------------------------


def _echo(run: Evaluation, arguments: list[Text]) -> Result:  # noqa: ARG001
    if None in arguments:
        return Result(status=True, output=None)
    words = [word or "" for word in arguments]
    end = "\n"
    while words and words[0] in ("-n", "-e", "-E"):
        end = "" if words.pop(0) == "-n" else end
    return Result(status=True, output=" ".join(words) + end)


def _printf(run: Evaluation, arguments: list[Text]) -> Result:  # noqa: ARG001
    if not arguments or None in arguments:
        return Result(status=True, output=None)
    text, *values = (word or "" for word in arguments)
    for escape, char in _ESCAPES.items():
        text = text.replace(escape, char)
    if text.count("%s") != len(values) or text.count("%") != len(values):
        return Result(status=True, output=text if not values and "%" not in text else None)
    for value in values:
        text = text.replace("%s", value, 1)
    return Result(status=True, output=text)


def _dirname(run: Evaluation, arguments: list[Text]) -> Result:  # noqa: ARG001
    path = arguments[0] if arguments else None
    if path is None:
        return UNKNOWN
    parent = path.rstrip("/").rpartition("/")[0]
    return Result(status=True, output=(parent or ("/" if path.startswith("/") else ".")) + "\n")


def _basename(run: Evaluation, arguments: list[Text]) -> Result:  # noqa: ARG001
    if not arguments or None in arguments:
        return UNKNOWN
    name, *suffix = (word or "" for word in arguments)
    name = name.rstrip("/").rpartition("/")[2]
    if suffix and name != suffix[0]:
        name = name.removesuffix(suffix[0])
    return Result(status=True, output=name + "\n")


def _cut(run: Evaluation, arguments: list[Text]) -> Result:
    text = "".join(f"{word or ''} " for word in arguments).strip()
    found = re.fullmatch(r"-d ?['\"]?(.)['\"]? -f ?(\d+)|-f ?(\d+) -d ?['\"]?(.)['\"]?", text)
    if found is None or run.input is None:
        return Result(status=True, output=None)
    separator, number = (found[1] or found[4]), int(found[2] or found[3])
    lines = [line.split(separator) for line in run.input.splitlines()]
    fields = [line[number - 1] if number <= len(line) else "" for line in lines]
    return Result(status=True, output="".join(field + "\n" for field in fields))


def _pure(run: Evaluation, arguments: list[Text]) -> Result:
    """What only prints something that is not worked out here; sed -i changes files."""
    for argument in arguments:
        if argument and (argument.startswith(("-i", "--in-place")) or argument == "-delete"):
            return run.report("edits " + " ".join(word or "…" for word in arguments)[-80:])
    return Result(None, None)


def _grep(run: Evaluation, arguments: list[Text]) -> Result:
    """Whether the input has a line with a simple pattern; other uses are not worked out."""
    words = [word or "" for word in arguments]
    options = "".join(word[1:] for word in words if word.startswith("-"))
    options = options.replace("-quiet", "q").replace("-silent", "q")
    names = [word for word in words if not word.startswith("-")]
    plain = len(names) == 1 and None not in arguments and set(options) <= set("qsxEF")
    if not plain or run.input is None or not _SIMPLE_PATTERN.fullmatch(names[0]):
        return _pure(run, arguments)
    expression = re.escape(names[0]) if "F" in options else names[0]
    if "x" in options:
        expression = f"^(?:{expression})$"
    found = [line for line in run.input.splitlines() if re.search(expression, line)]
    printed = "" if "q" in options else "".join(line + "\n" for line in found)
    return Result(status=bool(found), output=printed)


_PURE: Final = (
    "awk", "cmp", "comm", "date", "diff", "df", "du", "egrep", "expr", "fgrep", "find",
    "head", "hostname", "logname", "lsb_release", "md5sum", "mktemp", "mawk", "od",
    "pidof", "pgrep", "ps", "sed", "seq", "sha1sum", "sha256sum", "sha512sum", "sort", "stat",
    "tail", "tr", "uname", "uniq", "wc", "whoami", "runlevel", "ss", "ischroot", "tempfile",
    "nproc", "arch", "cksum", "strings", "rev",
)  # fmt: skip


def _done(run: Evaluation, arguments: list[Text]) -> Result:  # noqa: ARG001
    return DONE


SHELL_COMMANDS: Final[dict[str, Handler]] = {
    "[": _bracket,
    "[[": _bracket,
    "test": _test,
    ":": _done,
    "true": _done,
    "false": lambda run, arguments: FAILED,  # noqa: ARG005
    "exit": _leave("exit"),
    "return": _leave("return"),
    "break": _leave("break"),
    "continue": _leave("continue"),
    "local": _declare,
    "export": _declare,
    "readonly": _declare,
    "unset": _unset,
    "set": _set,
    "shift": _shift,
    "read": _read,
    "eval": _eval,
    ".": _source,
    "source": _source,
    "command": _command,
    "which": _which,
    "type": _which,
    "env": _run_quietly,
    "exec": _run_quietly,
    "echo": _echo,
    "printf": _printf,
    "dirname": _dirname,
    "basename": _basename,
    "cut": _cut,
    "grep": _grep,
    **dict.fromkeys(("trap", "umask", "cd", "wait", "sleep", "hash", "ulimit", "sync"), _done),
    **dict.fromkeys(_PURE, _pure),
}
"""Handlers by name; they change nothing but the script's own variables."""
