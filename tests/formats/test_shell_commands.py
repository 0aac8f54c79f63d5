"""The programs that a line for a shell starts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.shell_commands import command_names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("ffmpeg -i x y", ["ffmpeg"]),
        ("  /usr/bin/git log ", ["/usr/bin/git"]),
        ("A=1 B='2 3' git pull | grep -v x; sort", ["git", "grep", "sort"]),
        ("cd /tmp && tar cf - . || echo no", ["tar"]),
        ("(gs x)", ["gs"]),
        ("if test -e x; then convert x y; fi", ["convert"]),
        ("! which gs && command -v dot", ["which", "dot"]),
        ("exec nginx -g 'daemon off;'", ["nginx"]),
        ("git log && git pull", ["git"]),
        ("ls > out 2>&1", ["ls"]),
        ('"$EDITOR" x', []),
        ("$(tool) x", ["tool"]),
        ("echo 'not closed", []),
        ("", []),
    ],
)
def test_names(line: str, names: list[str]) -> None:
    assert list(command_names(line)) == names


@given(st.text(max_size=60))
def test_any_text_can_be_read(line: str) -> None:
    command_names(line)
