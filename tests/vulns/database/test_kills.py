"""SIGKILL at random moments of updates: the database is the state before or the one after."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from distil.vulns.database.reader import Database
from tests.vulns.database.feeds import build, osv, write_archive

KILLS = 50
PACKAGES = 150
STATES = ("a", "b")


def feeds(place: Path, state: str) -> Path:
    """Feeds in which every package has one advisory, called after the state."""
    documents = [
        osv(f"PYSEC-2024-{number}{state}", "PyPI", f"package-{number}")
        for number in range(PACKAGES)
    ]
    write_archive(place / state, "PyPI", documents)
    return place / state


def state_of(path: Path) -> str:
    """The state that the whole database is in."""
    with Database.open(path) as database:
        database.check_all()
        found = database.affected("PyPI", [f"package-{number}" for number in range(PACKAGES)])
    assert len(found) == PACKAGES
    states = {one.advisory[-1] for entries in found.values() for one in entries}
    assert len(states) == 1
    return states.pop()


def killed(path: Path, place: Path, after: float) -> bool:
    """Whether an update was still at work when it was killed, so many seconds after it began."""
    child = os.fork()
    if child == 0:
        try:
            build(path, place)
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def test_kills_at_random_moments(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"the moments are those of seed {seed}")
    moments = random.Random(seed)
    path = tmp_path / "db" / "advisories.db"
    places = {state: feeds(tmp_path / "feeds", state) for state in STATES}
    began = time.monotonic()
    build(path, places["a"])
    seconds = time.monotonic() - began
    hit = 0
    for _ in range(KILLS):
        before = state_of(path)
        after = STATES[1 - STATES.index(before)]
        hit += killed(path, places[after], moments.uniform(0, seconds))
        assert state_of(path) in (before, after)
    assert hit > KILLS // 5
    # What they left is no hindrance, and goes when it is old enough to be nobody's.
    left = [one for one in path.parent.iterdir() if one.name.startswith(".")]
    for one in left:
        os.utime(one, (0, 0))
    state = STATES[1 - STATES.index(state_of(path))]
    build(path, places[state])
    assert state_of(path) == state
    assert [one for one in path.parent.iterdir() if one.name.startswith(".")] == []


def test_updates_at_the_same_time(tmp_path: Path) -> None:
    """Each waits for its turn, and what each brings is there."""
    path = tmp_path / "db" / "advisories.db"
    ecosystems = ("PyPI", "Go", "npm", "Maven")
    children = []
    for ecosystem in ecosystems:
        place = tmp_path / ecosystem
        write_archive(place, ecosystem, [osv(f"X-{ecosystem}", ecosystem, "one")])
        child = os.fork()
        if child == 0:
            code = 1
            try:
                build(path, place)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children] == [0] * 4
    with Database.open(path) as database:
        database.check_all()
        assert all(database.has(ecosystem) for ecosystem in ecosystems)
