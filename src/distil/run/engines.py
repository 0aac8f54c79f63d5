"""Docker and podman: an image is loaded into them, run, and taken out again.

No registry has a part in it. What the engine has already, under whatever name, is not loaded; what
was loaded gets a name of its own, so that removing that name leaves everything else as it was.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Sequence
from signal import SIGTERM
from typing import Final

import msgspec

from distil.image.copying import Wanted, copied
from distil.image.errors import EngineFailed, NoEngine
from distil.image.naming import NamedImage
from distil.image.stores.table import store_to_read, store_to_write
from distil.model.digest import Digest
from distil.model.image import DescriptorPlatform
from distil.model.reference import ImageName, Location, Transport
from distil.run.attending import attend
from distil.run.cleaning import cleaned
from distil.run.container import Launch, Network, Port, Started, signal_number
from distil.run.errors import InvalidLaunch, NotStarted, WayUnable
from distil.run.ports import chosen
from distil.run.subject import Subject
from distil.run.task import Ended

_SECONDS: Final = 20
"""For what an engine answers at once, or not at all."""
_STATE: Final = "{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}"


class _Engine(msgspec.Struct, frozen=True):
    """An engine: its command, what shows that it is there, and where its images are."""

    program: str
    version: str
    transport: Transport

    @property
    def name(self) -> str:
        return self.program

    def check(self, _launch: Launch) -> None:
        """Raise `WayUnable` when the engine does not answer; it can do all that can be asked."""
        if shutil.which(self.program) is None:
            raise WayUnable(self.name, "it is not installed")
        status, said = self._said("version", "--format", self.version)
        if status != 0:
            raise WayUnable(self.name, _last_line(said))

    def run(self, subject: Subject, launch: Launch, started: Started) -> Ended:
        """Run the image in the foreground. Raises `NotStarted`, and what reading it raises."""
        token = secrets.token_hex(6)
        container, name = f"distil-run-{token}", ImageName("localhost", "distil-run", token)
        rubbish = [
            [self._command, "rm", "--force", "--volumes", container],
            [self._command, "rmi", name.canonical],
        ]
        ports = chosen(launch.published)
        with cleaned(rubbish):
            image = self._loaded(subject, name)
            options = [f"--name={container}", *options_of(launch, ports)]
            started(ports)
            done = attend(
                [self._command, "run", *options, image, *launch.arguments],
                lambda number: self._send(container, number),
                stop_signal=self._stop_signal(image) if launch.limits.seconds else SIGTERM,
                seconds=launch.limits.seconds,
            )
            return self._ended(container, done.status, timed_out=done.timed_out)

    def _ended(self, container: str, status: int, *, timed_out: bool) -> Ended:
        """How the container ended, which the engine knows better than its command tells."""
        known, said = self._said("inspect", "--format", _STATE, container)
        state, _, rest = said.strip().partition(" ")
        if known != 0 or state == "created":
            if status in (126, 127):
                return Ended(status, why=f"{self.program} could not start the program")
            raise NotStarted(self.name, f"its command exited with {status}")
        code, _, killed = rest.partition(" ")
        number = int(code) if code.isdigit() else status
        exceeded = "time" if timed_out else "memory" if killed == "true" else ""
        return Ended(number, exceeded=exceeded)

    def _loaded(self, subject: Subject, name: ImageName) -> str:
        """What the engine calls the image: as it is known there, or `name`, once it is loaded."""
        if subject.location.is_of(self.transport):
            return str(subject.location.name)
        with store_to_read(subject.location, subject.settings).opened() as source:
            platform = subject.platform
            wanted = (DescriptorPlatform.of(platform),) if platform is not None else ()
            image = copied(source, Wanted(platforms=wanted)).image
            known = next((known for one in image.images if (known := self._has(one.id))), "")
            if known:
                return known
            place = store_to_write(Location(self.transport, name=name))
            try:
                with place.put([NamedImage(image, name)]):
                    return name.canonical
            except (NoEngine, EngineFailed) as error:
                raise NotStarted(self.name, error.message) from error

    def _send(self, container: str, number: int) -> None:
        self._said("kill", f"--signal={number}", container)

    def _stop_signal(self, image: str) -> int:
        _, said = self._said("image", "inspect", "--format", "{{.Config.StopSignal}}", image)
        try:
            return signal_number(said.strip())
        except InvalidLaunch:
            return SIGTERM

    def _has(self, image: Digest) -> str:
        """The ID of an image that the engine has; empty when it has not."""
        status, said = self._said("image", "inspect", "--format", "{{.Id}}", image.hex)
        return image.hex if status == 0 and image.hex in said else ""

    @property
    def _command(self) -> str:
        return shutil.which(self.program) or self.program

    def _said(self, *arguments: str) -> tuple[int, str]:
        """The exit status of a command of the engine, and all it says."""
        try:
            done = subprocess.run(
                [self._command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return -1, f"no answer within {_SECONDS} s"
        except OSError as error:
            return -1, error.strerror or str(error)
        return done.returncode, done.stdout


DOCKER: Final = _Engine("docker", "{{.Server.Version}}", Transport.DOCKER_DAEMON)
PODMAN: Final = _Engine("podman", "{{.Client.Version}}", Transport.CONTAINERS_STORAGE)


def options_of(launch: Launch, ports: Sequence[Port]) -> list[str]:
    """What Docker's and podman's ``run`` are told, one word an option."""
    limits = launch.limits
    said = {
        "--entrypoint": launch.entrypoint,
        "--user": launch.user or None,
        "--workdir": launch.workdir or None,
        "--memory": None if limits.memory is None else f"{limits.memory}b",
        "--pids-limit": limits.processes,
        "--network": _network(launch),
    }
    options = ["--pull=never", "--interactive", "--security-opt=no-new-privileges"]
    options += ["--tty"] * launch.terminal + ["--read-only"] * launch.read_only
    options += [f"{option}={value}" for option, value in said.items() if value is not None]
    options += [f"--env={variable}" for variable in launch.environment]
    options += [f"--tmpfs={path}" for path in launch.tmpfs]
    for bind in launch.binds:
        options.append(f"--volume={bind.source}:{bind.target}{'' if bind.writable else ':ro'}")
    return options + [f"--publish={port.engine_form}" for port in ports]


def _network(launch: Launch) -> str | None:
    """An engine hands ports on into a network of its own alone, which leads outside as well."""
    if launch.network is Network.HOST:
        return "host"
    return None if launch.ports else "none"


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
