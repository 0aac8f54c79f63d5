"""Images that an engine holds: their IDs, and what is read of them."""

from __future__ import annotations

import pytest

from distil.errors import NoEngine, NotSaved, UnreadablePlace
from distil.image.engine import load_docker, load_podman
from distil.image.naming import name_image
from distil.image.read import open_image
from distil.image.read_tree import read_tree
from distil.image.saved import image_id, on_disk
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
    assert image_id(location) == image.id
    with on_disk(location) as place:
        tree = read_tree(open_image(place).layers, cache)
        assert tree["/here"].blob.read() == b"here"
    missing = parse_location(f"{location.transport}:{MISSING}")
    with pytest.raises(NotSaved, match=MISSING):
        image_id(missing)
    with pytest.raises(NotSaved, match=MISSING), on_disk(missing):
        pass


@pytest.mark.engine
@pytest.mark.parametrize("program", [True, False], ids=["docker", "its socket"])
def test_docker(cache, image, docker, monkeypatch, program):
    for name, value in docker.environment.items():
        monkeypatch.setenv(name, value)
    load_docker(named(image))
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
    load_podman(named(image))
    reads(parse_location("containers-storage:held:1"), image, cache)


def test_nobody_there(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    monkeypatch.setenv("PATH", str(tmp_path))
    for place in ("docker-daemon:held:1", "containers-storage:held:1"):
        with pytest.raises(NoEngine):
            image_id(parse_location(place))


def test_registries_are_not_read_from():
    location = parse_location("docker://registry.test/held:1")
    with pytest.raises(UnreadablePlace, match="does not read from registries"), on_disk(location):
        pass
    with pytest.raises(UnreadablePlace):
        image_id(location)
