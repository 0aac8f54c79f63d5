"""What commands print: passed on line by line, without secrets, and the last lines kept."""

from __future__ import annotations

import collections
from typing import Final

from distil.events import Printed, emit
from distil.stages.secrets import Traces

_LAST: Final = 15
"""Lines that an error shows."""

_LONGEST: Final = 4000
"""Bytes of a line that are shown at once; secrets are looked for in this much."""


class Output:
    """Takes the output of the commands of one stage as it comes, in pieces of any length."""

    def __init__(self, stage: str, traces: Traces) -> None:
        self.last: collections.deque[str] = collections.deque(maxlen=_LAST)
        self._stage = stage
        self._traces = traces
        self._pending = b""

    def take(self, data: bytes) -> None:
        """More output."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._pending) > 2 * _LONGEST:
            # Before it is cut in two: no half of a secret is one.
            self._pending = self._traces.hidden(self._pending)
        while len(self._pending) > 2 * _LONGEST:
            self._line(self._pending[:_LONGEST])
            self._pending = self._pending[_LONGEST:]

    def end(self) -> None:
        """There is no more: a line without an end is one, too."""
        if self._pending:
            self._line(self._pending)
        self._pending = b""

    def _line(self, line: bytes) -> None:
        # What was written over on a terminal was to be seen for a moment only.
        visible = line.rstrip(b"\r").rpartition(b"\r")[2]
        text = self._traces.hidden(visible)[:_LONGEST].decode("utf-8", "replace")
        if text.strip():
            self.last.append(text)
        emit(Printed(self._stage, text))
