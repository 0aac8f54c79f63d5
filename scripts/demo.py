"""Build examples/flask-hello, run it with what is there, ask it something, clean up.

Run with: Docker, podman, or a sandbox of Linux namespaces (or, as root, only another root
directory). Exit status: 0 answered; 3 built, not run; otherwise what distil said.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.stores.table import store_to_read
from distil.image.unpack import unpack
from distil.model.image import ContainerConfig
from distil.model.reference import parse_location

ROOT = Path(__file__).resolve().parents[1]
OUT = Path("out")
NAME = "distil-demo:1.0"
LAYOUT = f"oci:{OUT / 'demo'}"
ARCHIVE = OUT / "demo.tar"
BUILT_NOT_RUN = 3
START_SECONDS = 30
GRACE = 10
UID = 65532


class Unable(Exception):
    """This way of running containers does not work on this machine."""


def main() -> int:
    """Build, run in the first way that works, show; the exit status."""
    os.chdir(ROOT)
    build()
    ways: dict[str, Callable[[], object]] = {
        "Docker": lambda: engine("docker"),
        "podman": lambda: engine("podman"),
        "a namespace sandbox": lambda: sandbox(in_namespaces),
        "another root directory": lambda: sandbox(in_other_root),
    }
    for name, way in ways.items():
        try:
            with way() as url:
                answers = [
                    ask(url, path) for path in ("/hello/world", "/about", "/time/Asia/Tokyo")
                ]
        except Unable as reason:
            print(f"not with {name}: {reason}")
            continue
        print(f"\nrun with {name}:")
        for path, answer in answers:
            print(f"  GET {path}\n    {answer}")
        return 0
    print("built, not run")
    return BUILT_NOT_RUN


def build() -> None:
    """Build the example with distil's command line, which says what it does and how large it is."""
    OUT.mkdir(exist_ok=True)
    outputs = ("-o", LAYOUT, "-o", f"docker-archive:{ARCHIVE}")
    command = ("build", "examples/flask-hello", "-t", NAME, *outputs)
    print(f"$ distil {' '.join(command)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "distil", *command], check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


def ask(url: str, path: str) -> tuple[str, str]:
    """The path and the text of the answer, without markup."""
    with urllib.request.urlopen(url + path, timeout=GRACE) as response:
        text = response.read().decode()
    heading = text.partition("<h1>")[2].partition("</h1>")[0]
    return path, f"{response.status} {heading or text.strip()}"


def await_answer(url: str, running: Callable[[], bool]) -> None:
    """Wait until the application answers; `Unable` when it ends or never does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and running():
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    raise Unable("the container did not answer")


# --- engines -------------------------------------------------------------------------------


@contextmanager
def engine(program: str) -> Iterator[str]:
    """Load the archive into an engine and run it; container and image are removed after."""
    if shutil.which(program) is None:
        raise Unable("it is not installed")
    call(program, "ps")
    call(program, "load", "--input", str(ARCHIVE))
    options = ["--detach", "--read-only", "--tmpfs", "/tmp", "--publish", "127.0.0.1::8000"]
    container = ""
    try:
        container = call(program, "run", *options, NAME)
        url = f"http://{call(program, 'port', container, '8000').splitlines()[0]}"
        state = (program, "inspect", "--format", "{{.State.Running}}", container)
        await_answer(url, lambda: call(*state) == "true")
        yield url
        call(program, "stop", container)
    finally:
        if container:
            call(program, "rm", "--force", container)
        for name in (NAME, f"{NAME}-debug"):
            subprocess.run([program, "rmi", "--force", name], capture_output=True, check=False)


def call(*command: str) -> str:
    """The output of a command; `Unable` with the line of its complaint that says most."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise Unable(next((line for line in lines if "rror" in line), lines[-1]))
    return done.stdout.strip()


# --- sandboxes -----------------------------------------------------------------------------

ENTER = """
import os, sys
root, workdir, uid, *command = sys.argv[1:]
os.chroot(root)
os.chdir(workdir)
if int(uid):
    os.setgroups([])
    os.setgid(int(uid))
    os.setuid(int(uid))
os.execvp(command[0], command)
"""
"""Run by this machine's Python: change the root and become the application."""

MOUNTS = """
set -e
mount --bind "$0" "$0"
mount -o remount,bind,ro "$0"
mount --rbind /dev "$0/dev"
mount -t proc proc "$0/proc" 2>/dev/null || mount --rbind /proc "$0/proc"
mount -t tmpfs tmpfs "$0/tmp"
exec "$@"
"""


@contextmanager
def sandbox(enter: Callable[[Path, ContainerConfig], Sequence[str]]) -> Iterator[str]:
    """Unpack the image and run it in a way of `enter`; everything is removed after."""
    with tempfile.TemporaryDirectory(prefix="distil-demo-") as directory:
        Path(directory).chmod(0o755)
        root = Path(directory) / "root"
        place = parse_location(f"{LAYOUT}:{NAME.rpartition(':')[2]}")
        with store_to_read(place).opened() as source:
            image = read_image(source)
            unpack(read_tree(image.layers, Cache.default()), root, owners=False)
        for name in ("dev", "dev/shm", "proc", "tmp"):
            (root / name).mkdir(exist_ok=True)
        for name in ("dev/shm", "tmp"):
            (root / name).chmod(0o1777)
        config = image.config.config
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = dict(variable.split("=", 1) for variable in config.env) | {"PORT": str(port)}
        with (Path(directory) / "log").open("w+") as log:
            process = subprocess.Popen(
                enter(root, config),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                await_answer(f"http://127.0.0.1:{port}", lambda: process.poll() is None)
                yield f"http://127.0.0.1:{port}"
            except Unable as error:
                log.seek(0)
                said = log.read().strip().splitlines() or [str(error)]
                raise Unable(said[-1]) from error
            finally:
                end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to all of the sandbox, SIGKILL after the grace period."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(GRACE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def in_namespaces(root: Path, config: ContainerConfig) -> Sequence[str]:
    """A user of its own, mounts and processes of its own; no privilege is needed for it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        raise Unable("unshare is not installed")
    options = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child")
    inside = entered(root, config, uid=0)
    return (unshare, *options, "/bin/sh", "-c", MOUNTS, str(root), *inside)


def in_other_root(root: Path, config: ContainerConfig) -> Sequence[str]:
    """The image's files and its user, and nothing else kept apart."""
    if os.geteuid() != 0:
        raise Unable("it needs root")
    return entered(root, config, uid=UID)


def entered(root: Path, config: ContainerConfig, *, uid: int) -> tuple[str, ...]:
    """The command that starts the application below `root`."""
    command = (*config.entrypoint, *config.cmd)
    return (sys.executable, "-c", ENTER, str(root), config.working_dir, str(uid), *command)


if __name__ == "__main__":
    sys.exit(main())
