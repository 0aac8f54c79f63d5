"""`run`: a container of an image, with what is there to run it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.model.platform import optional_platform
from distil.model.reference import parse_location
from distil.run.container import AUTO, Launch, Port
from distil.run.task import Ended


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `run` is asked for: an image as in containers-transports(5), and how to run it.

    `way` is one of `distil.run.ways.names`: ``auto`` takes the best that works here.
    """

    image: str
    platform: str = ""
    launch: Launch = Launch()
    way: str = AUTO
    settings: StoreSettings = NOTHING_SAID


class Running(msgspec.Struct, frozen=True):
    """A container that starts now: what runs it, and the ports that lead into it."""

    way: str
    ports: tuple[Port, ...]


class Ran(msgspec.Struct, frozen=True):
    """How a container ended, and what ran it."""

    way: str
    ended: Ended


def run(request: RunRequest, started: Callable[[Running], None] | None = None) -> Ran:
    """Run a container of the image in the foreground, to its end; nothing of it stays.

    It has the input, the output and, if asked for, the terminal of this process, from when
    `started` was called; signals that this process gets are for it. Raises what reading an image
    raises, `NothingToRun`, `ProgramNotFound`, `ProgramNotExecutable`, `UnknownUser`,
    `InvalidLaunch`, `PortTaken`, `UnknownWay`, `WayUnable`, `NoWay`, `NotStarted`.
    """
    from distil.run.subject import Subject  # most verbs run nothing
    from distil.run.ways import choose

    location = parse_location(request.image)
    subject = Subject(location, optional_platform(request.platform), request.settings)
    way = choose(request.way, location, request.launch)

    def told(ports: tuple[Port, ...]) -> None:
        if started is not None:
            started(Running(way.name, ports))

    ended = way.run(subject, request.launch, told)
    return Ran(way.name, ended)
