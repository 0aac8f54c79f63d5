"""Paths that packages write, as paths of the image: none of them leaves its root."""

from __future__ import annotations

import posixpath


def image_path(directory: str, written: str) -> str:
    """The absolute path that `written` is from `directory`; what climbs too far ends at the root.

    It is empty where `written` is, names the root, or nothing that a file can be called.
    """
    if not written or "\0" in written:
        return ""
    if "//" in written or "./" in written or written[0] == "/" or written[-1] in "./":
        path = "/" + posixpath.normpath(posixpath.join(directory, written)).lstrip("/")
        return path if path != "/" else ""
    return f"{directory.rstrip('/')}/{written}"


def directory_of(path: str, levels: int = 1) -> str:
    """The directory that `path` is in, or one so many levels up; the root is ``/``."""
    for _ in range(levels):
        path = path.rpartition("/")[0]
    return path or "/"
