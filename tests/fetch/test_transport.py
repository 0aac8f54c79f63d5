"""Redirects, and proxies and TLS as the environment says."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from distil.errors import (
    InvalidUrl,
    NetworkError,
    TlsFailed,
    TooManyRedirects,
)
from tests.support.downloads import BASIC, DATA, wanted
from tests.support.tools import tool


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
        assert "SSL_CERT_FILE" in caught.value.hint

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
    def test_authority_of_the_environment(
        self, client, tls_url, certificate, monkeypatch, variable
    ):
        monkeypatch.setenv(variable, f"{certificate}.crt")
        assert client.archive(wanted(f"{tls_url}/a.deb")).read() == DATA

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
    def test_unreadable_authority(self, client, tls_url, tmp_path, monkeypatch, variable):
        monkeypatch.setenv(variable, str(tmp_path / "none.crt"))
        with pytest.raises(InvalidUrl, match=variable):
            client.archive(wanted(f"{tls_url}/a.deb"))

    def test_plain_http_where_tls_is_spoken(self, client, url):
        with pytest.raises(TlsFailed):
            client.archive(wanted(f"{url}/a.deb".replace("http:", "https:")))
