"""One build for several platforms: one image index each for production and for the twin."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.applications import FLASK, native
from tests.support.command import Done, World
from tests.support.layouts import REF_NAME, blob, config, document, files, manifest

BOTH = ("--platform", "linux/amd64,linux/arm64")
ARM64 = ("--platform", "linux/arm64")
MACHINES = {"amd64": 62, "arm64": 183}
TAGS = {"amd64": "x86_64", "arm64": "aarch64"}
TUPLES = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
INDEX = "application/vnd.oci.image.index.v1+json"


def entries(layout: Path) -> dict[str, dict[str, Any]]:
    """The entries of the layout by their names."""
    index = json.loads((layout / "index.json").read_bytes())
    named = [entry for entry in index["manifests"] if "annotations" in entry]
    return {entry["annotations"][REF_NAME]: entry for entry in named}


def app_with(world: World, requirement: str) -> Path:
    requirements = f"{FLASK['requirements.txt']}{requirement}\n"
    name = re.split(r"[=-]", requirement)[0]
    code = f"import {name}\n{FLASK['app.py']}"
    return world.app({"app.py": code, "requirements.txt": requirements})


def add_native(world: World, name: str, *architectures: str, needs: str = "libstdc++.so.6") -> None:
    """A distribution with wheels for `architectures` alone."""
    for architecture in architectures:
        machine = TAGS[architecture]
        tag = f"cp313-cp313-manylinux_2_17_{machine}"
        world.house.add(name, "1.0", files=native(name, needs, machine=machine), tag=tag)


# --- what is written -----------------------------------------------------------------------


def test_an_index_for_production_and_one_for_the_twin(warm: World) -> None:
    done = warm.build(warm.app(), *BOTH)
    assert done.code == 0, done.stderr
    found = entries(warm.out)
    for number, tag in enumerate(("1.0", "1.0-debug")):
        assert found[tag]["mediaType"] == INDEX
        assert found[tag]["digest"] == done.data["images"][number]["digest"]
        index = document(warm.out, tag)
        assert index["mediaType"] == INDEX
        assert [entry["platform"] for entry in index["manifests"]] == [
            {"architecture": "amd64", "os": "linux"},
            {"architecture": "arm64", "os": "linux", "variant": "v8"},
        ]
        assert index["annotations"]["org.opencontainers.image.title"] == "shop"


def test_each_image_is_the_one_that_its_platform_alone_gets(warm: World) -> None:
    alone = [warm.build(warm.app(), "--platform", name).digests for name in ("amd64", "arm64")]
    both = warm.build(warm.app(), *BOTH, "-o", f"oci:{warm.root}/both").data
    for platform, digests in zip(both["platforms"], alone, strict=True):
        assert [image["digest"] for image in platform["images"]] == digests
    for number, image in enumerate(both["images"]):
        assert [entry["digest"] for entry in image["manifests"]] == [
            digests[number] for digests in alone
        ]


@pytest.mark.parametrize(
    "options",
    [
        ("--platform", "linux/arm64, linux/amd64"),
        ("--platform", "arm64", "--platform", "amd64"),
        ("--platform", "aarch64,linux/arm64/v8", "--platform", "x86_64"),
    ],
)
def test_however_the_platforms_are_written(warm: World, options: tuple[str, ...]) -> None:
    assert warm.build(warm.app(), *options).digests == warm.build(warm.app(), *BOTH).digests


def test_platforms_of_the_specification(warm: World) -> None:
    spec = '[image]\nplatforms = ["linux/arm64", "linux/amd64"]\n'
    app = warm.app({**FLASK, "distil.toml": spec})
    both = warm.build(app).digests
    assert both == warm.build(app, *BOTH).digests
    one = warm.build(app, *ARM64)
    assert one.data["plan"]["platform"] == "linux/arm64"
    assert config(warm.out, "1.0")["architecture"] == "arm64"
    (app / "distil.toml").unlink()
    assert one.digests == warm.build(app, *ARM64).digests


def test_an_archive_holds_the_index_too(warm: World) -> None:
    digests = warm.build(warm.app(), *BOTH, "-o", f"oci-archive:{warm.root}/a.tar").digests
    with tarfile.open(warm.root / "a.tar") as archive:
        stream = archive.extractfile("index.json")
        assert stream is not None
        index = json.load(stream)
        names = archive.getnames()
    named = [entry for entry in index["manifests"] if "annotations" in entry]
    found = {entry["annotations"][REF_NAME]: entry["digest"] for entry in named}
    assert [found["1.0"], found["1.0-debug"]] == digests
    held = {f"sha256:{name.rpartition('/')[2]}" for name in names}
    for tag in ("1.0", "1.0-debug"):
        for architecture in MACHINES:
            one = manifest(warm.out, tag, architecture)
            assert {one["config"]["digest"], *(layer["digest"] for layer in one["layers"])} < held


def test_what_does_not_depend_on_the_platform_is_stored_once(warm: World) -> None:
    """The application's own layer, at least."""
    warm.build(warm.app(), *BOTH)
    layers = [
        {layer["digest"] for layer in manifest(warm.out, "1.0", architecture)["layers"]}
        for architecture in MACHINES
    ]
    shared = layers[0] & layers[1]
    title = [step["created_by"] for step in config(warm.out, "1.0", "arm64")["history"]]
    digests = [layer["digest"] for layer in manifest(warm.out, "1.0", "arm64")["layers"]]
    assert digests[title.index("distil: application")] in shared


def test_indexes_are_asked_for_anew_once(warm: World) -> None:
    """So that all platforms are of one state of the archive."""
    assert warm.build(warm.app(), *BOTH).code == 0
    before = len(warm.mirror.requested("*/InRelease"))
    assert warm.build(warm.app(), *BOTH, "--refresh").code == 0
    assert len(warm.mirror.requested("*/InRelease")) - before == 3


# --- the right bytes for each platform -----------------------------------------------------


@pytest.mark.parametrize("level", ["packages", "reachable"])
@pytest.mark.parametrize("tag", ["1.0", "1.0-debug"])
def test_contents_are_the_platforms_own(warm: World, tag: str, level: str) -> None:
    """Machine of every ELF file, tags of every wheel, architecture of every package."""
    add_native(warm, "speedy", *MACHINES)
    done = warm.build(app_with(warm, "speedy==1.0"), *BOTH, "--level", level)
    assert done.code == 0, done.stderr
    for architecture, machine in MACHINES.items():
        found = files(warm.out, tag, architecture)
        machines = {
            path: struct.unpack_from("<H", data, 18)[0]
            for path, data in found.items()
            if data.startswith(b"\x7fELF")
        }
        assert len(machines) > 5
        assert set(machines.values()) == {machine}, machines
        extension = f"_speed.cpython-313-{TUPLES[architecture]}.so"
        assert any(path.endswith(f"speedy/{extension}") for path in machines)
        assert f"usr/lib/{TUPLES[architecture]}/libstdc++.so.6" in machines
        assert wheel_tags(found) == {
            "py3-none-any",
            f"cp313-cp313-manylinux_2_17_{TAGS[architecture]}",
        }
        assert architectures(found) == {"all", architecture}
        assert config(warm.out, tag, architecture)["architecture"] == architecture


def wheel_tags(contents: dict[str, bytes]) -> set[str]:
    wheels = [data for path, data in contents.items() if path.endswith(".dist-info/WHEEL")]
    return {tag for data in wheels for tag in re.findall(r"(?m)^Tag: (.*)$", data.decode())}


def architectures(contents: dict[str, bytes]) -> set[str]:
    """Of all packages that are said to be there."""
    fields = [
        re.findall(rb"(?m)^Architecture: (.*)$", data)
        for path, data in contents.items()
        if "/status.d/" in path and not path.endswith(".md5sums")
    ]
    assert all(len(found) == 1 for found in fields)
    return {found[0].decode() for found in fields}


# --- ledgers -------------------------------------------------------------------------------


def test_every_platform_has_its_ledger(warm: World) -> None:
    warm.build(warm.app(), *BOTH)
    subjects = {
        json.loads(blob(warm.out, entry["digest"]))["subject"]["digest"]
        for entry in entries(warm.out).values()
        if "artifactType" in entry
    }
    manifests = {
        entry["digest"]
        for tag in ("1.0", "1.0-debug")
        for entry in document(warm.out, tag)["manifests"]
    }
    assert len(manifests) == 4
    assert subjects == manifests


def test_nothing_of_replaced_images_stays(warm: World) -> None:
    """From one platform to two and back: ledgers under other names, and all blobs, are gone."""
    held = []
    for options in (ARM64, BOTH, ARM64):
        assert warm.build(warm.app(), *options).code == 0
        blobs = {path.name for path in (warm.out / "blobs" / "sha256").iterdir()}
        held.append((entries(warm.out), blobs))
    assert held[0] == held[2]
    assert set(held[1][0]) == {
        "1.0",
        "1.0-debug",
        *(f"{tag}.linux-{one}.ledger" for tag in ("1.0", "1.0-debug") for one in MACHINES),
    }


def test_a_signature_by_others_stays_with_what_it_signs(warm: World) -> None:
    """Only artifacts of the types that are written anew are replaced with their images."""
    warm.build(warm.app(), *ARM64)
    index = json.loads((warm.out / "index.json").read_bytes())
    ledger = entries(warm.out)["1.0.ledger"]
    signature = json.loads(json.dumps(ledger))
    signature["artifactType"] = "application/vnd.example.signature"
    signature["annotations"] = {REF_NAME: "signature"}
    index["manifests"].append(signature)
    (warm.out / "index.json").write_text(json.dumps(index))
    warm.build(warm.app(), *BOTH)
    found = entries(warm.out)
    assert found["signature"] == signature
    subject = json.loads(blob(warm.out, signature["digest"]))["subject"]["digest"]
    assert json.loads(blob(warm.out, subject))["layers"]


# --- failures ------------------------------------------------------------------------------


def failure(world: World, done: Done, code: int = 2) -> str:
    """What a failed build says; it must have written nothing."""
    assert (done.code, done.stdout) == (code, ""), done.stderr
    assert not world.out.exists()
    assert done.error
    return done.stderr


def test_a_platform_without_a_wheel_is_named(warm: World) -> None:
    add_native(warm, "intelonly", "amd64")
    said = failure(warm, warm.build(app_with(warm, "intelonly==1.0"), *BOTH))
    assert "the build for linux/arm64 failed: intelonly 1.0 has no wheel" in said
    assert "hint: choose a version that has one" in said
    assert "linux/amd64" not in said


def test_the_exit_code_is_the_errors_own(warm: World) -> None:
    """An image that would not work is 1: the answer is no."""
    add_native(warm, "broken", "amd64")
    add_native(warm, "broken", "arm64", needs="libnowhere.so.1")
    said = failure(warm, warm.build(app_with(warm, "broken==1.0"), *BOTH), code=1)
    assert "the build for linux/arm64 failed: the image would not work" in said
    assert "needs libnowhere.so.1" in said


def test_all_failures_are_told(warm: World) -> None:
    """Different ones each with its hint; the exit code is the highest."""
    add_native(warm, "torn", "amd64", needs="libnowhere.so.1")
    said = failure(warm, warm.build(app_with(warm, "torn==1.0"), *BOTH))
    first, second = said.split("the build for linux/arm64 failed: ")
    assert first.startswith("error: the build for linux/amd64 failed: the image would not work")
    assert second.startswith("torn 1.0 has no wheel")
    assert "hint: choose a version" in second


def test_what_fails_alike_on_all_platforms_is_said_once(warm: World) -> None:
    said = failure(warm, warm.build(app_with(warm, "flsak"), *BOTH))
    assert said.count("no package index has 'flsak'") == 1
    assert "the build for linux/amd64 and linux/arm64 failed: " in said
    assert said.count("hint: check the spelling") == 1


def test_a_hint_for_all_is_given_once(warm: World) -> None:
    """The messages differ: each names its architecture."""
    spec = '[app]\npackages = ["libqp5"]\n'
    said = failure(warm, warm.build(warm.app({**FLASK, "distil.toml": spec}), *BOTH))
    assert said.count("there is no package 'libqp5'") == 2
    assert said.count("hint: did you mean libpq5?") == 1


def test_what_has_nothing_to_do_with_platforms_names_none(warm: World) -> None:
    said = failure(warm, warm.build(warm.app({"main.go": "package main\n"}), *BOTH))
    assert said.startswith("error: no application found")


def test_a_damaged_cache_is_mended_as_for_one_platform(warm: World) -> None:
    """The file is named and removed, so that the next build is right again."""
    first = warm.build(warm.app(), *BOTH).digests
    shutil.rmtree(warm.out)
    [deb] = warm.mirror.root.glob("debian/pool/**/libc6_*_arm64.deb")
    pack = warm.cache / "packs" / f"{hashlib.sha256(deb.read_bytes()).hexdigest()}.deb"
    pack.write_bytes(bytes(byte ^ 0xFF for byte in pack.read_bytes()))
    for path in warm.cache.glob("layers/*"):
        path.unlink()
    said = failure(warm, warm.build(warm.app(), *BOTH))
    assert "the build for linux/arm64 failed: an unpacked archive in the cache is not" in said
    assert "hint: it was removed: run again" in said
    assert warm.build(warm.app(), *BOTH).digests == first


@pytest.mark.parametrize("value", ["linux/sparc", "linux/amd64,", ""])
def test_a_platform_that_is_none(cold: World, value: str) -> None:
    before = len(cold.mirror.web.requests)
    done = cold.build(cold.app(), "--platform", value)
    assert "unknown platform" in failure(cold, done)
    assert len(cold.mirror.web.requests) == before


def test_a_platform_of_the_specification_that_is_none(cold: World) -> None:
    spec = '[image]\nplatforms = ["linux/amd64", "linux/sparc"]\n'
    said = failure(cold, cold.build(cold.app({**FLASK, "distil.toml": spec})))
    assert "distil.toml:2: image.platforms: unknown platform 'linux/sparc'" in said
    assert "hint: use one of linux/amd64, linux/arm64" in said


# --- places for one platform ---------------------------------------------------------------


def test_a_docker_archive_is_refused_before_the_work(cold: World) -> None:
    before = len(cold.mirror.web.requests)
    done = cold.build(cold.app(), *BOTH, "-o", f"docker-archive:{cold.root}/a.tar")
    said = failure(cold, done)
    assert "one platform for each name" in said
    assert "hint: write oci: or oci-archive:, or choose one with --platform" in said
    assert len(cold.mirror.web.requests) == before


ENGINE = """#!/bin/sh
[ "$1" = load ] && exec cat > "$LOADED"
exit 0
"""


def with_engine(world: World) -> World:
    """A world in which the docker command keeps what it is given."""
    (world.root / "bin").mkdir()
    (world.root / "bin" / "docker").write_text(ENGINE)
    (world.root / "bin" / "docker").chmod(0o755)
    path = f"{world.root}/bin:{os.environ['PATH']}"
    return world.with_variables(PATH=path, LOADED=str(world.root / "loaded.tar"))


@pytest.mark.parametrize("where", [("--load",), ("-o", "docker-daemon:shop:1.0")])
def test_an_engine_gets_this_machines_image_and_that_is_said(
    warm: World, where: tuple[str, ...]
) -> None:
    world = with_engine(warm)
    done = world.distil("build", world.app(), "-t", "shop:1.0", *BOTH, *where)
    assert done.code == 0, done.stderr
    with tarfile.open(world.root / "loaded.tar") as archive:
        stream = archive.extractfile("manifest.json")
        assert stream is not None
        images = json.load(stream)
        loaded = [json.load(archive.extractfile(image["Config"])) for image in images]
    assert [image["RepoTags"] for image in images] == [["shop:1.0"], ["shop:1.0-debug"]]
    assert {one["architecture"] for one in loaded} == {"amd64"}
    assert "linux/amd64 only, an engine takes one platform" in done.stderr


# --- reading -------------------------------------------------------------------------------


def test_why_asks_about_one_platform(warm: World) -> None:
    warm.build(warm.app(), *BOTH)
    image = f"oci:{warm.out}:1.0"
    for architecture, multiarch in TUPLES.items():
        path = f"/usr/lib/{multiarch}/libssl.so.3"
        done = warm.distil("why", image, path, "--platform", f"linux/{architecture}")
        assert done.code == 0, done.stderr
        assert path in done.stdout
    assert warm.distil("why", image, "/usr/lib/x86_64-linux-gnu/libssl.so.3").code == 0
    other = warm.distil("why", image, "/usr/lib/aarch64-linux-gnu/libssl.so.3")
    assert other.code == 1
    assert f"is not in {image} (linux/amd64)" in other.error


def test_check_looks_at_one_platform(warm: World) -> None:
    warm.build(warm.app(), *BOTH)
    for architecture in MACHINES:
        options = ("--platform", f"linux/{architecture}", "--format", "json")
        done = warm.distil("check", f"oci:{warm.out}:1.0-debug", *options)
        assert done.data["verdict"] == "pass"
        assert done.data["report"]["platform"] == f"linux/{architecture}"
        assert done.data["report"]["elf_files"] > 5


def test_what_a_layout_holds_is_told_without_the_ledgers(warm: World) -> None:
    warm.build(warm.app(), *BOTH)
    done = warm.distil("check", f"oci:{warm.out}:2.0")
    assert done.code == 2
    assert done.stderr.endswith("hint: it holds 1.0, 1.0-debug\n")


@pytest.mark.parametrize("verb", [("check",), ("why", "--largest", "3")])
def test_a_platform_that_an_image_is_not_for(warm: World, verb: tuple[str, ...]) -> None:
    warm.build(warm.app(), *ARM64)
    done = warm.distil(*verb, f"oci:{warm.out}:1.0", "--platform", "linux/amd64")
    assert done.code == 2
    assert done.error == f"error: oci:{warm.out}:1.0 is not an image for linux/amd64"
    assert "it is there for linux/arm64: name one with --platform" in done.stderr
    assert warm.distil(*verb, f"oci:{warm.out}:1.0").code == 0
