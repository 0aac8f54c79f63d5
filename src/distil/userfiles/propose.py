"""What a ``distil.toml`` would say about an application, each thing with where it was found."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from distil.errors import DistilError
from distil.formats.spec_template import Entry, KeyPath
from distil.image.staging import reporting, staged_file
from distil.model.application import Application, Evidence
from distil.model.spec import AppSpec, Spec
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.protocol import Project
from distil.runtimes.table import detect
from distil.source.place import Place, sources_of
from distil.source.specification import SPEC_FILE

NAME: Final[KeyPath] = ("app", "name")
ENTRYPOINT: Final[KeyPath] = ("app", "entrypoint")
ENVIRONMENT: Final[KeyPath] = ("app", "environment")
BASE: Final[KeyPath] = ("base", "from")
STAGE: Final[KeyPath] = ("stage",)
COPY: Final[KeyPath] = ("copy",)
WORKDIR: Final[KeyPath] = ("image", "workdir")
PORTS: Final[KeyPath] = ("image", "ports")

_UNKNOWN: Final = "UNKNOWN"
"""Stands for the entrypoint while everything else about the application is found out."""


class SpecExists(DistilError):
    """A ``distil.toml`` that is there already, and that nobody said to replace."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is there already",
            hint="--stdout shows what would be written, --force replaces the file",
        )


class Proposal(msgspec.Struct, frozen=True):
    """What is known, by key, and the evidence for it; `missing` when the entrypoint is not."""

    entries: Mapping[KeyPath, Entry]
    evidence: tuple[Evidence, ...]
    missing: NoEntrypoint | None = None


def propose(place: Place) -> Proposal:
    """What the files at `place` say, a ``distil.toml`` that is there left out of account.

    Only an entrypoint may be missing. Raises what `scan` and `detect` raise otherwise, such as
    `NoApplication`.
    """
    project, missing = _detected(place)
    application = _known(project.application, missing)
    about = {entry.subject: entry for entry in application.evidence}
    entries = {
        NAME: _name(application, about),
        **_decided(project, about),
        PORTS: _ports(application, about),
        **_start(application, project.completed_later, about, missing),
    }
    return Proposal(entries, application.evidence, missing)


def spec_place(source: Path, *, replace: bool) -> Path:
    """Where the specification of `source` is. Raises `SpecExists` unless that may be replaced."""
    path = source / SPEC_FILE
    if not replace and os.path.lexists(path):
        raise SpecExists(str(path))
    return path


def write_spec(path: Path, text: str) -> None:
    """Write a specification whole or not at all. Raises `DiskFull`, `OutputFailed`."""
    with reporting(path), staged_file(path, [text.encode()]):
        pass


def _detected(place: Place) -> tuple[Project, NoEntrypoint | None]:
    sources = sources_of(place, Spec())
    try:
        return detect(place, Spec(), sources), None
    except NoEntrypoint as missing:
        stand_in = Spec(app=AppSpec(entrypoint=(_UNKNOWN,)))
        return detect(place, stand_in, sources), missing


def _known(application: Application, missing: NoEntrypoint | None) -> Application:
    """`application` without what stood in for the entrypoint."""
    if missing is None:
        return application
    evidence = tuple(e for e in application.evidence if e.finding != _UNKNOWN)
    return msgspec.structs.replace(application, entrypoint=(), evidence=evidence)


def _decided(project: Project, about: Mapping[str, Evidence]) -> dict[KeyPath, Entry]:
    """What the runtime says and decides: how the application is built, and what it goes onto.

    That is written so that it counts where there is a stage, since a build with it is then one
    with a stage of the user's; otherwise it is only shown.
    """
    entries = dict(project.proposal())
    spec = project.completed(Spec())
    built = bool(spec.stage)
    for path, value in ((BASE, spec.base.source), (WORKDIR, spec.image.workdir)):
        entries[path] = Entry(entries.get(path, Entry()).notes, value, built)
    if built:
        entries[STAGE] = Entry(_found(about, "stage"), tuple(map(_set_keys, spec.stage)))
        entries[COPY] = Entry((), tuple(map(_set_keys, spec.copy)))
    return entries


def _set_keys(table: msgspec.Struct) -> dict[str, Any]:
    """What a table of the specification says, by the keys of ``distil.toml``."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(table):
        value = getattr(table, field.name)
        if value and value != field.default:
            inner = isinstance(value, tuple) and isinstance(value[0], msgspec.Struct)
            found[field.encode_name] = tuple(map(_set_keys, value)) if inner else value
    return found


def _found(about: Mapping[str, Evidence], *subjects: str) -> tuple[str, ...]:
    return tuple(f"Found {about[subject]}." for subject in subjects if subject in about)


def _name(application: Application, about: Mapping[str, Evidence]) -> Entry:
    notes = _found(about, "project")
    if about["project"].finding != application.name:
        notes = ("Found: the name of the directory, as no project file has one.",)
    return Entry(notes, application.name)


def _start(
    application: Application,
    completed_later: str,
    about: Mapping[str, Evidence],
    missing: NoEntrypoint | None,
) -> dict[KeyPath, Entry]:
    """The entrypoint and the environment that belongs to it."""
    if missing is not None:
        return {ENTRYPOINT: Entry((f"Not found: {missing.message}.", f"To do: {missing.hint}."))}
    notes: tuple[str, ...] = _found(about, "entrypoint", "server", "module path")
    decides = not completed_later
    if not decides:
        how = "each build finds them, and without them the entrypoint is as below."
        notes += (f"{completed_later}: {how}",)
    found: dict[KeyPath, Entry] = {ENTRYPOINT: Entry(notes, application.entrypoint, decides)}
    if application.environment:
        belongs = ("Found: belongs to the entrypoint.",)
        found[ENVIRONMENT] = Entry(belongs, application.environment, decides)
    return _expressible(found)


def _expressible(entries: dict[KeyPath, Entry]) -> dict[KeyPath, Entry]:
    """`entries`, shown only if a name of a file in them is not Unicode, which TOML has to be."""
    if all(_is_unicode(word) for entry in entries.values() for word in _words(entry.value)):
        return entries
    note = "It cannot be written here: it holds the name of a file that is not UTF-8."
    return {path: Entry((*entry.notes, note)) for path, entry in entries.items()}


def _words(value: object) -> Iterable[str]:
    if isinstance(value, Mapping):
        return (*value.keys(), *value.values())
    return value if isinstance(value, tuple) else ()


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _ports(application: Application, about: Mapping[str, Evidence]) -> Entry:
    if application.ports:
        return Entry(_found(about, "port"), application.ports)
    return Entry(("Not found: name what the application listens on, such as [8000].",))
