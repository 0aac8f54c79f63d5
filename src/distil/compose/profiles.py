"""What places that run images want of them beyond what the specifications do: one value each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from distil.compose.errors import UnfitForProfile
from distil.model.image import Compression
from distil.model.platform import Platform
from distil.source.specification import Overrides


class Profile(msgspec.Struct, frozen=True):
    """What one of them takes; an empty `name` stands for no such place, which takes anything."""

    name: str = ""
    takes_indexes: bool = True
    takes_artifacts: bool = True
    """Whether anything may stand beside the image that is about it."""
    compressions: tuple[Compression, ...] = tuple(Compression)

    def overrides(self, said: Overrides) -> Overrides:
        """`said`, and what follows for layers. Raises `UnfitForProfile` where both cannot be."""
        known = [compression.value for compression in self.compressions]
        if said.compression is not None and said.compression not in known:
            why = f"it does not take layers compressed with {said.compression}"
            raise UnfitForProfile(self.name, why, hint="leave --compression out")
        if len(known) == 1:
            return msgspec.structs.replace(said, compression=known[0])
        return said

    def check_platforms(self, platforms: Sequence[Platform]) -> None:
        """Raise `UnfitForProfile` for several where only an image for one is taken."""
        if len(platforms) > 1 and not self.takes_indexes:
            names = ", ".join(map(str, platforms))
            raise UnfitForProfile(
                self.name,
                f"it takes an image for one platform, not an index of several ({names})",
                hint="choose one with --platform, and build the others under other tags",
            )


ANY: Final = Profile()
LAMBDA: Final = Profile(
    name="lambda",
    takes_indexes=False,
    takes_artifacts=False,
    compressions=(Compression.GZIP,),
)
"""AWS Lambda: the manifest of one image, of which nothing else in the repository tells."""

PROFILES: Final = {profile.name: profile for profile in (ANY, LAMBDA)}


def find_profile(name: str) -> Profile:
    """The profile called `name`. Raises `UnfitForProfile` for one that is not known."""
    if name not in PROFILES:
        raise UnfitForProfile(name, "there is no such profile", hint=f"use {LAMBDA.name}")
    return PROFILES[name]
