"""Control data: what is read, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.distros.debian.errors import MalformedControl
from distil.distros.debian.formats import deb822
from distil.distros.debian.formats.deb822 import parse_stanza, parse_stanzas


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n\n", []),
        ("A: 1\n", [{"a": "1"}]),
        ("A: 1", [{"a": "1"}]),
        ("A: 1\n\nB: 2\n", [{"a": "1"}, {"b": "2"}]),
        ("\n\nA: 1\n\n\n\nB: 2\n\n", [{"a": "1"}, {"b": "2"}]),
        ("A: 1\n \t\nB: 2\n", [{"a": "1"}, {"b": "2"}]),
        ("A: 1\n \nB: 2\n\t\n\n \nC: 3\n  ", [{"a": "1"}, {"b": "2"}, {"c": "3"}]),
        ("Multi-Arch:foreign\n", [{"multi-arch": "foreign"}]),
        ("A: \t 1 2 \t\n", [{"a": "1 2"}]),
        ("A:\nB:\n", [{"a": "", "b": ""}]),
        ("A: x:y: z\n", [{"a": "x:y: z"}]),
        ("A: one\n two\n\tthree\n .\nB: 2\n", [{"a": "one\n two\n\tthree\n .", "b": "2"}]),
        ("A:\n one\n", [{"a": "\n one"}]),
        ("# first\nA: 1\n# between\nB: 2\n#last", [{"a": "1", "b": "2"}]),
        ("A: one\n# in between\n two\n", [{"a": "one\n two"}]),
        ("# only a comment\n\nA: 1\n", [{"a": "1"}]),
        ("A: 1 # no comment\n", [{"a": "1 # no comment"}]),
        ("A: 1\r\nB: 2\r\n\r\nC: 3\r\n", [{"a": "1", "b": "2"}, {"c": "3"}]),
        ("A: \u00e9\n", [{"a": "\u00e9"}]),
        ("$x!: 1\n", [{"$x!": "1"}]),
    ],
)
def test_stanzas(text: str, expected: list[dict[str, str]]) -> None:
    assert list(parse_stanzas(text.encode(), "test")) == expected


def test_bytes_that_are_not_utf_8_survive() -> None:
    (stanza,) = parse_stanzas(b"A: \xff\n", "test")
    assert stanza["a"].encode("utf-8", "surrogateescape") == b"\xff"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A: 1\nnonsense\n", "line 1, the line 'nonsense' is no field"),
        ("A: 1\n\nB: 2\n\n: 3\n", "line 5, the line ': 3' is no field"),
        (" continued\n", "the line ' continued' continues no field"),
        ("-A: 1\n", "is no field"),
        ("A B: 1\n", "is no field"),
        ("A: 1\nB: 2\na: 3\n", "the field a is given twice"),
        ("-----BEGIN PGP SIGNED MESSAGE-----\n", "is no field"),
    ],
)
def test_malformed(text: str, why: str) -> None:
    with pytest.raises(MalformedControl, match=why):
        list(parse_stanzas(text.encode(), "test"))


def test_error_names_the_document() -> None:
    with pytest.raises(MalformedControl, match="the index: in the paragraph at line 1"):
        list(parse_stanzas(b"x\n", "the index"))


def test_a_paragraph_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deb822, "MAX_STANZA", 100)
    assert len(list(parse_stanzas(b"A: 1\n" + b"B: " + b"x" * 80 + b"\n\nC: 1\n", "test"))) == 2
    with pytest.raises(MalformedControl, match="too long"):
        list(parse_stanzas(b"A: 1\n\nB: " + b"x" * 100, "test"))


def test_one_stanza() -> None:
    assert parse_stanza(b"\nPackage: a\n\n", "control") == {"package": "a"}
    with pytest.raises(MalformedControl, match="it is empty"):
        parse_stanza(b"\n", "control")
    with pytest.raises(MalformedControl, match="more than one"):
        parse_stanza(b"A: 1\n\nB: 2\n", "control")


NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,8}", fullmatch=True)
LINE = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r\0", exclude_categories=["Cs"]),
    max_size=20,
).map(str.strip)


@given(st.lists(st.dictionaries(NAME, st.lists(LINE, min_size=1, max_size=3), min_size=1)))
def test_what_was_written_is_read(stanzas: list[dict[str, list[str]]]) -> None:
    written, expected = [], []
    for stanza in stanzas:
        fields = {name.lower(): "\n  x".join(lines) for name, lines in stanza.items()}
        written.append("".join(f"{name}: {value}\n" for name, value in fields.items()))
        expected.append(fields)
    assert list(parse_stanzas("\n".join(written).encode(), "test")) == expected


@given(st.binary(max_size=200) | st.text("A: \n\t#-", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        stanzas = list(parse_stanzas(data, "test"))
    except MalformedControl:
        return
    assert all(stanzas)
