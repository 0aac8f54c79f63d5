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
        name="debian-copyright",
        parser="debian_copyright:copyright_file",
        names=("copyright",),
        inside=("/usr/share/doc/",),
        largest=4 << 20,
    ),
    Cataloger(name="chisel", parser="chisel:manifest", names=("manifest.wall",)),
    Cataloger(
        name="apk", parser="apk:installed", names=("installed",), inside=("lib/apk/db/installed",)
    ),
    Cataloger(name="alpm", parser="alpm:description", names=("desc",), inside=("/pacman/local/",)),
    Cataloger(name="alpm-files", parser="alpm:files", names=("files",), inside=("/pacman/local/",)),
    Cataloger(name="alpm-mtree", parser="alpm:mtree", names=("mtree",), inside=("/pacman/local/",)),
    Cataloger(
        name="rpm",
        parser="rpm:packages",
        names=("rpmdb.sqlite", "Packages.db", "Packages"),
        inside=("/lib/rpm/", "/lib/sysimage/rpm/", "/share/rpm/"),
        largest=512 << 20,
    ),
    Cataloger(
        name="rpm-manifest",
        parser="rpm:manifest",
        names=("container-manifest-2",),
        inside=("/rpmmanifest/",),
    ),
    # --- languages ---
    # --- programs ---
    Cataloger(name="program", parser="program:program", elf=True, largest=1 << 30),
    Cataloger(
        name="script",
        parser="classify:script",
        names=("composer", "composer.phar", "elixir", "wp", "liberts_internal.a"),
    ),
    Cataloger(
        name="go-toolchain",
        parser="toolchains:go_toolchain",
        names=("VERSION",),
        inside=("/go/VERSION",),
    ),
    Cataloger(name="java-runtime", parser="toolchains:java_runtime", names=("release",)),
)
