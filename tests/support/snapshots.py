"""What a whole command said and how it ended, compared with a text file that says what it should.

`UPDATE_SNAPSHOTS=1 pytest tests/cli` writes the files anew; the difference is then reviewed like
any other change. What differs from run to run is replaced by a name of it in angle brackets.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.support.command import Done, World

_FIXED = (
    (re.compile(r"(?m)^distil \d\S*$"), "distil <version>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hex>"),
    (re.compile(r"\b\d[\d,.]* (?:B|kB|MB)\b"), "<size>"),
    (re.compile(r"\b\d[\d,]*( (?:ELF )?(?:file|entry|entries)s?\b)"), r"<n>\1"),
    (re.compile(r'("(?:\w*[sS]ize|freed|left)": )\d+'), r"\1<bytes>"),
    (re.compile(r'("(?:files|entries|checked)": )\d+'), r"\1<n>"),
)
_GAP = re.compile(r"(?<=\S) {3,}")


def check_snapshot(path: Path, command: str, done: Done, world: World) -> None:
    """Compare `done`, the result of `command`, with the file at `path`."""
    said = (
        f"$ {command}\n"
        f"exit code: {done.code}\n"
        f"----- stdout -----\n{done.stdout}"
        f"----- stderr -----\n{done.stderr}"
    )
    text = normalised(said, world)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"no snapshot {path.name}: run with UPDATE_SNAPSHOTS=1 and look at it"
    assert text == path.read_text(encoding="utf-8")


def normalised(text: str, world: World) -> str:
    """`text` with names for addresses, directories, digests and sizes."""
    text = text.replace(str(world.root), "<root>")
    text = text.replace(world.mirror.url, "<mirror>")
    text = text.replace(world.index.removesuffix("/simple"), "<index>")
    for pattern, name in _FIXED:
        text = pattern.sub(name, text)
    return "\n".join(
        _GAP.sub("  ", line) if "<size>" in line or "<n>" in line else line
        for line in text.split("\n")
    )
