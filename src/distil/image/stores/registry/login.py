"""A login for a registry, which shows its user and nothing else of itself."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

from distil.image.stores.registry.errors import InvalidLogin


class Login(msgspec.Struct, frozen=True):
    """Who somebody is to a registry: a user and a secret, or a token of identity in its place.

    A secret is a password or what stands for one. An identity token is exchanged for others at
    the registry's token service, and `user` says nothing then.
    """

    user: str = ""
    secret: str = ""
    identity_token: str = ""

    def __repr__(self) -> str:
        return f"Login({self.user!r}, …)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("user", self.user)]


def entered_login(user: str, secret: str) -> Login:
    """The login that somebody typed in.

    Raises `InvalidLogin` for what HTTP Basic cannot say (RFC 7617), or nobody means.
    """
    if not user or ":" in user:
        raise InvalidLogin("a user has a name, without a colon in it")
    if not secret:
        raise InvalidLogin("the password is empty")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in user + secret):
        raise InvalidLogin(
            "it holds a line break or another control character", hint="was a whole file given?"
        )
    return Login(user, secret)
