"""A store that distil has not: one class, one line in the table, and all of distil uses it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import distil
from distil.cli import run
from distil.compose.ledgers import open_ledger
from distil.compose.publish import bind, destinations, publish
from distil.compose.record import record
from distil.explain.explain import Question
from distil.fetch.cache import Cache
from distil.image.assemble import assemble_index
from distil.image.errors import EngineFailed, ImageNotFound, PartlyWritten
from distil.image.naming import name_image
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.stores import StoreSettings
from distil.image.stores.table import store_to_read
from distil.image.write import Output, staged, write
from distil.model.errors import MalformedImage
from distil.model.ledger import Kept, Ledger, Reason
from distil.model.node import Kind
from distil.model.origin import GeneratedOrigin
from distil.model.platform import AMD64, ARM64
from distil.model.reference import parse_image_name, parse_location
from distil.pipeline.check import check
from distil.pipeline.why import why
from tests.support.images import open_image, sample_image, twins
from tests.support.toy_registry import Registry, installed

NAME = parse_image_name("registry.test/team/sample:1.0")
PLACE = parse_location(f"docker://{NAME}")
LEDGER = Ledger((Kept("/app", Kind.DIRECTORY, 0, GeneratedOrigin("x"), (Reason("test"),)),), ())


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    return installed(monkeypatch)


def test_an_image_comes_back(cache: Cache, registry: Registry, tmp_path: Path) -> None:
    image = sample_image(cache)
    layout = parse_location(f"oci:{tmp_path}/out:1.0")
    printed = write(name_image(image, [NAME], PLACE), PLACE)
    write(name_image(image, [NAME], layout), layout)
    assert printed == [f"registry.test/team/sample@{image.descriptor.digest}"]
    expected = open_image(layout)
    for place in (parse_location(printed[0]), PLACE):
        found = open_image(place)
        assert found.descriptor.digest == expected.descriptor.digest
        assert (found.manifest, found.config) == (expected.manifest, expected.config)
        assert list(read_tree(found.layers, cache)) == list(read_tree(expected.layers, cache))
    with pytest.raises(ImageNotFound, match=r"2\.0"):
        open_image(parse_location("docker://registry.test/team/sample:2.0"))


def test_several_platforms(cache: Cache, registry: Registry) -> None:
    images = [sample_image(cache, platform=platform) for platform in (AMD64, ARM64)]
    write(name_image(assemble_index(images), [NAME], PLACE), PLACE)
    for image, platform in zip(images, (AMD64, ARM64), strict=True):
        found = open_image(PLACE, platform)
        assert found.descriptor.digest == image.descriptor.digest
        assert found.is_of_several


def test_publishing_with_ledgers(cache: Cache, registry: Registry, tmp_path: Path) -> None:
    """Places are checked, images named, ledgers put beside them and found again, without cache."""
    where = destinations([str(NAME)], [str(PLACE), f"oci:{tmp_path}/out"], load=False)
    where.check_platforms([AMD64, ARM64])
    assert where.engines == []
    made = []
    for platform in (AMD64, ARM64):
        image = sample_image(cache, platform=platform)
        made.append([(image, record(image, LEDGER, cache))])
    published = publish(where, [NAME], bind(made))
    digest = published.images[0].image.descriptor.digest
    assert published.images[0].references[0] == f"registry.test/team/sample@{digest}"
    assert registry.tags.keys() == {str(NAME)}
    opened = open_ledger(PLACE, Cache(tmp_path / "another"), ARM64)
    assert opened.ledger == LEDGER
    assert (opened.image, opened.from_cache) == (f"docker://{NAME} (linux/arm64)", False)


def test_a_verb_reads_from_it(
    cache: Cache, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "own"))
    write(name_image(sample_image(cache), [NAME], PLACE), PLACE)
    assert check(str(PLACE)).platform == "linux/amd64"


def test_what_is_said_of_a_host_reaches_it(
    cache: Cache, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "own"))
    registry.has_certificate = False
    settings = StoreSettings(insecure=frozenset({"registry.test"}))
    where = destinations([str(NAME)], [str(PLACE)], settings, load=False)
    image = sample_image(cache)
    publish(where, [NAME], bind([[(image, record(image, LEDGER, cache))]]))
    question = Question(path="/app")
    assert not why(str(PLACE), question, settings=settings, verify=True).from_cache
    said = StoreSettings(insecure=frozenset({"registry.other"}))
    with pytest.raises(AssertionError):
        check(str(PLACE), settings=said)


@pytest.mark.parametrize("verb", ["check", "why", "build"])
@pytest.mark.parametrize("host", ["https://registry.test", "registry.test/team", "registry", ""])
def test_a_host_is_written_as_in_names(
    capsys: pytest.CaptureFixture[str], verb: str, host: str
) -> None:
    assert run([verb, "oci:somewhere", "--insecure", host]) == 2
    assert "HOST:PORT" in capsys.readouterr().err


@pytest.mark.parametrize("late", [False, True], ids=["before names", "between names"])
def test_all_places_or_none(cache: Cache, registry: Registry, tmp_path: Path, late: bool) -> None:
    """Nothing has its name while another place can still refuse; what got it by then is told."""
    layout = parse_location(f"oci:{tmp_path}/out")
    archive = parse_location(f"oci-archive:{tmp_path}/a.tar")
    outputs = [Output(twins(cache, place), place) for place in (PLACE, layout, archive)]

    def write_all() -> None:
        with staged(outputs) as done:
            assert (registry.tags, done) == ({}, [])
            assert registry.manifests
            if not late:
                raise EngineFailed("docker", "no")
            (tmp_path / "out").write_text("somebody else's")

    with pytest.raises(PartlyWritten if late else EngineFailed) as caught:
        write_all()
    assert registry.tags == {}
    assert not (tmp_path / "out").is_dir()
    assert (tmp_path / "a.tar").exists() == late
    assert (f"oci-archive:{tmp_path}/a.tar" in str(caught.value)) == late


@pytest.mark.parametrize("part", ["manifest", "config", "layer", "missing"])
def test_what_it_sends_is_checked(cache: Cache, registry: Registry, part: str) -> None:
    image = sample_image(cache)
    write(name_image(image, [NAME], PLACE), PLACE)
    digest = {
        "manifest": image.descriptor.digest,
        "config": image.config.digest,
    }.get(part, image.layers[0].descriptor.digest)
    if part == "missing":
        del registry.blobs[digest]
    elif part == "manifest":
        media_type, data = registry.manifests[digest]
        registry.manifests[digest] = media_type, data.replace(b"2", b"3")
    else:
        registry.blobs[digest] = registry.blobs[image.layers[1].descriptor.digest]
    with pytest.raises(MalformedImage), store_to_read(PLACE).opened() as source:
        read_tree(read_image(source).layers, Cache(cache.root / "another"))


def test_nobody_else_asks_which_kind_of_place_it_is() -> None:
    asks = re.compile(r"transport (?:is|in|not|==|!=) |match \S*transport")
    root = Path(distil.__file__).parent
    found = {
        str(path.relative_to(root)) for path in root.rglob("*.py") if asks.search(path.read_text())
    }
    assert found == {"model/reference.py"}
