"""`copy`: an image from where it is to where it shall be as well, byte for byte."""

from __future__ import annotations

import msgspec

from distil.fetch.cache import Cache
from distil.image.copying import Wanted, check_holds, copied
from distil.image.deliverable import Deliverable
from distil.image.naming import name_copy, unnamed
from distil.image.packing import packed
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read, store_to_write
from distil.image.write import write
from distil.model.digest import Digest
from distil.model.image import DescriptorPlatform
from distil.model.reference import parse_location


class CopyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `copy` is asked for: two places as in containers-transports(5), and what of the image.

    Of an image for several platforms it is this machine's; or those of `platforms`, each one name
    or several with commas between them; or `all_platforms`. With `referrers`, artifacts about what
    is copied go with it, and artifacts about these.
    """

    source: str
    destination: str
    platforms: tuple[str, ...] = ()
    all_platforms: bool = False
    referrers: bool = False
    settings: StoreSettings = NOTHING_SAID


class CopySummary(msgspec.Struct, frozen=True):
    """How the copy is addressed, and what it is; `is_new_index`: no place had this index before."""

    reference: str
    digest: Digest
    platforms: tuple[str, ...]
    artifacts: int
    is_new_index: bool


def copy(request: CopyRequest) -> CopySummary:
    """Copy an image, an index or an artifact. Its documents keep their bytes and digests.

    But for what engines and ``docker save`` give out, which has none: its layers are compressed.
    It appears at the destination whole or not at all. Raises what reading and writing raise.
    """
    origin, target = parse_location(request.source), parse_location(request.destination)
    names = [name for names in request.platforms for name in names.split(",")]
    wanted = Wanted(
        platforms=tuple(dict.fromkeys(map(DescriptorPlatform.named, names))),
        all_platforms=request.all_platforms,
        referrers=request.referrers,
    )
    store, cache = store_to_write(target, request.settings), Cache.default()
    with cache.guarding(), store_to_read(origin, request.settings).opened() as source:
        found = copied(source, wanted)
        check_holds(store, found)
        image: Deliverable = found.image
        if store.is_oci and not source.has_digests:
            image = packed(source, image.descriptor, cache)
        named = name_copy(image, origin, found.found, target)
        artifacts = [unnamed(artifact, named.name) for artifact in found.artifacts]
        references = write([named, *artifacts], target, request.settings)
    return CopySummary(
        reference=references[0],
        digest=image.descriptor.digest,
        platforms=tuple(str(image.platform) for image in found.image.images),
        artifacts=len(artifacts),
        is_new_index=found.is_new,
    )
