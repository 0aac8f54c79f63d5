"""`logout`: logins for registries that this machine keeps no longer."""

from __future__ import annotations

import msgspec

from distil.image.stores.registry.logins import Erased, erase_all_logins, erase_login
from distil.image.stores.registry.registry_name import parse_login_key


class LoggedOut(msgspec.Struct, frozen=True):
    """The logins that are no more, each with what had kept it."""

    erased: tuple[Erased, ...]


def logout(registry: str = "") -> LoggedOut:
    """Forget the login for `registry`, a host or a part of one; all logins when it is empty.

    Raises `InvalidRegistry`, `NotLoggedIn`, `UnreadableLogins`, `UnwritableLogins`,
    `HelperFailed`.
    """
    if not registry:
        return LoggedOut(tuple(erase_all_logins()))
    return LoggedOut((erase_login(parse_login_key(registry)),))
