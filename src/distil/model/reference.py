"""Names of images, and the places images are in or go to.

Names follow Docker's normalisation (distribution/reference), places the grammar of
containers-transports(5), so that what distil prints can be given to skopeo, podman and docker.
"""

from __future__ import annotations

import enum
import re
from typing import Final

import msgspec

from distil.errors import did_you_mean
from distil.model.digest import Digest
from distil.model.errors import InvalidReference

DEFAULT_DOMAIN: Final = "docker.io"
OFFICIAL_PREFIX: Final = "library/"
DEFAULT_TAG: Final = "latest"
MAX_NAME: Final = 255
"""Characters of domain and repository together, at most."""

_DOMAIN_PART: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN: Final = re.compile(
    rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?", re.ASCII
)
_COMPONENT: Final = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*", re.ASCII)
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_HEX64: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REF_PART: Final = r"[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*"
_REF_NAME: Final = re.compile(rf"{_REF_PART}(?:/{_REF_PART})*", re.ASCII)
_WORD: Final = re.compile(r"[a-z][a-z-]*", re.ASCII)


class ImageName(msgspec.Struct, frozen=True, order=True):
    """A normalised image name: ``flask-hello:1.0`` is ``docker.io``, ``library/flask-hello``.

    `tag` and `digest` are empty when the text had none.
    """

    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def canonical(self) -> str:
        """The full name, domain included, as containerd and podman keep it."""
        return f"{self.domain}/{self.path}{self._suffix}"

    @property
    def familiar(self) -> str:
        """The short name, as people type it and ``docker images`` shows it."""
        if self.domain != DEFAULT_DOMAIN:
            return self.canonical
        path = self.path
        if path.startswith(OFFICIAL_PREFIX) and path.count("/") == 1:
            path = path.removeprefix(OFFICIAL_PREFIX)
        return path + self._suffix

    @property
    def _suffix(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{tag}@{self.digest}" if self.digest else tag

    def with_tag(self, tag: str) -> ImageName:
        """The same repository under `tag`. Raises `InvalidReference`."""
        if not _TAG.fullmatch(tag):
            raise InvalidReference(f"{self.path}:{tag}", _tag_reason(tag))
        return msgspec.structs.replace(self, tag=tag, digest="")

    def tagged(self) -> ImageName:
        """This name, with the tag ``latest`` when it has none."""
        return self if self.tag else self.with_tag(DEFAULT_TAG)

    def variant(self, suffix: str) -> ImageName:
        """The name of a twin of this image: ``app:1.4`` and ``debug`` give ``app:1.4-debug``."""
        return self.with_tag(f"{self.tag or DEFAULT_TAG}-{suffix}")

    def __str__(self) -> str:
        return self.familiar


class Transport(enum.StrEnum):
    """Where an image can be, as containers-transports(5) calls it."""

    OCI = "oci"
    OCI_ARCHIVE = "oci-archive"
    DOCKER_ARCHIVE = "docker-archive"
    DOCKER_DAEMON = "docker-daemon"
    CONTAINERS_STORAGE = "containers-storage"
    REGISTRY = "docker"

    @property
    def is_file(self) -> bool:
        """Whether the place is a path of this machine's file system."""
        return self in (Transport.OCI, Transport.OCI_ARCHIVE, Transport.DOCKER_ARCHIVE)


class Location(msgspec.Struct, frozen=True):
    """A place that holds an image or shall hold one.

    For directories and archives, `path` is where they are and `reference` which image inside
    is meant: any ``ref.name`` in an OCI layout, a full image name in a docker-archive, empty
    when not said. Elsewhere `name` is the image's name.
    """

    transport: Transport
    path: str = ""
    reference: str = ""
    name: ImageName | None = None

    def __str__(self) -> str:
        if self.transport.is_file:
            reference = f":{self.reference}" if self.reference else ""
            return f"{self.transport}:{self.path}{reference}"
        slashes = "//" if self.transport is Transport.REGISTRY else ""
        return f"{self.transport}:{slashes}{self.name}"

    @property
    def registry_name(self) -> ImageName | None:
        """The name by which others can have it too, from a registry; None for any other place."""
        return self.name if self.transport is Transport.REGISTRY else None

    def is_of(self, transport: Transport) -> bool:
        """Whether it is a place of that kind."""
        return self.transport is transport

    def with_reference(self, reference: str) -> Location:
        """The same directory or archive, another image in it."""
        return msgspec.structs.replace(self, reference=reference)

    def with_tag(self, tag: str) -> Location:
        """The same repository, directory or archive, another tag. Raises `InvalidReference`."""
        name = (self.name or ImageName(DEFAULT_DOMAIN, "image")).with_tag(tag)
        if self.transport.is_file:
            return self.with_reference(tag)
        return msgspec.structs.replace(self, name=name)


def parse_image_name(text: str) -> ImageName:
    """Parse and normalise an image name: ``name``, ``name:tag``, ``host:port/name@sha256:…``.

    Raises `InvalidReference`, saying which part is wrong and how it could be written.
    """
    if _HEX64.fullmatch(text):
        raise InvalidReference(text, "64 hexadecimal digits are an image ID, not a name")
    rest, _, digest = text.partition("@")
    if "@" in text:
        digest = _checked_digest(text, digest)
    name, tag = _split_tag(rest)
    if rest != name and not _TAG.fullmatch(tag):
        raise InvalidReference(text, _tag_reason(tag))
    domain, path = _split_domain(name)
    _check_repository(text, domain, path)
    return ImageName(domain, path, tag, digest)


def _checked_digest(text: str, digest: str) -> str:
    if re.fullmatch(r"sha256:[0-9a-f]{64}", digest, re.ASCII) is None:
        raise InvalidReference(text, f"{digest!r} is not a sha256 digest")
    return Digest(digest)


def _split_tag(text: str) -> tuple[str, str]:
    """A colon after the last slash starts the tag; one before it belongs to a port."""
    colon = text.rfind(":")
    if colon > text.rfind("/"):
        return text[:colon], text[colon + 1 :]
    return text, ""


def _split_domain(name: str) -> tuple[str, str]:
    """Docker's rule: the first part is a host only if it looks like one."""
    first, slash, rest = name.partition("/")
    host = "." in first or ":" in first or first == "localhost" or first.lower() != first
    domain, path = (first, rest) if slash and host else (DEFAULT_DOMAIN, name)
    if domain == "index.docker.io":
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and path and "/" not in path:
        path = OFFICIAL_PREFIX + path
    return domain, path


def is_registry_host(text: str) -> bool:
    """Whether `text` is the ``HOST`` or ``HOST:PORT`` that a registry has in names of images."""
    return _DOMAIN.fullmatch(text) is not None and _split_domain(f"{text}/name")[0] == text


def _check_repository(text: str, domain: str, path: str) -> None:
    if not path:
        raise InvalidReference(text, "it names no image", hint="write NAME:TAG")
    if not _DOMAIN.fullmatch(domain):
        raise InvalidReference(text, f"{domain!r} is not a host name")
    if path.lower() != path and all(map(_COMPONENT.fullmatch, path.lower().split("/"))):
        tail = text[len(text.partition("@")[0]) :]
        name, tag = _split_tag(text.removesuffix(tail))
        lower = name.lower() + (f":{tag}" if tag else "") + tail
        raise InvalidReference(text, "image names are lower case", hint=f"write {lower}")
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            why = f"{component!r} is not lower-case letters and digits, with . _ __ - between them"
            raise InvalidReference(text, why)
    if len(domain) + 1 + len(path) > MAX_NAME:
        raise InvalidReference(text, f"it is longer than {MAX_NAME} characters")


def _tag_reason(tag: str) -> str:
    if not tag:
        return "the tag after ':' is empty"
    if len(tag) > 128:
        return "the tag is longer than 128 characters"
    return f"the tag {tag!r} is not letters, digits and _ . - (not beginning with . or -)"


def parse_location(text: str) -> Location:
    """Parse ``TRANSPORT:…`` as in containers-transports(5), or a bare name in a registry.

    ``oci:DIR[:TAG]``, ``oci-archive:FILE[:TAG]``, ``docker-archive:FILE[:NAME:TAG]``,
    ``docker-daemon:NAME:TAG``, ``containers-storage:NAME`` and ``docker://NAME``. As in skopeo,
    a path ends at its first colon. Raises `InvalidReference`.
    """
    word, colon, rest = text.partition(":")
    known = {transport.value: transport for transport in Transport}
    transport = known.get(word) if colon else None
    if transport is None:
        return _bare(text, word, list(known))
    if transport.is_file:
        return _file_location(text, transport, rest)
    if transport is Transport.REGISTRY:
        if not rest.startswith("//"):
            raise InvalidReference(text, "a registry is written docker://NAME")
        rest = rest[2:]
    name = parse_image_name(rest)
    return Location(transport, name=name if name.digest else name.tagged())


def names_image(text: str) -> bool:
    """Whether `text` can mean nothing but an image.

    That is one with a transport, or with the host of its registry: ``oci:DIR``,
    ``registry.example/base:3``.
    """
    known = (f"{one}://" if one is Transport.REGISTRY else f"{one}:" for one in Transport)
    if text.startswith(tuple(known)):
        return True
    host, slash, _ = text.partition("/")
    return bool(slash) and is_registry_host(host)


def in_registry(name: ImageName) -> Location:
    """The place that `name` is in its registry."""
    return Location(Transport.REGISTRY, name=name)


def _bare(text: str, word: str, known: list[str]) -> Location:
    """A text without a known transport: a name in a registry, unless it looks like a slip."""
    slip = did_you_mean(word, known) if _WORD.fullmatch(word) and ":" in text else ""
    if word == "dir":
        raise InvalidReference(text, "distil has no 'dir' transport", hint="use oci:DIR:TAG")
    if slip and (text.count(":") > 1 or text.endswith(".tar")):
        raise InvalidReference(text, f"there is no transport {word!r}", hint=slip)
    if text.endswith(".json") and ":" not in text:
        hint = f"write sbom:{text} where an SBOM is meant, and oci:DIR:TAG for an image"
        raise InvalidReference(text, "a file of JSON is no image", hint=hint)
    if text.startswith((".", "/", "~")) or (text.endswith((".tar", "/")) and ":" not in text):
        kind = "oci-archive" if text.endswith(".tar") else "oci"
        raise InvalidReference(text, "the transport is missing", hint=f"write {kind}:{text}")
    try:
        name = parse_image_name(text)
    except InvalidReference as error:
        hint = slip or f"a place is written {', '.join(f'{name}:' for name in known)}… or NAME:TAG"
        raise InvalidReference(text, error.why, hint=error.hint or hint) from None
    return Location(Transport.REGISTRY, name=name if name.digest else name.tagged())


def _file_location(text: str, transport: Transport, rest: str) -> Location:
    path, colon, reference = rest.partition(":")
    if "@sha256" in path:
        raise InvalidReference(
            text,
            "a digest cannot follow the path",
            hint=f"name the image by its tag: {transport}:{path.partition('@')[0]}:TAG",
        )
    if not path or "\0" in path:
        raise InvalidReference(text, f"no path follows {transport}:")
    if colon and not reference:
        raise InvalidReference(text, "nothing follows the last ':'")
    if not colon:
        return Location(transport, path)
    if transport is Transport.DOCKER_ARCHIVE:
        name = parse_image_name(reference)
        if name.digest:
            raise InvalidReference(text, "an archive is not addressed by digest")
        return Location(transport, path, name.tagged().familiar, name.tagged())
    if not _REF_NAME.fullmatch(reference):
        raise InvalidReference(text, f"{reference!r} cannot name an image in an OCI layout")
    return Location(transport, path, reference)
