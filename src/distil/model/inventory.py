"""What is in an image: its components, and for every file who owns it.

An `Inventory` is what cataloguing an image, or reading an SBOM, comes to, and all that SBOMs,
scans and audits start from. It is a value: components refer to each other by `ref`, files refer
to components by their position.
"""

from __future__ import annotations

import enum
import hashlib
from typing import Final

import msgspec

from distil.model.node import Kind

UNKNOWN_LAYER: Final = -1
"""The layer of what was not read from layers."""


class Checksum(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """A digest of some bytes: `algorithm` as in ``sha256``, `value` in lower-case hexadecimal."""

    algorithm: str
    value: str


class Place(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """A file that tells of a component, and the layer that brought it, 0 the lowest."""

    path: str
    layer: int = UNKNOWN_LAYER


class SourcePackage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a binary package was built from; `version` is the package's own where it is empty."""

    name: str
    version: str = ""


class InventoryComponent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A component: an OS package, a language's package, or a program that no package owns.

    `kind` is what it is, a row of `KINDS`; `purl` its package URL (purl-spec), empty where none
    can be told. `licenses` are SPDX licence expressions, or ``LicenseRef-…`` with the
    words in `license_texts`. `supplier` is written as the package has it
    (``Name <address>``). `checksums` are those of the archive that it is or came from.

    `claimed` counts the files that it says it has, 0 where it does not say; `present` those of
    them that are there; `modified` are those whose contents are not what it says. Where nothing of
    it is there but documentation and records, `missing` are the paths that it says it has and that
    are not there; else that is empty. `layer` is the
    number of the layer that brought it, `removed_by` of the one that removed it (in the scope of
    all layers). `properties` are what only its ecosystem tells, by names that are stable.
    """

    name: str
    version: str = ""
    kind: str
    purl: str = ""
    architecture: str = ""
    source: SourcePackage | None = None
    supplier: str = ""
    licenses: tuple[str, ...] = ()
    license_texts: tuple[tuple[str, str], ...] = ()
    homepage: str = ""
    description: str = ""
    cpes: tuple[str, ...] = ()
    checksums: tuple[Checksum, ...] = ()
    places: tuple[Place, ...] = ()
    claimed: int = 0
    present: int = 0
    modified: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    layer: int = UNKNOWN_LAYER
    removed_by: int = UNKNOWN_LAYER
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def ref(self) -> str:
        """A name that is the same whenever the component is: 16 hexadecimal digits."""
        told = (self.kind, self.name, self.version, self.purl, self.architecture)
        return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def is_partial(self) -> bool:
        """Whether files that it says it has are not there."""
        return self.present < self.claimed


KINDS: Final = {
    "deb": "Debian package",
    "opkg": "opkg package",
    "apk": "Alpine package",
    "rpm": "RPM package",
    "alpm": "Arch Linux package",
    "portage": "Gentoo package",
    "python": "Python distribution",
    "conda": "conda package",
    "npm": "Node.js package",
    "go": "Go module",
    "rust": "Rust crate",
    "java": "Java archive",
    "gem": "Ruby gem",
    "composer": "PHP package",
    "pear": "PEAR package",
    "wordpress": "WordPress plug-in",
    "dotnet": ".NET package",
    "r": "R package",
    "lua": "Lua rock",
    "perl": "Perl distribution",
    "elf": "program with a package note",
    "binary": "program known by its bytes",
    "image": "base image",
    "application": "application",
}
"""What a component can be, and what people call it; OS packages come first."""

OS_KINDS: Final = frozenset({"deb", "opkg", "apk", "rpm", "alpm", "portage"})
"""The kinds whose files a distribution's package manager put there."""


class Link(enum.StrEnum):
    """How a component stands to another; the values are written into documents."""

    OWNS = "owns"
    """A package of the operating system ships the files of the other, which is a language's."""
    CONTAINS = "contains"
    """The other is inside its file: a module of a program, an archive in an archive."""
    NEEDS = "needs"
    """It says that it depends on the other."""


class Relation(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """`subject` stands to `object` as `link` says; both are refs."""

    subject: str
    link: Link
    object: str


class Attribution(enum.StrEnum):
    """What a path is attributed to, the strongest first."""

    PACKAGE = "package"
    LANGUAGE = "language package"
    PROGRAM = "program"
    GENERATED = "generated"
    APPLICATION = "application"
    UNOWNED = "unowned"


class State(enum.StrEnum):
    """How the contents of a file stand to what its owner says."""

    VERIFIED = "verified"
    MODIFIED = "modified"
    CONFIGURED = "configured"
    """Modified, and a file that its package says is for the user to change."""
    UNCHECKED = "unchecked"
    """Nobody gave a checksum, or contents were not read."""


class InventoryFile(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A path that is no directory. `owners` are positions in `Inventory.components`.

    `size` is in bytes, `digest` the sha256 and `sha1` the SHA-1 of the contents, empty where they
    were not read. `rule` says what generated it, or why it is the application's.
    """

    path: str
    kind: Kind
    mode: int
    size: int
    layer: int
    attribution: Attribution
    state: State = State.UNCHECKED
    owners: tuple[int, ...] = ()
    rule: str = ""
    digest: str = ""
    sha1: str = ""
    is_program: bool = False
    """ELF, a script that names its interpreter, or a Java archive."""

    @property
    def is_executable(self) -> bool:
        """Whether it is a program, or its mode lets somebody start it."""
        return self.is_program or (self.kind is Kind.FILE and self.mode & 0o111 != 0)


class OsRelease(msgspec.Struct, frozen=True, omit_defaults=True):
    """The operating system as os-release(5) tells; `path` is the file that was read."""

    id: str
    version_id: str = ""
    version: str = ""
    codename: str = ""
    name: str = ""
    pretty_name: str = ""
    id_like: tuple[str, ...] = ()
    variant_id: str = ""
    cpe: str = ""
    home_url: str = ""
    path: str = ""


class InventoryLayer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A layer: `digest` and `size` (bytes) of what is stored, `is_base` of the base image."""

    diff_id: str
    digest: str
    size: int
    media_type: str = ""
    created_by: str = ""
    is_base: bool = False


class BaseImage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The image that an image was made on, and `evidence`: how that was recognised."""

    name: str
    digest: str = ""
    layers: int = 0
    evidence: str = ""


class Subject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an inventory is of: an image by name and digests, or a document's own words.

    `created` is in seconds since 1970, from the image's configuration.
    """

    name: str
    digest: str = ""
    config_digest: str = ""
    media_type: str = ""
    platform: str = ""
    size: int = 0
    created: int = 0
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()


class Answer(enum.StrEnum):
    """Whether the inventory tells all that is in the image."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class Verdict(msgspec.Struct, frozen=True):
    """The answer, and in sentences why it is no better."""

    answer: Answer
    reasons: tuple[str, ...] = ()


class Coverage(msgspec.Struct, frozen=True):
    """Files, and bytes, that are owned, of all there are; directories do not count."""

    files: int
    owned_files: int
    size: int
    owned_size: int


class Remark(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A file that could not be read as what it should be, or only in part, and why."""

    path: str
    what: str


class Scope(enum.StrEnum):
    """Which layers count: what a container sees, or everything that any layer holds."""

    SQUASHED = "squashed"
    ALL_LAYERS = "all-layers"


class Inventory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of it: sorted components, relations and files.

    `files` is empty, and `has_files` false, where only components were looked for (or a document
    lists no files). `verdict` is None for what was read from a document.
    """

    subject: Subject
    release: OsRelease | None = None
    layers: tuple[InventoryLayer, ...] = ()
    base: BaseImage | None = None
    components: tuple[InventoryComponent, ...] = ()
    relations: tuple[Relation, ...] = ()
    files: tuple[InventoryFile, ...] = ()
    has_files: bool = False
    scope: Scope = Scope.SQUASHED
    verdict: Verdict | None = None
    remarks: tuple[Remark, ...] = ()

    def coverage(self) -> Coverage:
        """Counted over `files`."""
        owned = [one for one in self.files if one.attribution is not Attribution.UNOWNED]
        return Coverage(
            files=len(self.files),
            owned_files=len(owned),
            size=sum(one.size for one in self.files),
            owned_size=sum(one.size for one in owned),
        )


class IndexInventory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An image index, `subject`, with the inventory of each platform's image, in its order."""

    subject: Subject
    children: tuple[Inventory, ...]
