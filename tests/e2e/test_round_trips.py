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
from tests.support.registries import Registry
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


# --- through a registry: each tool brings and fetches -----------------------------------------

Bring = Callable[[Path, str], object]
"""Puts what is in a layout under a name in a registry."""


def skopeo_pushes(layout: Path, name: str) -> None:
    run_tool("skopeo", "copy", "--dest-tls-verify=false", f"oci:{layout}:{TAG}", f"docker://{name}")


def skopeo_pulls(name: str, place: Path) -> None:
    run_tool("skopeo", "copy", "--src-tls-verify=false", f"docker://{name}", f"oci:{place}:{TAG}")


def crane_pushes(layout: Path, name: str) -> None:
    run_tool("crane", "push", layout, name)


def crane_pulls(name: str, place: Path) -> None:
    run_tool("crane", "pull", "--format=oci", "--annotate-ref", name, place)


def oras_pushes(layout: Path, name: str) -> None:
    run_tool("oras", "cp", "--from-oci-layout", "--to-plain-http", f"{layout}:{TAG}", name)


def oras_pulls(name: str, place: Path) -> None:
    run_tool("oras", "cp", "--from-plain-http", "--to-oci-layout", name, f"{place}:{TAG}")


def distil_pushes(layout: Path, name: str) -> None:
    copied(f"oci:{layout}:{TAG}", f"docker://{name}")


def distil_pulls(name: str, place: Path) -> None:
    copied(f"docker://{name}", f"oci:{place}:{TAG}")


@pytest.mark.parametrize(
    ("pushes", "pulls"),
    [
        (skopeo_pushes, distil_pulls),
        (distil_pushes, skopeo_pulls),
        (crane_pushes, distil_pulls),
        (distil_pushes, crane_pulls),
        (oras_pushes, distil_pulls),
        (distil_pushes, oras_pulls),
    ],
)
def test_what_one_pushes_the_other_pulls(
    layout: Path,
    tmp_path: Path,
    plain_registry: Registry,
    pushes: Bring,
    pulls: Callable[[str, Path], object],
) -> None:
    name = f"{plain_registry.place}/trips/{pushes.__name__}-{pulls.__name__}:{TAG}".lower()
    pushes(layout, name)
    pulls(name, tmp_path / "back")
    index = json.loads((tmp_path / "back/index.json").read_bytes())
    assert [entry["digest"] for entry in index["manifests"]] == [tag_digest(layout, TAG)]


@pytest.mark.parametrize("engine", ["podman", "docker"])
def test_engines_pull_and_push(
    layout: Path,
    tmp_path: Path,
    plain_registry: Registry,
    request: pytest.FixtureRequest,
    engine: str,
) -> None:
    """What they pull keeps its ID; what they push, distil pulls under the digest it has there."""
    runner: Engine = request.getfixturevalue(engine)
    insecure = ("--tls-verify=false",) if engine == "podman" else ()
    name = f"{plain_registry.place}/trips/{engine}:{TAG}"
    distil_pushes(layout, name)
    runner.output("pull", *insecure, name)
    identity = runner.output("image", "inspect", "--format", "{{.Id}}", name).strip()
    assert identity.removeprefix("sha256:") == image_id(layout).removeprefix("sha256:")
    again = f"{plain_registry.place}/trips/{engine}-again:{TAG}"
    runner.output("tag", name, again)
    runner.output("push", *insecure, again)
    distil_pulls(again, tmp_path / "back")
    assert tag_digest(tmp_path / "back", TAG) == run_tool("crane", "digest", again).strip()
    assert image_id(tmp_path / "back") == image_id(layout)


def test_buildah_pulls_and_pushes(layout: Path, tmp_path: Path, plain_registry: Registry) -> None:
    storage = ("--root", tmp_path / "storage", "--runroot", tmp_path / "run")
    buildah = ("buildah", *storage, "--storage-driver", "vfs")
    name = f"{plain_registry.place}/trips/buildah:{TAG}"
    distil_pushes(layout, name)
    pulled = run_tool(*buildah, "pull", "--tls-verify=false", name).split()[-1]
    assert f"sha256:{pulled}" == image_id(layout)
    again = f"{plain_registry.place}/trips/buildah-again:{TAG}"
    run_tool(*buildah, "push", "--tls-verify=false", pulled, f"docker://{again}")
    distil_pulls(again, tmp_path / "back")
    assert image_id(tmp_path / "back") == image_id(layout)
