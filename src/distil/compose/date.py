"""The date of an image, which has nothing to do with when it is built."""

from __future__ import annotations

import os
import re
from typing import Final

from distil.compose.errors import InvalidEpoch

_SECONDS: Final = re.compile(r"\d{1,12}", re.ASCII)


def build_date(newest_index: int) -> int:
    """``SOURCE_DATE_EPOCH``, or the date of the newest index; in seconds since 1970.

    See https://reproducible-builds.org/specs/source-date-epoch/. Raises `InvalidEpoch`.
    """
    value = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not value:
        return newest_index
    if not _SECONDS.fullmatch(value):
        raise InvalidEpoch(value)
    return int(value)
