"""What an image will be made of, decided before any archive of the base is fetched."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from distil.compose.errors import NotLocked
from distil.compose.resolving import Resolved
from distil.distros.errors import UnknownPackage, UnknownPackageVersion, UnsatisfiableDependencies
from distil.distros.protocol import PackagePlan, Request
from distil.model.component import SystemNeed


class Plan(msgspec.Struct, frozen=True):
    """The image as values: what goes in, from where, and who asked for it.

    `needs` is what the application needs without saying so, `system` what the base comes to.
    """

    resolved: Resolved
    needs: tuple[SystemNeed, ...]
    system: PackagePlan


def plan_image(resolved: Resolved, needs: Sequence[SystemNeed], *, debug: bool = True) -> Plan:
    """Solve the packages of the base for `resolved`.

    `needs` are packages that the application needs without saying so. Raises `UnknownPackage`,
    `VirtualPackage`, `UnsatisfiableDependencies`, and `NotLocked` for a package that the lock
    lacks.
    """
    spec = resolved.spec
    wanted = resolved.runtime.packages
    request = Request(
        runtime=wanted,
        asked=(*spec.base.packages, *(name for name in spec.app.packages if name not in wanted)),
        needs=tuple(needs),
        tools=spec.debug.packages if debug else None,
        keep=spec.reach.keep,
        locales=spec.image.locales,
    )
    try:
        return Plan(resolved, request.needs, resolved.base.plan(request))
    except (UnknownPackage, UnknownPackageVersion, UnsatisfiableDependencies) as error:
        if not resolved.lock:
            raise
        what = f"answer to what the image needs now: {error.message}"
        raise NotLocked(resolved.lock, what) from error


def called(plan: Plan) -> str:
    """What the image is, wherever it goes: the name of its application, and the version."""
    application = plan.resolved.application
    return f"{application.name}:{application.version}" if application.version else application.name
