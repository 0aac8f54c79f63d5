"""Package URLs (purl-spec): the parts of one, and the one of an image."""

from __future__ import annotations

from typing import Final, Self
from urllib.parse import quote, unquote

import msgspec

from distil.model.inventory import Subject

_IN_FILES: Final = frozenset(
    {"oci", "oci-archive", "docker-archive", "dir", "docker-daemon", "containers-storage"}
)
"""Transports of containers-transports(5) whose names are not those of a registry."""

_IN_NAMES: Final = frozenset({"npm", "golang", "composer", "ebuild"})
"""Types whose namespace is a part of the name that people and databases use."""


class Purl(msgspec.Struct, frozen=True):
    """The parts of a package URL, decoded; all empty for what is none."""

    type: str = ""
    namespace: str = ""
    name: str = ""
    version: str = ""
    qualifiers: dict[str, str] = {}

    @classmethod
    def read(cls, purl: str) -> Self:
        """The parts of `purl`. It is read leniently: what others write, not what they should."""
        if not purl.startswith("pkg:"):
            return cls()
        rest, _, _ = purl[4:].lstrip("/").partition("#")
        rest, _, query = rest.partition("?")
        type_, _, path = rest.partition("/")
        head, at, version = path.rpartition("@")
        if not at or "/" in version:
            head, version = path, ""
        namespace, _, name = head.strip("/").rpartition("/")
        pairs = (one.partition("=") for one in query.split("&") if one)
        return cls(
            type_.lower(),
            unquote(namespace),
            unquote(name),
            unquote(version),
            {key: unquote(value) for key, _, value in pairs},
        )

    @property
    def full_name(self) -> str:
        """The name as components have it: with the namespace where that is a part of it."""
        has_both = self.namespace and self.type in _IN_NAMES
        return f"{self.namespace}/{self.name}" if has_both else self.name


def image_purl(subject: Subject) -> str:
    """The package URL of an image (purl-spec, type oci), empty where its digest is not known."""
    if not subject.digest:
        return ""
    scheme, _, rest = subject.name.partition(":")
    if rest.startswith("//"):
        scheme, rest = "", rest.removeprefix("//")
    elif scheme not in _IN_FILES:
        scheme, rest = "", subject.name
    repository = rest.partition("@")[0]
    head, colon, tag = repository.rpartition(":")
    if colon and "/" not in tag:
        repository = head
    else:
        tag = ""
    name = repository.rstrip("/").rpartition("/")[2].lower() or "image"
    qualifiers = {"arch": subject.platform.partition("/")[2], "tag": tag}
    if not scheme and "/" in repository:
        qualifiers["repository_url"] = repository
    told = "&".join(
        f"{key}={quote(value, safe='/:')}" for key, value in sorted(qualifiers.items()) if value
    )
    return f"pkg:oci/{quote(name, safe='')}@{quote(subject.digest, safe=':')}" + (
        f"?{told}" if told else ""
    )
