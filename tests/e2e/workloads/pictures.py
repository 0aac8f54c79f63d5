"""Pictures written and read in many formats, XML recoded, validated and transformed."""

from __future__ import annotations

import gzip

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.browser import Browser

FORMATS = (
    *("PNG", "JPEG", "JPEG2000", "GIF", "TIFF", "WEBP", "AVIF", "BMP", "ICO", "PPM", "TGA", "PDF"),
    *("PCX", "SGI", "IM", "EPS", "ICNS", "DDS", "QOI"),
)
UNREADABLE = {"PDF", "EPS"}
LIST = "<list><item>Ż</item><item>b</item></list>"
ENCODINGS = (
    "utf-8",
    "utf-16",
    "iso-8859-2",
    "shift_jis",
    "koi8-r",
    "ascii",
    "windows-1252",
    "big5",
)


class PicturesWorkload(Workload):
    example = "pictures"

    def environment(self, around: Surroundings) -> dict[str, str]:
        return {}

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        known = browser.get("/formats").json()
        assert len(known["read"]) > 30
        assert browser.get("/features").json()["freetype2"]
        for kind in FORMATS:
            assert kind in known["write"], kind
            picture = browser.get(f"/draw/{kind}")
            assert picture.status == 200, kind
            if kind not in UNREADABLE:
                self._thumbnail(browser, kind, picture.body)
        self._xml(browser)
        assert gzip.decompress(browser.get("/feed").body).startswith(b"<feed>")
        assert "<h1>Hello &lt;Zoë&gt;</h1>" in browser.get("/page/%3CZo%C3%AB%3E").text
        assert browser.get("/static/empty.svg").headers["Content-Type"] == "image/svg+xml"
        assert browser.get("/static/none.svg").status == 404
        assert browser.get("/nowhere").text == "<h1>404 Not Found</h1>"
        assert browser.get("/fail").status == 500

    def _thumbnail(self, browser: Browser, kind: str, picture: bytes) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="p"\r\n\r\n'
        body = head + picture + b"\r\n--x--\r\n"
        answer = browser.post("/thumbnail", body, "multipart/form-data; boundary=x")
        assert answer.status == 200, (kind, answer.text)
        found = answer.json()
        assert found["mode"] == "LAB"
        assert max(found["size"]) <= 16
        if kind == "GIF":
            assert found["frames"] == 3

    def _xml(self, browser: Browser) -> None:
        for encoding in ENCODINGS:
            answer = browser.post(f"/xml/{encoding}", LIST.encode(), "application/xml")
            assert answer.status == 200, (encoding, answer.text)
            again = browser.post("/xml/utf-8", answer.body, "application/xml")
            assert "Ż" in again.body.decode(), encoding
        answer = browser.post("/items", LIST.encode(), "application/xml").json()
        assert answer["schema"] == answer["relax"] == answer["rules"] is True
        assert "<li>b</li>" in answer["html"]
        long = "<list>" + "<item>x</item>" * 6 + "</list>"
        assert browser.post("/items", long.encode(), "application/xml").json()["rules"] is False
        assert browser.post("/items", b"<list>", "application/xml").status == 400
        found = browser.post("/links", b"<p><a href=/x>go</a> on", "text/html").json()
        assert found == {"links": ["https://site.example/x"], "text": "go on"}
