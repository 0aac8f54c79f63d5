"""That a component is not there, shown from the files of the image.

What is said here takes a finding away, so it is said only when nothing speaks against it: of the
component nothing is there but documentation and records of it, and nothing that nobody owns looks
like one of the files that it should have.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from distil.model.finding import Evidence, Justification, Presence, Standing, Statement
from distil.model.inventory import (
    OS_KINDS,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
)
from distil.model.node import Kind
from distil.vulns.matching.presence import SETTINGS, Remains

FILES_ABSENT: Final = "files-absent"
KERNEL_HEADERS: Final = "kernel-headers"
"""Names of what shows it; `vex verify` shows it again."""

BY: Final = "distil"

_OTHERS: Final = frozenset(
    {Attribution.UNOWNED, Attribution.APPLICATION, Attribution.GENERATED, Attribution.PROGRAM}
)
_FILES: Final = frozenset({Kind.FILE, Kind.HARDLINK, Kind.SYMLINK})
_HEADERS: Final = re.compile(
    r"linux-(?:libc-dev.*|headers(?:-.*)?|doc(?:-.*)?|.*-headers-.*)|kernel-(?:.*-)?headers"
)
"""Packages of a kernel's source that have none of its code."""
_KERNELS: Final = re.compile(r"linux(?:-.*)?|kernel(?:-.*)?")
_IN_HEADERS: Final = re.compile(
    r"/usr/(?:include|src|share|lib/linux-kbuild|lib/modules/[^/]+/build)"
)
_KERNEL: Final = re.compile(
    r"(?:/usr)?/(?:boot/(?:vmlinu[xz]|bzImage|Image)[^/]*|lib/modules/[^/]+/(?:kernel/.*|vmlinuz))"
)
_COMPILED: Final = re.compile(
    r"(.*?)(?:/__pycache__)?/([^/.]+)(?:\.[^/]*)?\.(?:py[co]|so)", re.DOTALL
)
_LIBRARY: Final = re.compile(r".*\.(?:so(?:\.[\w.]+)?|jar|war)", re.DOTALL)
"""Names of what is loaded wherever it is, and needs no mode for that."""
_KERNEL_PATHS: Final = ("/boot/vmlinu*", "/lib/modules/*/kernel", "/lib/modules/*/vmlinuz")


class Absence:
    """What can be shown not to be in `inventory`."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def statement(
        self, component: InventoryComponent, number: int, remains: Remains
    ) -> Statement | None:
        """That the component of that number is not affected by anything, if that can be shown."""
        evidence = self._nothing_left(component, remains) or self._headers(component, number)
        if evidence is None:
            return None
        return Statement(
            standing=Standing.NOT_AFFECTED,
            by=BY,
            justification=Justification.COMPONENT_NOT_PRESENT,
            reason=evidence.detail,
            evidence=evidence,
        )

    def _nothing_left(self, component: InventoryComponent, remains: Remains) -> Evidence | None:
        if remains.presence not in (Presence.NONE, Presence.DOCUMENTS):
            return None
        if len(component.missing) != component.claimed - component.present:
            return None  # Not each path is known that has to be absent.
        if not component.missing and component.kind not in OS_KINDS:
            return None  # Languages' packages can be in a bundle that tells nothing of them.
        if component.missing and all(path.startswith(SETTINGS) for path in component.missing):
            return (
                None  # Where dpkg's list of a package is gone, these are all that it still claims.
            )
        if any(self._looks_like(path) for path in component.missing):
            return None
        if not component.missing:
            detail = f"{component.name} has documentation alone, and no code"
        elif remains.documents:
            detail = f"of {component.name} only documentation and records are there"
        else:
            detail = f"no file of {component.name} is there"
        left = tuple((file.path, file.digest) for file in remains.documents if file.digest)
        return Evidence(
            rule=FILES_ABSENT, detail=detail, files=tuple(sorted(left)), absent=component.missing
        )

    def _headers(self, component: InventoryComponent, number: int) -> Evidence | None:
        source = component.source.name if component.source is not None else component.name
        is_headers = _HEADERS.fullmatch(component.name) and _KERNELS.fullmatch(source)
        if component.kind not in OS_KINDS or not is_headers or self._has_kernel:
            return None
        own = [file for file in self._inventory.files if number in file.owners]
        if not own or not all(_IN_HEADERS.match(file.path) for file in own):
            return None
        detail = f"{component.name} has headers alone, and there is no kernel in the image"
        return Evidence(rule=KERNEL_HEADERS, detail=detail, absent=_KERNEL_PATHS)

    @cached_property
    def _has_kernel(self) -> bool:
        return any(_KERNEL.fullmatch(file.path) for file in self._inventory.files)

    @cached_property
    def _of_others(self) -> frozenset[str]:
        """The ends of paths that no package has; of programs and libraries their names as well."""
        ends = set()
        for file in self._inventory.files:
            if file.attribution in _OTHERS and file.kind in _FILES:
                ends.add(_end(file.path))
                ends.add(_end(_source(file.path)))
                if file.is_executable or _LIBRARY.fullmatch(_name(file)):
                    ends.add(_name(file))
        return frozenset(ends)

    def _looks_like(self, path: str) -> bool:
        """Whether something that nobody owns may be the file that was at `path`."""
        return _end(path) in self._of_others or path.rpartition("/")[2] in self._of_others


def _end(path: str) -> str:
    return "/".join(path.split("/")[-2:])


def _source(path: str) -> str:
    """What a compiled module of Python was made from, which need not be there to be imported."""
    compiled = _COMPILED.fullmatch(path)
    return f"{compiled[1]}/{compiled[2]}.py" if compiled is not None else path


def _name(file: InventoryFile) -> str:
    return file.path.rpartition("/")[2]
