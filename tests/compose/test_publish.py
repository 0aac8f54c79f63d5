"""Where images go, and under what names."""

from __future__ import annotations

import msgspec
import pytest

from distil.compose.date import build_date
from distil.compose.errors import InvalidEpoch, NoOutput
from distil.compose.publish import destinations
from distil.formats.errors import InvalidSpec
from distil.image.errors import UnsupportedDestination
from distil.model.errors import InvalidReference
from distil.model.platform import AMD64, ARM64
from distil.source.specification import Overrides, read_spec
from tests.compose.test_configuration import APPLICATION


@pytest.mark.parametrize(
    ("tag", "version", "name"),
    [
        ("till:2.0", "1.0", "till:2.0"),
        ("till", "1.0", "till:latest"),
        (None, "1.0", "shop:1.0"),
        (None, "", "shop:latest"),
        ("registry.test:5000/team/till:2", "", "registry.test:5000/team/till:2"),
    ],
)
def test_names(tag: str | None, version: str, name: str) -> None:
    application = msgspec.structs.replace(APPLICATION, version=version)
    assert destinations(tag, [], load=True).name_for(application).familiar == name


def test_a_name_that_is_none() -> None:
    with pytest.raises(InvalidReference):
        destinations("No Name", [], load=True)


def test_an_image_for_nobody() -> None:
    with pytest.raises(NoOutput) as caught:
        destinations(None, [], load=False).check(APPLICATION)
    assert "-o oci:out/shop" in caught.value.hint
    destinations(None, ["oci:out"], load=False).check(APPLICATION)
    destinations(None, [], load=True).check(APPLICATION)


def test_places_that_are_never_written_to() -> None:
    with pytest.raises(UnsupportedDestination, match="does not push"):
        destinations(None, ["oci:out", "docker://example.org/shop"], load=False)


def test_places_for_one_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """A docker-archive never holds two; an engine takes this machine's, if it is there."""
    for place in ("oci:out", "oci-archive:a.tar"):
        destinations(None, [place], load=False).check_platforms([AMD64, ARM64])
    archive = destinations(None, ["docker-archive:a.tar"], load=False)
    archive.check_platforms([ARM64])
    with pytest.raises(UnsupportedDestination, match="one platform for each name"):
        archive.check_platforms([AMD64, ARM64])
    engine = destinations(None, ["docker-daemon:shop:1"], load=False)
    for where in (engine, destinations(None, [], load=True)):
        monkeypatch.setattr("platform.machine", lambda: "aarch64")
        where.check_platforms([AMD64, ARM64])
        monkeypatch.setattr("platform.machine", lambda: "riscv64")
        where.check_platforms([ARM64])
        with pytest.raises(UnsupportedDestination, match="this machine's, which is not among"):
            where.check_platforms([AMD64, ARM64])


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
    assert read_spec(tmp_path, Overrides()).base.source == "debian:trixie"
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
