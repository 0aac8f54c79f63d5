"""An image that others are built on: what is there before anything is added.

Its layers stay as they are, byte for byte. They and its documents are kept in the cache when it is
opened, so what is built on it can be written anywhere, at any time, and an image that is meant by
its digest is asked for once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.fetch.errors import Offline
from distil.formats.elf import ElfFile
from distil.image.errors import ContentTooLarge
from distil.image.layer import Layer
from distil.image.packing import packed_layer
from distil.image.read import StoredImage, image_at, read_image
from distil.image.read_tree import layer_elf, layer_size, read_tree
from distil.image.stores import Source, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.blob import Blob, FileBlob
from distil.model.digest import Digest
from distil.model.errors import MalformedImage
from distil.model.image import (
    DOCKER_LAYER,
    MEDIA_LAYER,
    ContainerConfig,
    Descriptor,
    History,
    decode_document,
    encode_document,
    seconds_of,
)
from distil.model.node import Kind, Node
from distil.model.origin import GeneratedOrigin, LayerOrigin
from distil.model.platform import Platform
from distil.model.reference import Location
from distil.model.spec import DEFAULT_USER, ImageSpec, Level, Spec
from distil.model.tree import Tree

LARGEST: Final = 16 << 20
"""Bytes of a table of users, a list of packages or a bundle of an image that is read as a whole."""

_AREA: Final = "resolutions"
_CHANGED: Final = GeneratedOrigin("other owner or mode than in the base image")
_BASE_NAME: Final = "org.opencontainers.image.base.name"
_BASE_DIGEST: Final = "org.opencontainers.image.base.digest"


class Foundation(msgspec.Struct, frozen=True):
    """What is there before anything is added: nothing by default.

    `name` is how others can have the image, empty where they cannot; `digest` is its manifest's.
    `layers` are lowest first, with what made them in `history`; `tree` is what a container of them
    sees, `elf` what of it is ELF. `created` is in seconds since 1970.
    """

    name: str = ""
    digest: Digest | None = None
    layers: tuple[Layer, ...] = ()
    config: ContainerConfig = ContainerConfig()
    history: tuple[History, ...] = ()
    created: int = 0
    tree: Tree = Tree()
    elf: Mapping[Digest, ElfFile | None] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that its containers have."""
        return dict(entry.partition("=")[::2] for entry in self.config.env)

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}" if self.name else f"{self.digest or ''}"

    @property
    def annotations(self) -> dict[str, str]:
        """What tells of this image in one that is built on it, for those who can have it.

        The keys are OCI's own (image-spec, annotations.md).
        """
        if not self.name or self.digest is None:
            return {}
        return {_BASE_NAME: self.name, _BASE_DIGEST: str(self.digest)}

    def completed(self, spec: Spec) -> Spec:
        """`spec` with what this image decides where the user has not.

        Its layers stay whole, so that is the level of all; and its own user stays who starts the
        process, unless that is root. Signals that end it are as it says.
        """
        if not self.layers:
            return spec
        image = spec.image
        if image.user == DEFAULT_USER:
            image = msgspec.structs.replace(image, user=self._user() or DEFAULT_USER)
        if image.stop_signal == ImageSpec().stop_signal and self.config.stop_signal:
            image = msgspec.structs.replace(image, stop_signal=self.config.stop_signal)
        reach = msgspec.structs.replace(spec.reach, level=Level.PACKAGES)
        return msgspec.structs.replace(spec, image=image, reach=reach)

    def _user(self) -> str:
        """The user of its containers by number; empty for root, and for one that is not there."""
        user, _, group = self.config.user.partition(":")
        entry = self._entry("/etc/passwd", user)
        uid = user if _is_number(user) else entry[2] if entry else ""
        if not _is_number(uid) or int(uid) == 0:
            return ""
        named = self._entry("/etc/group", group)
        gid = group if _is_number(group) else named[2] if named else entry[3] if entry else uid
        return f"{uid}:{gid}" if _is_number(gid) and gid != uid else uid

    def _entry(self, table: str, name: str) -> list[str] | None:
        """The line of a table of users or groups that is of `name`, or of that number."""
        data = small_file(self.tree, table) if name else None
        if data is None:
            return None
        lines = data.decode("utf-8", "replace").splitlines()
        entries = [line.split(":") for line in lines if line.count(":") >= 3]
        return next((entry for entry in entries if name in (entry[0], entry[2])), None)

    def settled(self, tree: Tree) -> Tree:
        """`tree` with what is as it was before counted as this image's again.

        What was given another owner or mode is no longer its own: a layer of ours has to say so.
        What something removed is there again, with a warning, since its layers stay as they are.
        """
        if not self.layers:
            return tree
        settled = []
        for node in tree:
            before = self.tree.get(node.path)
            if before is node:
                continue
            if before is not None and _same(before, node):
                change = {"origin": before.origin, "mtime": before.mtime}
                settled.append(msgspec.structs.replace(node, **change))
            elif isinstance(node.origin, LayerOrigin):
                settled.append(msgspec.structs.replace(node, origin=_CHANGED))
        return tree.with_nodes([*settled, *self._still_there(tree)])

    def _still_there(self, tree: Tree) -> list[Node]:
        """What this image has and `tree` lacks, but for what is below something else now."""
        left: dict[str, Node] = {}
        for node in self.tree:
            if node.path not in tree and (node.parent in left or _is_directory(tree, node.parent)):
                left[node.path] = node
        if left:
            what = f"{next(iter(left))} of the base image was to be removed and stays"
            more = f", and {len(left) - 1} more" if len(left) > 1 else ""
            emit(Warned(f"{what}{more}", hint="layers of a base image stay as they are"))
        return list(left.values())

    def joined(self, system: Tree, *others: Tree) -> Tree:
        """`system`, which this image is part of, with `others` in it.

        Their directories and files join those that are there, and what this image has at the path
        of a file of theirs gives way. Raises what `Tree.merge` raises for anything else.
        """
        if not self.layers:
            return system.merge(*others)
        places = {self._place(system, node) for tree in others for node in tree if _is_leaf(node)}
        yielding = {
            path
            for path in places
            if (node := system.get(path)) is not None
            and _is_leaf(node)
            and isinstance(node.origin, LayerOrigin)
        }
        left = system.filter(lambda node: node.path not in yielding) if yielding else system
        return left.merge(*others)

    @staticmethod
    def _place(system: Tree, node: Node) -> str:
        return f"{system.real_path(node.parent).rstrip('/')}/{node.name}"


NOTHING_THERE: Final = Foundation()


def small_file(tree: Tree, path: str) -> bytes | None:
    """The contents of a table or list in an image; None where there is no file.

    Raises `ContentTooLarge` for one beyond `LARGEST`.
    """
    node = tree.resolve(path)
    if node is None or node.blob is None:
        return None
    if node.size > LARGEST:
        raise ContentTooLarge("the base image", f"{path} has more than {LARGEST} bytes")
    return node.blob.read()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_directory(tree: Tree, path: str) -> bool:
    node = tree.get(path)
    return node is not None and node.kind is Kind.DIRECTORY


def _is_leaf(node: Node) -> bool:
    return node.kind is not Kind.DIRECTORY


def _same(before: Node, node: Node) -> bool:
    """Whether the two are alike for who opens them; directories have no date of their own."""
    kinds = {Kind.HARDLINK: Kind.FILE}
    kind = kinds.get(before.kind, before.kind)
    if kind is not kinds.get(node.kind, node.kind):
        return False
    if kind is Kind.SYMLINK and before.target != node.target:
        return False
    return _metadata(before) == _metadata(node)


def _metadata(node: Node) -> tuple[object, ...]:
    digest = node.blob.digest if node.blob is not None else None
    mode = 0o777 if node.kind is Kind.SYMLINK else node.mode
    return digest, mode, node.uid, node.gid, node.xattrs, node.device


# --- opening -------------------------------------------------------------------------------


class Asked(msgspec.Struct, frozen=True):
    """Which image is meant: what is at `location` for `platform`, with `digest` if it has to."""

    location: Location
    platform: Platform
    digest: Digest | None = None

    @property
    def name(self) -> str:
        """How others can have the image; empty for a place on this machine."""
        name = self.location.registry_name
        if name is None:
            return ""
        tagged = msgspec.structs.replace(name, digest="")
        return tagged.canonical

    @property
    def exact(self) -> Location:
        """Where it is asked for: in a registry by its digest, if it has to have one."""
        name = self.location.registry_name
        if self.digest is None or name is None:
            return self.location
        named = msgspec.structs.replace(name, tag="", digest=str(self.digest))
        return msgspec.structs.replace(self.location, name=named)

    def key(self) -> str:
        """What stands for the question in the cache."""
        return f"image {self.digest or self.location} {self.platform.oci}"


def open_foundation(
    asked: Asked, cache: Cache, settings: StoreSettings, *, offline: bool = False
) -> Foundation:
    """The image that is `asked` for, its layers in the cache.

    What has to have a digest, and is known with it, is not asked for again. Raises what reading
    an image raises, and `Offline` for one that is not known and may not be asked for.
    """
    known = _known(asked, cache) if asked.digest is not None or offline else None
    if known is None:
        if offline and asked.location.registry_name is not None:
            raise Offline("the base image", str(asked.location))
        known = _fetched(asked, cache, settings)
    image, has_digests = known
    layers = [_whole(layer, cache) for layer in image.layers]
    tree = read_tree(layers, cache)
    config = image.config
    return Foundation(
        name=asked.name,
        digest=image.descriptor.digest if has_digests else None,
        layers=tuple(layers),
        config=config.config,
        history=_history(image),
        created=seconds_of(config.created),
        tree=tree,
        elf=layer_elf(layers, cache),
    )


_Known = tuple[StoredImage, bool]
"""An image whose parts are in the cache, and whether others know them by their digests."""


def _known(asked: Asked, cache: Cache) -> _Known | None:
    data = cache.document(_AREA, asked.key())
    if data is None:
        return None
    descriptor = decode_document(data, Descriptor, "a remembered image")
    source = _Kept(asked.location, descriptor, cache)
    try:
        image = image_at(source, descriptor)
    except MalformedImage:
        return None  # Not all of it is in the cache any more.
    return image, True


def _fetched(asked: Asked, cache: Cache, settings: StoreSettings) -> _Known:
    with store_to_read(asked.exact, settings).opened() as source:
        image = read_image(source, asked.platform)
        if asked.digest is not None and image.descriptor.digest != asked.digest:
            why = f"it is {image.descriptor.digest} now, and {asked.digest} is wanted"
            raise MalformedImage(source.where, why)
        if not source.has_digests:
            layers = tuple(packed_layer(source, layer, cache) for layer in image.layers)
            return msgspec.structs.replace(image, layers=layers), False
        for descriptor in (image.descriptor, image.manifest.config, *image.manifest.layers):
            _keep(source.blob(descriptor), cache)
    descriptor = msgspec.structs.replace(image.descriptor, platform=None, annotations={})
    exact = msgspec.structs.replace(asked, digest=descriptor.digest)
    for question in (asked, exact):
        cache.put_document(_AREA, question.key(), encode_document(descriptor))
    return image_at(_Kept(asked.location, descriptor, cache), descriptor), True


def _keep(blob: Blob, cache: Cache) -> None:
    if cache.blob(blob.digest) is None:
        with cache.writing("blobs", blob.digest.hex) as stream:
            for piece in blob.chunks():
                stream.write(piece)


class _Kept(Source):
    """The cache as a place that images are read from."""

    def __init__(self, location: Location, descriptor: Descriptor, cache: Cache) -> None:
        self.location = location
        self.where = str(location)
        self._descriptor = descriptor
        self._cache = cache

    def resolve(self) -> Descriptor:
        return self._descriptor

    def blob(self, descriptor: Descriptor) -> FileBlob:
        found = self._cache.blob(descriptor.digest)
        if found is None or found.size != descriptor.size:
            raise MalformedImage(self.called(descriptor), "it is not in the cache")
        return found

    def referrers(self, _subject: Digest, _artifact_type: str, /) -> Iterator[Descriptor]:
        return iter(())


def _whole(layer: Layer, cache: Cache) -> Layer:
    """`layer` with the size of its tar, and the OCI type of what it is."""
    descriptor = layer.descriptor
    if descriptor.media_type.startswith(DOCKER_LAYER):
        ending = descriptor.media_type.removeprefix(DOCKER_LAYER).replace(".", "+")
        descriptor = msgspec.structs.replace(descriptor, media_type=MEDIA_LAYER + ending)
    size = layer.size or layer_size(layer, cache)
    return msgspec.structs.replace(layer, descriptor=descriptor, size=size)


def _history(image: StoredImage) -> tuple[History, ...]:
    """What the image says of each layer, and of steps without one."""
    said = image.config.history
    if sum(not step.empty_layer for step in said) == len(image.layers):
        return said
    return tuple(History(created_by=layer.created_by) for layer in image.layers)
