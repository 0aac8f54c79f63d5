"""The stages of a subject, with what they are resolved by and what they run in."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from distil.compose.platforms import building_platform
from distil.compose.subject import Subject
from distil.distros.protocol import Toolchain
from distil.events import Warned, emit
from distil.fetch.http import Client
from distil.stages.sandboxed import Sandboxed
from distil.stages.secrets import Secrets
from distil.stages.site import Workplace
from distil.stages.stage_base import StageBase
from distil.stages.stages import Stages


def stages_of(
    subject: Subject,
    toolchain: Callable[[StageBase], Toolchain],
    client: Client,
    secrets: Mapping[str, str],
    *,
    fresh: bool = False,
) -> Stages:
    """The stages of `subject`, not run yet; `secrets` says where each is that they mount.

    `toolchain` opens what they stand on. With `fresh`, what they came to before is not used.
    """
    stages = Stages(
        Workplace(
            source=subject.source,
            spec=subject.spec,
            sources=subject.sources,
            client=client,
            here=building_platform(),
            toolchain=functools.cache(toolchain),
            worker=Sandboxed(),
            secrets=Secrets(secrets),
            fresh=fresh,
        )
    )
    for one in subject.spec.stage:
        if one not in stages.needed:
            what = f"stage {one.name} is not run: no [[copy]] takes anything out of it"
            emit(Warned(what))
    return stages
