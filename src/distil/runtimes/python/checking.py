"""What would fail in the Python code of an image, whoever built it."""

from __future__ import annotations

from distil.fetch.cache import Cache
from distil.runtimes.protocol import Checked, CheckedImage
from distil.runtimes.python.faults import python_faults, python_world
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.installations import find_installations


def check_image(image: CheckedImage, cache: Cache) -> Checked:
    """The versions of Python in `image`, and what their modules lack."""
    installed = find_installations(image.tree)
    analyses = Analyses(cache)
    world = python_world(image.tree, installed, image.config, image.machine, image.ledger)
    faults = python_faults(image.tree, image.elf, world, analyses, installed)
    analyses.save()
    lines = sorted({one.line for one in installed})
    program = installed[0].real if installed else None
    return Checked(tuple(f"Python {line}" for line in lines), program, tuple(faults))
