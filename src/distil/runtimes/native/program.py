"""Any program as an application: of Debian packages, of stages, or copied in.

Nothing is found out of sources here: ``distil.toml`` says what is started, and where it is from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.formats.spec_template import Entry, KeyPath
from distil.model.application import Application, Evidence
from distil.model.digest import Digest
from distil.model.lock import LockPart, Pinned
from distil.model.platform import Platform
from distil.model.spec import DEFAULT_BASE, Spec
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.native.plan import NativePlan
from distil.runtimes.protocol import Asking, Checked, CheckedImage, FetchedFile, System
from distil.source.place import Place
from distil.source.scan import Sources
from distil.source.specification import SPEC_FILE

_SAY_WHAT: Final = 'write entrypoint = ["PROGRAM", …] below [app] in distil.toml'


class Program(msgspec.Struct, frozen=True):
    """Programs of any kind."""

    name: str = "program"
    title: str = "program"
    looked_for: tuple[str, ...] = ("distil.toml with [app] packages, [[stage]] or [[copy]]",)

    def is_script(self, path: Path) -> bool:
        """None is: what scripts need, their own runtimes know."""
        return False

    def detect(self, place: Place, spec: Spec, sources: Sources) -> ProgramProject | None:
        """What ``distil.toml`` says; None where that names nothing to be started.

        Raises `NoEntrypoint`.
        """
        named = spec.app.packages or spec.stage or spec.copy
        if not named and spec.app.runtime != self.name:
            return None
        if spec.app.entrypoint is None:
            raise NoEntrypoint("it is of no language that says so", _SAY_WHAT)
        name = spec.app.name or place.directory.resolve().name
        because = "[app] entrypoint" if spec.app.entrypoint else SPEC_FILE
        application = Application(
            source=str(place.directory),
            name=name,
            version="",
            packaged=True,
            entrypoint=spec.app.entrypoint,
            command=spec.app.command,
            environment=spec.app.environment,
            ports=spec.image.ports,
            evidence=(
                Evidence("project", name, SPEC_FILE),
                Evidence("entrypoint", " ".join(spec.app.entrypoint), because),
            ),
        )
        return ProgramProject(application, spec)

    def check(self, image: CheckedImage, cache: Cache) -> Checked:
        """Nothing but what is checked of every image."""
        return Checked((), None, ())

    def pinned(self, part: LockPart) -> Pinned:
        """Nothing: all of it is the base's."""
        return Pinned("", {})

    def locked_name(self, name: str) -> str:
        """As it is."""
        return name

    def locked_files(self, part: LockPart, source: Path, client: Client) -> Sequence[FetchedFile]:
        """None."""
        return ()


PROGRAM: Final = Program()


class ProgramProject(msgspec.Struct, frozen=True):
    """A program, as far as ``distil.toml`` tells."""

    application: Application
    spec: Spec
    runtime: str = PROGRAM.name
    settings: tuple[Any, ...] = ()
    completed_later: str = ""

    def completed(self, spec: Spec) -> Spec:
        """Debian's default suite, and no directory of the application's own."""
        return spec.completed(base=DEFAULT_BASE, workdir="/")

    def inputs(self) -> dict[str, Digest]:
        """None: no file but ``distil.toml`` decides what it needs."""
        return {}

    def proposal(self) -> Mapping[KeyPath, Entry]:
        """Nothing beyond what is said already."""
        return {}

    def resolve(self, system: System, asking: Asking) -> NativePlan:
        """Nothing is asked for this."""
        return NativePlan(self.application, PROGRAM.name, self.spec.app.packages)

    def locked(self, part: LockPart, platform: Platform, client: Client) -> NativePlan:
        """The same."""
        return NativePlan(self.application, PROGRAM.name, self.spec.app.packages)

    def is_built(self, part: LockPart) -> bool:
        """Whatever stages build is looked after by stages."""
        return True
