"""Pages, static files, time zones, error pages, a request to another service over TLS."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.browser import Browser


class FlaskHelloWorkload(Workload):
    example = "flask-hello"

    def environment(self, around: Surroundings) -> dict[str, str]:
        return {"UPSTREAM_URL": f"{around.service.url}/greeting"}

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        self._pages(browser)
        self._time(browser)
        self._errors(browser)
        self._upstream(browser, around)
        about = browser.get("/about").json()
        assert about["time_zones"] > 400
        assert about["locale"] == "C.UTF-8"

    def _pages(self, browser: Browser) -> None:
        index = browser.get("/")
        assert index.status == 200
        assert "Hello" in index.text
        style = re.search(r'href="(/static/[^"]+)"', index.text)
        assert style
        sheet = browser.get(style[1])
        assert sheet.headers["Content-Type"].startswith("text/css")
        assert b"font" in sheet.body
        assert "Hello, Zoë!" in browser.get("/hello/Zo%C3%AB").text
        assert "&lt;b&gt;" in browser.get("/hello/%3Cb%3E").text

    def _time(self, browser: Browser) -> None:
        answer = browser.get("/time/Asia/Kolkata").json()
        assert answer["name"] == "IST"
        shown = datetime.fromisoformat(answer["time"])
        assert shown.utcoffset() == timedelta(hours=5, minutes=30)
        assert browser.get("/time/UTC").json()["zone"] == "UTC"

    def _errors(self, browser: Browser) -> None:
        for path in ("/nowhere", "/time/Nowhere/City", "/static/../app.py"):
            page = browser.get(path)
            assert page.status == 404, path
            assert "<h1>Not Found</h1>" in page.text
        assert browser.post("/", b"x", "text/plain").status == 405

    def _upstream(self, browser: Browser, around: Surroundings) -> None:
        around.service.pages["/greeting"] = "Grüße <from> the service".encode()
        page = browser.get("/upstream")
        assert page.status == 200, page.text
        assert "Grüße &lt;from&gt; the service" in page.text
