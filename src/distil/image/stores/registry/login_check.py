"""Whether a registry takes a login, before it is kept."""

from __future__ import annotations

import contextlib

from distil.fetch.errors import NotFound
from distil.fetch.transport import Transport
from distil.image.stores import StoreSettings
from distil.image.stores.registry.errors import LoginRefused, RegistryDenied, RegistryUnsound
from distil.image.stores.registry.login import Login
from distil.image.stores.registry.mirrors import destination
from distil.image.stores.registry.session import Ask, Session
from distil.model.reference import ImageName


def check_login(host: str, login: Login, settings: StoreSettings) -> None:
    """Ask the registry ``HOST[:PORT]`` for nothing but to be let in with `login`.

    One that lets everybody in does not say what it thinks of it. Raises `LoginRefused`, and what
    else can go wrong on the way: `RegistryBlocked`, `NetworkError`, `HostileRealm`,
    `RegistryUnsound`.
    """
    endpoint = destination(ImageName(host, ""))
    ask = Ask(path="/v2/", what=f"the account of {login.user}")
    with contextlib.closing(Transport()) as transport:
        session = Session(endpoint, settings.insecure, transport, lambda _: login)
        try:
            session.fetch(ask, lambda _: None)
        except RegistryDenied as error:
            raise LoginRefused(login.user, error.message) from None
        except NotFound:
            raise RegistryUnsound("/v2/", host, "there is no registry") from None
