"""Package URLs of OS packages: what only the release of the image tells is filled in.

Follows purl-spec's types ``deb``, ``apk``, ``rpm``, ``alpm`` and ``opkg``, and the `distro`
qualifier as scanners write it.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from distil.model.inventory import OsRelease

_NAMESPACES: Final = {
    ("pkg:rpm", "rhel"): "redhat",
    ("pkg:rpm", "hummingbird"): "redhat",
    ("pkg:rpm", "opensuse-leap"): "opensuse",
    ("pkg:rpm", "opensuse-tumbleweed"): "opensuse",
    ("pkg:rpm", "opensuse-microos"): "opensuse",
    ("pkg:rpm", "opensuse-slowroll"): "opensuse",
}
"""Vendors whose namespace is not what their os-release calls them."""


def completed(purl: str, release: OsRelease | None) -> str:
    """`purl` (``pkg:deb/NAME@VERSION?…``) with the namespace and the qualifier `distro`.

    Left as it is where it has a namespace already or there is no release.
    """
    head, _, query = purl.partition("?")
    kind, _, rest = head.partition("/")
    if release is None or not release.id or "/" in rest:
        return purl
    namespace = _NAMESPACES.get((kind, release.id), release.id).lower()
    distro = f"{release.id}-{release.version_id}" if release.version_id else release.id
    qualifiers = [one for one in query.split("&") if one]
    qualifiers.append(f"distro={quote(distro, safe='.-_~')}")
    return f"{kind}/{quote(namespace, safe='.-_~')}/{rest}?{'&'.join(sorted(qualifiers))}"
