"""The seccomp filter of a task: what containers are denied, as a table, and its BPF program.

A filter takes nothing from a task that the namespaces would have given; it keeps the kernel's
rarely used doors shut (what Docker's default profile denies too), for a task that wants out.
"""

from __future__ import annotations

import errno
import struct

from distil.run.launch import kernel

DENIED: dict[str, tuple[int | None, int | None]] = {
    "_sysctl": (156, None),
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "create_module": (174, None),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "get_kernel_syms": (177, None),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "migrate_pages": (256, 238),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "query_module": (178, None),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "sysfs": (139, None),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "ustat": (136, None),
    "vhangup": (153, 58),
}
"""System calls that fail with EPERM, with their numbers on x86-64 and AArch64."""

MISSING: dict[str, tuple[int | None, int | None]] = {"clone3": (435, 435)}
"""Those that are as in an older kernel (ENOSYS), so that programs take the one before.

The flags of clone3 lie in memory, where no filter sees them.
"""

PRETENDED: dict[str, tuple[int | None, int | None]] = {
    "chown": (92, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "lchown": (94, None),
}
"""Those that succeed without doing anything where all files have one owner."""

LAST = 462
"""mseal(2), of Linux 6.10, the same on every machine: what came later is not there yet."""

FAMILIES = (1, 2, 10, 16, 17)
"""Sockets that exist: unix, inet, inet6, netlink, packet. Others are not kept apart by a network
namespace (vsock), or are seldom seen (alg) and often broken."""

TERMINAL_REQUESTS = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: what types into the caller's terminal, or pastes there."""

NAMESPACES = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWCGROUP
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
)
"""Flags of clone(2) and unshare(2) that a task may not give. CLONE_NEWTIME cannot be told from a
signal number in clone(2), and gives nothing."""

_CALLS = {"clone": (56, 220), "unshare": (272, 97), "ioctl": (16, 29), "socket": (41, 198)}
_COLUMN = {"x86_64": 0, "aarch64": 1}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
"""What the numbers of the x32 ABI have more."""

_LOAD = 0x20
_EQUAL = 0x15
_GREATER = 0x25
_AT_LEAST = 0x35
_ANY_BIT = 0x45
_RETURN = 0x06

_AT_NUMBER, _AT_MACHINE, _AT_ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data (linux/seccomp.h), whose arguments have eight bytes each."""

ALLOW = 0x7FFF0000
KILL = 0x80000000
ERROR = 0x00050000


def program(machine: str, *, owners_kept: bool) -> bytes:
    """The filter for `machine`, as struct sock_filter (linux/filter.h).

    Without `owners_kept` changing an owner succeeds without being done.
    """
    column = _COLUMN[machine]
    steps = [
        _step(_LOAD, _AT_MACHINE),
        # Another machine's numbers (32-bit programs) would go past everything below.
        _step(_EQUAL, _AUDIT_ARCH[machine], then=1),
        _step(_RETURN, KILL),
        _step(_LOAD, _AT_NUMBER),
        _step(_AT_LEAST, _X32, otherwise=1),
        _step(_RETURN, ERROR | errno.ENOSYS),
        _step(_GREATER, LAST, otherwise=1),
        _step(_RETURN, ERROR | errno.ENOSYS),
    ]
    answers = [(DENIED, errno.EPERM), (MISSING, errno.ENOSYS)]
    if not owners_kept:
        answers.append((PRETENDED, 0))
    for table, error in answers:
        for numbers in table.values():
            if (number := numbers[column]) is not None:
                steps += [_step(_EQUAL, number, otherwise=1), _step(_RETURN, ERROR | error)]
    refused = _step(_RETURN, ERROR | errno.EPERM)
    for name in ("clone", "unshare"):
        steps += _of_call(name, column, 0, [_step(_ANY_BIT, NAMESPACES, otherwise=1), refused])
    asked = [
        step
        for request in TERMINAL_REQUESTS
        for step in (_step(_EQUAL, request, otherwise=1), refused)
    ]
    steps += _of_call("ioctl", column, 1, asked)
    known = [
        step
        for family in FAMILIES
        for step in (_step(_EQUAL, family, otherwise=1), _step(_RETURN, ALLOW))
    ]
    steps += _of_call("socket", column, 0, [*known, _step(_RETURN, ERROR | errno.EAFNOSUPPORT)])
    return b"".join([*steps, _step(_RETURN, ALLOW)])


def _of_call(name: str, column: int, argument: int, checks: list[bytes]) -> list[bytes]:
    """`checks` of the lower half of an argument, if it is this system call; else the number stays.

    The kernel itself looks at no more than that half of flags, requests and families.
    """
    body = [_step(_LOAD, _AT_ARGUMENTS + 8 * argument), *checks, _step(_RETURN, ALLOW)]
    return [_step(_EQUAL, _CALLS[name][column], otherwise=len(body)), *body]


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
