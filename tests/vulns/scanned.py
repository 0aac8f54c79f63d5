"""Small images, and what a scan of them comes to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from distil.fetch.cache import Cache
from distil.image.assemble import assemble
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.finding import Scan
from distil.model.node import directory
from distil.model.origin import GeneratedOrigin
from distil.model.platform import AMD64
from distil.model.reference import parse_image_name
from distil.pipeline import ScanRequest, scan
from distil.vulns.database.reader import open_database
from tests.support.images import CONFIG, EPOCH, layer, oci
from tests.support.nodes import file
from tests.vulns.memory import NOW

ORIGIN = GeneratedOrigin("test")


def image_of(files: Mapping[str, bytes], place: Path) -> str:
    """An image that has nothing but `files`, below `place`."""
    parents = sorted({str(one) for path in files for one in Path(path).parents} - {"/"})
    nodes = [directory(path, ORIGIN) for path in parents]
    nodes += [file(path, content) for path, content in files.items()]
    cache = Cache(place / "cache")
    image = assemble([layer(cache, nodes)], CONFIG, platform=AMD64, created=EPOCH)
    location = oci(place / "image")
    write(name_image(image, [parse_image_name("image:1")], location), location)
    return f"oci:{place / 'image'}:1"


def scanned(image: str, database: Path, now: int = NOW) -> Scan:
    """The one scan of `image` against the database at `database`."""
    with open_database(database) as advisories:
        (found,) = scan(ScanRequest(image=image, now=now), advisories).scans
    return found
