"""How long releases are cared for: the table that comes with distil, and endoflife.date's JSON.

Both forms of its interface are read: ``/api/v1/products/PRODUCT/`` and ``/api/PRODUCT.json``.
"""

from __future__ import annotations

import hashlib
import importlib.resources
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from distil.model.advisory import Support
from distil.vulns.database.layout import SUPPORT, encoder
from distil.vulns.errors import MalformedFeed
from distil.vulns.feeds.document import FeedDocument, Told, day, seconds
from distil.vulns.names import key_of_release

PRODUCTS: Final = {
    "almalinux": "almalinux",
    "alpine": "alpine-linux",
    "amzn": "amazon-linux",
    "azurelinux": "azure-linux",
    "centos": "centos",
    "debian": "debian",
    "fedora": "fedora",
    "ol": "oracle-linux",
    "opensuse-leap": "opensuse",
    "photon": "photon",
    "rhel": "rhel",
    "rocky": "rocky-linux",
    "sles": "sles",
    "ubuntu": "ubuntu",
}
"""What os-release(5) calls a distribution, and what endoflife.date does."""

_EARLIER: Final = {"alpine": "alpine-linux", "amazonlinux": "amazon-linux"}
"""Names that products had, or have in the older form."""


class _Release(msgspec.Struct, rename="camel"):
    name: str
    codename: str | None = None
    eol_from: str | None = None
    eoes_from: str | None = None


class _Product(msgspec.Struct):
    releases: list[_Release]


class _Answer(msgspec.Struct):
    result: _Product
    last_modified: str = ""


class _Cycle(msgspec.Struct, rename="camel"):
    cycle: str
    codename: str | None = None
    eol: Any = None
    extended_support: Any = None


_new: Final = msgspec.json.Decoder(_Answer)
_old: Final = msgspec.json.Decoder(list[_Cycle], strict=False)


def shipped() -> tuple[Support, ...]:
    """The table that comes with distil: releases whose advisories there are."""
    lines = _table().decode("utf-8").splitlines()
    return tuple(Support(*line.split("\t")) for line in lines if not line.startswith("#"))


def shipped_identity() -> str:
    """What tells that table from those of other versions of distil."""
    return hashlib.sha256(_table()).hexdigest()


def _table() -> bytes:
    return importlib.resources.files("distil.vulns").joinpath("data/support.tsv").read_bytes()


def codenames(distribution: str) -> dict[str, str]:
    """The versions of a distribution's releases by codename."""
    return {
        one.codename: one.version
        for one in shipped()
        if one.distribution == distribution and one.codename
    }


def read_lifetimes(data: bytes, product: str, name: str) -> Iterator[FeedDocument]:
    """What endoflife.date says of a product's releases. Raises `MalformedFeed`."""
    product = _EARLIER.get(product, product)
    distribution = next((one for one, known in PRODUCTS.items() if known == product), product)
    try:
        if data.lstrip()[:1] == b"[":
            modified, found = 0, [_of_cycle(distribution, one) for one in _old.decode(data)]
        else:
            answer = _new.decode(data)
            modified = seconds(answer.last_modified)
            found = [_of_release(distribution, one) for one in answer.result.releases]
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError) as error:
        raise MalformedFeed(name, f"not endoflife.date's: {error}") from error
    for one in found:
        yield document_of(one, modified)


def document_of(support: Support, modified: int) -> FeedDocument:
    """A release's record."""
    key = key_of_release(support.distribution, support.version)
    return FeedDocument(key, modified, [Told(SUPPORT, key, encoder.encode(support))])


def _of_release(distribution: str, one: _Release) -> Support:
    ends, extended = (day(text) if text else "" for text in (one.eol_from, one.eoes_from))
    return Support(distribution, one.name, _codename(one.codename), ends, extended)


def _of_cycle(distribution: str, one: _Cycle) -> Support:
    # A date, or whether it is over, of which the date is not known.
    ends, extended = (
        day(text) if isinstance(text, str) else "" for text in (one.eol, one.extended_support)
    )
    return Support(distribution, one.cycle, _codename(one.codename), ends, extended)


def _codename(text: str | None) -> str:
    return (text or "").lower()
