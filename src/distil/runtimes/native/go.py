"""Go modules as applications: one of their commands, built in a stage."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from distil.formats.elf import ElfFile
from distil.model.application import Evidence
from distil.model.component import ToldProgram
from distil.model.spec import Spec
from distil.runtimes.native.building import Building
from distil.runtimes.native.compiled import CompiledProject, Found, application_of, is_others
from distil.runtimes.native.go_building import (
    GO_STAGE,
    VENDORED,
    calls_c,
    compiler_of,
    fetches,
    go_building,
)
from distil.runtimes.native.go_commands import GoFiles, choose, go_files
from distil.runtimes.native.go_mod import GoModule, parse_go_mod
from distil.runtimes.native.go_program import told_by_go
from distil.runtimes.native.runtime import Native
from distil.source.place import Place
from distil.source.scan import Sources

_MODULE: Final = "go.mod"
_WORKSPACE: Final = "go.work"
_INPUTS: Final = (_MODULE, "go.sum", _WORKSPACE, "go.work.sum", VENDORED)


class Go(Native, frozen=True):
    """Go modules and workspaces."""

    name: str = GO_STAGE
    title: str = "Go"
    looked_for: tuple[str, ...] = ("go.mod",)

    def detect(self, place: Place, spec: Spec, sources: Sources) -> CompiledProject | None:
        """The module at `place`; None where there is none.

        Raises `NoEntrypoint`, `InvalidProjectFile`, `UnreadableSource`.
        """
        first = next((name for name in (_WORKSPACE, _MODULE) if sources.named(name)), None)
        if place.script or first is None or is_others(sources, spec, self.name):
            return None
        module = _read(sources)
        name = module.name or place.directory.resolve().name
        evidence = [Evidence("project", name, first)]
        building = None
        if not spec.stage:
            building, found = _built(module, sources, spec)
            evidence += found
        return CompiledProject(
            runtime=self.name,
            application=application_of(place, spec, Found(name, "", building, tuple(evidence))),
            spec=spec,
            compiler=compiler_of(module),
            building=building,
            files=tuple(one for one in _INPUTS if sources.named(one)),
        )

    def told(self, path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:
        """See `told_by_go`."""
        return told_by_go(path, data, elf)


GO: Final = Go()


def _read(sources: Sources) -> GoModule:
    """The module at the top; of a workspace all that its modules require together."""
    if not sources.named(_WORKSPACE):
        return _parsed(_MODULE, sources)
    workspace = _parsed(_WORKSPACE, sources)
    files = [f"{directory}/{_MODULE}".removeprefix("./") for directory in workspace.uses]
    modules = [_parsed(file, sources) for file in files if sources.named(file)]
    own = {module.path for module in modules}
    required = {path for module in modules for path in module.requires} - own
    top = modules[workspace.uses.index(".")].path if "." in workspace.uses else ""
    return GoModule(top, workspace.version, tuple(sorted(required)), workspace.uses)


def _parsed(file: str, sources: Sources) -> GoModule:
    text = sources.read(file).decode("utf-8", "replace")
    return parse_go_mod(text, f"{sources.root}/{file}")


def _built(module: GoModule, sources: Sources, spec: Spec) -> tuple[Building, list[Evidence]]:
    """How the command is built that is started, and why so."""
    files = go_files(sources, module.name, module.uses or (".",))
    wanted = PurePosixPath((spec.app.entrypoint or ("",))[0]).name
    command = choose(files.commands, module.name, wanted)
    where = f"package main in {command.directory or 'the top of the module'}"
    building = go_building(module, command, files, sources, spec)
    return building, [
        Evidence("entrypoint", " ".join(spec.app.entrypoint or (building.target,)), where),
        Evidence("stage", *_why(module, files, sources)),
    ]


def _why(module: GoModule, files: GoFiles, sources: Sources) -> tuple[str, str]:
    how = "with C, linked with glibc" if calls_c(module, files) else "without C, static"
    if fetches(module, sources):
        return f"{how}, with the network", f"{_MODULE} requires modules and there is no {VENDORED}"
    if module.requires:
        return f"{how}, without the network", f"{VENDORED} has all modules"
    return f"{how}, without the network", f"{_MODULE} requires no modules"
