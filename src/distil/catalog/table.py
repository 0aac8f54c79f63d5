"""The cataloguers: adding one is a parser and a row here."""

from __future__ import annotations

from typing import Final

from distil.catalog.cataloger import Cataloger

VERSION: Final = 1
"""Raised whenever a parser says something else of the same bytes: nothing kept is used then."""

CATALOGERS: Final[tuple[Cataloger, ...]] = (
    # --- the operating system ---
    Cataloger(
        name="os-release",
        parser="os_release:os_release",
        names=(
            "os-release",
            "system-release-cpe",
            "redhat-release",
            "alpine-release",
            "debian_version",
            "busybox",
        ),
    ),
    Cataloger(
        name="dpkg",
        parser="dpkg:status",
        names=("status",),
        inside=("/lib/dpkg/status", "/lib/opkg/status"),
    ),
    Cataloger(name="dpkg-status.d", parser="dpkg:status_d", inside=("/lib/dpkg/status.d/",)),
    Cataloger(
        name="opkg", parser="dpkg:control", suffixes=(".control",), inside=("/lib/opkg/info/",)
    ),
    Cataloger(
        name="dpkg-md5sums",
        parser="dpkg_info:md5sums",
        suffixes=(".md5sums",),
        inside=("/lib/dpkg/info/", "/lib/dpkg/status.d/"),
    ),
    Cataloger(
        name="dpkg-list",
        parser="dpkg_info:file_list",
        suffixes=(".list",),
        inside=("/lib/dpkg/info/", "/lib/opkg/info/"),
    ),
    Cataloger(
        name="dpkg-conffiles",
        parser="dpkg_info:conffiles",
        suffixes=(".conffiles",),
        inside=("/lib/dpkg/info/", "/lib/opkg/info/"),
    ),
    Cataloger(
        name="dpkg-diversions",
        parser="dpkg_info:diversions",
        names=("diversions",),
        inside=("/lib/dpkg/diversions",),
    ),
    Cataloger(
        name="dpkg-alternatives",
        parser="dpkg_info:alternatives",
        inside=("/lib/dpkg/alternatives/",),
    ),
    Cataloger(
        name="apk", parser="apk:installed", names=("installed",), inside=("lib/apk/db/installed",)
    ),
    Cataloger(name="alpm", parser="alpm:description", names=("desc",), inside=("/pacman/local/",)),
    Cataloger(name="alpm-files", parser="alpm:files", names=("files",), inside=("/pacman/local/",)),
    Cataloger(name="alpm-mtree", parser="alpm:mtree", names=("mtree",), inside=("/pacman/local/",)),
    # --- languages ---
    # --- programs ---
)
