"""What counts as a shell, and as a package manager: by the names of programs and of packages."""

from __future__ import annotations

from typing import Final

SHELLS: Final = frozenset(
    {
        *("sh", "bash", "rbash", "dash", "ash", "busybox", "toybox", "ksh", "ksh93", "mksh"),
        *("lksh", "rksh", "zsh", "csh", "tcsh", "bsd-csh", "fish", "posh", "yash", "oksh", "sash"),
        *("elvish", "xonsh", "nu", "osh", "ysh", "pwsh", "static-sh", "bash-static", "zsh5"),
        *("sh.distrib", "ash.busybox", "busybox.static", "busybox-static"),
    }
)
"""Names of programs that take commands, and of programs that are many, a shell among them."""

PACKAGE_MANAGERS: Final = frozenset(
    {
        *("apt", "apt-get", "aptitude", "dpkg", "dselect", "apk", "rpm", "yum", "dnf", "dnf-3"),
        *("dnf5", "microdnf", "tdnf", "zypper", "pacman", "opkg", "ipkg", "emerge", "ebuild"),
        *("xbps-install", "swupd", "urpmi", "slackpkg", "nix", "nix-env", "guix", "snap"),
        *("flatpak", "brew", "pip", "pip3", "pipx", "pipenv", "easy_install", "uv", "uvx"),
        *("poetry", "pdm", "conda", "mamba", "micromamba", "npm", "npx", "yarn", "yarnpkg"),
        *("pnpm", "pnpx", "corepack", "bower", "gem", "bundle", "bundler", "composer", "pear"),
        *("pecl", "cargo", "cpan", "cpanm", "luarocks", "nuget"),
    }
)
"""Names of programs that install packages, of a system or of a language."""

INSTALLING_PACKAGES: Final = frozenset(
    {
        *("python:pip", "python:pipx", "python:pipenv", "python:uv", "python:poetry"),
        *("python:pdm", "python:conda", "npm:npm", "npm:yarn", "npm:pnpm", "npm:corepack"),
        *("gem:bundler", "composer:composer/composer"),
    }
)
"""Packages that install others, and can do so without a program of that name: ``KIND:NAME``."""
