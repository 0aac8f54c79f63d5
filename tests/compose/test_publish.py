"""Where images go, and under what names."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from distil.compose.date import build_date
from distil.compose.errors import InvalidEpoch, NoOutput, NowhereToPush, UnfitForProfile
from distil.compose.ledgers import open_ledger
from distil.compose.profiles import find_profile
from distil.compose.publish import bind, destinations, publish
from distil.compose.record import record
from distil.fetch.cache import Cache
from distil.formats.errors import InvalidSpec
from distil.image.errors import UnsupportedDestination
from distil.model.errors import InvalidReference
from distil.model.platform import AMD64, ARM64
from distil.model.reference import parse_image_name, parse_location
from distil.source.specification import Overrides, read_spec
from tests.compose.test_configuration import APPLICATION
from tests.image.test_stores import LEDGER
from tests.support.images import layer, open_image, sample_image
from tests.support.nodes import file
from tests.support.toy_registry import installed


@pytest.mark.parametrize(
    ("tags", "version", "names"),
    [
        (["till:2.0"], "1.0", ["till:2.0"]),
        (["till"], "1.0", ["till:latest"]),
        ([], "1.0", ["shop:1.0"]),
        ([], "", ["shop:latest"]),
        (["registry.test:5000/team/till:2"], "", ["registry.test:5000/team/till:2"]),
        (["till:2.0", "till", "till:latest"], "", ["till:2.0", "till:latest"]),
    ],
)
def test_names(tags: list[str], version: str, names: list[str]) -> None:
    application = msgspec.structs.replace(APPLICATION, version=version)
    assert [str(name) for name in destinations(tags, [], load=True).names_for(application)] == names


def test_a_name_that_is_none() -> None:
    with pytest.raises(InvalidReference):
        destinations(["No Name"], [], load=True)


def test_an_image_for_nobody() -> None:
    with pytest.raises(NoOutput) as caught:
        destinations([], [], load=False).check(APPLICATION)
    assert "-o oci:out/shop" in caught.value.hint
    destinations([], ["oci:out"], load=False).check(APPLICATION)
    destinations([], [], load=True).check(APPLICATION)


def test_places_for_one_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """A docker-archive never holds two; an engine takes this machine's, if it is there."""
    for place in ("oci:out", "oci-archive:a.tar"):
        destinations([], [place], load=False).check_platforms([AMD64, ARM64])
    archive = destinations([], ["docker-archive:a.tar"], load=False)
    archive.check_platforms([ARM64])
    with pytest.raises(UnsupportedDestination, match="one platform for each name"):
        archive.check_platforms([AMD64, ARM64])
    engine = destinations([], ["docker-daemon:shop:1"], load=False)
    for where in (engine, destinations([], [], load=True)):
        monkeypatch.setattr("platform.machine", lambda: "aarch64")
        where.check_platforms([AMD64, ARM64])
        monkeypatch.setattr("platform.machine", lambda: "riscv64")
        where.check_platforms([ARM64])
        with pytest.raises(UnsupportedDestination, match="this machine's, which is not among"):
            where.check_platforms([AMD64, ARM64])


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_pushing_is_to_the_registry_of_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    where = destinations(["registry.test/shop:1.4"], ["oci:out"], load=False, push=True)
    places = [str(store.location) for store in where.stores]
    assert places == ["docker://registry.test/shop:1.4", "oci:out"]
    where.check(APPLICATION)
    with pytest.raises(NowhereToPush) as caught:
        destinations([], ["oci:out"], load=False, push=True)
    assert "-t registry.example/" in caught.value.hint


def test_a_push_is_one_operation(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Production and twin for both platforms with their ledgers; two tags, and those last."""
    registry = installed(monkeypatch)
    name = parse_image_name("registry.test/shop:1.4")
    where = destinations([str(name)], [], load=False, push=True)
    more = layer(cache, [file("/tools", b"tools")])
    made = []
    for platform in (AMD64, ARM64):
        both = [sample_image(cache, *extra, platform=platform) for extra in ((), (more,))]
        made.append([(image, record(image, LEDGER, cache)) for image in both])
    editions = bind(made)
    published = publish(where, [name], editions)
    digests = [edition.image.descriptor.digest for edition in editions]
    assert registry.tags == {
        "registry.test/shop:1.4": digests[0],
        "registry.test/shop:1.4-debug": digests[1],
    }
    assert [one.references for one in published.images] == [
        (f"registry.test/shop@{digest}",) for digest in digests
    ]
    elsewhere = Cache(tmp_path / "elsewhere")
    for tag, platform in itertools.product(registry.tags, (AMD64, ARM64)):
        opened = open_ledger(parse_location(tag), elsewhere, platform)
        assert (opened.ledger, opened.from_cache) == (LEDGER, False)
    registry.tags.clear()
    registry.has_certificate = False
    with pytest.raises(AssertionError):
        publish(where, [name], editions)
    assert registry.tags == {}


def test_several_names(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a tag of each image, everywhere; what refers to an image is there once."""
    registry = installed(monkeypatch)
    tags = ["registry.test/shop:1.4", "registry.test/shop:latest", "other.test/shop:1.4"]
    where = destinations(tags, [f"oci:{tmp_path}/out"], load=False, push=True)
    image = sample_image(cache)
    twin = sample_image(cache, layer(cache, [file("/tools", b"tools")]))
    made = [(one, record(one, LEDGER, cache)) for one in (image, twin)]
    published = publish(where, where.names_for(APPLICATION), bind([made]))
    digest = image.descriptor.digest
    assert registry.tags.keys() == {*tags, *(f"{tag}-debug" for tag in tags)}
    assert published.images[0].references == (
        f"registry.test/shop@{digest}",
        f"other.test/shop@{digest}",
        f"oci:{tmp_path}/out:registry.test/shop:1.4",
        f"oci:{tmp_path}/out:latest",
        f"oci:{tmp_path}/out:other.test/shop:1.4",
    )
    for reference in published.images[1].references:
        assert open_image(parse_location(reference)).descriptor.digest == twin.descriptor.digest


def test_what_lambda_takes(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = installed(monkeypatch)
    profile = find_profile("lambda")
    name = parse_image_name("registry.test/f:1")
    where = destinations([str(name)], [], profile=profile, load=False, push=True)
    where.check_platforms([ARM64])
    with pytest.raises(
        UnfitForProfile, match=r"not an index of several \(linux/amd64, linux/arm64\)"
    ):
        where.check_platforms([AMD64, ARM64])
    assert profile.overrides(Overrides()).compression == "gzip"
    with pytest.raises(UnfitForProfile, match="zstd"):
        profile.overrides(Overrides(compression="zstd"))
    with pytest.raises(UnfitForProfile, match="no such profile"):
        find_profile("cloud")
    assert find_profile("").overrides(Overrides()) == Overrides()
    image = sample_image(cache, platform=ARM64)
    publish(where, [name], bind([[(image, record(image, LEDGER, cache))]]))
    assert set(registry.manifests) == {image.descriptor.digest}


# --- what comes from outside the application -----------------------------------------------


def test_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert build_date(7) == 7
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")
    assert build_date(7) == 7
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert build_date(7) == 0


@pytest.mark.parametrize("value", ["x", "-1", "1.0", "1e9", "٣", "1" * 13])
def test_a_date_that_is_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    with pytest.raises(InvalidEpoch):
        build_date(7)


def test_specification(tmp_path) -> None:
    assert read_spec(tmp_path, Overrides()).base.source == ""
    (tmp_path / "distil.toml").write_text('[base]\nfrom = "debian:sid"\n')
    assert read_spec(tmp_path, Overrides()).base.source == "debian:sid"
    overrides = Overrides(base="debian:bookworm", compression="zstd")
    found = read_spec(tmp_path, overrides)
    assert (found.base.source, found.image.compression) == ("debian:bookworm", "zstd")


def test_a_specification_that_is_no_text(tmp_path) -> None:
    (tmp_path / "distil.toml").write_bytes(b"\xff")
    with pytest.raises(InvalidSpec, match=r"distil\.toml: not UTF-8"):
        read_spec(tmp_path, Overrides())
    (tmp_path / "distil.toml").unlink()
    (tmp_path / "distil.toml").mkdir()
    with pytest.raises(InvalidSpec, match=r"distil\.toml"):
        read_spec(tmp_path, Overrides())
