"""The distributions that distil knows: one line each."""

from __future__ import annotations

from typing import Final

from distil.distros.debian.distro import DEBIAN, ON_SCRATCH
from distil.distros.errors import UnknownBase
from distil.distros.image.distro import Images
from distil.distros.protocol import Distro

DISTROS: Final[tuple[Distro, ...]] = (DEBIAN, ON_SCRATCH, Images(DEBIAN))


def distro_of(base: str) -> Distro:
    """The distribution of the base that the user names, ``debian:trixie``. Raises `UnknownBase`."""
    for distro in DISTROS:
        if distro.owns(base):
            return distro
    raise UnknownBase(base)


def distro_called(name: str) -> Distro:
    """The distribution of that name, as locks have it. KeyError for another."""
    return {distro.name: distro for distro in DISTROS}[name]
