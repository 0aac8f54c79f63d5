"""Python as a runtime of the table: what `distil.runtimes.protocol.Runtime` asks for.

Everything else of the room is loaded when there is a Python application, or an image to check.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.formats.elf import ElfFile
from distil.model.component import ToldProgram
from distil.model.lock import LockPart, Pinned
from distil.model.spec import ByteCode, Spec
from distil.runtimes.protocol import Checked, CheckedImage, FetchedFile
from distil.runtimes.python.signs import LOOKED_FOR, NAME, may_be_python
from distil.source.place import Place
from distil.source.scan import Sources
from distil.source.specification import Overrides

if TYPE_CHECKING:
    from distil.runtimes.python.recognised import PythonProject


class Python(msgspec.Struct, frozen=True):
    """CPython applications."""

    name: str = NAME
    title: str = "Python"
    looked_for: tuple[str, ...] = LOOKED_FOR
    variants: tuple[Overrides, ...] = (Overrides(bytecode=ByteCode.COMPILED),)

    def is_script(self, path: Path) -> bool:
        """See `is_script`."""
        from distil.runtimes.python.scripts import is_script

        return is_script(path)

    def detect(self, place: Place, spec: Spec, sources: Sources) -> PythonProject | None:
        """See `recognise`."""
        if not may_be_python(place, spec, sources):
            return None
        from distil.runtimes.python.recognised import recognise

        return recognise(place, spec, sources)

    def check(self, image: CheckedImage, cache: Cache) -> Checked:
        """What would fail in the Python code of any image."""
        from distil.runtimes.python.checking import check_image

        return check_image(image, cache)

    def told(self, path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:  # noqa: ARG002
        """None is: the records of distributions tell."""
        return None

    def pinned(self, part: LockPart) -> Pinned:
        """Distributions, and as of kind ``build`` those that build the application's own."""
        from distil.runtimes.python.locked_archives import pinned_wheels

        return pinned_wheels(part)

    def locked_name(self, name: str) -> str:
        """Normalised, by PEP 503."""
        from distil.runtimes.python.application import normalised

        return normalised(name)

    def locked_files(self, part: LockPart, source: Path, client: Client) -> Sequence[FetchedFile]:
        """Every wheel, those that build the application's own and these among them."""
        from distil.runtimes.python.locked_archives import locked_wheels

        return locked_wheels(part, source, client)


PYTHON: Final = Python()
