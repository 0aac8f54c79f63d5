"""`sbom`: what is in an image, told as a table, as documents, and held against documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.errors import DistilError
from distil.fetch.cache import Cache
from distil.image.staging import reporting, staged_file
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.model.errors import LimitExceeded
from distil.model.inventory import Answer, IndexInventory, Inventory, Scope
from distil.model.reference import parse_location
from distil.model.regular_file import open_regular
from distil.sbom.identity import Writing
from distil.sbom.table import sbom_format
from distil.survey.attached import AttachedDocument
from distil.survey.errors import NoAttachedSbom
from distil.survey.surveying import Surveyed, SurveyedImage, Wanted, known_image, survey

LARGEST: Final = 1 << 30
"""Bytes of a document that is read."""

ATTACHED: Final = "attached"
"""What stands for the documents that are attached to the image itself."""


class SbomRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `sbom` is asked for: an image, a place such as ``oci:DIR:TAG``, and how to look at it.

    Of an image for several platforms all are looked at, or `platform` alone. With
    `components_only` no file's contents are hashed and none is attributed. `base` is the place of
    the image that it is made on, where the user knows. `attached`: SBOMs that are attached are
    looked for and compared. With `hashed` every layer is hashed, also one that is known.
    """

    image: str
    platform: str = ""
    scope: Scope = Scope.SQUASHED
    components_only: bool = False
    base: str = ""
    attached: bool = True
    hashed: bool = False
    settings: StoreSettings = NOTHING_SAID


class Compared(msgspec.Struct, frozen=True):
    """A document, and in sentences what in the image is not as it says.

    `name` is where it is from. `trouble` is why it could not be read, else empty.
    """

    name: str
    platform: str
    differences: tuple[str, ...] = ()
    trouble: str = ""


class SbomReport(msgspec.Struct, frozen=True):
    """What is in an image, and how the documents that are attached to it compare."""

    surveyed: SurveyedImage
    attached: tuple[Compared, ...] = ()

    @property
    def inventory(self) -> Inventory | IndexInventory:
        """What documents are made from."""
        return self.surveyed.inventory

    @property
    def is_complete(self) -> bool:
        """Whether every platform's verdict is that nothing is missing."""
        verdicts = [one.inventory.verdict for one in self.surveyed.images]
        return all(found is not None and found.answer is Answer.COMPLETE for found in verdicts)


def sbom(request: SbomRequest) -> SbomReport:
    """What is in the image that `request` names: components, files, and who owns them.

    Raises `NotTheBase` and what reading images raises.
    """
    cache = Cache.default()
    with cache.guarding():
        surveyed = _surveyed(request, cache)
    attached = [_compared(document, one) for one in surveyed.images for document in one.attached]
    return SbomReport(surveyed, tuple(attached))


def sbom_document(inventory: Inventory | IndexInventory, form: str) -> Iterator[bytes]:
    """`inventory` as a document in the format `form`, one of `sbom.table.FORMATS`, in pieces.

    It has the date of the image. Raises `UnknownSbomFormat`, `CannotExpress`.
    """
    return sbom_format(form).write(inventory, Writing())


def read_sbom(file: Path) -> Inventory | IndexInventory:
    """The inventory that the document in `file` tells of, whichever of the formats it is in.

    Raises `MalformedSbom`, OSError.
    """
    with open_regular(file) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise LimitExceeded(str(file), f"a document of more than {LARGEST} bytes")
    return _inventory_in(data, str(file))


def write_sbom(pieces: Iterable[bytes], file: Path) -> None:
    """Write a document to `file`, which appears whole. Raises `OutputFailed`, `DiskFull`."""
    with reporting(file), staged_file(file, pieces):
        pass


def verify_sbom(request: SbomRequest, file: str) -> tuple[Compared, ...]:
    """How the image that `request` names compares with the document in `file`, by its bytes.

    ``attached`` stands for all documents that are attached to the image. Of an image for several
    platforms the document may be about all or about one. Raises `NoAttachedSbom`, `MalformedSbom`,
    and what reading images raises.
    """
    if file == ATTACHED:
        found = sbom(msgspec.structs.replace(request, attached=True, hashed=True)).attached
        if not found:
            raise NoAttachedSbom(request.image)
        return found
    document = read_sbom(Path(file))
    whole = isinstance(document, IndexInventory) or document.has_files
    asked = msgspec.structs.replace(
        request,
        attached=False,
        hashed=True,
        components_only=request.components_only or not whole,
    )
    cache = Cache.default()
    with cache.guarding():
        surveyed = _surveyed(asked, cache, document)
    return tuple(_each(document, surveyed, file))


def _surveyed(
    request: SbomRequest, cache: Cache, about: Inventory | IndexInventory | None = None
) -> SurveyedImage:
    """What is in the image; with a document, what that is `about`."""
    base = (
        known_image(parse_location(request.base), request.platform, request.settings)
        if request.base
        else None
    )
    wanted = Wanted(
        platform=request.platform,
        all_platforms=not isinstance(about, Inventory),
        likely=_platform_of(about) if isinstance(about, Inventory) else "",
        anew=about is not None,
        scope=request.scope,
        contents=not request.components_only,
        attached=request.attached,
        hashed=request.hashed,
        base=base,
        settings=request.settings,
    )
    return survey(parse_location(request.image), wanted, cache)


def _inventory_in(data: bytes, name: str) -> Inventory | IndexInventory:
    """What a document says. Raises `MalformedSbom`."""
    from distil.sbom.read import read_sbom as read  # Most of the time no document is read.

    return read(data, name)


def _compared(document: AttachedDocument, one: Surveyed) -> Compared:
    name = f"{document.found} {document.media_type} {document.digest}"
    platform = one.inventory.subject.platform
    try:
        told = _inventory_in(document.data, name)
    except DistilError as error:
        return Compared(name, platform, trouble=error.message)
    if isinstance(told, IndexInventory):
        return Compared(name, platform, trouble="it is about an index, not about this image")
    return Compared(name, platform, _differences(told, one.inventory))


def _differences(document: Inventory, found: Inventory) -> tuple[str, ...]:
    from distil.sbom.verify import differences

    return differences(document, found)


def _platform_of(document: Inventory) -> str:
    """The platform that a document is about, without a variant; empty where it does not say."""
    return "/".join(document.subject.platform.split("/")[:2])


def _each(
    document: Inventory | IndexInventory, surveyed: SurveyedImage, name: str
) -> Iterator[Compared]:
    """The document, or the part of it about each platform, compared with that platform's image."""
    if isinstance(document, Inventory):
        found = surveyed.images[0].inventory
        yield Compared(name, found.subject.platform, _differences(document, found))
        return
    left = {one.inventory.subject.platform: one.inventory for one in surveyed.images}
    for one in document.children:
        platform = one.subject.platform
        of_image = left.pop(platform, None)
        if of_image is None:
            yield Compared(name, platform, ("the image is not there for this platform",))
        else:
            yield Compared(name, platform, _differences(one, of_image))
    for platform in left:
        yield Compared(name, platform, ("the document does not tell of this platform",))
