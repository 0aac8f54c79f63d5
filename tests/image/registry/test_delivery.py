"""Copies and pushes to Debian's docker-registry, however it wants to be asked."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from distil.cli import run
from distil.compose.ledgers import open_ledger
from distil.compose.publish import bind, destinations, publish
from distil.compose.record import record
from distil.errors import DistilError
from distil.fetch.cache import Cache
from distil.image.errors import ImageNotFound
from distil.image.naming import name_image
from distil.image.stores.registry.errors import RegistryDenied
from distil.image.write import write
from distil.model.digest import Digest
from distil.model.platform import AMD64, ARM64
from distil.model.reference import parse_image_name, parse_location
from distil.pipeline import CopyRequest, copy, delete, tag, tags
from tests.image.test_copying import SBOM, SIGNATURE, meant, put, said_of
from tests.image.test_stores import LEDGER
from tests.support.images import layer, oci, sample_image
from tests.support.nodes import file
from tests.support.registries import Registry
from tests.support.tools import tool

_SENT = re.compile(r'"(?:PATCH|PUT) /v2/([^ ]+)/blobs/uploads/')
_MOUNTED = re.compile(r'"POST /v2/[^ ]+/blobs/uploads/\?[^ ]*mount=')


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture(params=["plain", "basic", "token"])
def registry(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Registry:
    """Each kind, with its certificate and a login where this user has them."""
    found: Registry = request.getfixturevalue(f"{request.param}_registry")
    monkeypatch.setenv("DOCKER_CONFIG", str(found.login(tmp_path / "docker")))
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "own"))
    if found.authority is not None:
        monkeypatch.setenv("DISTIL_CA_FILE", str(found.authority.certificate))
    return found


@pytest.fixture
def place(registry: Registry, request: pytest.FixtureRequest) -> str:
    """A repository of this test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return f"{registry.place}/team/{name}"


def _copied(source: str, destination: str) -> Digest:
    request = CopyRequest(
        source=source, destination=destination, all_platforms=True, referrers=True
    )
    return copy(request).digest


def test_a_push_is_all_there(cache: Cache, tmp_path: Path, place: str, registry: Registry) -> None:
    """Both images on both platforms with their ledgers; two tags; skopeo has the same digests."""
    where = destinations([f"{place}:1.4"], [], load=False, push=True)
    more = layer(cache, [file("/tools", b"tools")])
    made = []
    for platform in (AMD64, ARM64):
        both = [sample_image(cache, *extra, platform=platform) for extra in ((), (more,))]
        made.append([(image, record(image, LEDGER, cache)) for image in both])
    editions = bind(made)
    published = publish(where, where.names, editions)
    digests = [edition.image.descriptor.digest for edition in editions]
    assert [one.references for one in published.images] == [
        (f"{place}@{digest}",) for digest in digests
    ]
    # A registry without an API for referrers has them under tags of their own.
    found = {name for name in tags(place) if not name.startswith("sha256-")}
    assert found == {"1.4", "1.4-debug"}
    for name, digest in zip(("1.4", "1.4-debug"), digests, strict=True):
        assert meant(f"{place}:{name}").digest == digest
        for platform in (AMD64, ARM64):
            location = parse_location(f"{place}:{name}")
            opened = open_ledger(location, Cache(tmp_path / "elsewhere"), platform)
            assert (opened.ledger, opened.from_cache) == (LEDGER, False)
    assert _seen_by_skopeo(f"{place}:1.4", registry) == digests[0]


def _seen_by_skopeo(name: str, registry: Registry) -> Digest:
    options = ["--tls-verify=false", f"--authfile={os.environ['DOCKER_CONFIG']}/config.json"]
    command = [tool("skopeo"), "inspect", "--raw", *options, f"docker://{name}"]
    return Digest.of(subprocess.run(command, check=True, capture_output=True).stdout)


def test_copies_keep_their_digests(
    cache: Cache, tmp_path: Path, place: str, registry: Registry
) -> None:
    """To the registry, within it without sending a layer, and back; with what refers to them."""
    index = put(cache, f"oci:{tmp_path}/in:1.0").image
    for origin, target in (
        (f"oci:{tmp_path}/in:1.0", f"{place}:1.0"),
        (f"{place}:1.0", f"{place}-again:2.0"),
        (f"{place}-again:2.0", f"oci:{tmp_path}/out"),
        (f"{place}-again:2.0", f"oci-archive:{tmp_path}/out.tar"),
    ):
        assert _copied(origin, target) == index.descriptor.digest
    for name in (
        f"{place}-again:2.0",
        f"oci:{tmp_path}/out:2.0",
        f"oci-archive:{tmp_path}/out.tar",
    ):
        assert said_of(name, index.images[1].descriptor.digest, SBOM) == b"arm64 has this"
    sbom = _referrer(f"oci:{tmp_path}/out:2.0", index.images[1].descriptor.digest)
    assert said_of(f"oci:{tmp_path}/out:2.0", sbom, SIGNATURE) == b"truly"
    log = registry.log.read_text(errors="replace")
    again = f"{place}-again".partition("/")[2]
    assert _MOUNTED.search(log)
    assert _SENT.findall(log).count(again) == len(index.images)  # configurations, which are read
    assert {name for name in tags(f"{place}-again") if not name.startswith("sha256-")} == {"2.0"}


def _referrer(place: str, subject: Digest) -> Digest:
    from distil.image.stores.table import store_to_read

    with store_to_read(parse_location(place)).opened() as source:
        return next(iter(source.referrers(subject, SBOM))).digest


def test_tags_come_and_go(cache: Cache, place: str) -> None:
    image = sample_image(cache)
    location = parse_location(f"{place}:1")
    write(name_image(image, [parse_image_name(f"{place}:1")], location), location)
    assert tag(f"{place}:1", ["2", "latest"]) == [f"docker://{place}:2", f"docker://{place}:latest"]
    assert sorted(tags(place)) == ["1", "2", "latest"]
    assert delete(f"{place}:2") == image.descriptor.digest
    for name in ("1", "latest"):
        with pytest.raises(ImageNotFound):
            meant(f"{place}:{name}")


def test_nothing_is_tagged_that_is_not_whole(cache: Cache, tmp_path: Path, place: str) -> None:
    image = sample_image(cache, layer(cache, [file("/more", b"more")]))
    location = oci(tmp_path / "in", "1")
    write(name_image(image, [parse_image_name("x:1")], location), location)
    damaged = image.layers[-1].descriptor
    path = tmp_path / "in/blobs/sha256" / damaged.digest.hex
    path.write_bytes(bytes(damaged.size))
    with pytest.raises(DistilError):
        _copied(str(location), f"{place}:1")
    with pytest.raises(ImageNotFound):
        meant(f"{place}:1")
    written = name_image(image, [parse_image_name(f"{place}:1")], parse_location(f"{place}:1"))
    write(written, parse_location(f"{place}:1"))
    assert meant(f"{place}:1").digest == image.descriptor.digest


def test_who_has_no_login_is_told(
    cache: Cache, tmp_path: Path, basic_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert basic_registry.authority is not None
    monkeypatch.setenv("DISTIL_CA_FILE", str(basic_registry.authority.certificate))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nothing"))
    put(cache, f"oci:{tmp_path}/in:1.0")
    with pytest.raises(RegistryDenied):
        _copied(f"oci:{tmp_path}/in:1.0", f"{basic_registry.place}/denied:1")


def test_verbs_in_a_registry(
    cache: Cache, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(cache, f"oci:{tmp_path}/in:1.0")
    assert run(["copy", f"oci:{tmp_path}/in:1.0", f"{place}:a"]) == 0
    assert run(["tag", f"{place}:a", "b"]) == 0
    assert run(["tags", place]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith(f"{place}@sha256:")
    assert printed[1:] == [f"docker://{place}:b", "a", "b"]
    assert run(["delete", f"{place}:a", "--yes"]) == 0
    assert run(["copy", f"{place}:b", f"oci:{tmp_path}/out"]) == 2
    assert "has no image b" in capsys.readouterr().err
