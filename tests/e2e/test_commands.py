"""The examples that are commands do their work under every runner."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.images import Build
from tests.support.runners import Launch, Mount, Runner

pytestmark = [pytest.mark.engine, pytest.mark.network]

LOG = "".join(f"10.0.0.{number % 3} GET /{number}\n" for number in range(10))
SHEET = 'city,price\nUlm,9.50\n"Köln, ""am Rhein""",12\r\nUlm,10.50\n'


@dataclass(frozen=True)
class Command:
    """How a command is called with the files of `directory`, and what it then prints."""

    arguments: tuple[str, ...]
    output: str = ""
    errors: str = ""
    status: int = 0


COMMANDS = {
    "rust-cli": (
        Command(
            ("--field", "1", "/data/plain.log", "/data/packed.log"),
            "       8 10.0.0.0\n       6 10.0.0.1\n       6 10.0.0.2\n      20 lines\n",
        ),
        Command(("-f2", "-n1", "/data/packed.log"), "      10 GET\n      10 lines\n"),
        Command(("/data/none",), errors="/data/none: No such file", status=2),
        Command(("--unknown",), errors="invalid option '--unknown'", status=2),
        Command((), "       0 lines\n"),
    ),
    "c-tool": (
        Command(
            ("/data/sheet.csv", "select city, avg(price) mean from sheet group by city"),
            'city\tmean\nKöln, "am Rhein"\t12.0\nUlm\t10.0\n',
        ),
        Command(("/data/sheet.csv", "selec"), errors='near "selec": syntax error', status=1),
        Command(("/data/none", "select 1"), errors="No such file", status=1),
        Command((), errors="usage: sheet FILE SQL", status=2),
    ),
}
"""Without arguments `tally` reads standard input, which is empty here."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands read."""
    directory = tmp_path_factory.mktemp("data")
    (directory / "plain.log").write_text(LOG)
    (directory / "packed.log").write_bytes(gzip.compress(LOG.encode()))
    (directory / "sheet.csv").write_text(SHEET)
    directory.chmod(0o755)
    return directory


@pytest.mark.parametrize("form", ["production", "debug"])
@pytest.mark.parametrize("example", COMMANDS)
def test_does_its_work(
    example: str, form: str, runner: Runner, built: Callable[[str], Build], data: Path
) -> None:
    image = built(example).form(form)
    for command in COMMANDS[example]:
        launch = Launch(arguments=command.arguments, mounts=(Mount(data, "/data"),), tmpfs=())
        done = runner.run(image, launch)
        assert done.status == command.status, f"{command}: {done}"
        assert done.output == command.output
        assert command.errors in done.errors


@pytest.mark.parametrize("example", COMMANDS)
def test_nothing_that_is_not_needed_is_called_missing(
    example: str, built: Callable[[str], Build]
) -> None:
    assert built(example).report["lacking"] == []
