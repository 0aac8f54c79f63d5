"""What was found for one platform, written down so that it can be had again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.compose.investigate import Findings
from distil.compose.needs import find_needs, libraries_of
from distil.compose.plan import Plan, plan_packages
from distil.distros.debian.cuts import Cuts
from distil.distros.debian.locked import locked_packages, locked_suites, otherwise_called
from distil.errors import UnsoundLock
from distil.fetch.http import Client
from distil.fetch.packs import Pack
from distil.locks.locked import locked_base
from distil.model.lock import LockedPlatform, LockedWheel
from distil.model.package import DebianPackage, Wheel
from distil.model.tree import Tree
from distil.runtimes.python.locked_projects import lock_project
from distil.runtimes.python.project import project_places
from distil.runtimes.python.wheels import wheel_downloads

_PLAN_FIELDS: Final = ("needs", "roots", "partial", "reasons", "cut")


def lock_platform(
    plan: Plan, wheels: Sequence[tuple[Wheel, Pack]], client: Client, before: LockedPlatform | None
) -> LockedPlatform:
    """Everything of `plan` that a build fetches, and what makes the application's own projects.

    `wheels` are those of the plan. Back ends keep their versions of `before`. Raises what
    `lock_project` and fetching raise.
    """
    findings = plan.findings
    base, source = findings.base, Path(findings.application.source)
    suites = locked_suites(base.suites)
    packages = {package.name: package for package in (*plan.packages, *plan.debug_packages)}
    libraries = {
        soname: package
        for found in libraries_of(wheels, base).values()
        for soname, package in found.items()
    }
    places = project_places(findings.application, findings.directories)
    kept = _back_ends(before)
    return LockedPlatform(
        name=base.platform.oci,
        python=findings.interpreter.version,
        glibc=".".join(map(str, findings.interpreter.glibc)),
        suites=suites,
        packages=locked_packages(list(packages.values()), base.index, suites),
        wheels=_wheels(findings, client),
        projects=tuple(
            lock_project(place, source.resolve(), client, findings.spec, kept) for place in places
        ),
        libraries=otherwise_called(libraries),
    )


def _back_ends(before: LockedPlatform | None) -> Mapping[str, str]:
    if before is None:
        return {}
    return {wheel.name: wheel.version for p in before.projects for wheel in p.requires}


def _wheels(findings: Findings, client: Client) -> tuple[LockedWheel, ...]:
    source = Path(findings.application.source)
    wheels = [wheel for wheel in findings.wheels if wheel.name not in findings.own]
    files = findings.application.dependencies.files
    blobs = client.archives(wheel_downloads(wheels, client, source, files))
    pairs = zip(wheels, blobs, strict=True)
    return tuple(LockedWheel.of(w, _relative(w.url, source), blob.size) for w, blob in pairs)


def _relative(url: str, source: Path) -> str:
    """`url` as a path relative to `source` when it is a file's on this machine."""
    if not url.startswith("file:"):
        return url
    from urllib.parse import unquote, urlsplit

    return os.path.relpath(unquote(urlsplit(url).path), source.absolute())


def check_lock(
    locked: LockedPlatform,
    plan: Plan,
    ingredients: tuple[Sequence[tuple[Wheel, Pack]], Tree],
    cuts: Cuts,
    client: Client,
) -> None:
    """Resolve with nothing but `locked`, and raise `UnsoundLock` unless it comes to `plan`.

    `ingredients` are the wheels with their contents and the application's own files.
    """
    findings = plan.findings
    source = Path(findings.application.source)
    base = locked_base(findings.spec, locked, findings.base.platform, client, source)
    narrow = msgspec.structs.replace(findings, base=base)
    again = plan_packages(narrow, find_needs(narrow, *ingredients), cuts)
    different = [name for name in _PLAN_FIELDS if getattr(again, name) != getattr(plan, name)]
    different += [
        name
        for name in ("packages", "debug_packages")
        if _names(getattr(again, name)) != _names(getattr(plan, name))
    ]
    if different:
        raise UnsoundLock(locked.name, different)


def _names(packages: Iterable[DebianPackage]) -> list[tuple[str, str, str]]:
    return [(package.name, package.version, package.digest) for package in packages]
