from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.distros.debian.errors import MalformedScript
from distil.distros.debian.formats.shell import MAX_SCRIPT, parse_script
from distil.distros.debian.formats.shell_syntax import (
    AndOr,
    Arithmetic,
    Case,
    Command,
    Expansion,
    For,
    Function,
    Group,
    If,
    Literal,
    Pipeline,
    Substitution,
    While,
    Word,
)


def only(text: str) -> object:
    (statement,) = parse_script(text)
    return statement


def plain(word: Word) -> str:
    """A word of literals only."""
    assert all(isinstance(part, Literal) for part in word)
    return "".join(part.text for part in word)  # type: ignore[union-attr]


def words(text: str) -> list[str]:
    command = only(text)
    assert isinstance(command, Command)
    return [plain(word) for word in command.words]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("echo a  b", ["echo", "a", "b"]),
        ("echo 'a  b' \"c d\"", ["echo", "a  b", "c d"]),
        ("echo a'b'\"c\"d", ["echo", "abcd"]),
        ("echo a\\ b", ["echo", "a b"]),
        ("echo a \\\n b", ["echo", "a", "b"]),
        ("echo a # comment", ["echo", "a"]),
        ("echo a#b", ["echo", "a#b"]),
        ('echo ""', ["echo", ""]),
        ('echo "a\\"b\\$c\\d"', ["echo", 'a"b$c\\d']),
        ("echo $", ["echo", "$"]),
        ("echo if then", ["echo", "if", "then"]),
        ("echo a=b", ["echo", "a=b"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_expansions() -> None:
    command = only('x "$a" $1 ${b:-c d} ${e##*/} ${#f} "$@" $(g | h) `i \\`j\\`` $((1 + (2)))')
    assert isinstance(command, Command)
    parts = [word[0] for word in command.words[1:]]
    assert parts[0] == Expansion("a", quoted=True)
    assert parts[1] == Expansion("1")
    assert isinstance(parts[2], Expansion)
    assert (parts[2].name, parts[2].operator, plain(parts[2].operand)) == ("b", ":-", "c d")
    assert isinstance(parts[3], Expansion)
    assert (parts[3].operator, plain(parts[3].operand)) == ("##", "*/")
    assert parts[4] == Expansion("f", "length")
    assert parts[5] == Expansion("@", quoted=True)
    assert isinstance(parts[6], Substitution)
    assert isinstance(parts[6].body[0], Pipeline)
    assert isinstance(parts[7], Substitution)
    assert isinstance(parts[8], Arithmetic)


def test_assignments_and_redirections() -> None:
    command = only("A=1 B= run >out 2>&1 <in >>'more of it'")
    assert isinstance(command, Command)
    assert [(name, plain(value)) for name, value in command.assignments] == [("A", "1"), ("B", "")]
    assert [(r.number, r.operator, plain(r.target)) for r in command.redirects] == [
        ("", ">", "out"),
        ("2", ">&", "1"),
        ("", "<", "in"),
        ("", ">>", "more of it"),
    ]


def test_here_documents() -> None:
    first, second = parse_script("cat <<A; cat <<-'B'\none $x\nA\n\ttwo $x\n\tB\n")
    assert isinstance(first, Command)
    assert isinstance(second, Command)
    (redirect,) = first.redirects
    assert redirect.target == (
        Literal("one ", quoted=True),
        Expansion("x", quoted=True),
        Literal("\n", quoted=True),
    )
    assert plain(second.redirects[0].target) == "two $x\n"


def test_compound_commands() -> None:
    text = """
    if a && ! b; then c; elif d; then e; else f; fi
    case "$1" in x|y*) g ;; (z) h;; esac
    for i in 1 2; do j; done
    for k; do l; done
    while m; do n; done > log
    until o
    do
      p
    done
    f() { q; }
    ( r; s ) | t
    u || v && w &
    """
    kinds = [type(statement) for statement in parse_script(text)]
    assert kinds == [If, Case, For, For, Group, While, Function, Pipeline, AndOr]


def test_conditions_and_bodies() -> None:
    statement = only("if a; then b; elif c; then d; else e; fi")
    assert isinstance(statement, If)
    names = [
        (plain(condition[0].words[0]), plain(body[0].words[0]))  # type: ignore[union-attr]
        for condition, body in statement.branches
    ]
    assert names == [("a", "b"), ("c", "d")]
    assert len(statement.otherwise) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("if a; then b", "'fi' was expected"),
        ("echo 'a", "a quote has no end"),
        ('echo "a', "'\"' was expected"),
        ("echo $(a", "'\\)' was expected"),
        ("echo `a", "a backtick has no end"),
        ("echo ${a", "not understood"),
        ("echo $((1", "has no end"),
        ("cat <<A\ntext", "here-document has no end"),
        ("cat <<A", "here-document has no end"),
        ("a )", "is out of place"),
        ("fi", "is out of place"),
        ("a | | b", "a command was expected"),
        ("a && ", "a command was expected"),
        ("echo >", "redirection to nothing"),
        ("f() echo", "function without a body"),
        ("x" * (MAX_SCRIPT + 1), "too long"),
        ("$(" * 100, "nests too deeply"),
        ("${a:-" * 5000, "nests too deeply"),
    ],
)
def test_what_does_not_parse(text: str, message: str) -> None:
    with pytest.raises(MalformedScript, match=message):
        parse_script(text)


def test_errors_name_the_line() -> None:
    with pytest.raises(MalformedScript, match="line 3"):
        parse_script("a\nb\n)\n")


@given(st.text(alphabet="ab \n\t;&|()<>{}$`'\"\\#=!*ifthdoneacs012", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_parses_or_is_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(MalformedScript):
        parse_script(text)


@given(st.lists(st.text(st.characters(exclude_characters="'\0"), max_size=10), min_size=1))
@settings(max_examples=100, deadline=None)
def test_quoted_words_come_back(parts: list[str]) -> None:
    assert words("x " + " ".join(f"'{part}'" for part in parts)) == ["x", *parts]
