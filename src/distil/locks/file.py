"""``distil.lock`` beside the application: read, written, and whether it still fits."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from distil.compose.subject import Subject
from distil.formats.errors import InvalidLock
from distil.formats.lock_toml import decode_lock, encode_lock
from distil.image.staging import reporting, write_file
from distil.locks.errors import NoLock
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.lock import Lock
from distil.model.regular_file import read_small
from distil.runtimes.errors import StaleLock
from distil.stages.stage_base import base_of_stage, needed_stages

LOCK_FILE: Final = "distil.lock"


def read_lock(source: Path, argument: str = "") -> Lock:
    """The lock of the application in `source`. Raises `NoLock`, `InvalidLock`.

    `argument` names the application where the directory does not.
    """
    path = source / LOCK_FILE
    try:
        text = read_small(path).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise NoLock(str(path), argument or str(source)) from None
    except UnicodeDecodeError as error:
        raise InvalidLock(str(path), f"not UTF-8: {error.reason}") from error
    except OSError as error:
        raise InvalidLock(str(path), error.strerror or str(error)) from error
    return decode_lock(text, str(path))


def find_lock(source: Path) -> Lock | None:
    """The lock of the application in `source`, None where there is none. Raises `InvalidLock`."""
    try:
        return read_lock(source)
    except NoLock:
        return None


def write_lock(source: Path, lock: Lock) -> None:
    """Put `lock` beside the application in `source`; whole or not at all.

    Raises `OutputFailed`, `DiskFull`.
    """
    path = source / LOCK_FILE
    with reporting(path):
        write_file(path, InlineBlob.of(encode_lock(lock).encode()))


def spec_digest(subject: Subject) -> Digest:
    """What stands for everything in the specification that decides which archives are needed."""
    spec = subject.spec
    said = (spec.base, subject.project.settings, spec.app.packages, spec.debug.packages)
    stages = [base_of_stage(spec, stage.name) for stage in needed_stages(spec)]
    return Digest.of(msgspec.json.encode((*said, stages) if stages else said))


def outdated(lock: Lock, subject: Subject) -> str:
    """Why `lock` does not fit `subject` any more; empty when it does.

    Raises what `Project.inputs` raises.
    """
    inputs = subject.project.inputs()
    for name in sorted(lock.inputs.keys() | inputs.keys()):
        if name not in inputs:
            return f"{name} is gone since it was made"
        if name not in lock.inputs:
            return f"{name} has come since it was made"
        if inputs[name] != lock.inputs[name]:
            what = "what pyproject.toml says about dependencies" if _is_project(name) else name
            return f"{what} has changed since it was made"
    if lock.spec != spec_digest(subject):
        return "what distil.toml says about packages has changed since it was made"
    return ""


def check_current(lock: Lock, subject: Subject) -> None:
    """Raise `StaleLock` when `lock` does not fit `subject`."""
    why = outdated(lock, subject)
    if why:
        path = str(subject.source / LOCK_FILE)
        raise StaleLock(path, why, f"distil lock {subject.application.argument}")


def _is_project(name: str) -> bool:
    return name.rpartition("/")[2] == "pyproject.toml"
