"""Whether the Python code in a tree finds what it imports, and fits the interpreter it is for.

Works on any image, whoever built it, with virtual environments and several interpreters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.errors import LinkLoop
from distil.model.image import ContainerConfig
from distil.model.ledger import Ledger
from distil.model.tree import Tree
from distil.reach.closure import is_musl
from distil.reach.command import Command
from distil.reach.soundness import Fault, search_path
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.built_in import is_standard
from distil.runtimes.python.reach.distributions import (
    Distribution,
    find_distributions,
    normal_name,
    unmet_requirements,
)
from distil.runtimes.python.reach.imports import MAIN, Gone, Importer, MissingImport, gone_modules
from distil.runtimes.python.reach.installations import Installation, find_installations
from distil.runtimes.python.reach.modules import Module
from distil.runtimes.python.reach.programs import Program, Programs
from distil.runtimes.python.reach.provides import package_for_module
from distil.runtimes.python.reach.recorded import lost_modules
from distil.runtimes.python.reach.wheel_fit import WheelTarget, wheel_misfits

IMPORTS: Final = "imports"
SCRIPTS: Final = "console scripts"
ENTRY_POINTS: Final = "entry points"
WHEELS: Final = "wheels"

_PYPI: Final = re.compile(r"pkg:pypi/([^@?]+)")
_START: Final = ("encodings", "encodings.aliases", "encodings.utf_8")
"""What every interpreter imports before anything else, and cannot start without."""


class PythonWorld(msgspec.Struct, frozen=True):
    """What is known about the Python code of a tree.

    `commands` are what the image starts. `modules` are those that a search has reached, by
    name, with their files, and `held` the import statements (path, line) that it knows not to
    run. `gone` are the modules that were there and are not any more, `installed` the names of
    distributions that were, whether or not something is left of them.
    """

    machine: str
    commands: tuple[Command, ...] = ()
    modules: Mapping[str, str] = {}
    held: frozenset[tuple[str, int]] = frozenset()
    gone: Gone = Gone()
    installed: frozenset[str] = frozenset()


def python_world(
    tree: Tree,
    installations: Iterable[Installation],
    config: ContainerConfig,
    machine: str,
    ledger: Ledger | None = None,
) -> PythonWorld:
    """What an image tells itself about its Python code: its command, its metadata, its `ledger`."""
    environment = dict(entry.partition("=")[::2] for entry in config.env)
    words = (*config.entrypoint, *config.cmd)
    sites = dict.fromkeys(site for one in installations for site in one.layout.sites)
    lost = lost_modules(tree, find_distributions(tree, sites))
    command = Command(words, config.working_dir or "/", environment)
    cut = {one.package for one in ledger.removed} if ledger is not None else set()
    names = (_PYPI.match(purl) for purl in cut)
    installed = frozenset(normal_name(match[1]) for match in names if match is not None)
    return PythonWorld(machine, (command,), gone=gone_modules(lost), installed=installed)


def python_faults(
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    world: PythonWorld,
    analyses: Analyses,
    installations: Sequence[Installation] | None = None,
) -> list[Fault]:
    """What would fail in the Python code of `tree`: imports, entry points, compiled modules."""
    if installations is None:
        installations = find_installations(tree)
    faults: list[Fault] = []
    programs = list(_programs(tree, installations, world.commands))
    for installation in installations:
        own = [program for program in programs if program.installation == installation]
        check = _Check(tree, installation, world, analyses, own)
        faults += check.imports()
        faults += check.entry_points()
        node = tree.get(installation.real)
        program = elf.get(node.blob.digest) if node is not None and node.blob is not None else None
        musl = program is not None and is_musl(program.interpreter)
        target = WheelTarget(installation.line, world.machine, musl)
        for distribution in check.distributions:
            for path, what in wheel_misfits(tree, distribution, target):
                faults.append(Fault(WHEELS, path, what))
    return list(dict.fromkeys(faults))


def _programs(
    tree: Tree, installations: Sequence[Installation], commands: Iterable[Command]
) -> Iterator[Program]:
    """The commands first, for what they miss is told of them."""
    finder = Programs(tree, installations)
    environment: Mapping[str, str] = {}
    for command in commands:
        environment = command.environment
        yield from finder.of_command(command, search_path(environment))
    yield from finder.scripts(search_path(environment), environment)


class _Check:
    """The check of one installation."""

    def __init__(
        self,
        tree: Tree,
        installation: Installation,
        world: PythonWorld,
        analyses: Analyses,
        programs: Sequence[Program],
    ) -> None:
        self._tree = tree
        self._installation = installation
        self._world = world
        self._programs = programs
        self.distributions = find_distributions(tree, installation.layout.sites)
        self._by_name = {one.name: one for one in self.distributions}
        commanded = [p for p in programs if p.commanded]
        first = [path for program in commanded for path in program.directories]
        last = [path for program in programs for path in program.directories]
        self._importer = Importer(
            tree, installation, world.machine, (first, last), analyses, world.gone
        )

    # --- imports ---------------------------------------------------------------------------

    def imports(self) -> Iterator[Fault]:
        """Programs that cannot start, and imports of what was cut off."""
        starts = self._begin()
        yield from self._interpreter(starts)
        for program in self._programs:
            yield from self._program(program, starts)
        yield from self._reached(starts)

    def _begin(self) -> list[Module]:
        return [module for module in map(self._importer.find, _START) if module is not None]

    def _interpreter(self, starts: Iterable[Module]) -> Iterator[Fault]:
        executable = self._installation.executable
        for path in self._lacking():
            what = f"the interpreter cannot start without {path}, which is not there"
            yield Fault(IMPORTS, executable, what)
        for module in starts:
            yield from map(_fault, self._importer.start(module, executable))

    def _program(self, program: Program, starts: list[Module]) -> Iterator[Fault]:
        """What keeps `program` from starting; what it runs is added to `starts`."""
        lost = self._lost(program)
        if lost:
            what = f"{lost} is not there, so that {program.name} cannot start"
            yield Fault(IMPORTS, self._installation.executable, what)
        for chosen in program.chosen:
            missing_part = self._importer.missing_part(chosen.module)
            if missing_part:
                what = f"{chosen.said} needs {missing_part}, which is not there, "
                what += f"so that {program.name} cannot start"
                brought = "" if "." in missing_part else missing_part
                path = program.script or self._installation.executable
                yield Fault(IMPORTS, path, what, module=brought)
        for module in self._modules(program):
            starts.append(module)
            for missing in self._importer.start(module, program.name):
                if program.commanded or missing.because or self._is_owed(missing):
                    yield _fault(missing)

    def _reached(self, starts: list[Module]) -> Iterator[Fault]:
        """Imports of what is gone, in all that can be reached."""
        for name, path in self._world.modules.items():
            module = self._importer.find(name)
            if module is not None:
                starts.append(module)
            elif path and _is_missing(self._tree, path):
                what = f"it is the module {name}, which the program can import, and not there"
                yield Fault(IMPORTS, path, what)
        if self._world.gone.complete and not self._world.modules:
            return  # Nobody has told what runs: what was cut on purpose may be named in a function.
        reached = frozenset(self._world.modules.values()) if self._world.modules else None
        yield from map(_fault, self._importer.anywhere(starts, self._world.held, reached=reached))

    def _lacking(self) -> Iterator[str]:
        """What the interpreter needs to start, and lacks."""
        landmark = f"{self._installation.layout.library}/os.py"
        if landmark not in self._tree:
            yield landmark
        yield from (name for name in _START if self._importer.find(name) is None)

    def _modules(self, program: Program) -> Iterator[Module]:
        if program.script and program.script in self._tree:
            yield Module(MAIN, program.script)
        chosen = (one.module for one in program.chosen)
        for name in filter(None, (program.run, *program.modules, *chosen)):
            parts = name.split(".")
            names = [".".join(parts[: end + 1]) for end in range(len(parts))]
            for one in (*names, f"{name}.{MAIN}"):
                found = self._importer.find(one)
                if found is not None:
                    yield found

    def _lost(self, program: Program) -> str:
        """What `program` runs first and is not there; empty when all is well."""
        if program.script and _is_missing(self._tree, program.script):
            return program.script
        if not program.run:
            return ""
        module = self._importer.find(program.run)
        name = f"{program.run}.{MAIN}" if module is not None and module.search else program.run
        return self._importer.missing_part(name)

    def _is_owed(self, missing: MissingImport) -> bool:
        """Whether the distribution that imports something requires what is not there.

        Otherwise it is an optional part, and the script that needs it is optional as well; so are
        parts of the standard library that have packages of their own.
        """
        if is_standard(missing.module):
            return not package_for_module(missing.module)
        owner = next((one for one in self.distributions if missing.path in one.files), None)
        if owner is None:
            return False
        installed = {*self._by_name, *self._world.installed}
        return bool(unmet_requirements(self._tree, owner, installed, self._installation.line))

    # --- entry points ----------------------------------------------------------------------

    def entry_points(self) -> Iterator[Fault]:
        """Entry points of installed distributions whose module is not there."""
        for distribution in self.distributions:
            for group, entries in distribution.groups.items():
                for name, reference in entries:
                    yield from self._entry_point(distribution, group, name, reference)

    def _entry_point(
        self, distribution: Distribution, group: str, name: str, reference: str
    ) -> Iterator[Fault]:
        if "[" in reference:
            return  # an optional one: it names the extra that brings what it needs
        module = reference.partition(":")[0].strip()
        missing = self._importer.missing_part(module)
        if not missing:
            return
        if group not in {"console_scripts", "gui_scripts"}:
            what = f"{group}: {name} is in {missing}, which is not there"
            yield Fault(ENTRY_POINTS, f"{distribution.metadata}/entry_points.txt", what)
            return
        for directory in dict.fromkeys((f"{self._installation.prefix}/bin", "/usr/local/bin")):
            if f"{directory}/{name}" in self._tree:
                what = f"it imports {missing}, which is not there"
                yield Fault(SCRIPTS, f"{directory}/{name}", what)
                return


def _is_missing(tree: Tree, path: str) -> bool:
    try:
        return tree.resolve(path) is None
    except LinkLoop:
        return True


def _fault(missing: MissingImport) -> Fault:
    module = "" if missing.because else missing.module
    return Fault(IMPORTS, missing.path, str(missing), module=module, gone=missing.gone)
