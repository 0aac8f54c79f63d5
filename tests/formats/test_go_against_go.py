"""The readers against Go's own tools: build information, and the names of functions."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from distil.formats.elf_image import ElfImage
from distil.formats.go_build import GoBuild, GoModule, read_go_build
from distil.formats.go_functions import read_go_functions
from tests.support.tools import needs, run_tool, tool

pytestmark = needs("go")

FILES = {
    "go.mod": "module example.org/app\n\ngo 1.19\n\nrequire example.org/dep v1.2.3\n\n"
    "require example.org/other v0.1.0\n\nreplace example.org/other => ./other\n",
    "main.go": 'package main\n\nimport (\n\t"example.org/dep"\n\t"example.org/other"\n)\n\n'
    "var title string\n\nfunc main() { println(dep.Name(), other.Name(), title) }\n",
    "vendor/modules.txt": "# example.org/dep v1.2.3\n## explicit\nexample.org/dep\n"
    "# example.org/other v0.1.0 => ./other\n## explicit; go 1.19\nexample.org/other\n"
    "# example.org/other => ./other\n",
    "vendor/example.org/dep/dep.go": "package dep\n\n//go:noinline\n"
    'func Name() string { return "dep" }\n',
    "vendor/example.org/other/other.go": 'package other\n\nfunc Name() string { return "o" }\n',
}


OF_THE_LINKER = {"runtime.text", "runtime.etext"}
STRIPPED = "-s -w "


@pytest.fixture(scope="module", params=["", STRIPPED], ids=["whole", "stripped"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that is built from modules."""
    place = tmp_path_factory.mktemp("go")
    for name, text in FILES.items():
        path = place / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    flags = ["-buildvcs=false", f'-ldflags={request.param}-X "main.title=two words"']
    made = place / "app.elf"
    subprocess.run(
        [tool("go"), "build", "-mod=vendor", *flags, "-o", made, "."],
        cwd=place / "app",
        env=os.environ
        | {"GOCACHE": str(place / "cache"), "GOPATH": str(place / "path"), "CGO_ENABLED": "0"},
        check=True,
        timeout=300,
    )
    return made


def image_of(path: Path) -> ElfImage:
    return ElfImage(path.read_bytes())


def go_programs() -> list[Path]:
    root = Path(run_tool("go", "env", "GOROOT").strip())
    places = (root / "bin", root / "pkg" / "tool" / "linux_amd64")
    return [path for place in places if place.is_dir() for path in sorted(place.iterdir())]


def told(build: GoBuild) -> list[str]:
    """What `go version -m` prints of `build`."""
    lines = [build.version]
    if build.path:
        lines.append(f"path\t{build.path}")
    for kind, module in (
        *([("mod", build.main)] if build.main else []),
        *(("dep", one) for one in build.dependencies),
    ):
        lines += _module(kind, module)
    lines += [f"build\t{_quoted(name)}={_quoted(value)}" for name, value in build.settings.items()]
    return lines


def _module(kind: str, module: GoModule) -> list[str]:
    line = f"{kind}\t{module.path}\t{module.version}"
    if module.replaced_by is not None:
        return [line, *_module("=>", module.replaced_by)]
    return [f"{line}\t{module.sum}"]


def _quoted(text: str) -> str:
    if not any(letter in text for letter in ' \t\r\n"`'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_build_information(program: Path) -> None:
    for path in (program, *go_programs()):
        first, *lines = run_tool("go", "version", "-m", path).splitlines()
        build = read_go_build(image_of(path))
        assert build is not None
        listed = [line[1:] for line in lines if line.strip()]
        assert told(build) == [first.partition(": ")[2], *listed]


def test_modules_and_settings(program: Path) -> None:
    build = read_go_build(image_of(program))
    assert build is not None
    assert build.main == GoModule("example.org/app", "(devel)")
    assert [one.used.path for one in build.dependencies] == ["example.org/dep", "./other"]
    assert build.settings["-ldflags"].endswith('-X "main.title=two words"')
    assert build.cgo is False


def test_functions(program: Path) -> None:
    functions = read_go_functions(image_of(program))
    assert functions is not None
    assert all(
        name in functions for name in ("main.main", "example.org/dep.Name", "runtime.gcStart")
    )
    assert "time.LoadLocation" not in functions


def test_functions_are_those_of_the_symbol_table(program: Path) -> None:
    if not read_symbols(program):
        return  # it is stripped
    functions = read_go_functions(image_of(program))
    assert functions is not None
    assert len(read_symbols(program)) > 500
    assert read_symbols(program) - functions.names() == set()


def read_symbols(program: Path) -> set[str]:
    """The names of the functions in Go that Go's own reader of symbol tables finds.

    Those that the compiler makes for types can have one body under several names.
    """
    done = subprocess.run(
        [tool("go"), "tool", "nm", program], capture_output=True, text=True, check=False
    )
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    functions = {name.removesuffix(".abi0") for _, kind, name in lines if kind in "tT"}
    return {
        name for name in functions if "." in name and not name.startswith("type.")
    } - OF_THE_LINKER
