"""The packages that Syft, Trivy and distil see in an image, in words that can be compared."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any, NamedTuple

from packageurl import PackageURL

from distil.catalog.inventory import inventory
from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.stores.table import store_to_read
from distil.model.inventory import Inventory, Link, Subject
from distil.model.reference import parse_location
from tests.e2e.catalog.making import MadeImage
from tests.support.tools import run_tool

BIN = Path(sys.executable).parent
TIMEOUT = 600


class Package(NamedTuple):
    """A package: its kind as in `distil.model.inventory.KINDS`, and what it is called."""

    kind: str
    name: str
    version: str
    purl: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.version} {self.purl}"


SYFT_KINDS = {
    "deb": "deb",
    "apk": "apk",
    "rpm": "rpm",
    "alpm": "alpm",
    "python": "python",
    "conda": "conda",
    "npm": "npm",
    "go-module": "go",
    "rust-crate": "rust",
    "java-archive": "java",
    "jenkins-plugin": "java",
    "gem": "gem",
    "php-composer": "composer",
    "php-pecl": "composer",
    "dotnet": "dotnet",
    "R-package": "r",
    "lua-rocks": "lua",
    "binary": "binary",
}
"""Syft's types of packages, as distil calls them."""

TRIVY_KINDS = {
    "debian": "deb",
    "ubuntu": "deb",
    "alpine": "apk",
    "fedora": "rpm",
    "python-pkg": "python",
    "conda-pkg": "conda",
    "node-pkg": "npm",
    "gobinary": "go",
    "rustbinary": "rust",
    "jar": "java",
    "gemspec": "gem",
    "composer-vendor": "composer",
    "dotnet-core": "dotnet",
}
"""The types of Trivy's packages, likewise."""


class Seen(NamedTuple):
    """What distil sees; `owned` are those of them that a package of the system ships."""

    packages: frozenset[Package]
    owned: frozenset[Package]


def catalogued(image: MadeImage, cache: Path) -> Inventory:
    """What distil finds, no layer being known before."""
    with store_to_read(parse_location(image.for_distil)).opened() as source:
        return inventory(Subject(name=image.name), read_image(source).layers, Cache(cache))


def seen_by_distil(found: Inventory) -> Seen:
    """The packages of `found`."""
    packages = {
        one.ref: Package(one.kind, one.name, one.version, canonical(one.purl))
        for one in found.components
    }
    owned = {packages[one.object] for one in found.relations if one.link is Link.OWNS}
    return Seen(frozenset(packages.values()), frozenset(owned))


def seen_by_syft(image: MadeImage) -> set[Package]:
    """What Syft finds; names, versions and package URLs as it writes them."""
    return of_syft(_run("syft", "scan", "--quiet", image.for_syft, "--output", "json"))


def of_syft(document: dict[str, Any]) -> set[Package]:
    """The packages of a document of Syft's; a version that it does not know is empty."""
    return {
        Package(
            SYFT_KINDS.get(one["type"], one["type"]),
            one["name"],
            one["version"].removesuffix("UNKNOWN"),
            canonical(one["purl"]),
        )
        for one in document["artifacts"]
    }


def canonical(purl: str) -> str:
    """The same package URL with what purl-spec demands percent-encoded, and nothing else.

    Syft leaves the brackets of Go's ``(devel)`` as they are.
    """
    return PackageURL.from_string(purl).to_string() if purl else ""


def seen_by_trivy(image: MadeImage, cache: Path) -> set[Package]:
    """What Trivy finds, without its databases; `cache` is a directory for it alone."""
    without_databases(cache)
    return of_trivy(
        _run(
            *("trivy", "image", "--quiet", "--cache-dir", str(cache), "--input", str(image.path)),
            *("--skip-db-update", "--skip-java-db-update", "--offline-scan"),
            *("--format", "cyclonedx"),
        )
    )


def without_databases(cache: Path) -> None:
    """Make `cache` one of Trivy's with an empty index of jars: without one it reads no jar."""
    place = cache / "java-db"
    place.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(place / "trivy-java.db")) as index:
        index.execute("CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id, artifact_id)")
        index.execute("CREATE TABLE indices(artifact_id, version, sha1, archive_type)")
        index.commit()
    times = ("UpdatedAt", "DownloadedAt", "NextUpdate")
    stamps = dict.fromkeys(times, "2100-01-01T00:00:00Z")
    (place / "metadata.json").write_text(json.dumps({"Version": 1, **stamps}))


def of_trivy(document: dict[str, Any]) -> set[Package]:
    """The packages of a document of Trivy's, as their package URLs name them."""
    found = set()
    for one in document.get("components", ()):
        said = {row["name"]: row["value"] for row in one.get("properties", ())}
        kind = said.get("aquasecurity:trivy:PkgType")
        if kind is not None:
            named = Package(kind, one["name"], one.get("version", ""), one.get("purl", ""))
            found.add(without_qualifiers(named._replace(kind=TRIVY_KINDS.get(kind, kind))))
    return found


def without_qualifiers(package: Package) -> Package:
    """The same package as its package URL alone names it.

    Trivy has an epoch as a qualifier, other words for a release, and of Go's modules the whole
    path as the name, in lower case, where Syft has what follows the repository as the subpath.
    """
    if not package.purl:
        return package
    purl = PackageURL.from_string(package.purl)
    qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
    epoch = qualifiers.get("epoch", "")
    version = purl.version or ""
    if epoch and not version.startswith(f"{epoch}:"):
        version = f"{epoch}:{version}"
    name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
    if package.kind == "go":
        name = f"{name}/{purl.subpath}".lower() if purl.subpath else name.lower()
        version = version.removeprefix("v")
        return Package(package.kind, name, version, f"pkg:golang/{name}@{version}")
    bare = PackageURL(purl.type, purl.namespace, purl.name, version or None).to_string()
    return Package(package.kind, name, version, bare)


def _run(program: str, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_tool(str(BIN / program), *arguments, timeout=TIMEOUT))
    return found
