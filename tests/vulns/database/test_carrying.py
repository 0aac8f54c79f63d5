"""The database as a file and as an artifact, and what is not taken from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil import pipeline
from distil.errors import DistilError
from distil.image.artifact import BundledFile, bundle
from distil.image.naming import name_image
from distil.image.stores import StoreSettings
from distil.image.write import write
from distil.model.blob import InlineBlob
from distil.model.reference import parse_image_name, parse_location
from distil.pipeline import DbRequest
from distil.vulns import errors
from distil.vulns.database.reader import Database
from tests.support.layouts import manifest
from tests.support.memory_registry import MemoryRegistry
from tests.vulns.database.feeds import NOW, build, osv, write_archive


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one advisory."""
    write_archive(tmp_path / "feeds", "PyPI", [osv("PYSEC-2024-1", "PyPI", "one")])
    build(tmp_path / "advisories.db", tmp_path / "feeds")
    return tmp_path / "advisories.db"


def digest(path: Path) -> str:
    with Database.open(path) as database:
        return database.status.digest


def older(path: Path, tmp_path: Path) -> Path:
    """A database whose feed is older."""
    document = osv("PYSEC-2020-1", "PyPI", "old") | {"modified": "2020-01-01T00:00:00Z"}
    write_archive(tmp_path / "old-feeds", "PyPI", [document])
    build(tmp_path / "older.db", tmp_path / "old-feeds")
    return tmp_path / "older.db"


@pytest.mark.parametrize("place", ["{}/copy.db", "oci:{}/layout:db", "oci-archive:{}/db.tar:db"])
@pytest.mark.parametrize("verb", ["import", "update"])
def test_there_and_back(path: Path, tmp_path: Path, place: str, verb: str) -> None:
    place = place.format(tmp_path)
    address = pipeline.db_export(DbRequest(place=place, database=path))
    request = DbRequest(place=address, database=tmp_path / "new" / "advisories.db")
    way = pipeline.db_import if verb == "import" else lambda it: pipeline.db_update(it).status
    status = way(request)
    assert status.digest == digest(path) == digest(tmp_path / "new" / "advisories.db")
    assert status.built == NOW


def test_the_artifact_is_what_the_media_type_says(path: Path, tmp_path: Path) -> None:
    pipeline.db_export(DbRequest(place=f"oci:{tmp_path}/layout", database=path))
    found = manifest(tmp_path / "layout", "latest")
    assert found["artifactType"] == "application/vnd.distil.db.v1"
    assert [one["mediaType"] for one in found["layers"]] == ["application/vnd.distil.db.v1"]
    assert found["layers"][0]["size"] == path.stat().st_size


def test_an_older_one_is_refused_unless_it_is_wanted(path: Path, tmp_path: Path) -> None:
    source, whole = older(path, tmp_path), path.read_bytes()
    with pytest.raises(errors.OlderAdvisories, match="osv/PyPI is of 2020-01-01"):
        pipeline.db_import(DbRequest(place=str(source), database=path))
    assert path.read_bytes() == whole
    pipeline.db_import(DbRequest(place=str(source), database=path, allow_older=True))
    assert path.read_bytes() == source.read_bytes()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def spoilt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = data.rindex(b"\x28\xb5\x2f\xfd") + 20
    data[middle] ^= 0xFF
    path.write_bytes(data)


def foreign(path: Path) -> None:
    path.write_bytes(b"something else altogether")


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (cut, errors.TruncatedDatabase),
        (spoilt, errors.DamagedDatabase),
        (foreign, errors.ForeignDatabase),
        (Path.unlink, errors.NoDatabase),
    ],
)
@pytest.mark.parametrize("way", ["import", "export"])
def test_what_is_not_sound_is_not_carried(
    path: Path, tmp_path: Path, spoil: object, error: type[DistilError], way: str
) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(path.read_bytes())
    assert callable(spoil)
    spoil(other)
    whole = path.read_bytes()
    verb, request = {
        "import": (pipeline.db_import, DbRequest(place=str(other), database=path)),
        "export": (pipeline.db_export, DbRequest(place=str(tmp_path / "copy.db"), database=other)),
    }[way]
    with pytest.raises(error):
        verb(request)
    assert path.read_bytes() == whole
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("spoil", [cut, spoilt, Path.unlink])
def test_a_sound_one_takes_the_place_of_a_damaged_one(
    path: Path, tmp_path: Path, spoil: object
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    assert callable(spoil)
    spoil(path)
    pipeline.db_import(DbRequest(place=str(copy), database=path))
    assert digest(path) == digest(copy)


def test_an_artifact_that_has_no_database(path: Path, tmp_path: Path) -> None:
    artifact = bundle("application/x", [BundledFile("", "application/x", InlineBlob.of(b"x"))])
    location = parse_location(f"oci:{tmp_path}/layout:x")
    write(name_image(artifact, [parse_image_name("x")], location), location)
    with pytest.raises(errors.NoDatabaseThere):
        pipeline.db_import(DbRequest(place=str(location), database=path))


def test_through_a_registry(path: Path, tmp_path: Path) -> None:
    registry = MemoryRegistry()
    with registry.serve():
        settings = StoreSettings(frozenset({registry.place}))
        place = f"docker://{registry.place}/team/advisories:latest"
        address = pipeline.db_export(DbRequest(place=place, database=path, settings=settings))
        assert "@sha256:" in address
        copy = tmp_path / "copy.db"
        for one in (place, address):
            request = DbRequest(place=one, database=copy, settings=settings)
            assert pipeline.db_update(request).status.digest == digest(path)
