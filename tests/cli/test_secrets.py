"""Logins planted wherever uv and apt read them: they open doors, and are found nowhere after."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import zstandard

from distil.fetch.address import basic_authorization
from tests.support.applications import FLASK
from tests.support.command import Done, World
from tests.support.layouts import files
from tests.support.web_server import WebServer, tampered
from tests.support.wheelhouse import Wheelhouse, serving

SECRETS = {
    "address of an index": "sEcret-in-index-url/%",
    "variable of an index": "sEcret-in-variable",
    "keyring": "sEcret-in-keyring",
    "netrc": "sEcret-in-netrc",
    "requirements file": "sEcret-in-requirements",
    "uv.toml": "sEcret-in-uv-toml",
    "signed address": "sEcret-in-signature",
    "query of an index": "sEcret-in-query",
    "requirement": "sEcret-in-requirement",
    "address of the Debian mirror": "sEcret-in-mirror",
    "auth.conf": "sEcret-in-auth-conf",
}

_SITE = """\
import os
import pathlib
import sys

if sys.argv[0].endswith("distil"):
    from distil.fetch import credentials

    credentials.APT_DIRECTORY = pathlib.Path(os.environ["APT_FOR_TESTS"])
"""

_KEYRING = """\
#!/bin/sh
[ "$1 $3" = "get ann" ] || exit 1
case "$2" in http*) echo '{password}' ;; *) exit 1 ;; esac
"""


def quoted(secret: str) -> str:
    return secret.replace("%", "%25").replace("/", "%2F")


def with_login(url: str, user: str, secret: str) -> str:
    return url.replace("://", f"://{user}:{quoted(secret)}@")


@dataclass(frozen=True)
class Planted:
    """A world in which every server wants a login, each another one from another place."""

    world: World
    houses: dict[str, Wheelhouse]
    app: Path

    def build(self, *options: str, **variables: str) -> Done:
        return self.world.with_variables(**variables).build(self.app, *options)

    def drop(self, *patterns: str) -> None:
        for pattern in patterns:
            for path in self.world.cache.glob(pattern):
                path.unlink()


@contextlib.contextmanager
def served_houses(root: Path) -> Iterator[tuple[dict[str, Wheelhouse], dict[str, str]]]:
    """A wheelhouse with one distribution for each place of a login, and its address."""
    places = {
        "variable": ("ann", SECRETS["variable of an index"]),
        "keyring": ("ann", SECRETS["keyring"]),
        "netrc": ("ann", SECRETS["netrc"]),
        "requirements": ("ann", SECRETS["requirements file"]),
        "uvtoml": ("ann", SECRETS["uv.toml"]),
        "direct": ("ann", SECRETS["requirement"]),
    }
    houses, urls = {}, {}
    with contextlib.ExitStack() as stack:
        for name, login in places.items():
            house = Wheelhouse(root / "houses" / name)
            house.login = login
            house.add(f"from-{name}", files={f"from_{name}/__init__.py": f"name = {name!r}\n"})
            houses[name], urls[name] = house, stack.enter_context(serving(house))
        houses["variable"].json = houses["netrc"].json = True
        houses["keyring"].signature = SECRETS["signed address"]
        yield houses, urls


def application(urls: dict[str, str]) -> dict[str, str]:
    """Asks for something of every index; its files name some of them, with logins."""

    def found(name: str, secret: str) -> str:
        return with_login(urls[name], "ann", SECRETS[secret])

    by_netrc = urls["netrc"].replace("127.0.0.1", "localhost")
    direct = found("direct", "requirement").replace("/simple", "/files")
    imports = "".join(f"import from_{name}\n" for name in urls)
    return {
        "app.py": imports + FLASK["app.py"],
        "requirements.txt": f"{FLASK['requirements.txt']}-r requirements/more.txt\n"
        + "".join(f"from-{name}\n" for name in urls if name != "direct"),
        "requirements/more.txt": (
            f"--extra-index-url {found('requirements', 'requirements file')}\n"
            f"--find-links {found('uvtoml', 'uv.toml').replace('/simple', '/flat')}\n"
            f"from-direct @ {direct}/from_direct-1.0-py3-none-any.whl"
            f"?token={SECRETS['query of an index']}\n"
        ),
        "uv.toml": (
            'keyring-provider = "subprocess"\n'
            f'[[index]]\nname = "of-variables"\nurl = "{urls["variable"]}"\n'
            f'[[index]]\nname = "netrc"\nurl = "{by_netrc}"\n'
            f'[[index]]\nname = "keyring"\nurl = "{urls["keyring"].replace("://", "://ann@")}"\n'
        ),
    }


@pytest.fixture
def planted(cold: World) -> Iterator[Planted]:
    root = cold.root
    world = cold
    first = world.house
    with served_houses(root) as (houses, urls), contextlib.ExitStack() as stack:
        default = Wheelhouse(root / "houses" / "default")
        shutil.copytree(first.root, default.root, dirs_exist_ok=True)
        default.login = ("ann", SECRETS["address of an index"])
        houses["default"] = default
        url = stack.enter_context(serving(default))
        index = with_login(url, "ann", SECRETS["address of an index"])
        mirror, security = private_mirrors(world, stack)
        home = root / "home"
        (home / "bin").mkdir(parents=True)
        keyring = home / "bin" / "keyring"
        keyring.write_text(_KEYRING.format(password=SECRETS["keyring"]))
        keyring.chmod(0o755)
        netrc = home / ".netrc"
        netrc.write_text(f"machine localhost login ann password {SECRETS['netrc']}\n")
        netrc.chmod(0o600)
        world = replace(world, index=f"{index}?key={SECRETS['query of an index']}").with_variables(
            **apt_configuration(root, security),
            PATH=f"{home}/bin:{os.environ['PATH']}",
            no_proxy="127.0.0.1,localhost",
            NO_PROXY="127.0.0.1,localhost",
            UV_INDEX_OF_VARIABLES_USERNAME="ann",
            UV_INDEX_OF_VARIABLES_PASSWORD=SECRETS["variable of an index"],
            DISTIL_DEBIAN_MIRROR=mirror,
            DISTIL_DEBIAN_SECURITY_MIRROR=security,
        )
        yield Planted(world, houses, world.app(application(urls)))


def private_mirrors(world: World, stack: contextlib.ExitStack) -> tuple[str, str]:
    """Two servers for the world's mirror: one for a login in its address, one for auth.conf."""
    urls = []
    for secret in ("address of the Debian mirror", "auth.conf"):
        server = WebServer(world.mirror.root)
        server.faults.require("*", basic_authorization("ann", SECRETS[secret]))
        urls.append(stack.enter_context(server.serve()))
    first = with_login(urls[0], "ann", SECRETS["address of the Debian mirror"])
    return f"{first}/debian", f"{urls[1]}/debian-security"


def apt_configuration(root: Path, url: str) -> dict[str, str]:
    """An /etc/apt of the test's own, and what makes distil read it."""
    directory = root / "apt"
    directory.mkdir()
    secret = SECRETS["auth.conf"]
    (directory / "auth.conf").write_text(f"machine {url}/ login ann password {secret}\n")
    site = root / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_SITE)
    return {"PYTHONPATH": str(site), "APT_FOR_TESTS": str(directory)}


# --- looking for them ----------------------------------------------------------------------


def assert_clean(text: str | bytes, where: str) -> None:
    """No secret is in `text`, as it is or as it stands in an address."""
    data = text.encode() if isinstance(text, str) else text
    for name, secret in SECRETS.items():
        for written in (secret, quoted(secret)):
            assert written.encode() not in data, f"{where} holds the secret of: {name}"


def assert_clean_below(directory: Path) -> int:
    """No secret in any file, unpacked where that can be done; how many files that were."""
    looked = 0
    for path in directory.rglob("*"):
        assert_clean(str(path), "a file name")
        if not path.is_file() or path.is_symlink():
            continue
        data = path.read_bytes()
        looked += 1
        assert_clean(data, str(path))
        if data.startswith(b"\x1f\x8b"):
            assert_clean(gzip.decompress(data), f"{path}, unpacked,")
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            with zstandard.ZstdDecompressor().stream_reader(data) as stream:
                assert_clean(stream.read(), f"{path}, unpacked,")
    return looked


def test_builds_of_private_sources_tell_nobody(planted: Planted) -> None:
    """Images with their layers and ledgers, the cache, and all that is printed."""
    world = planted.world
    done = planted.build("-v")
    assert done.code == 0, done.stderr
    installed = files(world.out, "1.0")
    for name in ("variable", "keyring", "netrc", "requirements", "uvtoml", "direct"):
        assert any(f"from_{name}/__init__.py" in path for path in installed), name
    assert_clean(done.stdout + done.stderr, "what was printed")
    text = world.distil("build", planted.app, "-v", "-o", f"docker-archive:{world.root}/a.tar")
    assert text.code == 0, text.stderr
    assert_clean(text.stdout + text.stderr, "what was printed")
    assert_clean((world.root / "a.tar").read_bytes(), "the archive")
    for options in (("--removed", "-v"), ("--largest", "99", "--format", "json")):
        why = world.distil("why", f"oci:{world.out}:1.0", *options)
        assert why.code == 0, why.stderr
        assert_clean(why.stdout + why.stderr, "the ledger")
    for path, data in installed.items():
        assert_clean(data, path)
    assert assert_clean_below(world.out) > 10
    assert assert_clean_below(world.cache) > 30
    dry = planted.build("--dry-run", "--refresh", "-v")
    assert_clean(dry.stdout + dry.stderr, "a dry run")


def test_files_with_logins_stay_out_of_the_image(planted: Planted) -> None:
    done = planted.build()
    assert "requirements/more.txt stays out of the image" in done.stderr
    installed = files(planted.world.out, "1.0")
    assert "app/requirements.txt" in installed
    assert not {"app/requirements/more.txt", "app/uv.toml"} & installed.keys()


def test_what_was_resolved_before_is_fetched_with_the_logins_again(planted: Planted) -> None:
    """The cache holds no signature, and no login of a requirement: uv is asked for them again."""
    first = planted.build()
    shutil.rmtree(planted.world.out)
    planted.drop("blobs/*", "packs/*.wheel*")
    second = planted.build()
    assert second.code == 0, second.stderr
    assert first.digests == second.digests


def test_locks_tell_nobody(planted: Planted) -> None:
    """Neither a lock nor what is kept with it; the build from it logs in again."""
    world, vendor = planted.world, planted.world.root / "vendor"
    done = world.distil("lock", planted.app, "--vendor", vendor)
    assert done.code == 0, done.stderr
    lock = planted.app / "distil.lock"
    assert "from-direct" in lock.read_text()
    assert_clean(lock.read_bytes(), "the lock")
    assert_clean(done.stdout + done.stderr, "what was printed")
    assert assert_clean_below(vendor) > 30
    planted.houses["keyring"].signature = ""
    planted.drop("blobs/*", "packs/*", "resolutions/*")
    for options in (["--locked"], ["--locked", "--vendor", vendor, "--offline"]):
        built = planted.build(*options)
        assert built.code == 0, built.stderr
        assert_clean(built.stdout + built.stderr, "what was printed")
    assert assert_clean_below(world.cache) > 30


# --- what goes wrong -----------------------------------------------------------------------


def refusing(name: str, status: int) -> Callable[[Planted], None]:
    def spoil(planted: Planted) -> None:
        planted.houses[name].status = status

    return spoil


def wheels_changed(planted: Planted) -> None:
    for name in ("default", "variable", "keyring"):
        house = planted.houses[name]
        for path in house.root.glob("*.whl"):
            house.replaced[path.name] = tampered(path.read_bytes())


def another_password(planted: Planted) -> None:
    for house in planted.houses.values():
        house.login = ("ann", "another")


FAILURES: dict[str, tuple[Callable[[Planted], None], dict[str, str], str]] = {
    "wrong password": (another_password, {}, "401"),
    "forbidden": (refusing("default", 403), {}, "403"),
    "not there": (refusing("keyring", 404), {}, "from-keyring"),
    "unavailable": (refusing("requirements", 503), {}, "503"),
    "another wheel": (wheels_changed, {}, "should have"),
    "nobody there": (
        lambda planted: None,
        {
            "UV_DEFAULT_INDEX": f"http://ann:{SECRETS['netrc']}@127.0.0.1:1/simple?key="
            f"{SECRETS['signed address']}"
        },
        "cannot be reached",
    ),
    "no TLS there": (
        lambda planted: None,
        {"DISTIL_DEBIAN_MIRROR": "https"},
        "TLS handshake",
    ),
    "no such mirror": (
        lambda planted: None,
        {"DISTIL_DEBIAN_MIRROR": f"http://ann:{SECRETS['netrc']}@127.0.0.1:1/debian"},
        "refused",
    ),
    "no address": (
        lambda planted: None,
        {"DISTIL_DEBIAN_MIRROR": f"htp://ann:{SECRETS['netrc']}@host/debian"},
        "only http",
    ),
    "no address of an index": (
        lambda planted: None,
        {"UV_DEFAULT_INDEX": f"http://ann:{SECRETS['address of an index']}@127.0.0.1/simple"},
        "invalid",
    ),
    "wrong mirror password": (
        lambda planted: None,
        {"DISTIL_DEBIAN_SECURITY_MIRROR": "wrong"},
        "401",
    ),
}


@pytest.mark.parametrize("debug", [False, True], ids=["message", "traceback"])
@pytest.mark.parametrize("name", FAILURES)
def test_failures_tell_nobody(planted: Planted, name: str, debug: bool) -> None:
    spoil, variables, message = FAILURES[name]
    spoil(planted)
    known = planted.world.variables
    if variables.get("DISTIL_DEBIAN_MIRROR") == "https":
        variables = {"DISTIL_DEBIAN_MIRROR": known["DISTIL_DEBIAN_MIRROR"].replace("p:", "ps:", 1)}
    if variables.get("DISTIL_DEBIAN_SECURITY_MIRROR") == "wrong":
        url = known["DISTIL_DEBIAN_SECURITY_MIRROR"]
        variables = {
            "DISTIL_DEBIAN_SECURITY_MIRROR": with_login(url, "ann", SECRETS["netrc"]),
        }
    if debug:
        variables = {**variables, "DISTIL_DEBUG": "1"}
    done = planted.build("-v", **variables)
    assert done.code == (1 if debug else 2), done.stderr
    assert re.search(message, done.stderr), done.stderr
    assert debug == ("Traceback" in done.stderr)
    assert not planted.world.out.exists()
    assert_clean(done.stdout + done.stderr, "what was printed")
    assert_clean_below(planted.world.cache)
