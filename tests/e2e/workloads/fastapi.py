"""Models checked by native code, a WebSocket, a webhook over TLS, the described interface."""

from __future__ import annotations

import json

from websockets.sync.client import connect

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.browser import TIMEOUT, Browser


class FastapiWorkload(Workload):
    example = "fastapi"

    def environment(self, around: Surroundings) -> dict[str, str]:
        return {"WEBHOOK_URL": f"{around.service.url}/hook"}

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        self._notes(browser, around)
        self._errors(browser)
        about = browser.get("/about").json()
        assert about["loop"] == "uvloop"
        described = browser.get("/openapi.json").json()
        assert described["info"]["version"] == "1.2.0"
        assert "/notes/{note_id}" in described["paths"]
        assert "swagger" in browser.get("/docs").text.lower()

    def _notes(self, browser: Browser, around: Surroundings) -> None:
        around.service.arrived.clear()
        with connect(
            browser.url.replace("http", "ws") + "/changes", open_timeout=TIMEOUT, proxy=None
        ) as socket:
            note = {"title": " Zug ", "tags": ["a", "b"], "due": "2026-01-31T09:00:00+01:00"}
            added = browser.post_json("/notes", note)
            assert added.status == 201, added.text
            change = json.loads(socket.recv(timeout=TIMEOUT))
            assert change["kind"] == "added"
            assert change["note"]["title"] == "Zug"
            key = added.json()["id"]
            there = browser.get(f"/notes/{key}?zone=America/St_Johns").json()
            assert there["due"] == "2026-01-31T04:30:00-03:30"
            assert [n["id"] for n in browser.get("/notes?tag=b").json()].count(key) == 1
            assert browser.delete(f"/notes/{key}").status == 204
            assert json.loads(socket.recv(timeout=TIMEOUT))["kind"] == "removed"
        assert around.service.arrived.wait(TIMEOUT), "the webhook was not called"
        assert json.loads(around.service.posted[-1])["note"]["id"] == key

    def _errors(self, browser: Browser) -> None:
        refused = browser.post_json("/notes", {"title": "  ", "tags": ["No!"]})
        assert refused.status == 422
        places = {tuple(error["loc"]) for error in refused.json()["detail"]}
        assert ("body", "title") in places
        assert any(place[:2] == ("body", "tags") for place in places)
        assert browser.get("/notes?zone=Nowhere").status == 400
        assert browser.get("/notes/00000000-0000-0000-0000-000000000000").status == 404
        assert browser.get("/nowhere").json() == {"detail": "Not Found"}
