"""Arguments of commands: options as getopt(3) splits them, numbers, and that all is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from distil.distros.debian.effects.outcome import Status, Text, Unclear
from distil.distros.debian.effects.shell import Handler, Shell

_NUMBER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)


Options = dict[str, str]
"""Options by their short names, each with its value or an empty one."""


class Arguments(NamedTuple):
    """The options, and what else there is."""

    options: Options
    names: list[str]


@cache
def _specification(text: str) -> dict[str, tuple[str, str]]:
    """How an option is written, to its short name and ``:`` or ``?`` if it takes a value."""
    found = {}
    for word in text.split():
        valued = word[-1] if word[-1] in ":?" else ""
        written, _, short = word.removesuffix(valued).partition("=")
        written = ("-" if len(written) == 1 else "--") + written
        found[written] = (short or written.lstrip("-"), valued)
    return found


def parse(arguments: list[str], specification: str) -> Arguments:
    """Split at the options of `specification`; anything else that looks like one is `Unclear`.

    ``p m: parents=p mode=m:`` are ``-p``, ``-m VALUE``, ``--parents`` and ``--mode VALUE``;
    ``tmpdir=p?`` is ``--tmpdir`` and ``--tmpdir=VALUE``.
    """
    known_options = _specification(specification)
    options: Options = {}
    names: list[str] = []
    rest = arguments[::-1]
    while rest:
        argument = rest.pop()
        if argument == "--":
            return Arguments(options, names + rest[::-1])
        if not argument.startswith("-") or argument == "-":
            names.append(argument)
            continue
        written, equals, value = argument.partition("=")
        if not argument.startswith("--"):
            written, equals, value = argument[:2], argument[2:], argument[2:]
        if written not in known_options:
            raise Unclear
        short, valued = known_options[written]
        if valued == ":" and not equals:
            if not rest:
                raise Unclear
            value = rest.pop()
        elif not valued and equals:
            if argument.startswith("--"):
                raise Unclear
            rest.append(f"-{value}")
            value = ""
        options[short] = value
    return Arguments(options, names)


def known(work: Callable[[Shell, list[str]], Status]) -> Handler:
    """The handler of a command that cannot be followed unless all its arguments are known."""

    def checked(run: Shell, arguments: list[Text]) -> Status:
        words = [word for word in arguments if word is not None]
        if len(words) < len(arguments):
            raise Unclear
        return work(run, words)

    return checked


def parsed(
    work: Callable[[Shell, Options, list[str]], Status],
    specification: str = "",
    count: int | None = None,
) -> Handler:
    """As `known`, for a command with the options of `specification` and maybe `count` names."""

    def split(run: Shell, arguments: list[str]) -> Status:
        options, names = parse(arguments, specification)
        if count is not None and len(names) != count:
            raise Unclear
        return work(run, options, names)

    return known(split)


def only_prints(handler: Handler) -> Handler:
    """`handler` of a command without effects: where it gives up, what is printed is unknown."""

    def tried(run: Shell, arguments: list[Text]) -> Status:
        try:
            return handler(run, arguments)
        except Unclear:
            run.print(None)
            return None

    return tried


def done(run: Shell, arguments: list[Text]) -> Status:  # noqa: ARG001
    """Succeed without doing anything: the handler of what an image need not have done."""
    return True


def number(text: str) -> int | None:
    """A decimal number of reasonable length, or None."""
    return int(text) if _NUMBER.fullmatch(text) else None
