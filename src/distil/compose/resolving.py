"""What an application needs on one platform, and the two that can tell: indexes and locks."""

from __future__ import annotations

from typing import Protocol

import msgspec

from distil.compose.platforms import building_platform
from distil.compose.subject import Subject
from distil.distros.protocol import Base, Opening, Toolchain
from distil.distros.table import distro_of
from distil.events import stage
from distil.fetch.http import Client
from distil.model.application import Application
from distil.model.lock import LockedPlatform
from distil.model.platform import Platform
from distil.model.spec import BaseSpec, Spec
from distil.runtimes.protocol import Asking, RuntimePlan
from distil.stages.stage_base import StageBase


class Resolved(msgspec.Struct, frozen=True):
    """An application, the base that it is built on, and what its runtime needs there.

    `lock` is the path of the lock that says so; empty when nothing was locked.
    """

    subject: Subject
    base: Base
    runtime: RuntimePlan
    lock: str = ""

    @property
    def spec(self) -> Spec:
        """What the user asks for, completed with what the image that is built on decides."""
        return self.base.foundation.completed(self.subject.spec)

    @property
    def application(self) -> Application:
        """As it is with the versions that were resolved."""
        return self.runtime.application


class Resolver(Protocol):
    """Answers for one application, once for each platform."""

    def resolve(self, platform: Platform) -> Resolved:
        """What the application is and needs on `platform`."""

    def base(self, platform: Platform) -> Base:
        """The packages of `platform`, for what is run here for an image of another one."""

    def toolchain(self, ground: StageBase) -> Toolchain:
        """The system that a stage is laid on, for this machine."""


class IndexResolver(Resolver):
    """Asks the indexes; with `refresh`, however fresh the answers are."""

    def __init__(self, subject: Subject, client: Client, *, refresh: bool = False) -> None:
        self._subject = subject
        self._client = client
        self._refresh = refresh
        self._asked = False

    def resolve(self, platform: Platform) -> Resolved:
        """See `resolve`, and what it raises."""
        return resolve(
            self._subject, platform, self._opening(), Asking(self._client, self._refresh)
        )

    def base(self, platform: Platform) -> Base:
        """See `Distro.open`, and what it raises."""
        return open_base(self._opening(), platform)

    def toolchain(self, ground: StageBase) -> Toolchain:
        """See `toolchain_of`, and what it raises."""
        return toolchain_of(self._opening(), ground, building_platform())

    def _opening(self) -> Opening:
        # What was asked for anew for the first platform is new enough for the others, and the
        # same for all of them.
        refresh, self._asked = self._refresh and not self._asked, True
        return Opening(self._subject.source, self._subject.spec, self._client, refresh)


def open_base(opening: Opening, platform: Platform) -> Base:
    """The base that the specification names. Raises `UnknownBase`, and what opening it raises."""
    return distro_of(opening.spec.base.source).open(opening, platform)


def opening_for(opening: Opening, ground: StageBase) -> Opening:
    """`opening` for the base of a stage: the repositories are the application's own, too."""
    spec = opening.spec
    base = BaseSpec(source=ground.source, repositories=spec.base.repositories)
    return msgspec.structs.replace(opening, spec=msgspec.structs.replace(spec, base=base))


def toolchain_of(opening: Opening, ground: StageBase, platform: Platform) -> Toolchain:
    """The system of `ground` for machines of `platform`, as the indexes have its packages.

    Raises `UnknownBase`, what opening it raises, and what `Base.toolchain` raises.
    """
    return open_base(opening_for(opening, ground), platform).toolchain(ground.packages)


def resolve(subject: Subject, platform: Platform, opening: Opening, asking: Asking) -> Resolved:
    """Find out what `subject` needs on `platform`.

    Only indexes are fetched; the application's own project is built by its back end. Raises
    what `open_base` and `Project.resolve` raise.
    """
    with stage("reading package indexes") as result:
        base = open_base(opening, platform)
        result(f"{base.name} {base.release}")
    return Resolved(subject, base, subject.project.resolve(base, asking))


def open_locked(opening: Opening, locked: LockedPlatform, platform: Platform) -> Base:
    """The base with nothing in it but the packages of `locked`. Raises what opening it raises."""
    distro = distro_of(opening.spec.base.source)
    return distro.open_locked(locked.base.get(distro.name, {}), opening, platform)
