"""What is in images that distil built: all of it attributed, and documents that tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from distil.fetch.cache import Cache
from distil.image.assemble import assemble
from distil.image.naming import name_image
from distil.image.read_tree import read_tree
from distil.image.write import write
from distil.model.image import ContainerConfig
from distil.model.node import Node
from distil.model.platform import AMD64
from distil.model.reference import parse_image_name
from tests.cli.test_programs import built
from tests.support.applications import FLASK
from tests.support.command import World
from tests.support.elf_builder import Elf
from tests.support.go_program import GoProgram
from tests.support.images import EPOCH, layer, oci, open_image
from tests.support.nodes import file

MEMBERS = {"application/spdx+json", "application/vnd.cyclonedx+json"}


def told(world: World, image: str, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = world.distil("sbom", image, "--format", "json", *options).data
    return found


def documents(world: World, image: str) -> dict[str, str]:
    """The SBOMs that are attached to an image: their digests by type."""
    found = world.distil("inspect", image, "--format", "json").data["description"]
    attached = {one["artifactType"]: one["digest"] for one in found["referrers"]}
    return {kind: digest for kind, digest in attached.items() if kind in MEMBERS}


@pytest.mark.parametrize("level", ["packages", "reachable"])
def test_every_file_of_both_images_is_owned(warm: World, level: str) -> None:
    done = warm.build(warm.app(), "--level", level)
    assert done.code == 0, done.stderr
    assert "warning" not in done.stderr
    for tag in ("1.0", "1.0-debug"):
        found = told(warm, f"oci:{warm.out}:{tag}")
        assert found["verdict"] == {"answer": "complete", "reasons": []}
        assert found["remarks"] == []
        coverage = found["coverage"]
        assert coverage["files"] == coverage["ownedFiles"] > 100
        assert [one["path"] for one in found["files"] if one["state"] == "modified"] == []
        assert [one["agrees"] for one in found["attached"]] == [True, True]
    names = {one["name"] for one in found["components"] if one["kind"] == "deb"}
    assert {one["name"] for one in done.data["debugPackages"]} <= names


def test_what_the_build_prints_is_what_is_in_the_image(warm: World) -> None:
    done = warm.build(warm.app())
    found = told(warm, f"oci:{warm.out}:1.0")
    printed = (*done.data["packages"], *done.data["distributions"], *done.data["others"])
    by_kind = {(one["kind"], one["name"], one["version"]) for one in found["components"]}
    assert {(one["kind"], one["name"], one["version"]) for one in printed} == by_kind
    counted = {one["purl"]: one["files"] for one in printed}
    assert all(
        counted[one["purl"]] == one["present"]
        for one in found["components"]
        if one["kind"] == "deb"
    )


def test_a_package_of_which_files_were_left_out_says_so(warm: World) -> None:
    warm.build(warm.app())
    found = told(warm, f"oci:{warm.out}:1.0")
    partial = {
        one["name"]: (one["present"], one["claimed"])
        for one in found["components"]
        if one.get("present", 0) < one.get("claimed", 0)
    }
    assert "openssl" in partial
    text = warm.distil("sbom", f"oci:{warm.out}:1.0", "-v").stdout
    assert all(f"{present} of {claimed} files" in text for present, claimed in partial.values())


def test_documents_are_the_same_when_the_image_is(warm: World) -> None:
    """Made anew, from a cold catalogue, and where nothing has changed."""
    warm.build(warm.app())
    first = documents(warm, f"oci:{warm.out}:1.0")
    assert set(first) == MEMBERS
    for path in (warm.cache / "catalog").iterdir():
        path.unlink()
    for _ in range(2):
        warm.build(warm.app())
        assert documents(warm, f"oci:{warm.out}:1.0") == first
    twin = documents(warm, f"oci:{warm.out}:1.0-debug")
    assert set(twin) == MEMBERS
    assert not set(twin.values()) & set(first.values())


def test_each_platform_has_its_documents(warm: World) -> None:
    warm.build(warm.app(), "--platform", "linux/amd64,linux/arm64")
    image = f"oci:{warm.out}:1.0"
    found = told(warm, image)
    platforms = [one["subject"]["platform"] for one in found["platforms"]]
    assert platforms == ["linux/amd64", "linux/arm64/v8"]
    assert [(one["platform"], one["agrees"]) for one in found["attached"]] == [
        (platform, True) for platform in platforms for _ in MEMBERS
    ]
    assert all(one["verdict"]["answer"] == "complete" for one in found["platforms"])
    assert warm.distil("sbom", image, "--require-complete").code == 0


def test_documents_go_where_the_image_goes(warm: World) -> None:
    warm.build(warm.app())
    there = f"oci:{warm.root}/there:1.0"
    done = warm.distil("copy", f"oci:{warm.out}:1.0", there, "--referrers")
    assert done.code == 0, done.stderr
    assert documents(warm, there) == documents(warm, f"oci:{warm.out}:1.0")
    assert warm.distil("sbom", there, "--verify", "attached").code == 0


def test_without_the_ledger_most_is_known_as_well(warm: World) -> None:
    """The image alone says what is in it, to any scanner; the ledger adds what nothing else has."""
    warm.build(warm.app())
    alone = f"oci:{warm.root}/alone:1.0"
    warm.distil("copy", f"oci:{warm.out}:1.0", alone)
    there = {one["ref"] for one in told(warm, f"oci:{warm.out}:1.0")["components"]}
    elsewhere = warm.with_variables(DISTIL_CACHE_DIR=str(warm.root / "other-cache"))
    found = told(elsewhere, alone)
    assert {one["ref"] for one in found["components"]} == there
    assert found["attached"] == []
    assert found["verdict"]["answer"] == "partial"
    unowned = [one["path"] for one in found["files"] if one["attribution"] == "unowned"]
    assert "/app/app.py" in unowned


@pytest.mark.parametrize(
    ("program", "answer"),
    [(GoProgram().build(), "complete"), (Elf(kind=2, dynamic=False).build(), "unknown")],
)
def test_an_image_of_one_program(warm: World, program: bytes, answer: str) -> None:
    """One that tells what it is made of, and one of which only the ledger knows whose it is."""
    done = built(warm, program)
    found = told(warm, f"oci:{warm.out}:1.0")
    assert found["verdict"]["answer"] == answer, found["verdict"]
    assert found["coverage"]["ownedFiles"] == found["coverage"]["files"]
    (file,) = (one for one in found["files"] if one["path"] == "/hello")
    assert file["attribution"] in ("program", "application")
    names = {one["name"] for one in found["components"]}
    assert {one["name"] for one in done.data["others"]} <= names
    told_by_it = {one["name"] for one in done.data["programs"][0]["components"]}
    assert told_by_it <= names


# --- tampering -----------------------------------------------------------------------------


def _changed(nodes: list[Node], path: str) -> list[Node]:
    (node,) = (one for one in nodes if one.path == path)
    data = bytearray(node.blob.read())
    data[-1] ^= 1
    return [one if one is not node else file(path, bytes(data), mode=node.mode) for one in nodes]


@pytest.mark.parametrize(
    ("change", "path", "listed"),
    [
        (_changed, "/usr/lib/python3.13/json/__init__.py", ("--modified",)),
        (
            lambda nodes, path: [*nodes, file(path, b"#!/bin/sh\n", mode=0o755)],
            "/usr/bin/more",
            ("--unowned", "--executable"),
        ),
        (
            lambda nodes, path: [one for one in nodes if one.path != path],
            "/usr/lib/python3.13/json/__init__.py",
            None,
        ),
    ],
)
def test_tampering_is_found(
    warm: World,
    change: Callable[[list[Node], str], list[Node]],
    path: str,
    listed: tuple[str, ...] | None,
) -> None:
    """A byte that is another one, a file more and a file less, by document and without one."""
    warm.build(warm.app({**FLASK, "app.py": f"import json\n{FLASK['app.py']}"}))
    document = warm.root / "shop.spdx.json"
    image = f"oci:{warm.out}:1.0"
    assert warm.distil("sbom", image, "--format", "spdx", "-o", document).code == 0
    assert warm.distil("sbom", image, "--verify", document).code == 0
    other = tampered(warm, change, path)
    done = warm.distil("sbom", other, "--verify", document)
    assert done.code == 1
    differing = [line for line in done.stdout.splitlines() if line.startswith(f"  {path} ")]
    assert len(differing) == 1, done.stdout
    assert "1 difference" in done.stdout
    if listed is not None:
        assert warm.distil("files", other, *listed).stdout.split()[0] == path
    else:
        before, after = told(warm, image), told(warm, other)
        assert before["coverage"]["files"] == after["coverage"]["files"] + 1


def tampered(world: World, change: Callable[[list[Node], str], list[Node]], path: str) -> str:
    """The production image with another content, in one layer."""
    cache = Cache(world.root / "tampering")
    image = open_image(oci(world.out, "1.0"))
    nodes = change(list(read_tree(image.layers, cache)), path)
    made = assemble([layer(cache, nodes)], ContainerConfig(), platform=AMD64, created=EPOCH)
    place = oci(world.root / "tampered", "x")
    write(name_image(made, [parse_image_name("shop:1")], place), place)
    return str(place)
