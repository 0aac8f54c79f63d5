"""What was found for one platform, written down so that it can be had again."""

from __future__ import annotations

import msgspec

from distil.compose.needs import OwnFiles, find_needs, libraries_of
from distil.compose.plan import Plan, plan_image
from distil.compose.resolving import open_locked
from distil.distros.protocol import Opening
from distil.distros.table import distro_of
from distil.fetch.http import Client
from distil.locks.errors import UnsoundLock
from distil.model.lock import LockedPlatform
from distil.runtimes.protocol import RuntimeContents


def lock_platform(
    plan: Plan,
    contents: RuntimeContents,
    own: OwnFiles,
    client: Client,
    before: LockedPlatform | None,
) -> LockedPlatform:
    """Everything of `plan` that a build fetches, and what makes the application's own projects.

    `contents` are the components of the plan, `own` the application's own files. Tools that build
    keep their versions of `before`. Raises what locking a runtime's part and fetching raise.
    """
    resolved = plan.resolved
    runtime, base = resolved.runtime, resolved.base
    libraries = {
        soname: package
        for found in libraries_of(contents, own, base).values()
        for soname, package in found.items()
    }
    distro = distro_of(base.name)
    known = before.runtime.get(runtime.name) if before is not None else None
    return LockedPlatform(
        name=base.platform.oci,
        base={distro.name: distro.locked(base, plan.system.lock(libraries))},
        runtime={runtime.name: runtime.lock(client, known)},
    )


def check_lock(
    locked: LockedPlatform, plan: Plan, contents: RuntimeContents, own: OwnFiles, client: Client
) -> None:
    """Resolve with nothing but `locked`, and raise `UnsoundLock` unless it comes to `plan`.

    `contents` are the components of the plan, `own` the application's own files.
    """
    resolved = plan.resolved
    opening = Opening(resolved.subject.source, resolved.spec, client)
    base = open_locked(opening, locked, resolved.base.platform)
    narrow = msgspec.structs.replace(resolved, base=base)
    again = plan_image(narrow, find_needs(contents, own, base))
    different = again.system.differences(plan.system)
    if again.needs != plan.needs:
        different.insert(0, "needs")
    if different:
        raise UnsoundLock(locked.name, different)
