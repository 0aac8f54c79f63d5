"""What Python code needs, as evidence for the worklist of `reach`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final

import msgspec

from distil.events import Warned, emit
from distil.model.ledger import Reason
from distil.model.node import Kind
from distil.reach.evidence import EvidenceProvider
from distil.reach.keeping import Keeping
from distil.reach.known import Known
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.command import PythonCommand
from distil.runtimes.python.reach.modules import find_layout
from distil.runtimes.python.reach.result import PythonReach
from distil.runtimes.python.reach.rules import RuleSet
from distil.runtimes.python.reach.search import PythonSearch
from distil.runtimes.python.reach.suites import is_test

OPENED: Final = "opened by name"
_INTERPRETER: Final = re.compile(r"(?:.*/)?python[\d.]*")


class PythonEvidence(EvidenceProvider):
    """Keeps the modules that can be imported, and the libraries that Python code opens.

    Python files that something else keeps, and commands that shell scripts run, are searched as
    well. `requested` are the distributions that the application asks for; what was found out is
    in `found`, the outcome of the search so far.
    """

    def __init__(
        self,
        known: Known,
        interpreter: PythonInterpreter,
        requested: tuple[str, ...],
        analyses: Analyses,
        rules: RuleSet | None = None,
    ) -> None:
        self._known = known
        self._analyses = analyses
        self._search = PythonSearch(known.tree, interpreter, rules=rules, analyses=analyses)
        plain = known.command
        self._command = PythonCommand(
            plain.words, plain.workdir, plain.environment, plain.also, requested
        )
        layout = find_layout(known.tree, interpreter)
        self._places = tuple(f"{place}/" for place in (layout.library, *layout.sites))
        self._files: set[str] = set()
        self._done = self._command
        self.found = self._run(self._command)

    def begin(self, keeping: Keeping) -> None:
        """Keep what the command reaches."""
        self._keep(keeping)

    def settle(self, keeping: Keeping) -> None:
        """Search on from what others have kept and found by now."""
        command = self._with_found(keeping)
        if command != self._done:
            self._done = command
            self.found = self._run(command)
            self._keep(keeping)

    def finish(self, keeping: Keeping) -> Mapping[str, str]:
        """Tell of further imports, and why modules and data of distributions go."""
        self._analyses.save()
        _tell_unresolved(self.found)
        for path, further in self.found.further.items():
            for reason in further:
                keeping.reasons.add(path, reason)
        return self.found.removed

    def _run(self, command: PythonCommand) -> PythonReach:
        found = self._search.run(command)
        self._known.modules.update(found.modules)
        return found

    def _with_found(self, keeping: Keeping) -> PythonCommand:
        """The command with what shell scripts run, and Python code that is kept for itself."""
        importable = [
            path
            for path in keeping.kept
            if path.endswith(".py") and path.startswith(self._places) and not is_test(path)
        ]
        scripts = self._known.scripts
        programs = {
            path
            for path, words in scripts.programs.items()
            if any(map(_INTERPRETER.fullmatch, words))
        }
        self._files |= {*importable, *programs} - self.found.kept.keys()
        return msgspec.structs.replace(
            self._command,
            also=(*self._command.also, *scripts.commands),
            files=tuple(sorted(self._files)),
        )

    # --- libraries -------------------------------------------------------------------------

    def _keep(self, keeping: Keeping) -> None:
        for path, why in self.found.kept.items():
            keeping.keep(path, why)
        for library in self.found.libraries:
            names = [library.name]
            if library.searched:
                names = self._answers(library.name)
            for name in names:
                found = self._known.native.find_library(name)
                if found is not None:
                    keeping.keep(found, Reason(OPENED, library.path, f"line {library.line}"))

    def _answers(self, name: str) -> list[str]:
        """The libraries that ``find_library(name)`` may answer: those called lib<name>.so.N."""
        expression = re.compile(rf"lib{re.escape(name)}\.so(\.\d+)*")
        return [one for one in self._names if expression.fullmatch(one) is not None]

    @cached_property
    def _names(self) -> list[str]:
        """The names of files that may be libraries, in the order of their paths."""
        nodes = (node for node in self._known.tree if "/lib" in node.path and ".so" in node.path)
        return [node.name for node in nodes if node.kind is not Kind.DIRECTORY]


def _tell_unresolved(found: PythonReach) -> None:
    unresolved = found.unresolved
    if unresolved:
        first = ", ".join(str(one) for one in unresolved[:3])
        more = f" and {len(unresolved) - 3} more" if len(unresolved) > 3 else ""
        what = "the whole standard library is kept for imports that are computed"
        emit(Warned(f"{what}: {first}{more}", minor=True))
