"""Commands that make, change and test files: coreutils(1), as far as scripts use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from distil.distros.debian.effects.evaluation import Evaluation, Handler
from distil.distros.debian.effects.expansion import Text
from distil.distros.debian.effects.outcome import DONE, FAILED, UNKNOWN, Result
from distil.formats.byte_source import CHUNK
from distil.model.node import Kind

_OCTAL: Final = re.compile(r"[0-7]{3,4}")
_SYMBOLIC: Final = re.compile(r"([ugoa]*)([+-])([rwxst]+)")
_BITS: Final = {"r": 0o444, "w": 0o222, "x": 0o111}
_WHO: Final = {"u": 0o700, "g": 0o070, "o": 0o007}
_LARGEST_COPY: Final = 64 * CHUNK


class Arguments(NamedTuple):
    """Options, each with its value or an empty one, and what else there is."""

    options: dict[str, str]
    names: list[str]


def parse_arguments(arguments: list[Text], valued: Collection[str] = ()) -> Arguments | None:
    """Split at options as getopt(3) does; `valued` ones take a value. None: something unknown."""
    options: dict[str, str] = {}
    names: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument is None:
            return None
        name, equals, value = argument.partition("=")
        if argument == "--":
            names += [word for word in rest if word is not None]
            return None if None in rest else Arguments(options, names)
        if not argument.startswith("-") or argument == "-":
            names.append(argument)
        elif equals and name.startswith("--"):
            options[name] = value
        elif argument in valued:
            options[argument] = (rest.pop(0) if rest else "") or ""
        elif argument.startswith("--"):
            options[argument] = ""
        else:
            options.update({f"-{letter}": "" for letter in argument[1:]})
    return Arguments(options, names)


def _mkdir(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments, ("-m", "--mode"))
    if parsed is None:
        return run.report("makes a directory whose name is computed")
    mode = parsed.options.get("-m") or parsed.options.get("--mode") or "755"
    result = DONE
    for path in parsed.names:
        if run.machine.find(path) is None:
            numeric = int(mode, 8) if _OCTAL.fullmatch(mode) else 0o755

            def make(path: str = path, numeric: int = numeric) -> None:
                run.machine.make_directory(path, run.package, numeric)

            result = run.change(f"make directory {path}", make)
    return result


def _touch(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments, ("-d", "-r", "-t"))
    if parsed is None:
        return run.report("makes a file whose name is computed")
    for path in parsed.names:
        if run.machine.find(path) is None:

            def make(path: str = path) -> None:
                run.machine.write(path, b"", run.package)

            run.change(f"make {path}", make)
    return DONE


def _ln(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) != 2:
        return run.report("makes a link whose name is computed")
    if "-s" not in parsed.options and "--symbolic" not in parsed.options:
        return run.report(f"makes the hard link {parsed.names[1]}")
    if "-r" in parsed.options:
        return run.report(f"makes the relative link {parsed.names[1]}")
    target, path = parsed.names
    kept = not {"-n", "-T", "--no-dereference"}.isdisjoint(parsed.options)
    existing = run.machine.find(path, follow=not kept)
    if existing is not None and existing.kind is Kind.DIRECTORY:
        path = f"{path.rstrip('/')}/{target.rsplit('/', 1)[-1]}"
    if run.machine.find(path, follow=False) is not None and "-f" not in parsed.options:
        return FAILED
    return run.change(f"link {path}", lambda: run.machine.link(path, target, run.package))


def _copy(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) != 2:
        return run.report("copies a file whose name is computed")
    source, path = parsed.names
    node = run.machine.find(source)
    if node is None:
        return FAILED
    if node.kind is not Kind.FILE or node.size > _LARGEST_COPY:
        return run.report(f"copies {source}")
    path = _into(run, path, source)
    return run.change(f"copy {path}", lambda: run.machine.copy(node, path, run.package))


def _move(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) != 2:
        return run.report("moves a file whose name is computed")
    source, path = parsed.names
    node = run.machine.find(source, follow=False)
    if node is None:
        return FAILED
    if run.machine.real(source, follow=False) not in run.machine.created:
        return run.report(f"moves {source}")
    path = _into(run, path, source)

    def move() -> None:
        run.machine.copy(node, path, run.package)
        run.machine.remove(source)

    return run.change(f"move {source}", move)


def _into(run: Evaluation, path: str, source: str) -> str:
    """`path`, or the file of the same name inside it when it is a directory."""
    existing = run.machine.find(path)
    if existing is not None and existing.kind is Kind.DIRECTORY:
        return f"{path.rstrip('/')}/{source.rsplit('/', 1)[-1]}"
    return path


def _remove(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    # What is computed here is something of earlier versions: a fresh system has none of it.
    for path in parsed.names if parsed else []:
        if run.machine.find(path, follow=False) is not None:

            def remove(path: str = path) -> None:
                run.machine.remove(path)

            run.change(f"remove {path}", remove)
    return DONE


def _rmdir(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    for path in parsed.names if parsed else []:
        found = run.machine.find(path, follow=False)
        if found is not None and not run.machine.below(path) and "/" in path[1:]:
            return run.report(f"removes {path}")
    return DONE if parsed else UNKNOWN


def _chown(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) < 2:
        return run.report("changes an owner in a way that is computed")
    owner, *paths = parsed.names
    user, _, group = owner.replace(".", ":", 1).partition(":")
    return _own(run, parsed, paths, user, group)


def _chgrp(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) < 2:
        return run.report("changes a group in a way that is computed")
    return _own(run, parsed, parsed.names[1:], "", parsed.names[0])


def _own(run: Evaluation, parsed: Arguments, paths: list[str], user: str, group: str) -> Result:
    result = DONE
    for path in _affected(run, parsed, paths):

        def own(path: str = path) -> None:
            ownership = run.machine.own(path)
            ownership.user = user or ownership.user
            ownership.group = group or ownership.group

        result = run.change(f"change the owner of {path}", own)
    return result if paths else FAILED


def _chmod(run: Evaluation, arguments: list[Text]) -> Result:
    # A mode that takes bits away looks like an option: -x, -w.
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) < 2:
        return run.report("changes a mode in a way that is computed")
    mode, *paths = parsed.names
    result = DONE
    for path in _affected(run, parsed, paths):
        node = run.machine.find(path)
        if node is None:
            continue
        before = run.machine.own(path).mode
        bits = _mode(mode, node.mode if before is None else before)
        if bits is None:
            return run.report(f"changes the mode of {path} by {mode}")
        result = run.change(f"change the mode of {path}", _setter(run, path, bits))
    return result


def _setter(run: Evaluation, path: str, bits: int) -> Callable[[], None]:
    def change() -> None:
        run.machine.own(path).mode = bits

    return change


def _affected(run: Evaluation, parsed: Arguments, paths: list[str]) -> list[str]:
    """The existing paths among `paths`, with what is below them when that was asked for."""
    found = [path for path in paths if run.machine.find(path) is not None]
    if "-R" in parsed.options or "--recursive" in parsed.options:
        found += [below for path in found for below in run.machine.below(path)]
    return found


def _mode(text: str, before: int) -> int | None:
    """A numeric or symbolic mode applied to `before`."""
    if _OCTAL.fullmatch(text):
        return int(text, 8)
    for clause in text.split(","):
        found = _SYMBOLIC.fullmatch(clause)
        if found is None:
            return None
        who = found[1].replace("a", "ugo") or "ugo"
        mask = sum(_WHO[letter] for letter in set(who))
        bits = 0
        for letter in found[3]:
            if letter == "s":
                bits |= (0o4000 if "u" in who else 0) | (0o2000 if "g" in who else 0)
            elif letter == "t":
                bits |= 0o1000
            else:
                bits |= _BITS[letter] & mask
        before = before | bits if found[2] == "+" else before & ~bits
    return before


def _install(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments, ("-m", "--mode", "-o", "--owner", "-g", "--group"))
    if parsed is None or "-d" not in parsed.options:
        return run.report("installs files")
    mode = parsed.options.get("-m") or parsed.options.get("--mode") or "755"
    owner = parsed.options.get("-o") or parsed.options.get("--owner") or ""
    group = parsed.options.get("-g") or parsed.options.get("--group") or ""
    _mkdir(run, list(parsed.names))
    _own(run, parsed, parsed.names, owner, group)
    return _chmod(run, [mode, *parsed.names])


def _readlink(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) != 1:
        return UNKNOWN
    path = parsed.names[0]
    if not parsed.options.keys().isdisjoint({"-f", "-e", "-m"}):
        found = run.machine.find(path)
        missing = found is None and "-m" not in parsed.options and "-f" not in parsed.options
        return FAILED if missing else Result(status=True, output=run.machine.real(path) + "\n")
    node = run.machine.find(path, follow=False)
    if node is None or node.kind is not Kind.SYMLINK:
        return FAILED
    return Result(status=True, output=node.target + "\n")


def _ls(run: Evaluation, arguments: list[Text]) -> Result:
    """Whether all the names are there; what would be printed is not worked out."""
    parsed = parse_arguments(arguments)
    if parsed is None:
        return UNKNOWN
    found = all(run.machine.find(name) is not None for name in parsed.names)
    return Result(found, None if found else "")


def _cat(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    if parsed is None:
        return UNKNOWN
    if not parsed.names:
        return Result(status=True, output=run.input)
    pieces = []
    for name in parsed.names:
        data = run.input.encode() if name == "-" and run.input else run.machine.contents(name)
        if data is None:
            return FAILED
        pieces.append(data.decode("utf-8", "surrogateescape"))
    return Result(status=True, output="".join(pieces))


FILE_COMMANDS: Final[dict[str, Handler]] = {
    "mkdir": _mkdir,
    "touch": _touch,
    "ln": _ln,
    "cp": _copy,
    "mv": _move,
    "rm": _remove,
    "rmdir": _rmdir,
    "unlink": _remove,
    "chown": _chown,
    "chgrp": _chgrp,
    "chmod": _chmod,
    "install": _install,
    "readlink": _readlink,
    "realpath": lambda run, arguments: _readlink(run, ["-m", *arguments]),
    "ls": _ls,
    "cat": _cat,
}
