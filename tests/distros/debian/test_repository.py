"""From a base to verified indexes: every link of the chain of trust, whole and broken."""

from __future__ import annotations

import pytest
from pysequoia import SignatureMode, sign

from distil.distros.debian.errors import (
    ByHashMismatch,
    IndexMismatch,
    IndexMissing,
    MissingComponent,
    UnknownSuite,
    UnsupportedArchitecture,
)
from distil.distros.debian.releases import SuitePolicy
from distil.distros.debian.repository import open_suites, use_mirrors
from distil.distros.debian.sources import find_mirrors
from distil.distros.errors import UnknownBase
from distil.fetch.cache import Cache
from distil.fetch.errors import CorruptCache, TruncatedDownload, WrongDigest, WrongSize
from distil.fetch.http import Client, Download
from distil.model.digest import Digest
from distil.model.platform import AMD64, ARM64
from distil.trust.errors import UnknownSigner
from tests.support.mirror import Mirror
from tests.support.suites import SuiteOpener

PACKAGES = "*/dists/trixie/main/binary-amd64/*"


@pytest.fixture
def mirror(tmp_path):
    made = Mirror(tmp_path)
    made.add_package("hello", "1.0", {"/usr/bin/hello": b"hello"})
    made.add_package("world", "2.0", {"/usr/bin/world": b"world"}, architecture="arm64")
    made.add_package("hello", "1.1", {"/usr/bin/hello": b"fixed"}, suite="trixie-security")
    with made.serve():
        yield made


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def opened(mirror, cache):
    return SuiteOpener(mirror, cache)


def with_client(cache: Cache) -> Client:
    return Client(cache, retry_delay=0.01)


class TestBase:
    def test_suites_of_a_stable_base(self, opened, mirror):
        indexes = opened()
        assert [index.suite for index in indexes] == [
            "trixie",
            "trixie-updates",
            "trixie-security",
        ]
        main, updates, security = indexes
        assert b"Package: hello\nVersion: 1.0\n" in main.packages()
        assert updates.packages() == b""
        assert b"Version: 1.1\n" in security.packages()
        assert Digest.of(main.packages()) == main.digest
        assert (main.base_url, main.component) == (f"{mirror.url}/debian", "main")
        assert (main.codename, main.version) == ("trixie", "13.1")
        assert security.base_url == f"{mirror.url}/debian-security"
        assert opened.warnings == []

    def test_architectures_are_apart(self, opened):
        assert b"Package: world" in opened(platform=ARM64)[0].packages()
        assert b"Package: hello" not in opened(platform=ARM64)[0].packages()

    @pytest.mark.parametrize("base", ["debian:stable", "debian:13"])
    def test_aliases_are_pinned_to_the_codename(self, opened, base):
        assert [index.suite for index in opened(base)] == [
            "trixie",
            "trixie-updates",
            "trixie-security",
        ]

    @pytest.mark.parametrize(("base", "suite"), [("sid", "sid"), ("unstable", "sid")])
    def test_unstable_has_no_companions(self, opened, mirror, base, suite):
        mirror.add_suite("sid", "unstable", version="")
        mirror.publish()
        assert [index.suite for index in opened(f"debian:{base}")] == [suite]
        assert opened.warnings == []

    def test_companion_as_a_base(self, opened):
        assert [index.suite for index in opened("debian:trixie-security")] == ["trixie-security"]

    @pytest.mark.parametrize("base", ["trixie", "debian:", "debian:../x", "debian:13.1"])
    def test_what_is_no_base(self, opened, base):
        with pytest.raises(UnknownBase):
            opened(base)

    def test_unknown_suite(self, opened):
        with pytest.raises(UnknownSuite) as caught:
            opened("debian:trixy")
        assert "trixie" in caught.value.hint
        assert caught.value.exit_code == 2

    def test_architecture_that_is_not_there(self, opened, mirror):
        mirror.suites["trixie"].architectures = ("all", "amd64")
        mirror.publish()
        with pytest.raises(UnsupportedArchitecture, match="arm64"):
            opened(platform=ARM64)

    def test_components(self, opened, mirror):
        mirror.suites["trixie"].components = ("main", "contrib")
        mirror.add_package("extra", component="contrib")
        mirror.publish()
        assert len(opened()) == 3
        indexes = opened(policy=SuitePolicy(components=("main", "contrib"), refresh=True))
        assert [(index.suite, index.component) for index in indexes] == [
            ("trixie", "main"),
            ("trixie", "contrib"),
            ("trixie-updates", "main"),
            ("trixie-security", "main"),
        ]
        assert b"Package: extra" in indexes[1].packages()
        with pytest.raises(MissingComponent):
            opened(policy=SuitePolicy(components=("non-free",), refresh=True))

    @pytest.mark.parametrize("name", ["updates", "security"])
    def test_missing_companion_is_told(self, opened, mirror, name):
        mirror.faults.status(f"*/trixie-{name}/*", 404)
        assert len(opened()) == 2
        assert len(opened.warnings) == 1
        assert name in opened.warnings[0]

    def test_no_security_mirror_is_told(self, opened):
        assert len(opened(securities=())) == 2
        assert "security" in opened.warnings[0]

    def test_not_automatic_is_left_out_unless_asked_for(self, opened, mirror):
        mirror.suites["trixie-updates"].not_automatic = True
        mirror.publish()
        assert [index.suite for index in opened()] == ["trixie", "trixie-security"]
        assert "NotAutomatic" in opened.warnings[0]
        assert len(opened("debian:trixie-updates")) == 1

    def test_archives_of_others_are_passed_over(self, opened, mirror, tmp_path):
        other = Mirror(tmp_path / "other")
        with other.serve():
            archives = (f"{other.url}/debian", f"{mirror.url}/debian")
            assert opened(archives=archives)[0].base_url == f"{mirror.url}/debian"
            with pytest.raises(UnknownSigner):
                opened(archives=archives[:1])


class TestExtraIndexes:
    def test_contents(self, opened, mirror):
        mirror.suites["trixie"].contents = True
        mirror.publish()
        index = opened()[0]
        assert index.extra("Contents-amd64").split() == [b"usr/bin/hello", b"misc/hello"]
        assert index.extra("Contents-riscv64") is None

    def test_tampered_contents(self, opened, mirror):
        mirror.suites["trixie"].contents = True
        mirror.suites["trixie"].by_hash = False
        mirror.publish()
        mirror.faults.tamper("*/Contents-amd64*")
        with pytest.raises(IndexMismatch):
            opened()[0].extra("Contents-amd64")


class TestIndex:
    def test_by_hash(self, opened, mirror):
        opened()[0].packages()
        assert "/by-hash/SHA256/" in mirror.requested(PACKAGES)[0].path
        assert len(mirror.requested(PACKAGES)) == 1

    def test_tampered_by_hash(self, opened, mirror):
        mirror.faults.tamper(PACKAGES)
        with pytest.raises(ByHashMismatch) as caught:
            opened()[0].packages()
        assert caught.value.exit_code == 2

    def test_by_hash_of_the_wrong_size(self, opened, mirror):
        mirror.faults.replace(PACKAGES, lambda data: data + b"more")
        with pytest.raises(ByHashMismatch):
            opened()[0].packages()

    def test_by_hash_that_the_mirror_lacks(self, opened, mirror):
        mirror.faults.status("*/by-hash/*", 404)
        assert b"hello" in opened()[0].packages()

    @pytest.mark.parametrize("change", [lambda data: data + b"x", lambda data: data[::-1]])
    def test_tampered(self, opened, mirror, change):
        mirror.suites["trixie"].by_hash = False
        mirror.publish()
        mirror.faults.replace(PACKAGES, change)
        with pytest.raises(IndexMismatch) as caught:
            opened()[0].packages()
        assert type(caught.value) is IndexMismatch
        assert caught.value.exit_code == 2

    def test_missing(self, opened, mirror):
        mirror.faults.status(PACKAGES, 404)
        with pytest.raises(IndexMissing):
            opened()[0].packages()

    def test_truncated(self, opened, mirror):
        mirror.faults.truncate(PACKAGES, 10)
        with pytest.raises(TruncatedDownload):
            opened()[0].packages()

    @pytest.mark.parametrize("compression", ["xz", "zst", "gz", ""])
    def test_compressions(self, opened, mirror, compression):
        suite = mirror.suites["trixie"]
        suite.compressions = suite.written = (compression,)
        mirror.publish()
        assert b"Package: hello\n" in opened()[0].packages()

    def test_uncompressed_digest_is_checked(self, opened, mirror):
        """A Release file whose two digests contradict each other is not believed."""
        plain = opened()[0].digest
        text = mirror.release_text("trixie").replace(plain.hex, "0" * 64)
        _sign(mirror, text)
        with pytest.raises(IndexMismatch):
            opened()[0].packages()

    @pytest.mark.parametrize("size", ["0", "10"])
    def test_decompression_is_bounded(self, opened, mirror, size):
        index = opened()[0]
        length = f"{len(index.packages()):>8} main/binary-amd64/Packages\n"
        text = mirror.release_text("trixie")
        assert length in text
        _sign(mirror, text.replace(length, f"{size:>8} main/binary-amd64/Packages\n"))
        with pytest.raises(IndexMismatch, match="unpacks to more"):
            opened()[0].packages()

    def test_damaged_in_the_cache(self, opened, mirror, cache):
        index = opened()[0]
        data = index.packages()
        [path] = [p for p in (cache.root / "blobs").iterdir() if p.read_bytes()[:4] == b"\xfd7zX"]
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(CorruptCache, match="Packages of trixie in the cache"):
            index.packages()
        assert index.packages() == data
        assert len(mirror.requested(PACKAGES)) == 2

    def test_packages_of_the_mirror(self, opened, mirror, cache):
        """A .deb that was tampered with, in the mirror and in the cache."""
        index = opened()[0]
        fields = dict(
            line.split(": ", 1) for line in index.packages().decode().splitlines() if ": " in line
        )
        download = Download(
            f"{index.base_url}/{fields['Filename']}",
            Digest.from_hex(fields["SHA256"]),
            int(fields["Size"]),
            "hello 1.0",
        )
        mirror.faults.tamper("*.deb")
        with with_client(cache) as client, pytest.raises(WrongDigest, match=r"hello 1\.0"):
            client.archive(download)
        mirror.faults.clear()
        mirror.faults.replace("*.deb", lambda data: data[:-1])
        with with_client(cache) as client, pytest.raises(WrongSize):
            client.archive(download)
        mirror.faults.clear()
        with with_client(cache) as client:
            blob = client.archive(download)
            cache.path("blobs", blob.digest.hex).write_bytes(b"tampered")
            with pytest.raises(CorruptCache, match=r"hello 1\.0"):
                client.archive(download)
            assert client.archive(download).read()[:8] == b"!<arch>\n"


def _sign(mirror: Mirror, text: str) -> None:
    signed = sign(mirror.key.signer(), text.encode(), mode=SignatureMode.CLEAR)
    mirror.put_release("trixie", signed)


@pytest.mark.network
@pytest.mark.parametrize("platform", [AMD64, ARM64], ids=str)
def test_the_real_debian(tmp_path, platform):
    """The mirrors of this machine, with the keys that are shipped."""
    cache = Cache(tmp_path)
    with Client(cache) as client:
        indexes = open_suites("debian:trixie", platform, client, cache, find_mirrors())
        assert indexes[0].version.startswith("13")
        assert {index.suite for index in indexes} >= {"trixie", "trixie-security"}
        data = indexes[0].packages()
    assert Digest.of(data) == indexes[0].digest
    assert data.startswith(b"Package: ")
    assert data.count(b"\nPackage: ") > 50_000


def test_old_versions_of_each_archive_are_asked_of_its_own_snapshot(mirror, cache):
    for name in ("old", "old-security"):
        (mirror.root / name).mkdir()
        (mirror.root / name / "a.deb").write_bytes(name.encode())
    named = mirror.mirrors(
        snapshot=f"{mirror.url}/old", security_snapshot=f"{mirror.url}/old-security"
    )
    with with_client(cache) as client:
        used = use_mirrors(client, named)
        for base, data in ((used.archive, b"old"), (used.security, b"old-security")):
            download = Download(f"{base}/a.deb", Digest.of(data), len(data), "a 1.0-1")
            assert client.archive(download).read() == data
