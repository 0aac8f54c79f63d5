"""The cache: what is in it is whole and right, or it is not in it."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.fetch.errors import CacheInUse, CacheUnwritable, CorruptCache, DiskFull
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.errors import CorruptContent


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def store(cache: Cache, data: bytes) -> Digest:
    digest = Digest.of(data)
    with cache.writing("blobs", digest.hex) as stream:
        stream.write(data)
    return digest


def write(cache: Cache, data: bytes, failure: type[BaseException] | None = None) -> None:
    """Write to packs/name, and fail in the middle if that is asked for."""
    with cache.writing("packs", "name") as stream:
        stream.write(data)
        if failure is not None:
            raise failure


def age(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def temporaries(cache: Cache) -> list[Path]:
    return list(cache.root.glob("*/.tmp-*"))


@contextlib.contextmanager
def other_process(cache: Cache, code: str):
    """Another process that runs `code` with `cache`, says "ready" and waits to be killed."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom distil.fetch.cache import Cache\n"
        f"cache = Cache(Path({str(cache.root)!r}))\n{code}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


class TestPlace:
    def test_chosen_directory_comes_first(self, monkeypatch, tmp_path):
        monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "mine"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert Cache.default().root == tmp_path / "mine"

    def test_xdg_directory(self, monkeypatch, tmp_path):
        monkeypatch.delenv("DISTIL_CACHE_DIR", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert Cache.default().root == tmp_path / "xdg" / "distil"

    def test_home_directory_when_xdg_is_relative(self, monkeypatch, tmp_path):
        monkeypatch.delenv("DISTIL_CACHE_DIR", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert Cache.default().root == tmp_path / ".cache" / "distil"

    def test_nothing_is_made_before_the_first_write(self, cache):
        assert cache.blob(Digest.of(b"x")) is None
        assert cache.document("indexes", "key") is None
        assert not cache.root.exists()

    def test_directory_is_for_the_user_alone(self, cache):
        store(cache, b"x")
        assert cache.root.stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "a" * 300])
    def test_names_that_would_lead_elsewhere(self, cache, name):
        with pytest.raises(ValueError, match="no cache file"):
            cache.path("blobs", name)

    def test_unknown_area(self, cache):
        with pytest.raises(ValueError, match="no cache file"):
            cache.path("elsewhere", "name")


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(errno.EACCES, "refused")


class TestBlobs:
    def test_round_trip(self, cache):
        blob = cache.blob(store(cache, b"hello"))
        assert blob is not None
        assert (blob.read(), blob.size) == (b"hello", 5)

    @pytest.mark.parametrize("damage", [b"hellp", b"hell", b"hello!", b""])
    def test_corrupt_blob_is_an_error_and_removed(self, cache, damage):
        digest = store(cache, b"hello")
        path = cache.path("blobs", digest.hex)
        path.write_bytes(damage)
        with pytest.raises(CorruptCache, match=r"hello 1\.0 in the cache") as caught:
            cache.blob(digest, "hello 1.0")
        assert "it was removed" in caught.value.hint
        assert not path.exists()
        assert cache.blob(digest) is None

    def test_corrupt_blob_that_cannot_be_removed(self, cache, monkeypatch):
        digest = store(cache, b"hello")
        cache.path("blobs", digest.hex).write_bytes(b"hellp")
        monkeypatch.setattr(Path, "unlink", refuse)
        for _ in range(2):
            with pytest.raises(CorruptCache) as caught:
                cache.blob(digest)
            assert caught.value.hint.startswith("remove it")

    def test_contents_that_turn_out_corrupt_while_they_are_read(self, cache, tmp_path):
        with cache.writing("packs", "name") as stream:
            stream.write(b"hello")
        pack = FileBlob(str(cache.path("packs", "name")), 0, 5, Digest.of(b"other"))
        with pytest.raises(CorruptCache, match="an unpacked archive"), cache.guarding():
            pack.read()
        assert not Path(pack.path).exists()
        elsewhere = tmp_path / "file"
        elsewhere.write_bytes(b"hello")
        with pytest.raises(CorruptContent), cache.guarding():
            FileBlob(str(elsewhere), 0, 5, Digest.of(b"other")).read()
        assert elsewhere.exists()

    def test_unreadable_blob(self, cache):
        digest = Digest.of(b"x")
        cache.path("blobs", digest.hex).mkdir(parents=True)
        with pytest.raises(CacheUnwritable):
            cache.blob(digest)


class TestWriting:
    @pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
    def test_failure_leaves_nothing(self, cache, failure):
        with pytest.raises(failure):
            write(cache, b"half", failure)
        assert not cache.path("packs", "name").exists()
        assert temporaries(cache) == []

    def test_nothing_is_there_before_the_end(self, cache):
        with cache.writing("packs", "name") as stream:
            stream.write(b"x" * 100_000)
            stream.flush()
            assert not cache.path("packs", "name").exists()
        assert cache.path("packs", "name").stat().st_size == 100_000

    def test_failure_keeps_what_was_there(self, cache):
        with cache.writing("packs", "name") as stream:
            stream.write(b"old")
        with pytest.raises(RuntimeError):
            write(cache, b"new", RuntimeError)
        assert cache.path("packs", "name").read_bytes() == b"old"

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    def test_full_disk(self, cache, monkeypatch, number):
        def full(_descriptor):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(DiskFull) as caught:
            write(cache, b"data")
        assert caught.value.exit_code == 2
        assert "gc" in caught.value.hint
        assert temporaries(cache) == []

    def test_really_full_disk(self, cache):
        def onto_a_full_disk() -> None:
            with cache.writing("packs", "name") as stream, open("/dev/full", "wb") as full:
                os.dup2(full.fileno(), stream.fileno())
                stream.write(b"data")

        with pytest.raises(DiskFull):
            onto_a_full_disk()
        assert not cache.path("packs", "name").exists()

    def test_root_that_is_a_file(self, tmp_path):
        (tmp_path / "cache").write_text("in the way")
        with pytest.raises(CacheUnwritable) as caught:
            store(Cache(tmp_path / "cache"), b"x")
        assert "DISTIL_CACHE_DIR" in caught.value.hint

    def test_root_where_nobody_may_write(self):
        cache = Cache(Path("/proc/distil"))
        assert cache.blob(Digest.of(b"x")) is None
        with pytest.raises(CacheUnwritable):
            store(cache, b"x")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_read_only_cache_is_read_but_not_written(self, cache):
        digest = store(cache, b"x")
        for directory in (cache.root / "blobs", cache.root):
            directory.chmod(0o500)
        try:
            again = Cache(cache.root)
            assert again.blob(digest) is not None
            with pytest.raises(CacheUnwritable):
                store(again, b"y")
        finally:
            for directory in (cache.root, cache.root / "blobs"):
                directory.chmod(0o700)

    def test_many_writers_of_one_name(self, cache):
        data = os.urandom(300_000)
        threads = [threading.Thread(target=store, args=(cache, data)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        blob = cache.blob(Digest.of(data))
        assert blob is not None
        assert blob.read() == data
        assert temporaries(cache) == []


class TestDocuments:
    @pytest.mark.parametrize("key", ["plain", "debian:trixie http://host/ä", "", "x" * 5000])
    @pytest.mark.parametrize("data", [b"", b"data", b"x" * 200_000])
    def test_round_trip(self, cache, key, data):
        cache.put_document("indexes", key, data)
        assert cache.document("indexes", key) == data

    def test_areas_and_keys_are_apart(self, cache):
        cache.put_document("indexes", "a", b"1")
        assert cache.document("indexes", "b") is None
        assert cache.document("analysis", "a") is None

    def test_every_changed_byte_is_noticed(self, cache):
        cache.put_document("indexes", "key", b"some data")
        [path] = (cache.root / "indexes").iterdir()
        whole = path.read_bytes()
        for position in range(len(whole)):
            changed = bytearray(whole)
            changed[position] ^= 0x40
            path.write_bytes(changed)
            assert cache.document("indexes", "key") is None, position
            assert not path.exists()

    def test_every_truncation_is_noticed(self, cache):
        cache.put_document("indexes", "key", b"some data")
        [path] = (cache.root / "indexes").iterdir()
        whole = path.read_bytes()
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            assert cache.document("indexes", "key") is None, length

    def test_document_under_a_name_that_is_not_its_own(self, cache):
        cache.put_document("indexes", "key", b"data")
        [path] = (cache.root / "indexes").iterdir()
        cache.put_document("indexes", "other", b"other data")
        [other] = set((cache.root / "indexes").iterdir()) - {path}
        other.replace(path)
        assert cache.document("indexes", "key") is None


class TestUpkeep:
    def test_usage(self, cache):
        store(cache, b"12345")
        store(cache, b"123")
        with cache.writing("packs", "aa.data") as stream:
            stream.write(b"1")
        with cache.writing("packs", "aa.index") as stream:
            stream.write(b"22")
        usage = {entry.area: (entry.entries, entry.size) for entry in cache.usage()}
        assert usage["blobs"] == (2, 8)
        assert usage["packs"] == (1, 3)
        assert usage["layers"] == (0, 0)

    def test_collect_removes_the_least_recently_used(self, cache):
        digests = [store(cache, bytes([number]) * 100) for number in range(4)]
        for number, digest in enumerate(digests):
            age(cache.path("blobs", digest.hex), 10_000 * (4 - number))
        cache.blob(digests[0])
        collected = cache.collect(250)
        assert (collected.removed, collected.freed, collected.left) == (2, 200, 200)
        assert [cache.blob(digest) is not None for digest in digests] == [True, False, False, True]

    def test_collect_takes_the_files_of_a_pack_together(self, cache):
        for name, seconds in [("aa.data", 50_000), ("aa.index", 10), ("bb.data", 20_000)]:
            with cache.writing("packs", name) as stream:
                stream.write(b"x" * 100)
            age(cache.path("packs", name), seconds)
        cache.collect(200)
        left = sorted(path.name for path in (cache.root / "packs").iterdir())
        assert left == ["aa.data", "aa.index"]

    def test_collect_keeps_what_protects_against_rollback(self, cache):
        cache.put_document("state", "newest", b"1")
        store(cache, b"x")
        assert cache.collect(0).left == 0
        assert cache.document("state", "newest") == b"1"

    def test_collect_of_nothing(self, cache):
        assert cache.collect(0).removed == 0
        assert not cache.root.exists()

    def test_used_counts_as_use(self, cache):
        for name in ("aa", "bb"):
            with cache.writing("packs", name) as stream:
                stream.write(b"x" * 100)
            age(cache.path("packs", name), 50_000 if name == "aa" else 40_000)
        cache.used("packs", "aa")
        cache.collect(100)
        assert cache.path("packs", "aa").exists()
        assert not cache.path("packs", "bb").exists()

    def test_verify(self, cache):
        good, bad = store(cache, b"good"), store(cache, b"bad")
        cache.path("blobs", bad.hex).write_bytes(b"bud")
        cache.put_document("indexes", "good", b"data")
        cache.put_document("analysis", "bad", b"data")
        [document] = (cache.root / "analysis").iterdir()
        document.write_bytes(document.read_bytes()[:-1])
        found = cache.verify()
        assert found.checked == 4
        assert found.removed == (f"blobs/{bad.hex}", f"analysis/{document.name}")
        assert cache.blob(good) is not None
        assert cache.verify().removed == ()


def write_together(cache: Cache, count: int) -> list[OSError]:
    """What goes wrong when so many threads are the first to write into `cache`."""
    gate, failed = threading.Barrier(count), []

    def work(number: int) -> None:
        gate.wait()
        try:
            with cache.writing("blobs", str(number)) as stream:
                stream.write(b"x")
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


class TestThreads:
    def test_the_first_files_of_a_new_cache_are_not_swept(self, tmp_path):
        """One thread makes the directory and takes the lock while others write already."""
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            failed = [write_together(Cache(tmp_path / str(n)), 8) for n in range(100)]
        finally:
            sys.setswitchinterval(before)
        assert [one for one in failed if one] == []


class TestProcesses:
    def test_kill_in_the_middle_of_a_write(self, cache):
        kept = store(cache, b"kept")
        code = (
            "with cache.writing('blobs', 'a' * 64) as stream:\n"
            "    stream.write(b'half'); stream.flush()\n"
            "    print('ready', flush=True); time.sleep(60)"
        )
        with other_process(cache, code) as process:
            assert len(temporaries(cache)) == 1
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert not cache.path("blobs", "a" * 64).exists()
        assert cache.blob(kept) is not None
        assert cache.collect(1 << 30).swept == 1
        assert temporaries(cache) == []
        assert cache.blob(kept) is not None

    def test_collect_does_not_disturb_another_process(self, cache):
        digest = store(cache, b"data")
        code = "cache.document('indexes', 'x'); print('ready', flush=True); sys.stdin.read()"
        with other_process(cache, code):
            with pytest.raises(CacheInUse):
                cache.collect(0, patience=0.2)
            assert cache.blob(digest) is not None
        assert cache.collect(0).removed == 1

    def test_collect_waits_for_another_process(self, cache):
        store(cache, b"data")
        code = "cache.document('indexes', 'x'); print('ready', flush=True); sys.stdin.readline()"
        with other_process(cache, code) as process:
            timer = threading.Timer(0.3, process.kill)
            timer.start()
            assert cache.collect(0, patience=30).removed == 1
            timer.join()

    def test_cache_works_after_collecting(self, cache):
        store(cache, b"data")
        cache.collect(0)
        assert cache.blob(store(cache, b"data")) is not None
