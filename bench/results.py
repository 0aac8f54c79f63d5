"""RESULTS.md: one section for each measurement, replaced when it is made again."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

PATH = Path(__file__).parent / "RESULTS.md"
HEAD = """# Results

Each section says which command made it, when, and on what machine.
"""


def write_section(title: str, command: str, text: str) -> None:
    """Put `text` under `title`, in place of what was there."""
    content = PATH.read_text() if PATH.exists() else HEAD
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Linux {platform.release()}"
    busy = f"load average at the end {os.getloadavg()[2]:.1f}"
    made = f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {machine}, {busy}"
    section = f"## {title}\n\n{made}\n\n{text.strip()}\n"
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(content):
        content = old.sub(lambda _: section + "\n", content)
    else:
        content = f"{content.rstrip()}\n\n{section}"
    PATH.write_text(content.rstrip() + "\n")
