"""Wheels that are sound, and wheels that try something."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.runtimes.python.errors import InvalidWheel
from distil.runtimes.python.formats.wheel import parse_record, parse_scripts, record_hash
from distil.runtimes.python.formats.wheel_archive import WheelArchive
from tests.support.wheelhouse import record_line, wheel_bytes, zip_bytes

NAME = "web-1.0-py3-none-any.whl"
METADATA = {
    "web-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: web\nVersion: 1.0\n",
    "web-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n",
}


def read_all(data: bytes, filename: str = NAME) -> dict[str, bytes]:
    archive = WheelArchive(io.BytesIO(data), filename)
    return {file.path: b"".join(contents) for file, contents in archive.files()}


def with_record(files: dict[str, bytes], extra: str = "") -> bytes:
    files = {**files, **METADATA}
    record = "".join(record_line(path, data) for path, data in files.items()) + extra
    return zip_bytes({**files, "web-1.0.dist-info/RECORD": record.encode()})


def test_a_sound_wheel():
    data = wheel_bytes("web", files={"web/a.py": "1", "web/run": "x"}, executable=("web/run",))
    archive = WheelArchive(io.BytesIO(data), NAME)
    executable = {file.path: file.executable for file, contents in archive.files() if file}
    assert executable["web/run"]
    assert not executable["web/a.py"]
    assert read_all(data)["web/a.py"] == b"1"
    assert archive.metadata.version == "1.0"
    assert archive.info.purelib


@pytest.mark.parametrize("filename", ["Web-1.0-py3-none-any.whl", "web-1-py3-none-any.whl"])
def test_names_and_versions_are_compared_as_indexes_do(filename):
    assert read_all(wheel_bytes("web"), filename)


NAMES = {
    "climbing": "../evil",
    "climbing inside": "web/../../evil",
    "absolute": "/etc/passwd",
    "of Windows": "web\\..\\evil",
    "a drive": "C:/evil",
    "a dot": "web/./a",
    "an empty part": "web//a",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_paths_that_reach_out(name):
    with pytest.raises(InvalidWheel, match="path"):
        read_all(with_record({name: b"x"}))


def altered(**attributes) -> bytes:
    """A wheel whose member ``a.py`` has other attributes in the zip."""
    stream = io.BytesIO()
    files = {"a.py": b"x" * 100, **METADATA}
    record = "".join(record_line(path, data) for path, data in files.items())
    files["web-1.0.dist-info/RECORD"] = record.encode()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path)
            if path == "a.py":
                for key, value in attributes.items():
                    setattr(entry, key, value)
            archive.writestr(entry, data)
    return stream.getvalue()


def duplicate() -> bytes:
    stream = io.BytesIO(with_record({"a.py": b"1"}))
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.py", b"1")
    return stream.getvalue()


def overlapping() -> bytes:
    """Two names for the same bytes, as zip bombs do it."""
    data = bytearray(with_record({"a.py": b"x", "b.py": b"x"}))
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 1)
    struct.pack_into("<L", data, second + 42, struct.unpack_from("<L", data, first + 42)[0])
    return bytes(data)


HOSTILE = {
    "not a zip": (lambda: b"PK nothing", "not a zip archive"),
    "empty": (lambda: b"", "not a zip archive"),
    "a symbolic link": (lambda: altered(external_attr=0o120777 << 16), "neither a file"),
    "a device": (lambda: altered(external_attr=0o020666 << 16), "neither a file"),
    "bzip2": (lambda: altered(compress_type=zipfile.ZIP_BZIP2), "wheels are not"),
    "twice the same name": (duplicate, "in it twice"),
    "overlapping members": (overlapping, "overlaps another"),
    "a file and a directory": (
        lambda: with_record({"a": b"1", "a/b.py": b"1"}),
        "'a' is a file and a directory",
    ),
    "a bomb": (lambda: with_record({"a.py": b"\0" * (128 << 20)}), "would unpack to"),
    "a file that RECORD does not list": (
        lambda: zip_bytes(
            {
                "evil.py": b"x",
                **METADATA,
                "web-1.0.dist-info/RECORD": b"".join(
                    record_line(path, data).encode() for path, data in METADATA.items()
                ),
            }
        ),
        "RECORD has no hash of 'evil.py'",
    ),
    "no RECORD": (lambda: zip_bytes(METADATA), "has no web-1.0.dist-info/RECORD"),
    "a wrong hash": (
        lambda: wheel_bytes(
            "web",
            record="".join(record_line(path, b"other") for path in ("web/__init__.py", *METADATA)),
        ),
        "does not have the hash",
    ),
    "a weak hash": (
        lambda: wheel_bytes("web", record="web/__init__.py,md5=abc,1\n"),
        "has a 'md5' hash",
    ),
    "listed twice": (
        lambda: with_record({"a.py": b"1"}, extra=record_line("a.py", b"1")),
        "lists 'a.py' twice",
    ),
    "another distribution": (
        lambda: wheel_bytes("other"),
        "its METADATA is of other",
    ),
    "another version": (lambda: wheel_bytes("web", "2.0"), "of version 2.0"),
    "two metadata directories": (
        lambda: with_record({"x-1.dist-info/METADATA": b""}),
        "2 .dist-info directories",
    ),
    "format 2": (
        lambda: zip_bytes(
            {
                **METADATA,
                "web-1.0.dist-info/WHEEL": b"Wheel-Version: 2.0\n",
                "web-1.0.dist-info/RECORD": b"",
            }
        ),
        "format version is '2.0'",
    ),
}


@pytest.mark.parametrize(("make", "message"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_wheels(make, message):
    with pytest.raises(InvalidWheel) as raised:
        read_all(make())
    assert message in raised.value.message
    assert NAME in raised.value.message


def test_a_changed_member():
    data = bytearray(altered())
    data[data.index(b"x" * 100) + 7] = ord("y")
    with pytest.raises(InvalidWheel):
        read_all(bytes(data))


@given(st.data())
def test_damage_is_found_or_harmless(data):
    good = bytearray(wheel_bytes("web", files={"web/a.py": "print(1)\n" * 20}))
    expected = read_all(bytes(good))
    position = data.draw(st.integers(0, len(good) - 1))
    good[position] ^= data.draw(st.integers(1, 255))
    try:
        found = read_all(bytes(good))
    except InvalidWheel:
        return
    for path, contents in found.items():
        if not path.endswith(("RECORD",)):
            assert contents == expected[path]


@given(st.binary(max_size=300))
def test_any_bytes_for_a_record(data):
    with contextlib.suppress(InvalidWheel):
        parse_record(data, NAME)


def test_scripts():
    text = b"""
# comment
[console_scripts]
b = web.cli:main
A.b-c = web : app.run [extra]
[gui_scripts]
g = web:gui
[other]
x = not a script at all
"""
    found = [(s.name, s.module, s.attribute) for s in parse_scripts(text, NAME)]
    assert found == [("A.b-c", "web", "app.run"), ("b", "web.cli", "main"), ("g", "web", "gui")]


@pytest.mark.parametrize(
    "line",
    ["../x = web:main", "x = web", "x = web:main; import os", "x/y = web:main", "x = a b:c", "x ="],
)
def test_scripts_that_are_none(line):
    with pytest.raises(InvalidWheel):
        parse_scripts(f"[console_scripts]\n{line}\n".encode(), NAME)


def test_record_hash():
    assert record_hash(b"\xff" * 32) == "sha256=" + "_" * 42 + "8"
