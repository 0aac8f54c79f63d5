"""Tokens of every kind, keys and certificates, and TLS by five clients to one service."""

from __future__ import annotations

from websockets.sync.client import connect

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.browser import TIMEOUT, Browser

CRYPTO = ("fernet", "ciphers", "kdf", "exchange", "certificate", "ssh", "rsa")


class TokensWorkload(Workload):
    example = "tokens"

    def environment(self, around: Surroundings) -> dict[str, str]:
        return {"UPSTREAM_URL": f"{around.service.url}/greeting"}

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        for algorithm in ("HS256", "RS256", "PS256", "ES256", "EdDSA"):
            token = browser.post_json(f"/token/{algorithm}", {"sub": "Zoë"}).json()["token"]
            assert browser.get(f"/token/{algorithm}?token={token}").json()["sub"] == "Zoë"
            forged = browser.get(f"/token/{algorithm}?token={token[:-8]}AAAAAAAA")
            assert forged.status == 401
        assert browser.post("/password", b"secret", "text/plain").json() == {"ok": True}
        found = {what: browser.get(f"/crypto/{what}").json()[what] for what in CRYPTO}
        assert found["fernet"] == found["rsa"] == "text"
        assert found["ciphers"]["ChaCha20Poly1305"] == "secret"
        assert found["certificate"] == {"subject": "CN=Zoë", "pkcs7": True, "pkcs12": "one"}
        assert found["exchange"] is True
        assert found["ssh"] == "Ed25519PrivateKey"
        around.service.pages["/greeting"] = "Grüße".encode()
        for client in ("requests", "httpx", "tornado", "urllib"):
            assert browser.get(f"/upstream/{client}").json()["text"] == "Grüße", client
        assert browser.get("/upstream/untrusted").json()["text"] == "refused"
        with connect(
            browser.url.replace("http", "ws") + "/echo", open_timeout=TIMEOUT, proxy=None
        ) as socket:
            socket.send("hello")
            assert socket.recv(timeout=TIMEOUT) == "aGVsbG8="
        page = browser.get("/page?name=%3Cb%3E", headers={"Accept-Encoding": "identity"}).text
        assert "Guten Tag, &lt;b&gt;" in page
        assert browser.get("/static/style.css").status == 200
        assert browser.get("/nowhere").status == 404
        assert browser.get("/crypto/nothing").status == 500
