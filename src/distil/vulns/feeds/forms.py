"""The documents in a feed's file, whichever form it is in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from distil.vulns.errors import MalformedFeed
from distil.vulns.feeds.archive import read_archive
from distil.vulns.feeds.document import FeedDocument
from distil.vulns.feeds.exploited import read_exploited
from distil.vulns.feeds.lifetimes import codenames, read_lifetimes
from distil.vulns.feeds.likelihood import read_likelihoods
from distil.vulns.feeds.places import Kind, Wanted
from distil.vulns.feeds.tracker import read_tracker

LARGEST_JSON: Final = 512 << 20
"""Bytes of a feed that is one JSON document, decompressed."""


def documents_in(stream: BinaryIO, wanted: Wanted, modified: int) -> Iterator[FeedDocument]:
    """The documents of the feed `wanted`; `modified` is of the file, where they do not say.

    Raises `MalformedFeed`, and OSError and EOFError for what is cut short.
    """
    name = wanted.name
    if wanted.kind is Kind.OSV:
        return read_archive(stream, name, wanted.about, name)
    if wanted.kind is Kind.LIKELIHOOD:
        return read_likelihoods(stream, name)
    data = stream.read(LARGEST_JSON + 1)
    if len(data) > LARGEST_JSON:
        raise MalformedFeed(name, f"more than {LARGEST_JSON} bytes")
    if wanted.kind is Kind.TRACKER:
        return read_tracker(data, name, codenames("debian"), modified)
    if wanted.kind is Kind.LIFETIMES:
        return read_lifetimes(data, wanted.about, name)
    return read_exploited(data, name)
