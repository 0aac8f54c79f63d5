"""What gives a secret away, and what does not."""

from __future__ import annotations

import base64

import pytest

from distil.stages.secrets import Traces

TOKEN = b"0123456789abcdef-token"
NETRC = b"machine git.company.example\n  login robot-of-the-team\n  password " + TOKEN + b"\n"


@pytest.mark.parametrize(
    ("secret", "text", "is_told"),
    [
        (TOKEN + b"\n", b"<" + TOKEN + b">", True),
        (TOKEN, base64.b64encode(TOKEN), True),
        (TOKEN, TOKEN[:-1], False),
        (NETRC, TOKEN, True),
        (NETRC, b"git.company.example/team/library", False),
        (NETRC, b"robot-of-the-team", False),
        (b"//r.example/:_authToken=" + TOKEN, TOKEN, True),
        (b"https://robot:pass-word@git.company.example\n", b"pass-word", True),
        (b"https://robot:pass-word@git.company.example\n", b"git.company.example", False),
        (b"short", b"short", False),
    ],
)
def test_what_gives_a_secret_away(secret: bytes, text: bytes, is_told: bool) -> None:
    traces = Traces({"s": secret})
    assert bool(traces.in_text(text)) is is_told
    assert (traces.hidden(text) != text) is is_told
