"""The cataloguers: adding one is a parser and a row here."""

from __future__ import annotations

from typing import Final

from distil.catalog.cataloger import Cataloger

VERSION: Final = 4
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
        name="ucf",
        parser="dpkg_info:ucf_registry",
        names=("registry",),
        inside=("/var/lib/ucf/registry",),
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
        name="portage",
        parser="portage:contents",
        names=("CONTENTS",),
        inside=("/var/db/pkg/",),
    ),
    Cataloger(
        name="portage-value",
        parser="portage:value",
        names=("LICENSE", "DESCRIPTION", "HOMEPAGE"),
        inside=("/var/db/pkg/",),
    ),
    Cataloger(
        name="rpm-manifest",
        parser="rpm:manifest",
        names=("container-manifest-2",),
        inside=("/rpmmanifest/",),
    ),
    # --- languages ---
    Cataloger(
        name="python",
        parser="python_metadata:installed",
        names=("METADATA", "PKG-INFO"),
        inside=(".dist-info/METADATA", ".egg-info/PKG-INFO", "/EGG-INFO/PKG-INFO"),
    ),
    Cataloger(name="python-egg", parser="python_metadata:egg_file", suffixes=(".egg", ".egg-info")),
    Cataloger(
        name="python-record",
        parser="python_files:record",
        names=("RECORD",),
        inside=(".dist-info/RECORD",),
    ),
    Cataloger(
        name="python-installed-files",
        parser="python_files:installed_files",
        names=("installed-files.txt",),
        inside=(".egg-info/",),
    ),
    Cataloger(
        name="python-top-level",
        parser="python_files:top_level",
        names=("top_level.txt",),
        inside=(".egg-info/",),
    ),
    Cataloger(
        name="python-direct-url",
        parser="python_files:direct_url",
        names=("direct_url.json",),
        inside=(".dist-info/", ".egg-info/"),
    ),
    Cataloger(
        name="python-installer",
        parser="python_files:installer",
        names=("INSTALLER",),
        inside=(".dist-info/", ".egg-info/"),
    ),
    Cataloger(name="python-venv", parser="python_files:environment", names=("pyvenv.cfg",)),
    Cataloger(
        name="python-sbom",
        parser="wheel_sboms:document",
        suffixes=(".json",),
        inside=(".dist-info/sboms/",),
    ),
    Cataloger(name="conda", parser="conda:record", suffixes=(".json",), inside=("/conda-meta/",)),
    Cataloger(name="npm", parser="npm:package_json", names=("package.json",)),
    Cataloger(
        name="gem", parser="gem:gemspec", suffixes=(".gemspec",), inside=("/specifications/",)
    ),
    Cataloger(
        name="gem-extension",
        parser="gem:built_extension",
        names=("gem.build_complete",),
        inside=("/extensions/",),
    ),
    Cataloger(name="composer", parser="composer:installed", names=("installed.json",)),
    Cataloger(name="pear", parser="pear:registered", suffixes=(".reg",), inside=("/.registry/",)),
    Cataloger(
        name="wordpress",
        parser="wordpress:plugin",
        suffixes=(".php",),
        inside=("/wp-content/plugins/",),
    ),
    Cataloger(name="r", parser="r_package:description", names=("DESCRIPTION",)),
    Cataloger(name="lua", parser="lua_rock:rockspec", suffixes=(".rockspec",)),
    Cataloger(name="lua-manifest", parser="lua_rock:rock_manifest", names=("rock_manifest",)),
    Cataloger(
        name="perl", parser="cpan:install_json", names=("install.json",), inside=("/.meta/",)
    ),
    Cataloger(
        name="perl-metadata", parser="cpan:metadata", names=("MYMETA.json",), inside=("/.meta/",)
    ),
    Cataloger(
        name="perl-packlist", parser="cpan:packlist", names=(".packlist",), inside=("/auto/",)
    ),
    Cataloger(name="dotnet", parser="dotnet:deps_json", suffixes=(".deps.json",)),
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
    Cataloger(
        name="java",
        parser="java:java_archive",
        suffixes=(".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".lpkg"),
        largest=1 << 30,
    ),
    Cataloger(name="java-runtime", parser="toolchains:java_runtime", names=("release",)),
)
