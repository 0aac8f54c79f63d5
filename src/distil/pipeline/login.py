"""`login`: a login for a registry, tried there and then kept."""

from __future__ import annotations

import msgspec

from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.registry.login import entered_login
from distil.image.stores.registry.login_check import check_login
from distil.image.stores.registry.logins import store_login
from distil.image.stores.registry.registry_name import parse_login_key


class LoggedIn(msgspec.Struct, frozen=True):
    """A login that is kept: what it is for, and the file or the helper that has it."""

    key: str
    place: str


def login(
    registry: str, user: str, secret: str, settings: StoreSettings = NOTHING_SAID
) -> LoggedIn:
    """Keep a login for `registry`, a host or a part of one, when the registry takes it.

    It goes where Docker and podman find it as well, into the helper that they are told to use
    if there is one. Raises `InvalidRegistry`, `InvalidLogin`, `LoginRefused` and what else can
    go wrong on the way there, `UnreadableLogins`, `UnwritableLogins`, `HelperFailed`.
    """
    key = parse_login_key(registry)
    entered = entered_login(user, secret)
    check_login(key.partition("/")[0], entered, settings)
    return LoggedIn(key, store_login(key, entered))
