"""Images that an engine holds: their IDs, and what is read of them."""

from __future__ import annotations

import pytest

from distil.image.errors import NoEngine, NotSaved
from distil.image.naming import name_image
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.stores.engine import ENGINES
from distil.image.stores.table import store_to_read
from distil.model.reference import parse_image_name, parse_location
from tests.support.images import layer, sample_image
from tests.support.nodes import file

MISSING = "no-such-image:1"


@pytest.fixture
def image(cache):
    return sample_image(cache, layer(cache, [file("/here", b"here")]))


def named(image):
    return name_image(image, [parse_image_name("held:1")], parse_location("oci:nowhere"))


def reads(location, image, cache) -> None:
    """The image is what was loaded; another one is not there."""
    store = store_to_read(location)
    assert store.image_id() == image.id
    with store.opened() as source:
        tree = read_tree(read_image(source).layers, cache)
        assert tree["/here"].blob.read() == b"here"
    missing = store_to_read(parse_location(f"{location.transport}:{MISSING}"))
    with pytest.raises(NotSaved, match=MISSING):
        missing.image_id()
    with pytest.raises(NotSaved, match=MISSING), missing.opened():
        pass


@pytest.mark.engine
@pytest.mark.parametrize("program", [True, False], ids=["docker", "its socket"])
def test_docker(cache, image, docker, monkeypatch, program):
    for name, value in docker.environment.items():
        monkeypatch.setenv(name, value)
    ENGINES[0].load(named(image))
    if not program:
        monkeypatch.setattr("shutil.which", lambda _name: None)
    reads(parse_location("docker-daemon:held:1"), image, cache)


@pytest.mark.engine
def test_podman(cache, image, podman, monkeypatch, tmp_path):
    wrapper = tmp_path / "bin/podman"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(podman.command)} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", str(wrapper.parent), prepend=":")
    ENGINES[1].load(named(image))
    reads(parse_location("containers-storage:held:1"), image, cache)


def test_nobody_there(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    monkeypatch.setenv("PATH", str(tmp_path))
    for place in ("docker-daemon:held:1", "containers-storage:held:1"):
        with pytest.raises(NoEngine):
            store_to_read(parse_location(place)).image_id()
