"""Challenges are read whatever they are, and logins go to no token service of somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.fetch.request import Body, Request, TlsPolicy
from distil.fetch.transport import Transport
from distil.image.stores.registry.challenges import LONGEST, Challenge, parse_challenges
from distil.image.stores.registry.errors import HostileRealm
from distil.image.stores.registry.login import Login
from distil.image.stores.registry.tokens import Authorizer, Refusal
from distil.model.reference import parse_image_name

SECRET = "s3cret"
NAME = parse_image_name("registry.example.org/team/app:1.0")
BASE = "https://registry.example.org"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a, b"', [("basic", {"realm": "a, b"})]),
        (
            'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
            [
                (
                    "bearer",
                    {"realm": "https://a/t", "service": "s", "scope": "repository:a/b:pull,push"},
                )
            ],
        ),
        (
            'BEARER Realm=x , Basic realm="y"',
            [("bearer", {"realm": "x"}), ("basic", {"realm": "y"})],
        ),
        (r'Bearer realm="a\"b"', [("bearer", {"realm": 'a"b'})]),
        ('Bearer realm="never ends', [("bearer", {})]),
        ("Bearer realm=x," + " " * LONGEST, []),
    ],
)
def test_challenges(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    found = [(one.scheme, one.parameters) for one in parse_challenges(header)]
    if header.endswith("never ends"):
        found = [(scheme, {}) for scheme, _ in found[:1]]
    assert found == expected


@given(st.text(alphabet='aB =,"\\\t;/:', max_size=200))
def test_any_header_is_read(header: str) -> None:
    for challenge in parse_challenges(header):
        assert challenge.scheme == challenge.scheme.lower() != ""


class Deaf(Transport):
    """Notes what would be asked, and answers with a token."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Request] = []

    def fetch(self, request: Request, consume: Callable[[Body], Any]) -> Any:
        self.asked.append(request)
        return consume(Body(None, iter([b'{"token": "t"}'])))


def answered(realm: str, login: Login | None, *, base: str = BASE, insecure: str = "") -> Request:
    """What the token service at `realm` is asked."""
    transport = Deaf()
    hosts = frozenset({insecure} - {""})
    authorizer = Authorizer(NAME, transport, hosts, TlsPolicy())
    challenge = Challenge("bearer", {"realm": realm, "service": "s"})
    scopes = ("pull", "")
    authorizer.learn(Refusal("it", scopes, base, "", [challenge], "401"), login)
    assert authorizer.header(scopes) == "Bearer t"
    return transport.asked[0]


LOGIN = Login("ada", SECRET)


@pytest.mark.parametrize(
    "realm",
    [
        f"{BASE}/token",
        "https://registry.example.org:5001/token",
        "https://auth.example.org/token",
        "https://example.org/jwt/auth",
    ],
)
def test_logins_go_to_the_registrys_own_service(realm: str) -> None:
    asked = answered(realm, LOGIN)
    assert asked.authorization.startswith("Basic ")
    assert asked.url.startswith(f"{realm}?service=s&scope=repository%3Ateam%2Fapp%3Apull")
    assert not asked.downgrade


def test_an_identity_token_is_posted() -> None:
    asked = answered(f"{BASE}/token", Login(identity_token="opaque"))
    assert (asked.method, asked.authorization) == ("POST", "")
    assert b"refresh_token=opaque" in b"".join(asked.content.open())


@pytest.mark.parametrize(
    "realm",
    [
        "https://evil.test/token",
        "https://example.org.evil.test/token",
        "https://evilexample.org/token",
        "http://registry.example.org/token",
        "http://127.0.0.1/token",
        "https://127.0.0.1/token",
        "https://169.254.169.254/latest",
        "https://[::1]/token",
        "https://ada:pw@registry.example.org/token",
        "file:///etc/passwd",
        "gopher://registry.example.org/",
        "/token",
        "",
    ],
)
def test_and_nowhere_else(realm: str) -> None:
    with pytest.raises(HostileRealm) as caught:
        answered(realm, LOGIN)
    assert SECRET not in str(caught.value)
    assert "pw@" not in str(caught.value)


def test_who_has_no_login_may_ask_elsewhere() -> None:
    assert answered("https://tokens.test/token", None).authorization == ""
    for realm in ("https://169.254.169.254/latest", "http://tokens.test/token"):
        with pytest.raises(HostileRealm):
            answered(realm, None)


def test_a_host_that_the_user_names() -> None:
    assert answered("https://tokens.test/token", LOGIN, insecure="tokens.test").authorization


def test_logins_are_shown_nowhere() -> None:
    refusal = Refusal("it", ("pull", ""), BASE, "Basic c2VjcmV0", [], "")
    assert "c2VjcmV0" not in repr(refusal)
