"""`check`: whether everything that an image can start finds what it needs."""

from __future__ import annotations

import msgspec

from distil.compose.ledgers import find_ledger
from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.stores import NOTHING_SAID, Source, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.platform import Platform, optional_platform, parse_platform
from distil.model.reference import parse_location
from distil.reach.accounting import ledger_faults
from distil.reach.objects import elf_files
from distil.reach.soundness import (
    Fault,
    command_faults,
    interpreter_faults,
    library_faults,
)
from distil.runtimes import table
from distil.runtimes.protocol import CheckedImage


class CheckReport(msgspec.Struct, frozen=True):
    """What was looked at in an image, and what would fail at run time, sorted.

    `ledger` is the number of paths in the image's ledger, 0 for an image that has none. `plugins`
    are those that cannot be loaded, which is no fault.
    """

    image: str
    platform: str
    elf_files: int
    interpreters: tuple[str, ...]
    faults: tuple[Fault, ...]
    ledger: int = 0
    plugins: tuple[Fault, ...] = ()


def check(image: str, platform: str = "", settings: StoreSettings = NOTHING_SAID) -> CheckReport:
    """Whether everything that `image` can start finds what it needs inside the image.

    Any image in a layout, archive or engine, whoever built it; nothing is run. Of an image for
    several platforms it is this machine's, or the one named. Raises what reading the image
    raises.
    """
    with store_to_read(parse_location(image), settings).opened() as source:
        return _check(image, source, optional_platform(platform))


def _check(image: str, source: Source, platform: Platform | None) -> CheckReport:
    cache = Cache.default()
    stored = read_image(source, platform)
    target = parse_platform(stored.platform)
    tree = read_tree(stored.layers, cache)
    elf, config = elf_files(tree), stored.config.config
    ledger = find_ledger(source, stored, cache)
    whole = CheckedImage(tree, elf, config, target.machine, ledger)
    languages = [runtime.check(whole, cache) for runtime in table.RUNTIMES]
    program = next((one.program for one in languages if one.program), None)
    linked = library_faults(tree, elf, target, program)
    faults = [fault for fault in linked if not fault.plugin] + interpreter_faults(tree)
    faults += command_faults(tree, config)
    faults += [fault for one in languages for fault in one.faults]
    faults += ledger_faults(tree, ledger) if ledger is not None else []
    return CheckReport(
        image=image,
        platform=stored.platform,
        elf_files=sum(found is not None for found in elf.values()),
        interpreters=tuple(name for one in languages for name in one.names),
        faults=tuple(sorted(faults)),
        plugins=tuple(sorted(fault for fault in linked if fault.plugin)),
        ledger=len(ledger.kept) if ledger is not None else 0,
    )
