"""What a build makes for one platform, and what it makes it with."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from distil.compose.compose import Composition
from distil.compose.contained import ImageContents
from distil.compose.inspect import Check
from distil.compose.lacking import Lacking
from distil.compose.plan import Plan
from distil.compose.resolving import Resolved, Resolver
from distil.distros.protocol import Base
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.image.artifact import Artifact
from distil.image.assemble import Image
from distil.model.ledger import Ledger
from distil.model.platform import Platform
from distil.model.policy import Judgement
from distil.model.tree import Tree
from distil.stages.site import StageRun
from distil.stages.stages import Stages
from distil.userfiles.copies import Copies, joined


class Workshop(msgspec.Struct, frozen=True):
    """What all platforms of a build have in common, the tree of the application's files included.

    `copies` is what the user puts in beside them, `stages` what is made for each platform, and
    `resolver` knows what each needs. `debug` says whether there is a debug twin.
    """

    application: Tree
    copies: Copies
    stages: Stages
    client: Client
    cache: Cache
    resolver: Resolver
    debug: bool = True

    def copies_for(self, platform: Platform) -> Copies:
        """What is copied into the image for `platform`; stages that make some of it are run.

        Raises what `Site.take` raises, and `InvalidSpec` where two things go to one place.
        """
        taken = self.stages.taken(platform)
        return joined(self.copies, taken.copied) if taken.copied else self.copies

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
    `tools` is what only the twin has, `lacking` what the application names and neither has, `runs`
    are the stages that something was copied from.
    `contents` is what is in each of the images, as its bytes tell. `ledger` is that of the
    production image, and `judgement` how it stands to the policy.
    """

    plan: Plan
    composition: Composition
    checks: tuple[Check, ...]
    images: tuple[tuple[Image, Artifact], ...]
    tools: Tree = Tree()
    lacking: tuple[Lacking, ...] = ()
    runs: tuple[StageRun, ...] = ()
    contents: tuple[ImageContents, ...] = ()
    ledger: Ledger = Ledger((), ())
    judgement: Judgement = Judgement()
