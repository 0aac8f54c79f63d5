"""Several outputs of one build: all of them, or none."""

from __future__ import annotations

import errno
import itertools
import os
import threading
from pathlib import Path

import pytest

from distil.errors import DistilError
from distil.image.errors import EngineFailed, OutputFailed, PartlyWritten
from distil.image.naming import name_image
from distil.image.staging import staged_file
from distil.image.write import Output, staged, write
from distil.model.reference import parse_image_name, parse_location
from tests.image.test_write import files_below, index_names
from tests.support.images import layer, sample_image, twins
from tests.support.nodes import file

KINDS = ("oci:{}/layout", "oci-archive:{}/archive.tar", "docker-archive:{}/docker.tar")


def outputs_in(cache, root: Path, kinds=KINDS) -> list[Output]:
    places = [parse_location(kind.format(root)) for kind in kinds]
    return [Output(twins(cache, place), place) for place in places]


@pytest.fixture
def root(tmp_path):
    """A directory in which every output is there already, of another image."""
    (tmp_path / "outputs").mkdir()
    return tmp_path / "outputs"


def written_before(cache, root: Path) -> dict[str, bytes]:
    for kind in KINDS:
        place = parse_location(kind.format(root))
        other = sample_image(cache, layer(cache, [file("/old", b"old")]))
        write(name_image(other, [parse_image_name("sample:1.0")], place), place)
    return files_below(root)


def names_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


@pytest.mark.parametrize("order", list(itertools.permutations(KINDS)))
def test_all_are_written(cache, root, order):
    with staged(outputs_in(cache, root, order)):
        assert files_below(root).keys() & {"archive.tar", "docker.tar"} == set()
    assert names_in(root) == ["archive.tar", "docker.tar", "layout"]
    assert index_names(root / "layout") == ["1.0", "1.0-debug"]


@pytest.mark.parametrize("again", [False, True], ids=["new", "there before"])
def test_an_engine_that_refuses_leaves_no_output(cache, root, again):
    before = written_before(cache, root) if again else {}
    names = names_in(root)
    with pytest.raises(EngineFailed), staged(outputs_in(cache, root)):
        raise EngineFailed("docker", "no")
    assert files_below(root) == before
    assert names_in(root) == names


@pytest.mark.parametrize("again", [False, True], ids=["new", "there before"])
def test_one_that_cannot_be_written_leaves_no_other(cache, root, monkeypatch, again):
    """Whichever byte it is that the disk does not take."""
    before = written_before(cache, root) if again else {}
    names = names_in(root)
    original, left = os.fsync, 0

    def failing(handle):
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        left -= 1
        original(handle)

    monkeypatch.setattr("distil.image.staging.os.fsync", failing)
    for number in range(100):
        left = number
        try:
            with staged(outputs_in(cache, root)):
                pass
        except DistilError:
            assert files_below(root) == before
            assert names_in(root) == names
        else:
            break
    assert number > 5
    assert names_in(root) == ["archive.tar", "docker.tar", "layout"]


def test_one_that_is_refused_its_name_says_what_has_been_done(cache, root):
    """Somebody else makes a directory of that name in the last moment."""

    def write_all() -> None:
        with staged(outputs_in(cache, root)) as done:
            done.append("into an engine")
            (root / "docker.tar").mkdir()

    with pytest.raises(PartlyWritten) as caught:
        write_all()
    assert isinstance(caught.value.__cause__, OutputFailed)
    assert "docker.tar: Is a directory" in caught.value.message
    assert f"written before that: into an engine, oci-archive:{root}/archive.tar" in str(
        caught.value
    )
    assert names_in(root) == ["archive.tar", "docker.tar"]


@pytest.mark.parametrize("again", [False, True], ids=["new", "there before"])
def test_one_layout_named_twice(cache, root, again):
    if again:
        written_before(cache, root)
    kinds = ("oci:{}/layout", "oci:{}/../outputs/layout:latest", "oci:{}/layout:1.0")
    outputs = outputs_in(cache, root, kinds)
    with staged(outputs):
        pass
    found = index_names(root / "layout")
    assert sorted(found) == ["1.0", "1.0-debug", "latest", "latest-debug"]
    assert outputs[1].references[0].endswith("layout:latest")


def test_of_two_archives_of_one_name_the_last_stays(cache, root):
    kinds = ("docker-archive:{}/a.tar", "oci-archive:{}/a.tar")
    with staged(outputs_in(cache, root, kinds)):
        pass
    assert b"manifest.json" not in (root / "a.tar").read_bytes()
    assert names_in(root) == ["a.tar"]


def test_writers_that_name_the_same_layouts_the_other_way_round(cache, root):
    """Neither waits for the other for ever."""
    written_before(cache, root)
    kinds = ("oci:{}/layout", "oci:{}/second")
    write(twins(cache, parse_location(f"oci:{root}/second")), parse_location(f"oci:{root}/second"))
    failures = []

    def work(order) -> None:
        try:
            for _ in range(10):
                with staged(outputs_in(cache, root, order)):
                    pass
        except Exception as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(order,), daemon=True) for order in (kinds, kinds[::-1])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []


def test_a_layout_that_somebody_makes_meanwhile_is_added_to(cache, root):
    place = parse_location(f"oci:{root}/layout")
    other = name_image(sample_image(cache), [parse_image_name("other:2")], place)
    with staged(outputs_in(cache, root)):
        write(other, place)
    assert sorted(index_names(root / "layout")) == ["1.0", "1.0-debug", "2"]


def test_nothing_takes_the_place_of_a_pipe_or_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with staged_file(pipe, [b"one", b"two"]):
            pass
        assert os.read(reader, 100) == b"onetwo"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]
