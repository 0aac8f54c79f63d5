"""The ways in which images are run here: one line each, and which one is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from distil.model.reference import Location, Transport
from distil.run.contained import SANDBOX
from distil.run.container import AUTO, Launch, Started
from distil.run.engines import DOCKER, PODMAN
from distil.run.errors import NoWay, UnknownWay, WayUnable
from distil.run.oci_runtime import CRUN, RUNC
from distil.run.subject import Subject
from distil.run.task import Ended


class Way(Protocol):
    """Something that runs images."""

    @property
    def name(self) -> str:
        """What ``--with`` calls it."""

    def check(self, launch: Launch, /) -> None:
        """Raise `WayUnable` when it does not work here, or cannot do what is asked."""

    def run(self, subject: Subject, launch: Launch, started: Started) -> Ended:
        """Run the image in the foreground, to its end; nothing of it stays.

        `started` is called when input, output and terminal are no longer distil's.

        Raises `NotStarted`, and what reading the image and starting its program raise.
        """


WAYS: Final[tuple[Way, ...]] = (SANDBOX, RUNC, CRUN, PODMAN, DOCKER)
"""In the order in which they are tried.

The sandbox first: it needs neither daemon nor root nor anything installed, starts at once from the
cache, and gives a process the least. A runtime starts from the cache as well; an engine has to be
given the image first, and is changed by it.
"""

_HOLDERS: Final = {
    Transport.DOCKER_DAEMON: DOCKER,
    Transport.CONTAINERS_STORAGE: PODMAN,
}
"""Engines, by where their images are: what one has already it runs best itself."""


def names() -> tuple[str, ...]:
    """What ``--with`` may say."""
    return (AUTO, *(way.name for way in WAYS))


def ways_for(name: str, location: Location) -> Sequence[Way]:
    """The ways that come into question for an image at `location`, best first.

    Raises `UnknownWay`.
    """
    if name == AUTO:
        holder = _HOLDERS.get(location.transport)
        return (holder, *(way for way in WAYS if way is not holder)) if holder else WAYS
    found = [way for way in WAYS if way.name == name]
    if not found:
        raise UnknownWay(name, names())
    return found


def choose(name: str, location: Location, launch: Launch) -> Way:
    """The first way that works here for this.

    Raises `UnknownWay`, `WayUnable` when the one that is named does not, `NoWay` when none does.
    """
    tried: list[WayUnable] = []
    for way in ways_for(name, location):
        try:
            way.check(launch)
        except WayUnable as error:
            if name != AUTO:
                raise
            tried.append(error)
        else:
            return way
    raise NoWay(tried)
