"""Any program as an application: of Debian packages, of stages, or copied in.

Nothing is found out of sources here: ``distil.toml`` says what is started, and where it is from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from distil.fetch.http import Client
from distil.formats.elf import ElfFile
from distil.formats.spec_template import Entry, KeyPath
from distil.model.application import Application, Evidence
from distil.model.component import ToldProgram
from distil.model.digest import Digest
from distil.model.lock import LockPart
from distil.model.node import Kind
from distil.model.platform import Platform
from distil.model.spec import DEFAULT_BASE, Spec
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.native.linkage import told_by_linker
from distil.runtimes.native.plan import NativePlan
from distil.runtimes.native.runtime import Native, image_name
from distil.runtimes.native.services import Service, service_of, shipped_services, with_defaults
from distil.runtimes.protocol import Asking, System
from distil.source.place import Place
from distil.source.scan import Sources
from distil.source.specification import SPEC_FILE

_SAY_WHAT: Final = 'write entrypoint = ["PROGRAM", …] below [app] in distil.toml'


class Program(Native, frozen=True):
    """Programs of any kind."""

    name: str = "program"
    title: str = "program"
    looked_for: tuple[str, ...] = ("distil.toml with [app] packages, [[stage]] or [[copy]]",)

    def detect(self, place: Place, spec: Spec, sources: Sources) -> ProgramProject | None:
        """What ``distil.toml`` says; None where that names nothing to be started.

        Raises `NoEntrypoint`.
        """
        named = spec.app.packages or spec.stage or spec.copy
        if not named and spec.app.runtime != self.name:
            return None
        service = service_of(spec.app.packages, spec.app.entrypoint)
        if spec.app.entrypoint is None and service is None:
            known = ", ".join(one.name for one in shipped_services())
            hint = f"{_SAY_WHAT}; without one, these packages are known: {known}"
            raise NoEntrypoint("it is of no language that says so", hint)
        said, spec = spec, with_defaults(spec, service) if service is not None else spec
        words = spec.app.entrypoint or ()
        name = spec.app.name or image_name(place.directory.resolve().name)
        because = "[app] entrypoint"
        if said.app.entrypoint is None and service is not None:
            because = f"how {service.name} runs in a container"
        application = Application(
            source=str(place.directory),
            name=name,
            version="",
            packaged=True,
            entrypoint=words,
            command=spec.app.command,
            environment=spec.app.environment,
            ports=spec.image.ports,
            evidence=(
                Evidence("project", name, SPEC_FILE),
                Evidence("entrypoint", " ".join(words), because),
                *(_defaults(said, spec, service) if service is not None else ()),
            ),
        )
        return ProgramProject(application, spec, service)

    def told(self, path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:
        """See `told_by_linker`."""
        return told_by_linker(path, data, elf)


PROGRAM: Final = Program()


class ProgramProject(msgspec.Struct, frozen=True):
    """A program, as far as ``distil.toml`` tells."""

    application: Application
    spec: Spec
    service: Service | None = None
    runtime: str = PROGRAM.name
    settings: tuple[Any, ...] = ()
    completed_later: str = ""

    def completed(self, spec: Spec) -> Spec:
        """Debian's default suite, no directory of the application's own, what a service wants."""
        spec = with_defaults(spec, self.service) if self.service is not None else spec
        return spec.completed(base=DEFAULT_BASE, workdir="/")

    def inputs(self) -> dict[str, Digest]:
        """None: no file but ``distil.toml`` decides what it needs."""
        return {}

    def proposal(self) -> Mapping[KeyPath, Entry]:
        """Nothing beyond what is said already."""
        return {}

    def resolve(self, system: System, asking: Asking) -> NativePlan:
        """Nothing is asked for this."""
        return self._plan()

    def locked(self, part: LockPart, platform: Platform, client: Client) -> NativePlan:
        """The same."""
        return self._plan()

    def _plan(self) -> NativePlan:
        placed = self.service.nodes(self.spec.copy) if self.service is not None else ()
        packages = self.spec.app.packages
        return NativePlan(self.application, PROGRAM.name, packages, placed=tuple(placed))

    def is_built(self, part: LockPart) -> bool:
        """Whatever stages build is looked after by stages."""
        return True


def _defaults(said: Spec, meant: Spec, service: Service) -> Iterator[Evidence]:
    """What `service` adds to the image's configuration that `said` has not."""
    because = f"how {service.name} runs in a container"
    was, image = said.image, meant.image
    for package in meant.app.packages[len(said.app.packages) :]:
        yield Evidence("package", package, because)
    check = image.healthcheck.command if image.healthcheck is not None else ()
    for subject, before, value in (
        ("stop signal", was.stop_signal, image.stop_signal),
        ("ports", was.ports, " ".join(map(str, image.ports))),
        ("writable", was.writable, " ".join(image.writable)),
        ("health check", was.healthcheck, " ".join(check)),
    ):
        if value and not before:
            yield Evidence(subject, value, because)
    for log in service.log:
        yield Evidence("log", f"{log.path} is {log.to}", because)
    for node in service.nodes(said.copy):
        if node.kind is Kind.FILE:
            yield Evidence("file", node.path, because)
