"""The first process of the sandbox: makes it, starts the task in it, reaps what is orphaned."""

from __future__ import annotations

import errno
import os
import resource

from distil.run.launch import filters, kernel, signals
from distil.run.launch.mounts import Refused, build, step
from distil.run.launch.plan import Plan, send

KEPT_CAPABILITIES = sum(1 << number for number in (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31))
"""What a container's root has, by the numbers of linux/capability.h: chown, dac_override, fowner,
fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw, sys_chroot, mknod, audit_write,
setfcap; all of them over what belongs to the sandbox only."""

_OPEN_FILES = 1 << 16
_STACK = 8 << 20
_ALL_FILES = 1 << 30
"""The limits that do not depend on the host's, as far as the host allows it."""

_KILLED_FIRST = b"500"
"""oom_score_adj(5): when the machine runs out of memory, the task goes before what is around."""


def live(plan: Plan, allowed: int, report: int) -> None:
    """Be the first process, to the end; `allowed` tells when outside has done its part.

    What happened is told through `report`: ``refused``, ``ready``, ``unstarted``, ``started``,
    ``ended``.
    """
    try:
        _await(allowed)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
        build(plan)
        with step("hostname"):
            kernel.set_hostname(plan.hostname)
        if not plan.network:
            with step("network"):
                kernel.raise_loopback()
        _prepare(plan)
        # The handles of the host's directories have done their work.
        first, second = sorted((allowed, report))
        os.closerange(3, first)
        os.closerange(first + 1, second)
        os.closerange(second + 1, _OPEN_FILES)
        send(report, ("ready",))
        _await(allowed)
        # From here on nothing of this process can be seen or changed from inside.
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        _start_and_reap(plan, report)
    except Refused as refusal:
        send(report, ("refused", refusal.what, refusal.number, refusal.detail))


def _await(allowed: int) -> None:
    if not os.read(allowed, 1):
        os._exit(1)


def _prepare(plan: Plan) -> None:
    """What the host allows without being asked twice, and what is no harm where it does not."""
    os.umask(0o022)
    if not plan.attached:
        os.setsid()
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as stream:
            stream.write(_KILLED_FIRST)
    except OSError:
        return


def _start_and_reap(plan: Plan, report: int) -> None:
    awaited = tuple(
        number
        for number in (*signals.FORWARDED, signals.CHLD)
        if not (plan.attached and number in signals.FROM_TERMINAL)
    )
    # Held from before the start, none of them is missed.
    signals.hold(awaited)
    broken, breaks = os.pipe()
    task = os.fork()
    if task == 0:
        _become(plan, breaks)
    os.close(breaks)
    reason = os.read(broken, 100)
    os.close(broken)
    if reason:
        send(report, ("unstarted", reason.decode()))
        return
    send(report, ("started",))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    while True:
        number, from_outside = signals.wait(awaited)
        if number == signals.CHLD:
            _reap(task, report)
        elif from_outside:
            _forward(task, number)


def _reap(task: int, report: int) -> None:
    """Take leave of every process that has ended, and tell of the task."""
    try:
        while (ended := os.wait4(-1, os.WNOHANG))[0]:
            if ended[0] == task:
                # Outside looks at what is left now, and ends it all.
                send(report, ("ended", ended[1], ended[2].ru_maxrss * 1024))
    except ChildProcessError:
        return


def _forward(task: int, number: int) -> None:
    try:
        os.kill(task, number)
    except ProcessLookupError:
        return


def _become(plan: Plan, breaks: int) -> None:
    """Turn into the task. Why it cannot be done is written to `breaks`: step, number, path."""
    what = "workdir"
    try:
        os.chdir(plan.workdir)
        what = "start"
        signals.as_at_first()
        _limit(plan)
        os.closerange(3, breaks)
        os.closerange(breaks + 1, _OPEN_FILES)
        kernel.keep_capabilities(KEPT_CAPABILITIES)
        if plan.ids:
            os.setgroups([plan.gid, *plan.groups])
            os.setresgid(plan.gid, plan.gid, plan.gid)
            os.setresuid(plan.uid, plan.uid, plan.uid)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.set_filter(filters.program(kernel.MACHINE, owners_kept=plan.owners_kept))
        what = "program"
        _execute(plan)
    except OSError as error:
        os.write(breaks, f"{what} {error.errno or errno.EIO}".encode())
    except BaseException as error:  # noqa: BLE001
        os.write(breaks, f"{what}: {error} {errno.EIO}".encode())
    finally:
        os._exit(127)


def _execute(plan: Plan) -> None:
    """Become the program, looked for as execvp(3) does. Raises OSError: why it cannot be."""
    name = plan.words[0]
    places = [""] if "/" in name else plan.environment["PATH"].split(":")
    number = errno.ENOENT
    for place in places:
        try:
            os.execve(f"{place}/{name}" if place else name, plan.words, plan.environment)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                number = error.errno or errno.EIO
    raise OSError(number, os.strerror(number))


def _limit(plan: Plan) -> None:
    _set_limit(resource.RLIMIT_CORE, 0, 0)
    _set_limit(resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES)
    _set_limit(resource.RLIMIT_STACK, _STACK, resource.RLIM_INFINITY)
    if plan.disk:
        _set_limit(resource.RLIMIT_FSIZE, plan.disk, plan.disk)
    if plan.processes:
        # Outside ends the task before this is reached, unless everything comes at once.
        _set_limit(resource.RLIMIT_NPROC, 2 * plan.processes, 2 * plan.processes)


def _set_limit(limit: int, soft: int, hard: int) -> None:
    """Set a limit as far as the host allows it: what is inherited cannot be raised."""
    _, most = resource.getrlimit(limit)
    hard = _least(hard, most)
    resource.setrlimit(limit, (_least(soft, hard), hard))


def _least(one: int, other: int) -> int:
    limits = [value for value in (one, other) if value != resource.RLIM_INFINITY]
    return min(limits) if limits else resource.RLIM_INFINITY
