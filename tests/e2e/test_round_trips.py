"""Images go from distil to other people's tools and back, and their digests stay what they are.

Docker and the storage of podman and buildah keep configurations and the contents of layers, and
compress layers anew when they hand them out: there the image's ID, the configuration's digest, is
what stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.node import Kind
from distil.model.reference import parse_image_name
from distil.pipeline import CopyRequest, copy
from tests.support.engines import Engine
from tests.support.images import layer, oci, open_image, sample_image
from tests.support.layouts import blob, tag_digest
from tests.support.nodes import file, special
from tests.support.tools import run_tool

pytestmark = pytest.mark.engine

TAG = "1.0"


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """An image of distil's, tagged `TAG`."""
    cache = Cache(tmp_path / "cache")
    nodes = [special("/data", Kind.DIRECTORY), file("/data/greeting", b"hello" * 1000)]
    image = sample_image(cache, layer(cache, nodes))
    place = oci(tmp_path / "ours")
    write(name_image(image, [parse_image_name(f"sample:{TAG}")], place), place)
    return tmp_path / "ours"


def image_id(at: Path, tag: str = TAG) -> str:
    """The digest of the configuration."""
    found: str = json.loads(blob(at, tag_digest(at, tag)))["config"]["digest"]
    return found


def copied(source: str, destination: str) -> str:
    """The digest of what distil copied."""
    return str(copy(CopyRequest(source=source, destination=destination)).digest)


def through_skopeo(layout: Path, place: Path) -> str:
    run_tool("skopeo", "copy", f"oci:{layout}:{TAG}", f"oci-archive:{place}:{TAG}")
    return f"oci-archive:{place}:{TAG}"


def through_oras(layout: Path, place: Path) -> str:
    ends = (f"{layout}:{TAG}", f"{place}:{TAG}")
    run_tool("oras", "cp", "--from-oci-layout", ends[0], "--to-oci-layout", ends[1])
    return f"oci:{place}:{TAG}"


def through_umoci(layout: Path, place: Path) -> str:
    """umoci reads the layout, gives the image a name more, and rewrites the index."""
    run_tool("skopeo", "copy", f"oci:{layout}:{TAG}", f"oci:{place}:other")
    run_tool("umoci", "tag", "--image", f"{place}:other", TAG)
    run_tool("umoci", "gc", "--layout", place)
    return f"oci:{place}:{TAG}"


@pytest.mark.parametrize("through", [through_skopeo, through_oras, through_umoci])
def test_what_comes_back_through_files_is_the_same(
    layout: Path, tmp_path: Path, through: Callable[[Path, Path], str]
) -> None:
    digest = tag_digest(layout, TAG)
    returned = through(layout, tmp_path / "theirs")
    assert copied(returned, f"oci:{tmp_path}/back:{TAG}") == digest
    assert tag_digest(tmp_path / "back", TAG) == digest
    assert open_image(oci(tmp_path / "back", TAG)).manifest == open_image(oci(layout, TAG)).manifest


def test_an_image_that_umoci_made(layout: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    run_tool("umoci", "init", "--layout", theirs)
    run_tool("umoci", "new", "--image", f"{theirs}:{TAG}")
    run_tool("umoci", "insert", "--image", f"{theirs}:{TAG}", layout / "oci-layout", "/etc/layout")
    digest = tag_digest(theirs, TAG)
    assert copied(f"oci:{theirs}:{TAG}", f"oci-archive:{tmp_path}/ours.tar:{TAG}") == digest
    raw = run_tool("skopeo", "inspect", f"oci-archive:{tmp_path}/ours.tar:{TAG}")
    assert json.loads(raw)["Digest"] == digest


def test_an_image_that_buildah_made(tmp_path: Path) -> None:
    storage = ("--root", tmp_path / "storage", "--runroot", tmp_path / "run")
    driver = ("--storage-driver", "vfs")
    (tmp_path / "greeting").write_text("hello")
    made = run_tool("buildah", *storage, *driver, "from", "scratch").strip()
    run_tool("buildah", *storage, *driver, "copy", made, tmp_path / "greeting", "/greeting")
    theirs = tmp_path / "theirs"
    run_tool("buildah", *storage, *driver, "commit", made, f"oci:{theirs}:{TAG}")
    digest = tag_digest(theirs, TAG)
    assert copied(f"oci:{theirs}:{TAG}", f"oci:{tmp_path}/ours:{TAG}") == digest
    pulled = run_tool("buildah", *storage, *driver, "pull", f"oci:{tmp_path}/ours:{TAG}").strip()
    assert f"sha256:{pulled}" == image_id(theirs)


@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_podman_keeps_the_image(layout: Path, tmp_path: Path, podman: Engine, form: str) -> None:
    expected = image_id(layout)
    copied(f"oci:{layout}:{TAG}", f"docker-archive:{tmp_path}/to.tar:localhost/trip:{TAG}")
    podman.output("load", "--input", tmp_path / "to.tar")
    name = f"localhost/trip:{TAG}"
    identity = podman.output("image", "inspect", "--format", "{{.Id}}", name).strip()
    assert f"sha256:{identity}" == expected
    podman.output("save", "--format", form, "--output", tmp_path / "from.tar", name)
    copied(f"{form}:{tmp_path}/from.tar", f"oci:{tmp_path}/back:{TAG}")
    assert image_id(tmp_path / "back") == expected


def test_docker_keeps_the_image(layout: Path, tmp_path: Path, docker: Engine) -> None:
    expected = image_id(layout)
    copied(f"oci:{layout}:{TAG}", f"docker-archive:{tmp_path}/to.tar:trip:{TAG}")
    docker.output("load", "--input", tmp_path / "to.tar")
    name = f"trip:{TAG}"
    assert docker.output("image", "inspect", "--format", "{{.Id}}", name).strip() == expected
    docker.output("save", "--output", tmp_path / "from.tar", name)
    copied(f"docker-archive:{tmp_path}/from.tar", f"oci:{tmp_path}/back:{TAG}")
    assert image_id(tmp_path / "back") == expected
