"""Writing package URLs (purl-spec), in microseconds: parsers of databases write thousands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

_SAFE: Final = ":"
"""What is kept beside letters, digits and ``-._~``: purl-spec forbids to encode a colon."""

_SAFE_PATH: Final = "/:"


def package_url(
    kind: str,
    name: str,
    version: str = "",
    *,
    namespace: str = "",
    qualifiers: Iterable[tuple[str, str]] = (),
    subpath: str = "",
) -> str:
    """The package URL of these parts, in canonical form.

    `namespace` and `subpath` may have slashes, which separate their parts. Qualifiers without a
    value are left out, the others sorted. What a kind says of spelling (case of names and so on)
    is for the caller to do. Bytes that are not UTF-8, as surrogate escapes, are encoded as they
    are.
    """
    text = f"pkg:{kind}/"
    if namespace:
        text += f"{_quoted(namespace.strip('/'), _SAFE_PATH)}/"
    text += _quoted(name, _SAFE)
    if version:
        text += f"@{_quoted(version, _SAFE)}"
    text += _qualifiers(qualifiers)
    if subpath:
        text += f"#{_quoted(subpath.strip('/'), _SAFE_PATH)}"
    return text


def qualified(purl: str, qualifiers: Iterable[tuple[str, str]]) -> str:
    """`purl`, which has neither qualifiers nor a subpath, with these."""
    return purl if "?" in purl or "#" in purl else purl + _qualifiers(qualifiers)


def _qualifiers(qualifiers: Iterable[tuple[str, str]]) -> str:
    told = sorted((key, value) for key, value in qualifiers if value)
    if not told:
        return ""
    return "?" + "&".join(f"{key}={_quoted(value, _SAFE_PATH)}" for key, value in told)


def _quoted(text: str, safe: str) -> str:
    return quote(text, safe=safe, errors="surrogateescape")
