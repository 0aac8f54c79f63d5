"""What a Java archive is called: by its file name, its manifest and what Maven left in it.

The rules are Syft's, whose names and package URLs scanners know: Maven's own files first, then
the file name, then the manifest; a group that nothing tells is the name itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from distil.catalog.formats.field_text import clean
from distil.catalog.formats.maven_groups import group_of_artifact

_NAME: Final = re.compile(r"[A-Za-z][\w.]*(?:-[A-Za-z][\w.]*)*-?", re.ASCII)
_VERSION: Final = re.compile(r"\d.*|build\d+.*|rc?\d+", re.ASCII | re.IGNORECASE)
_LAST_VERSION: Final = re.compile(r"[._-](\d.*|build\d+.*|rc?\d+)$", re.ASCII | re.IGNORECASE)
_IDENTIFIER: Final = re.compile(r"[^\W\d][^.]*")
_DOMAINS: Final = ("com", "org", "net", "io", "be")
_GROUP_FIELDS: Final = (
    (
        "Group-Id",
        "Bundle-SymbolicName",
        "Extension-Name",
        "Specification-Vendor",
        "Implementation-Vendor",
        "Implementation-Vendor-Id",
        "Implementation-Title",
        "Bundle-Activator",
    ),
    ("Automatic-Module-Name", "Main-Class", "Package"),
)
"""Fields of a manifest that may tell a group; the second ones where none of the first does."""
_NAME_FIELDS: Final = (
    "Name",
    "Bundle-Name",
    "Short-Name",
    "Extension-Name",
    "Implementation-Title",
)
_VERSION_FIELDS: Final = (
    "Implementation-Version",
    "Specification-Version",
    "Plugin-Version",
    "Bundle-Version",
)
_LONGEST_NAME: Final = 255
_MOST_SECTIONS: Final = 10_000


class FileName(NamedTuple):
    """What a file name says: ``guava-31.1-jre.jar`` is guava in version 31.1-jre."""

    name: str
    version: str


def read_file_name(path: str) -> FileName:
    """Name and version by the file name of an archive; either may be empty."""
    stem = clean(path[path.rfind("/") + 1 :].rpartition(".")[0][:_LONGEST_NAME])
    name, version = _split(stem)
    if not version:
        last = _LAST_VERSION.search(name)
        if last is not None:
            name, version = name[: last.start()], last[1]
    return FileName(name, version)


def _split(stem: str) -> tuple[str, str]:
    at = stem.find("-")
    while at >= 0:
        if _VERSION.fullmatch(stem, at + 1) and _NAME.fullmatch(stem, 0, at):
            return stem[:at], stem[at + 1 :]
        at = stem.find("-", at + 1)
    return (stem, "") if _NAME.fullmatch(stem) else ("", "")


class Manifest(NamedTuple):
    """The sections of a manifest (JAR file specification); `main` is the first."""

    main: dict[str, str]
    others: tuple[dict[str, str], ...] = ()

    def field(self, name: str) -> str:
        """What the main section says, or else the first of the others that says something."""
        return self.main.get(name) or next((one[name] for one in self.others if one.get(name)), "")


def read_manifest(text: str) -> Manifest:
    """The sections of a manifest; lines that are none are passed over."""
    sections: list[dict[str, str]] = []
    last = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            last = ""
        elif line[0] == " ":
            if last:
                sections[-1][last] += line.strip()
        else:
            key, separator, value = line.partition(":")
            key = key.strip()
            if not separator or not key:
                continue
            if not last:
                if len(sections) == _MOST_SECTIONS:
                    break
                sections.append({})
            # A repeated field would otherwise be continued by lines that belong to the first.
            sections[-1][key] = value.strip() if key not in sections[-1] else sections[-1][key]
            last = key
    return Manifest(sections[0], tuple(sections[1:])) if sections else Manifest({})


class Pom(NamedTuple):
    """What Maven left of a project: ``pom.properties``, and of ``pom.xml`` what is used here."""

    group: str = ""
    artifact: str = ""
    version: str = ""
    licenses: tuple[str, ...] = ()
    homepage: str = ""
    description: str = ""


def read_properties(text: str) -> Pom:
    """The coordinates in a ``pom.properties``; what is no property is passed over."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            key, *value = re.split("[=:]", line, maxsplit=1)
            found[key.strip()] = value[0].strip() if value else ""
    return Pom(found.get("groupId", ""), found.get("artifactId", ""), found.get("version", ""))


def own_pom(poms: Iterable[Pom], file_name: str) -> Pom | None:
    """Which of `poms` is that of the archive itself, by its file name; None if none is."""
    listed = [pom for pom in poms if pom.artifact and file_name]
    exact = [pom for pom in listed if pom.artifact == file_name]
    if exact:
        return exact[-1]
    alike = [
        pom
        for pom in listed
        if pom.artifact.startswith(file_name) or file_name.endswith(pom.artifact)
    ]
    return alike[-1] if alike else None


def select_name(manifest: Manifest, file_name: FileName) -> str:
    """The name of an archive in which Maven left nothing."""
    main = manifest.main
    if "Apache Maven Bundle Plugin" in main.get("Created-By", ""):
        symbolic = main.get("Bundle-SymbolicName", "")
        if symbolic and symbolic != main.get("Implementation-Vendor-Id"):
            return symbolic.partition(";")[0].rpartition(".")[2]
    name = file_name.name
    if "." in name and not name.startswith("org.eclipse."):
        parts = name.split(".")
        if all(_IDENTIFIER.match(part) for part in parts):
            name = parts[-1]
    return name or next((main[field] for field in _NAME_FIELDS if main.get(field)), "")


def select_version(manifest: Manifest, file_name: FileName) -> str:
    """The version of an archive in which Maven left nothing; it may be empty."""
    told = (manifest.field(field) for field in _VERSION_FIELDS)
    return file_name.version or next((version for version in told if version), "")


def select_group(name: str, pom: Pom | None, manifest: Manifest | None) -> str:
    """The group of the artifact `name`, or nothing."""
    if pom is not None:
        for told in (pom.group, pom.artifact if "." in pom.artifact else ""):
            if told:
                return _cleaned(told)
    known = group_of_artifact(name)
    if known or manifest is None:
        return known
    for fields in _GROUP_FIELDS:
        found = min(_groups(manifest, fields), default="")
        if found:
            return found
    return ""


def _groups(manifest: Manifest, fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        for section in (manifest.main, *manifest.others):
            value = section.get(field, "")
            if value.startswith(_DOMAINS):
                yield _cleaned(value)


def _cleaned(group: str) -> str:
    """`group` without the directives of OSGi behind it."""
    return group.partition(";")[0].partition("#")[0].strip()
