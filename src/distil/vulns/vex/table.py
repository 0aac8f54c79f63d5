"""The formats of documents that a scan is written in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from distil.model.finding import Scan
from distil.vulns.vex.cyclonedx import write_cyclonedx
from distil.vulns.vex.openvex import write_openvex

Writer = Callable[[Sequence[Scan], str], bytes]

FORMATS: Final[dict[str, Writer]] = {"openvex": write_openvex, "cyclonedx-vex": write_cyclonedx}
