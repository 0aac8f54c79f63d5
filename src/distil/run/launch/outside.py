"""The process between the caller and the sandbox: starts it, watches over it, ends it."""

from __future__ import annotations

import os
import select
import sys
import time

from distil.run.launch import kernel, signals
from distil.run.launch.inside import live
from distil.run.launch.plan import Plan, receive, send
from distil.run.launch.usage import Usage

_NAMESPACES = (
    kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWNS
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWCGROUP
)

GRACE = 0.2
"""Seconds that other processes have to end when the task's own has."""

_SHORTEST, _LONGEST = 0.02, 0.25
"""Seconds between two looks at what is in use, with limits and without."""

_SHARE = 20
"""A look may take one part in this many of the time."""

_MAPPERS = ("/usr/bin/newuidmap", "/usr/bin/newgidmap")


def main(control: int, report: int) -> None:
    """Do what comes through `control` and answer through `report`; called as a program."""
    fields = receive(control)
    if not isinstance(fields, dict):
        return
    plan = Plan.of(fields)
    if plan.attached:
        for number in signals.FROM_TERMINAL:
            signals.ignore(number)
    hears, tells = os.pipe()
    learns, says = os.pipe()
    flags = _NAMESPACES | (0 if plan.network else kernel.CLONE_NEWNET)
    try:
        child = kernel.clone(flags)
    except OSError as error:
        send(report, ("refused", "namespaces", error.errno, ""))
        return
    if child == 0:
        for handle in (control, report, tells, learns):
            os.close(handle)
        _child(plan, hears, says)
    os.close(hears)
    os.close(says)
    try:
        _map(plan, child)
        answer = _Watch(plan, child, (control, report, learns, tells)).end()
    except OSError as error:
        answer = ("refused", "ids", error.errno, "")
    finally:
        os.kill(child, signals.KILL)
        # The kernel lets the first process go when all others of its namespace are gone.
        os.waitpid(child, 0)
    if answer:
        send(report, answer)
    # Nothing is left to be done, and the interpreter would take its time to find that out.
    os._exit(0)


def _child(plan: Plan, hears: int, says: int) -> None:
    # Once the root is another one, nothing may be imported any more: it would come from there.
    sys.meta_path.clear()
    try:
        live(plan, hears, says)
    except BaseException as error:  # noqa: BLE001
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
        send(says, ("broken", f"{type(error).__name__}: {error} ({where})"))
    finally:
        os._exit(0)


def _map(plan: Plan, child: int) -> None:
    """Say who the users of the sandbox are outside (user_namespaces(7))."""
    if plan.ids and os.geteuid() != 0:
        for mapper in _MAPPERS:
            words = [str(number) for line in plan.ids for number in line]
            process = os.posix_spawn(mapper, [mapper, str(child), *words], {})
            if os.waitpid(process, 0)[1] != 0:
                raise PermissionError(f"{mapper} refused")
        return
    lines = "".join(f"{inner} {outer} {count}\n" for inner, outer, count in plan.ids)
    if not plan.ids:
        # Whoever has one id only may not leave groups (CVE-2014-8989).
        _write(f"/proc/{child}/setgroups", "deny")
    _write(f"/proc/{child}/gid_map", lines or f"{plan.gid} {os.getegid()} 1\n")
    _write(f"/proc/{child}/uid_map", lines or f"{plan.uid} {os.geteuid()} 1\n")


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


class _Watch:
    """What happens from the start of the sandbox to its end."""

    def __init__(self, plan: Plan, child: int, pipes: tuple[int, int, int, int]) -> None:
        self._plan = plan
        self._child = child
        self._control, self._report, self._learns, self._tells = pipes
        self._usage: Usage | None = None
        self._began = time.monotonic()
        limited = plan.memory or plan.processes or plan.disk
        self._interval = _SHORTEST if limited else _LONGEST
        self._next = 0.0

    def end(self) -> tuple[object, ...]:
        """Wait for the end; the answer to the caller, which is empty when the caller is gone."""
        os.write(self._tells, b".")
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._learns, select.POLLIN)
        while True:
            ready = dict(poll.poll(self._patience()))
            if self._learns in ready:
                answer = self._learn(receive(self._learns))
                if answer:
                    return answer
            if self._control in ready:
                message = receive(self._control)
                if not isinstance(message, int):
                    return ()
                os.kill(self._child, message)
            exceeded = self._exceeded()
            if exceeded:
                return self._ended(0, exceeded, 0)

    def _patience(self) -> float | None:
        """Milliseconds until something has to be looked at; None: for ever."""
        times = [self._next] if self._usage is not None else []
        if self._usage is not None and self._plan.processes:
            # Forks come faster than anything else.
            times.append(time.monotonic() + _SHORTEST)
        if self._plan.seconds:
            times.append(self._began + self._plan.seconds)
        return max(0.0, min(times) - time.monotonic()) * 1000 if times else None

    def _learn(self, message: object) -> tuple[object, ...]:
        """Take what the inside tells; the answer to the caller when that is the end."""
        if not isinstance(message, tuple):
            return self._ended(signals.KILL, "", 0)
        if message[0] == "ready":
            if os.geteuid() != 0:
                # Among root's rights over what the task makes is to look into what it has closed.
                kernel.enter_users(self._child)
            self._usage = Usage(self._plan, self._child)
            self._next = time.monotonic() + self._interval
            os.write(self._tells, b".")
            return ()
        if message[0] == "started":
            send(self._report, ("started", self._task()))
            return ()
        if message[0] == "ended":
            # A bomb's first process may be the one that finds no room for another.
            crowded = self._usage is not None and self._usage.too_many()
            return self._ended(message[1], "processes" if crowded else "", message[2])
        return message

    def _task(self) -> int:
        """The task's process as this namespace numbers it; the first process's where none tells."""
        try:
            with open(f"/proc/{self._child}/task/{self._child}/children", "rb") as stream:
                return int(stream.read().split()[0])
        except (OSError, IndexError):
            return self._child

    def _ended(self, status: int, exceeded: str, memory: int) -> tuple[object, ...]:
        seconds = time.monotonic() - self._began
        left: tuple[str, ...] = ()
        most = memory
        if self._usage is not None:
            most = max(most, self._usage.most)
        if self._usage is not None and not exceeded:
            until = time.monotonic() + GRACE
            while (left := self._usage.names()) and time.monotonic() < until:
                time.sleep(0.005)
        return ("ended", status, exceeded, most, seconds, left)

    def _exceeded(self) -> str:
        now = time.monotonic()
        if self._plan.seconds and now >= self._began + self._plan.seconds:
            return "time"
        if self._usage is None:
            return ""
        if self._usage.too_many():
            return "processes"
        if now < self._next:
            return ""
        found = self._usage.exceeded()
        after = time.monotonic()
        self._next = after + max(self._interval, _SHARE * (after - now))
        return found
