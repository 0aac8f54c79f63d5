"""What stages may raise."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError


class StageFailed(DistilError):
    """A command of a stage that ended with an error, or passed a limit; with its last lines."""

    def __init__(
        self, stage: str, command: str, how: str, *, lines: Sequence[str] = (), hint: str = ""
    ) -> None:
        self.stage = stage
        shown = "".join(f"\n  {line}" for line in lines)
        super().__init__(f"stage {stage}: {command} {how}{shown}", hint=hint)


class StagesUnable(DistilError):
    """A machine on which no stage can run."""

    def __init__(self, stage: str, why: str, *, hint: str) -> None:
        super().__init__(f"stage {stage} cannot run on this machine: {why}", hint=hint)


class NoSecret(DistilError):
    """A secret that a stage mounts and nobody gave, or that cannot be read."""

    def __init__(self, name: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"the secret {name} {why}", hint=hint)


class SecretKept(DistilError):
    """A stage that wrote a secret into a file that it leaves behind."""

    def __init__(self, stage: str, secret: str, path: str) -> None:
        super().__init__(
            f"stage {stage}: {path} holds the secret {secret}, so nothing of the stage is kept",
            hint="have the command read the secret from its mount and write it nowhere, or remove "
            "the file in the same command",
        )


class TooMuchMade(DistilError):
    """A stage that leaves more files behind than can be kept."""

    def __init__(self, stage: str, most: int) -> None:
        super().__init__(
            f"stage {stage} leaves more than {most:,} files behind",
            hint="remove what nobody copies in the same command, or write it into a cache mount",
        )
