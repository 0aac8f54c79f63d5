"""A web server and a client that knows nothing of this machine."""

from __future__ import annotations

import pytest

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from tests.support.downloads import DATA
from tests.support.web_server import WebServer


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch, tmp_path):
    """Neither proxies nor passwords nor authorities of the machine's."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "DISTIL_CA_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture
def web(tmp_path):
    root = tmp_path / "web"
    root.mkdir()
    (root / "a.deb").write_bytes(DATA)
    return WebServer(root)


@pytest.fixture
def url(web):
    with web.serve() as address:
        yield address


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def client(cache):
    with Client(cache, retry_delay=0.01) as made:
        yield made
