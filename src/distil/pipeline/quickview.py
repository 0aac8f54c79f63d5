"""`quickview`: the first look at one image: what it is, how it stands, what to do next."""

from __future__ import annotations

import msgspec

from distil.model.finding import Scan
from distil.model.inventory import Inventory
from distil.pipeline.scan import ScanRequest, scan
from distil.vulns.advisories import Advisories


class QuickView(msgspec.Struct, frozen=True):
    """One platform's image: what is in it, and what scanning it came to."""

    scan: Scan
    inventory: Inventory


def quickview(request: ScanRequest, advisories: Advisories | None = None) -> QuickView:
    """A look at the image that `request` names: of several, this machine's or the one it says.

    Raises what `scan` raises.
    """
    asked = msgspec.structs.replace(request, all_platforms=False, upgrades=True)
    (found,) = scan(asked, advisories).scanned
    return QuickView(found.scan, found.inventory)
