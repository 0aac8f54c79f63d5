"""What is wrong with a project that is compiled."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError


class CompilerTooOld(DistilError):
    """A project that asks for a newer compiler than the suite has that it is built on.

    `suites` have one that is new enough; `package` is another one of the same suite that has.
    """

    def __init__(
        self, needs: str, version: str, base: str, *, suites: Sequence[str], package: str = ""
    ) -> None:
        hint = "`distil init` writes the stage, whose base can be an image that has one"
        if suites:
            hint = f"these have one that is: {', '.join(suites)}"
        if len(suites) == 1:
            hint = f'{suites[0]} has one that is: write from = "{suites[0]}" below [base]'
        if package:
            hint = f"{package} is new enough: `distil init` writes the stage, which can name it"
        super().__init__(f"{needs}, and that of {base} is {version}", hint=hint)
