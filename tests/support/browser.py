"""An HTTP client for tests: cookies kept, an error page is an answer like any other."""

from __future__ import annotations

import http.cookiejar
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT = 20


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    """After redirects."""

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Requests to one server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._send(urllib.request.Request(self.url + path, headers=dict(headers or {})))

    def post(self, path: str, body: bytes, kind: str, **headers: str) -> Answer:
        """Post `body` with content type `kind`."""
        headers["Content-Type"] = kind
        return self._send(urllib.request.Request(self.url + path, data=body, headers=headers))

    def post_json(self, path: str, document: object) -> Answer:
        return self.post(path, json.dumps(document).encode(), "application/json")

    def post_form(self, path: str, **fields: str) -> Answer:
        """Post a form that Django protects: its token is taken from the cookie."""
        token = next((c.value for c in self.cookies if c.name == "csrftoken"), None)
        fields["csrfmiddlewaretoken"] = token or ""
        body = urllib.parse.urlencode(fields).encode()
        return self.post(path, body, "application/x-www-form-urlencoded", Referer=self.url + path)

    def delete(self, path: str) -> Answer:
        return self._send(urllib.request.Request(self.url + path, method="DELETE"))

    def _send(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=TIMEOUT) as response:
                return Answer(response.status, response.headers, response.read(), response.url)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read(), request.full_url)


def await_answer(url: str, path: str = "/health", seconds: float = 60) -> float:
    """Wait until the server answers `path` with 200; the seconds that it took.

    Raises TimeoutError with what was answered last.
    """
    browser = Browser(url)
    start = time.monotonic()
    last = "nothing"
    while (taken := time.monotonic() - start) < seconds:
        try:
            answer = browser.get(path)
        except OSError as error:
            last = str(error)
        else:
            if answer.status == 200:
                return taken
            last = f"{answer.status} {answer.body[:500]!r}"
        time.sleep(0.01)
    raise TimeoutError(f"{url}{path} did not answer with 200 in {seconds} s, but: {last}")
