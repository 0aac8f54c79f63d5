"""How commands of a script end, and how much work following them may be."""

from __future__ import annotations

from typing import Final

Text = str | None
"""What a word stands for or a command prints; None: not known without running something."""

Status = bool | None
"""Whether a command succeeds; None: not known."""

SCRIPT_WORK: Final = 2_000_000
"""Work for one script. The one of Debian's that needs most takes a tenth."""

IMAGE_WORK: Final = 24_000_000
"""Work for all scripts of an image, a few seconds; 350 packages take a tenth."""

STEP: Final = 100
"""Work of one command; a character that is read, printed or remembered is 1."""


WORD: Final = 16
"""Work of a word, beside its characters."""

ACCOUNT: Final = 5_000
"""Work of a user or group, of which there can be a few hundred at most."""


class Leave(Exception):
    """``exit``, ``return``, ``break`` or ``continue``: its exit code, and the loops to leave."""

    def __init__(self, word: str, code: Text, count: int = 1) -> None:
        super().__init__(word)
        self.word = word
        self.code = code
        self.count = count

    @property
    def status(self) -> Status:
        """Whether it is one of success."""
        return None if self.code is None else self.code == "0"


class Unclear(Exception):
    """A command cannot be followed, or not in the way it is called."""


class Refused(Exception):
    """The file system does not let a command do what it wants."""


class Exhausted(Exception):
    """Following a script takes more work than `SCRIPT_WORK`, or all of them `IMAGE_WORK`."""


class Budget:
    """The work that is left. Time and memory are both paid from it.

    Every character that a script computes, prints or keeps is paid for once, so that it can hold
    no more than it may compute; the count does not depend on the machine.
    """

    def __init__(self) -> None:
        self._image = IMAGE_WORK
        self._script = SCRIPT_WORK

    def begin(self) -> None:
        """Begin another script."""
        self._script = min(SCRIPT_WORK, self._image)

    def spend(self, work: int) -> None:
        """Take `work` from what is left. Raises `Exhausted`."""
        self._script -= work
        self._image -= work
        if self._script < 0:
            raise Exhausted
