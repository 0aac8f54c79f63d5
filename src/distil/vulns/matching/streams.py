"""Module streams of RPM distributions: one package in several lines of versions.

``nodejs`` of the stream 20 is mended in 20.20.2 where that of the stream 22 is in 22.22.0, and each
has an advisory of its own, about packages of one name. Which stream an advisory is of stands in
its summary alone (``nodejs:22 security update``), that it is of one at all in its versions.
"""

from __future__ import annotations

import re
from typing import Final

from distil.model.advisory import Advisory, AffectedPackage, EventKind
from distil.model.inventory import InventoryComponent

_MODULAR: Final = ".module"
"""In the release of each package of a stream: ``1.module_el9.7.0+226+88d36870``."""

_STREAM: Final = re.compile(r"(?<![\w.+-])([a-z0-9][\w.+-]*):(\w[\w.-]*)", re.ASCII | re.IGNORECASE)


def stream_of(component: InventoryComponent) -> str:
    """The module and stream of a package, as ``nodejs:20``; empty where it is of none."""
    label = dict(component.properties).get("modularity", "")
    return ":".join(label.split(":")[:2]).lower()


def is_of_stream(
    entry: AffectedPackage, document: Advisory | None, component: InventoryComponent
) -> bool:
    """Whether what an advisory says of a package can be about that of the component's stream.

    In doubt it is.
    """
    if component.kind != "rpm":
        return True
    stream = stream_of(component)
    fixes = [
        one.version for events in entry.ranges for one in events if one.kind is EventKind.FIXED
    ]
    if not fixes:
        return True
    is_modular = bool(stream) or _MODULAR in component.version
    if is_modular != any(_MODULAR in fix for fix in fixes):
        return False
    told = streams_in(document.summary) if document is not None and is_modular else frozenset()
    return not stream or not told or stream in told


def streams_in(summary: str) -> frozenset[str]:
    """The modules with streams that the summary of an advisory names, in lower case."""
    return frozenset(f"{one[1]}:{one[2]}".lower() for one in _STREAM.finditer(summary))
