"""Whether a feed can be what came of another one: no older, and not most of it gone."""

from __future__ import annotations

from typing import Final

from distil.vulns.database.layout import Feed
from distil.vulns.errors import FewerAdvisories, OlderAdvisories

_FEW: Final = 100
"""Documents that may go from any feed, however small it is."""


def check_follows(before: Feed, after: Feed) -> None:
    """Raise `OlderAdvisories` or `FewerAdvisories` where `after` cannot be what came of `before`.

    Advisories are withdrawn one by one; of a feed that lost half of them at once a scan would find
    nothing, and not say so.
    """
    if after.newest < before.newest:
        raise OlderAdvisories(before.name, after.newest, before.newest)
    if before.documents - after.documents > max(_FEW, before.documents // 2):
        raise FewerAdvisories(before.name, after.documents, before.documents)
