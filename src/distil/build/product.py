"""What a build makes for one platform, and what it makes it with."""

from __future__ import annotations

import msgspec

from distil.build.compose import Composition
from distil.build.inspect import Check
from distil.build.plan import Plan
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.image.artifact import Artifact
from distil.image.assemble import Image
from distil.model.tree import Tree
from distil.packages.cuts import Cuts


class Workshop(msgspec.Struct, frozen=True):
    """What all platforms of a build have in common, the tree of the application's files included.

    `debug` says whether there is a debug twin.
    """

    application: Tree
    client: Client
    cache: Cache
    cuts: Cuts
    debug: bool = True


class Product(msgspec.Struct, frozen=True):
    """A finished build for one platform, written nowhere yet.

    `images` are the production image and then, if there is one, its twin, each with its ledger;
    `tools` is what only the twin has.
    """

    plan: Plan
    composition: Composition
    checks: tuple[Check, ...]
    images: tuple[tuple[Image, Artifact], ...]
    tools: Tree = Tree()
