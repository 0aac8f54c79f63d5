"""Runs a page of the documentation in one shell, as its reader would."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.pages import Command, Fence, Page, is_shown
from tests.support.tools import ROOT

SECONDS = 300
"""After which a page hangs."""

_NOT_FOUND = """\
command_not_found_handle() {{
    printf '%s\\n' "$1" >> '{report}'
    printf '%s: command not found\\n' "$1" >&2
    return 127
}}
"""
"""What bash(1) calls for a command that is nowhere on PATH, also within a pipe."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status, None if it was not reached, and what it printed."""

    command: Command
    status: int | None
    printed: str
    not_installed: str = ""
    """The program that was not found, when that is how the session ended."""

    @property
    def complaint(self) -> str:
        """What is wrong with it, empty when it did what the page shows."""
        where = f"line {self.command.line}: $ {self.command.text}"
        if self.status is None:
            return f"{where}\nwas not reached:\n{self.printed}"
        if (self.status != 0) is not self.command.fails:
            return f"{where}\nended with {self.status}:\n{self.printed}"
        if self.command.expected and not is_shown(self.command.expected, self.printed):
            shown = "\n".join(self.command.expected)
            return f"{where}\nprinted\n{self.printed}\nand the page shows\n{shown}"
        return ""


def prepare(page: Page, directory: Path) -> Path:
    """Make the place of a page below `directory`; where its first command is run."""
    if page.place == "an empty directory":
        return directory
    if page.place == "the repository":
        copy_repository(directory / "distil")
        return directory / "distil"
    if page.place.startswith("a copy of "):
        name = page.place.removeprefix("a copy of ")
        shutil.copytree(ROOT / name, directory / Path(name).name)
        return directory / Path(name).name
    raise AssertionError(f"{page.path}: there is no session in {page.place!r}")


def copy_repository(target: Path) -> None:
    """Copy what is in the repository, or will be; its environment is this one's."""
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    (target / ".venv").symlink_to(ROOT / ".venv")


def run_page(
    page: Page, place: Path, fences: list[Fence], environment: Mapping[str, str]
) -> list[Ended]:
    """Run the commands of `fences` in `place`, and write their files, in order.

    The first command that does not end as the page says is the last one.
    """
    mark = secrets.token_hex(8)
    script, commands = _script(fences, mark)
    report = place.parent / "not-installed"
    script = _NOT_FOUND.format(report=report) + script
    with (place.parent / "printed").open("w+") as printed:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        printed.seek(0)
        ended = _ended(commands, printed.read(), mark)
    if ended and ended[-1].complaint and report.exists():
        ended[-1] = replace(ended[-1], not_installed=report.read_text().split("\n")[0])
    return ended


def _script(fences: list[Fence], mark: str) -> tuple[str, list[Command]]:
    """The session as a script that marks where each command begins and how it ended."""
    lines: list[str] = []
    commands: list[Command] = []
    for fence in fences:
        if fence.path:
            lines.append(f"mkdir -p \"$(dirname '{fence.path}')\"")
            lines.append(f"cat > '{fence.path}' <<'{mark}'\n{fence.text}{mark}")
        for command in fence.commands:
            number = len(commands)
            commands.append(command)
            wrong = "-eq" if command.fails else "-ne"
            lines.append(f"printf '\\n{mark} {number}\\n'\n{command.text}\nstatus=$?")
            lines.append(f"printf '\\n{mark} {number} %d\\n' $status")
            lines.append(f"[ $status {wrong} 0 ] && exit")
    return "\n".join(lines) + "\n:\n", commands


def _ended(commands: list[Command], printed: str, mark: str) -> list[Ended]:
    found: list[Ended] = []
    for number, command in enumerate(commands):
        _, begun, rest = printed.partition(f"\n{mark} {number}\n")
        text, ended, status = rest.partition(f"\n{mark} {number} ")
        known = int(status.split("\n")[0]) if ended else None
        if not ended and found:
            continue  # Its predecessor says why.
        found.append(Ended(command, known, text if begun else printed))
        if known is None or (known != 0) is not command.fails:
            break
    return found


def page_environment(root: Path) -> dict[str, str]:
    """The environment of a reader who has distil, with cache and home of their own in `root`."""
    (root / "home").mkdir()
    tools = f"{root / 'bin'}:{Path(sys.executable).parent}"
    return {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}:/usr/sbin",
        "HOME": str(root / "home"),
        "DISTIL_CACHE_DIR": str(root / "cache"),
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
