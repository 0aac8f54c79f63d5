"""What an inventory is asked to tell."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from distil.model.inventory import Attribution, Scope

Owned = Mapping[str, tuple[Attribution, str]]
"""What else is known of paths: what each is attributed to, and by which rule."""


class Asked(msgspec.Struct, frozen=True):
    """What an inventory shall tell. Without `contents` nothing of files is hashed.

    `owned` tells of paths that no component claims. With `hashed` the stored bytes of every layer
    are hashed, also of those that are known.
    """

    scope: Scope = Scope.SQUASHED
    contents: bool = True
    owned: Owned = {}
    hashed: bool = False
