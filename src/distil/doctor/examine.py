"""The whole look at this machine, everything at once."""

from __future__ import annotations

import platform as host
from collections.abc import Callable
from typing import Final

from distil.distros.debian.errors import ReleaseNotYetValid
from distil.distros.debian.sources import Mirrors
from distil.doctor import containers, machine, sources
from distil.doctor.findings import (
    BUILDING,
    RUNNING,
    SOURCES,
    Diagnosis,
    Finding,
    Section,
    Status,
    failed,
)
from distil.doctor.together import together
from distil.errors import DistilError
from distil.model.errors import UnknownPlatform
from distil.model.platform import AMD64, Platform, parse_platform

_SECONDS: Final = 5.0
"""For what does not answer; the rest takes a fraction of a second."""
_NETWORK: Final = ("suites", "python index")
_ADVICE: Final = "apt install podman, or run them elsewhere"

_Look = Callable[[], list[Finding]]


def examine(*, offline: bool = False) -> Diagnosis:
    """Look at everything; nothing is changed, and nothing is asked for when `offline`."""
    mirrors, named = sources.mirrors()
    looks = {
        **_building(mirrors),
        **_sources(mirrors, offline=offline),
        **{name: _one(look) for name, look in _RUNNERS.items()},
    }
    answers = together(looks, _SECONDS)
    found = {name: _findings(name, answer) for name, answer in answers.items()}
    building = [f for name in _building(mirrors) for f in found[name]]
    building.append(_clock(answers.get("suites")))
    listed = [*named, *(f for name in _sources(mirrors, offline=offline) for f in found[name])]
    return Diagnosis(
        offline,
        (
            Section(BUILDING, tuple(building)),
            Section(SOURCES, tuple(listed)),
            Section(RUNNING, _runners([f for name in _RUNNERS for f in found[name]])),
        ),
    )


def _building(mirrors: Mirrors | None) -> dict[str, _Look]:
    addresses = (*mirrors.archives, *mirrors.securities) if mirrors else ()
    return {
        "python": _one(machine.python),
        "platform": _one(machine.platform),
        "uv": _one(machine.uv),
        "cache": _one(machine.cache),
        "certificates": _one(machine.certificates),
        "proxies": _one(lambda: machine.proxies(addresses)),
    }


def _sources(mirrors: Mirrors | None, *, offline: bool) -> dict[str, _Look]:
    extra = mirrors.keyring if mirrors else None
    looks: dict[str, _Look] = {"keys": _one(lambda: sources.keyring(extra))}
    if offline:
        return looks | {name: _one(_unasked(name)) for name in _NETWORK}
    if mirrors is not None:
        looks["suites"] = lambda: sources.suites(mirrors, _platform())
    looks["python index"] = _one(lambda: sources.python_index(_SECONDS - 1))
    return looks


_RUNNERS: Final[dict[str, Callable[[], Finding]]] = {
    "sandbox": containers.sandbox,
    "runc": lambda: containers.runtime("runc"),
    "crun": lambda: containers.runtime("crun"),
    "podman": containers.podman,
    "docker": containers.docker,
}


def _one(look: Callable[[], Finding]) -> _Look:
    return lambda: [look()]


def _unasked(name: str) -> Callable[[], Finding]:
    return lambda: sources.not_asked(name)


def _findings(name: str, answer: list[Finding] | DistilError) -> list[Finding]:
    if not isinstance(answer, DistilError):
        return answer
    return [failed(name, answer, Status.WARN if name in _RUNNERS else Status.FAIL)]


def _clock(suites: list[Finding] | DistilError | None) -> Finding:
    """What the Release files say about the time, when they were looked at."""
    if isinstance(suites, ReleaseNotYetValid):
        return machine.clock(suites)
    return machine.clock(asked=isinstance(suites, list) and suites[0].status is Status.PASS)


def _runners(found: list[Finding]) -> tuple[Finding, ...]:
    """The findings, with a warning below them when nothing at all can run an image."""
    if any(finding.status is Status.PASS for finding in found):
        return tuple(found)
    return (*found, Finding("images", Status.WARN, "nothing here can run them", _ADVICE))


def _platform() -> Platform:
    try:
        return parse_platform(host.machine())
    except UnknownPlatform:
        return AMD64
