"""What can never be right about ``[[stage]]``, and the copies from stages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from distil.errors import did_you_mean
from distil.model.node import unusable
from distil.model.spec import MountSpec, Spec, StageSpec
from distil.source.specification import SpecPlace

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_MEMORY: Final = re.compile(r"([1-9]\d{0,11})([kmgt]?)", re.ASCII | re.IGNORECASE)
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_REFERENCE: Final = re.compile(r"[:/]")
"""What the name of a stage never holds, and that of a base always, but for ``scratch``."""

_DEBIAN: Final = ("", "debian")

_Wrong = tuple[tuple[str, ...], str, str]
"""The keys below the stage, what is wrong, and a hint."""


def check_stages(source: Path, spec: Spec) -> None:
    """Raise `InvalidSpec`, which names the line, for the first thing that cannot be.

    `source` is the application's directory.
    """
    above: dict[str, StageSpec] = {}
    below = {stage.name for stage in spec.stage}
    for number, stage in enumerate(spec.stage):
        for keys, why, hint in _wrong(stage, above, below):
            raise SpecPlace(source, ("stage", f"[{number}]", *keys)).error(why, hint=hint)
        above[stage.name] = stage
    for number, copy in enumerate(spec.copy):
        if copy.stage and copy.stage not in above:
            place = SpecPlace(source, ("copy", f"[{number}]", "stage"))
            known = ", ".join(above) or "none"
            hint = did_you_mean(copy.stage, above) or f"stages here: {known}"
            raise place.error(f"there is no stage {copy.stage!r}", hint=hint)


def memory_bytes(text: str) -> int:
    """The bytes of a size such as ``512m``; 0 for what is none."""
    found = _MEMORY.fullmatch(text)
    return 0 if found is None else int(found[1]) * _UNITS[found[2].lower()]


def _wrong(stage: StageSpec, above: Mapping[str, StageSpec], every: set[str]) -> Iterator[_Wrong]:
    if not _NAME.fullmatch(stage.name) or stage.name == "scratch":
        hint = "letters, digits, '-', '_' and '.', such as builder"
        yield ("name",), f"{stage.name!r} is no name of a stage", hint
    if stage.name in above:
        yield ("name",), f"there is a stage {stage.name!r} already", "call it otherwise"
    yield from _wrong_base(stage, above, every)
    yield from _wrong_commands(stage)
    if stage.workdir:
        yield from _wrong_path(("workdir",), stage.workdir)
    if not stage.seconds > 0:
        yield ("seconds",), f"{stage.seconds} is no number of seconds", "write 3600"
    if not _MEMORY.fullmatch(stage.memory):
        yield ("memory",), f"{stage.memory!r} is no amount of memory", 'write "512m" or "4g"'
    places: set[str] = set()
    for number, mount in enumerate(stage.mounts):
        for key, why, hint in _wrong_mount(mount, places):
            yield ("mounts", f"[{number}]", *key), why, hint
        places.add(mount.at.rstrip("/"))


def _wrong_base(
    stage: StageSpec, above: Mapping[str, StageSpec], every: set[str]
) -> Iterator[_Wrong]:
    base = stage.source
    if base and base != "scratch" and not _REFERENCE.search(base) and base not in above:
        if base == stage.name:
            yield ("base",), f"stage {base!r} cannot begin with itself", "leave base out"
        elif base in every:
            why = f"stage {base!r} comes after {stage.name!r}"
            yield ("base",), why, "a stage begins with one that stands above it"
        else:
            hint = did_you_mean(base, above) or "write debian:SUITE, or an image with its host"
            yield ("base",), f"there is no stage {base!r} above {stage.name!r}", hint
    debian = base in above or base.partition(":")[0] in _DEBIAN
    if debian and not stage.run and not stage.packages:
        yield ("name",), f"stage {stage.name!r} runs nothing", 'write run = ["make"]'


def _wrong_commands(stage: StageSpec) -> Iterator[_Wrong]:
    for command in stage.run:
        words = (command,) if isinstance(command, str) else command
        if not words or not words[0].strip():
            yield ("run",), "it names no program", 'write run = ["make"]'
    for name in stage.environment:
        if not name or "=" in name:
            yield ("environment",), f"{name!r} is no name of a variable", ""


def _wrong_mount(mount: MountSpec, places: set[str]) -> Iterator[_Wrong]:
    if bool(mount.cache) == bool(mount.secret):
        what = "both a cache and a secret" if mount.cache else "neither a cache nor a secret"
        yield (), f"the mount at {mount.at!r} is {what}", 'write {cache = "NAME", at = "/PATH"}'
    key = "cache" if mount.cache else "secret"
    name = mount.cache or mount.secret
    if name and not _NAME.fullmatch(name):
        hint = "letters, digits, '-', '_' and '.', such as go-build"
        yield (key,), f"{name!r} is no name of a {key}", hint
    yield from _wrong_path(("at",), mount.at)
    if mount.at.rstrip("/") in ("", *places):
        why = "the root" if not mount.at.strip("/") else f"{mount.at!r}"
        yield ("at",), f"nothing can be mounted at {why}, or not twice", "choose another path"


def _wrong_path(keys: tuple[str, ...], path: str) -> Iterator[_Wrong]:
    if not path.startswith("/") or ".." in path.split("/"):
        yield keys, f"{path!r} is no path in a stage", "write an absolute path without '..'"
        return
    names = [name for name in path.split("/") if name not in ("", ".")]
    if reason := unusable("/" + "/".join(names)):
        yield keys, f"{path!r} is no path in a stage: {reason}", "choose another path"
