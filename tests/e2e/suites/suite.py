"""Running the test-suite of a distribution inside an image that has the distribution.

The tests are those of its source distribution, of exactly the version that the image has; test
tools are mounted beside them. `runner.py` runs them there, and says what of the image asked in
vain for what.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from distil.compose.ledgers import open_ledger
from distil.fetch.cache import Cache
from distil.model.ledger import Kept, Ledger
from distil.model.origin import PackageOrigin
from distil.model.reference import parse_location
from distil.runtimes.python.reach import shipped_rules
from distil.runtimes.python.reach.patterns import absolute, matches
from tests.support.runners import BuiltImage, Launch, Mount, RuncRunner
from tests.support.sdists import unpack_sdist

HERE = Path(__file__).parent
SUITE = "/suite"
SECONDS = 600
"""For one suite at most."""
PLACES = ("/usr/local/lib/python3.13/dist-packages/", "/usr/lib/python3.13/")
VARYING = re.compile(r"0x[0-9a-f]{6,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Addresses and random identifiers in the names of tests."""


@dataclass(frozen=True)
class Suite:
    """The tests of `distribution`, to be run in the image of `subject`.

    `source` are the files and directories of the source distribution that the tests need;
    `arguments` go to pytest, paths in them start there. Without `source` the tests are in the
    distribution as it is installed.
    """

    subject: str
    distribution: str
    source: tuple[str, ...] = ("tests",)
    arguments: tuple[str, ...] = ("tests",)
    environment: dict[str, str] = field(default_factory=dict)
    differences: dict[str, str] = field(default_factory=dict)
    """Tests that fail only at level ``reachable``: a part of their name, and why that is right."""
    not_there: dict[str, str] = field(default_factory=dict)
    """Modules that reached code asks for in vain: a pattern of names, and why that is right."""

    @property
    def name(self) -> str:
        return f"{self.subject}-{self.distribution}"


class Outcome(msgspec.Struct, frozen=True):
    """What the runner printed: pytest's exit status, what became of each test, what was refused.

    `refused` are pairs of a module and the file of the image that asked for it.
    """

    status: int
    tests: dict[str, str]
    refused: tuple[tuple[str, str], ...]
    text: str = ""
    """What pytest printed."""

    @property
    def passed(self) -> Counter[str]:
        """The tests that pass, by name without what differs from run to run."""
        names = (name for name, outcome in self.tests.items() if outcome == "passed")
        return Counter(VARYING.sub("…", name) for name in names)


def ledger_of(image: BuiltImage) -> Ledger:
    """The ledger that the build wrote beside `image`."""
    return open_ledger(parse_location(f"oci:{image.layout}:{image.tag}"), Cache.default()).ledger


def reached_files(ledger: Ledger) -> list[str]:
    """The Python files of an image that its application can import, by what its ledger says.

    Of a distribution that is kept whole the rest lies beside them, and what that imports, and is
    not.
    """
    rules = {"distribution", "distribution works whole", "licence"}
    return sorted(
        kept.path
        for kept in ledger.kept
        if kept.path.endswith((".py", ".so")) and not {r.rule for r in kept.reasons} <= rules
    )


def version_of(ledger: Ledger, distribution: str) -> str:
    """The version of `distribution` that an image has."""
    return next(_versions(ledger.kept, f"pkg:pypi/{distribution}@"))


def _versions(kept: tuple[Kept, ...], start: str) -> Iterator[str]:
    for one in kept:
        if isinstance(one.origin, PackageOrigin) and one.origin.purl.startswith(start):
            yield one.origin.purl.removeprefix(start).partition("?")[0]


def prepare(suite: Suite, ledger: Ledger, directory: Path) -> None:
    """Fill `directory` with what is mounted as /suite in the image that has `ledger`."""
    for name in ("source", "packages", "whole"):
        (directory / name).mkdir(parents=True)
    shutil.copy(HERE / "runner.py", directory / "runner.py")
    (directory / "reached.json").write_text(json.dumps(reached_files(ledger), indent=0))
    if suite.source:
        version = version_of(ledger, suite.distribution)
        top = unpack_sdist(suite.distribution, version, "3.13", directory.parent / "sdist")
        for name in suite.source:
            target = directory / "source" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (top / name).rename(target)


def run(suite: Suite, image: BuiltImage, mounts: tuple[Mount, ...], runner: RuncRunner) -> Outcome:
    """What becomes of the tests in `image`."""
    words = ("/usr/bin/python3", f"{SUITE}/runner.py", *suite.arguments)
    # The order of sets shows in the names of tests.
    launch = Launch({"PYTHONHASHSEED": "0", **suite.environment}, mounts=mounts, entrypoint=words)
    done = runner.run(image, launch, SECONDS)
    text, _, last = done.output.rstrip("\n").rpartition("\n")
    assert last.startswith("{"), f"{done.status}: {done.output[-5000:]}{done.errors[-5000:]}"
    outcome = msgspec.json.decode(last, type=Outcome)
    return msgspec.structs.replace(outcome, text=text + done.errors)


def compare(suite: Suite, whole: Outcome, part: Outcome) -> list[str]:
    """What `part` lacks of `whole` without an explanation, and explanations of nothing.

    A test is explained by `suite`, a module that reached code asks for in vain also by a rule
    which holds that import back.
    """
    differ = sorted((whole.passed - part.passed).elements())
    failing = [name for name in differ if not any(one in name for one in suite.differences)]
    idle = [
        f"{one} is explained and makes no difference"
        for one in suite.differences
        if not any(one in name for name in differ)
    ]
    refused = [
        f"{module} is not there for {asker}"
        for module, asker in sorted({*part.refused} - {*whole.refused})
        if not _is_held_back(module, asker)
        and not any(matches(pattern, module) for pattern in suite.not_there)
    ]
    return [*failing, *idle, *refused]


def _is_held_back(name: str, asker: str) -> bool:
    """Whether a rule says that the import of `name` in the file `asker` does not count."""
    place = next((p for p in PLACES if asker.startswith(p)), "")
    parts = asker.removeprefix(place).removesuffix(".py").split("/")
    package = ".".join(parts[:-1])
    module = package if parts[-1] == "__init__" else ".".join(parts)
    return any(
        matches(absolute(pattern, module, package), name)
        for _, rule in shipped_rules().lazies(module)
        for pattern in rule.imports
    )
