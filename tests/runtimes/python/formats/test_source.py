"""What a Python file imports: by table, against the syntax tree, and for text of any kind."""

from __future__ import annotations

import ast
import random
import sysconfig
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.runtimes.python.formats.place import Guard
from distil.runtimes.python.formats.source import Import, PythonSource, read_python_source


def read(text: str) -> PythonSource:
    return read_python_source(text.encode("utf-8", "surrogateescape"))


def imported(text: str) -> list[str]:
    """Each import as ``module`` or ``module:name,name``."""
    return [
        f"{one.module}:{','.join(one.names)}" if one.names else one.module
        for one in read(text).imports
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a", ["a"]),
        ("import a, b.c as d, e", ["a", "b.c", "e"]),
        ("import a . b", ["a.b"]),
        ("import a; import b", ["a", "b"]),
        ("import \\\n  a", ["a"]),
        ("from a import b as c, d", ["a:b,d"]),
        ("from a import (b,  # why (not)\n  c as d,\n)", ["a:b,c"]),
        ("from a.b import *", ["a.b:*"]),
        ("from . import a", [".:a"]),
        ("from .. import a", ["..:a"]),
        ("from ...a.b import c", ["...a.b:c"]),
        ("from.a import(b)", [".a:b"]),
        ("from . \\\n  import a", [".:a"]),
        ("try: import a\nexcept ImportError: import b", ["a", "b"]),
        ("if x: import a\nelse: import b", ["a", "b"]),
        ("class C:\n\tdef f(self):\n\t\timport a", ["a"]),
        ("\ufeffimport a", ["a"]),
        ("import a\r\nimport b\rimport c", ["a", "b", "c"]),
        ("import ünï", ["ünï"]),
        ("import \ufb01n", ["fin"]),
        ("def g():\n yield from importer\n raise E from imports", []),
        ("importer = fromage\nx.from_import = 1", []),
        ("# import a\n'import b'\n'''\nimport c\n'''\n\"\"\"from d import e\"\"\"", []),
        ("x = 'it''s'\nimport a", ["a"]),
        ("x = r'\\'import a'\nimport b", ["b"]),
        ("x = '\\\nimport a'\nimport b", ["b"]),
    ],
)
def test_import_statements(text, expected):
    assert imported(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'x = f"{a["b"]}"',
        "x = f'{a['it''s']}'",
        'x = f"{f"{f"{1}"}"}"',
        "x = f'''{ \"\"\" ' \"\"\" }'''",
        'x = f"""{ x["""import no"""] }"""',
        'x = f"{a!r:>{width}} {{not a field}} {b:%H:%M}"',
        'x = rf"\\{a["b"]}\\d"',
        'x = f"{a  # comment with " and }\n}"',
        'x = f"\\N{DASH} {a["b"]}"',
        'x = t"{a["b"]}"',
        "type Alias[T] = list[T]",
        "def f[T: int = str](x: T) -> T: ...",
        "class C[*Ts, **P]: ...",
        "match x:\n    case {'import': y}: pass",
        "try: ...\nexcept* OSError: ...\nexcept A, B: ...",
    ],
)
def test_syntax_newer_than_the_host(text):
    source = read(f"import before\n{text}\nimport after\n")
    assert [one.module for one in source.imports] == ["before", "after"]
    assert source.complete


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if TYPE_CHECKING:\n    import no\nimport a", ["a"]),
        ("if typing.TYPE_CHECKING:\n    from no import (\n        x,\n    )\n    import no2", []),
        ("if TYPE_CHECKING:\n    import no\nelse:\n    import a", ["a"]),
        ("if TYPE_CHECKING:\n    import no\nx = 1\nif y:\n    import a", ["a"]),
        ("if TYPE_CHECKING:\n    import no\nif y: \\\n      import a", ["a"]),
        ("if not TYPE_CHECKING:\n    import a", ["a"]),
        ("if TYPE_CHECKING or x:\n    import a", ["a"]),
        ("TYPE_CHECKING = True\nif TYPE_CHECKING:\n    import a", ["a"]),
        ("TYPE_CHECKING: bool = x\nif TYPE_CHECKING:\n    import a", ["a"]),
        ("TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import no", []),
        ("from x import y as TYPE_CHECKING\nif TYPE_CHECKING:\n    import a", ["x:y", "a"]),
        ("if TYPE_CHECKING: import a", ["a"]),
        ('if sys.platform == "win32":\n    import winreg\nelse:\n    import a', ["a"]),
        ('if sys.platform == "linux":\n    import a', ["a"]),
        ("def f():\n  if os.name == 'nt':\n    import no\n  import a", ["a"]),
    ],
)
def test_blocks_that_do_not_run_on_the_target(text, expected):
    assert imported(text) == expected


def test_place_of_each_import():
    text = """import a
def f():
    import b
    def g():
        import c
class C:
    import d
    async def m(self):
        import e
if __name__ == "__main__":
    import h
import i
"""
    assert read(text).imports == (
        Import("a", (), 1),
        Import("b", (), 3, "f"),
        Import("c", (), 5, "f.g"),
        Import("d", (), 7, guard=Guard.CONDITION),
        Import("e", (), 9, "C.m"),
        Import("h", (), 11, main=True, guard=Guard.CONDITION),
        Import("i", (), 12),
    )


@pytest.mark.parametrize(
    ("text", "guard", "certain"),
    [
        ("import a", Guard.NONE, True),
        ("x = 1\n\nfrom a import (\n    b,\n)", Guard.NONE, True),
        ("try:\n    pass\nexcept OSError:\n    pass\nimport a", Guard.NONE, True),
        ("try:\n    import a\nexcept ImportError:\n    pass", Guard.CAUGHT, False),
        ("try:  # why\n    if x:\n        import a\nfinally:\n    pass", Guard.CAUGHT, False),
        ("try: import a\nexcept ImportError: pass", Guard.CONDITION, False),
        ("try:\n    pass\nexcept (A, B) as e:\n    import a", Guard.CAUGHT, False),
        ("with contextlib.suppress(ImportError):\n    import a", Guard.CAUGHT, False),
        ("with x:\n    import a", Guard.CONDITION, False),
        ("if x:\n    import a", Guard.CONDITION, False),
        ("if x: import a", Guard.CONDITION, False),
        ("x = 1; import a", Guard.CONDITION, False),
        ("def f():\n    import a", Guard.NONE, False),
        ("def f():\n    if x:\n        import a", Guard.NONE, False),
        ("def f():\n    try:\n        import a\n    finally:\n        pass", Guard.CAUGHT, False),
        ("try:\n    def f():\n        import a\nfinally:\n    pass", Guard.NONE, False),
        ("def f():\n    retry = x\n    import a", Guard.NONE, False),
    ],
)
def test_what_stands_around_an_import(text, guard, certain):
    (found,) = read(text).imports
    assert (found.guard, found.certain) == (guard, certain)


@pytest.mark.parametrize(
    "text",
    [
        'x = "open import a',
        'x = """open\nimport a',
        "x = f'{open\nimport a",
        "x = f'''{y\nimport a",
    ],
)
def test_text_that_is_not_python_is_searched_all_the_same(text):
    source = read(text)
    assert "a" in [one.module for one in source.imports]
    assert not source.complete


def test_encodings():
    assert imported("# -*- coding: latin-1 -*-\nimport a") == ["a"]
    cyrillic = "# coding: koi8-r\nx = 'да'\nimport a".encode("koi8-r")
    assert [one.module for one in read_python_source(cyrillic).imports] == ["a"]
    unknown = b"# coding: rot13\nimport a\n\xff"
    assert [one.module for one in read_python_source(unknown).imports] == ["a"]


def test_strings_and_words_are_collected_on_request():
    text = 'x = ["a.b", ".c", "word", "not a name", "m:attr", "m:a.b"]'
    assert read(text).strings == ()
    wanted = read_python_source(text.encode(), strings=True, words=("word", "absent"))
    assert wanted.strings == ("a.b", ".c", "word", "m")
    assert wanted.mentions == ("word",)


def host_files() -> list[Path]:
    """Some files of the running interpreter's library, always the same ones."""
    library = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(path for path in library.rglob("*.py") if "site-packages" not in path.parts)
    return random.Random(3).sample(files, min(250, len(files)))


@pytest.mark.parametrize("part", range(5))
def test_same_imports_as_the_syntax_tree(part):
    compared = 0
    for path in host_files()[part::5]:
        data = path.read_bytes()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(data)
        except (SyntaxError, ValueError):
            continue
        expected = tree_imports(tree)
        found = {(one.module, one.names, one.line) for one in read_python_source(data).imports}
        assert found <= expected, path
        assert {one[0] for one in expected - found} <= dead_imports(tree), path
        certain = {(i.module, i.line) for i in read_python_source(data).imports if i.certain}
        assert certain <= {(m, line) for m, _, line in tree_imports(tree, deep=False)}, path
        compared += 1
    assert compared > 20


def tree_imports(tree: ast.AST, *, deep: bool = True) -> set[tuple[str, tuple[str, ...], int]]:
    found: set[tuple[str, tuple[str, ...], int]] = set()
    for node in ast.walk(tree) if deep else ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {(alias.name, (), node.lineno) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found.add((module, tuple(alias.name for alias in node.names), node.lineno))
    return found


def dead_imports(tree: ast.AST) -> set[str]:
    """Modules that are imported under a condition which is false on the target."""
    marks = ("TYPE_CHECKING", "sys.platform", "os.name")
    return {
        module
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and any(mark in ast.unparse(node.test) for mark in marks)
        for module, _, _ in tree_imports(node)
    }


PIECES = st.sampled_from(
    [
        *("import a", "from b import c", "from . import (d,\n e)", "x = 1", "pass", "\n", "\n    "),
        *('"""', "'''", '"', "'", "\\", "#", "f'", 'f"', "rb'", "{", "}", "(", ")", ";", ":", "\t"),
        *("def f():", "if TYPE_CHECKING:", "class C:", "import_module('a.' + b)", "\x00", "ü"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_and_nothing_that_runs_is_missed(text):
    source = read(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    found = {one.module for one in source.imports}
    live = {module for module, _, _ in tree_imports(tree)} - dead_imports(tree)
    assert live <= found


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data):
    read_python_source(data, strings=True)


@pytest.mark.parametrize(
    "piece",
    [
        '"""\\',
        "'\\",
        "f'{",
        "import ",
        "def f():\n ",
        "from ",
        "f\"{f'{",
        "(",
        "if TYPE_CHECKING:\n ",
    ],
)
def test_hostile_repetition_is_linear(piece):
    """Would run for hours if any pattern went back over what it has read."""
    read_python_source((piece * 100_000).encode()[:1_000_000])
