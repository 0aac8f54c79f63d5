"""`distil build --push`: one command from an application to a registry."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from tests.support.command import World
from tests.support.memory_registry import INDEX, MANIFEST
from tests.support.registries import Registry

BOTH = ("--platform", "linux/amd64,linux/arm64")


def manifest(name: str) -> dict[str, Any]:
    """The manifest of ``HOST:PORT/REPOSITORY:TAG``, or ``@DIGEST``, in a registry for anybody."""
    mark = "@" if "@" in name else ":"
    repository, _, reference = name.rpartition(mark) if mark == ":" else name.partition(mark)
    host, _, path = repository.partition("/")
    request = urllib.request.Request(
        f"http://{host}/v2/{path}/manifests/{reference}", headers={"Accept": f"{MANIFEST}, {INDEX}"}
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_all_of_it_in_one_operation(warm: World, plain_registry: Registry) -> None:
    """Two names, two platforms, the twin and a layout; what is printed is what was pushed."""
    place = f"{plain_registry.place}/push/shop"
    names = ("-t", f"{place}:1.4", "-t", f"{place}:latest")
    done = warm.distil("build", warm.app(), *names, "--push", *BOTH, "-o", f"oci:{warm.out}")
    assert done.code == 0, done.stderr
    reference, *others = done.stdout.splitlines()
    assert others == [f"oci:{warm.out}:1.4", f"oci:{warm.out}:latest"]
    assert reference.startswith(f"{place}@sha256:")
    index = manifest(reference)
    assert [entry["platform"]["architecture"] for entry in index["manifests"]] == ["amd64", "arm64"]
    for name in ("1.4", "latest"):
        assert manifest(f"{place}:{name}") == index
        assert manifest(f"{place}:{name}-debug") != index
    # Another machine has no ledger in its cache: that is with the image.
    elsewhere = warm.with_variables(DISTIL_CACHE_DIR=str(warm.root / "elsewhere"))
    why = elsewhere.distil("why", f"{place}:1.4", "/app/app.py", "--platform", "linux/arm64")
    assert (why.code, "note:" in why.stderr) == (0, False), why.stderr
    again = warm.distil("build", warm.app(), *names, "--push", *BOTH)
    assert again.stdout.splitlines() == [reference]


def test_a_function_for_lambda(warm: World, plain_registry: Registry) -> None:
    place = f"{plain_registry.place}/push/function"
    options = ("-t", f"{place}:1", "--push", "--profile", "lambda")
    done = warm.distil("build", warm.app(), *options, *BOTH)
    assert (done.code, "takes an image for one platform" in done.stderr) == (2, True)
    done = warm.distil("build", warm.app(), *options, "--platform", "linux/arm64")
    assert done.code == 0, done.stderr
    found = manifest(done.stdout.strip())
    assert found["mediaType"] == MANIFEST
    assert {layer["mediaType"].rpartition("+")[2] for layer in found["layers"]} == {"gzip"}
    assert set(warm.distil("tags", place).stdout.splitlines()) == {"1", "1-debug"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--push",), "nothing says where to push"),
        (("-o", "oci:out", "--profile", "lambda", "--compression", "zstd"), "with zstd"),
    ],
)
def test_what_goes_nowhere(warm: World, options: tuple[str, ...], message: str) -> None:
    done = warm.distil("build", warm.app(), *options)
    assert (done.code, done.stdout) == (2, "")
    assert message in done.stderr
    assert not (warm.root / "out").exists()
