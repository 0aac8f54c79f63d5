"""The system calls that Python 3.11 has no names for, each raising OSError."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 0x2

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_NEWTIME = 0x00000080

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38

AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_IN_ROOT = 0x10

_SIGCHLD = 17
_OPENAT2 = 437
_MOUNT_SETATTR = 442
_CALLS = {"x86_64": {"clone": 56, "pivot_root": 155}, "aarch64": {"clone": 220, "pivot_root": 41}}
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_AF_INET = 2
_SOCK_DGRAM = 2
_CAPABILITY_VERSION = 0x20080522

MACHINE = os.uname().machine
MACHINES = frozenset(_CALLS)
"""The machines whose system calls are known here."""

# The interpreter's lock is held during the call: a child that clone(2) makes goes on with it.
_libc = ctypes.PyDLL(None, use_errno=True)


def _call(name: str, *args: object) -> int:
    result: int = getattr(_libc, name)(*args)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _number(value: int) -> ctypes.c_long:
    return ctypes.c_long(value)


def clone(flags: int) -> int:
    """Make a child process in new namespaces (clone(2)); 0 in the child, its id in the caller."""
    nothing = _number(0)
    return _call(
        "syscall",
        _number(_CALLS[MACHINE]["clone"]),
        _number(flags | _SIGCHLD),
        nothing,
        nothing,
        nothing,
        nothing,
    )


def enter_users(process: int) -> None:
    """Join the user namespace of a process that this one's user has made (setns(2))."""
    handle = os.open(f"/proc/{process}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call("setns", handle, CLONE_NEWUSER)
    finally:
        os.close(handle)


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount a file system, with the flags and options of the manual."""
    _call(
        "mount",
        os.fsencode(source),
        os.fsencode(target),
        kind.encode(),
        ctypes.c_ulong(flags),
        os.fsencode(options),
    )


def restrict_mount(handle: int, attributes: int, *, below: bool) -> None:
    """Add `attributes` to the mount at `handle` and, with `below`, to all in it.

    mount_setattr(2), Linux 5.12.
    """
    value = struct.pack("=QQQQ", attributes, 0, 0, 0)
    _call(
        "syscall",
        _number(_MOUNT_SETATTR),
        _number(handle),
        b"",
        _number(AT_EMPTY_PATH | (AT_RECURSIVE if below else 0)),
        value,
        _number(len(value)),
    )


def open_in_root(root: int, path: str, flags: int) -> int:
    """Open `path` as a process with the root `root` would (openat2(2), Linux 5.6)."""
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
    return _call(
        "syscall", _number(_OPENAT2), _number(root), os.fsencode(path), how, _number(len(how))
    )


def pivot_here() -> None:
    """Make the working directory, a mount, the root, and let go of the old one (pivot_root(2))."""
    _call("syscall", _number(_CALLS[MACHINE]["pivot_root"]), b".", b".")
    _call("umount2", b".", MNT_DETACH)
    os.chdir("/")


def prctl(option: int, value: int, pointer: object = None) -> None:
    """Set something of this process; the options have one or two arguments."""
    second = _number(0) if pointer is None else pointer
    _call("prctl", option, ctypes.c_ulong(value), second, _number(0), _number(0))


def set_hostname(name: str) -> None:
    """Give this namespace a name, as sethostname(2) does."""
    data = name.encode()
    _call("sethostname", data, ctypes.c_size_t(len(data)))


def raise_loopback() -> None:
    """Bring up the interface ``lo`` of this network namespace (netdevice(7))."""
    handle = _call("socket", _AF_INET, _SOCK_DGRAM, 0)
    try:
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP))
    finally:
        os.close(handle)


def keep_capabilities(kept: int) -> None:
    """Give up every capability but those of the bit set `kept`, for good (capabilities(7))."""
    with open("/proc/sys/kernel/cap_last_cap", "rb") as stream:
        last = int(stream.read())
    for number in range(last + 1):
        if not kept >> number & 1:
            prctl(PR_CAPBSET_DROP, number)
    head = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    low, high = kept & 0xFFFFFFFF, kept >> 32
    _call("capset", head, struct.pack("=6I", low, low, 0, high, high, 0))


def set_filter(program: bytes) -> None:
    """Install a seccomp filter; no_new_privs is set before (seccomp(2))."""
    held = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
    prctl(PR_SET_SECCOMP, 2, head)
