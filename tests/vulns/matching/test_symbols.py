"""Whether the vulnerable functions of a Go module are linked into a program."""

from __future__ import annotations

import subprocess

import pytest

from distil.formats.elf_image import ElfImage
from distil.formats.go_functions import GoFunctions, read_go_functions
from distil.model.advisory import Imported
from distil.model.finding import Justification, Presence, Standing
from distil.model.inventory import (
    Answer,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Place,
    Subject,
    Verdict,
)
from distil.model.node import Kind
from distil.vulns.matching.scan import Matching, scan
from distil.vulns.matching.symbols import SYMBOLS_ABSENT, SYMBOLS_PRESENT, judged, linked_in
from tests.support.tools import needs, tool
from tests.vulns.memory import NOW, MemoryAdvisories, below

STARTS = ("runtime.main", "main.main")
FILE = InventoryFile(
    "/app", Kind.FILE, 0o755, 9, 0, Attribution.PROGRAM, owners=(0,), digest="ab" * 32
)
NET = InventoryComponent(
    name="golang.org/x/net", version="v0.7.0", kind="go", places=(Place("/app", 0),)
)


def _functions(*names: str, has_inlined: bool = True) -> GoFunctions:
    return GoFunctions(b"\0" + b"\0".join(map(str.encode, names)) + b"\0", has_inlined=has_inlined)


def _linked(*names: str):
    return linked_in(FILE, lambda _: _functions(*STARTS, *names))


ANY = "golang.org/x/net/idna.New"
HTTP2 = Imported("golang.org/x/net/http2", ("Server.ServeConn", "ConfigureServer"))


@pytest.mark.parametrize(
    ("linked", "imported", "found"),
    [
        ("golang.org/x/net/http2.ConfigureServer", HTTP2, True),
        ("golang.org/x/net/http2.(*Server).ServeConn", HTTP2, True),
        ("golang.org/x/net/http2.Server.ServeConn", HTTP2, True),
        ("golang.org/x/net/http2.(*Server).ServeConn.func1", HTTP2, True),
        ("golang.org/x/net/http2.(*Server).ServeConn-fm", HTTP2, True),
        ("golang.org/x/net/http2.(*Server[go.shape.int]).ServeConn", HTTP2, True),
        ("golang.org/x/net/http2.ConfigureServer[go.shape.[]map[string]int]", HTTP2, True),
        ("golang.org/x/net/http2.(*Server).ServeConnection", HTTP2, False),
        ("golang.org/x/net/http2/h2c.ConfigureServer", HTTP2, False),
        ("example.org/golang.org/x/net/http2.ConfigureServer", HTTP2, False),
        ("golang.org/x/net/http2.other", Imported("golang.org/x/net/http2"), True),
        ("golang.org/x/net/http2/h2c.other", Imported("golang.org/x/net/http2"), False),
        ("golang.org/x/net/a%2eb.New", Imported("golang.org/x/net/a.b", ("New",)), True),
    ],
)
def test_what_is_linked_in(linked, imported, found):
    evidence, statement = judged(NET, (imported,), (_linked(ANY, linked),))
    assert evidence.rule == (SYMBOLS_PRESENT if found else SYMBOLS_ABSENT)
    assert evidence.files == (("/app", FILE.digest),)
    assert (statement is None) is found
    if statement is not None:
        assert statement.justification is Justification.VULNERABLE_CODE_NOT_PRESENT
        assert statement.standing is Standing.NOT_AFFECTED


def test_a_program_without_any_function_of_the_module_tells_nothing():
    assert judged(NET, (HTTP2,), (_linked("net/http.Get"),)) == (None, None)


def test_absent_is_what_is_in_no_program():
    without, having = _linked(ANY), _linked(ANY, "golang.org/x/net/http2.ConfigureServer")
    assert judged(NET, (HTTP2,), (without, having))[1] is None
    assert judged(NET, (HTTP2,), (without, without))[1] is not None


def test_the_main_package_is_called_main():
    component = InventoryComponent(
        name="example.org/a", version="v1.0.0", kind="go", properties=(("path", "example.org/a/b"),)
    )
    imported = Imported("example.org/a/b", ("main",))
    assert judged(component, (imported,), (_linked(),))[0].symbols == ("main.main",)
    other = Imported("example.org/a/b", ("other",))
    assert judged(component, (other,), (_linked(),))[1] is not None


def test_a_table_that_does_not_name_the_programs_start_is_not_believed():
    assert linked_in(FILE, lambda _: _functions("a.b", "main.main")) is None
    assert linked_in(FILE, lambda _: None) is None


def _scan(entries, functions):
    inventory = Inventory(
        subject=Subject(name="x"),
        components=(NET,),
        files=(FILE,),
        has_files=True,
        verdict=Verdict(Answer.COMPLETE),
    )
    advisories = MemoryAdvisories()
    for entry in entries:
        advisories.add("Go", "golang.org/x/net", entry)
    return scan(inventory, advisories, Matching(now=NOW), functions).findings


def test_a_finding_whose_functions_are_absent_is_settled_and_still_there():
    entry = below("0.17.0", "GO-2023-2102", imports=(HTTP2,))
    (one,) = _scan([entry], lambda _: _functions(*STARTS, ANY))
    assert one.settled.by == "distil"
    assert one.evidence.symbols == (
        "golang.org/x/net/http2.Server.ServeConn",
        "golang.org/x/net/http2.ConfigureServer",
    )
    assert one.presence is Presence.WHOLE


@pytest.mark.parametrize(
    "functions", [None, lambda _: None, lambda _: _functions("golang.org/x/net/idna.New")]
)
def test_without_a_table_to_believe_a_finding_stays(functions):
    entry = below("0.17.0", "GO-2023-2102", imports=(HTTP2,))
    (one,) = _scan([entry], functions)
    assert one.settled is None


def test_an_advisory_that_names_no_functions_is_about_all_of_the_module():
    (one,) = _scan([below("0.17.0", "GO-2023-2102")], lambda _: _functions(*STARTS, ANY))
    assert one.settled is None


PROGRAM = """package main

import (
	"example.org/app/inner"
	"os"
)

func main() { println(inner.Used(os.Getpid())) }
"""
INNER = """package inner

import "os"

type T struct{ n int }

func (t T) Small() int { return cap(os.Args[t.n:]) }

func Used(n int) int { return T{n}.Small() * tiny(n) }

func tiny(n int) int { return len(os.Args[n]) }

//go:noinline
func Unused(n int) int { return n * 5 }

func UnusedSmall(n int) int { return n * 7 }
"""


@needs("go")
def test_what_go_inlines_is_in_the_table_and_what_nothing_calls_is_not(tmp_path):
    (tmp_path / "go.mod").write_text("module example.org/app\n\ngo 1.19\n")
    (tmp_path / "main.go").write_text(PROGRAM)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "inner.go").write_text(INNER)
    path = tmp_path / "program"
    command = [tool("go"), "build", "-buildvcs=false", "-ldflags=-s -w", "-o", str(path), "."]
    environment = {"GOCACHE": f"{tmp_path}/cache", "GOPATH": f"{tmp_path}/path", "PATH": "/usr/bin"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
    functions = read_go_functions(ElfImage(path.read_bytes()))
    assert functions.has_inlined
    program = linked_in(FILE, lambda _: functions)
    component = InventoryComponent(name="example.org/app", version="v1.0.0", kind="go")
    inner = "example.org/app/inner"
    for symbol in ("Used", "tiny", "T.Small"):
        assert judged(component, (Imported(inner, (symbol,)),), (program,))[1] is None, symbol
    for symbol in ("Unused", "UnusedSmall"):
        assert judged(component, (Imported(inner, (symbol,)),), (program,))[1] is not None, symbol
