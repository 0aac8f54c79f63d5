"""Downloads: every way in which one can go wrong, and what is kept secret meanwhile."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import subprocess
import threading
import time
from pathlib import Path

import pytest

from distil.events import Event, Transfer, listening
from distil.fetch.cache import Cache
from distil.fetch.errors import (
    AccessDenied,
    ArchiveGone,
    ConnectionFailed,
    CorruptCache,
    DiskFull,
    HostNotFound,
    InvalidUrl,
    NotFound,
    Offline,
    ServerError,
    TooLarge,
    TruncatedDownload,
    WrongDigest,
    WrongSize,
)
from distil.fetch.http import Client
from distil.model.digest import Digest
from tests.support.downloads import DATA, wanted
from tests.support.tools import missing


def assert_nothing_kept(cache: Cache) -> None:
    assert [path for path in cache.root.rglob("*") if path.is_file() and path.name != "lock"] == []


class TestArchive:
    def test_download_and_then_the_cache(self, client, cache, web, url):
        first = client.archive(wanted(f"{url}/a.deb"))
        assert first.read() == DATA
        assert client.archive(wanted(f"{url}/a.deb")) == first
        assert len(web.requests) == 1

    def test_unknown_size(self, client, url):
        assert client.archive(wanted(f"{url}/a.deb", size=None)).size == len(DATA)

    def test_without_content_length(self, client, web, url):
        web.faults.without_length("*")
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA

    def test_damaged_cache_is_an_error_once(self, client, cache, url):
        blob = client.archive(wanted(f"{url}/a.deb"))
        Path(blob.path).write_bytes(b"damaged")
        with pytest.raises(CorruptCache, match=r"a 1\.0-1 in the cache"):
            client.archive(wanted(f"{url}/a.deb"))
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA

    def test_file_address(self, client, tmp_path):
        (tmp_path / "a b%.deb").write_bytes(DATA)
        address = (tmp_path / "a b%.deb").as_uri()
        assert client.archive(wanted(address)).read() == DATA

    def test_file_address_of_nothing(self, client, tmp_path):
        with pytest.raises(NotFound):
            client.archive(wanted((tmp_path / "none").as_uri()))

    def test_name_that_needs_quoting(self, client, web, url):
        (web.root / "c++ 1:2.deb").write_bytes(DATA)
        web.faults.replace("/c*", DATA)
        assert client.archive(wanted(f"{url}/c++ 1:2~é.deb")).read() == DATA
        assert web.requests[0].path == "/c++%201:2~%C3%A9.deb"


class TestWrongBytes:
    @pytest.mark.parametrize("got", [DATA[:-1], DATA + b"!", b""])
    @pytest.mark.parametrize("with_length", [True, False])
    def test_wrong_size(self, client, cache, web, url, got, with_length):
        if with_length:
            web.faults.replace("*", got)
        else:
            web.faults.without_length("*", lambda _: got)
        with pytest.raises(WrongSize) as caught:
            client.archive(wanted(f"{url}/a.deb"))
        assert caught.value.exit_code == 2
        assert_nothing_kept(cache)

    def test_size_is_enforced_before_the_end(self, client, cache, web, url):
        """An endless body is given up as soon as it is too long."""
        sent = []

        def endless(_handler, _body):
            with contextlib.suppress(OSError):
                _handler.start(200, {"Connection": "close"})
                while True:
                    _handler.wfile.write(b"x" * 65536)
                    sent.append(65536)

        web.faults._add("*", None, endless)
        with pytest.raises(WrongSize):
            client.archive(wanted(f"{url}/a.deb"))
        assert_nothing_kept(cache)

    def test_wrong_digest(self, client, cache, web, url):
        web.faults.tamper("*")
        with pytest.raises(WrongDigest) as caught:
            client.archive(wanted(f"{url}/a.deb"))
        assert caught.value.exit_code == 2
        assert Digest.of(DATA) in caught.value.message
        assert_nothing_kept(cache)

    def test_stale_copy_in_a_cache_on_the_way(self, client, web, url):
        web.faults.tamper("*", times=1)
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA
        assert web.requests[1].headers["Cache-Control"] == "no-cache"

    def test_wrong_size_of_what_is_in_the_cache(self, client, url):
        client.archive(wanted(f"{url}/a.deb"))
        with pytest.raises(WrongSize):
            client.archive(wanted(f"{url}/a.deb", size=5))

    def test_truncated(self, client, cache, web, url):
        web.faults.truncate("*", 1000)
        with pytest.raises(TruncatedDownload) as caught:
            client.archive(wanted(f"{url}/a.deb"))
        assert caught.value.exit_code == 2
        assert len(web.requests) == 4
        assert_nothing_kept(cache)

    def test_truncated_once(self, client, web, url):
        web.faults.truncate("*", 1000, times=1)
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA

    def test_reset_once(self, client, web, url):
        web.faults.reset("*", 1000, times=1)
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA

    def test_full_disk(self, client, cache, url, monkeypatch):
        def full(_descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(DiskFull):
            client.archive(wanted(f"{url}/a.deb"))
        assert_nothing_kept(cache)


class TestServerErrors:
    @pytest.mark.parametrize(
        ("status", "error", "tries"),
        [
            (404, NotFound, 1),
            (410, NotFound, 1),
            (401, AccessDenied, 1),
            (403, AccessDenied, 1),
            (400, ServerError, 1),
            (204, ServerError, 1),
            (408, ServerError, 4),
            (429, ServerError, 4),
            (500, ServerError, 4),
            (503, ServerError, 4),
        ],
    )
    def test_status(self, client, web, url, status, error, tries):
        web.faults.status("*", status)
        with pytest.raises(error) as caught:
            client.archive(wanted(f"{url}/a.deb"))
        assert type(caught.value) is error
        assert caught.value.exit_code == 2
        assert str(status) in caught.value.message
        assert len(web.requests) == tries
        assert_nothing_kept(client.cache)

    def test_retry_until_it_works(self, client, web, url):
        web.faults.status("*", 503, times=3)
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA

    def test_retry_after(self, cache, web, url):
        web.faults.status("*", 429, times=1, headers={"Retry-After": "1"})
        with Client(cache, retry_delay=0) as client:
            start = time.monotonic()
            client.archive(wanted(f"{url}/a.deb"))
        assert time.monotonic() - start >= 1

    def test_retry_after_of_a_day(self, client, web, url):
        web.faults.status("*", 503, headers={"Retry-After": "86400"})
        with pytest.raises(ServerError, match="left alone for 86400 seconds"):
            client.archive(wanted(f"{url}/a.deb"))
        assert len(web.requests) == 1

    def test_trickle(self, client, cache, web, url, monkeypatch):
        monkeypatch.setattr("distil.fetch.transport._PATIENCE", 0.2)
        web.faults.trickle("*", 0.02)
        events: list[Event] = []
        with listening(events.append), pytest.raises(ConnectionFailed, match="1000 bytes a sec"):
            client.archive(wanted(f"{url}/a.deb"))
        assert len(web.requests) == 4
        assert len(events) > 4, "a slow transfer is seen to go on"
        assert_nothing_kept(cache)

    def test_trickle_once(self, client, web, url, monkeypatch):
        monkeypatch.setattr("distil.fetch.transport._PATIENCE", 0.2)
        web.faults.trickle("*", 0.02, times=1)
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA

    def test_refused_connection(self, client):
        with pytest.raises(ConnectionFailed, match="refused"):
            client.archive(wanted("http://127.0.0.1:1/a.deb"))

    def test_unknown_host(self, client):
        with pytest.raises(HostNotFound):
            client.archive(wanted("http://nowhere.invalid/a.deb"))

    @pytest.mark.parametrize(
        "address", ["ftp://host/x", "http://", "http:///x", "x", "http://h:99999/", "file://h/x"]
    )
    def test_invalid_address(self, client, address):
        with pytest.raises(InvalidUrl):
            client.archive(wanted(address))

    def test_offline(self, cache, url):
        with Client(cache) as client:
            client.archive(wanted(f"{url}/a.deb"))
        with Client(cache, offline=True) as client:
            assert client.archive(wanted(f"{url}/a.deb")).read() == DATA
            with pytest.raises(Offline, match=r"a 1\.0-1"):
                client.archive(wanted(f"{url}/a.deb", b"other"))
            with pytest.raises(Offline):
                client.document(f"{url}/a.deb", limit=10)


class TestDebianMirror:
    def test_archive_that_is_gone(self, client, url):
        client.use_debian_mirror(f"{url}/debian")
        with pytest.raises(ArchiveGone) as caught:
            client.archive(wanted(f"{url}/debian/pool/a.deb"))
        assert "snapshot" in caught.value.hint

    def test_mirror_of_old_versions(self, client, web, url):
        (web.root / "old").mkdir()
        (web.root / "old" / "b.deb").write_bytes(DATA)
        client.use_debian_mirror(f"{url}/debian", f"{url}/old")
        assert client.archive(wanted(f"{url}/debian/b.deb")).read() == DATA
        with pytest.raises(ArchiveGone):
            client.archive(wanted(f"{url}/debian/c.deb", b"c"))

    def test_what_is_no_mirror_is_just_not_found(self, client, url):
        client.use_debian_mirror(f"{url}/debian")
        with pytest.raises(NotFound) as caught:
            client.archive(wanted(f"{url}/debian-like/a.deb"))
        assert type(caught.value) is NotFound

    @pytest.mark.parametrize("setting", ["Acquire::http::Proxy", "acquire::HTTP::proxy"])
    def test_proxy_of_apt(self, client, web, url, tmp_path, monkeypatch, setting):
        apt = tmp_path / "apt.conf"
        apt.write_text(f'{setting} "{url}";\n')
        monkeypatch.setenv("APT_CONFIG", str(apt))
        if not _apt_config_works():
            missing("apt-config is not installed")
        web.faults.replace("http://mirror.invalid/*", DATA)
        client.use_debian_mirror("http://mirror.invalid/debian")
        assert client.archive(wanted("http://mirror.invalid/debian/x.deb")).read() == DATA
        with pytest.raises(HostNotFound):
            client.archive(wanted("http://mirror.invalid/other", b"other"))


def _apt_config_works() -> bool:
    try:
        return not subprocess.run(
            ["apt-config", "dump"], capture_output=True, check=False
        ).returncode
    except FileNotFoundError:
        return False


class TestSeveral:
    def files(self, web, count):
        contents = [f"file {number} ".encode() * 1000 for number in range(count)]
        for number, content in enumerate(contents):
            (web.root / f"{number}.deb").write_bytes(content)
        return contents

    def test_order_is_kept_and_duplicates_fetched_once(self, client, web, url):
        contents = self.files(web, 20)
        web.faults.slow("/3.deb", 0.2)
        downloads = [wanted(f"{url}/{n}.deb", content) for n, content in enumerate(contents)]
        blobs = client.archives(downloads + downloads[::-1])
        assert [blob.read() for blob in blobs] == contents + contents[::-1]
        assert len(web.requests) == 20

    def test_nothing(self, client):
        assert client.archives([]) == []

    def test_failure_is_the_error_of_one_and_the_next_try_works(self, client, cache, web, url):
        contents = self.files(web, 20)
        web.faults.tamper("/7.deb")
        downloads = [wanted(f"{url}/{n}.deb", content) for n, content in enumerate(contents)]
        with pytest.raises(WrongDigest):
            client.archives(downloads)
        assert not list(cache.root.glob("*/.tmp-*"))
        web.faults.clear()
        assert [blob.read() for blob in client.archives(downloads)] == contents

    def test_failure_ends_the_slow_ones(self, client, web, url):
        contents = self.files(web, 2)
        release = threading.Event()
        outcomes: queue.Queue[bool] = queue.Queue()

        def hang(handler, body):
            handler.start(200, {"Content-Length": str(len(body))})
            handler.wfile.write(body[:10])
            handler.wfile.flush()
            outcomes.put(release.wait(20))
            return True

        web.faults._add("/0.deb", None, hang)
        web.faults.slow("/1.deb", 0.3)
        web.faults.status("/1.deb", 404)
        downloads = [wanted(f"{url}/{n}.deb", content) for n, content in enumerate(contents)]
        with pytest.raises(NotFound):
            client.archives(downloads)
        release.set()
        assert outcomes.get(), "the slow transfer was waited for"

    def test_progress_adds_up(self, client, web, url):
        contents = self.files(web, 5)
        events: list[Event] = []
        with listening(events.append):
            client.archives([wanted(f"{url}/{n}.deb", c) for n, c in enumerate(contents)])
        transfers = [event for event in events if isinstance(event, Transfer)]
        finished = [event for event in transfers if event.done == event.total]
        assert sum(event.total for event in finished) == sum(map(len, contents))


class TestDocument:
    def test_document(self, client, url):
        assert client.document(f"{url}/a.deb", limit=len(DATA)) == DATA

    @pytest.mark.parametrize("with_length", [True, False])
    def test_too_large(self, client, web, url, with_length):
        if not with_length:
            web.faults.without_length("*")
        with pytest.raises(TooLarge):
            client.document(f"{url}/a.deb", limit=len(DATA) - 1)

    def test_truncated(self, client, web, url):
        web.faults.truncate("*", 10)
        with pytest.raises(TruncatedDownload):
            client.document(f"{url}/a.deb", limit=1 << 20)


def test_digest_is_of_what_is_written(client, cache, url):
    blob = client.archive(wanted(f"{url}/a.deb"))
    assert hashlib.sha256(Path(blob.path).read_bytes()).hexdigest() == blob.digest.hex
