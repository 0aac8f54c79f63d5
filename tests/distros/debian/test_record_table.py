"""The table of records: what was put in comes out, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.distros.debian.record_table import CHUNK, RecordTable, write_table
from distil.model.errors import CorruptContent


def written(path: Path, records: dict[str, bytes], label: str = "test") -> Path:
    with path.open("wb") as stream:
        write_table(stream, label, records.items())
    return path


def opened(path: Path, label: str = "test") -> RecordTable:
    table = RecordTable.open(path, label)
    assert table is not None
    return table


@given(records=st.dictionaries(st.text(max_size=20), st.binary(max_size=3000), max_size=40))
def test_every_record_is_found(
    records: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = opened(written(tmp_path_factory.mktemp("table") / "t", records))
    for key, record in records.items():
        assert table.get(key) == record
    assert table.get("something else entirely") is None


def test_many_records(tmp_path: Path) -> None:
    records = {f"package-{number}": bytes([number % 251]) * 50 for number in range(5000)}
    table = opened(written(tmp_path / "t", records))
    assert all(table.get(key) == record for key, record in records.items())
    assert not any(table.get(f"package-{number}") for number in range(5000, 9000))


def test_no_file_and_another_label_are_no_table(tmp_path: Path) -> None:
    assert RecordTable.open(tmp_path / "t", "test") is None
    written(tmp_path / "t", {"a": b"1"}, "older")
    assert RecordTable.open(tmp_path / "t", "test") is None


@pytest.mark.parametrize("position", [0, 10, 41, 60, 200])
def test_damage_to_the_head_is_found_on_opening(position: int, tmp_path: Path) -> None:
    path = written(tmp_path / "t", {f"p{n}": b"x" * 90 for n in range(200)})
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptContent):
        RecordTable.open(path, "test")


@pytest.mark.parametrize("kept", [0, 5, 43, 44, 100])
def test_a_cut_off_head_is_found_on_opening(kept: int, tmp_path: Path) -> None:
    path = written(tmp_path / "t", {"a": b"1"})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CorruptContent):
        RecordTable.open(path, "test")


def test_damage_to_a_chunk_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "t", {"first": b"x" * CHUNK, "last": b"y" * 10})
    data = path.read_bytes()
    path.write_bytes(data[:-1] + b"z")
    table = opened(path)
    assert table.get("first") == b"x" * CHUNK
    with pytest.raises(CorruptContent):
        table.get("last")


def test_a_cut_off_chunk_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "t", {"first": b"x" * CHUNK, "last": b"y" * 10})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptContent):
        opened(path).get("last")
