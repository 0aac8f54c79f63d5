"""`distil inspect`: what the documents of an image say."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from distil.fetch.cache import Cache
from distil.image.artifact import BundledFile, attach, bundle
from distil.image.assemble import assemble, assemble_index
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.blob import InlineBlob
from distil.model.errors import MalformedImage
from distil.model.image import MEDIA_INDEX, MEDIA_MANIFEST, ContainerConfig
from distil.model.platform import AMD64, ARM64
from distil.model.reference import parse_image_name, parse_location
from distil.pipeline import inspect
from tests.support.hand_made import Layout
from tests.support.images import CONFIG, EPOCH, sample_image
from tests.support.spoken import Speaker, check_text

SNAPSHOTS = Path(__file__).with_name("snapshots")
SBOM = "application/spdx+json"


def written(kind: str, root: Path, cache: Cache, *platforms) -> str:
    """A sample image, or one for several platforms, in a place of `kind`."""
    location = parse_location(f"{kind}:{root}/image")
    images = [sample_image(cache, platform=platform) for platform in platforms or (AMD64,)]
    image = assemble_index(images) if len(images) > 1 else images[0]
    return write(name_image(image, [parse_image_name("sample:1.0")], location), location)[0]


def with_artifacts(root: Path, cache: Cache) -> Layout:
    """A layout written by hand: an image, two artifacts about it, one about another image."""
    layout = Layout(root / "layout")
    image = sample_image(cache)
    for part in (*image.contents(), *image.documents()):
        layout.add(part.blob.read())
    entries = [{**msgspec.to_builtins(image.descriptor, enc_hook=str), **named("1.0")}]
    other = sample_image(cache, platform=ARM64)
    for subject, kind in ((image, SBOM), (image, "application/x"), (other, SBOM)):
        artifact = attach(subject.descriptor, kind, b"{}" + kind.encode())
        for part in artifact.contents():
            layout.add(part.blob.read())
        # The second as other tools write it, without its type in the index.
        entry = layout.add(artifact.manifest.data)
        entries.append({**entry, "artifactType": SBOM} if kind == SBOM else entry)
    layout.index(*entries)
    return layout


def named(name: str) -> dict:
    return {"annotations": {"org.opencontainers.image.ref.name": name}}


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_image(speaker: Speaker, cache: Cache, tmp_path: Path, form: str) -> None:
    layout = with_artifacts(tmp_path, cache)
    said = speaker.text("inspect", f"oci:{layout.directory}:1.0", "--format", form)
    check_text(SNAPSHOTS / f"inspect-image-{form}.txt", said)


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_index(speaker: Speaker, cache: Cache, tmp_path: Path, form: str) -> None:
    image = written("oci", tmp_path, cache, AMD64, ARM64)
    said = speaker.text("inspect", image, "--format", form)
    check_text(SNAPSHOTS / f"inspect-index-{form}.txt", said)


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_artifact(speaker: Speaker, tmp_path: Path, form: str) -> None:
    layout = Layout(tmp_path / "layout")
    files = [
        BundledFile("model.bin", "application/x-model", InlineBlob.of(b"weights")),
        BundledFile("", "text/plain", InlineBlob.of(b"words")),
    ]
    artifact = bundle("application/vnd.test.model", files)
    layout.index({**layout.add(artifact.manifest.data), **named("1")})
    said = speaker.text("inspect", f"oci:{layout.directory}:1", "--format", form)
    check_text(SNAPSHOTS / f"inspect-artifact-{form}.txt", said)


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_from_every_place_it_is_the_same(cache: Cache, tmp_path: Path, kind: str) -> None:
    found = inspect(written(kind, tmp_path, cache))
    image = sample_image(cache)
    assert found.config == CONFIG
    assert [layer.digest for layer in found.layers] == [x.descriptor.digest for x in image.layers]
    assert [layer.command for layer in found.layers] == ["distil test"] * 2
    assert (found.platform, found.created) == ("linux/amd64", "2025-06-15T15:06:40Z")
    assert found.size == image.compressed_size + image.config.size


def test_the_exact_bytes(speaker: Speaker, cache: Cache, tmp_path: Path) -> None:
    place = written("oci", tmp_path, cache, AMD64, ARM64)
    amd64, arm64 = (sample_image(cache, platform=platform) for platform in (AMD64, ARM64))
    index = assemble_index([amd64, arm64])
    assert speaker.data("inspect", place, "--format", "raw") == index.document.data
    of_arm64 = ("inspect", place, "--platform", "arm64", "--format")
    assert speaker.data(*of_arm64, "raw") == arm64.manifest.data
    assert speaker.data(*of_arm64, "config") == arm64.config.data
    assert speaker.data("inspect", place, "--format", "config") in (
        amd64.config.data,
        arm64.config.data,
    )


def test_an_index_of_which_one_image_is_there(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    there = layout.add(layout.manifest(), platform={"architecture": "amd64", "os": "linux"})
    mainframe = {"architecture": "s390x", "os": "linux"}
    gone = {**there, "digest": f"sha256:{'0' * 64}", "platform": mainframe}
    layout.index(layout.add({"schemaVersion": 2, "manifests": [there, gone]}, MEDIA_INDEX))
    found = inspect(f"oci:{layout.directory}").platforms
    assert [(entry.platform, entry.size is None) for entry in found] == [
        ("linux/amd64", False),
        ("linux/s390x", True),
    ]


def test_nothing_of_an_image_is_printed_raw(speaker: Speaker, cache: Cache, tmp_path: Path) -> None:
    evil = "\x1b]0;evil\x07\x9b2J\u202e"
    config = ContainerConfig(
        user=evil, env=(f"A={evil}",), entrypoint=(evil,), labels={evil: evil}, working_dir=evil
    )
    image = assemble([], config, platform=AMD64, created=EPOCH, annotations={evil: evil})
    location = parse_location(f"oci:{tmp_path}/image")
    [place] = write(name_image(image, [parse_image_name("x:1")], location), location)
    for form in ("text", "json"):
        said = speaker.data("inspect", place, "--format", form).decode()
        assert not set("\x1b\x07\x9b\u202e") & set(said)
    assert json.loads(said)["description"]["config"]["User"] == evil


def test_what_is_no_image(speaker: Speaker, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.index(layout.add(b"{}", "application/vnd.docker.distribution.manifest.v1+json"))
    assert "is not an image" in speaker.error("inspect", f"oci:{layout.directory}")
    layout.index(layout.add(layout.manifest() | {"manifests": []}, MEDIA_MANIFEST))
    assert "both an index and a manifest" in speaker.error("inspect", f"oci:{layout.directory}")
    assert "no image layout" in speaker.error("inspect", f"oci:{tmp_path}/nothing")


def test_artifacts_without_end_are_refused(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distil.image.description.MOST_REFERRERS", 1)
    layout = with_artifacts(tmp_path, cache)
    with pytest.raises(MalformedImage, match="more than 1 artifacts"):
        inspect(f"oci:{layout.directory}:1.0")


def test_a_damaged_platform_is_not_a_missing_one(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    there = layout.add(layout.manifest(), platform={"architecture": "amd64", "os": "linux"})
    layout.index(layout.add({"schemaVersion": 2, "manifests": [there]}, MEDIA_INDEX))
    blob = layout.directory / "blobs/sha256" / there["digest"].partition(":")[2]
    blob.write_bytes(blob.read_bytes().replace(b"2", b"3"))
    with pytest.raises(MalformedImage, match="do not match"):
        inspect(f"oci:{layout.directory}")
