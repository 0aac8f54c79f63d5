"""Copies: of the same bytes wherever they go, whole or not at all."""

from __future__ import annotations

import gzip
import itertools
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from distil.cli import run
from distil.errors import DistilError
from distil.fetch.cache import Cache
from distil.image.artifact import attach
from distil.image.assemble import assemble_index
from distil.image.copying import MAX_DOCUMENTS
from distil.image.errors import (
    ForeignLayer,
    ImageNotFound,
    IncompleteIndex,
    NotCopied,
    PlatformNotFound,
    UnsupportedDestination,
)
from distil.image.naming import NamedImage, name_image, unnamed
from distil.image.read import find_artifact
from distil.image.stores.table import store_to_read
from distil.image.write import write
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, MalformedImage
from distil.model.image import (
    DOCKER_CONFIG,
    DOCKER_INDEX,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    MEDIA_INDEX,
    MEDIA_LAYER,
    Descriptor,
)
from distil.model.platform import AMD64, ARM64
from distil.model.reference import parse_image_name, parse_location
from distil.pipeline import CopyRequest, CopySummary, copy
from tests.image.test_write import files_below, index_names
from tests.support import deb_builder
from tests.support.deb_builder import tar
from tests.support.hand_made import Layout
from tests.support.images import layer, open_image, sample_image
from tests.support.nodes import file
from tests.support.tools import tool
from tests.support.toy_registry import Registry, installed

NAME = parse_image_name("registry.test/team/sample:1.0")
PLACE = parse_location(str(NAME))
PLACES = (
    "oci:{}/layout:1.0",
    "oci-archive:{}/archive.tar:1.0",
    "docker://registry.test/team/sample:1.0",
)
SBOM = "application/vnd.test.sbom"
SIGNATURE = "application/vnd.test.signature"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    return installed(monkeypatch)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path_factory.mktemp("own")))
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


def copied(source: str, destination: str, **how: Any) -> CopySummary:
    return copy(CopyRequest(source=source, destination=destination, **how))


def put(cache: Cache, place: str) -> NamedImage:
    """An image for two platforms, an SBOM about one, and a signature of that SBOM."""
    images = [sample_image(cache, platform=platform) for platform in (AMD64, ARM64)]
    index = NamedImage(assemble_index(images), NAME)
    sbom = attach(images[1].descriptor, SBOM, b"arm64 has this")
    signature = attach(sbom.descriptor, SIGNATURE, b"truly")
    write([index, unnamed(sbom, NAME), unnamed(signature, NAME)], parse_location(place))
    return index


def meant(place: str) -> Descriptor:
    with store_to_read(parse_location(place)).opened() as source:
        return source.resolve()


def said_of(place: str, subject: Digest, kind: str) -> bytes | None:
    with store_to_read(parse_location(place)).opened() as source:
        return find_artifact(source, subject, kind)


@pytest.mark.parametrize(("origin", "target"), list(itertools.permutations(PLACES, 2)))
def test_all_of_it_goes_anywhere(
    cache: Cache, registry: Registry, tmp_path: Path, origin: str, target: str
) -> None:
    origin, target = origin.format(tmp_path), target.format(tmp_path)
    index = put(cache, origin)
    registry_before = dict(registry.tags)
    done = copied(origin, target, all_platforms=True, referrers=True)
    assert (done.digest, done.artifacts, done.is_new_index) == (
        index.image.descriptor.digest,
        2,
        False,
    )
    assert done.platforms == ("linux/amd64", "linux/arm64")
    assert meant(target).digest == meant(origin).digest
    assert meant(done.reference).digest == done.digest
    arm64 = index.image.images[1].descriptor.digest
    assert said_of(target, arm64, SBOM) == b"arm64 has this"
    sbom = attach(index.image.images[1].descriptor, SBOM, b"arm64 has this").descriptor.digest
    assert said_of(target, sbom, SIGNATURE) == b"truly"
    assert open_image(parse_location(target), ARM64).descriptor.digest == arm64
    assert registry.tags.keys() - registry_before.keys() <= {str(NAME)}


def test_one_platform_by_default(cache: Cache, registry: Registry, tmp_path: Path) -> None:
    index = put(cache, PLACES[2])
    amd64, arm64 = (image.descriptor.digest for image in index.image.images)
    assert copied(str(NAME), f"oci:{tmp_path}/a").digest == amd64
    assert index_names(tmp_path / "a") == ["1.0"]
    chosen = copied(str(NAME), f"oci:{tmp_path}/a:arm", platforms=("arm64",), referrers=True)
    assert (chosen.digest, chosen.artifacts) == (arm64, 2)
    assert meant(f"oci:{tmp_path}/a:arm").digest == arm64
    with pytest.raises(PlatformNotFound, match="linux/s390x"):
        copied(str(NAME), f"oci:{tmp_path}/b", platforms=("linux/s390x",))
    with pytest.raises(PlatformNotFound, match="linux/arm64"):
        copied(f"oci:{tmp_path}/a:1.0", f"oci:{tmp_path}/b", platforms=("arm64",))
    assert not (tmp_path / "b").exists()


def test_some_platforms_make_a_new_index(cache: Cache, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "in")

    def image(architecture: str) -> dict:
        config = {
            "architecture": architecture,
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": []},
        }
        manifest = layout.manifest(layout.add(config, "application/vnd.oci.image.config.v1+json"))
        return layout.add(
            manifest, platform={"architecture": architecture, "os": "linux"}, urls=["x"]
        )

    images = [image(architecture) for architecture in ("amd64", "arm64", "s390x")]
    about = {"vnd.docker.reference.digest": images[2]["digest"]}
    attestation = layout.add(
        layout.manifest(annotations={"x": "y"}),
        platform={"architecture": "unknown", "os": "unknown"},
        annotations=about,
    )
    document = {"schemaVersion": 2, "mediaType": MEDIA_INDEX, "annotations": {"a": "b"}, "kept": 1}
    inner = layout.add({**document, "manifests": images[1:]}, MEDIA_INDEX)
    outer = {**document, "manifests": [images[0], inner, attestation]}
    layout.index(layout.add(outer, MEDIA_INDEX))
    done = copied(f"oci:{tmp_path}/in", f"oci:{tmp_path}/out:x", platforms=("amd64,linux/s390x",))
    assert done.is_new_index
    path = tmp_path / "out/blobs/sha256" / done.digest.hex
    found = json.loads(path.read_bytes())
    assert found == {**document, "manifests": [images[0], images[2], attestation]}
    whole = copied(f"oci:{tmp_path}/in", f"oci:{tmp_path}/out:all", all_platforms=True)
    assert (whole.digest, whole.is_new_index) == (meant(f"oci:{tmp_path}/in").digest, False)


def docker_list(layout: Layout) -> dict:
    """What Docker pushed before OCI: a list of one manifest, with its own media types."""
    data = b"not looked into"
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layout.add(data)["digest"]]},
    }
    manifest = layout.manifest(
        layout.add(config, DOCKER_CONFIG),
        layout.add(data, f"{DOCKER_LAYER}.gzip"),
        mediaType=DOCKER_MANIFEST,
    )
    platform = {"architecture": "amd64", "os": "linux"}
    entry = layout.add(manifest, DOCKER_MANIFEST, platform=platform)
    document = {"schemaVersion": 2, "mediaType": DOCKER_INDEX, "manifests": [entry]}
    return layout.add(json.dumps(document, indent=3).encode(), DOCKER_INDEX)


def test_docker_s_own_form_is_kept(registry: Registry, tmp_path: Path) -> None:
    entry = docker_list(layout := Layout(tmp_path / "in"))
    layout.index(entry)
    places = [f"oci:{tmp_path}/in", "registry.test/x", f"oci-archive:{tmp_path}/x.tar:y"]
    for origin, target in itertools.pairwise(places):
        done = copied(origin, target, all_platforms=True)
        assert (done.digest, meant(target).media_type) == (entry["digest"], DOCKER_INDEX)
    assert registry.tags.keys() == {"registry.test/x:latest"}
    single = copied(places[-1], f"docker-archive:{tmp_path}/d.tar:a/b:c")
    assert meant(f"oci-archive:{tmp_path}/d.tar").digest == single.digest
    assert open_image(parse_location(single.reference)).platform == "linux/amd64"


NAMES = {
    "the source's tag": ("registry.test/team/sample:1.0", "oci:{}/x", "oci:{}/x:1.0"),
    "a tag": ("registry.test/team/sample:1.0", "oci:{}/x:2", "oci:{}/x:2"),
    "the source's name": (
        "registry.test/team/sample:1.0",
        "docker-archive:{}/x.tar",
        "docker-archive:{}/x.tar:registry.test/team/sample:1.0",
    ),
    "a name from within": (
        "oci:{}/layout",
        "docker-archive:{}/x.tar",
        "docker-archive:{}/x.tar:registry.test/team/sample:1.0",
    ),
    "a digest": ("registry.test/team/sample@DIGEST", "oci:{}/x", "oci:{}/x:latest"),
    "no tag": ("oci:{}/layout", "registry.test/a", "registry.test/a@DIGEST"),
    "a digest for a digest": ("oci:{}/layout", "registry.test/b@DIGEST", "registry.test/b@DIGEST"),
}


@pytest.mark.parametrize("case", NAMES)
def test_what_a_copy_is_called(cache: Cache, registry: Registry, tmp_path: Path, case: str) -> None:
    image = sample_image(cache)
    for place in (f"oci:{tmp_path}/layout", PLACES[2]):
        write(name_image(image, [NAME], parse_location(place)), parse_location(place))
    digest = str(image.descriptor.digest)
    origin, target, expected = (
        text.format(tmp_path).replace("DIGEST", digest) for text in NAMES[case]
    )
    assert copied(origin, target).reference == expected
    # An archive for Docker has no digests: its manifest is made from what is there.
    assert (meant(expected).digest == digest) == ("docker-archive" not in expected)
    assert "registry.test/b:latest" not in registry.tags


def test_what_is_there_already_is_not_sent(
    cache: Cache, registry: Registry, tmp_path: Path
) -> None:
    index = put(cache, f"oci:{tmp_path}/layout:1.0")
    copied(f"oci:{tmp_path}/layout:1.0", str(NAME))
    first = len(registry.sent)
    copied(f"oci:{tmp_path}/layout:1.0", "registry.test/team/sample:again")
    assert len(registry.sent) == first > 0
    before = files_below(tmp_path / "layout")
    registry.read.clear()
    copied(str(NAME), f"oci:{tmp_path}/layout:copy")
    after = files_below(tmp_path / "layout")
    assert {name for name in after if after[name] != before.get(name)} == {"index.json"}
    assert not {image.layers[0].descriptor.digest for image in index.image.images} & {
        *registry.read
    }


REFUSED: dict[str, tuple[str, dict[str, Any], type[DistilError], str]] = {
    "several platforms for one": (
        "docker-archive:{}/x.tar:a:b",
        {"all_platforms": True},
        UnsupportedDestination,
        "one platform",
    ),
    "artifacts for one": (
        "docker-archive:{}/x.tar:a:b",
        {"platforms": ("arm64",), "referrers": True},
        UnsupportedDestination,
        "no artifacts",
    ),
    "another digest": (
        f"registry.test/x@sha256:{'0' * 64}",
        {},
        UnsupportedDestination,
        "the image's digest is sha256:",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_place_holds(cache: Cache, registry: Registry, tmp_path: Path, case: str) -> None:
    target, how, error, message = REFUSED[case]
    put(cache, f"oci:{tmp_path}/in:1.0")
    with pytest.raises(error, match=message):
        copied(f"oci:{tmp_path}/in:1.0", target.format(tmp_path), **how)
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == ["in"]
    assert registry.tags == {}


def _without_an_entry(layout: Layout) -> None:
    gone = layout.add(layout.manifest(annotations={"gone": "1"}))
    (layout.directory / "blobs/sha256" / gone["digest"].hex).unlink()
    entries = [layout.add(layout.manifest()), gone]
    layout.index(layout.add({"schemaVersion": 2, "manifests": entries}, MEDIA_INDEX))


def _nested(layout: Layout) -> None:
    entry = layout.add(layout.manifest())
    for _ in range(6):
        entry = layout.add({"schemaVersion": 2, "manifests": [entry]}, MEDIA_INDEX)
    layout.index(entry)


def _endless(layout: Layout) -> None:
    entries = [
        layout.add(layout.manifest(annotations={"number": str(number)}))
        for number in range(MAX_DOCUMENTS)
    ]
    layout.index(layout.add({"schemaVersion": 2, "manifests": entries}, MEDIA_INDEX))


def _foreign(layout: Layout) -> None:
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    layout.index(layout.add(layout.manifest(layout.config(), layout.add(b"x", kind))))


def _signed_schema_1(layout: Layout) -> None:
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    layout.index(layout.add({"schemaVersion": 1}, kind))


def _without_a_layer(layout: Layout) -> None:
    layout.image((b"data", ""))
    (layout.directory / "blobs/sha256" / layout.add(b"data")["digest"].hex).unlink()


def _another_size(layout: Layout) -> None:
    config = layout.config()
    configs = [config, config | {"size": config["size"] + 1}]
    entries = [layout.add(layout.manifest(config)) for config in configs]
    layout.index(layout.add({"schemaVersion": 2, "manifests": entries}, MEDIA_INDEX))


BROKEN = {
    _without_an_entry: (IncompleteIndex, "which cannot be had: .* missing"),
    _nested: (MalformedImage, "indexes in each other"),
    _endless: (NotCopied, "more than 1000 documents"),
    _foreign: (ForeignLayer, "is a foreign one"),
    _signed_schema_1: (NotCopied, "is no manifest"),
    _another_size: (MalformedImage, "its descriptor says"),
    _without_a_layer: (MalformedImage, "missing"),
}


@pytest.mark.parametrize("made", BROKEN)
def test_what_cannot_be_copied(tmp_path: Path, made) -> None:
    made(Layout(tmp_path / "in"))
    error, message = BROKEN[made]
    with pytest.raises(error, match=message):
        copied(f"oci:{tmp_path}/in", f"oci:{tmp_path}/out", all_platforms=True)
    assert not (tmp_path / "out").exists()


def test_what_is_damaged_does_not_arrive(cache: Cache, registry: Registry, tmp_path: Path) -> None:
    image = put(cache, PLACES[2]).image.images[0]
    layer = image.layers[0].descriptor.digest
    registry.blobs[layer] = bytes(len(registry.blobs[layer]))
    with pytest.raises(DistilError, match="digest"):
        copied(str(NAME), f"oci:{tmp_path}/out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(ImageNotFound):
        copied("registry.test/team/sample:2.0", f"oci:{tmp_path}/out")


def test_an_artifact_alone(cache: Cache, registry: Registry, tmp_path: Path) -> None:
    artifact = attach(sample_image(cache).descriptor, SBOM, b"content")
    place = parse_location(str(NAME))
    write([NamedImage(artifact, NAME)], place)
    done = copied(str(NAME), f"oci:{tmp_path}/out")
    assert (done.digest, done.platforms) == (artifact.descriptor.digest, ())
    assert meant(f"oci:{tmp_path}/out:1.0").artifact_type == SBOM
    with pytest.raises(UnsupportedDestination):
        copied(str(NAME), f"docker-archive:{tmp_path}/out.tar")


def test_the_verb(
    cache: Cache, registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = put(cache, PLACES[2])
    assert run(["copy", str(NAME), f"oci:{tmp_path}/out", "--platform", "amd64,arm64"]) == 0
    out, err = capsys.readouterr()
    assert out == f"oci:{tmp_path}/out:1.0\n"
    assert f"copied linux/amd64, linux/arm64: {index.image.descriptor.digest}\n" in err
    images = [sample_image(cache, platform=platform) for platform in (AMD64, ARM64)]
    three = NamedImage(assemble_index([*images, sample_image(cache, layer(cache, []))]), NAME)
    write([three], PLACE)
    assert run(["copy", str(NAME), f"oci:{tmp_path}/out", "--platform", "amd64,arm64"]) == 0
    assert "a new index was made" in capsys.readouterr().err
    put(cache, PLACES[2])
    everything = ["--all-platforms", "--referrers"]
    assert run(["copy", str(NAME), "registry.test/other", *everything]) == 0
    out, err = capsys.readouterr()
    assert out == f"registry.test/other@{index.image.descriptor.digest}\n"
    assert "2 artifacts about it" in err
    assert run(["copy", "oci:a", "oci:b", "--platform", "arm64", "--all-platforms"]) == 2


def test_skopeo_finds_the_same(tmp_path: Path) -> None:
    """In archives and layouts; Docker's own form it does not look for in these."""
    layout = Layout(tmp_path / "in")
    layout.image((b"", ""))
    places = [f"oci:{tmp_path}/in", f"oci-archive:{tmp_path}/a.tar:x", f"oci:{tmp_path}/out:y"]
    for origin, target in itertools.pairwise(places):
        done = copied(origin, target)
        command = [tool("skopeo"), "inspect", "--raw", target]
        raw = subprocess.run(command, check=True, capture_output=True).stdout
        assert Digest.of(raw) == done.digest


def test_blobs_from_afar_come_side_by_side(
    cache: Cache, registry: Registry, tmp_path: Path
) -> None:
    """Two layers that each wait for the other to have begun both arrive."""
    index = put(cache, PLACES[2])
    together = threading.Barrier(2, timeout=30)
    layers = {layer.descriptor.digest for layer in index.image.images[0].layers}

    def meet(digest: Digest) -> None:
        if digest in layers:
            together.wait()

    registry.before_read = meet
    copied(str(NAME), f"oci:{tmp_path}/out")
    assert meant(f"oci:{tmp_path}/out:1.0").digest == index.image.images[0].descriptor.digest


@pytest.mark.parametrize("there", [False, True], ids=["a new layout", "one that is there"])
def test_one_that_fails_ends_all(
    cache: Cache, registry: Registry, tmp_path: Path, there: bool
) -> None:
    """The layout is as it was; what had begun is given up, and leaves nothing."""
    if there:
        put(cache, f"oci:{tmp_path}/out:other")
    more = sample_image(cache, layer(cache, [file("/more", b"more")]))
    place = parse_location(f"{NAME}-more")
    write(name_image(more, [place.name], place), place)
    before = files_below(tmp_path / "out") if there else {}
    failing = more.layers[-1].descriptor.digest
    registry.blobs[failing] = bytes(len(registry.blobs[failing]))
    with pytest.raises(CorruptContent):
        copied(f"{NAME}-more", f"oci:{tmp_path}/out:x")
    assert (files_below(tmp_path / "out") if there else {}) == before
    assert (tmp_path / "out").exists() == there


def test_what_an_engine_gave_out_is_compressed(registry: Registry, tmp_path: Path) -> None:
    """Bare layers, as engines save them: compressed for places with digests, once."""
    layout = Layout(tmp_path / "in")
    contents = tar([deb_builder.file("file", b"much of the same " * 10_000)])
    layout.image((contents, ""), (gzip.compress(tar([deb_builder.file("b")]), mtime=0), "+gzip"))
    saved = f"docker-archive:{tmp_path}/saved.tar:a/b:1"
    copied(f"oci:{tmp_path}/in", saved)
    first = copied(saved, "registry.test/x")
    image, before = open_image(parse_location("registry.test/x")), open_image(parse_location(saved))
    assert (image.manifest.config, image.config) == (before.manifest.config, before.config)
    types = [layer.descriptor.media_type for layer in image.layers]
    assert types == [f"{MEDIA_LAYER}+gzip"] * 2
    assert image.layers[0].descriptor.size < len(contents) / 10
    assert gzip.decompress(image.layers[0].blob.read()) == contents
    again = copied(saved, f"oci:{tmp_path}/out")
    assert (again.reference, again.digest) == (f"oci:{tmp_path}/out:1", first.digest)
    # Engines take them as they are.
    as_it_is = copied(saved, f"docker-archive:{tmp_path}/other.tar")
    assert open_image(parse_location(as_it_is.reference)).layers[0].blob.read() == contents


def test_a_bare_layer_that_is_another_one(tmp_path: Path, registry: Registry) -> None:
    layout = Layout(tmp_path / "in")
    layout.image((tar([deb_builder.file("a", b"1")]), ""), diff_ids=(Digest.of(b"another"),))
    copied(f"oci:{tmp_path}/in", f"docker-archive:{tmp_path}/saved.tar:a:b")
    with pytest.raises(MalformedImage, match="its bytes are others"):
        copied(f"docker-archive:{tmp_path}/saved.tar:a:b", "registry.test/x")
    assert registry.tags == {}
