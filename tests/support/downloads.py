"""What the tests of fetching download."""

from __future__ import annotations

from distil.fetch.http import Download
from distil.model.digest import Digest

DATA = b"a package " * 50_000
LOGIN = "user:s3cret"
BASIC = "Basic dXNlcjpzM2NyZXQ="


def wanted(url: str, data: bytes = DATA, size: int | None = -1) -> Download:
    return Download(url, Digest.of(data), len(data) if size == -1 else size, "a 1.0-1")
