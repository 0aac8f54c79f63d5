"""What a check of an image found, as text and JSON."""

from __future__ import annotations

import msgspec

from distil.pipeline import CheckReport
from distil.reach.soundness import idle_plugins
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.units import columns, number


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    schema_version: int = 1
    verdict: str
    report: CheckReport


def to_json(report: CheckReport) -> str:
    """The verdict, ``pass`` or ``fail``, and every fault."""
    document = _Document(verdict="fail" if report.faults else "pass", report=report)
    return json_text(document)


def to_text(report: CheckReport) -> str:
    """The verdict in a line, then a line for each fault, and one about plug-ins."""
    elf_files = number(report.elf_files, "ELF file")
    looked_at = ", ".join([report.platform, elf_files, *report.interpreters])
    if report.ledger:
        looked_at += f", a ledger of {number(report.ledger, 'path')}"
    idle = idle_plugins(report.plugins)
    note = f"\nnote: {printable(idle)}" if idle else ""
    if not report.faults:
        head = f"PASS  {printable(report.image)}: {looked_at}: everything finds what it needs"
        return f"{head}{note}"
    head = f"FAIL  {printable(report.image)}: {number(len(report.faults), 'fault')} ({looked_at})"
    rows = [(fault.check, fault.path, fault.what) for fault in report.faults]
    return f"{head}\n{columns(rows)}{note}"
