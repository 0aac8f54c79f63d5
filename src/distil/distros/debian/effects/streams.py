"""Where the output of commands goes, and what is said of what they would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from distil.distros.debian.effects.expansion import Input, State, Words
from distil.distros.debian.effects.machine import Machine
from distil.distros.debian.effects.outcome import Refused, Status, Text, Unclear
from distil.distros.debian.formats.shell_syntax import Redirect
from distil.model.node import Kind

_IGNORED_TARGETS: Final = ("/dev/", "/proc/", "/sys/")
_EMPTY_AT_FIRST: Final = ("/tmp/", "/run/", "/var/run/", "/var/log/")  # noqa: S108
"""Where files are begun, and what is written to them is no part of an image."""

SHOWN: Final = 120
"""Characters of one report."""

MAX_REPORTED: Final = 20
"""What is reported of one script at most."""


class Streams(Words):
    """Printing and redirections of a script of `package`, and reports of what is not done."""

    def __init__(self, machine: Machine, package: str, state: State) -> None:
        super().__init__(machine, state)
        self.package = package
        self.unhandled: dict[str, None] = {}
        self.failure: Text = "1"
        """The exit code of the command that fails now."""
        self.refused = False
        """Whether a redirection has failed."""
        self.uncertain = 0
        """How many branches that may not be taken the script is in."""
        self.doubts: set[str] = set()
        """Why what comes here may not be reached: the words that may have left."""
        self.printed: list[Text] = []
        self._begun_anew: set[str] = set()

    def print(self, text: Text) -> None:
        """Print to wherever standard output goes; None: something that is not known."""
        self.machine.budget.spend(len(text or ""))
        self.printed.append(text)

    def report(self, what: str) -> Status:
        """Something that cannot be done or understood."""
        what = what[:SHOWN]
        if what not in self.unhandled:
            self.unhandled["does more that is not followed" if self._full() else what] = None
        return None

    def _full(self) -> bool:
        return len(self.unhandled) >= MAX_REPORTED

    def change(self, what: str, action: Callable[[], object]) -> Status:
        """Do something to the machine, or report it when it is not certain to happen."""
        if self.uncertain or self.doubts:
            return self.report(f"may {what}")
        action()
        return True

    @contextmanager
    def capture(self) -> Iterator[list[Text]]:
        """Keep what is printed meanwhile instead of printing it."""
        outer, self.printed = self.printed, []
        try:
            yield self.printed
        finally:
            self.printed = outer

    def redirected(self, redirects: tuple[Redirect, ...], work: Callable[[], Status]) -> Status:
        """Do `work` with its input and output where `redirects` say."""
        if not redirects:
            return work()
        outer = self.state.input
        target: str | None = ""
        printed: list[Text] = []
        try:
            target = self._redirect(redirects)
            with self.capture() as printed:
                status = work()
        except Refused:
            self.failure = self.state.code = "2"
            self.refused = True
            return False
        except Unclear:
            return self.report("redirects in a way that is computed")
        finally:
            self.state.input = outer
            if target:
                self._write(target, joined(printed))
            elif target is None:
                self.printed += printed
        if target is None and status is not True and any(r.number == "2" for r in redirects):
            self.printed.append(None)  # Messages may have gone the same way.
        return status

    def _redirect(self, redirects: tuple[Redirect, ...]) -> str | None:
        """Follow `redirects`: the file that output goes to, nothing for nowhere, None: as ever."""
        target: str | None = None
        for redirect in redirects:
            output = redirect.number in ("", "1")
            if redirect.operator in ("<", "<<", "<<-"):
                self.state.input = self._opened(redirect)
            elif redirect.operator == ">&":
                if output:
                    target = None if self.text_of(redirect.target) == "1" else ""
            else:
                begun = self._begun(redirect)
                target = begun if output else target
        return target

    def _opened(self, redirect: Redirect) -> Input:
        path = self.text_of(redirect.target)
        if redirect.operator != "<" or path is None:
            return Input(path)
        node, data = self.machine.find(path), self.machine.contents(path)
        if node is not None and node.kind is Kind.DIRECTORY:
            data = b""  # It can be opened, and not read.
        if data is None and not path.startswith(_IGNORED_TARGETS):
            raise Refused
        return Input(None if data is None else data.decode("utf-8", "surrogateescape"))

    def _begun(self, redirect: Redirect) -> str:
        """Begin a file that output goes to; its path, or nothing when it is not of interest."""
        path = self.text_of(redirect.target)
        if path is None:
            raise Unclear
        if path.startswith(_IGNORED_TARGETS):
            return ""
        path = self.machine.absolute(path)
        if redirect.number not in ("", "1"):
            self.report(f"writes {path}")
        elif redirect.operator != ">>" or self.machine.find(path) is None:
            if self.machine.find(path) is None:
                self._begun_anew.add(path)
            self.change(f"write {path}", lambda: self.put(path, b""))
        return path

    def _write(self, path: str, output: Text) -> None:
        if path.startswith(_EMPTY_AT_FIRST) and (output is None or path in self.machine.unknown):
            self.machine.unknown.add(path)
            return
        if output is None:
            self.report(f"writes {path}")
            if path in self._begun_anew and self.machine.find(path) is not None:
                self.machine.remove(path)
            return
        if self.machine.find(path) is None:
            return  # It was removed meanwhile.
        data = output.encode("utf-8", "surrogateescape")
        try:
            before = self.machine.contents(path) or b""
            self.change(f"write {path}", lambda: self.put(path, before + data))
        except (Refused, Unclear):
            self.report(f"writes {path}")

    def put(self, path: str, data: bytes) -> None:
        """Write a file, as a redirection does. Raises what `Machine.write` does, and `Unclear`."""
        self.machine.write(path, data, self.package, self.permitted(0o666))

    def permitted(self, mode: int) -> int:
        """`mode` less what the umask takes away. Raises `Unclear`."""
        if self.state.mask is None:
            raise Unclear
        return mode & ~int(self.state.mask, 8)


def joined(outputs: Iterable[Text]) -> Text:
    """Everything that was printed; None when some of it is not known."""
    known = []
    for output in outputs:
        if output is None:
            return None
        known.append(output)
    return "".join(known)
