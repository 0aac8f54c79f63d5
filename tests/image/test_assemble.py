"""The documents of an image."""

from __future__ import annotations

import json

from distil.image.assemble import assemble, assemble_index
from distil.model.digest import Digest
from distil.model.image import ContainerConfig, ImageConfig, Index, Manifest, decode_document
from distil.model.platform import AMD64, ARM64
from tests.support.images import CONFIG, EPOCH, layer, sample_image
from tests.support.nodes import file


def test_the_documents_of_an_image_are_pinned(cache):
    image = sample_image(cache)
    assert image.id == "sha256:3490ba72591d4d9eb7520f9b3f82c5dbfe3ed5a74ce3b18ee46edd478905b685"
    assert (
        image.descriptor.digest
        == "sha256:b3d03ff8f49bcaebe5e4f60e45da974968e4ae15aec739089763e0fe3e3c5c55"
    )


def test_the_configuration_says_what_docker_and_oci_want(cache):
    image = sample_image(cache)
    config = json.loads(image.config.data)
    assert config["architecture"] == "amd64"
    assert config["os"] == "linux"
    assert "variant" not in config
    assert config["created"] == "2025-06-15T15:06:40Z"
    assert config["rootfs"] == {
        "type": "layers",
        "diff_ids": [each.diff_id for each in image.layers],
    }
    assert config["history"] == [
        {"created": "2025-06-15T15:06:40Z", "created_by": "distil test"} for _ in image.layers
    ]
    assert config["config"] == {
        "User": "65532",
        "ExposedPorts": {"8000/tcp": {}},
        "Env": ["PATH=/bin", "GREETING=h\u00e9llo"],
        "Entrypoint": ["/bin/busybox", "echo"],
        "Cmd": ["hello", "world"],
        "WorkingDir": "/tmp",
        "Labels": {"org.opencontainers.image.title": "sample"},
        "StopSignal": "SIGTERM",
        "Healthcheck": {
            "Test": ["CMD", "/bin/busybox", "true"],
            "Interval": 5_000_000_000,
            "Retries": 3,
        },
    }
    assert decode_document(image.config.data, ImageConfig, "config").config == CONFIG


def test_the_manifest_binds_configuration_and_layers(cache):
    base = sample_image(cache)
    notes = {"org.opencontainers.image.title": "x"}
    image = assemble(base.layers, CONFIG, platform=AMD64, created=EPOCH, annotations=notes)
    manifest = decode_document(image.manifest.data, Manifest, "manifest")
    assert manifest.schema_version == 2
    assert manifest.media_type == "application/vnd.oci.image.manifest.v1+json"
    assert manifest.config.digest == Digest.of(image.config.data) == image.id
    assert manifest.config.size == len(image.config.data)
    assert manifest.layers == tuple(each.descriptor for each in image.layers)
    assert manifest.annotations == notes | {
        "org.opencontainers.image.created": "2025-06-15T15:06:40Z"
    }
    assert image.descriptor.digest == Digest.of(image.manifest.data)


def test_a_twin_has_the_same_layers_and_one_more(cache):
    production = sample_image(cache)
    debug = sample_image(cache, layer(cache, [file("/debug", b"x")]))
    both = [decode_document(i.manifest.data, Manifest, "m").layers for i in (production, debug)]
    assert both[1][:-1] == both[0]
    assert debug.size - production.size == debug.layers[-1].size
    assert debug.compressed_size - production.compressed_size == debug.layers[-1].descriptor.size


def test_an_index_lists_one_image_for_each_platform(cache):
    images = [sample_image(cache, platform=platform) for platform in (AMD64, ARM64)]
    index = decode_document(assemble_index(images).document.data, Index, "index")
    assert [entry.digest for entry in index.manifests] == [i.descriptor.digest for i in images]
    assert index.annotations == {"org.opencontainers.image.created": "2025-06-15T15:06:40Z"}
    assert json.loads(assemble_index(images).document.data)["manifests"][1]["platform"] == {
        "architecture": "arm64",
        "os": "linux",
        "variant": "v8",
    }


def test_an_image_without_anything_is_valid(cache):
    image = assemble([], ContainerConfig(), platform=AMD64, created=0)
    config = json.loads(image.config.data)
    assert config == {
        "architecture": "amd64",
        "config": {},
        "created": "1970-01-01T00:00:00Z",
        "os": "linux",
        "rootfs": {"diff_ids": [], "type": "layers"},
    }
    assert json.loads(image.manifest.data)["layers"] == []
