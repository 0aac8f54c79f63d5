"""Target platforms, in the names of OCI, Debian, GNU and Python wheels."""

from __future__ import annotations

import platform as host
from typing import Final

import msgspec

from distil.model.errors import UnknownPlatform


class Platform(msgspec.Struct, frozen=True):
    """One operating system and processor architecture, under all of its names."""

    oci: str
    """As in ``--platform``: ``linux/amd64``."""
    debian: str
    """dpkg architecture: ``amd64``."""
    multiarch: str
    """Debian multi-arch tuple, the library directory: ``x86_64-linux-gnu``."""
    machine: str
    """``uname -m``, as wheel tags and uv write it: ``x86_64``."""
    elf_machine: int
    """``e_machine`` of the platform's ELF files."""
    variant: str = ""

    @property
    def architecture(self) -> str:
        """The OCI architecture: ``amd64``."""
        return self.oci.split("/")[1]

    def __str__(self) -> str:
        return self.oci


AMD64: Final = Platform("linux/amd64", "amd64", "x86_64-linux-gnu", "x86_64", 62)
ARM64: Final = Platform("linux/arm64", "arm64", "aarch64-linux-gnu", "aarch64", 183, "v8")
PLATFORMS: Final = (AMD64, ARM64)


def parse_platform(name: str) -> Platform:
    """The platform called `name` (``linux/arm64``, ``arm64``, ``linux/arm64/v8``, ``aarch64``).

    Raises `UnknownPlatform`, which lists those that exist.
    """
    for platform in PLATFORMS:
        aliases = {platform.oci, platform.debian, platform.machine, f"{platform.oci}/v8"}
        if platform is AMD64:
            aliases.discard(f"{platform.oci}/v8")
        if name.lower() in aliases:
            return platform
    raise UnknownPlatform(name, [platform.oci for platform in PLATFORMS])


def this_machine() -> Platform | None:
    """The platform of the machine that runs distil, None when it is not one of `PLATFORMS`."""
    try:
        return parse_platform(host.machine())
    except UnknownPlatform:
        return None


def optional_platform(name: str) -> Platform | None:
    """The platform called `name`, None for an empty one. Raises `UnknownPlatform`."""
    return parse_platform(name) if name else None
