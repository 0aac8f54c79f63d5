"""What other people's tools make of the images: skopeo, umoci, crane, podman and Docker."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from distil.image.errors import EngineFailed, NoEngine
from distil.image.naming import name_image
from distil.image.stores.engine import ENGINES, load
from distil.image.write import write
from distil.model.image import Compression
from distil.model.reference import Transport, parse_image_name, parse_location
from tests.support.engines import Engine
from tests.support.images import as_image, busybox_layer, layer, oci, sample_image, twins
from tests.support.nodes import file, sample_tree
from tests.support.tools import run_tool, tool

NAME = [parse_image_name("sample:1.0")]
KINDS = [Transport.OCI, Transport.OCI_ARCHIVE, Transport.DOCKER_ARCHIVE]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compression", list(Compression))
def test_skopeo_inspects_and_copies(cache, tmp_path, kind, compression):
    if (kind, compression) == (Transport.DOCKER_ARCHIVE, Compression.ZSTD):
        return
    location = parse_location(f"{kind}:{tmp_path}/out")
    image = sample_image(cache, compression=compression)
    for printed in write(name_image(image, NAME, location), location):
        found = json.loads(run_tool("skopeo", "inspect", printed))
        assert found["Created"] == "2025-06-15T15:06:40Z"
        assert len(found["Layers"]) == 2
        if kind is not Transport.DOCKER_ARCHIVE:
            assert found["Digest"] == image.descriptor.digest
        config = json.loads(run_tool("skopeo", "inspect", "--config", "--raw", printed))
        assert config == json.loads(image.config.data)
        run_tool("skopeo", "copy", printed, f"oci:{tmp_path}/copy:x")
    copied = json.loads((tmp_path / "copy/index.json").read_bytes())["manifests"][0]["digest"]
    if kind is not Transport.DOCKER_ARCHIVE:
        assert copied == image.descriptor.digest


def test_one_archive_serves_docker_and_oci_readers(cache, tmp_path):
    location = parse_location(f"docker-archive:{tmp_path}/a.tar")
    images = twins(cache, location)
    write(images, location)
    for name, image in zip(("1.0", "1.0-debug"), images, strict=True):
        as_oci = json.loads(run_tool("skopeo", "inspect", f"oci-archive:{tmp_path}/a.tar:{name}"))
        assert as_oci["Digest"] == image.image.descriptor.digest
        raw = run_tool("skopeo", "inspect", "--config", "--raw", f"{location}:sample:{name}")
        assert json.loads(raw) == json.loads(as_image(image).config.data)


@pytest.mark.parametrize("compression", [Compression.GZIP])
def test_umoci_unpacks_the_tree(cache, tmp_path, compression):
    location = oci(tmp_path / "out")
    write(name_image(sample_image(cache, compression=compression), NAME, location), location)
    if os.geteuid() != 0:
        pytest.skip("devices and owners need root")
    run_tool("umoci", "unpack", "--image", f"{tmp_path}/out:1.0", tmp_path / "bundle")
    root = tmp_path / "bundle/rootfs"
    for node in sample_tree():
        assert os.path.lexists(root / node.path[1:]), node.path
    assert (root / "usr/bin/a").samefile(root / "usr/bin/b")
    assert (root / "app/main").read_bytes() == b"1"
    run_tool("umoci", "stat", "--image", f"{tmp_path}/out:1.0")


def test_crane_validates(cache, tmp_path):
    location = parse_location(f"docker-archive:{tmp_path}/a.tar")
    write(name_image(sample_image(cache), NAME, location), location)
    assert "PASS" in run_tool("crane", "validate", "--tarball", tmp_path / "a.tar")


@pytest.mark.parametrize("compression", list(Compression))
def test_crane_validates_what_a_registry_holds(cache, tmp_path, compression):
    location = oci(tmp_path / "out")
    image = sample_image(cache, compression=compression)
    write(name_image(image, NAME, location), location)
    command = [tool("crane"), "registry", "serve", "--address", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as registry:
        try:
            started = re.search(r"port \S*?(\d+)", registry.stderr.readline())
            name = f"127.0.0.1:{started[1]}/sample:1.0"
            pushed = run_tool("crane", "push", tmp_path / "out", name)
            assert pushed.strip().endswith(image.descriptor.digest)
            # crane takes zstd layers, but its validation knows gzip alone.
            if compression is Compression.GZIP:
                assert "PASS" in run_tool("crane", "validate", "--remote", name)
        finally:
            registry.terminate()


# --- engines -------------------------------------------------------------------------------


@pytest.fixture
def runnable(cache):
    return busybox_layer(cache)


def check_runs(engine: Engine, name: str, *, debug: bool = True) -> None:
    assert engine.run(name) == "hello world\n"
    assert engine.run(name, "again") == "again\n"
    shell = ("--entrypoint", "/bin/busybox")
    script = "id -u; pwd; echo $GREETING; stat -c '%h %a' /usr/bin/a; ls -d /usr/lib/x*"
    shown = engine.run(name, "sh", "-c", script, options=shell).split("\n")
    assert shown == ["65532", "/tmp", "h\u00e9llo", "2 4755", "/usr/lib/" + "x" * 200, ""]
    if debug:
        assert engine.run(f"{name}-debug", "cat", "/debug", options=shell) == "tools"


@pytest.mark.engine
def test_docker_loads_and_runs_both_twins(cache, tmp_path, docker, runnable):
    location = parse_location(f"docker-archive:{tmp_path}/a.tar")
    images = twins(cache, location, runnable)
    write(images, location)
    said = docker.output("load", "-i", tmp_path / "a.tar")
    assert "sample:1.0\n" in said
    found = json.loads(docker.output("inspect", "sample:1.0", "sample:1.0-debug"))
    assert [each["Id"] for each in found] == [as_image(image).id for image in images]
    assert found[0]["Config"]["StopSignal"] == "SIGTERM"
    assert found[0]["Config"]["Healthcheck"]["Interval"] == 5 * 10**9
    assert found[1]["RootFS"]["Layers"][:-1] == found[0]["RootFS"]["Layers"]
    check_runs(docker, "sample:1.0")


@pytest.mark.engine
def test_podman_loads_and_runs_both_twins(cache, tmp_path, podman, runnable):
    location = parse_location(f"docker-archive:{tmp_path}/a.tar")
    write(twins(cache, location, runnable), location)
    podman.output("load", "-i", tmp_path / "a.tar")
    check_runs(podman, "sample:1.0")
    podman.output("rmi", "--all", "--force")
    location = parse_location(f"oci-archive:{tmp_path}/o.tar")
    image = sample_image(cache, runnable)
    write(name_image(image, NAME, location), location)
    podman.output("load", "-i", tmp_path / "o.tar")
    check_runs(podman, "sample:1.0", debug=False)


@pytest.mark.engine
def test_load_gives_several_names_to_docker(cache, docker, runnable, monkeypatch):
    for name, value in docker.environment.items():
        monkeypatch.setenv(name, value)
    location = parse_location("docker-daemon:ignored:1")
    names = [parse_image_name("loaded:1"), parse_image_name("registry.test/also:2")]
    image = sample_image(cache, runnable)
    images = name_image(image, names, parse_location("oci:nowhere"))
    assert load(images) == "docker"
    for name in names:
        assert json.loads(docker.output("inspect", str(name)))[0]["Id"] == image.id
    assert write(name_image(image, NAME, location), location) == ["docker-daemon:ignored:1"]
    docker.output("inspect", "ignored:1")


@pytest.mark.engine
def test_without_the_docker_command_its_socket_is_used(cache, docker, monkeypatch):
    for name, value in docker.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    image = sample_image(cache, layer(cache, [file("/socket", b"1")]))
    ENGINES[0].load(name_image(image, [parse_image_name("by-socket:1")], parse_location("oci:x")))
    assert json.loads(docker.output("inspect", "by-socket:1"))[0]["Id"] == image.id
    monkeypatch.setattr(
        "distil.image.stores.engine.archive_stream",
        lambda *_args, **_options: iter([b"no tar" * 999]),
    )
    with pytest.raises(EngineFailed, match="docker did not load"):
        ENGINES[0].load([])


@pytest.mark.engine
def test_load_gives_podman_the_same_names_with_and_without_a_twin(
    cache, podman, runnable, monkeypatch, tmp_path
):
    wrapper = tmp_path / "bin/podman"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(podman.command)} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    location = parse_location("oci:x")
    for images in (twins(cache, location, runnable), twins(cache, location, runnable)[:1]):
        podman.output("rmi", "--all", "--force")
        ENGINES[1].load(images)
        podman.output("image", "exists", "localhost/sample:1.0")
    check_runs(podman, "sample:1.0", debug=False)


def fake(directory: Path, name: str, script: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)


def test_without_an_engine_the_error_says_what_was_tried(cache, tmp_path, monkeypatch):
    fake(tmp_path / "bin", "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(NoEngine) as caught:
        load(twins(cache, parse_location("oci:x")))
    assert "Cannot connect to the Docker daemon" in caught.value.message
    assert "podman is not installed" in caught.value.message
    assert "docker-archive:" in caught.value.hint
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(NoEngine, match="No such file"):
        ENGINES[0].load([])
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.test:2375")
    with pytest.raises(NoEngine, match="docker command is not installed"):
        ENGINES[0].load([])


def test_an_engine_that_refuses_is_quoted(cache, tmp_path, monkeypatch):
    fake(tmp_path / "bin", "docker", '[ "$1" = version ] || { echo "disk is full" >&2; exit 1; }')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(EngineFailed, match="disk is full"):
        load(twins(cache, parse_location("oci:x")))


def test_an_error_of_ours_ends_the_engine_s_command(cache, tmp_path, monkeypatch):
    fake(
        tmp_path / "bin",
        "docker",
        f'[ "$1" = version ] || {{ /bin/cat > {tmp_path}/got && echo > {tmp_path}/end; }}',
    )
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def broken(*_args):
        yield b"x" * 100_000
        raise KeyboardInterrupt

    monkeypatch.setattr("distil.image.stores.engine.archive_stream", broken)
    with pytest.raises(KeyboardInterrupt):
        ENGINES[0].load([])
    assert not (tmp_path / "end").exists()
