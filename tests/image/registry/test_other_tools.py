"""What other tools log in with, distil finds; what distil keeps, they find."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from itertools import combinations

import pytest

from distil.fetch.address import basic_authorization
from distil.image.stores.registry.login import Login
from distil.image.stores.registry.login_file import LoginFile
from distil.image.stores.registry.logins import erase_login, find_login, store_login
from distil.model.reference import parse_image_name
from tests.support.memory_registry import MemoryRegistry
from tests.support.tools import needs, tool

USER, PASSWORD = "ada", "s3cret word"
INSECURE = {
    "podman": "--tls-verify=false",
    "skopeo": "--tls-verify=false",
    "oras": "--plain-http",
    "crane": "--insecure",
}
COMMANDS = {
    "podman": ("login", "-u", USER, "--password-stdin"),
    "skopeo": ("login", "-u", USER, "--password-stdin"),
    "oras": ("login", "-u", USER, "--password-stdin"),
    "crane": ("auth", "login", "-u", USER, "--password-stdin"),
}
_PARTS = ("", "/team", "/team/app", "/team/ap")
KEYS = [keys for count in range(len(_PARTS) + 1) for keys in combinations(_PARTS, count)]
TOOLS = [pytest.param(name, marks=needs(name)) for name in COMMANDS]


@pytest.fixture
def place() -> Iterator[str]:
    with MemoryRegistry(users={USER: PASSWORD}).serve() as url:
        yield url.partition("://")[2]


def called(name: str, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [tool(name), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("helper", [False, True])
def test_their_logins_are_found_and_forgotten(home, write, helpers, place, name, helper):
    helpers.add()
    write(".docker/config.json", {"credsStore": "fake"} if helper else {})
    (home / "run").mkdir(mode=0o700)
    called(name, *COMMANDS[name], INSECURE[name], place, stdin=PASSWORD)
    image = parse_image_name(f"{place}/team/app")
    assert find_login(image) == Login(USER, PASSWORD)
    erase_login(place)
    assert find_login(image) is None
    assert helpers.kept() == {}


@pytest.mark.parametrize("name", TOOLS[:2])
@pytest.mark.parametrize("key", ["r.example", "r.example:5000", "docker.io", "r.example/team"])
def test_distils_logins_are_found(home, name, key):
    store_login(key, Login(USER, PASSWORD))
    (home / "run").mkdir(mode=0o700)
    assert called(name, "login", "--get-login", key).strip() == USER


@pytest.mark.parametrize("name", TOOLS[:2])
def test_a_login_of_a_part_is_where_they_have_it(home, place, name):
    file = home / "auth.json"
    arguments = [*COMMANDS[name], INSECURE[name], f"--authfile={file}"]
    called(name, *arguments, f"{place}/team", stdin=PASSWORD)
    theirs = json.loads(file.read_text())
    assert LoginFile(file).find(f"{place}/team") == Login(USER, PASSWORD)
    assert LoginFile(file).find(place) is None
    LoginFile(file).store(f"{place}/team", Login(USER, PASSWORD))
    assert json.loads(file.read_text()) == theirs


@needs("crane")
@pytest.mark.parametrize("key", ["r.example", "docker.io"])
def test_crane_uses_distils_logins(home, key):
    store_login(key, Login(USER, PASSWORD))
    server = "https://index.docker.io/v1/" if key == "docker.io" else key
    said = called("crane", "auth", "get", server.removeprefix("https://").split("/")[0])
    assert json.loads(said) == {"Username": USER, "Secret": PASSWORD}


@needs("skopeo")
@pytest.mark.parametrize("image", ["team/app", "team/other", "app"])
@pytest.mark.parametrize("keys", KEYS, ids=str)
@pytest.mark.parametrize("scheme", ["", "https://"])
def test_skopeo_takes_the_same_of_several(home, write, image, keys, scheme):
    """The registry tells whom it was asked by; no user is known to it."""
    registry = MemoryRegistry(users={})
    with registry.serve() as url:
        place = url.partition("://")[2]
        names = [place + key if key else scheme + place for key in keys]
        write(".docker/config.json", {"auths": {name: _entry(name) for name in names}})
        login = find_login(parse_image_name(f"{place}/{image}"))
        command = [tool("skopeo"), "inspect", "--tls-verify=false", f"docker://{place}/{image}"]
        subprocess.run(command, capture_output=True, timeout=60, check=False)
    # One without a login it asks for as nobody, with an empty password.
    expected = basic_authorization(login.user, login.secret) if login else "Basic Og=="
    headers = {request.headers.get("Authorization") for request in registry.requests} - {None}
    assert headers == {expected}


def _entry(user: str) -> dict[str, str]:
    name = user.replace(":", "-")
    return {"auth": base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()}
