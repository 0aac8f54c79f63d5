"""Why an image cannot be surveyed as the user asks for it."""

from __future__ import annotations

from distil.errors import DistilError
from distil.model.inventory import BaseImage


class NotTheBase(DistilError):
    """An image that another one was said to be made on, and was not; `layer` is 1 the lowest."""

    def __init__(self, base: str, layer: int) -> None:
        super().__init__(
            f"the image is not made on {base}: layer {layer} is another one",
            hint="`distil layers` shows the layers of an image; a base may have been built anew",
        )


class NoAttachedSbom(DistilError):
    """An image that no SBOM is attached to."""

    def __init__(self, image: str) -> None:
        super().__init__(
            f"no SBOM is attached to {image}",
            hint="`distil sbom` makes one; `distil build` attaches two to each image",
        )


class NoAttachedVex(DistilError):
    """An image that no VEX document is attached to."""

    def __init__(self, image: str) -> None:
        super().__init__(
            f"no VEX document is attached to {image}",
            hint="`distil scan --format openvex` writes one",
        )


class NoSuchComponent(DistilError):
    """A component that an image does not have."""

    def __init__(self, image: str, name: str, *, hint: str = "") -> None:
        super().__init__(
            f"{image} has no component {name}",
            hint=hint or "`distil sbom -v` lists all that it has",
        )


class NoBase(DistilError):
    """An image of which nothing tells which of its layers are those of another image.

    `base` is what it says it was made on, where it says so.
    """

    def __init__(self, image: str, base: BaseImage | None) -> None:
        name = (base.name or base.digest) if base is not None else ""
        why = f"it says it was made on {name}, but not with which layers" if name else ""
        why = why or "nothing tells which of its layers were there before"
        super().__init__(
            f"{image} cannot be compared with its base: {why}",
            hint=f"name what to compare it with: --to {name or 'IMAGE'}",
        )
