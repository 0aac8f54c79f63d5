"""What is wrong with an image, or with the place it is read from or written to."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError
from distil.model.errors import LimitExceeded, MalformedImage


class UnsupportedDestination(DistilError):
    """A place that an image cannot be written to, or not in the form asked for."""

    def __init__(self, destination: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"cannot write to {destination}: {why}", hint=hint)


class OutputFailed(DistilError):
    """The file system refused an output; nothing half-written is left."""

    def __init__(self, path: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"cannot write {path}: {why}", hint=hint)


class PartlyWritten(DistilError):
    """An output that failed when others had been written for good; `error` is what it failed of."""

    def __init__(self, error: DistilError, done: Sequence[str]) -> None:
        super().__init__(
            f"{error.message}; written before that: {', '.join(done)}", hint=error.hint
        )
        self.exit_code = error.exit_code


class InvalidLayer(DistilError):
    """Paths that cannot be one layer of an image."""

    def __init__(self, why: str) -> None:
        super().__init__(f"cannot write a layer: {why}")


class NoEngine(DistilError):
    """No container engine is there to load an image into, or to read one from."""

    def __init__(self, tried: Sequence[str]) -> None:
        super().__init__(
            f"no container engine answers here ({'; '.join(tried)})",
            hint="start Docker or install podman; a file, docker-archive:FILE.tar, needs neither",
        )
        self.tried = tried


class EngineFailed(DistilError):
    """A container engine refused an image."""

    def __init__(self, engine: str, why: str) -> None:
        super().__init__(f"{engine} did not load the image: {why}")


class NotSaved(DistilError):
    """A container engine that does not give out an image."""

    def __init__(self, engine: str, image: str, why: str) -> None:
        super().__init__(
            f"{engine} does not give out {image}: {why}",
            hint=f"`{engine} image ls` shows which images it has",
        )


class UnreadablePlace(DistilError):
    """A kind of place from which no image is read."""

    def __init__(self, place: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{place}: {why}", hint=hint)


def _listed(names: Sequence[str]) -> str:
    """Names out of an image, which can hold anything and be many, on one line."""
    shown = [name if name.isprintable() else repr(name) for name in names[:20]]
    return ", ".join([*shown, "…"] if len(names) > 20 else shown)


class ImageNotFound(DistilError):
    """A layout or archive that does not hold the image asked for."""

    def __init__(self, where: str, wanted: str, known: Sequence[str]) -> None:
        hint = f"it holds {_listed(known)}" if known else "it holds no named image"
        super().__init__(f"{where} has no image {wanted}", hint=hint)


class PlatformNotFound(DistilError):
    """An image that is not there for the platform asked for, or for this machine's."""

    def __init__(self, where: str, wanted: str, known: Sequence[str]) -> None:
        hint = f"it is there for {_listed(known)}: name one with --platform" if known else ""
        super().__init__(f"{where} is not an image for {wanted}", hint=hint)


class IncompleteIndex(DistilError):
    """An index that lists an image which is not where the index is."""

    def __init__(self, where: str, entry: str, why: str) -> None:
        super().__init__(
            f"{where} lists {entry}, which cannot be had: {why}",
            hint="copy platforms that are there: --platform OS/ARCH, once or several times",
        )


class NotCopied(DistilError):
    """What cannot be written elsewhere as it is: no manifest, not all there, or far too much."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"cannot copy {what}: {why}")


class ForeignLayer(MalformedImage):
    """An image with a layer that is to be fetched from elsewhere than the image itself."""

    def __init__(self, what: str, digest: str) -> None:
        super().__init__(
            what,
            f"layer {digest} is a foreign one, to be had from addresses that the image names",
            hint="distil reads and copies only what is where the image is",
        )


# --- one for each of [limits] --------------------------------------------------------------


class ManifestTooLarge(LimitExceeded):
    """An index or a manifest that is too large."""

    key = "manifest-size"


class ConfigTooLarge(LimitExceeded):
    """An image's configuration that is too large."""

    key = "config-size"


class JsonTooDeep(LimitExceeded):
    """A document of an image that is nested too deep."""

    key = "json-depth"


class TooManyLayers(LimitExceeded):
    """An image of too many layers."""

    key = "layers"


class TooManyEntries(LimitExceeded):
    """An image whose layers have too many entries, or records about them."""

    key = "entries"


class HeadersTooLarge(LimitExceeded):
    """An image whose names, link targets and attributes come to too much together."""

    key = "header-size"


class PathTooLong(LimitExceeded):
    """A path or a link's target in an image that is too long."""

    key = "path-length"


class PathTooDeep(LimitExceeded):
    """A path in an image that leads through too many directories."""

    key = "path-depth"


class TooManyHops(LimitExceeded):
    """An entry of an image that lies behind too many symbolic links, or a circle of them."""

    key = "symlink-hops"


class AttributesTooLarge(LimitExceeded):
    """An entry of an image whose extended attributes, or extended header, are too large."""

    key = "xattr-size"


class ExpandsTooMuch(LimitExceeded):
    """An image whose layers unpack to too many times their compressed bytes."""

    key = "expansion-ratio"


class ContentTooLarge(LimitExceeded):
    """An image whose layers unpack to too much."""

    key = "expanded-size"


class PathNotFound(DistilError):
    """A path that is not in an image."""

    def __init__(self, image: str, path: str, *, hint: str = "") -> None:
        super().__init__(f"{image} has no {path!r}", hint=hint)


class NotAFile(DistilError):
    """A path of an image that has no contents."""

    def __init__(self, image: str, path: str, kind: str) -> None:
        super().__init__(
            f"{path!r} of {image} is no file, but a {kind}",
            hint=f"`distil ls {image} {path}` lists it" if kind == "directory" else "",
        )


class LayerNotFound(DistilError):
    """A number that no layer of the image has."""

    def __init__(self, image: str, number: int, layers: int) -> None:
        super().__init__(
            f"{image} has no layer {number}",
            hint=f"its layers are 1 (the lowest) to {layers}" if layers else "it has no layers",
        )
