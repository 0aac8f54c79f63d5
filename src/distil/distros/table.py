"""The distributions that distil knows: one line each."""

from __future__ import annotations

from typing import Final

from distil.distros.debian.distro import DEBIAN, ON_SCRATCH
from distil.distros.errors import UnknownBase
from distil.distros.protocol import Distro

DISTROS: Final[tuple[Distro, ...]] = (DEBIAN, ON_SCRATCH)


def distro_of(base: str) -> Distro:
    """The distribution of the base that the user names, ``debian:trixie``. Raises `UnknownBase`."""
    name = base.partition(":")[0]
    for distro in DISTROS:
        if distro.name == name:
            return distro
    raise UnknownBase(base)
