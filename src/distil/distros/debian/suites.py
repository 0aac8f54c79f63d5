"""What Debian calls its suites, and which ones belong together."""

from __future__ import annotations

import re
from typing import Final

from distil.distros.errors import UnknownBase

MAJOR_VERSIONS: Final = {
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "duke": "15",
}
"""Codename to major version. A mirror has directories for codenames and for the aliases below,
but none for versions, so that this much has to be known; everything else the Release file says."""

ALIASES: Final = (
    "stable",
    "oldstable",
    "oldoldstable",
    "testing",
    "unstable",
    "sid",
    "experimental",
)

_OF_A_SUITE: Final = ("-updates", "-security", "-backports", "-proposed-updates")
_WITHOUT_COMPANIONS: Final = frozenset({"sid", "unstable", "rc-buggy", "experimental"})
_PREFIX: Final = "debian:"
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
"""No dots: a mirror has only the newest point release, and 13.1 would silently become 13.8."""


def suite_of_base(base: str) -> str:
    """The directory name of a base such as ``debian:trixie``, ``debian:stable``, ``debian:13``.

    Raises `UnknownBase`.
    """
    name = base.removeprefix(_PREFIX)
    if not base.startswith(_PREFIX) or not _NAME.fullmatch(name):
        raise UnknownBase(base)
    codenames = {version: codename for codename, version in MAJOR_VERSIONS.items()}
    return codenames.get(name, name)


def is_suite_name(name: str) -> bool:
    """Whether `name` is a suite that Debian has, as far as is known here."""
    for ending in _OF_A_SUITE:
        name = name.removesuffix(ending)
    return name in MAJOR_VERSIONS or name in ALIASES


def is_security_suite(name: str) -> bool:
    """Whether `name` is a security suite, in today's form or that of before Debian 11."""
    return name.endswith(("-security", "/updates"))


def updates_of(codename: str) -> str:
    """The suite with updates to the suite `codename`; "" when it has none."""
    return "" if _stands_alone(codename) else f"{codename}-updates"


def security_of(codename: str) -> str:
    """The suite with security updates to the suite `codename`; "" when it has none."""
    return "" if _stands_alone(codename) else f"{codename}-security"


def _stands_alone(codename: str) -> bool:
    return codename in _WITHOUT_COMPANIONS or codename.endswith(_OF_A_SUITE)
