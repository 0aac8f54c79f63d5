"""Packages by the manifest of Chisel."""

from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Claim, Unreadable
from distil.catalog.formats import chisel
from distil.catalog.formats.chisel import manifest
from distil.model.inventory import Checksum

PATH = "/var/lib/chisel/manifest.wall"
A, B, C = "a" * 64, "b" * 64, "c" * 64
HEADER = b'{"jsonwall":"1.0","schema":"1.0","count":11}\n'
LINES = f"""{{"kind":"content","slice":"base-files_release-info","path":"/usr/lib/os-release"}}
{{"kind":"package","name":"base-files","version":"13ubuntu10","sha256":"{C}","arch":"amd64"}}
{{"kind":"package","name":"libc6","version":"2.39-0ubuntu8","sha256":"{C}","arch":"amd64"}}
{{"kind":"path","path":"/bin","mode":"0777","slices":["base-files_base"],"link":"usr/bin"}}
{{"kind":"path","path":"/etc/","mode":"0755","slices":["base-files_base","libc6_config"]}}
{{"kind":"path","path":"/etc/both","mode":"0644","slices":["base-files_base","libc6_config"],\
"sha256":"{A}","size":1}}
{{"kind":"path","path":"/usr/lib/os-release","mode":"0644",\
"slices":["base-files_base","base-files_release-info"],"sha256":"{A}","final_sha256":"{B}"}}
{{"kind":"path","path":"{PATH}","mode":"0644","slices":["base-files_chisel"]}}
{{"kind":"slice","name":"base-files_release-info"}}
{{"kind":"slice","name":"base-files_base"}}
""".encode()


def compressed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize("content", [compressed(HEADER + LINES), HEADER + LINES])
def test_packages_with_the_paths_of_their_slices(content: bytes) -> None:
    base, libc = manifest(PATH, content).stated
    assert base.component.purl == "pkg:deb/base-files@13ubuntu10?arch=amd64"
    assert base.component.kind == "deb"
    assert base.component.checksums == (Checksum("sha256", C),)
    assert base.component.properties == (("slices", "base-files_base base-files_release-info"),)
    assert base.claims == (
        Claim("/bin"),
        Claim("/etc/both", f"sha256:{A}"),
        Claim("/usr/lib/os-release", f"sha256:{B}"),
        Claim(PATH),
    )
    assert libc.claims == (Claim("/etc/both", f"sha256:{A}"),)
    assert libc.keys == (f"chisel:{PATH}:libc6", "dpkg:/:libc6", "dpkg:/:libc6:amd64")


def test_a_manifest_in_another_root_and_in_a_place_of_the_makers_choice() -> None:
    below = manifest(f"/srv/r{PATH}", HEADER + LINES).stated[0]
    assert below.claims[0].path == "/srv/r/bin"
    assert below.keys[1] == "dpkg:/srv/r:base-files"
    elsewhere = manifest("/opt/manifest.wall", HEADER + LINES).stated[0]
    assert elsewhere.claims[0].path == "/bin"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"{}\n",
        b'{"jsonwall":"2.0","schema":"1.0"}\n',
        b'{"jsonwall":"1.0","schema":"2.0"}\n',
        HEADER + b"no JSON\n",
        HEADER + b'{"kind":"path","slices":[1]}\n',
        HEADER + b"[" * 100_000,
        HEADER + b'{"kind":"path","path":"/\xff"}\n',
        compressed(HEADER + LINES)[:-9],
        compressed(HEADER + LINES) + b"more",
    ],
)
def test_what_is_no_manifest_is_said_so(content: bytes) -> None:
    with pytest.raises(Unreadable):
        manifest(PATH, content)


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chisel, "MOST_LINES", 10)
    with pytest.raises(Unreadable, match="more than 10 lines"):
        manifest(PATH, HEADER + b"{}\n" * 11)
    monkeypatch.setattr(chisel, "LARGEST", 1 << 20)
    with pytest.raises(Unreadable, match="unpacks to more than"):
        manifest(PATH, compressed(HEADER + b"\0" * (2 << 20)))


WORDS = st.sampled_from([*LINES.splitlines(keepends=True), b"{}", b"\n", b'"\\ud800"', b"\xff"])


@given(content=st.lists(WORDS).map(b"".join) | st.binary(), is_compressed=st.booleans())
def test_any_bytes_are_packages_or_unreadable(content: bytes, *, is_compressed: bool) -> None:
    data = HEADER + content
    try:
        facts = manifest(PATH, compressed(data) if is_compressed else data)
    except Unreadable:
        return
    assert all(one.component.name for one in facts.stated)
