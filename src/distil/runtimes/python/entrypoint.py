"""How the application is started: asked for, declared, or recognised; never guessed silently."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.model.application import Evidence
from distil.model.node import Kind
from distil.model.spec import Spec
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.python.errors import WorkspaceRoot
from distil.runtimes.python.frameworks import (
    BUNDLED_SERVERS,
    DEFAULT_PORT,
    PYTHON,
    Protocol,
    ServedObject,
    Server,
    servers_for,
)
from distil.runtimes.python.modules import (
    Candidate,
    EntryModule,
    candidates,
    entry_modules,
    import_root,
    main_module,
)
from distil.runtimes.python.project_files import DeclaredProject, workspace_members
from distil.runtimes.python.scripts import described_scripts, started_script
from distil.source.scan import Sources

SCRIPT_DIRECTORY: Final = "/usr/local/bin"

MAIN_FILES: Final[tuple[str, ...]] = ("__main__.py", "main.py", "app.py", "server.py", "run.py")
"""Files at the top that are run when they say that they want to be."""

_EXAMPLE: Final = 'entrypoint = ["/usr/bin/python3", "-m", "my_module"]'


class Entrypoint(msgspec.Struct, frozen=True):
    """The command of the container, why it is believed, and what it needs beside.

    `file` is the application's file that it starts, where one is known.
    """

    arguments: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    environment: dict[str, str] = {}
    ports: tuple[int | str, ...] = ()
    server: str = ""
    file: str = ""


def find_entrypoint(
    sources: Sources, project: DeclaredProject | None, names: Sequence[str], spec: Spec
) -> Entrypoint:
    """The entrypoint from the spec, a console script, a framework or a main module.

    `names` are the distributions that the application depends on. Raises `NoEntrypoint`, with
    what to write into distil.toml, when there is none or more than one.
    """
    if spec.app.entrypoint is not None:
        finding = " ".join(spec.app.entrypoint)
        evidence = Evidence("entrypoint", finding, "[app] entrypoint in distil.toml")
        words = (*spec.app.entrypoint, *spec.app.command)
        file = started_script(words, spec.image.workdir, sources)
        return Entrypoint(spec.app.entrypoint, (evidence,), ports=spec.image.ports, file=file)
    scripts = sorted(project.scripts) if project is not None else []
    if len(scripts) == 1:
        return _console_script(scripts[0], spec)
    finder = _Finder(sources, project, names, spec)
    found = finder.framework() or finder.main()
    if found is None:
        raise _nothing_found(scripts, project, sources)
    return found


def script_entrypoint(script: str, sources: Sources, spec: Spec) -> Entrypoint:
    """How the script that is all of an application is started: as itself.

    An entrypoint of the spec that starts this script as well says how.
    """
    if spec.app.entrypoint is not None:
        told = find_entrypoint(sources, None, (), spec)
        if told.file == script:
            return told
    evidence = Evidence("entrypoint", script, "the script itself")
    path = f"{spec.image.workdir.rstrip('/')}/{script}"
    return Entrypoint((PYTHON, path), (evidence,), ports=spec.image.ports, file=script)


def port_of(spec: Spec) -> int:
    """The TCP port a server listens on: PORT of the spec, its first port, or 8000."""
    named = spec.app.environment.get("PORT", "")
    if named.isdigit():
        return int(named)
    for port in spec.image.ports:
        number, _, protocol = str(port).partition("/")
        if protocol in ("", "tcp") and number.isdigit():
            return int(number)
    return DEFAULT_PORT


def _console_script(name: str, spec: Spec) -> Entrypoint:
    path = f"{SCRIPT_DIRECTORY}/{name}"
    evidence = Evidence("entrypoint", path, "the project's only console script")
    return Entrypoint((path,), (evidence,), ports=spec.image.ports)


class _Finder:
    """Looks at the application's modules for something to run."""

    def __init__(
        self, sources: Sources, project: DeclaredProject | None, names: Sequence[str], spec: Spec
    ) -> None:
        self._sources = sources
        self._names = set(names)
        self._spec = spec
        self._packaged = project is not None and project.packaged
        self._fastapi = str(project.tool("fastapi").get("entrypoint", "")) if project else ""
        self._root = import_root(sources)

    # --- frameworks ------------------------------------------------------------------------

    def framework(self) -> Entrypoint | None:
        """A framework's application with a server; raises `NoEntrypoint` without a server."""
        if self._fastapi.count(":") == 1:
            module, _, name = self._fastapi.partition(":")
            target = ServedObject(module, name, Protocol.ASGI)
            return self._served(target, "FastAPI", "tool.fastapi.entrypoint in pyproject.toml")
        modules = entry_modules(self._sources, self._root)
        found = candidates(modules)
        if not found:
            return None
        chosen = self._choose(found, modules)
        target = ServedObject(chosen.module, chosen.name, chosen.framework.protocol, chosen.factory)
        because = f"{chosen.framework.name} application in {chosen.path} line {chosen.line}"
        served = self._served(target, chosen.framework.name, because)
        return msgspec.structs.replace(served, file=chosen.path)

    def _choose(self, found: list[Candidate], modules: list[EntryModule]) -> Candidate:
        objects = [c for c in found if not c.factory] or found
        servable = [
            c for c in objects if self._server(c.framework.protocol, factory=c.factory)
        ] or objects
        rules = (_deployment_modules, _preferred_protocol, _not_imported, _usual_name)
        for rule in rules:
            if len(servable) == 1:
                break
            servable = rule(servable, modules) or servable
        if len(servable) == 1:
            return servable[0]
        listed = "; ".join(f"{c} ({c.path} line {c.line})" for c in servable)
        example = self._example(servable[0])
        raise NoEntrypoint(
            f"there are several applications: {listed}",
            f"write the one to serve below [app] in distil.toml, such as {example}",
        )

    def _example(self, candidate: Candidate) -> str:
        protocol = candidate.framework.protocol
        server = self._server(protocol, factory=candidate.factory) or servers_for(protocol)[0]
        target = ServedObject(candidate.module, candidate.name, protocol, candidate.factory)
        arguments = (PYTHON, "-m", *server.start(target, DEFAULT_PORT).arguments)
        quoted = ", ".join(f'"{argument}"' for argument in arguments)
        return f"entrypoint = [{quoted}]"

    def _served(self, target: ServedObject, framework: str, because: str) -> Entrypoint:
        server = self._server(target.protocol, factory=target.factory)
        if server is None:
            usable = servers_for(target.protocol, factory=target.factory)
            known = " or ".join(s.name for s in usable)
            raise NoEntrypoint(
                f"{target} is a {framework} application, but the project depends on no "
                f"{target.protocol} server",
                f"add one to its dependencies ({known}), or write entrypoint = [...] below "
                "[app] in distil.toml",
            )
        port = port_of(self._spec)
        start = server.start(target, port)
        arguments = (PYTHON, "-m", *start.arguments)
        environment = dict(start.environment)
        evidence = [
            Evidence("entrypoint", f"{server.name} {target}", because),
            Evidence("server", server.name, self._why_server(server, target.protocol)),
            Evidence("port", str(port), _why_port(self._spec)),
        ]
        if self._root and not self._packaged:
            path = f"{self._spec.image.workdir.rstrip('/')}/{self._root}"
            environment["PYTHONPATH"] = path
            evidence.append(Evidence("module path", path, f"the modules are in {self._root}"))
        ports = self._spec.image.ports or (port,)
        return Entrypoint(arguments, tuple(evidence), environment, ports, server.name)

    def _server(self, protocol: Protocol, *, factory: bool) -> Server | None:
        usable = servers_for(protocol, factory=factory)
        return next((s for s in usable if self._depends_on(s.name)), None)

    def _depends_on(self, server: str) -> bool:
        return server in self._names or self._bundling(server) != ""

    def _bundling(self, server: str) -> str:
        """The dependency that brings `server` with it, or ""."""
        for (name, extra), bundled in BUNDLED_SERVERS.items():
            wanted = f"{name}[{extra}]" if extra else name
            if bundled == server and wanted in self._names:
                return wanted
        return ""

    def _why_server(self, server: Server, protocol: Protocol) -> str:
        also = [s.name for s in servers_for(protocol) if s is not server]
        others = [name for name in also if self._depends_on(name)]
        because = f"comes with {self._bundling(server.name)}"
        if server.name in self._names:
            because = "a dependency of the application"
        return f"{because}, before {', '.join(others)}" if others else because

    # --- plain programs --------------------------------------------------------------------

    def main(self) -> Entrypoint | None:
        """``__main__.py``, a package with one, or the one top file that runs itself.

        That is one of a usual name with a guard or inline script metadata, or else a script of
        any name, which has such metadata.
        """
        if self._packaged:
            return self._main_package()
        described = described_scripts(self._sources)
        because = dict.fromkeys(described, "it has inline script metadata")
        for name in MAIN_FILES:
            module = main_module(self._sources, name)
            if module is not None and name == "__main__.py":
                return self._program((f"{self._workdir}/{name}",), name, "its name")
            if module is not None and module.facts.main_guard:
                because[name] = "it has a __main__ guard"
        runnable = [name for name in MAIN_FILES if name in because]
        found = None if runnable else self._main_package()
        runnable = runnable or (described if found is None else [])
        if len(runnable) > 1:
            how = "both" if len(runnable) == 2 else "all"
            raise NoEntrypoint(
                f"{' and '.join(runnable)} can {how} be run",
                f'write entrypoint = ["{PYTHON}", "{self._workdir}/{runnable[0]}"] below [app] '
                "in distil.toml, with the right one, or build that one alone: distil build "
                f"{Path(self._sources.root, runnable[0])}",
            )
        if not runnable:
            return found
        [name] = runnable
        return self._program((f"{self._workdir}/{name}",), name, because[name])

    def _main_package(self) -> Entrypoint | None:
        prefix = f"{self._root}/" if self._root else ""
        packages = [
            file.path.removeprefix(prefix).removesuffix("/__main__.py")
            for file in self._sources.files
            if file.kind is Kind.FILE
            and file.path.startswith(prefix)
            and file.path.removeprefix(prefix).endswith("/__main__.py")
            and file.path.removeprefix(prefix).count("/") == 1
        ]
        if len(packages) != 1:
            return None
        name = f"{packages[0]}/__main__.py"
        found = self._program(("-m", packages[0]), name, "the only package")
        return msgspec.structs.replace(found, file=prefix + name)

    def _program(self, arguments: tuple[str, ...], file: str, because: str) -> Entrypoint:
        environment = {}
        if self._root and not self._packaged:
            environment["PYTHONPATH"] = f"{self._workdir}/{self._root}"
        evidence = Evidence("entrypoint", file, because)
        ports = self._spec.image.ports
        return Entrypoint((PYTHON, *arguments), (evidence,), environment, ports, file=file)

    @property
    def _workdir(self) -> str:
        return self._spec.image.workdir.rstrip("/")


# --- which of several ----------------------------------------------------------------------


def _deployment_modules(found: list[Candidate], _: list[EntryModule]) -> list[Candidate]:
    """Modules called wsgi or asgi are there to be served."""
    return [c for c in found if c.module.rpartition(".")[2] in ("wsgi", "asgi")]


def _preferred_protocol(found: list[Candidate], modules: list[EntryModule]) -> list[Candidate]:
    """Of Django's two: the one that its settings name alone, ASGI for Channels, else WSGI."""
    if {c.module.rpartition(".")[2] for c in found} != {"wsgi", "asgi"}:
        return []
    constants = {key for module in modules for key in module.facts.constants}
    only_asgi = "ASGI_APPLICATION" in constants and "WSGI_APPLICATION" not in constants
    channels = any(c.framework.name == "Django Channels" for c in found)
    wanted = Protocol.ASGI if only_asgi or channels else Protocol.WSGI
    return [c for c in found if c.framework.protocol is wanted]


def _not_imported(found: list[Candidate], modules: list[EntryModule]) -> list[Candidate]:
    """An application that another one's module imports is mounted in that one."""
    imported = {
        name
        for module in modules
        if any(c.path == module.path for c in found)
        for name in module.facts.imported.values()
    }
    return [c for c in found if not {c.module, f"{c.module}.{c.name}"} & imported]


def _usual_name(found: list[Candidate], _: list[EntryModule]) -> list[Candidate]:
    """Of several in one module the one that servers look for by default."""
    if len({c.module for c in found}) > 1:
        return []
    for name in ("app", "application", "create_app"):
        usual = [c for c in found if c.name == name]
        if usual:
            return usual
    return []


def _why_port(spec: Spec) -> str:
    if spec.app.environment.get("PORT", "").isdigit():
        return "PORT in [app.environment]"
    return "[image] ports" if spec.image.ports else "the default; [image] ports changes it"


def _nothing_found(
    scripts: list[str], project: DeclaredProject | None, sources: Sources
) -> NoEntrypoint:
    write = f"write {_EXAMPLE} below [app] in distil.toml"
    if len(scripts) > 1:
        path = f"{SCRIPT_DIRECTORY}/{scripts[0]}"
        return NoEntrypoint(
            f"the project has several console scripts: {', '.join(scripts)}",
            f'write entrypoint = ["{path}"] below [app] in distil.toml, with the right one',
        )
    if project is not None and project.unpackaged_scripts:
        return NoEntrypoint(
            "[project.scripts] are only installed when there is a [build-system]",
            f"add a [build-system] to {project.files[0]}, or {write}",
        )
    members = workspace_members(sources)
    if members:
        return WorkspaceRoot(sources.root, members)
    return NoEntrypoint(
        "there is no console script, no application of a known web framework, none of "
        f"{', '.join(MAIN_FILES)} that runs itself, and no script with inline metadata",
        write,
    )
