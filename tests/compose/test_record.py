"""The ledger of an image: kept with it and in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.compose.errors import NoLedger
from distil.compose.ledgers import OpenedLedger, open_ledger
from distil.compose.record import record, twin_ledger
from distil.fetch.cache import Cache
from distil.image.assemble import Image, assemble
from distil.image.errors import NoEngine
from distil.image.layer import write_layer
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.image import Compression, ContainerConfig
from distil.model.ledger import Kept, Ledger, Reason, Removed
from distil.model.node import Kind
from distil.model.origin import GeneratedOrigin
from distil.model.platform import AMD64
from distil.model.reference import parse_image_name, parse_location
from distil.model.tree import Tree
from tests.support.nodes import RULE, file

OTHER = GeneratedOrigin("other")
LEDGER = Ledger(
    (
        Kept("/a", Kind.FILE, 1, RULE, (Reason("import"),)),
        Kept("/b", Kind.FILE, 2, OTHER, (Reason("import"),)),
    ),
    (Removed("/c", "pkg:deb/debian/c@1", 3, "r", "why"), Removed("/d", "", 4, "r", "why")),
)


def test_the_twins_ledger_tells_of_what_tools_add_replace_and_bring_back() -> None:
    tools = Tree([file("/a", b"changed"), file("/b", b"new"), file("/c", b"back")])
    found = twin_ledger(LEDGER, tools)
    kept = {entry.path: entry for entry in found.kept}
    assert list(kept) == sorted(kept)
    assert (kept["/a"].size, kept["/a"].reasons[0].rule) == (7, "import")
    assert (kept["/b"].origin, kept["/b"].reasons[0].rule) == (RULE, "debug twin")
    assert kept["/c"].reasons[0].rule == "debug twin"
    assert [gone.path for gone in found.removed] == ["/d"]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def image(cache: Cache) -> Image:
    layer = write_layer(
        [file("/a", b"x")],
        compression=Compression.named("gzip"),
        mtime=0,
        cache=cache,
        created_by="test",
    )
    return assemble([layer], ContainerConfig(), platform=AMD64, created=0, annotations={})


@pytest.mark.parametrize("transport", ["docker-archive", "oci"])
def test_a_place_without_the_ledger_has_it_from_the_cache(
    cache: Cache, tmp_path: Path, transport: str
) -> None:
    made = image(cache)
    place = parse_location(f"{transport}:{tmp_path}/out")
    write(name_image(made, [parse_image_name("shop:1.0")], place, ""), place)
    name = "shop:1.0" if transport == "docker-archive" else "1.0"
    where = parse_location(f"{transport}:{tmp_path}/out:{name}")
    with pytest.raises(NoLedger):
        open_ledger(where, cache)
    record(made, LEDGER, cache)
    assert open_ledger(where, cache) == OpenedLedger(LEDGER, str(where), from_cache=True)
    with pytest.raises(NoLedger):
        open_ledger(where, Cache(tmp_path / "another"))


def test_an_engine_says_which_image_it_has(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is the cache's, by the image's ID."""
    place = parse_location("docker-daemon:shop:1.0")
    built = image(cache)
    record(built, LEDGER, cache)
    monkeypatch.setattr("distil.image.stores.engine.Docker.image_id", lambda _store: built.id)
    assert open_ledger(place, cache) == OpenedLedger(LEDGER, str(place), from_cache=True)
    with pytest.raises(NoLedger):
        open_ledger(place, Cache(tmp_path / "another"))


def test_an_engine_that_is_not_there(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NoEngine):
        open_ledger(parse_location("containers-storage:shop:1.0"), cache)
