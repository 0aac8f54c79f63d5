"""How a container of an image is to be started: what is asked for, and what that comes to.

`Launch` is what the user says, in the words that engines have for it. `container_of` makes of it,
of the image's configuration and of its files what is really started, as engines do: entrypoint
and command, environment, user by number or name, directory, volumes.
"""

from __future__ import annotations

import enum
import posixpath
import signal
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from distil.model.errors import LinkLoop
from distil.model.image import ContainerConfig
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.run.errors import InvalidLaunch, NothingToRun, ProgramNotExecutable, ProgramNotFound
from distil.run.task import DEFAULT_PATH, Bind, Limits
from distil.run.users import Identity, find_identity

AUTO: Final = "auto"
"""The name of whichever way to run images works here."""
_LARGEST_PORT: Final = 65535


class Network(enum.StrEnum):
    """What a container can reach."""

    NONE = "none"
    """Itself, and what comes in through published ports."""
    HOST = "host"
    """All that this machine can: the container has its network."""


class Port(msgspec.Struct, frozen=True):
    """A TCP port of the container that this machine hands on; `host` 0 is any that is free.

    An empty `address` is every address of this machine.
    """

    container: int
    host: int = 0
    address: str = ""

    @classmethod
    def parse(cls, text: str) -> Port:
        """From ``[[ADDRESS:]HOST:]CONTAINER[/tcp]``, as with engines. Raises `InvalidLaunch`."""
        rest, _, protocol = text.partition("/")
        before, _, container = rest.rpartition(":")
        address, _, host = before.rpartition(":")
        numbers = [part for part in (container, host or "0") if part.isascii() and part.isdigit()]
        if len(numbers) != 2 or max(map(int, numbers)) > _LARGEST_PORT or not int(container):
            raise InvalidLaunch("port", text, "write HOST:CONTAINER, two numbers up to 65535")
        if protocol not in ("", "tcp"):
            raise InvalidLaunch("port", text, "only TCP ports are handed on")
        return cls(int(container), int(host or 0), address.strip("[]"))

    @property
    def engine_form(self) -> str:
        """As ``--publish`` of engines takes it."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return ":".join(filter(None, [address, str(self.host), str(self.container)]))


Started = Callable[[tuple[Port, ...]], None]
"""Told that a container starts now, and which ports of this machine lead into it.

From then on input, output and terminal are the container's.
"""


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says about a container; the image's configuration says the rest.

    `entrypoint` takes the place of the image's, whose command then does not count; an empty one
    is none. `environment` are ``NAME=VALUE``. `terminal`: the process gets a terminal.
    """

    arguments: tuple[str, ...] = ()
    entrypoint: str | None = None
    environment: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""
    binds: tuple[Bind, ...] = ()
    tmpfs: tuple[str, ...] = ()
    network: Network = Network.NONE
    ports: tuple[Port, ...] = ()
    read_only: bool = False
    limits: Limits = Limits()
    terminal: bool = False

    @property
    def published(self) -> tuple[Port, ...]:
        """The ports that have to be handed on: with this machine's network none has."""
        return () if self.network is Network.HOST else self.ports


class Container(msgspec.Struct, frozen=True):
    """What is started: all of it said, nothing left to look up.

    `volumes` are real paths of directories in the image that stay writable in any case.
    """

    words: tuple[str, ...]
    environment: dict[str, str]
    workdir: str
    identity: Identity
    volumes: tuple[str, ...]
    stop_signal: int


def container_of(config: ContainerConfig, tree: Tree, launch: Launch) -> Container:
    """What `launch` comes to for an image of this configuration and these files.

    Raises `NothingToRun`, `ProgramNotFound`, `ProgramNotExecutable`, `UnknownUser`,
    `InvalidLaunch`.
    """
    identity = find_identity(tree, launch.user or config.user)
    environment = {"PATH": DEFAULT_PATH, "HOME": identity.home}
    environment |= _variables((*(("TERM=xterm",) if launch.terminal else ()), *config.env))
    environment |= _variables(launch.environment)
    workdir = posixpath.join("/", launch.workdir or config.working_dir or "/")
    words = command_of(config, launch)
    _check_program(tree, words[0], environment["PATH"], workdir, launch)
    return Container(
        words=words,
        environment=environment,
        workdir=workdir,
        identity=identity,
        volumes=tuple(_volumes(tree, config.volumes, launch)),
        stop_signal=signal_number(config.stop_signal),
    )


def command_of(config: ContainerConfig, launch: Launch) -> tuple[str, ...]:
    """The program and its arguments. Raises `NothingToRun`."""
    if launch.entrypoint is None:
        words = (*config.entrypoint, *(launch.arguments or config.cmd))
    else:
        words = (*filter(None, [launch.entrypoint]), *launch.arguments)
    if not words or not words[0]:
        raise NothingToRun
    return words


def signal_number(text: str) -> int:
    """The signal called `text`, as in ``SIGQUIT``, ``QUIT`` or ``3``; SIGTERM for an empty one.

    Raises `InvalidLaunch`.
    """
    try:
        if text.isascii() and text.isdigit():
            return signal.Signals(int(text))
        name = text.upper() or "SIGTERM"
        return signal.Signals[name if name.startswith("SIG") else f"SIG{name}"]
    except (KeyError, ValueError):
        raise InvalidLaunch("stop signal", text, "the image names no signal of Linux") from None


def _variables(texts: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name or "\0" in text:
            raise InvalidLaunch("variable", text, "write NAME=VALUE")
        found[name] = value
    return found


def _volumes(tree: Tree, declared: Mapping[str, object], launch: Launch) -> Iterable[str]:
    """The real directories of the volumes that the image has and nothing else is mounted at."""
    taken = {
        posixpath.normpath(path) for path in (*launch.tmpfs, *(b.target for b in launch.binds))
    }
    for path in declared:
        node = _found(tree, posixpath.normpath(posixpath.join("/", path)))
        if node is not None and node.kind is Kind.DIRECTORY and node.path not in taken:
            taken.add(node.path)
            yield node.path


def _check_program(tree: Tree, program: str, path: str, workdir: str, launch: Launch) -> None:
    """Raise what starting `program` would fail with, unless something mounted may have it."""
    if "/" in program:
        places = [posixpath.join(workdir, program)]
    else:
        places = [posixpath.join(directory or workdir, program) for directory in path.split(":")]
    mounted = [bind.target.rstrip("/") for bind in launch.binds]
    if any(f"{place}/".startswith(f"{target}/") for place in places for target in mounted):
        return
    files = [node for place in places if (node := _found(tree, place)) is not None]
    if any(node.kind is Kind.FILE and node.mode & 0o111 for node in files):
        return
    if files:
        raise ProgramNotExecutable(program, files[0].path)
    raise ProgramNotFound(program, places)


def _found(tree: Tree, path: str) -> Node | None:
    """What opening `path` in the image reaches; a hard link is the file that it is."""
    try:
        node = tree.resolve(path)
    except LinkLoop:
        return None
    return tree.get(node.target) if node is not None and node.kind is Kind.HARDLINK else node
