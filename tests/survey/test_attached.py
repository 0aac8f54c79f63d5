"""SBOMs about an image, in each of the ways in which others attach them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.image.artifact import attach
from distil.image.stores import NOTHING_SAID
from distil.image.stores.table import store_to_read
from distil.model.digest import Digest
from distil.model.image import MEDIA_INDEX, MEDIA_MANIFEST, Descriptor
from distil.model.reference import parse_location
from distil.survey.attached import BUNDLE, ENVELOPE, MOST, STATEMENT, VEX, attached_documents
from tests.support.hand_made import Layout
from tests.support.memory_registry import MemoryRegistry

SPDX = "https://spdx.dev/Document"
DOCUMENT = b'{"spdxVersion":"SPDX-2.3"}'


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


def statement(image: str, predicate_type: str = SPDX, predicate: bytes = DOCUMENT) -> bytes:
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": predicate_type,
            "subject": [{"name": "x", "digest": {"sha256": image.removeprefix("sha256:")}}],
            "predicate": json.loads(predicate),
        }
    ).encode()


def envelope(payload: bytes) -> bytes:
    text = base64.b64encode(payload).decode()
    return json.dumps({"payloadType": STATEMENT, "payload": text, "signatures": []}).encode()


def refer(layout: Layout, image: dict, media_type: str, data: bytes) -> dict:
    subject = Descriptor(MEDIA_MANIFEST, Digest(image["digest"]), image["size"])
    artifact = attach(subject, media_type, data)
    for part in artifact.contents():
        layout.add(part.blob.read())
    return {**layout.add(artifact.manifest.data), "artifactType": media_type}


def found(layout: Layout, image: dict, *sought) -> list[tuple[str, dict]]:
    digest = Descriptor(MEDIA_MANIFEST, Digest(image["digest"]), image["size"])
    with store_to_read(parse_location(f"oci:{layout.directory}:1")).opened() as source:
        told = attached_documents(source, digest, NOTHING_SAID, *sought)
        return [(one.found, json.loads(one.data)) for one in told]


def named(entry: dict) -> dict:
    return {**entry, "annotations": {"org.opencontainers.image.ref.name": "1"}}


@pytest.mark.parametrize(
    ("media_type", "wrap"),
    [
        ("application/spdx+json", lambda _: DOCUMENT),
        ("application/vnd.cyclonedx+json", lambda _: DOCUMENT),
        (STATEMENT, statement),
        (ENVELOPE, lambda digest: envelope(statement(digest))),
    ],
)
def test_a_referrer(layout: Layout, media_type: str, wrap) -> None:
    image = layout.add(layout.manifest())
    about = refer(layout, image, media_type, wrap(image["digest"]))
    layout.index(named(image), about)
    assert found(layout, image) == [("referrer", json.loads(DOCUMENT))]


@pytest.mark.parametrize(
    "data",
    [
        statement("sha256:" + "0" * 64),
        statement("PLACE", "https://slsa.dev/provenance/v1"),
        b"{}",
        b"no JSON",
        b"[" * 100_000,
        b'{"predicateType": 3}',
    ],
)
@pytest.mark.parametrize("media_type", [STATEMENT, ENVELOPE])
def test_what_is_none(layout: Layout, data: bytes, media_type: str) -> None:
    image = layout.add(layout.manifest())
    data = data.replace(b"PLACE", image["digest"].removeprefix("sha256:").encode())
    data = envelope(data) if media_type == ENVELOPE else data
    layout.index(named(image), refer(layout, image, media_type, data))
    assert found(layout, image) == []


def test_an_envelope_of_no_base64(layout: Layout) -> None:
    image = layout.add(layout.manifest())
    layout.index(named(image), refer(layout, image, ENVELOPE, b'{"payload": "\\u00fc"}'))
    assert found(layout, image) == []


def test_a_referrer_of_another_image(layout: Layout) -> None:
    image, other = layout.add(layout.manifest()), layout.add(layout.manifest(annotations={"a": ""}))
    about = refer(layout, other, "application/spdx+json", DOCUMENT)
    layout.index(named(image), about)
    assert found(layout, image) == []


def test_as_buildkit_attaches_it(layout: Layout) -> None:
    image = layout.add(layout.manifest())
    content = layout.add(statement(image["digest"]), STATEMENT)
    content["annotations"] = {"in-toto.io/predicate-type": SPDX}
    provenance = layout.add(statement(image["digest"], "https://slsa.dev/provenance/v1"), STATEMENT)
    provenance["annotations"] = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}
    attestation = {
        **layout.add(layout.manifest(layers=[content, provenance])),
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image["digest"],
        },
    }
    here = {**image, "platform": {"os": "linux", "architecture": "amd64"}}
    index = layout.add({"schemaVersion": 2, "manifests": [here, attestation]}, MEDIA_INDEX)
    layout.index(named(index))
    assert found(layout, image) == [("attestation in the index", json.loads(DOCUMENT))]


def test_so_many_and_no_more(layout: Layout) -> None:
    image = layout.add(layout.manifest())
    entries = [
        refer(layout, image, "application/spdx+json", json.dumps({"n": n}).encode())
        for n in range(MOST + 3)
    ]
    layout.index(named(image), *entries)
    assert len(found(layout, image)) == MOST


def test_the_same_document_twice_is_one(layout: Layout) -> None:
    image = layout.add(layout.manifest())
    bare = refer(layout, image, "application/spdx+json", DOCUMENT)
    layout.index(named(image), bare, bare)
    assert len(found(layout, image)) == 1


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryRegistry]:
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "own"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    made = MemoryRegistry()
    with made.serve():
        yield made


def test_in_a_registry(registry: MemoryRegistry) -> None:
    """As a referrer whose type the artifact alone has, and under cosign's tag, in no other way."""
    image = registry.add_image("app", "1")
    registry.add_referrer("app", image, DOCUMENT, "application/spdx+json")
    registry.add_referrer("app", image, b"{}", "application/vnd.example.signature")
    other = b'{"bomFormat":"CycloneDX"}'
    layer = registry.add_blob("app", other, "application/vnd.cyclonedx+json")
    config = registry.add_blob("app", b"{}", "application/vnd.oci.image.config.v1+json")
    document = {"schemaVersion": 2, "mediaType": MEDIA_MANIFEST, "config": config}
    tag = f"{image['digest'].replace(':', '-')}.sbom"
    registry.add_manifest("app", {**document, "layers": [layer]}, tag)
    place = parse_location(f"docker://{registry.place}/app:1")
    descriptor = Descriptor(MEDIA_MANIFEST, Digest(image["digest"]), image["size"])
    with store_to_read(place).opened() as source:
        told = list(attached_documents(source, descriptor, NOTHING_SAID))
    assert [(one.found, one.data) for one in told] == [("referrer", DOCUMENT), ("tag", other)]


def test_what_others_attached_and_broke_costs_no_more_than_itself(layout: Layout) -> None:
    image = layout.add(layout.manifest())
    about = refer(layout, image, "application/spdx+json", DOCUMENT)
    kind = {"artifactType": "application/spdx+json"}
    broken = layout.add(
        {"schemaVersion": 2, "subject": image, "layers": "no list"}, MEDIA_MANIFEST, **kind
    )
    other = refer(layout, image, "application/vnd.cyclonedx+json", b"{}")
    (layout.directory / "blobs/sha256" / Digest.of(b"{}").hex).write_bytes(b"[]")
    layout.index(named(image), broken, other, about)
    assert found(layout, image) == [("referrer", json.loads(DOCUMENT))]


VEX_BUNDLE = f"{BUNDLE}.v0.3+json"
OPENVEX = "https://openvex.dev/ns/v0.2.0"


def bundle(payload: bytes) -> bytes:
    dsse = {"payload": base64.b64encode(payload).decode(), "payloadType": STATEMENT}
    return json.dumps({"mediaType": VEX_BUNDLE, "dsseEnvelope": dsse}).encode()


@pytest.mark.parametrize(
    ("media_type", "wrap"),
    [
        ("application/vnd.openvex+json", lambda _: DOCUMENT),
        ("application/vnd.cyclonedx+json", lambda _: DOCUMENT),
        (STATEMENT, lambda digest: statement(digest, OPENVEX)),
        (ENVELOPE, lambda digest: envelope(statement(digest, OPENVEX))),
        (VEX_BUNDLE, lambda digest: bundle(statement(digest, OPENVEX))),
    ],
)
def test_vex_as_a_referrer(layout: Layout, media_type: str, wrap) -> None:
    image = layout.add(layout.manifest())
    about = refer(layout, image, media_type, wrap(image["digest"]))
    layout.index(named(image), about)
    assert found(layout, image, VEX) == [("referrer", json.loads(DOCUMENT))]


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("application/spdx+json", DOCUMENT),
        ("application/vnd.cyclonedx+json", b"[" + b" " * (1 << 20) + b"]"),
        (VEX_BUNDLE, bundle(statement("0" * 64, OPENVEX))),
        (VEX_BUNDLE, b"{"),
    ],
)
def test_what_is_no_vex_about_the_image(layout: Layout, media_type: str, data: bytes) -> None:
    image = layout.add(layout.manifest())
    layout.index(named(image), refer(layout, image, media_type, data))
    assert found(layout, image, VEX) == []
