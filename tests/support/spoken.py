"""The command line in this process, and what it says compared with files of what it should say.

`UPDATE_SNAPSHOTS=1` writes the files anew, as it does those of whole commands.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from distil.cli import run

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


class Speaker:
    """Runs commands with `root` as the place of cache and images."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[bytes]) -> None:
        self.root = root
        self._capture = capture

    def data(self, *arguments: str | Path, code: int = 0) -> bytes:
        """What a command wrote to standard output; it ended with `code` and said nothing else."""
        self._capture.readouterr()
        ended = run([str(one) for one in arguments])
        out, err = self._capture.readouterr()
        assert (ended, err) == (code, b"")
        return out

    def text(self, *arguments: str | Path, code: int = 0) -> str:
        """The same as text, digests and places replaced by names of them."""
        said = self.data(*arguments, code=code).decode()
        return _DIGEST.sub("<hex>", said.replace(str(self.root), "<root>"))

    def error(self, *arguments: str | Path) -> str:
        """What a command said that could not be done."""
        self._capture.readouterr()
        assert run([str(one) for one in arguments]) == 2
        out, err = self._capture.readouterr()
        assert out == b""
        return err.decode().replace(str(self.root), "<root>")


def check_text(path: Path, text: str) -> None:
    """Compare `text` with the file at `path`."""
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"no snapshot {path.name}: run with UPDATE_SNAPSHOTS=1 and look at it"
    assert text == path.read_text(encoding="utf-8")
