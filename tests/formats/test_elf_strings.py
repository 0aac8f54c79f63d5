"""Names among the strings of a compiled file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.elf_strings import ElfStrings, Sought, read_elf_strings, starts_shell
from tests.support.go_program import GoProgram

SOUGHT = Sought(
    ("iconv_open",),
    ("/etc/ssl/certs", "SSL_CERT_FILE"),
    ("time.LoadLocation", "mime.TypeByExtension"),
)


@pytest.mark.parametrize(
    ("data", "libraries"),
    [
        (b"\0libz.so.1\0", ("libz.so.1",)),
        (b"\0libgfortran-040039e1.so.5.0.0\0", ("libgfortran-040039e1.so.5.0.0",)),
        (b"\0/usr/lib/engines/x.so\0", ("/usr/lib/engines/x.so",)),
        (b"\0%s/libx.so.2\0", ("s/libx.so.2",)),
        (b"\0${ORIGIN}/libx.so\0", ("/libx.so",)),
        (b"\0libc++.so.1\0", ("libc++.so.1",)),
        (b"\0libb.so\0liba.so\0libb.so\0", ("liba.so", "libb.so")),
        (b"\0libz.so.1 is missing\0", ()),
        (b"\0libz.solution\0", ()),
        (b"\0.so\0", ()),
        (b"libz.so.1", ()),
        (b"", ()),
    ],
)
def test_libraries(data: bytes, libraries: tuple[str, ...]) -> None:
    assert read_elf_strings(data, SOUGHT).libraries == libraries


@pytest.mark.parametrize(
    ("data", "functions"),
    [
        (b"\0iconv_open\0", ("iconv_open",)),
        (b"\0my_iconv_open\0", ()),
        (b"\0iconv_open failed\0", ()),
    ],
)
def test_functions(data: bytes, functions: tuple[str, ...]) -> None:
    assert read_elf_strings(data, SOUGHT) == ElfStrings((), functions)


def test_texts_are_found_without_an_end() -> None:
    assert read_elf_strings(b"x/etc/ssl/certsSSL_CERT_DIR", SOUGHT).texts == ("/etc/ssl/certs",)


def test_go_programs_tell_by_what_is_linked_into_them() -> None:
    program = GoProgram(functions=("main.main", "time.LoadLocation"))
    program.elf.sections = {".rodata": b"/etc/ssl/certs"}
    found = read_elf_strings(program.build(), SOUGHT)
    assert found == ElfStrings(go_functions=("time.LoadLocation",))


@pytest.mark.parametrize(
    ("function", "texts"),
    [
        ("net._C2func_getaddrinfo", ()),
        ("os/user._Cfunc_mygetpwuid_r", ()),
        ("example.org/tls._Cfunc_SSL_read", ("/etc/ssl/certs",)),
    ],
)
def test_texts_of_a_go_program_can_be_those_of_c_code(
    function: str, texts: tuple[str, ...]
) -> None:
    program = GoProgram(functions=(function,))
    program.elf.sections = {".rodata": b"/etc/ssl/certs"}
    assert read_elf_strings(program.build(), SOUGHT).texts == texts


@given(st.binary(max_size=500))
def test_any_bytes_can_be_read(data: bytes) -> None:
    starts_shell(data)
    found = read_elf_strings(data, SOUGHT)
    assert all(name.encode() in data for name in found.libraries)


@pytest.mark.parametrize(
    ("data", "starts"),
    [
        (b"\0exit\0/bin/sh\0", True),
        (b"\0exit\0/bin/sh.real\0", False),
        (b"\x01\0exit\0__libc_start_main\0system\0\x02", True),
        (b"\x01\0popen\0__libc_start_main\0exit\0\x02", True),
        (b"\x01\0__libc_start_main\0exit\0\x02\0system\0", False),
        (b"\0system\0\x02\0__libc_start_main\0exit\0", False),
        (b"\0system\0", False),
        (b"", False),
    ],
)
def test_programs_that_start_a_shell(data: bytes, starts: bool) -> None:
    assert starts_shell(data) is starts
