"""A hint that holds: what it says to add is tried before it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from distil.compose.errors import ClosureBroken
from distil.compose.resolving import Resolved
from distil.errors import DistilError
from distil.events import listening, stage

_ROUNDS: Final = 4


def with_packages(resolved: Resolved, packages: tuple[str, ...]) -> Resolved:
    """`resolved` as it were if the user asked for `packages` too."""
    replace, subject = msgspec.structs.replace, resolved.subject
    app = replace(subject.spec.app, packages=(*subject.spec.app.packages, *packages))
    return replace(resolved, subject=replace(subject, spec=replace(subject.spec, app=app)))


def tried(broken: ClosureBroken, build: Callable[[tuple[str, ...]], object]) -> ClosureBroken:
    """`broken` with all packages that it takes, and whatever is still missing with them.

    `build` builds with further packages, and raises as it does for a user.
    """
    found = broken
    for _ in range(_ROUNDS):
        if not found.packages:
            break
        try:
            with stage("trying what to add"), listening(lambda _: None):
                build(found.packages)
        except ClosureBroken as again:
            more = found.joined(again)
            if more.packages == found.packages:
                return more
            found = more
        except DistilError:
            break  # They cannot be added as things are: the error as it was says enough.
        else:
            break
    return found
