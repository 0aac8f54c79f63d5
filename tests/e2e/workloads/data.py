"""Linear algebra, least squares, time series across zones, a table fetched over TLS."""

from __future__ import annotations

import math

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.browser import Browser

TABLE = """time,zone,value
2026-03-28T22:30:00Z,Europe/Berlin,1
2026-03-28T23:30:00Z,Europe/Berlin,3
2026-03-29T10:00:00+02:00,Europe/Berlin,5
2026-03-29T18:29:00Z,Asia/Kolkata,7
2026-03-29T18:31:00Z,Asia/Kolkata,9
"""
DAYS = """zone,day,mean,count
Asia/Kolkata,2026-03-29T00:00:00+05:30,7.0,1
Asia/Kolkata,2026-03-30T00:00:00+05:30,9.0,1
Europe/Berlin,2026-03-28T00:00:00+01:00,1.0,1
Europe/Berlin,2026-03-29T00:00:00+01:00,4.0,2
"""


class DataWorkload(Workload):
    example = "data"

    def environment(self, around: Surroundings) -> dict[str, str]:
        return {"DATA_URL": f"{around.service.url}/table.csv"}

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        answer = browser.post("/daily", TABLE.encode(), "text/csv")
        assert answer.text == DAYS
        around.service.pages["/table.csv"] = TABLE.encode()
        remote = browser.get("/remote")
        assert remote.status == 200, remote.text
        assert [row["mean"] for row in remote.json()] == [7.0, 9.0, 1.0, 4.0]
        self._algebra(browser)
        self._errors(browser)

    def _algebra(self, browser: Browser) -> None:
        answer = browser.post_json("/solve", {"matrix": [[2, 1], [1, 3]], "vector": [3, 5]}).json()
        assert close(answer["solution"], [0.8, 1.4])
        root = math.sqrt(5) / 2
        assert close([v[0] for v in answer["eigenvalues"]], [2.5 - root, 2.5 + root])
        size = 120
        matrix = [[1 / (1 + abs(r - c)) + (r == c) for c in range(size)] for r in range(size)]
        vector = [sum(row) for row in matrix]
        large = browser.post_json("/solve", {"matrix": matrix, "vector": vector}).json()
        assert close(large["solution"], [1.0] * size)
        fitted = browser.post_json("/fit", {"x": [0, 1, 2, 3], "y": [1, 3, 7, 13], "degree": 2})
        assert close(fitted.json()["coefficients"], [1.0, 1.0, 1.0])

    def _errors(self, browser: Browser) -> None:
        singular = {"matrix": [[1, 2], [2, 4]], "vector": [1, 2]}
        assert browser.post_json("/solve", singular).status == 422
        assert browser.post_json("/fit", {"x": [1], "y": ["a"]}).status == 400
        bad = browser.post("/daily", TABLE.replace("Asia", "Asie").encode(), "text/csv")
        assert bad.status == 400
        assert "Asie/Kolkata" in bad.json()["detail"]
        assert browser.post("/daily", b"a,b\n", "text/csv").status == 400
        assert browser.get("/nowhere").json()["title"] == "Not Found"


def close(found: list[float], wanted: list[float]) -> bool:
    return len(found) == len(wanted) and all(
        math.isclose(a, b, abs_tol=1e-9) for a, b in zip(found, wanted, strict=True)
    )
