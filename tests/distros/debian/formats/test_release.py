"""Release files."""

from __future__ import annotations

import pytest

from distil.distros.debian.errors import MalformedRelease
from distil.distros.debian.formats.release import ReleaseFile, parse_release
from distil.errors import DistilError
from distil.model.digest import Digest

ONE, TWO = "1" * 64, "2" * 64
FIELDS = {
    "Origin": "Debian",
    "Suite": "stable-security",
    "Version": "13",
    "Codename": "trixie-security",
    "Date": "Sat, 21 Nov 2026 00:53:03 UTC",
    "Valid-Until": "Sat, 28 Nov 2026 00:53:03 UTC",
    "Acquire-By-Hash": "yes",
    "Architectures": "amd64 arm64",
    "Components": "updates/main updates/contrib",
    "MD5Sum": "\n 0123456789abcdef0123456789abcdef 5 main/binary-amd64/Packages",
    "SHA256": f"\n {ONE}        5 main/binary-amd64/Packages\n {TWO} 77 a.b/c+d.xz",
}


def text(**changes: str | None) -> bytes:
    fields = FIELDS | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}\n" for name, value in fields.items() if value is not None]
    return "".join(lines).encode()


def test_fields():
    release = parse_release(text(), "it")
    assert (release.origin, release.suite, release.version) == ("Debian", "stable-security", "13")
    assert release.codename == "trixie-security"
    assert release.date == 1795222383
    assert release.valid_until == 1795222383 + 7 * 86400
    assert release.by_hash
    assert not release.not_automatic
    assert release.architectures == ("amd64", "arm64")
    assert release.components == ("main", "contrib")


def test_files():
    release = parse_release(text(), "it")
    assert release.file("main/binary-amd64/Packages") == ReleaseFile(5, Digest.from_hex(ONE))
    assert release.file("a.b/c+d.xz") == ReleaseFile(77, Digest.from_hex(TWO))


@pytest.mark.parametrize("name", ["Packages", "main/binary-amd64/Package", "aXb/c+d.xz", ".*", ""])
def test_names_that_are_not_listed(name):
    assert parse_release(text(), "it").file(name) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"Origin": None},
        {"Codename": None},
        {"Date": None},
        {"SHA256": None},
        {"SHA256": ""},
        {"Architectures": None},
        {"Components": None},
        {"Date": "yesterday"},
        {"Date": "Sat, 21 Nov 2026 00:53:03 CET"},
        {"Date": "Sat, 21 anF 2026 00:53:03 UTC"},
        {"Valid_Until": "never"},
        {"Valid_Until": ""},
    ],
)
def test_what_is_missing_or_wrong(changes):
    with pytest.raises(MalformedRelease, match="it: "):
        parse_release(text(**changes), "it")


@pytest.mark.parametrize("data", [b"", b"Origin", text() + b"\n" + text(), b"\xff\n"])
def test_what_is_no_release_file(data):
    with pytest.raises(DistilError):
        parse_release(data, "it")


@pytest.mark.parametrize("value", ["no", "", "maybe"])
def test_flags_that_are_off(value):
    release = parse_release(text(Acquire_By_Hash=value, NotAutomatic=value), "it")
    assert not release.by_hash
    assert not release.not_automatic


def test_not_automatic():
    assert parse_release(text(NotAutomatic="yes"), "it").not_automatic
