"""Byte code by the target's interpreter: right, the same everywhere, and nothing is executed."""

from __future__ import annotations

import importlib.util
import marshal
import random
import sys
import types
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from distil.events import Warned, listening
from distil.model.blob import InlineBlob
from distil.runtimes.python.byte_compiler import SourceModule, compile_modules
from distil.runtimes.python.errors import CannotCompile
from tests.support.host_python import host_runtime, script_runtime

NAMES = [f"name_{number}" for number in range(40)]
"""In common to many modules, so that what was compiled before could matter."""


def module(path: str, source: str | bytes) -> SourceModule:
    data = source.encode() if isinstance(source, str) else source
    return SourceModule(path, InlineBlob.of(data))


def many() -> list[SourceModule]:
    """Modules with names, strings, numbers and sets in common, of this Python's own library too."""
    function = "def {0}({0}_a, shared=1000):\n    return {{'one', 'two', '{0}'}} & {0}_a, (1, 2)"
    lines = [function.format(name) for name in NAMES]
    made = [module(f"/app/m{n}.py", "\n".join(lines[n : n + 9])) for n in range(30)]
    library = Path(random.__file__).parent
    files = sorted(library.glob("[a-d]*.py"))
    return made + [module(f"/usr/lib/{path.name}", path.read_bytes()) for path in files]


def test_unchecked_byte_code_of_the_source() -> None:
    source = b"# -*- coding: latin-1 -*-\ndef price(): return '\xa3' + 'one' * 2\n"
    (data,) = compile_modules(host_runtime(), [module("/app/shop.py", source)])
    assert data[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(data[4:8], "little") == 0b01, "PEP 552: by hash, and not checked"
    assert data[8:16] == importlib.util.source_hash(source)
    code = marshal.loads(data[16:])
    namespace: dict[str, types.FunctionType] = {}
    exec(code, namespace)
    assert namespace["price"]() == "£oneone"
    assert code.co_filename == namespace["price"].__code__.co_filename == "/app/shop.py"


def test_python_uses_it_as_it_is(tmp_path: Path) -> None:
    """Also when the source is another one meanwhile: it is not even read."""
    (data,) = compile_modules(host_runtime(), [module("/app/answer.py", "VALUE = 42\n")])
    (tmp_path / "answer.py").write_text("VALUE = 7\n")
    cached = Path(importlib.util.cache_from_source(str(tmp_path / "answer.py")))
    cached.parent.mkdir()
    cached.write_bytes(data)
    spec = importlib.util.spec_from_file_location("answer", tmp_path / "answer.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    assert loaded.VALUE == 42


def test_the_same_bytes_in_any_order_and_company() -> None:
    modules = many()
    together = dict(zip(modules, compile_modules(host_runtime(), modules), strict=True))
    shuffled = random.Random(1).sample(modules, len(modules))
    again = dict(zip(shuffled, compile_modules(host_runtime(), shuffled), strict=True))
    assert again == together
    for one in modules[::7]:
        assert compile_modules(host_runtime(), [one]) == [together[one]], one.path


def test_a_letter_that_another_module_has_as_a_name() -> None:
    """Strings of one character are the same object everywhere, interned or not."""
    name, text = module("/a.py", "\xe9 = 1\n"), module("/b.py", "x = '\xe9', '['\n")
    alone = compile_modules(host_runtime(), [text])
    assert compile_modules(host_runtime(), [name, text])[1:] == alone


def test_the_same_bytes_in_a_process_full_of_other_things() -> None:
    """This one: thousands of names that modules have are in use here."""
    data = resources.files("distil.runtimes.python") / "data"
    program = (data / "compile_sources.py").read_text()
    namespace: dict[str, Any] = {"__name__": "compile_sources"}
    exec(compile(program, "compile_sources.py", "exec"), namespace)
    sys.intern("[")  # as ast does, once somebody looks for it
    modules = many()
    found = [namespace["byte_code"](one.path, one.source.read()) for one in modules]
    assert found == compile_modules(host_runtime(), modules)


def test_what_does_not_compile_has_none_and_harms_nobody() -> None:
    sources = ["x = 1\n", "print 'Python 2'\n", "\0", "# coding: nonsense\n", "((" * 500, "y = 2\n"]
    found = compile_modules(host_runtime(), [module("/m.py", source) for source in sources])
    assert [bool(data) for data in found] == [True, False, False, False, False, True]


def test_nothing_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    source = f"open({str(mark)!r}, 'w')\n"
    compile_modules(host_runtime(), [module("/app/sitecustomize.py", source)])
    assert not mark.exists()


def test_nothing_of_this_machines_environment_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONOPTIMIZE", "LD_PRELOAD", "SECRET"):
        monkeypatch.setenv(name, "/nowhere")
    script = "#!/bin/sh\n/usr/bin/env | tr '\\n' ' ' >&2\nexit 3\n"
    with pytest.raises(CannotCompile) as caught:
        compile_modules(script_runtime(script), [module("/m.py", "")])
    assert "PYTHONHASHSEED=0" in caught.value.message
    assert "/nowhere" not in caught.value.message
    (data,) = compile_modules(host_runtime(), [module("/m.py", "assert False, 'kept'\n")])
    assert b"kept" in data, "no optimisation"


DIES = f"""#!{sys.executable} -S
import os, sys
read, write = sys.stdin.buffer.read, sys.stdout.buffer.write
while head := read(8):
    path = read(int.from_bytes(head[:4], "little"))
    source = read(int.from_bytes(head[4:], "little"))
    if source == b"deadly":
        write(b"\\1\\0\\0")
        sys.stdout.flush()
        os.abort()
    write(len(path).to_bytes(4, "little") + path)
    sys.stdout.flush()
"""


@pytest.mark.parametrize("deadly", [(0,), (3,), (1, 2), (0, 1, 2, 3)])
def test_source_that_ends_the_compiler_costs_only_itself(deadly: tuple[int, ...]) -> None:
    modules = [module(f"/{n}.py", "deadly" if n in deadly else "") for n in range(4)]
    warnings: list[str] = []
    with listening(
        lambda event: warnings.append(str(event)) if isinstance(event, Warned) else None
    ):
        found = compile_modules(script_runtime(DIES), modules)
    assert found == [b"" if n in deadly else f"/{n}.py".encode() for n in range(4)]
    assert len(warnings) == len(deadly)
    assert "SIGABRT" in warnings[0]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("\x7fELF of another processor", "Exec format error"),
        ("#!/bin/sh\necho first >&2\necho GLIBC not found >&2\nexit 1\n", "GLIBC not found"),
        ("#!/bin/sh\nexit 0\n", "exit status 0"),
        ("#!/bin/sh\nkill -ILL $$\n", "SIGILL"),
    ],
)
def test_interpreter_that_does_not_run(script: str, why: str) -> None:
    with pytest.raises(CannotCompile) as caught:
        compile_modules(script_runtime(script), [module("/m.py", "")])
    assert "3.13.5" in caught.value.message
    assert why in caught.value.message
    assert 'bytecode = "none"' in caught.value.hint


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    compile_modules(host_runtime(), [module("/m.py", "")])
    assert list(tmp_path.iterdir()) == []
