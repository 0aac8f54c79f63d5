"""`distil layers`: what each layer adds, overwrites and removes, and what is wasted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from distil import pipeline
from distil.fetch.cache import Cache
from distil.image.assemble import assemble
from distil.image.layer import Layer
from distil.image.naming import name_image
from distil.image.waste import Amount
from distil.image.write import write
from distil.model.blob import InlineBlob
from distil.model.image import MEDIA_LAYER, ContainerConfig, Descriptor
from distil.model.platform import AMD64
from distil.model.reference import parse_image_name, parse_location
from tests.support.images import EPOCH, sample_image
from tests.support.raw_tar import header, padded
from tests.support.spoken import Speaker, check_text

SNAPSHOTS = Path(__file__).with_name("snapshots")

Entries = dict[str, int | str | None]
"""The entries of a layer by name: a size in bytes, None for a directory, the name of a link."""

SHAPES: dict[str, list[Entries]] = {
    "untouched": [{"a": None, "a/x": 1000}, {"b": None, "b/y": 500}],
    "overwritten": [{"a": None, "a/x": 1000}, {"a/x": 700}, {"a/x": 10, "a/z": 5}],
    "deleted": [
        {"a": None, "a/x": 1000, "a/y": 200, "d": None, "d/1": 30, "d/e": None, "d/e/2": 4},
        {"a/.wh.x": 0},
        {".wh.d": 0},
    ],
    "replaced directory": [
        {"d": None, "d/1": 300, "d/2": 40},
        {".wh.d": 0},
        {"d": None, "d/1": 7},
    ],
    "hard links": [
        {"a": None, "a/x": 1000, "a/y": "a/x"},
        {"a/x": 1000, "a/z": "a/x"},
        {"a/.wh.y": 0},
    ],
    "directory in place of a file": [{"a": 900}, {".wh.a": 0}, {"a": None, "a/b": 3}],
}


def raw_layer(entries: Entries) -> Layer:
    """A layer as others write it, whiteouts and all."""
    tar = b""
    for name, what in entries.items():
        if what is None:
            tar += header(f"{name}/".encode(), b"5", mode=b"0000755")
        elif isinstance(what, str):
            tar += header(name.encode(), b"1", link=what.encode())
        else:
            tar += header(name.encode(), b"0", what) + padded(b"x" * what)
    blob = InlineBlob.of(tar + bytes(1024))
    return Layer(Descriptor(MEDIA_LAYER, blob.digest, blob.size), blob.digest, 0, blob, "made")


def put(root: Path, layers: list[Entries], kind: str = "oci") -> str:
    image = assemble(list(map(raw_layer, layers)), ContainerConfig(), platform=AMD64, created=EPOCH)
    place = parse_location(f"{kind}:{root}/image")
    return write(name_image(image, [parse_image_name("sample:1")], place), place)[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_dive_says_the_same(cache: Cache, tmp_path: Path, shape: str) -> None:
    dive = Path(sys.executable).parent / "dive"
    place = put(tmp_path, SHAPES[shape], "docker-archive")
    report = tmp_path / "dive.json"
    archive = place.split(":")[1]
    subprocess.run(
        [dive, f"docker-archive://{archive}", "--json", report], check=True, capture_output=True
    )
    theirs = json.loads(report.read_text())["image"]
    ours = pipeline.layers(place)
    assert ours.wasted_size == theirs["inefficientBytes"]
    assert ours.efficiency == pytest.approx(theirs["efficiencyScore"])
    assert [(one.path, one.times, one.size) for one in ours.wasted] == sorted(
        ((one["file"], one["count"], one["sizeBytes"]) for one in theirs["fileReference"]),
        key=lambda one: (-one[2], one[0]),
    )


@pytest.mark.parametrize(
    ("shape", "changes", "wasted"),
    [
        ("untouched", [((1, 1000), (0, 0), (0, 0)), ((1, 500), (0, 0), (0, 0))], 0),
        (
            "overwritten",
            [
                ((1, 1000), (0, 0), (0, 0)),
                ((0, 0), (1, 1000), (0, 0)),
                ((1, 5), (1, 700), (0, 0)),
            ],
            1710,
        ),
        (
            "deleted",
            [
                ((4, 1234), (0, 0), (0, 0)),
                ((0, 0), (0, 0), (1, 1000)),
                ((0, 0), (0, 0), (2, 34)),
            ],
            1000,
        ),
        (
            "replaced directory",
            [((2, 340), (0, 0), (0, 0)), ((0, 0), (0, 0), (2, 340)), ((1, 7), (0, 0), (0, 0))],
            307,
        ),
    ],
)
def test_what_a_layer_does(
    cache: Cache, tmp_path: Path, shape: str, changes: list, wasted: int
) -> None:
    found = pipeline.layers(put(tmp_path, SHAPES[shape]))
    told = [(layer.added, layer.overwritten, layer.removed) for layer in found.layers]
    assert told == [tuple(Amount(*amount) for amount in change) for change in changes]
    assert found.wasted_size == wasted


def test_an_opaque_directory_is_emptied(cache: Cache, tmp_path: Path) -> None:
    shape: list[Entries] = [
        {"d": None, "d/1": 300, "d/2": 40},
        {"d": None, "d/.wh..wh..opq": 0, "d/2": 1},
    ]
    upper = pipeline.layers(put(tmp_path, shape)).layers[1]
    assert (upper.added, upper.overwritten, upper.removed) == (
        Amount(1, 1),
        Amount(),
        Amount(2, 340),
    )


def test_as_text_and_json(speaker: Speaker, tmp_path: Path) -> None:
    many: Entries = {"d": None, **{f"d/\x1b{number:02}": number for number in range(12)}}
    place = put(tmp_path, [many, many, {".wh.d": 0}])
    check_text(SNAPSHOTS / "layers.txt", speaker.text("layers", place))
    document = json.loads(speaker.text("layers", place, "--format", "json"))
    assert document["wastedBytes"] == sum(one["size"] for one in document["wasted"])
    assert len(document["wasted"]) == 12
    assert document["layers"][2]["removed"] == {"files": 12, "size": 66}


def test_nothing_wasted(cache: Cache, tmp_path: Path, speaker: Speaker) -> None:
    place = parse_location(f"oci:{tmp_path}/sample")
    (image,) = write(name_image(sample_image(cache), [parse_image_name("a:1")], place), place)
    assert "0 B wasted, efficiency 100.0%" in speaker.text("layers", image)
