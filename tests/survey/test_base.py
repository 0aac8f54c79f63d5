"""How it shows which image an image was made on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from distil.fetch.cache import Cache
from distil.image.read import StoredImage
from distil.model.image import ContainerConfig, Descriptor, History, ImageConfig, Manifest, RootFS
from distil.model.inventory import BaseImage
from distil.survey.base import DIGEST, NAME, KnownImage, recognised, remember
from distil.survey.errors import NotTheBase
from tests.support.images import layer
from tests.support.nodes import file

SHELL = "/bin/sh -c #(nop) "


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def stored(
    cache: Cache,
    count: int = 3,
    *,
    history: Sequence[str] = (),
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
) -> StoredImage:
    """An image of `count` layers; what `history` says in lower case makes no layer."""
    layers = tuple(layer(cache, [file("/a", str(n).encode())]) for n in range(count))
    steps = tuple(
        History(created_by=step, empty_layer=not step.startswith("+")) for step in history
    )
    config = ImageConfig(
        "amd64",
        "linux",
        RootFS("layers", tuple(one.diff_id for one in layers)),
        config=ContainerConfig(labels=labels or {}),
        history=steps,
    )
    some = layers[0].descriptor
    manifest = Manifest(2, some, tuple(x.descriptor for x in layers), annotations=annotations or {})
    return StoredImage(Descriptor("m", some.digest, 1), manifest, config, layers)


def known(image: StoredImage, count: int) -> KnownImage:
    return KnownImage("oci:base", "sha256:1", tuple(x.diff_id for x in image.layers[:count]))


def test_nothing_tells_of_one(cache: Cache) -> None:
    assert recognised(stored(cache), (), cache) is None


@pytest.mark.parametrize("where", ["annotation", "label"])
def test_the_image_says_it(cache: Cache, where: str) -> None:
    told = {NAME: "docker.io/library/debian:13", DIGEST: "sha256:abc"}
    as_label = where == "label"
    image = stored(cache, labels=told) if as_label else stored(cache, annotations=told)
    found = recognised(image, (), cache)
    evidence = f"{where} {NAME}"
    assert found == BaseImage("docker.io/library/debian:13", "sha256:abc", 0, evidence)


def test_the_ledger_knows_the_layers(cache: Cache) -> None:
    image = stored(cache, annotations={NAME: "debian:13"})
    below = {image.layers[0].diff_id, image.layers[1].diff_id}
    found = recognised(image, below, cache)
    assert found is not None
    assert (found.name, found.layers) == ("debian:13", 2)
    theirs = recognised(image, below, cache, is_ours=False)
    assert theirs is not None
    assert "the ledger beside the image tells" in theirs.evidence


def test_an_image_that_was_seen_has_the_lowest_layers(cache: Cache) -> None:
    image = stored(cache)
    for count in (1, 2, 3):
        remember(stored(cache, count), f"oci:base:{count}", f"sha256:{count}", cache)
    found = recognised(image, (), cache)
    assert found == BaseImage(
        "oci:base:2", "sha256:2", 2, "its 2 layers are the lowest of this image"
    )


def test_what_was_seen_does_not_contradict_what_the_image_says(cache: Cache) -> None:
    remember(stored(cache, 1), "oci:other", "sha256:1", cache)
    found = recognised(stored(cache, annotations={DIGEST: "sha256:2"}), (), cache)
    assert found is not None
    assert (found.digest, found.layers) == ("sha256:2", 0)


def test_the_user_says_it(cache: Cache) -> None:
    image = stored(cache)
    found = recognised(image, (), cache, known(image, 2))
    assert found is not None
    assert (found.name, found.layers) == ("oci:base", 2)


def test_the_user_is_wrong(cache: Cache) -> None:
    image = stored(cache)
    other = layer(cache, [file("/a", b"another")])
    named = msgspec.structs.replace(
        known(image, 2), diff_ids=(image.layers[0].diff_id, other.diff_id)
    )
    with pytest.raises(NotTheBase, match="layer 2 is another one"):
        recognised(image, (), cache, named)
    longer = msgspec.structs.replace(named, diff_ids=(*known(image, 3).diff_ids, other.diff_id))
    with pytest.raises(NotTheBase, match="layer 4"):
        recognised(image, (), cache, longer)


@pytest.mark.parametrize(
    ("history", "layers"),
    [
        (["+ADD rootfs", f'{SHELL}CMD ["bash"]', "+RUN apt-get", "+COPY . ."], 1),
        (["+ADD rootfs", 'CMD ["bash"]', "+RUN x", 'CMD ["python3"]', "+COPY . .", "CMD y"], 2),
        (["+ADD rootfs", "+RUN x", "+COPY . .", 'CMD ["mine"]'], 0),
        (['ENTRYPOINT ["x"]', "+ADD", "+ADD", "+ADD"], 0),
        (["+ADD rootfs", 'CMD ["bash"]', "+COPY . ."], 0),
        ([], 0),
    ],
)
def test_the_history_looks_like_one(cache: Cache, history: list[str], layers: int) -> None:
    found = recognised(stored(cache, 3, history=history), (), cache)
    assert (found.layers if found is not None else 0) == layers
    if found is not None:
        assert found.evidence.startswith("history: another build goes on after CMD")
        assert found.name == ""
