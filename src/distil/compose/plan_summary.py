"""What was decided before anything was fetched, as plain values."""

from __future__ import annotations

import msgspec

from distil.compose.plan import Plan
from distil.model.application import Evidence
from distil.model.component import SystemNeed
from distil.model.spec import CopySpec


class RuntimeSummary(msgspec.Struct, frozen=True):
    """The language's runtime: what it is called, and its version."""

    name: str
    version: str


class PlanSummary(msgspec.Struct, frozen=True, rename="camel"):
    """What was decided before anything was fetched.

    `packages` and `distributions` are what the image is made from; something of each may stay.
    """

    application: str
    version: str
    base: str
    release: str
    platform: str
    runtime: RuntimeSummary
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    ports: tuple[str, ...]
    user: str
    evidence: tuple[Evidence, ...]
    needs: tuple[SystemNeed, ...]
    packages: tuple[str, ...]
    partial_packages: tuple[str, ...]
    distributions: tuple[str, ...]
    debug_packages: tuple[str, ...]
    not_followed: tuple[str, ...]
    left_out: tuple[str, ...]
    repositories: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    """What will be run, when nothing has been yet."""
    secrets: tuple[str, ...] = ()
    """Those of `left_out` that hold, or by their names usually hold, secrets."""


def planned(plan: Plan, stages: tuple[str, ...] = ()) -> PlanSummary:
    """What `plan` decides; `stages` says what would be run."""
    resolved, system = plan.resolved, plan.system
    application, spec, base = resolved.application, resolved.spec, resolved.base
    return PlanSummary(
        application=application.name,
        version=application.version,
        base=base.name,
        release=base.release,
        platform=base.platform.oci,
        runtime=RuntimeSummary(resolved.runtime.name, resolved.runtime.version),
        entrypoint=application.entrypoint,
        command=application.command,
        ports=tuple(str(port) for port in spec.image.ports or application.ports),
        user=spec.image.user,
        evidence=application.evidence,
        needs=plan.needs,
        packages=tuple(str(package) for package in system.packages),
        partial_packages=tuple(f"{name}: {why}" for name, why in system.partial.items()),
        distributions=tuple(str(one) for one in resolved.runtime.components),
        debug_packages=tuple(str(package) for package in system.tools),
        not_followed=tuple(f"{e.package} {e.field}: {e.relation}" for e in system.cut),
        left_out=tuple(f"{entry.path}: {entry.why}" for entry in resolved.subject.sources.left_out),
        repositories=tuple(f"{one.url} {one.suite}" for one in spec.base.repositories),
        copied=tuple(_copied(copy) for copy in spec.copy),
        stages=stages,
        secrets=tuple(entry.path for entry in resolved.subject.sources.left_out if entry.secret),
    )


def _copied(copy: CopySpec) -> str:
    stage = f" of stage {copy.stage}" if copy.stage else ""
    return f"{copy.source}{stage} to {copy.target}"
