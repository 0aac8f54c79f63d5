"""The server that hands out tokens for a registry, as distribution's token authentication has it.

    tokens = TokenServer({"ada": "s3cret"}, signer)
    with tokens.serve() as url: ...     # the realm is `tokens.realm`
    assert tokens.asked("GET", "/token")[0].query["scope"] == "repository:team/app:pull"

Tokens are signed JWTs where a real registry reads them, and any text where `MemoryRegistry` does.
"""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.support.scripted_server import Request, Response, ScriptedServer
from tests.support.tools import tool

SERVICE = "registry.test"
"""The audience of all tokens."""
ISSUER = "issuer.test"
SECONDS = 300
"""How long a token is good."""

Access = dict[str, Any]
"""``{"type": "repository", "name": "team/app", "actions": ["pull", "push"]}``."""
Sign = Callable[[Sequence[Access]], str]


class TokenServer(ScriptedServer):
    """Gives a token to those it knows: by Basic, by password or by refresh token.

    Who says no name at all gets a token to pull with if `anonymous`, and one for nothing otherwise.
    """

    def __init__(self, users: Mapping[str, str], sign: Sign | None = None) -> None:
        super().__init__(self._answer)
        self.users = dict(users)
        self.refresh_tokens: set[str] = set()
        self.anonymous = False
        self.field = "token"
        """The name under which the token is handed out; ``access_token`` is the other."""
        self.granted: dict[str, Sequence[Access]] = {}
        """What each token is good for."""
        self._sign = sign or self._any_text

    @property
    def realm(self) -> str:
        return f"{self.url}/token"

    def challenge(self, *scopes: str) -> dict[str, str]:
        """The header of a 401 that sends a client here."""
        scope = f',scope="{" ".join(scopes)}"' if scopes else ""
        return {"WWW-Authenticate": f'Bearer realm="{self.realm}",service="{SERVICE}"{scope}'}

    def allows(self, authorization: str, name: str, action: str) -> bool:
        """Whether what a client said lets it do `action` (pull, push, delete) in a repository."""
        kind, _, token = authorization.partition(" ")
        if kind != "Bearer" or token not in self.granted:
            return False
        granted = self.granted[token]
        return not name or any(
            access["name"] == name and {action, "*"} & set(access["actions"]) for access in granted
        )

    def _answer(self, request: Request) -> Response:
        if request.path != "/token" or request.method not in ("GET", "POST"):
            return Response(404)
        pairs = parse_qsl(request.body.decode())
        form = dict(pairs)
        known = self._knows(request, form)
        if not known and (request.authorization or form or not self.anonymous):
            return Response(401, {"Content-Type": "application/json"}, b'{"details":"who?"}')
        accesses = [_access(scope) for scope in _scopes([*request.said, *pairs])]
        if not known:
            accesses = [
                {**one, "actions": [a for a in one["actions"] if a == "pull"]} for one in accesses
            ]
        token = self._sign(accesses)
        self.granted[token] = accesses
        issued = {self.field: token, "expires_in": SECONDS}
        return Response(200, {"Content-Type": "application/json"}, json.dumps(issued).encode())

    def _knows(self, request: Request, form: Mapping[str, str]) -> bool:
        if form.get("grant_type") == "refresh_token":
            return form.get("refresh_token") in self.refresh_tokens
        if form.get("grant_type") == "password":
            return self.users.get(form.get("username", "")) == form.get("password")
        return basic_user(request.authorization, self.users) != ""

    @staticmethod
    def _any_text(accesses: Sequence[Access]) -> str:
        return secrets.token_urlsafe(24)


def basic_user(authorization: str, users: Mapping[str, str]) -> str:
    """The user whose password `authorization` has; "" when it has nobody's."""
    for user, password in users.items():
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        if authorization == f"Basic {login}":
            return user
    return ""


def signer(certificate: Path, key: Path) -> Sign:
    """Signs tokens (ES256) that a registry takes which has `certificate` as its rootcertbundle."""
    der = base64.b64encode(_openssl("x509", "-in", certificate, "-outform", "DER")).decode()
    header = {"typ": "JWT", "alg": "ES256", "x5c": [der]}

    def sign(accesses: Sequence[Access]) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": "somebody",
            "aud": SERVICE,
            "iat": now,
            "nbf": now - 10,
            "exp": now + SECONDS,
            "jti": secrets.token_hex(8),
            "access": accesses,
        }
        parts = [_base64(json.dumps(part).encode()) for part in (header, claims)]
        signed = ".".join(parts)
        with tempfile.NamedTemporaryFile() as file:
            file.write(signed.encode())
            file.flush()
            der = _openssl("dgst", "-sha256", "-sign", key, file.name)
        return f"{signed}.{_base64(_raw_signature(der))}"

    return sign


def _scopes(said: Sequence[tuple[str, str]]) -> list[str]:
    """One in each, or several behind blanks: clients do both."""
    return [scope for name, value in said if name == "scope" for scope in value.split()]


def _access(scope: str) -> Access:
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    return {"type": kind, "name": name, "actions": actions.split(",")}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _raw_signature(der: bytes) -> bytes:
    """The two numbers of an ECDSA signature (P-256), 32 bytes each: RFC 7518, 3.4."""
    numbers = b""
    rest = der[2:]
    for _ in range(2):
        size = rest[1]
        numbers += rest[2 : 2 + size].lstrip(b"\0").rjust(32, b"\0")
        rest = rest[2 + size :]
    return numbers


def _openssl(*args: str | Path) -> bytes:
    command = [tool("openssl"), *map(str, args)]
    return subprocess.run(command, capture_output=True, check=True).stdout
