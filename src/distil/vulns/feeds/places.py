"""Where advisories are: what is asked for unless the user says otherwise, and what a place has.

A place is a directory or the address of one, laid out as OSV's public bucket is, with the other
feeds beside it under the names that they have at home.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from distil.vulns.feeds.lifetimes import PRODUCTS

OSV: Final = "osv/"
EXPLOITED: Final = "kev"
LIKELIHOOD: Final = "epss"
TRACKER: Final = "debian-tracker"
LIFETIMES: Final = "endoflife/"
SHIPPED: Final = "distil"
"""Names of feeds, or how they begin: OSV's go on with the ecosystem, endoflife's with a product."""

ECOSYSTEMS: Final = (
    "AlmaLinux",
    "Alpine",
    "Bitnami",
    "Chainguard",
    "Debian",
    "Go",
    "Maven",
    "NuGet",
    "Packagist",
    "PyPI",
    "Red Hat",
    "Rocky Linux",
    "RubyGems",
    "SUSE",
    "Ubuntu",
    "Wolfi",
    "crates.io",
    "npm",
    "openSUSE",
)
"""Those of OSV's that components of images are of."""

SOURCES: Final = {
    "osv": "https://osv-vulnerabilities.storage.googleapis.com",
    "kev": "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    "epss": "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    "debian-tracker": "https://security-tracker.debian.org/tracker/data/json",
    "endoflife": "https://endoflife.date/api/v1/products",
}
"""The public sources: a base for OSV and endoflife.date, a file for the others."""

_FILES: Final = {
    EXPLOITED: ("known_exploited_vulnerabilities.json.gz", "known_exploited_vulnerabilities.json"),
    LIKELIHOOD: ("epss_scores.csv.gz", "epss_scores-current.csv.gz", "epss_scores.csv"),
    TRACKER: ("debian-tracker.json.gz", "debian-tracker.json"),
}


class Kind(enum.Enum):
    """What form a feed is in."""

    OSV = "osv"
    EXPLOITED = "kev"
    LIKELIHOOD = "epss"
    TRACKER = "debian-tracker"
    LIFETIMES = "endoflife"


class Wanted(msgspec.Struct, frozen=True):
    """A feed to bring here: `about` is its ecosystem or product.

    It is at the first of `addresses` that has it: URLs, or paths of files.
    """

    name: str
    kind: Kind
    addresses: tuple[str, ...]
    about: str = ""


def is_address(place: str) -> bool:
    """Whether a place is a URL, and not a directory."""
    return place.startswith(("http://", "https://", "file://"))


def feeds_at(place: str, ecosystems: Sequence[str] = ()) -> list[Wanted]:
    """What there is, or may be, at a directory or the address of one.

    Of OSV's ecosystems those named; all that a directory has, or `ECOSYSTEMS`, where none is.
    """
    names = ecosystems or (ECOSYSTEMS if is_address(place) else _ecosystems_in(Path(place)))
    wanted = [_osv(place, name) for name in names]
    wanted += [
        Wanted(name, Kind(name), tuple(_below(place, (file,)) for file in files))
        for name, files in _FILES.items()
    ]
    wanted += [
        Wanted(
            LIFETIMES + product,
            Kind.LIFETIMES,
            (_below(place, ("endoflife", f"{product}.json")),),
            product,
        )
        for product in PRODUCTS.values()
    ]
    return wanted if is_address(place) else [one for one in wanted if _is_here(one)]


def feeds_of(sources: dict[str, str], ecosystems: Iterable[str]) -> list[Wanted]:
    """The feeds at `sources`, which are as in `SOURCES`; what has no source is left out."""
    wanted: list[Wanted] = []
    if sources.get("osv"):
        wanted += [_osv(sources["osv"], name) for name in ecosystems]
    wanted += [Wanted(name, Kind(name), (sources[name],)) for name in _FILES if sources.get(name)]
    if sources.get("endoflife"):
        base = sources["endoflife"].rstrip("/")
        wanted += [
            Wanted(LIFETIMES + product, Kind.LIFETIMES, (f"{base}/{product}/",), product)
            for product in PRODUCTS.values()
        ]
    return wanted


def _osv(place: str, ecosystem: str) -> Wanted:
    parts = (ecosystem, "all.zip")
    addresses = (_below(place, parts), _below(place, ("osv-scanner", *parts)))
    return Wanted(OSV + ecosystem, Kind.OSV, addresses, ecosystem)


def _below(place: str, parts: Sequence[str]) -> str:
    if not is_address(place):
        return str(Path(place, *parts))
    return "/".join((place.rstrip("/"), *map(quote, parts)))


def _is_here(wanted: Wanted) -> bool:
    return any(Path(one).is_file() for one in wanted.addresses)


def _ecosystems_in(directory: Path) -> Iterator[str]:
    """The directories that have an ``all.zip``, sorted."""
    found = {
        path.parent.name
        for pattern in ("*/all.zip", "osv-scanner/*/all.zip")
        for path in directory.glob(pattern)
    }
    yield from sorted(found)
