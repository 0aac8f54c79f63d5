"""Requirements files."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.errors import InvalidProjectFile
from distil.runtimes.python.formats.requirements_txt import parse_requirements

H = "sha256:" + "ab" * 32

LINES = [
    ("flask", ("flask", (), "")),
    ("Flask_Login == 1.0  # why", ("flask-login", (), "1.0")),
    ("a[x, Y]===1.0; python_version < '4'", ("a", ("x", "y"), "1.0")),
    ("a>=1,<2", ("a", (), "")),
    ("a==1.*", ("a", (), "")),
    ("a==1,!=2", ("a", (), "")),
    ("a (==1)", ("a", (), "1")),
    ("a @ https://x/a-1.whl#egg=a", ("a", (), "")),
    ("./local", ("", (), "")),
    ("-e ./local", ("", (), "")),
    ("--editable=git+https://x/y#egg=y", ("", (), "")),
    ("https://x/y.whl", ("", (), "")),
    (f"a==1 --hash={H} \\\n --hash {H}", ("a", (), "1")),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_requirements(line, expected):
    (found,) = parse_requirements(line, "x").requirements
    assert (found.name, found.extras, found.pin) == expected


def test_everything_else():
    text = f"""\
--index-url https://x
-r base.txt
--constraint=c.txt
-c  d.txt  # why
--require-hashes

a==1 \\
    --hash=sha256:{"AB" * 32} \\
    # a comment between
    --hash={H}
"""
    found = parse_requirements(text, "x")
    assert [(i.path, i.constraint) for i in found.includes] == [
        ("base.txt", False),
        ("c.txt", True),
        ("d.txt", True),
    ]
    assert found.require_hashes
    assert found.requirements[0].hashes == (H,)
    assert found.requirements[0].line == 7


@pytest.mark.parametrize(
    "value", ["sha256:zz", "md5:" + "0" * 32, "nonsense", "sha512:" + "0" * 64]
)
def test_bad_hashes(value):
    with pytest.raises(InvalidProjectFile, match=r"r\.txt: line 1"):
        parse_requirements(f"a==1 --hash={value}", "r.txt")


@given(st.text(max_size=200))
def test_any_text(text):
    with contextlib.suppress(InvalidProjectFile):
        parse_requirements(text, "x")
