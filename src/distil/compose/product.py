"""What a build makes for one platform, and what it makes it with."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from distil.compose.compose import Composition
from distil.compose.inspect import Check
from distil.compose.lacking import Lacking
from distil.compose.plan import Plan
from distil.compose.resolving import Resolved, Resolver
from distil.distros.protocol import Base
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.image.artifact import Artifact
from distil.image.assemble import Image
from distil.model.platform import Platform
from distil.model.tree import Tree
from distil.userfiles.copies import Copies


class Workshop(msgspec.Struct, frozen=True):
    """What all platforms of a build have in common, the tree of the application's files included.

    `copies` is what the user puts in beside them, `resolver` knows what each platform needs.
    `debug` says whether there is a debug twin.
    """

    application: Tree
    copies: Copies
    client: Client
    cache: Cache
    resolver: Resolver
    debug: bool = True

    @property
    def own_files(self) -> Tree:
        """The application's files, and those that are copied into the image beside them."""
        return self.application.with_nodes(self.copies.tree)

    def base_of(self, resolved: Resolved) -> Callable[[Platform], Base]:
        """The base of `resolved` for any platform: its own is open already."""

        def found(platform: Platform) -> Base:
            base = resolved.base
            return base if platform == base.platform else self.resolver.base(platform)

        return found


class Composed(msgspec.Struct, frozen=True):
    """What becomes the image for one platform, found to be sound; `created` is in seconds."""

    plan: Plan
    composition: Composition
    checks: tuple[Check, ...]
    created: int


class Product(msgspec.Struct, frozen=True):
    """A finished build for one platform, written nowhere yet.

    `images` are the production image and then, if there is one, its twin, each with its ledger;
    `tools` is what only the twin has, `lacking` what the application names and neither has.
    """

    plan: Plan
    composition: Composition
    checks: tuple[Check, ...]
    images: tuple[tuple[Image, Artifact], ...]
    tools: Tree = Tree()
    lacking: tuple[Lacking, ...] = ()
