"""A login for a registry, which shows its user and nothing else of itself."""

from __future__ import annotations

from typing import Any

import msgspec


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
