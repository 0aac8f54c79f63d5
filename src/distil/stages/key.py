"""What stands for all that goes into a stage: the same key, the same result."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from distil.model.digest import Digest
from distil.model.node import Node
from distil.model.spec import CopySpec, StageSpec

_VERSION: Final = 2
"""To be raised when the same inputs come to another result, or are kept in another form."""


class Inputs(msgspec.Struct, frozen=True):
    """What a stage is made of beside what it says itself.

    `below` is the key of the stage that it begins with, empty when there is none; `system` is the
    identity of the toolchain, `files` stands for the application's files, empty for none.
    """

    below: str
    system: str
    files: str
    environment: Mapping[str, str]


def stage_key(stage: StageSpec, inputs: Inputs) -> str:
    """The key of what `stage` leaves behind.

    The contents of secrets and caches, what it is called and what it may use have no part in it.
    """
    mounts = [(mount.at, mount.cache, mount.secret) for mount in stage.mounts]
    parts = (
        _VERSION,
        inputs.below,
        inputs.system,
        inputs.files,
        sorted(inputs.environment.items()),
        stage.run,
        stage.workdir,
        mounts,
        stage.network,
    )
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def again(key: str) -> str:
    """The key of the same made a second time, to be compared with the first."""
    return hashlib.sha256(f"again {key}".encode()).hexdigest()


def copy_key(copy: CopySpec, stage: str) -> Digest:
    """The key of what `copy` takes out of the stage with the key `stage`."""
    return Digest.of(msgspec.json.encode((_VERSION, stage, copy)))


def files_key(nodes: Iterable[Node]) -> str:
    """What stands for the paths, modes and contents of `nodes`."""
    hasher = hashlib.sha256()
    for node in nodes:
        contents = node.blob.digest if node.blob is not None else node.target
        line = f"{node.path}\0{node.kind:d}\0{node.mode:o}\0{contents}\n"
        hasher.update(line.encode("utf-8", "surrogateescape"))
    return hasher.hexdigest()
