"""Pages and forms, two WebSockets, server-sent events, uploads, errors, a call over TLS."""

from __future__ import annotations

import json

from websockets.sync.client import connect

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.browser import TIMEOUT, Browser

UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="one"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
)


class ChatWorkload(Workload):
    example = "chat"

    def environment(self, around: Surroundings) -> dict[str, str]:
        return {"UPSTREAM_URL": f"{around.service.url}/greeting"}

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        around.service.pages["/greeting"] = "Grüße".encode()
        upstream = browser.get("/upstream").json()
        assert upstream == {"status": 200, "text": "Grüße", "version": "HTTP/1.0"}
        assert "Visit 1" in browser.get("/").text
        assert "Visit 2" in browser.get("/").text
        assert browser.get("/static/style.css").headers["Content-Type"].startswith("text/css")
        self._rooms(browser)
        assert "data: 2" in browser.get("/events").text
        assert browser.post("/upload", UPLOAD, "multipart/form-data; boundary=x").json() == {
            "one": 5
        }
        assert browser.get("/slow").json() == {"in_thread": 499500}
        self._errors(browser)

    def _rooms(self, browser: Browser) -> None:
        assert "silence" in browser.get("/rooms/empty").text
        url = browser.url.replace("http", "ws") + "/rooms/garden/live"
        with connect(url, open_timeout=TIMEOUT, proxy=None) as socket:
            socket.send(json.dumps({"name": "Zoë", "words": "see https://site.example"}))
            assert json.loads(socket.recv(timeout=TIMEOUT))["name"] == "Zoë"
        page = browser.get("/rooms/garden?zone=Asia/Kolkata")
        assert '<a href="https://site.example"' in page.text
        assert "+05:30" in page.text
        written = browser.post("/rooms/garden", b"words=hi", "application/x-www-form-urlencoded")
        assert "anonymous" in written.text

    def _errors(self, browser: Browser) -> None:
        assert browser.get("/nowhere").status == 404
        assert "<h1>Internal Server Error</h1>" in browser.get("/fail").text
        assert browser.get("/forbidden").status == 403
        assert browser.get("/rooms/garden?zone=No/Where").status == 500
        assert browser.post("/", b"", "text/plain").status == 405
        assert (
            browser.post("/rooms/garden", b"no=words", "application/x-www-form-urlencoded").status
            == 400
        )
