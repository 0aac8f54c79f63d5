"""What was found out about an application, and why it is believed."""

from __future__ import annotations

import msgspec


class Evidence(msgspec.Struct, frozen=True):
    """One thing that was inferred: what it is about, what was found, and where."""

    subject: str
    finding: str
    because: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.finding} ({self.because})"


class Application(msgspec.Struct, frozen=True):
    """An application in a directory of this machine, whatever it is written in.

    `source` is that directory. `packaged` says that its code comes from what the project's own
    build makes; otherwise its files are copied. `ports` are TCP unless they say ``53/udp``.
    """

    source: str
    name: str
    version: str
    packaged: bool = False
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    ports: tuple[int | str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    script: str = ""
    """The file of `source` that is all of the application, where it is a script alone."""

    @property
    def argument(self) -> str:
        """What names the application on the command line."""
        return f"{self.source}/{self.script}" if self.script else self.source
