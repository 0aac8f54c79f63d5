"""Time zones, identifiers, a request to another service over TLS, and answers until the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.browser import Browser

SINGLY = "Go reads the bundle, and then in the same directory what is in the bundle already"


class GoApiWorkload(Workload):
    example = "go-api"
    spared: ClassVar[dict[str, str]] = {
        "/etc/ssl/certs/*.pem": SINGLY,
        "/etc/ssl/certs/*.0": SINGLY,
        "/etc/ssl/certs/*.1": SINGLY,
        "/usr/share/ca-certificates/**": SINGLY,
    }

    def environment(self, around: Surroundings) -> dict[str, str]:
        return {"UPSTREAM_URL": f"{around.service.url}/greeting"}

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        self._time(browser)
        self._identifiers(browser)
        around.service.pages["/greeting"] = "Grüße".encode()
        assert browser.get("/upstream").json() == {"status": 200, "text": "Grüße"}
        about = browser.get("/about").json()
        assert about["uid"] != 0
        assert set(about["modules"]) == {"github.com/go-chi/chi/v5", "github.com/google/uuid"}

    def _time(self, browser: Browser) -> None:
        answer = browser.get("/time/Asia/Kolkata").json()
        assert answer["zone"] == "IST"
        assert datetime.fromisoformat(answer["time"]).utcoffset() == timedelta(hours=5, minutes=30)
        unknown = browser.get("/time/Nowhere/City")
        assert unknown.status == 404
        assert "unknown time zone" in unknown.json()["error"]

    def _identifiers(self, browser: Browser) -> None:
        made = browser.post("/ids", b"", "text/plain")
        assert made.status == 201
        assert made.headers["X-Request-Id"]
        assert browser.get(f"/ids/{made.json()['id']}").json()["version"] == 7
        assert browser.get("/ids/none").status == 400
