"""Listing tags, giving them, and taking images away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distil.cli import run
from distil.fetch.cache import Cache
from distil.image.errors import ImageNotFound, UnreadablePlace
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.errors import InvalidReference, MalformedImage
from distil.model.reference import parse_location
from distil.pipeline import delete, tag, tags
from tests.image.test_copying import NAME, meant, put
from tests.image.test_write import files_below
from tests.support.images import layer, sample_image
from tests.support.nodes import file
from tests.support.toy_registry import Registry, installed


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    return installed(monkeypatch)


def other(cache: Cache, place: str) -> None:
    image = sample_image(cache, layer(cache, [file("/other", b"other")]))
    location = parse_location(place)
    write(name_image(image, [NAME], location), location)


@pytest.mark.parametrize("kind", ["oci:{}/x", "registry.test/team/sample"])
def test_tags_come_and_go(cache: Cache, registry: Registry, tmp_path: Path, kind: str) -> None:
    place = kind.format(tmp_path)
    index = put(cache, f"{place}:1.0")
    other(cache, f"{place}:0.9")
    assert sorted(tags(place)) == ["0.9", "1.0"]
    addresses = tag(f"{place}:1.0", ["latest", "0.9"])
    assert [parse_location(address).with_tag("x") for address in addresses] == [
        parse_location(f"{place}:x")
    ] * 2
    assert sorted(tags(place)) == ["0.9", "1.0", "latest"]
    for address in addresses:
        assert meant(address).digest == index.image.descriptor.digest
    assert delete(f"{place}:latest") == index.image.descriptor.digest
    with pytest.raises(ImageNotFound):
        meant(f"{place}:latest")
    for names in (["-x"], ["a/b"], ["ok", ""]):
        with pytest.raises(InvalidReference):
            tag(f"{place}:1.0", names)


def test_a_layout_keeps_what_something_leads_to(cache: Cache, tmp_path: Path) -> None:
    place = f"oci:{tmp_path}/x"
    other(cache, f"{place}:other")
    before = files_below(tmp_path / "x")
    put(cache, f"{place}:1.0")  # Two platforms, an SBOM, a signature of it.
    full = files_below(tmp_path / "x")
    tag(f"{place}:1.0", ["2.0"])
    delete(f"{place}:1.0")
    assert files_below(tmp_path / "x").keys() == full.keys()
    assert list(tags(place)) == ["2.0", "other"]
    delete(f"{place}:2.0")
    after = files_below(tmp_path / "x")
    assert json.loads(after.pop("index.json")) == json.loads(before.pop("index.json"))
    assert after == before


def test_engines_are_told_the_other_name(cache: Cache, tmp_path: Path) -> None:
    place = f"oci:{tmp_path}/x"
    other(cache, f"{place}:1.0")
    tag(f"{place}:1.0", ["2.0"])
    entries = json.loads((tmp_path / "x/index.json").read_text())["manifests"]
    names = [entry["annotations"]["io.containerd.image.name"] for entry in entries]
    assert names == ["registry.test/team/sample:1.0", "registry.test/team/sample:2.0"]


def test_places_without_tags(cache: Cache, tmp_path: Path) -> None:
    place = f"oci-archive:{tmp_path}/x.tar:1.0"
    other(cache, place)
    for refused in (lambda: tags(place), lambda: tag(place, ["2"]), lambda: delete(place)):
        with pytest.raises(UnreadablePlace, match="a oci-archive") as caught:
            refused()
        assert "distil copy" in caught.value.hint
    with pytest.raises(UnreadablePlace) as caught:
        tags("docker-daemon:x")
    assert "ask the engine" in caught.value.hint
    with pytest.raises(MalformedImage, match="no image layout"):
        tags(f"oci:{tmp_path}/missing")


def test_the_verbs(
    cache: Cache,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = f"oci:{tmp_path}/x"
    other(cache, f"{place}:1.0")
    digest = meant(place).digest
    assert run(["tag", f"{place}:1.0", "2.0", "3.0"]) == 0
    assert run(["tags", place]) == 0
    assert run(["delete", f"{place}:2.0", "--yes"]) == 0
    printed = [f"{place}:2.0", f"{place}:3.0", "1.0", "2.0", "3.0", digest]
    assert capsys.readouterr().out.splitlines() == printed
    assert run(["delete", f"{place}:3.0"]) == 2
    assert "--yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, code in (("n", 1), ("y", 0)):
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _, said=answer: said)
        assert run(["delete", f"{place}:3.0"]) == code
        assert ("3.0" in tags(place)) == bool(code)


def test_a_name_is_shown_and_does_nothing(
    tmp_path: Path, cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    other(cache, f"oci:{tmp_path}/x:1.0")
    path = tmp_path / "x/index.json"
    path.write_text(path.read_text().replace('ref.name":"1.0"', 'ref.name":"\\u001b[2J"'))
    assert run(["tags", f"oci:{tmp_path}/x"]) == 0
    assert "\x1b" not in capsys.readouterr().out
