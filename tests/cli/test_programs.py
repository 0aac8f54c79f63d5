"""The application's own compiled programs: what comes for them, and what they tell."""

from __future__ import annotations

from tests.support.command import Done, World
from tests.support.elf_builder import Elf
from tests.support.go_program import GoProgram
from tests.support.layouts import files

SPECIFICATION = """
[app]
entrypoint = ["/hello"]

[base]
from = "scratch"

[[copy]]
from = "hello"
to = "/hello"
mode = "0755"
"""
BUNDLE = "etc/ssl/certs/ca-certificates.crt"


def built(world: World, program: bytes) -> Done:
    app = world.app({"hello": program, "distil.toml": SPECIFICATION}, "hello")
    done = world.build(app)
    assert done.code == 0, done.stderr
    return done


def test_certificates_come_for_a_go_program_that_verifies_them(warm: World) -> None:
    program = GoProgram(functions=("crypto/x509.loadSystemRoots",)).build()
    done = built(warm, program)
    there = set(files(warm.out, "1.0"))
    assert BUNDLE in there
    assert "usr/share/doc/ca-certificates/copyright" in there
    assert "var/lib/dpkg/status.d/ca-certificates" in there
    assert not [path for path in there if path.startswith("usr/share/ca-certificates/")]
    reasons = [need["reason"] for need in done.data["plan"]["needs"]]
    assert reasons == [
        "verifies certificates with the system's authorities (crypto/x509.loadSystemRoots)"
    ]
    why = warm.distil("why", f"oci:{warm.out}:1.0", f"/{BUNDLE}")
    assert "/hello   (certificates of authorities)" in why.stdout


def test_zones_come_for_a_go_program_that_asks_for_them(warm: World) -> None:
    built(warm, GoProgram(functions=("time.LoadLocation",)).build())
    there = set(files(warm.out, "1.0"))
    assert [path for path in there if path.startswith("usr/share/zoneinfo/")]
    assert BUNDLE not in there


def test_nothing_comes_for_a_program_that_asks_for_nothing(warm: World) -> None:
    program = GoProgram()
    program.elf.sections = {".rodata": b"/usr/share/zoneinfo/etc/ssl/certs/etc/mime.types"}
    built(warm, program.build())
    assert set(files(warm.out, "1.0")) == {"hello", "etc/passwd", "etc/group"}


def test_components_are_in_the_report(warm: World) -> None:
    done = built(warm, GoProgram().build())
    (program,) = done.data["programs"]
    assert program["path"] == "/hello"
    assert program["what"] == "Go 1.24.4, static"
    assert [one["name"] for one in program["components"]] == [
        "example.org/api",
        "example.org/one",
        "example.org/fork",
        "stdlib",
    ]


def test_why_a_program_is_not_static_is_told(warm: World) -> None:
    elf = Elf(kind=2, interpreter="/lib64/ld-linux-x86-64.so.2", needed=("libc.so.6",))
    done = built(warm, GoProgram(functions=("net._C2func_getaddrinfo",), elf=elf).build())
    (program,) = done.data["programs"]
    assert [one.partition(";")[0] for one in program["remarks"]] == [
        "/hello is not static: net asks the C library"
    ]


def test_a_packed_program_is_warned_of(warm: World) -> None:
    data = bytearray(Elf(kind=2, dynamic=False).build())
    data[200:204] = b"UPX!"
    assert "warning: /hello is packed with UPX" in built(warm, bytes(data)).stderr
