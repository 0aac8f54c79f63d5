"""Why an image cannot be surveyed as the user asks for it."""

from __future__ import annotations

from distil.errors import DistilError


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


class NoSuchComponent(DistilError):
    """A component that an image does not have."""

    def __init__(self, image: str, name: str, *, hint: str = "") -> None:
        super().__init__(
            f"{image} has no component {name}",
            hint=hint or "`distil sbom -v` lists all that it has",
        )
