"""Real advisories, in the layout of the public OSV dumps, where a machine has them.

They are looked for in ``DISTIL_ADVISORIES``, else in ``shared/advisories`` beside the checkout.
"""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.tools import ROOT, missing

_ORDER = """
while (<STDIN>) {
    my ($one, $other) = split;
    print Dpkg::Version->new($one) <=> Dpkg::Version->new($other), "\\n";
}
"""

Pair = tuple[str, str]


def dump() -> Path:
    """The directory of the dumps; skips where there is none."""
    named = os.environ.get("DISTIL_ADVISORIES")
    place = Path(named) if named else ROOT.parent / "shared" / "advisories"
    if not place.is_dir():
        pytest.skip("there are no advisories here; DISTIL_ADVISORIES names them")
    return place


def documents(place: Path, ecosystem: str) -> Iterator[Mapping[str, Any]]:
    """All advisories of an ecosystem, as they are written."""
    with zipfile.ZipFile(place / ecosystem / "all.zip") as archive:
        for name in archive.namelist():
            yield json.loads(archive.read(name))


def in_dpkgs_order(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Of each pair whether its first version is older (-1), the same (0) or newer (1) to dpkg."""
    asked = list(dict.fromkeys(pairs))
    try:
        done = subprocess.run(
            ["perl", "-MDpkg::Version", "-e", _ORDER],
            input="".join(f"{one} {other}\n" for one, other in asked),
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        missing("perl is not installed")
    if "Can't locate Dpkg" in done.stderr:
        missing("dpkg-dev is not installed")
    answers = [int(line) for line in done.stdout.split()]
    return dict(zip(asked, answers, strict=True))
