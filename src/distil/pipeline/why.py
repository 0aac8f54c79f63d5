"""`why`: what the ledger of an image says of a path."""

from __future__ import annotations

import msgspec

from distil.compose.record import open_ledger
from distil.explain.explain import Answer, Question, ask
from distil.fetch.cache import Cache
from distil.model.platform import optional_platform
from distil.model.reference import parse_location


class Found(msgspec.Struct, frozen=True):
    """An answer, and whether the ledger it is from was in the cache only."""

    answer: Answer
    from_cache: bool


def why(image: str, question: Question, platform: str = "") -> Found:
    """What the ledger of `image`, a place such as ``oci:DIR:TAG``, says to `question`.

    Of an image for several platforms it is this machine's, or the one named. Raises `NoLedger`,
    `NothingAsked`, `NothingKnown`, and what reading the image raises.
    """
    opened = open_ledger(parse_location(image), Cache.default(), optional_platform(platform))
    return Found(ask(opened.ledger, question, opened.image), opened.from_cache)
