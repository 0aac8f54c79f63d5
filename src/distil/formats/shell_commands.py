"""The programs that one line for a shell starts, as far as its text says."""

from __future__ import annotations

import re
import shlex
from typing import Final

_SEPARATORS: Final = frozenset({"|", "||", "&", "&&", ";", "(", "|&", ";;"})
_AGAIN: Final = frozenset(
    {"if", "then", "else", "elif", "while", "until", "do", "!", "{", "time", "exec", "command"}
)
"""Words after which another command begins."""
_BUILT_IN: Final = frozenset(
    {
        *(".", ":", "[", "alias", "bg", "break", "case", "cd", "continue", "done", "echo", "esac"),
        *("eval", "exit", "export", "false", "fg", "fi", "for", "function", "getopts", "hash"),
        *("in", "jobs", "let", "local", "popd", "printf", "pushd", "pwd", "read", "readonly"),
        *("return", "set", "shift", "source", "test", "times", "trap", "true", "type", "ulimit"),
        *("umask", "unalias", "unset", "wait", "}"),
    }
)
"""What dash or bash does itself."""
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_PLAIN: Final = re.compile(r"[\w./+-]+")


def command_names(line: str) -> tuple[str, ...]:
    """The names that stand where `line` has a command's, each once.

    Built-in commands are none, nor is what is expanded first. Of a line that a shell could not
    parse either there are none.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return ()
    found: dict[str, None] = {}
    expected = True
    for word in words:
        if word in _SEPARATORS or word in _AGAIN:
            expected = True
        elif expected and not _ASSIGNMENT.match(word) and not word.startswith("-"):
            expected = False
            if _PLAIN.fullmatch(word) and word not in _BUILT_IN:
                found[word] = None
    return tuple(found)
