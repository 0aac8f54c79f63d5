"""Running a task in a sandbox of Linux namespaces, without privileges.

The launcher (`distil.run.launch`) does it, as a process of its own that ends everything when this
one is gone, however that came about.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import distil
from distil.run.causes import cause
from distil.run.errors import SandboxFailed, SandboxUnavailable
from distil.run.ids import further_ids
from distil.run.launch import kernel
from distil.run.launch.mounts import targets
from distil.run.launch.plan import Plan, receive, send
from distil.run.launch.signals import FORWARDED, FROM_TERMINAL
from distil.run.layers import copy_root, is_copied, note_places, prepare
from distil.run.task import (
    CANNOT_START,
    DEFAULT_PATH,
    NOT_FOUND,
    Able,
    Ended,
    Root,
    Task,
    Unable,
)

_PROGRAM: Final = (
    "import sys; distil = type(sys)('distil'); distil.__path__ = [sys.argv[1]];"
    " sys.modules['distil'] = distil;"
    " from distil.run.launch.outside import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)
"""What the launcher's Python is told. The package itself is not imported: that takes longer."""

_PIECE: Final = 1 << 16
_INPUT: Final = 0
_PATIENCE: Final = 30
"""Seconds for the launcher to end what it started, when it is told to."""

_OWN_FAULTS: Final = ("bind", "volume", "places", "owners", "root", "workdir")
"""Steps that fail for what a task asks, not for what the machine allows."""


def run(
    task: Task,
    output: Callable[[bytes], None],
    started: Callable[[int], None] = lambda _: None,
) -> Ended:
    """Run `task` to its end, with nothing to read and with all that it writes to `output`.

    `output` gets standard output and standard error as they come, in one stream. `started` gets
    the id that the task's process has here. Whatever ends this call, an exception of `output` or
    KeyboardInterrupt included, nothing is left of the task. Raises `SandboxUnavailable`,
    `SandboxFailed`.
    """
    return _of_answer(task, lambda plan: _launch_read(plan, output, started))


def run_attached(task: Task, started: Callable[[int], None] = lambda _: None) -> Ended:
    """Run `task` to its end with this process's standard streams, its terminal if there is one.

    `started` gets the id that the task's process has here. Signals that this process gets
    meanwhile go to the task; only to be called by the main thread.
    Raises `SandboxUnavailable`, `SandboxFailed`.
    """
    attached = os.isatty(_INPUT)
    return _of_answer(task, lambda plan: _launch_attached(plan, started), attached=attached)


def able() -> Able | Unable:
    """Whether tasks can be run here, found out by making a sandbox with nothing in it."""
    with tempfile.TemporaryDirectory(prefix="distil-") as directory:
        task = Task(Root(Path(directory)), ("/nothing",), read_only=True)
        try:
            run(task, lambda _: None)
        except SandboxUnavailable as error:
            return Unable(error.reason, error.hint)
        except SandboxFailed as error:
            return Unable(error.message, error.hint)
    return Able(bool(further_ids()))


# --- plans and answers ---------------------------------------------------------------------


def _of_answer(
    task: Task, launch: Callable[[Plan], tuple[object, ...]], *, attached: bool = False
) -> Ended:
    if kernel.MACHINE not in kernel.MACHINES:
        raise SandboxUnavailable(f"it is not known for {kernel.MACHINE}", "use an engine")
    plan = _plan(task, attached=attached)
    answer = launch(plan)
    if answer[:2] == ("refused", "overlay") and task.root.upper is not None:
        # The layer is on a file system that takes none: then the root itself is copied.
        copy_root(task.root.lower, task.root.upper)
        plan = _plan(task, attached=attached)
        answer = launch(plan)
    kind, *rest = answer
    if kind == "ended":
        return _ended(*rest)
    if kind == "unstarted":
        return _unstarted(task, str(rest[0]))
    if kind == "refused":
        step, number, detail = str(rest[0]), int(str(rest[1])), str(rest[2])
        if step in _OWN_FAULTS:
            raise SandboxFailed(f"{step} {detail}".strip(), os.strerror(number))
        found = cause(step, number)
        raise SandboxUnavailable(found.reason, found.hint)
    raise SandboxFailed("the launcher", str(rest[0]) if rest else "it ended without an answer")


def _ended(
    status: object, exceeded: object, memory: object, seconds: object, left: object
) -> Ended:
    code = os.waitstatus_to_exitcode(int(str(status)))
    ended_by = -code if code < 0 else 0
    if exceeded:
        ended_by = signal.SIGKILL
    return Ended(
        128 + ended_by if ended_by else code,
        int(ended_by),
        exceeded=str(exceeded),
        memory=int(str(memory)),
        seconds=float(str(seconds)),
        outlived=tuple(left) if isinstance(left, tuple) else (),
    )


def _unstarted(task: Task, reason: str) -> Ended:
    """What kept the program from starting: `reason` is the step and the error's number."""
    step, _, number = reason.rpartition(" ")
    code = int(number)
    why = os.strerror(code)
    if step == "workdir":
        return Ended(CANNOT_START, why=f"working directory {task.workdir}: {why}")
    if step != "program":
        return Ended(CANNOT_START, why=f"{step}: {why}")
    if code == errno.ENOENT:
        why = "there is no such program, or what it is run by is missing"
    status = NOT_FOUND if code == errno.ENOENT else CANNOT_START
    return Ended(status, why=f"{task.words[0]}: {why}")


def _plan(task: Task, *, attached: bool) -> Plan:
    ids = further_ids() if task.owners_kept else ()
    optional: tuple[tuple[str, str, bool, bool], ...] = ()
    servers = Path("/etc/resolv.conf")
    if task.network and servers.exists():
        optional = ((str(servers.resolve()), str(servers), False, False),)
    hosts = f"127.0.0.1 localhost {task.hostname}\n::1 localhost\n"
    upper = task.root.upper
    if ids and os.geteuid() != 0:
        # What belongs to others could not be cleared away from a directory by the caller.
        upper = None
    plan = Plan.of(
        {
            "lower": str(task.root.lower.absolute()),
            "upper": str(upper.absolute()) if upper else "",
            "copied": upper is not None and is_copied(upper),
            "read_only": task.read_only,
            "words": task.words,
            "environment": {"PATH": DEFAULT_PATH, **task.environment},
            "workdir": task.workdir,
            "uid": task.user[0],
            "gid": task.user[1],
            "binds": tuple(
                (str(bind.source.absolute()), bind.target, bind.writable, bind.source.is_dir())
                for bind in task.binds
            ),
            "optional": optional,
            "texts": (("/etc/hosts", hosts), ("/etc/hostname", f"{task.hostname}\n")),
            "secrets": task.secrets,
            "groups": task.groups,
            "tmpfs": task.tmpfs,
            "volumes": task.volumes,
            "network": task.network,
            "hostname": task.hostname,
            "ids": ids,
            "owners": task.owners if ids else (),
            "owners_kept": bool(ids),
            "attached": attached,
            "seconds": task.limits.seconds or 0.0,
            "memory": task.limits.memory or 0,
            "processes": task.limits.processes or 0,
            "disk": task.limits.disk or 0,
        }
    )
    if upper is not None and plan.copied:
        note_places(upper, [path for path, _ in targets(plan)])
    elif upper is not None:
        prepare(upper)
    return plan


# --- the launcher --------------------------------------------------------------------------


class _Launcher:
    """The launcher's process and the two pipes to it."""

    def __init__(self, plan: Plan, output: int | None) -> None:
        hears, self.control = os.pipe()
        self.report, says = os.pipe()
        try:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    *("-I", "-S", "-X", "utf8", "-c", _PROGRAM),
                    str(Path(distil.__file__).parent),
                    *(str(hears), str(says)),
                ],
                stdin=subprocess.DEVNULL if output is not None else None,
                stdout=output,
                stderr=subprocess.STDOUT if output is not None else None,
                cwd="/",
                pass_fds=(hears, says),
                start_new_session=not plan.attached,
            )
        finally:
            os.close(hears)
            os.close(says)
        with contextlib.suppress(BrokenPipeError):
            send(self.control, vars(plan))

    def begin(self, started: Callable[[int], None]) -> tuple[object, ...]:
        """Wait for the task to begin, and say so; the launcher's answer if it never will."""
        answer = receive(self.report)
        if not isinstance(answer, tuple):
            return ("gone",)
        if answer[0] != "started":
            return answer
        started(answer[1])
        return ()

    def answer(self, started: Callable[[int], None] = lambda _: None) -> tuple[object, ...]:
        """What the launcher answers, waited for; `started` gets the task's process id."""
        while True:
            answer = receive(self.report)
            if not isinstance(answer, tuple):
                return ("gone",)
            if answer[0] != "started":
                return answer
            started(answer[1])

    def read(self) -> bytes:
        """What the task writes next; nothing when it has ended, and all that it started."""
        stream = self.process.stdout
        return os.read(stream.fileno(), _PIECE) if stream is not None else b""

    def end(self) -> None:
        """Have it end everything, and wait for that."""
        os.close(self.control)
        try:
            self.process.wait(_PATIENCE)
        finally:
            # What it has started ends with it even so (PR_SET_PDEATHSIG).
            self.process.kill()
            self.process.wait()
            os.close(self.report)
            if self.process.stdout is not None:
                self.process.stdout.close()


@contextlib.contextmanager
def _launched(plan: Plan, output: int | None) -> Iterator[_Launcher]:
    launcher = _Launcher(plan, output)
    try:
        yield launcher
    finally:
        launcher.end()


def _launch_read(
    plan: Plan, output: Callable[[bytes], None], started: Callable[[int], None]
) -> tuple[object, ...]:
    with _launched(plan, subprocess.PIPE) as launcher:
        if refusal := launcher.begin(started):
            return refusal
        while piece := launcher.read():
            output(piece)
        return launcher.answer()


def _launch_attached(plan: Plan, started: Callable[[int], None]) -> tuple[object, ...]:
    with _launched(plan, None) as launcher, _forwarding(launcher.control, plan), _terminal(plan):
        return launcher.answer(started)


@contextlib.contextmanager
def _forwarding(control: int, plan: Plan) -> Iterator[None]:
    """Hand the signals of this process to the task while the block runs."""

    def forward(number: int, _: object) -> None:
        with contextlib.suppress(OSError):
            send(control, number)

    before = {}
    for number in FORWARDED:
        # A terminal sends its own to the task as well.
        by_terminal = plan.attached and number in FROM_TERMINAL
        before[number] = signal.signal(number, signal.SIG_IGN if by_terminal else forward)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _terminal(plan: Plan) -> Iterator[None]:
    """Take the terminal back as it was: a task that is killed does not do it."""
    if not plan.attached:
        yield
        return
    settings = termios.tcgetattr(_INPUT)
    foreground = os.tcgetpgrp(_INPUT)
    try:
        yield
    finally:
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(OSError, termios.error):
            os.tcsetpgrp(_INPUT, foreground)
            termios.tcsetattr(_INPUT, termios.TCSADRAIN, settings)
        signal.signal(signal.SIGTTOU, before)
