"""A store that distil does not have: one class, one line in the table, and all of distil uses it.

It is a registry in memory, and as strict as one: a manifest is refused whose parts it has not got,
a tag is put last, artifacts are found by their subject, and what is read is a stream.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

import distil
from distil.cli import run
from distil.compose.publish import bind, destinations, publish
from distil.compose.record import open_ledger, record
from distil.explain.explain import Question
from distil.fetch.cache import Cache
from distil.image.assemble import assemble_index
from distil.image.errors import EngineFailed, ImageNotFound, PartlyWritten
from distil.image.naming import NamedImage, blobs_of, name_image
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.stores import Source, Store, StoreSettings
from distil.image.stores.table import STORES, store_to_read
from distil.image.write import Output, staged, write
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, MalformedImage
from distil.model.image import Descriptor, Index, Manifest, decode_document
from distil.model.ledger import Kept, Ledger, Reason
from distil.model.node import Kind
from distil.model.origin import GeneratedOrigin
from distil.model.platform import AMD64, ARM64
from distil.model.reference import Location, Transport, parse_image_name, parse_location
from distil.pipeline.check import check
from distil.pipeline.why import why
from tests.support.images import open_image, sample_image, twins

NAME = parse_image_name("registry.test/team/sample:1.0")
PLACE = parse_location(f"docker://{NAME}")
LEDGER = Ledger((Kept("/app", Kind.DIRECTORY, 0, GeneratedOrigin("x"), (Reason("test"),)),), ())


class Registry:
    """What the server of a registry has, and refuses."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[str, str] = {}
        self.has_certificate = True

    def check_spoken_to(self, settings: StoreSettings) -> None:
        """A registry without a certificate is spoken to only when that was said of its host."""
        assert self.has_certificate or "registry.test" in settings.insecure

    def put_manifest(self, media_type: str, data: bytes) -> None:
        if media_type.endswith("index.v1+json"):
            parts = decode_document(data, Index, "put").manifests
            assert all(part.digest in self.manifests for part in parts)
        else:
            manifest = decode_document(data, Manifest, "put")
            assert all(part.digest in self.blobs for part in (manifest.config, *manifest.layers))
        self.manifests[Digest.of(data)] = media_type, data

    def found(self, digest: str) -> bytes | None:
        return self.manifests.get(digest, ("", self.blobs.get(digest)))[1]


class Pulled(msgspec.Struct, frozen=True):
    """Bytes on their way from the registry, which may send others."""

    is_local: ClassVar[bool] = False
    registry: Registry
    digest: Digest
    size: int

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        data = self.registry.found(self.digest)
        hasher = hashlib.sha256()
        for start in range(0, len(data), 1000):
            hasher.update(data[start : start + 1000])
            yield data[start : start + 1000]
        if hasher.hexdigest() != self.digest.hex:
            raise CorruptContent("registry", self.digest)


class Repository(Store, Source):
    """An image in the registry: what a file in `image/stores` would hold."""

    is_remote = True

    def __init__(self, location: Location, settings: StoreSettings, registry: Registry) -> None:
        super().__init__(location, settings)
        self.where, self.registry = str(location), registry

    @contextlib.contextmanager
    def opened(self) -> Iterator[Source]:
        self.registry.check_spoken_to(self.settings)
        yield self

    def resolve(self) -> Descriptor:
        name = self.location.name
        digest = name.digest or self.registry.tags.get(name.familiar, "")
        if digest not in self.registry.manifests:
            raise ImageNotFound(self.where, name.tag or name.digest, [])
        media_type, data = self.registry.manifests[digest]
        return Descriptor(media_type, Digest(digest), len(data))

    def blob(self, descriptor: Descriptor) -> Pulled:
        if self.registry.found(descriptor.digest) is None:
            raise MalformedImage(self.called(descriptor), "missing")
        return Pulled(self.registry, descriptor.digest, descriptor.size)

    def referrers(self, subject: Digest, artifact_type: str) -> Iterator[Descriptor]:
        for digest, (media_type, data) in self.registry.manifests.items():
            document = msgspec.json.decode(data)
            about = document.get("subject", {}).get("digest")
            if (about, document.get("artifactType")) == (subject, artifact_type):
                yield Descriptor(media_type, Digest(digest), len(data))

    def address(self, image: NamedImage) -> Location:
        return Location(self.location.transport, name=image.name)

    @contextlib.contextmanager
    def put(self, images: Sequence[NamedImage]) -> Iterator[None]:
        self.registry.check_spoken_to(self.settings)
        wholes = [image.image for image in images]
        top = [whole.descriptor for whole in wholes]
        manifests = [one.descriptor for whole in wholes for one in whole.images] + top
        blobs = blobs_of(images)
        for digest in blobs.keys() - {manifest.digest for manifest in manifests}:
            self.registry.blobs[digest] = b"".join(blobs[digest].chunks())
        for manifest in manifests:
            self.registry.put_manifest(manifest.media_type, blobs[manifest.digest].read())
        yield
        for image, descriptor in zip(images, top, strict=True):
            self.registry.tags[image.name.familiar] = descriptor.digest


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()

    def repository(location: Location, settings: StoreSettings) -> Repository:
        return Repository(location, settings, made)

    monkeypatch.setitem(STORES, Transport.REGISTRY, repository)
    return made


def test_an_image_comes_back(cache: Cache, registry: Registry, tmp_path: Path) -> None:
    image = sample_image(cache)
    layout = parse_location(f"oci:{tmp_path}/out:1.0")
    printed = write(name_image(image, [NAME], PLACE), PLACE)
    write(name_image(image, [NAME], layout), layout)
    assert printed == [f"docker://{NAME}"]
    by_digest = parse_location(f"docker://registry.test/team/sample@{image.descriptor.digest}")
    expected = open_image(layout)
    for place in (parse_location(printed[0]), by_digest):
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
    where = destinations(str(NAME), [str(PLACE), f"oci:{tmp_path}/out"], load=False)
    where.check_platforms([AMD64, ARM64])
    assert where.engines == []
    made = []
    for platform in (AMD64, ARM64):
        image = sample_image(cache, platform=platform)
        made.append([(image, record(image, LEDGER, cache))])
    published = publish(where, NAME, bind(made))
    assert published.images[0].references[0] == f"docker://{NAME}"
    assert f"{NAME}.linux-arm64.ledger" in registry.tags
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
    where = destinations(str(NAME), [str(PLACE)], settings, load=False)
    image = sample_image(cache)
    publish(where, NAME, bind([[(image, record(image, LEDGER, cache))]]))
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
    assert found == {"image/stores/table.py", "model/reference.py"}
