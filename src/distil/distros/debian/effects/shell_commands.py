"""The shell's own commands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from typing import Final

from distil.distros.debian.effects.arguments import done, known, number
from distil.distros.debian.effects.outcome import Leave, Status, Text, Unclear
from distil.distros.debian.effects.shell import Handler, Shell
from distil.distros.debian.errors import MalformedScript
from distil.model.node import Kind, Node

_CONFMODULE: Final = "/usr/share/debconf/confmodule"
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?", re.DOTALL | re.ASCII)
_MASK: Final = re.compile("[0-7]{1,4}")
_BLANK: Final = " \t"
_COMPARED: Final[dict[str, Callable[[int, int], bool]]] = {
    "-eq": int.__eq__,
    "-ne": int.__ne__,
    "-lt": int.__lt__,
    "-le": int.__le__,
    "-gt": int.__gt__,
    "-ge": int.__ge__,
}
_BINARY: Final = frozenset({"=", "==", "!=", "-nt", "-ot", "-ef", *_COMPARED})
_KINDS: Final = {
    "L": Kind.SYMLINK, "h": Kind.SYMLINK, "d": Kind.DIRECTORY, "f": Kind.FILE, "p": Kind.FIFO,
    "b": Kind.BLOCK, "c": Kind.CHARACTER,
}  # fmt: skip
_UNARY: Final = frozenset("nztLhdfpbceugkxrwsSOG")
_BITS: Final = {"u": 0o4000, "g": 0o2000, "k": 0o1000, "x": 0o111}


# --- test ------------------------------------------------------------------------------------


def _bracket(run: Shell, arguments: list[Text]) -> Status:
    if arguments[-1:] != ["]"]:
        raise Unclear
    return _test(run, arguments[:-1])


def _test(run: Shell, words: list[Text]) -> Status:
    """test(1): ``-o`` binds least, then ``-a``, then ``!``."""
    if "(" in words and len(words) > 3:
        return None
    if len(words) < 2:
        return None if None in words else bool(words and words[0])
    alternatives: list[list[Status]] = [[]]
    rest = words
    while True:
        answer, rest = _primary(run, rest)
        alternatives[-1].append(answer)
        if not rest:
            return _any([_all(one) for one in alternatives])
        if rest[0] not in ("-a", "-o") or len(rest) < 2:
            run.failure = "2"
            return None if None in words else False
        alternatives += [[]] if rest[0] == "-o" else []
        rest = rest[1:]


def _primary(run: Shell, words: list[Text]) -> tuple[Status, list[Text]]:
    """What one condition comes to, and the words behind it."""
    negated = False
    while len(words) > 1 and words[0] == "!" and not (len(words) > 2 and words[1] in _BINARY):
        negated = not negated
        words = words[1:]
    if len(words) > 2 and words[1] in _BINARY:
        size, answer = 3, _binary(words[0], words[1], words[2])
    elif len(words) > 1 and (words[0] or "")[:1] == "-" and (words[0] or "")[1:] in _UNARY:
        size, answer = 2, _unary(run, words[0], words[1])
    else:
        size, answer = 1, None if words[0] is None else words[0] != ""
    return answer if answer is None or not negated else not answer, words[size:]


def _any(answers: Iterable[Status]) -> Status:
    found = set(answers)
    return True if True in found else None if None in found else False


def _all(answers: Iterable[Status]) -> Status:
    found = set(answers)
    return False if False in found else None if None in found else True


def _unary(run: Shell, operator: Text, operand: Text) -> Status:
    if operand is None or operator is None:
        return None
    if operator in ("-n", "-z"):
        return (operand == "") is (operator == "-z")
    if operator == "-t":
        return False
    letter = operator[1:]
    node = run.machine.find(operand, follow=letter not in "Lh")
    if node is not None and letter in "OG":
        return run.machine.belongs(node, run.state.user, group=letter == "G")
    return node is not None and _has(run, node, letter)


def _has(run: Shell, node: Node, letter: str) -> bool:
    if letter in _BITS:
        return bool(run.machine.mode(node.path) & _BITS[letter])
    if letter in _KINDS:
        return node.kind is _KINDS[letter]
    if letter == "s":
        return node.size > 0 or node.kind is Kind.DIRECTORY
    return letter in "erw"


def _binary(left: Text, operator: Text, right: Text) -> Status:
    if left is None or right is None or operator is None:
        return None
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    compare = _COMPARED.get(operator)
    first, second = number(left), number(right)
    if compare is None or first is None or second is None:
        return None
    return compare(first, second)


# --- flow and variables ----------------------------------------------------------------------


def _leave(word: str) -> Handler:
    def leave(run: Shell, arguments: list[Text]) -> Status:
        code = arguments[0] if arguments else run.state.code
        value = None if code is None else number(code)
        raise Leave(word, None if value is None else str(value % 256))

    return leave


def _leave_loop(word: str) -> Handler:
    def leave(run: Shell, arguments: list[Text]) -> Status:
        if not run.loops:
            return True
        raise Leave(word, "0", count=number((arguments or ["1"])[0] or "") or 1)

    return leave


def _assigned(run: Shell, arguments: list[Text], *, local: bool) -> Status:
    for argument in arguments:
        found = _ASSIGNMENT.fullmatch(argument or "")
        if found is None and argument != "-p":
            raise Unclear
        if found is not None:
            if local:
                run.make_local(found[1])
            if found[2] is not None:
                run.assign(found[1], found[2])
    return True


def _unset(run: Shell, arguments: list[str]) -> Status:
    for argument in arguments:
        if arguments[0] == "-f":
            run.state.functions.pop(argument, None)
        else:
            run.state.variables.pop(argument, None)
    return True


def _set(run: Shell, arguments: list[Text]) -> Status:
    """``-e``, ``-f`` and ``-u`` are heeded; what else there is serves to find mistakes."""
    rest = list(arguments)
    while rest and rest[0] and rest[0][0] in "-+" and rest[0] != "--":
        word = rest.pop(0) or ""
        if word[1:] == "o":
            rest = rest[1:]
        letters = frozenset(word[1:])
        options = run.state.options
        run.state.options = options | letters if word[0] == "-" else options - letters
    if rest:
        run.state.arguments = rest[1:] if rest[0] == "--" else rest
    return True


def _shift(run: Shell, arguments: list[str]) -> Status:
    count = number(arguments[0]) if arguments else 1
    if count is None or None in run.state.arguments:
        run.state.arguments = [None] * len(run.state.arguments)
        return None
    if count > len(run.state.arguments):
        raise Leave("exit", "2")
    run.state.arguments = run.state.arguments[count:]
    return True


def _read(run: Shell, arguments: list[str]) -> Status:
    raw = arguments[:1] == ["-r"]
    names = arguments[raw:]
    separators = run.state.variables.get("IFS", " \t\n")
    if not names or any(name.startswith("-") for name in names):
        raise Unclear
    held = run.state.input
    line, end, rest = (held.text or "").partition("\n")
    clear = held.text is not None and separators in (" \t\n", *" \t:,;|", "")
    if not clear or ("\\" in line and not raw):
        held.text = None
        for name in names:
            run.assign(name, None)
        return None
    run.machine.budget.spend(len(line) + len(rest) // 16)
    held.text = rest
    most = len(names) - 1
    words = [line]
    if separators and separators[0] in _BLANK:
        line = line.strip(_BLANK)
        words = re.split(f"[{_BLANK}]+", line, maxsplit=most) if most else [line]
    elif separators and most:
        words = line.split(separators, most)
    for at, name in enumerate(names):
        run.assign(name, words[at] if at < len(words) else "")
    return bool(end)


def _eval(run: Shell, arguments: list[str]) -> Status:
    return _sourced(run, " ".join(arguments))


def _source(run: Shell, arguments: list[str]) -> Status:
    if not arguments or "/" not in arguments[0]:
        raise Unclear
    if arguments[0].startswith(_CONFMODULE):
        return True
    data = run.machine.contents(arguments[0])
    if data is None:
        raise Unclear
    try:
        return _sourced(run, data)
    except Leave as leave:
        if leave.word != "return":
            raise
        return leave.status


def _sourced(run: Shell, text: str | bytes) -> Status:
    try:
        body = run.parsed(text)
    except MalformedScript:
        raise Unclear from None
    return run.run(body)


def _command(run: Shell, arguments: list[Text]) -> Status:
    if arguments and arguments[0] in ("-v", "-V"):
        return _which(run, arguments[1:])
    rest = [word for word in arguments if word not in ("-p", "--")]
    return run.call(rest, functions=False) if rest else True


def _which(run: Shell, arguments: list[Text]) -> Status:
    names = [word for word in arguments if word is None or not word.startswith("-")]
    if len(names) != 1 or names[0] is None:
        run.print(None)
        return None
    name = names[0]
    builtin = name in run.state.functions or name in SHELL_COMMANDS
    found = name if builtin else run.machine.executable(name)
    run.print(f"{found}\n" if found else "")
    run.failure = None
    return bool(found)


def _type(run: Shell, arguments: list[Text]) -> Status:
    run.print(None)
    status: Status = True
    for name in arguments:
        status = status and _which(run, [name])
    return status


def _env(run: Shell, arguments: list[Text]) -> Status:
    rest = list(arguments)
    while rest and rest[0] and "=" in rest[0] and rest[0][0] != "-":
        rest.pop(0)
    if not rest or not rest[0] or rest[0].startswith("-"):
        raise Unclear
    return run.call(rest, functions=False)


def _exec(run: Shell, arguments: list[Text]) -> Status:
    if not arguments:
        return True
    status = run.call(arguments, functions=False)
    raise Leave("exit", None if status is None else "0" if status else run.failure)


def _cd(run: Shell, arguments: list[Text]) -> Status:
    if len(arguments) != 1 or not arguments[0] or arguments[0].startswith("-"):
        run.go_to(None)
        raise Unclear
    # The shell takes ``..`` for the directory before, whatever link led there.
    path = posixpath.normpath(run.machine.absolute(arguments[0]))
    node = run.machine.find(path)
    if node is None or node.kind is not Kind.DIRECTORY:
        run.failure = "2"
        return False
    run.go_to(path)
    return True


def _pwd(run: Shell, arguments: list[Text]) -> Status:  # noqa: ARG001
    directory = run.state.directory
    run.print(None if directory is None else f"{directory}\n")
    return True


def _umask(run: Shell, arguments: list[Text]) -> Status:
    if not arguments:
        run.print(None if run.state.mask is None else f"{run.state.mask:0>4}\n")
        return True
    mask = arguments[0]
    run.state.mask = mask if mask and _MASK.fullmatch(mask) else None
    return True


def _trap(run: Shell, arguments: list[Text]) -> Status:
    """An action for the end of the script is kept; signals do not arrive."""
    if len(arguments) > 1 and {"0", "EXIT", None} & set(arguments[1:]):
        run.at_end = arguments[0] if arguments[0] != "-" else ""
    return True


def _failed(run: Shell, arguments: list[Text]) -> Status:  # noqa: ARG001
    return False


SHELL_COMMANDS: Final[dict[str, Handler]] = {
    "[": _bracket,
    "test": _test,
    "false": _failed,
    "exit": _leave("exit"),
    "return": _leave("return"),
    "break": _leave_loop("break"),
    "continue": _leave_loop("continue"),
    "local": lambda run, arguments: _assigned(run, arguments, local=True),
    "export": lambda run, arguments: _assigned(run, arguments, local=False),
    "readonly": lambda run, arguments: _assigned(run, arguments, local=False),
    "unset": known(_unset),
    "set": _set,
    "shift": known(_shift),
    "read": known(_read),
    "eval": known(_eval),
    ".": known(_source),
    "command": _command,
    "which": _which,
    "type": _type,
    "env": _env,
    "exec": _exec,
    "cd": _cd,
    "pwd": _pwd,
    "umask": _umask,
    "trap": _trap,
    **dict.fromkeys((":", "true", "wait", "sleep", "sync"), done),
}
"""Handlers by name; they change nothing but what the script itself knows."""
