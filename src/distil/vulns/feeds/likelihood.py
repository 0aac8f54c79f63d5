"""FIRST's EPSS: scores of all CVEs as CSV, with the model and the date in a comment above."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from distil.vulns.database.layout import CVE, Fact, encoder, shortened
from distil.vulns.errors import MalformedFeed
from distil.vulns.feeds.document import FeedDocument, Told, seconds

_DATE: Final = re.compile(r"score_date:([0-9T:+\-Z]+)", re.ASCII)
_HEADER: Final = "cve,epss,percentile"
_LONGEST_LINE: Final = 200


def read_likelihoods(stream: BinaryIO, name: str) -> Iterator[FeedDocument]:
    """Each line of the scores. Raises `MalformedFeed`."""
    text = io.TextIOWrapper(stream, "utf-8", newline="\n")
    number = 0
    try:
        first = text.readline(_LONGEST_LINE)
        dated = _DATE.search(first) if first.startswith("#") else None
        modified = seconds(dated[1]) if dated is not None else 0
        header = text.readline(_LONGEST_LINE) if first.startswith("#") else first
        if header.strip() != _HEADER:
            raise ValueError(f"the first line should be {_HEADER}")
        while line := text.readline(_LONGEST_LINE):
            number += 1
            cve, score, percentile = line.split(",")
            shares = (shortened(_share(score)), shortened(_share(percentile)))
            data = encoder.encode(Fact(shares=shares))
            yield FeedDocument("", modified, [Told(CVE, cve, data)])
    except (ValueError, EOFError) as error:
        raise MalformedFeed(name, f"not EPSS, line {number} of scores: {error}") from error


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(f"{text.strip()} is not between 0 and 1")
    return value
