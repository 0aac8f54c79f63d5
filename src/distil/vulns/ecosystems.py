"""Whose advisories are about what: from components and releases to the ecosystems of OSV.

Names of ecosystems and of packages are those of the OSV schema
(https://ossf.github.io/osv-schema/#defined-ecosystems). It is all in two tables.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import unquote

from distil.model.inventory import InventoryComponent, OsRelease


class Naming(enum.Enum):
    """By which name of an OS package a distribution's advisories go."""

    SOURCE = "source"
    BINARY = "binary"
    BOTH = "both"


class ReleaseFeed(NamedTuple):
    """The advisories of a release of a distribution.

    `ecosystems` are the names that they can go by, of packages of `kind`. `covers_linked`: they
    tell of a program, too, when the fault is in a library that is linked into it (Go, Rust).
    `vendors` are words of which one is in what its own packages say who built them.
    """

    kind: str
    ecosystems: tuple[str, ...]
    naming: Naming
    covers_linked: bool = False
    vendors: tuple[str, ...] = ()

    def is_own(self, component: InventoryComponent) -> bool:
        """Whether the package was built by the distribution, as far as it says."""
        built_by = component.supplier.lower()
        return not built_by or not self.vendors or any(one in built_by for one in self.vendors)


class _Row(NamedTuple):
    kind: str
    ecosystems: tuple[str, ...]
    """With ``{major}``, ``{minor}`` (both numbers), ``{version}``, ``{lts}`` or ``{sp}``."""
    naming: Naming = Naming.SOURCE
    covers_linked: bool = False
    vendors: tuple[str, ...] = ()


_RELEASES: Final = {
    "debian": _Row("deb", ("Debian:{major}",)),
    "ubuntu": _Row("deb", ("Ubuntu:{version}{lts}", "Ubuntu:Pro:{version}{lts}")),
    "alpine": _Row("apk", ("Alpine:v{minor}",)),
    "wolfi": _Row("apk", ("Wolfi",), covers_linked=True),
    "chainguard": _Row("apk", ("Chainguard",), covers_linked=True),
    "minimos": _Row("apk", ("MinimOS",), covers_linked=True),
    "alpaquita": _Row("apk", ("Alpaquita:{version}",)),
    "bellsoft-hardened-containers": _Row("apk", ("BellSoft Hardened Containers:{version}",)),
    "almalinux": _Row(
        "rpm", ("AlmaLinux:{major}",), Naming.BINARY, covers_linked=True, vendors=("alma",)
    ),
    "rocky": _Row(
        "rpm", ("Rocky Linux:{major}",), Naming.BOTH, covers_linked=True, vendors=("rocky",)
    ),
    "rhel": _Row(
        "rpm",
        tuple(
            f"Red Hat:enterprise_linux:{release}{part}"
            for release in ("{major}", "{minor}")
            for part in ("::baseos", "::appstream", "::crb", "")
        ),
        Naming.BINARY,
        covers_linked=True,
        vendors=("red hat",),
    ),
    "opensuse-leap": _Row("rpm", ("openSUSE:Leap {version}",), Naming.SOURCE, covers_linked=True),
    "opensuse-tumbleweed": _Row("rpm", ("openSUSE:Tumbleweed",), covers_linked=True),
    "sles": _Row(
        "rpm",
        (
            "SUSE:Linux Enterprise Server {major}{sp}",
            "SUSE:Linux Enterprise Module for Basesystem {major}{sp}",
            "SUSE:Linux Enterprise Module for Development Tools {major}{sp}",
            "SUSE:Linux Enterprise Module for Server Applications {major}{sp}",
        ),
        covers_linked=True,
    ),
    "mageia": _Row("rpm", ("Mageia:{major}",)),
    "openeuler": _Row("rpm", ("openEuler:{version}-LTS", "openEuler:{version}")),
    "azurelinux": _Row("rpm", ("Azure Linux:{major}",), covers_linked=True),
    "mariner": _Row("rpm", ("Azure Linux:{major}",), covers_linked=True),
    "photon": _Row("rpm", ("Photon OS:{minor}",), Naming.BOTH),
}
"""What os-release(5) calls a distribution, and by which names its advisories go."""

_CODENAMES: Final = {
    "debian": {"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15"},
}
"""Releases that have no number yet where they say who they are."""

_VERSION: Final = re.compile(r"(\d+)(?:\.(\d+))?(?:\.\d+)*", re.ASCII)


def feed_of(release: OsRelease) -> ReleaseFeed | None:
    """The advisories about the packages of `release`; None where nobody is known to have any."""
    row = _RELEASES.get(release.id.lower())  # openEuler writes its own name.
    if row is None:
        return None
    version = release.version_id or _CODENAMES.get(release.id, {}).get(release.codename, "")
    numbers = _VERSION.fullmatch(version)
    if numbers is None and any("{" in name for name in row.ecosystems):
        return None
    fields = _fields(version, numbers) if numbers is not None else {}
    names = dict.fromkeys(name.format(**fields) for name in row.ecosystems)
    return ReleaseFeed(
        row.kind,
        tuple(names),
        row.naming,
        covers_linked=row.covers_linked,
        vendors=row.vendors,
    )


def _fields(version: str, numbers: re.Match[str]) -> dict[str, str]:
    major, minor = numbers[1], numbers[2] or "0"
    is_lts = int(major) % 2 == 0 and minor == "04"
    return {
        "version": version,
        "major": major,
        "minor": f"{major}.{minor}",
        "lts": ":LTS" if is_lts else "",
        "sp": f" SP{minor}" if minor != "0" else "",
    }


_SIGNED: Final = re.compile(r"linux-signed(?:-\w+)?")
_REBUILT: Final = re.compile(r"(.+)\+(\d+)")


def source_of(name: str, version: str) -> tuple[str, str]:
    """A source package as advisories call it, where that is another one.

    Debian's signed kernels are a source of their own, made of ``linux`` of the same version, whose
    last number is written behind a plus sign.
    """
    if not _SIGNED.fullmatch(name):
        return name, version
    rebuilt = _REBUILT.fullmatch(version)
    return "linux", f"{rebuilt[1]}-{rebuilt[2]}" if rebuilt is not None else version


class Upstream(NamedTuple):
    """A package of an ecosystem of its own, as its advisories call it."""

    ecosystem: str
    name: str
    version: str


def upstream_of(component: InventoryComponent) -> Upstream | None:
    """What `component` is where it is published, as a language's package or as a program.

    None where no advisories are known that could be about such a thing.
    """
    row = _KINDS.get(component.kind)
    if row is None:
        return None
    ecosystem, named = row
    name, version = named(component)
    return Upstream(ecosystem, name, version) if name else None


_SEPARATORS: Final = re.compile(r"[-_.]+")


def _plain(component: InventoryComponent) -> tuple[str, str]:
    return component.name, component.version


def _folded(component: InventoryComponent) -> tuple[str, str]:
    return component.name.lower(), component.version


def _python(component: InventoryComponent) -> tuple[str, str]:
    """PEP 503: names are the same whatever stands between their words."""
    return _SEPARATORS.sub("-", component.name).lower(), component.version


def _go(component: InventoryComponent) -> tuple[str, str]:
    version = component.version.removeprefix("go" if component.name == "stdlib" else "v")
    return component.name, version


def _java(component: InventoryComponent) -> tuple[str, str]:
    """``group:artifact``, out of the package URL."""
    namespace, name = _of_purl(component.purl)
    return (f"{namespace}:{name}", component.version) if namespace and name else ("", "")


def _composer(component: InventoryComponent) -> tuple[str, str]:
    namespace, name = _of_purl(component.purl)
    full = f"{namespace}/{name}" if namespace else component.name
    return full.lower(), component.version.removeprefix("v")


def _of_purl(purl: str) -> tuple[str, str]:
    """Namespace and name, both unescaped."""
    path = re.split("[?#]", purl, maxsplit=1)[0].removeprefix("pkg:")
    parts = path.split("/")[1:]
    if not parts:
        return "", ""
    name = unquote(parts[-1].partition("@")[0])
    return "/".join(unquote(part) for part in parts[:-1]), name


def _program(component: InventoryComponent) -> tuple[str, str]:
    return _PROGRAMS.get(component.name, ""), component.version


_PROGRAMS: Final = {
    "composer": "composer",
    "consul": "consul",
    "envoy": "envoy",
    "fluent-bit": "fluent-bit",
    "git": "git",
    "go": "golang",
    "haproxy": "haproxy",
    "helm": "helm",
    "httpd": "apache",
    "java": "java",
    "jdk": "java",
    "jre": "java",
    "libphp": "php",
    "mariadb": "mariadb",
    "memcached": "memcached",
    "mongodb": "mongodb",
    "nginx": "nginx",
    "node": "node",
    "openjdk": "java",
    "openresty": "openresty",
    "php": "php",
    "php-cli": "php",
    "php-fpm": "php",
    "postgresql": "postgresql",
    "python": "python",
    "redis": "redis",
    "ruby": "ruby",
    "sqlite": "sqlite",
    "valkey": "valkey",
    "vault": "vault",
    "wordpress": "wordpress",
    "wp-cli": "wp-cli",
    "zulu": "java",
}
"""What a program that is known by its bytes is called by Bitnami, whose advisories are about
upstream's own versions."""

_Named = Callable[[InventoryComponent], tuple[str, str]]

_KINDS: Final[dict[str, tuple[str, _Named]]] = {
    "python": ("PyPI", _python),
    "npm": ("npm", _plain),
    "go": ("Go", _go),
    "rust": ("crates.io", _plain),
    "java": ("Maven", _java),
    "gem": ("RubyGems", _plain),
    "composer": ("Packagist", _composer),
    "dotnet": ("NuGet", _folded),
    "r": ("CRAN", _plain),
    "wordpress": ("WordPress", _plain),
    "binary": ("Bitnami", _program),
}
"""The ecosystem of a kind of component, and the name and version that it has there."""
