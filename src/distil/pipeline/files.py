"""`files`: who owns each file of an image."""

from __future__ import annotations

import msgspec

from distil.errors import did_you_mean
from distil.fetch.cache import Cache
from distil.image.errors import PathNotFound
from distil.image.look_up import path_asked_for
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.model.inventory import Attribution, Inventory, InventoryFile, State
from distil.model.reference import parse_location
from distil.survey.errors import NoSuchComponent
from distil.survey.surveying import Wanted, survey


class FilesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `files` is asked for: an image, and which of its files.

    `paths` are files, and directories for all that is below; none stands for the root. The
    others leave out what is not unowned, modified, executable, or of the component `package`.
    """

    image: str
    paths: tuple[str, ...] = ()
    unowned: bool = False
    modified: bool = False
    executable: bool = False
    package: str = ""
    platform: str = ""
    settings: StoreSettings = NOTHING_SAID


class OwnedFiles(msgspec.Struct, frozen=True):
    """The files that were asked for, by their paths, and the inventory that they are of."""

    inventory: Inventory
    files: tuple[InventoryFile, ...]


def files(request: FilesRequest) -> OwnedFiles:
    """The files of an image with who owns each, and whether they are what their owner says.

    Of an image for several platforms it is this machine's, or the one named. Raises
    `PathNotFound`, `NoSuchComponent`, `InvalidPath`, and what reading the image raises.
    """
    paths, cache = [path_asked_for(path) for path in request.paths], Cache.default()
    wanted = Wanted(platform=request.platform, all_platforms=False, settings=request.settings)
    with cache.guarding():
        found = survey(parse_location(request.image), wanted, cache).images[0].inventory
    chosen = tuple(file for file in _below(found, paths, request.image) if _fits(file, request))
    if request.package:
        owners = _numbers(found, request.package, request.image)
        chosen = tuple(file for file in chosen if not owners.isdisjoint(file.owners))
    return OwnedFiles(found, chosen)


def _below(found: Inventory, paths: list[str], image: str) -> list[InventoryFile]:
    if not paths:
        return list(found.files)
    chosen: dict[str, InventoryFile] = {}
    for path in paths:
        start = path.rstrip("/") + "/"
        below = [file for file in found.files if file.path == path or file.path.startswith(start)]
        if not below:
            raise PathNotFound(image, path)
        chosen |= {file.path: file for file in below}
    return [chosen[path] for path in sorted(chosen)]


def _fits(file: InventoryFile, request: FilesRequest) -> bool:
    return (
        (not request.unowned or file.attribution is Attribution.UNOWNED)
        and (not request.modified or file.state is State.MODIFIED)
        and (not request.executable or file.is_executable)
    )


def _numbers(found: Inventory, package: str, image: str) -> frozenset[int]:
    """The positions of the components that `package` names: by name, or name and version."""
    numbers = frozenset(
        number
        for number, one in enumerate(found.components)
        if package in (one.name, f"{one.name}@{one.version}", one.purl)
    )
    if not numbers:
        names = sorted({one.name for one in found.components})
        raise NoSuchComponent(image, package, hint=did_you_mean(package, names))
    return numbers
