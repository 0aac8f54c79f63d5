"""Proxies and private authorities: distil and uv go the same way and trust the same."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.authority import SERVER_NAME, Authority, make_authority
from tests.support.command import World
from tests.support.layouts import files
from tests.support.proxy import PASSWORD, Proxy, forwarding
from tests.support.wheelhouse import serving

DEBIAN = "debian.test"
PROXIES = ("http_proxy", "HTTP_PROXY", "HTTPS_PROXY")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@contextlib.contextmanager
def behind_a_proxy(world: World, authority: Authority) -> Iterator[tuple[World, Proxy]]:
    """`world` with its mirror and, over TLS, its index under names that only a proxy knows."""
    with serving(world.house, authority.tls()) as index:
        mirror = urlsplit(world.mirror.url).netloc
        hosts = {f"{DEBIAN}:80": mirror, f"{SERVER_NAME}:443": urlsplit(index).netloc}
        names = {
            name: value.replace(mirror, DEBIAN)
            for name, value in world.mirror.environment().items()
        }
        with forwarding(hosts) as proxy:
            names |= dict.fromkeys(PROXIES, proxy.url)
            names |= dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,10.0.0.0/8")
            names["UV_DEFAULT_INDEX"] = f"https://{SERVER_NAME}/simple"
            yield world.with_variables(**names), proxy


@pytest.mark.parametrize("named_by", ["DISTIL_CA_FILE", "REQUESTS_CA_BUNDLE", "config.toml"])
def test_everything_goes_through_the_proxy_and_trusts_the_authority(
    cold: World, authority: Authority, named_by: str
) -> None:
    with behind_a_proxy(cold, authority) as (world, proxy):
        variables: dict[str, str] = {}
        if named_by == "config.toml":
            directory = world.root / "home/.config/distil"
            directory.mkdir(parents=True)
            (directory / "our.pem").write_bytes(authority.certificate.read_bytes())
            (directory / named_by).write_text('[network]\nca-file = "our.pem"\n')
        else:
            variables[named_by] = str(authority.certificate)
        done = world.with_variables(**variables).build(world.app())
    assert done.code == 0, done.stderr
    asked = " ".join(proxy.requests)
    assert f"GET {DEBIAN}:80/debian/dists/trixie/InRelease" in asked
    assert f"GET {DEBIAN}:80/debian/pool/" in asked
    assert f"CONNECT {SERVER_NAME}:443" in asked
    line = authority.certificate.read_bytes().splitlines()[3]
    assert not [path for path, data in files(world.out, "1.0").items() if line in data]
    assert PASSWORD not in done.stdout + done.stderr


def test_an_authority_that_nobody_named(cold: World, authority: Authority) -> None:
    with behind_a_proxy(cold, authority) as (world, _):
        done = world.build(world.app())
    assert done.code == 2
    assert "certificate" in done.error
    assert "DISTIL_CA_FILE" in done.stderr
    assert PASSWORD not in done.stderr
    assert not world.out.exists()


@pytest.mark.parametrize(
    ("contents", "why"),
    [(None, "cannot be read"), ("no certificate", "holds no certificates in PEM form")],
)
def test_a_file_that_holds_no_authority(
    cold: World, authority: Authority, contents: str | None, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "corp.pem"
    if contents is not None:
        file.write_text(contents)
    with behind_a_proxy(cold, authority) as (world, _):
        done = world.with_variables(DISTIL_CA_FILE=str(file)).build(world.app())
    assert done.code == 2
    assert done.error == f"error: DISTIL_CA_FILE: {file} {why}"


def test_a_proxy_that_wants_another_password(cold: World, authority: Authority) -> None:
    with behind_a_proxy(cold, authority) as (world, proxy):
        wrong = proxy.url.replace(PASSWORD, "wr0ng")
        done = world.with_variables(**dict.fromkeys(PROXIES, wrong)).build(world.app())
    assert done.code == 2
    assert "407" in done.error
    assert "wr0ng" not in done.stderr
