"""The seccomp filter, run by an interpreter of its few instructions, on both machines."""

from __future__ import annotations

import errno
import struct

import pytest

from distil.run.launch.filters import ALLOW, DENIED, ERROR, KILL, MISSING, PRETENDED, program

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
COLUMN = {"x86_64": 0, "aarch64": 1}
I386 = 0x40000003

NUMBERS = {
    "read": (0, 63),
    "execve": (59, 221),
    "ptrace": (101, 117),
    "openat2": (437, 437),
    "clone": (56, 220),
    "unshare": (272, 97),
    "ioctl": (16, 29),
    "socket": (41, 198),
    "mount": (165, 40),
    "mseal": (462, 462),
}

REFUSED = ERROR | errno.EPERM
NO_SUCH = ERROR | errno.ENOSYS
NO_FAMILY = ERROR | errno.EAFNOSUPPORT


def answer(
    machine: str, number: int, *arguments: int, arch: int | None = None, owners_kept: bool = False
) -> int:
    """What the filter answers to a system call."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=iIQ6Q", number, arch or ARCHITECTURES[machine], 0, *padded)
    steps = list(struct.iter_unpack("=HBBI", program(machine, owners_kept=owners_kept)))
    at = accumulator = 0
    while True:
        code, then, otherwise, value = steps[at]
        at += 1
        if code == 0x06:
            return value
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
            continue
        holds = {
            0x15: accumulator == value,
            0x25: accumulator > value,
            0x35: accumulator >= value,
            0x45: bool(accumulator & value),
        }[code]
        at += then if holds else otherwise


@pytest.fixture(params=ARCHITECTURES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("read", (), ALLOW),
        ("execve", (), ALLOW),
        ("ptrace", (), ALLOW),
        ("openat2", (), ALLOW),
        ("mseal", (), ALLOW),
        ("mount", (), REFUSED),
        ("clone", (17,), ALLOW),
        ("clone", (0x003D0F00,), ALLOW),  # a thread
        ("clone", (0x10000000 | 17,), REFUSED),
        ("clone", (0x00020000,), REFUSED),
        ("unshare", (0x400,), ALLOW),  # a table of files of its own
        ("unshare", (0x20000000,), REFUSED),
        ("ioctl", (0, 0x5413), ALLOW),
        ("ioctl", (0, 0x5412), REFUSED),
        ("ioctl", (0, 0x541C), REFUSED),
        # The kernel does not look at the upper half; neither may the filter.
        ("ioctl", (0, 0xFF00005412), REFUSED),
        ("socket", (1,), ALLOW),
        ("socket", (2,), ALLOW),
        ("socket", (10,), ALLOW),
        ("socket", (16,), ALLOW),
        ("socket", (40,), NO_FAMILY),  # vsock
        ("socket", (38,), NO_FAMILY),  # alg
        ("socket", (0xFF00000028,), NO_FAMILY),
    ],
)
def test_calls(name: str, arguments: tuple[int, ...], expected: int, machine: str) -> None:
    assert answer(machine, NUMBERS[name][COLUMN[machine]], *arguments) == expected


def test_tables(machine: str) -> None:
    column = COLUMN[machine]
    for table, expected in ((DENIED, REFUSED), (MISSING, NO_SUCH), (PRETENDED, ERROR)):
        for numbers in table.values():
            if numbers[column] is not None:
                assert answer(machine, numbers[column]) == expected
    for numbers in PRETENDED.values():
        if numbers[column] is not None:
            assert answer(machine, numbers[column], owners_kept=True) == ALLOW


def test_what_is_not_known_yet_is_not_there(machine: str) -> None:
    assert answer(machine, 463) == NO_SUCH
    assert answer(machine, 100_000) == NO_SUCH


def test_other_numbers_of_the_same_machine(machine: str) -> None:
    """32-bit calls have others, the x32 ABI has the same with a bit more."""
    assert answer(machine, 21, arch=I386) == KILL
    assert answer(machine, 0x40000000 | 165) == NO_SUCH


def test_no_number_stands_for_two(machine: str) -> None:
    tables = (DENIED, MISSING, PRETENDED)
    numbers = [n[COLUMN[machine]] for table in tables for n in table.values()]
    known = [number for number in numbers if number is not None]
    assert len(known) == len(set(known))


def test_every_jump_stays_inside(machine: str) -> None:
    steps = list(struct.iter_unpack("=HBBI", program(machine, owners_kept=False)))
    for at, (code, then, otherwise, _) in enumerate(steps):
        if code & 0x07 == 0x05:
            assert at + 1 + max(then, otherwise) < len(steps)
    assert steps[-1] == (0x06, 0, 0, ALLOW)
