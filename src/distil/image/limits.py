"""The limits that hold on this machine for images that somebody else wrote."""

from __future__ import annotations

import functools
from pathlib import Path

from distil.fetch.configuration import configuration_path, read_configuration
from distil.model.limits import Limits


def limits_here() -> Limits:
    """What the user's configuration file says under ``[limits]``, and the defaults.

    Raises `InvalidConfiguration`.
    """
    return _limits_in(configuration_path())


@functools.cache
def _limits_in(path: Path) -> Limits:
    return read_configuration(path).limits
