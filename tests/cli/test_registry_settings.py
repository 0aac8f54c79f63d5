"""What this machine says of registries holds when images come from them and go to them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from distil.cli import run
from tests.support.memory_registry import MemoryRegistry
from tests.support.token_server import basic_user

USERS = {"app": "a", "team": "t", "host": "h"}
LAYER = gzip.compress(b"\0" * 1024, mtime=0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
    return tmp_path


@pytest.fixture
def mirror() -> Iterator[MemoryRegistry]:
    with (registry := MemoryRegistry()).serve():
        yield registry


@pytest.fixture
def origin() -> Iterator[MemoryRegistry]:
    with (registry := MemoryRegistry()).serve():
        yield registry


@pytest.fixture
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def write(text: str) -> None:
        (home / "registries.conf").write_text(text)

    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(home / "registries.conf"))
    return write


def test_a_mirror_is_asked_first_and_nobody_else_when_it_has_the_image(settings, mirror, origin):
    mirror.add_image("copies/team/app", "1", [LAYER])
    settings(
        f'[[registry]]\nlocation = "{origin.place}"\n'
        f'[[registry.mirror]]\nlocation = "{mirror.place}/copies"\n'
    )
    assert run(["copy", f"docker://{origin.place}/team/app:1", "oci:out"]) == 0
    assert origin.asked("GET", "/v2/*/blobs/*") == []


def test_what_a_mirror_lacks_is_had_from_the_registry(settings, mirror, origin):
    origin.add_image("team/app", "1", [LAYER])
    settings(
        f'[[registry]]\nprefix = "far.example"\nlocation = "{origin.place}"\n'
        f'[[registry.mirror]]\nlocation = "{mirror.place}/copies"\n'
    )
    assert run(["copy", "docker://far.example/team/app:1", "oci:out"]) == 0
    assert mirror.asked("GET", "/v2/copies/team/app/manifests/1")


def test_what_is_pushed_goes_to_the_registry_itself(settings, mirror, origin):
    origin.add_image("team/app", "1", [LAYER])
    settings(
        f'[[registry]]\nlocation = "{origin.place}"\n'
        f'[[registry.mirror]]\nlocation = "{mirror.place}"\n'
    )
    assert run(["copy", f"docker://{origin.place}/team/app:1", f"docker://{origin.place}/b:2"]) == 0
    assert origin.repositories["b"].tags.keys() == {"2"}
    assert "b" not in mirror.repositories


def encoded(user: str) -> str:
    return base64.b64encode(f"{user}:{USERS[user]}".encode()).decode()


def test_each_repository_and_each_host_gets_its_own_login(home, settings, origin):
    settings("")
    with (registry := MemoryRegistry(users=USERS)).serve():
        registry.add_image("team/app", "1", [LAYER])
        registry.add_image("team/other", "1", [LAYER])
        place = registry.place
        keys = {"app": f"{place}/team/app", "team": f"{place}/team", "host": place}
        auths = {key: {"auth": encoded(user)} for user, key in keys.items()}
        (home / "auth.json").write_text(json.dumps({"auths": auths}))
        for name in ("app", "other"):
            copy = ["copy", f"docker://{place}/team/{name}:1", f"docker://{origin.place}/{name}:1"]
            assert run(copy) == 0
        for name, user in (("app", "app"), ("other", "team")):
            asked = [one.authorization for one in registry.asked("GET", f"/v2/team/{name}/*")]
            assert {basic_user(said, USERS) for said in asked if said} == {user}
    assert not any(one.authorization for one in origin.requests)


@pytest.mark.parametrize(("source", "target"), [("{}", "oci:out:1"), ("oci:in:1", "{}")])
def test_a_blocked_registry_is_asked_nothing(home, settings, origin, capsys, source, target):
    origin.add_image("app", "1", [LAYER])
    place = f"docker://{origin.place}/app:1"
    settings("")
    assert run(["copy", place, "oci:in:1"]) == 0
    origin.requests.clear()
    settings(f'[[registry]]\nlocation = "{origin.place}"\nblocked = true\n')
    assert run(["copy", source.format(place), target.format(place)]) == 2
    assert f"{home}/registries.conf blocks {origin.place}" in capsys.readouterr().err
    assert origin.requests == []


def test_a_file_of_logins_that_is_broken(home, settings, capsys):
    settings("")
    with (registry := MemoryRegistry(users={"a": "b"})).serve():
        (home / "auth.json").write_text('{"auths": {"s3cret": 1}}')
        assert run(["copy", f"docker://{registry.place}/app:1", "oci:out"]) == 2
    said = capsys.readouterr().err
    assert f"{home}/auth.json" in said
    assert "s3cret" not in said
