"""Writing images to layouts and archives."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from pathlib import Path

import pytest

from distil.fetch.errors import DiskFull
from distil.image import staging
from distil.image.assemble import assemble_index
from distil.image.deliverable import blobs_in
from distil.image.errors import OutputFailed, UnsupportedDestination
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, InvalidReference, MalformedImage
from distil.model.image import CONTAINERD_NAME, MEDIA_MANIFEST, REF_NAME, Compression
from distil.model.platform import ARM64
from distil.model.reference import parse_image_name, parse_location
from tests.support.images import as_image, file_of, layer, oci, sample_image, twins
from tests.support.nodes import file

NAME = [parse_image_name("sample:1.0")]
ARCHIVES = ["oci-archive", "docker-archive"]


def files_below(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def index_names(directory: Path) -> list[str]:
    entries = json.loads((directory / "index.json").read_bytes())["manifests"]
    return [entry["annotations"][REF_NAME] for entry in entries]


def only_output_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name != "cache")


# --- layout --------------------------------------------------------------------------------


def test_a_layout_holds_the_images_and_nothing_else(cache, tmp_path):
    location = oci(tmp_path / "out")
    images = twins(cache, location)
    printed = write(images, location)
    assert printed == [f"oci:{tmp_path}/out:1.0", f"oci:{tmp_path}/out:1.0-debug"]
    files = files_below(tmp_path / "out")
    assert json.loads(files.pop("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(files.pop("index.json"))
    assert index["schemaVersion"] == 2
    assert [entry["digest"] for entry in index["manifests"]] == [
        image.image.descriptor.digest for image in images
    ]
    assert index["manifests"][1]["annotations"] == {
        REF_NAME: "1.0-debug",
        CONTAINERD_NAME: "docker.io/library/sample:1.0-debug",
    }
    # Two manifests, two configurations, three layers: the twin shares the production layers.
    assert len(files) == 7
    for name, data in files.items():
        assert name == f"blobs/sha256/{Digest.of(data).hex}"
    assert only_output_in(tmp_path) == ["out"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000])
def test_modes_obey_the_umask_and_are_never_writable_by_others(cache, tmp_path, mask):
    old = os.umask(mask)
    try:
        for text in (f"oci:{tmp_path}/o/d", f"oci-archive:{tmp_path}/o/a.tar"):
            write(twins(cache, parse_location(text)), parse_location(text))
    finally:
        os.umask(old)
    for path in (tmp_path / "o").rglob("*"):
        allowed = (0o755 if path.is_dir() else 0o644) & ~mask
        assert path.stat().st_mode & 0o777 == allowed


def test_writing_again_changes_nothing(cache, tmp_path):
    location = oci(tmp_path / "out")
    write(twins(cache, location), location)
    before = files_below(tmp_path / "out")
    write(twins(cache, location), location)
    assert files_below(tmp_path / "out") == before


def test_same_names_are_replaced_others_kept(cache, tmp_path):
    location = oci(tmp_path / "out")
    write(twins(cache, location), location)
    other = name_image(sample_image(cache), [parse_image_name("other:2")], location)
    write(other, location)
    changed = sample_image(cache, layer(cache, [file("/new", b"new")]))
    write(name_image(changed, NAME, location), location)
    assert sorted(index_names(tmp_path / "out")) == ["1.0", "1.0-debug", "2"]
    names = set(files_below(tmp_path / "out"))
    for image in (changed, *(each.image for each in twins(cache, location)), other[0].image):
        for blob in blobs_in(image):
            assert f"blobs/sha256/{blob.digest.hex}" in names


def test_blobs_that_only_a_replaced_image_needed_are_removed(cache, tmp_path):
    location = oci(tmp_path / "out")
    old = sample_image(cache, layer(cache, [file("/old", b"old")]))
    new = sample_image(cache, layer(cache, [file("/new", b"new")]))
    write(name_image(old, NAME, location), location)
    stranger = tmp_path / "out/blobs/sha256" / Digest.of(b"stranger").hex
    stranger.write_bytes(b"stranger")
    write(name_image(new, NAME, location), location)
    left = {path.name for path in (tmp_path / "out/blobs/sha256").iterdir()}
    assert left == {blob.digest.hex for blob in blobs_in(new)} | {stranger.name}


def test_what_cannot_be_followed_keeps_every_blob(cache, tmp_path):
    location = oci(tmp_path / "out")
    old = sample_image(cache, layer(cache, [file("/old", b"old")]))
    write(name_image(old, NAME, location), location)
    other = name_image(sample_image(cache), [parse_image_name("other:2")], location)
    write(other, location)
    (tmp_path / "out/blobs/sha256" / other[0].image.descriptor.digest.hex).unlink()
    write(name_image(sample_image(cache, layer(cache, [file("/n")])), NAME, location), location)
    left = {path.name for path in (tmp_path / "out/blobs/sha256").iterdir()}
    assert {blob.digest.hex for blob in blobs_in(old)} <= left


def test_an_image_that_another_entry_refers_to_stays(cache, tmp_path):
    """A signature's manifest names its subject: the subject is still reachable."""
    location = oci(tmp_path / "out")
    old = sample_image(cache, layer(cache, [file("/old", b"old")]))
    write(name_image(old, NAME, location), location)
    subject = {"mediaType": MEDIA_MANIFEST, "digest": old.descriptor.digest, "size": 1}
    referrer = json.dumps({"schemaVersion": 2, "subject": subject}).encode()
    digest = Digest.of(referrer)
    (tmp_path / "out/blobs/sha256" / digest.hex).write_bytes(referrer)
    path = tmp_path / "out/index.json"
    index = json.loads(path.read_bytes())
    entry = {
        "mediaType": MEDIA_MANIFEST,
        "digest": digest,
        "size": len(referrer),
        "data": "kept as it is",
    }
    index["manifests"].append(entry)
    index["annotations"] = {"kept": "too"}
    path.write_text(json.dumps(index))
    write(name_image(sample_image(cache), NAME, location), location)
    left = {path.name for path in (tmp_path / "out/blobs/sha256").iterdir()}
    assert {blob.digest.hex for blob in blobs_in(old)} <= left
    index = json.loads(path.read_bytes())
    assert entry in index["manifests"]
    assert index["annotations"] == {"kept": "too"}


@pytest.mark.parametrize("damage", [b"", b"[]", b"{", b'{"manifests":7}', b'{"manifests":[1]}'])
def test_a_damaged_index_is_not_overwritten(cache, tmp_path, damage):
    location = oci(tmp_path / "out")
    write(twins(cache, location), location)
    (tmp_path / "out/index.json").write_bytes(damage)
    before = files_below(tmp_path / "out")
    with pytest.raises(MalformedImage):
        write(twins(cache, location), location)
    assert files_below(tmp_path / "out") == before


def test_a_damaged_blob_is_replaced(cache, tmp_path):
    location = oci(tmp_path / "out")
    write(twins(cache, location), location)
    before = files_below(tmp_path / "out")
    for path in (tmp_path / "out/blobs/sha256").iterdir():
        path.write_bytes(path.read_bytes()[::-1])
    write(twins(cache, location), location)
    assert files_below(tmp_path / "out") == before


def test_a_directory_that_is_something_else_is_left_alone(cache, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/precious").write_bytes(b"data")
    with pytest.raises(UnsupportedDestination, match="not an OCI image layout"):
        write(twins(cache, oci(tmp_path / "out")), oci(tmp_path / "out"))
    assert only_output_in(tmp_path / "out") == ["precious"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnsupportedDestination, match="not a directory"):
        write(twins(cache, oci(tmp_path / "file")), oci(tmp_path / "file"))


def test_an_empty_directory_and_an_interrupted_layout_are_filled(cache, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "begun/blobs/sha256").mkdir(parents=True)
    (tmp_path / "begun/oci-layout").write_bytes(b'{"imageLayoutVersion":"1.0.0"}')
    (tmp_path / "begun/blobs/sha256/.abc.distil-123").write_bytes(b"half")
    results = []
    for name in ("new", "empty", "begun"):
        write(twins(cache, oci(tmp_path / name)), oci(tmp_path / name))
        results.append(files_below(tmp_path / name))
    assert results[0] == results[1] == results[2]


def test_several_names_and_names_with_the_same_tag(cache, tmp_path):
    location = oci(tmp_path / "out")
    names = [parse_image_name(name) for name in ("a:1", "registry.test/b:1", "c:2")]
    printed = write(name_image(sample_image(cache), names, location), location)
    assert printed == [f"{location}:a:1", f"{location}:registry.test/b:1", f"{location}:2"]
    assert index_names(tmp_path / "out") == ["a:1", "registry.test/b:1", "2"]


def test_the_reference_in_the_location_comes_first(cache, tmp_path):
    location = oci(tmp_path / "out", "mine")
    images = twins(cache, location)
    assert write(images, location) == [f"oci:{tmp_path}/out:mine", f"oci:{tmp_path}/out:mine-debug"]
    assert index_names(tmp_path / "out") == ["mine", "mine-debug"]


def test_an_index_of_platforms_is_one_entry(cache, tmp_path):
    location = oci(tmp_path / "out")
    index = assemble_index([sample_image(cache), sample_image(cache, platform=ARM64)])
    write(name_image(index, NAME, location), location)
    names = set(files_below(tmp_path / "out"))
    assert {f"blobs/sha256/{blob.digest.hex}" for blob in blobs_in(index)} < names
    assert index_names(tmp_path / "out") == ["1.0"]
    archive = parse_location(f"docker-archive:{tmp_path}/a.tar")
    with pytest.raises(UnsupportedDestination, match="one platform"):
        write(name_image(index, NAME, archive), archive)
    assert not (tmp_path / "a.tar").exists()


# --- archives ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_is_the_layout_in_a_tar(cache, tmp_path, kind):
    location = parse_location(f"{kind}:{tmp_path}/a.tar")
    images = twins(cache, location)
    write(images, location)
    write(images, oci(tmp_path / "out"))
    with tarfile.open(tmp_path / "a.tar") as archive:
        members = archive.getmembers()
        content = {m.name: archive.extractfile(m).read() for m in members if m.isfile()}
    assert {(m.uid, m.gid, m.uname, m.mtime) for m in members} == {(0, 0, "", 0)}
    assert {m.mode for m in members} == {0o644, 0o755}
    manifest = content.pop("manifest.json", None)
    assert content == files_below(tmp_path / "out")
    assert (manifest is not None) == (kind == "docker-archive")


def test_the_docker_archive_names_everything_for_docker(cache, tmp_path):
    location = parse_location(f"docker-archive:{tmp_path}/a.tar")
    names = [parse_image_name(name) for name in ("sample:1.0", "ghcr.test/x/y")]
    image = sample_image(cache)
    printed = write(name_image(image, names, location), location)
    assert printed == [f"{location}:sample:1.0", f"{location}:ghcr.test/x/y:latest"]
    with tarfile.open(tmp_path / "a.tar") as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
    assert manifest == [
        {
            "Config": f"blobs/sha256/{image.id.hex}",
            "Layers": [f"blobs/sha256/{each.descriptor.digest.hex}" for each in image.layers],
            "RepoTags": ["sample:1.0", "ghcr.test/x/y:latest"],
        }
    ]


def test_the_name_in_a_docker_archive_location_wins(cache, tmp_path):
    location = parse_location(f"docker-archive:{tmp_path}/a.tar:mine:7")
    printed = write(twins(cache, location), location)
    assert printed == [
        f"docker-archive:{tmp_path}/a.tar:mine:7",
        f"docker-archive:{tmp_path}/a.tar:mine:7-debug",
    ]


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_are_the_same_to_the_bit(cache, tmp_path, kind):
    for name in ("a", "b"):
        location = parse_location(f"{kind}:{tmp_path}/{name}")
        write(twins(cache, location), location)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_docker_archive_is_pinned(cache, tmp_path):
    location = parse_location(f"docker-archive:{tmp_path}/a.tar")
    write(twins(cache, location), location)
    assert (
        Digest.of((tmp_path / "a.tar").read_bytes())
        == "sha256:54596f6ab11ce5f79e31def88a3460ab51bde3feac1da9153e9577fca6338bff"
    )


PROGRAM = """
import os, sys
from pathlib import Path
from distil.fetch.cache import Cache
from distil.image.write import write
from distil.model.digest import Digest
from distil.model.reference import parse_location
from tests.support.images import twins
place, user = Path(sys.argv[1]), int(sys.argv[2])
if os.geteuid() == 0:
    os.setgid(user)
    os.setuid(user)
location = parse_location(f"docker-archive:{place}/a.tar")
write(twins(Cache(place / "cache"), location), location)
print(Digest.of((place / "a.tar").read_bytes()))
"""


def test_nothing_about_the_process_changes_a_byte(cache, tmp_path):
    variants = [
        (0o022, 0, {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"}),
        (0o077, 12345, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}),
        (0o000, 0, {"TZ": "America/Caracas", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "77"}),
    ]
    outputs = set()
    for number, (mask, user, environment) in enumerate(variants):
        place = Path(tempfile.mkdtemp(prefix="distil-test-"))
        try:
            if os.geteuid() == 0:
                os.chown(place, user, user)
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM, place, str(user)],
                env=os.environ | environment,
                cwd=Path(__file__).parents[2],
                umask=mask,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (number, done.stderr)
            outputs.add(done.stdout.strip())
        finally:
            shutil.rmtree(place)
    location = parse_location(f"docker-archive:{tmp_path}/a.tar")
    write(twins(cache, location), location)
    assert outputs == {Digest.of((tmp_path / "a.tar").read_bytes())}


def test_zstd_is_refused_where_docker_could_not_load_it(cache, tmp_path):
    image = sample_image(cache, compression=Compression.ZSTD)
    location = parse_location(f"docker-archive:{tmp_path}/a.tar")
    with pytest.raises(UnsupportedDestination) as caught:
        write(name_image(image, NAME, location), location)
    assert "zstd" in caught.value.message
    assert "gzip" in caught.value.hint
    assert only_output_in(tmp_path) == []
    location = parse_location(f"oci-archive:{tmp_path}/a.tar")
    write(name_image(image, NAME, location), location)


def test_an_archive_replaces_a_file_but_nothing_else(cache, tmp_path):
    (tmp_path / "a.tar").write_bytes(b"old")
    location = parse_location(f"oci-archive:{tmp_path}/a.tar")
    write(twins(cache, location), location)
    assert tarfile.is_tarfile(tmp_path / "a.tar")
    location = parse_location(f"oci-archive:{tmp_path}")
    with pytest.raises(UnsupportedDestination, match="not a file"):
        write(twins(cache, location), location)


# --- what goes wrong -------------------------------------------------------------------------


class _Interrupted(BaseException):
    """Like KeyboardInterrupt, without stopping the test run when something leaks."""


PLACES = ["oci:{}/new", "oci:{}/old", "oci-archive:{}/new.tar", "docker-archive:{}/old.tar"]


@pytest.fixture
def outputs(cache, tmp_path):
    """A directory with a layout and an archive in it, and what they hold."""
    root = tmp_path / "outputs"
    root.mkdir()
    for text in (f"oci:{root}/old", f"docker-archive:{root}/old.tar"):
        location = parse_location(text)
        write(name_image(sample_image(cache), NAME, location), location)
    return root


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), DiskFull),
        (OSError(errno.EIO, "Input/output error"), OutputFailed),
        (_Interrupted(), _Interrupted),
    ],
)
def test_whatever_goes_wrong_everything_is_as_it_was(
    cache, outputs, monkeypatch, place, failure, raised
):
    before = files_below(outputs)
    location = parse_location(place.format(outputs))
    images = twins(cache, location)
    left = 0
    original = os.fsync

    def failing(handle: int) -> None:
        nonlocal left
        if not left:
            raise failure
        left -= 1
        original(handle)

    monkeypatch.setattr(os, "fsync", failing)
    for number in range(100):
        left = number
        try:
            write(images, location)
        except raised:
            assert files_below(outputs) == before
            assert sorted(p.name for p in outputs.iterdir()) == ["old", "old.tar"]
        else:
            break
    # A layout has many files to fail at, an archive one.
    assert number == 1 if "archive" in place else number > 3
    assert files_below(outputs) != before


def test_a_corrupt_layer_in_the_cache_is_not_written_out(cache, outputs):
    before = files_below(outputs)
    for place in PLACES:
        location = parse_location(place.format(outputs))
        images = twins(cache, location)
        path = file_of(as_image(images[1]).layers[-1])
        data = path.read_bytes()
        path.write_bytes(data[:-1] + b"x")
        with pytest.raises(CorruptContent):
            write(images, location)
        path.write_bytes(data)
        assert files_below(outputs) == before


@pytest.mark.parametrize("place", ["oci:{}/new", "oci:{}/old", "oci-archive:{}/new.tar"])
def test_a_killed_writer_leaves_nothing_in_the_way(cache, outputs, place, monkeypatch):
    """SIGKILL in the middle: the output is not there or is the old one, the next run works."""
    before = files_below(outputs)
    location = place.format(outputs)
    program = f"""
import os, signal
from pathlib import Path
from distil.fetch.cache import Cache
from distil.image import staging
from distil.image.write import write
from distil.model.reference import parse_location
from tests.support.images import twins
calls = 0
def dying(handle):
    global calls
    calls += 1
    if calls > {3 if "oci:" in place else 0}:
        os.kill(os.getpid(), signal.SIGKILL)
location = parse_location({location!r})
images = twins(Cache(Path({str(cache.root)!r})), location)
staging.os.fsync = dying
write(images, location)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == -9
    for name in ("old/index.json", "old.tar"):
        assert (outputs / name).read_bytes() == before[name]
    assert not (outputs / "new").exists()
    assert not (outputs / "new.tar").exists()
    left = set(files_below(outputs)) - set(before)
    assert left
    monkeypatch.setattr(staging, "_GRACE", 0)
    monkeypatch.setattr(staging.sweep, "__defaults__", ("", 0))
    write(twins(cache, parse_location(location)), parse_location(location))
    assert not [name for name in files_below(outputs) if ".distil-" in name]


def test_the_unfinished_work_of_a_living_writer_is_not_swept(tmp_path):
    with staging.staged_file(tmp_path / "a", [b"whole"]):
        staging.sweep(tmp_path, "a", grace=0)
    assert (tmp_path / "a").read_bytes() == b"whole"
    (tmp_path / ".a.distil-0").write_bytes(b"left")
    staging.sweep(tmp_path, "a")
    assert (tmp_path / ".a.distil-0").exists()
    staging.sweep(tmp_path, "a", grace=0)
    assert not (tmp_path / ".a.distil-0").exists()


def test_writers_of_one_layout_take_turns(cache, tmp_path):
    location = oci(tmp_path / "out")
    names = [f"t{number}" for number in range(8)]
    images = {
        name: name_image(
            sample_image(cache, layer(cache, [file(f"/{name}")])),
            [parse_image_name(f"x:{name}")],
            location,
        )
        for name in names
    }
    failures = []

    def work(name: str) -> None:
        try:
            write(images[name], location)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(index_names(tmp_path / "out")) == names
    assert only_output_in(tmp_path) == ["out"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_without_permission_is_named(cache, tmp_path):
    (tmp_path / "ro").mkdir(0o555)
    location = oci(tmp_path / "ro/out")
    with pytest.raises(OutputFailed, match="Permission denied"):
        write(twins(cache, location), location)


def test_a_parent_that_is_a_file_is_named(cache, tmp_path):
    (tmp_path / "f").write_bytes(b"")
    location = oci(tmp_path / "f/out")
    with pytest.raises(OutputFailed) as caught:
        write(twins(cache, location), location)
    assert str(tmp_path / "f") in caught.value.message


def test_a_tag_that_is_too_long_for_the_twin_is_refused():
    name = parse_image_name("x:" + "t" * 126)
    with pytest.raises(InvalidReference, match="longer than 128"):
        name.variant("debug")
