"""What one file of an image says of components: what every parser of this room returns.

Facts are values that depend on the path and the bytes of that file alone, so they are kept with
the layer that it is in. What several files say of one component is joined by its keys (`join`).
"""

from __future__ import annotations

import mmap

import msgspec

from distil.errors import DistilError
from distil.model.inventory import InventoryComponent, OsRelease

Content = bytes | mmap.mmap
"""The bytes of a file; one of more than a few MiB is a map of a temporary file."""


class Unreadable(DistilError):
    """A file that is not what its name says, or beyond a limit: told as a remark of that file."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Claim(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A path that a component says is its own.

    `path` is absolute, as the component writes it (links are followed later). `checksum` is
    ``md5:…``, ``sha1:…``, ``sha256:…`` in hexadecimal (of its target, for a symbolic link),
    ``link:TARGET``, or empty. `is_configuration`: the user may change it. `is_tree`: everything
    below a directory that no deeper claim names. `is_optional`: not counted, neither as claimed
    nor as lacking (byte code, caches).
    """

    path: str
    checksum: str = ""
    is_configuration: bool = False
    is_tree: bool = False
    is_optional: bool = False


class Stated(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A component that a file tells of, before it is joined with what other files say.

    `keys` are the names by which others speak of it, unique in the image: they begin with the
    cataloguer's name and hold the root or directory it is in (``dpkg:/:libc6``,
    ``python:/usr/lib/python3/dist-packages/x.dist-info``). `needs` are keys, or alternatives
    separated by ``|``, of what it depends on. `inside` is the key of what contains it.
    The component's `places`, `claimed`, `present`, `modified` and layers are filled in when facts
    are joined; a parser gives places itself only for what lies in the file (``a.war!/b.jar``).
    """

    component: InventoryComponent
    keys: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    needs: tuple[str, ...] = ()
    inside: str = ""


class Added(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What a file says of a component that another file states, by its `key`.

    `fields` replace what is empty in the component, by the names of `InventoryComponent`;
    `qualifiers` are added to its package URL.
    """

    key: str
    claims: tuple[Claim, ...] = ()
    licenses: tuple[str, ...] = ()
    license_texts: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    qualifiers: tuple[tuple[str, str], ...] = ()


class Facts(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """All that one file says."""

    stated: tuple[Stated, ...] = ()
    added: tuple[Added, ...] = ()
    moved: tuple[tuple[str, str, str], ...] = ()
    """Diversions: the key of the package that keeps the path, or "", the path, and where the
    files of all others are that have it."""
    generated: tuple[tuple[str, str], ...] = ()
    """(path, rule): what the file says was made on the machine, such as links of alternatives. A
    program is never counted as made."""
    release: OsRelease | None = None
    remarks: tuple[str, ...] = ()
