"""The reachable image does all the work of the whole one, and wants for no path that it had."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from distil.formats.patterns import path_expression
from tests.e2e.subjects import SERVED, SUBJECTS, Subject
from tests.e2e.workloads import Surroundings
from tests.support.broker import broker
from tests.support.runners import BuiltImage, Launch
from tests.support.tracing import TracingRunner, lacking

pytestmark = [pytest.mark.engine, pytest.mark.network]

ALL = SUBJECTS | SERVED
ALWAYS = ("flask-hello", "django", "worker", "nginx-site", "redis")
"""Part of every test run; the others take minutes."""
THOROUGH = pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")


@pytest.fixture
def tracing() -> Iterator[TracingRunner]:
    runner = TracingRunner()
    yield runner
    runner.close()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ALWAYS else (pytest.mark.thorough, THOROUGH))
        for name in ALL
    ],
)
def test_lacks_nothing(
    name: str, tracing: TracingRunner, around: Surroundings, tmp_path: Path
) -> None:
    subject = ALL[name]
    if name == "worker":
        with broker(tmp_path / "broker") as url:
            _compare(subject, tracing, replace(around, broker=url), tmp_path)
    else:
        _compare(subject, tracing, around, tmp_path)


def _compare(
    subject: Subject, runner: TracingRunner, around: Surroundings, directory: Path
) -> None:
    full, small = (subject.image(level, directory) for level in ("packages", "reachable"))
    for image in (full, small):
        subject.work(runner, image, around)
    # memcached opens no more than its libraries.
    assert len(runner.accesses(small)) > 15, "next to nothing was observed"
    spared = re.compile(path_expression(subject.spared))
    lacks = [one for one in lacking(runner, full, small) if not spared.fullmatch(one.path)]
    assert not lacks, f"{len(lacks)} paths:\n" + "\n".join(map(str, lacks))


ZONES = "/usr/share/zoneinfo"
REMOVED = {
    f"{ZONES}/Asia/Tokyo": "open('{path}').close()",
    f"{ZONES}/Asia/Seoul": "import os; os.path.exists('{path}')",
    f"{ZONES}/Asia/Dubai": "import os; os.fork() and os.wait() or open('{path}')",
    f"{ZONES}/Asia/Kabul": "import os; os.chdir('/usr/share'); open('{path}'[len('/usr/share/'):])",
    f"{ZONES}/Asia/Kolkata": (
        "import os; there = '/usr/share/zoneinfo/Asia';"
        "[open(f'{{there}}/{{name}}').close() for name in os.listdir(there) if name == 'Kolkata']"
    ),
    "/usr/lib/os-release": "open('/etc/os-release').close()",
}
"""Files, and code that wants them: by name, by a look, in a child, relative, listed, linked."""


def test_what_was_removed_is_lacking(tracing: TracingRunner, tmp_path: Path) -> None:
    full = SUBJECTS["flask-hello"].image("reachable", tmp_path)
    small = BuiltImage(full.name, tmp_path / "copy", Path())
    small.layout.symlink_to(full.layout)  # another image to the runner, unpacked once more
    for path, code in REMOVED.items():
        (tracing.unpacked(small) / "rootfs" / path[1:]).unlink()
        for image in (full, small):
            tracing.run(image, Launch(entrypoint=("python3", "-c", code.format(path=path))))
    lacks = lacking(tracing, full, small)
    assert [lack.path for lack in lacks] == sorted(REMOVED)
    assert all("python3 -c" in access.program for lack in lacks for access in lack.accesses)
