"""Redirects, and proxies and TLS as the environment says."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from distil.fetch.address import parse_address
from distil.fetch.authorities import trust_for_uv
from distil.fetch.errors import InvalidConfiguration, NetworkError, TlsFailed, TooManyRedirects
from distil.fetch.proxies import environment_proxy
from tests.support.downloads import BASIC, DATA, wanted
from tests.support.tools import tool

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "DISTIL_CA_FILE")


class _Paths(NamedTuple):
    cafile: str | None
    capath: str


def _another_authority(directory: Path) -> Path:
    file = directory / "other.pem"
    command = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-subj /CN=other -keyout {file}.key -out {file}"
    )
    subprocess.run([tool("openssl"), *command.split()], check=True, capture_output=True)
    return file


class TestRedirects:
    def test_loop(self, client, web, url):
        web.faults.redirect("*", "/a.deb")
        with pytest.raises(TooManyRedirects):
            client.archive(wanted(f"{url}/a.deb"))

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://host/", ""])
    def test_out_of_http(self, client, web, url, location):
        web.faults.redirect("*", location)
        with pytest.raises(TooManyRedirects):
            client.archive(wanted(f"{url}/a.deb"))


class TestProxies:
    def test_proxy_of_the_environment(self, client, web, url, monkeypatch):
        monkeypatch.setenv("http_proxy", url.replace("://", "://user:s3cret@"))
        web.faults.replace("http://host.invalid/*", DATA)
        assert client.archive(wanted("http://host.invalid/a.deb")).read() == DATA
        assert web.requests[0].headers["Proxy-Authorization"] == BASIC

    def test_no_proxy(self, client, url, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA

    @pytest.mark.parametrize(
        ("no_proxy", "direct"),
        [
            ("127.0.0.0/8", True),
            ("10.0.0.0/8, 127.0.0.1/32", True),
            ("10.0.0.0/8", False),
            ("nonsense/8", False),
            ("example.org,127.0.0.1", True),
            ("*", True),
        ],
    )
    def test_networks_in_no_proxy(self, monkeypatch, no_proxy, direct):
        """As uv reads it, so that both go the same way."""
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("no_proxy", no_proxy)
        proxy = environment_proxy(parse_address("http://127.0.0.1:8080/x"))
        assert proxy == ("" if direct else "http://127.0.0.1:1")
        assert environment_proxy(parse_address("http://host.invalid/")) == (
            "" if no_proxy == "*" else "http://127.0.0.1:1"
        )

    def test_dead_proxy_is_named_without_its_password(self, client, url, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://user:s3cret@127.0.0.1:1")
        with pytest.raises(NetworkError, match="proxy") as caught:
            client.archive(wanted("http://host.invalid/a.deb"))
        assert "s3cret" not in str(caught.value)


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path):
        """A certificate of our own for 127.0.0.1."""
        pem = tmp_path / "tls.pem"
        command = (
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
            f"-subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout {pem} -out {pem}.crt"
        )
        subprocess.run([tool("openssl"), *command.split()], check=True, capture_output=True)
        pem.write_text(pem.read_text() + Path(f"{pem}.crt").read_text())
        return pem

    @pytest.fixture
    def tls_url(self, web, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with web.serve(context) as address:
            yield address

    def test_unknown_authority(self, client, tls_url):
        with pytest.raises(TlsFailed) as caught:
            client.archive(wanted(f"{tls_url}/a.deb"))
        assert "DISTIL_CA_FILE" in caught.value.hint

    @pytest.mark.parametrize("variable", VARIABLES)
    def test_authority_of_the_environment(
        self, client, tls_url, certificate, monkeypatch, variable
    ):
        monkeypatch.setenv(variable, f"{certificate}.crt")
        assert client.archive(wanted(f"{tls_url}/a.deb")).read() == DATA

    @pytest.mark.parametrize("variable", VARIABLES)
    def test_unreadable_authority(self, client, tls_url, tmp_path, monkeypatch, variable):
        monkeypatch.setenv(variable, str(tmp_path / "none.crt"))
        with pytest.raises(InvalidConfiguration, match=rf"{variable}: .*none\.crt cannot be read"):
            client.archive(wanted(f"{tls_url}/a.deb"))

    @pytest.mark.parametrize("variable", VARIABLES[1:])
    def test_added_authorities_leave_the_others(
        self, client, tls_url, certificate, tmp_path, monkeypatch, variable
    ):
        """The server is vouched for by the machine's bundle, or what stands in its place."""
        monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
        monkeypatch.setenv(variable, str(_another_authority(tmp_path)))
        assert client.archive(wanted(f"{tls_url}/a.deb")).read() == DATA
        with trust_for_uv() as variables:
            bundle = Path(variables["SSL_CERT_FILE"])
            for part in (f"{certificate}.crt", tmp_path / "other.pem"):
                assert Path(part).read_bytes() in bundle.read_bytes()
        assert not bundle.exists()

    def test_nothing_added_nothing_handed_on(self, monkeypatch, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{certificate}.crt")
        with trust_for_uv() as variables:
            assert variables == {}

    def test_the_machines_authorities_are_handed_on_with_what_is_added(self, monkeypatch, tmp_path):
        """From a directory of hashed links as well, where there is no bundle."""
        directory = tmp_path / "certs"
        directory.mkdir()
        machine = directory / "12345678.0"
        machine.write_text("# the machine's\n" + _another_authority(tmp_path).read_text())
        monkeypatch.setattr("ssl.get_default_verify_paths", lambda: _Paths(None, str(directory)))
        monkeypatch.setenv("DISTIL_CA_FILE", str(tmp_path / "other.pem"))
        with trust_for_uv() as variables:
            found = Path(variables["SSL_CERT_FILE"]).read_text()
        assert found.count("BEGIN CERTIFICATE") == 2
        assert "the machine's" in found

    def test_plain_http_where_tls_is_spoken(self, client, url):
        with pytest.raises(TlsFailed):
            client.archive(wanted(f"{url}/a.deb".replace("http:", "https:")))
