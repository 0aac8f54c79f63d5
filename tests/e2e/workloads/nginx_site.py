"""A static site: what browsers ask of files, over HTTP and HTTPS, and what is not there."""

from __future__ import annotations

import gzip
import http.client
import shutil
import socket
import ssl
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.authority import SERVER_NAME
from tests.support.browser import Browser
from tests.support.runners import Launch, Mount
from tests.support.tools import ROOT

SITE = ROOT / "examples" / "nginx-site" / "site"
TYPES = {
    "/": "text/html; charset=utf-8",
    "/assets/site.css": "text/css",
    "/assets/site.js": "application/javascript; charset=utf-8",
    "/assets/icon.svg": "image/svg+xml",
    "/downloads/numbers.txt": "text/plain; charset=utf-8",
}
HTTPS_PORT = 8443


class NginxSiteWorkload(Workload):
    example = "nginx-site"

    def environment(self, around: Surroundings) -> dict[str, str]:
        return {}

    def launch(self, around: Surroundings) -> Launch:
        """With a certificate that any user of the container can read."""
        authority = around.authority
        mounts = (
            Mount(_readable(authority.server_certificate), "/run/tls/server.pem"),
            Mount(_readable(authority.server_key), "/run/tls/server.key"),
        )
        launch = super().launch(around)
        return replace(launch, mounts=(*launch.mounts, *mounts))

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        for path, kind in TYPES.items():
            answer = browser.get(path)
            name = "index.html" if path == "/" else path[1:]
            assert (answer.status, answer.body) == (200, (SITE / name).read_bytes())
            assert answer.headers["Content-Type"] == kind, (path, answer.headers["Content-Type"])
        self._conditions(browser)
        self._errors(browser)
        self._https(browser, around)

    def _conditions(self, browser: Browser) -> None:
        """Compression, parts, what has not changed."""
        path = "/downloads/numbers.txt"
        whole = (SITE / path[1:]).read_bytes()
        packed = browser.get(path, {"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == whole
        part = browser.get(path, {"Range": "bytes=10-19"})
        assert (part.status, part.body) == (206, whole[10:20])
        several = browser.get(path, {"Range": "bytes=0-1,4-5"})
        assert several.headers["Content-Type"].startswith("multipart/byteranges")
        assert browser.get(path, {"Range": "bytes=99999-"}).status == 416
        plain = browser.get(path)
        unchanged = browser.get(path, {"If-None-Match": plain.headers["ETag"]})
        assert (unchanged.status, unchanged.body) == (304, b"")
        asset = browser.get("/assets/site.css")
        assert "immutable" in asset.headers["Cache-Control"] or "max-age" in str(asset.headers)
        assert "/" not in asset.headers["Server"], "the version is nobody's business"

    def _errors(self, browser: Browser) -> None:
        missing = browser.get("/nowhere")
        assert (missing.status, missing.body) == (404, (SITE / "errors/404.html").read_bytes())
        broken = browser.get("/broken")
        assert (broken.status, broken.body) == (502, (SITE / "errors/50x.html").read_bytes())
        assert browser.get("/errors/404.html").status == 404
        assert browser.get("/downloads/").status == 403
        assert browser.get("/../../etc/passwd").status in (400, 404)
        assert browser.post("/", b"x" * 100_000, "text/plain").status == 405
        assert browser.post("/", b"x" * 2_000_000, "text/plain").status == 413

    def _https(self, browser: Browser, around: Surroundings) -> None:
        host = str(urlsplit(browser.url).hostname)
        for protocol in ("h2", "http/1.1"):
            context = ssl.create_default_context(cafile=around.authority.certificate)
            context.set_alpn_protocols([protocol])
            with (
                socket.create_connection((host, HTTPS_PORT), timeout=20) as plain,
                context.wrap_socket(plain, server_hostname=SERVER_NAME) as secure,
            ):
                assert secure.selected_alpn_protocol() == protocol
                if protocol == "http/1.1":
                    connection = http.client.HTTPConnection(SERVER_NAME)
                    connection.sock = secure
                    connection.request("GET", "/health")
                    assert connection.getresponse().read() == b"ok\n"


def _readable(path: Path) -> Path:
    """A copy of a file that everybody may read."""
    copy = path.with_name(f"readable-{path.name}")
    if not copy.exists():
        shutil.copyfile(path, copy)
        copy.chmod(0o644)
    return copy
