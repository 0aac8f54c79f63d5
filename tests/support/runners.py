"""Run a built image the way users do: with runc alone, with podman, with Docker.

    running = runner.start(image, Launch(environment={"UPSTREAM_URL": "https://…"}))
    ...requests to running.url...
    status = running.stop()

What a container may do is the same with every runner: its image's user or another, no
capabilities, no new privileges, a network that reaches the host only (`tests.support.network`),
and by default a read-only root file system with a tmpfs on /tmp.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import network
from tests.support.engines import Engine
from tests.support.tools import missing, run_tool, tool

GRACE = 10
"""Seconds between SIGTERM and SIGKILL, as engines have it by default."""
PORT = 8000


@dataclass(frozen=True)
class BuiltImage:
    """One image, in each form a runner may want."""

    name: str
    """``flask-hello:1.0``."""
    layout: Path
    """OCI layout directory with an entry tagged like `name`."""
    archive: Path
    """docker-archive with the image as `name`."""

    @property
    def tag(self) -> str:
        return self.name.rpartition(":")[2]


@dataclass(frozen=True)
class Mount:
    """A file or directory of the host, read-only in the container unless it says otherwise."""

    source: Path
    target: str
    writable: bool = False

    @property
    def mode(self) -> str:
        return "rw" if self.writable else "ro"


@dataclass(frozen=True)
class Launch:
    """How to start a container; the defaults are the strictest that an application must bear."""

    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    """``uid:gid`` instead of the image's own."""
    read_only: bool = True
    tmpfs: tuple[str, ...] = ("/tmp",)
    mounts: tuple[Mount, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    """Instead of the image's own; its command then does not count."""
    arguments: tuple[str, ...] = ()
    memory: int | None = None
    """Limit in bytes."""


@dataclass(frozen=True)
class Completed:
    """How a container ended that was to end by itself."""

    status: int
    output: str
    """Standard output."""
    errors: str


@dataclass(frozen=True)
class Running:
    """A container that serves."""

    url: str
    pid: int
    """On the host, of the container's first process."""
    logs: Callable[[], str]
    stop: Callable[[], int]
    """The image's stop signal, SIGKILL after `GRACE` seconds; the exit status (137 when it took
    the latter)."""


class Runner(ABC):
    """One way to run images. Containers that a test leaves behind end with `close`."""

    name: str

    @abstractmethod
    def start(self, image: BuiltImage, launch: Launch) -> Running:
        """Start `image` and connect it to the host; it may not listen yet."""

    @abstractmethod
    def run(self, image: BuiltImage, launch: Launch, timeout: float = 120) -> Completed:
        """Run `image` to its end."""

    @abstractmethod
    def close(self) -> None:
        """End and remove everything this runner started."""


class EngineRunner(Runner):
    """What Docker and podman have in common: nearly everything."""

    def __init__(self, engine: Engine) -> None:
        self.name = engine.name
        self._engine = engine
        self._options = tuple(o for o in engine.run_options if o not in ("--network", "host"))
        self._loaded: set[Path] = set()
        self._containers: list[str] = []

    def start(self, image: BuiltImage, launch: Launch) -> Running:
        container, address = self._create(image, launch)
        self._engine.output("start", container)
        pid = int(self._inspect(container, "{{.State.Pid}}"))
        if pid == 0:
            raise AssertionError(f"{image.name} ended at once:\n{self._logs(container)}")

        def stop() -> int:
            self._engine.output("stop", "-t", str(GRACE), container)
            return int(self._inspect(container, "{{.State.ExitCode}}"))

        url = f"http://{address}:{PORT}"
        return Running(url, pid, lambda: self._logs(container), stop)

    def run(self, image: BuiltImage, launch: Launch, timeout: float = 120) -> Completed:
        container, _ = self._create(image, launch)
        done = self._engine.call("start", "--attach", container, timeout=timeout)
        status = int(self._inspect(container, "{{.State.ExitCode}}"))
        return Completed(status, done.stdout, done.stderr)

    def close(self) -> None:
        for container in self._containers:
            self._engine.call("rm", "--force", container)
        self._containers.clear()

    @abstractmethod
    def _network(self, image: BuiltImage) -> tuple[str, str]:
        """A network namespace: the engine's option to use it, its path."""

    def _create(self, image: BuiltImage, launch: Launch) -> tuple[str, str]:
        """Container and address."""
        if image.archive not in self._loaded:
            self._engine.output("load", "--input", image.archive)
            self._loaded.add(image.archive)
        option, namespace = self._network(image)
        address = network.connect(namespace)
        options = [*self._options, option, "--cap-drop=ALL", "--security-opt=no-new-privileges"]
        options += [f"--env={key}={value}" for key, value in launch.environment.items()]
        options += [f"--tmpfs={path}" for path in launch.tmpfs]
        options += [f"--volume={m.source}:{m.target}:{m.mode}" for m in launch.mounts]
        if launch.read_only:
            options.append("--read-only")
        if launch.user is not None:
            options.append(f"--user={launch.user}")
        if launch.memory is not None:
            options.append(f"--memory={launch.memory}")
        arguments = launch.arguments
        if launch.entrypoint is not None:
            options.append(f"--entrypoint={launch.entrypoint[0]}")
            arguments = (*launch.entrypoint[1:], *arguments)
        container = self._engine.output("create", *options, image.name, *arguments).strip()
        self._containers.append(container)
        return container, address

    def _inspect(self, container: str, form: str) -> str:
        return self._engine.output("inspect", "--format", form, container).strip()

    def _logs(self, container: str) -> str:
        done = self._engine.call("logs", container)
        return done.stdout + done.stderr


class PodmanRunner(EngineRunner):
    """podman, in network namespaces that exist before their container."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._namespaces: list[str] = []

    def start(self, image: BuiltImage, launch: Launch) -> Running:
        running = super().start(image, launch)
        self._release()
        return running

    def run(self, image: BuiltImage, launch: Launch, timeout: float = 120) -> Completed:
        done = super().run(image, launch, timeout)
        self._release()
        return done

    def close(self) -> None:
        super().close()
        self._release()

    def _release(self) -> None:
        """Give up the names: the namespaces now end with their containers, come what may."""
        while self._namespaces:
            network.delete_namespace(self._namespaces.pop())

    def _network(self, image: BuiltImage) -> tuple[str, str]:
        name = network.add_namespace()
        self._namespaces.append(name)
        path = network.namespace_path(name)
        return f"--network=ns:{path}", path


class DockerRunner(EngineRunner):
    """Docker, which joins no namespace but another container's: an idle one holds it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._idle = ""

    def _network(self, image: BuiltImage) -> tuple[str, str]:
        self._idle = self._idle or self._imported()
        idle = ("/busybox", "sleep", "86400")
        options = ("--network=none", "--read-only")
        holder = self._engine.output("create", *options, self._idle, *idle).strip()
        self._containers.append(holder)
        self._engine.output("start", holder)
        pid = self._inspect(holder, "{{.State.Pid}}")
        return f"--network=container:{holder}", f"/proc/{pid}/ns/net"

    def _imported(self) -> str:
        """An image of busybox alone; its name."""
        with tempfile.TemporaryDirectory() as directory:
            archive = Path(directory) / "idle.tar"
            with tarfile.open(archive, "w") as tar:
                tar.add(Path(tool("busybox")).resolve(), "busybox")
            return self._engine.output("import", archive).strip()


class RuncRunner(Runner):
    """runc on a bundle that umoci unpacked: nothing is mounted but what the launch says."""

    name = "runc"

    def __init__(self) -> None:
        self._runc = tool("runc")
        if os.geteuid() != 0:
            missing("running containers with runc and a network needs root")
        self._root = Path(tempfile.mkdtemp(prefix="distil-runc-", dir="/tmp"))
        self._bundles: dict[tuple[Path, str], Path] = {}
        self._containers: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, image: BuiltImage, launch: Launch) -> Running:
        name, process, bundle, address = self._spawn(image, launch)

        def logs() -> str:
            return "".join((bundle / f).read_text(errors="replace") for f in ("out", "err"))

        signal = image_config(image).get("StopSignal") or "SIGTERM"
        pid = self._await_pid(bundle / "pid", process)
        if pid is None:
            raise AssertionError(f"{image.name} does not start:\n{logs()}")

        def stop() -> int:
            self._call("kill", name, signal)
            try:
                return _status(process.wait(GRACE))
            except subprocess.TimeoutExpired:
                self._call("kill", name, "KILL")
                return _status(process.wait(GRACE))

        return Running(f"http://{address}:{PORT}", pid, logs, stop)

    def run(self, image: BuiltImage, launch: Launch, timeout: float = 120) -> Completed:
        _, process, bundle, _ = self._spawn(image, launch)
        status = _status(process.wait(timeout))
        output, errors = ((bundle / f).read_text(errors="replace") for f in ("out", "err"))
        return Completed(status, output, errors)

    def close(self) -> None:
        for name, process in self._containers.items():
            self._call("delete", "--force", name)
            process.wait(GRACE)
        self._containers.clear()
        shutil.rmtree(self._root, ignore_errors=True)

    def wrapped(
        self, command: list[str | Path], bundle: Path, image: BuiltImage
    ) -> list[str | Path]:
        """What to run instead of `command`, which starts the container of `bundle`."""
        return command

    def _spawn(
        self, image: BuiltImage, launch: Launch
    ) -> tuple[str, subprocess.Popen[bytes], Path, str]:
        name = f"distil-{uuid.uuid4().hex[:12]}"
        bundle = self._root / name
        bundle.mkdir()
        unpacked = self.unpacked(image)
        rootfs = unpacked / "rootfs"
        if not launch.read_only:
            rootfs = bundle / "rootfs"
            run_tool("cp", "-a", unpacked / "rootfs", rootfs)
        config = json.loads((unpacked / "config.json").read_text())
        _apply(config, image_config(image), launch, rootfs)
        namespace = network.add_namespace()
        path = network.namespace_path(namespace)
        address = network.connect(path)
        config["linux"]["namespaces"].append({"type": "network", "path": path})
        (bundle / "config.json").write_text(json.dumps(config))
        command = [*self._command(), "run", "--bundle", bundle, "--pid-file", bundle / "pid", name]
        command = self.wrapped(command, bundle, image)
        with (bundle / "out").open("wb") as out, (bundle / "err").open("wb") as err:
            # Its own session: a SIGINT of the terminal is not for the container.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )
        self._containers[name] = process
        self._await_pid(bundle / "pid", process)
        # The name is given up: the namespace now ends with its container, come what may.
        network.delete_namespace(namespace)
        return name, process, bundle, address

    def unpacked(self, image: BuiltImage) -> Path:
        """The bundle that umoci makes of `image`, once; its root is shared and not written to."""
        key = (image.layout, image.tag)
        if key not in self._bundles:
            bundle = self._root / f"image-{len(self._bundles)}"
            run_tool("umoci", "unpack", "--image", f"{image.layout}:{image.tag}", bundle)
            self._bundles[key] = bundle
        return self._bundles[key]

    def _command(self) -> list[str | Path]:
        return [self._runc, "--root", self._root / "state"]

    def _call(self, *args: str) -> None:
        subprocess.run([*self._command(), *args], capture_output=True, check=False)

    @staticmethod
    def _await_pid(path: Path, process: subprocess.Popen[bytes]) -> int | None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if path.exists() and (text := path.read_text()):
                return int(text)
            if process.poll() is not None:
                return None
            time.sleep(0.005)
        return None


def image_config(image: BuiltImage) -> dict[str, Any]:
    """What the image says about its containers."""
    described = json.loads(run_tool("skopeo", "inspect", "--config", "--raw", _named(image)))
    config: dict[str, Any] = described["config"]
    return config


def _named(image: BuiltImage) -> str:
    return f"oci:{image.layout}:{image.tag}"


def _status(returncode: int) -> int:
    """As engines report it: death by a signal is 128 and its number."""
    return returncode if returncode >= 0 else 128 - returncode


def _apply(runtime: dict[str, Any], image: dict[str, Any], launch: Launch, rootfs: Path) -> None:
    """Change umoci's runtime configuration to what `launch` wants."""
    process = runtime["process"]
    process["terminal"] = False
    process["noNewPrivileges"] = True
    process["capabilities"] = {}
    environment = dict(variable.split("=", 1) for variable in process["env"])
    if launch.user is not None:
        environment.pop("HOME", None)  # of the image's user; runc finds the other one's
    environment.update(launch.environment)
    process["env"] = [f"{key}={value}" for key, value in environment.items()]
    own = (*(image.get("Entrypoint") or ()), *(launch.arguments or image.get("Cmd") or ()))
    process["args"] = list(own)
    if launch.entrypoint is not None:
        process["args"] = [*launch.entrypoint, *launch.arguments]
    if launch.user is not None:
        uid, _, gid = launch.user.partition(":")
        process["user"] = {"uid": int(uid), "gid": int(gid or 0)}
    runtime["root"] = {"path": str(rootfs), "readonly": launch.read_only}
    for mount in runtime["mounts"]:
        if mount["source"] == "none":  # umoci's for a volume, whose owner engines take over
            place = (rootfs / mount["destination"][1:]).stat()
            mount["options"] += [f"uid={place.st_uid}", f"gid={place.st_gid}"]
    runtime["mounts"] += [
        {
            "destination": path,
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "mode=1777"],
        }
        for path in launch.tmpfs
    ]
    runtime["mounts"] += [
        {
            "destination": mount.target,
            "type": "bind",
            "source": str(mount.source),
            "options": ["rbind", mount.mode],
        }
        for mount in launch.mounts
    ]
    kinds = ("pid", "ipc", "uts", "mount")
    runtime["linux"]["namespaces"] = [{"type": kind} for kind in kinds]
    if launch.memory is not None:
        runtime["linux"].setdefault("resources", {})["memory"] = {"limit": launch.memory}
