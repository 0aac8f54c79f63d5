"""Debian's docker-registry, open, with passwords and with tokens: all that distil does with it."""

from __future__ import annotations

import contextlib
import io
import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from distil.cli import run
from distil.fetch.cache import Cache
from distil.image.artifact import attach
from distil.image.naming import name_image, unnamed
from distil.image.write import write
from distil.model.reference import parse_image_name
from tests.support.command import Done
from tests.support.cutting_proxy import cable
from tests.support.images import layer, oci, sample_image
from tests.support.layouts import tag_digest
from tests.support.nodes import file
from tests.support.registries import Registry

TAG = "1.0"
SBOM = "application/vnd.test.sbom"
LARGE = 8 << 20
"""Bytes of the layer whose transfer is cut."""
CUT = 3 << 20


@dataclass(frozen=True)
class User:
    """Somebody who is logged in, trusts the registry's authority, and has an empty cache."""

    registry: Registry
    home: Path

    def name(self, repository: str, tag: str = TAG) -> str:
        return f"docker://{self.registry.place}/{repository}:{tag}"

    def distil(self, *arguments: str) -> Done:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
                patch.delenv(name, raising=False)
            patch.setenv("HOME", str(self.home))
            patch.setenv("DOCKER_CONFIG", str(self.registry.login(self.home / "docker")))
            patch.setenv("DISTIL_CACHE_DIR", str(self.home / "cache"))
            if self.registry.authority is not None:
                patch.setenv("DISTIL_CA_FILE", str(self.registry.authority.certificate))
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(list(arguments))
        return Done(code, out.getvalue(), err.getvalue())

    def must(self, *arguments: str) -> str:
        """Run a command that has to succeed; what it printed."""
        done = self.distil(*arguments)
        assert done.code == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(params=["plain", "basic", "token"])
def user(request: pytest.FixtureRequest, tmp_path: Path) -> User:
    return User(request.getfixturevalue(f"{request.param}_registry"), tmp_path / "home")


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """An image, and an artifact about it."""
    cache = Cache(tmp_path / "cache")
    image = sample_image(cache)
    place = oci(tmp_path / "ours")
    name = parse_image_name(f"sample:{TAG}")
    sbom = attach(image.descriptor, SBOM, b"what is in it")
    write([*name_image(image, [name], place), unnamed(sbom, name)], place)
    return tmp_path / "ours"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """An image with a layer that takes a while."""
    cache = Cache(tmp_path / "cache")
    data = random.Random(1).randbytes(LARGE)
    place = oci(tmp_path / "large")
    image = sample_image(cache, layer(cache, [file("/data", data)]))
    write(name_image(image, [parse_image_name(f"large:{TAG}")], place), place)
    return tmp_path / "large"


def lines_since(registry: Registry, start: int) -> list[str]:
    """The requests that the registry noted after the first `start` bytes of its log."""
    return registry.log.read_bytes()[start:].decode(errors="replace").splitlines()


def test_there_and_back(user: User, layout: Path, tmp_path: Path) -> None:
    digest = tag_digest(layout, TAG)
    printed = user.must("copy", f"oci:{layout}:{TAG}", user.name("e2e/app"))
    assert printed == f"{user.registry.place}/e2e/app@{digest}"
    user.must("copy", f"docker://{printed}", f"oci:{tmp_path}/back:{TAG}")
    assert tag_digest(tmp_path / "back", TAG) == digest
    before = user.registry.log.stat().st_size
    user.must("copy", f"oci:{layout}:{TAG}", user.name("e2e/app", "again"))
    sent = [line for line in lines_since(user.registry, before) if '"POST ' in line]
    assert sent == [], "what is there was sent again"


def test_layers_are_mounted(user: User, layout: Path) -> None:
    user.must("copy", f"oci:{layout}:{TAG}", user.name("e2e/origin"))
    before = user.registry.log.stat().st_size
    user.must("copy", user.name("e2e/origin"), user.name("e2e/mounted"))
    lines = [line for line in lines_since(user.registry, before) if "/e2e/mounted/blobs/" in line]
    assert any('"POST ' in line and '" 201 ' in line for line in lines)
    assert not any('"PATCH ' in line for line in lines)
    sent = [line for line in lines if '"PUT ' in line]
    assert len(sent) == 1, "the configuration, which was read on the way, and no layer"


def test_referrers_go_with_an_image(user: User, layout: Path, tmp_path: Path) -> None:
    """By way of the fallback tag: this registry has no API for them."""
    digest = tag_digest(layout, TAG)
    name = user.name("e2e/referred")
    user.must("copy", f"oci:{layout}:{TAG}", name, "--referrers")
    assert digest.replace(":", "-") in user.must("tags", name.removesuffix(f":{TAG}")).split()
    user.must("copy", name, f"oci:{tmp_path}/back:{TAG}", "--referrers")
    index = json.loads((tmp_path / "back/index.json").read_bytes())
    kinds = {entry.get("artifactType") for entry in index["manifests"]}
    assert SBOM in kinds
    user.must("copy", f"oci:{layout}:{TAG}", name, "--referrers")
    user.must("copy", name, f"oci:{tmp_path}/twice:{TAG}", "--referrers")
    twice = json.loads((tmp_path / "twice/index.json").read_bytes())
    assert len(twice["manifests"]) == len(index["manifests"])


def test_tags_come_and_go(user: User, layout: Path) -> None:
    name = user.name("e2e/tags")
    user.must("copy", f"oci:{layout}:{TAG}", name)
    user.must("tag", name, "1", "latest")
    assert user.must("tags", name.removesuffix(f":{TAG}")).split() == ["1", TAG, "latest"]
    assert user.must("delete", name, "--yes") == tag_digest(layout, TAG)
    done = user.distil("copy", name, "oci:nowhere:x")
    assert done.code == 2
    assert done.error.startswith(f"error: {name} has no image {TAG}")


def test_a_push_that_is_cut_arrives(user: User, large: Path) -> None:
    """This registry cannot go on in the middle of a blob: one that was cut is sent once more.

    (`tests/image/registry/test_faulty_registries.py` has one that can.)
    """
    with cable(user.registry.place) as wire:
        far = replace(user, registry=replace(user.registry, place=wire.place))
        wire.cut(upwards=CUT)
        digest = tag_digest(large, TAG)
        printed = far.must("copy", f"oci:{large}:{TAG}", far.name("e2e/cut"))
        assert printed.endswith(digest)
        assert wire.cuts == 1
        assert wire.upwards < LARGE + CUT + (1 << 20), "more than that blob was sent again"


def test_a_pull_goes_on_where_it_was_cut(user: User, large: Path, tmp_path: Path) -> None:
    user.must("copy", f"oci:{large}:{TAG}", user.name("e2e/pulled"))
    with cable(user.registry.place) as wire:
        far = replace(user, registry=replace(user.registry, place=wire.place))
        wire.cut(downwards=CUT)
        far.must("copy", far.name("e2e/pulled"), f"oci:{tmp_path}/back:{TAG}")
        assert wire.cuts == 1
        assert wire.downwards < LARGE + CUT, "it began anew"
    assert tag_digest(tmp_path / "back", TAG) == tag_digest(large, TAG)


@pytest.mark.parametrize("kind", ["basic", "token"])
def test_who_is_not_logged_in_is_told(
    kind: str, request: pytest.FixtureRequest, layout: Path, tmp_path: Path
) -> None:
    registry: Registry = request.getfixturevalue(f"{kind}_registry")
    with cable(registry.place) as wire:
        # No login is known for this address.
        stranger = User(registry, tmp_path / "home")
        name = stranger.name("e2e/app").replace(registry.place, wire.place)
        done = stranger.distil("copy", f"oci:{layout}:{TAG}", name)
    assert done.code == 2
    assert "does not give access" in done.error
    assert f"distil login {wire.place}" in done.stderr


def test_tokens_are_for_what_is_done(
    token_registry: Registry, layout: Path, tmp_path: Path
) -> None:
    tokens = token_registry.tokens
    before = len(tokens.requests)
    known = User(token_registry, tmp_path / "home")
    known.must("copy", f"oci:{layout}:{TAG}", known.name("e2e/scoped"))
    known.must("copy", known.name("e2e/scoped"), f"oci:{tmp_path}/back:{TAG}")
    scopes = [request.query["scope"] for request in tokens.requests[before:]]
    assert scopes == ["repository:e2e/scoped:pull,push", "repository:e2e/scoped:pull"]
