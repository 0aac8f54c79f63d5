"""Logins for registries: found, kept and forgotten, wherever this machine has them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from distil.image.stores.registry.errors import InvalidRegistry, NotLoggedIn
from distil.image.stores.registry.login import Login
from distil.image.stores.registry.login_files import file_for, login_files
from distil.image.stores.registry.registry_name import parse_login_key
from distil.model.reference import ImageName


class Erased(msgspec.Struct, frozen=True):
    """A login that is no more: what it was for, and the files and helpers that had it."""

    key: str
    places: tuple[str, ...]


def find_login(name: ImageName) -> Login | None:
    """The login for the repository of `name`, None when there is none.

    One for the repository itself comes before those for the namespaces around it, and these
    before the registry's, in whichever files they are. Raises `UnreadableLogins`, `HelperFailed`.
    """
    files = login_files()
    found = (file.find(key) for key in _keys(name) for file in files)
    return next((login for login in found if login is not None), None)


def store_login(key: str, login: Login) -> str:
    """Keep `login` for a registry, or for a namespace or repository in it; where it is now.

    Raises `UnreadableLogins`, `UnwritableLogins`, `HelperFailed`.
    """
    return file_for(key).store(key, login)


def erase_login(key: str) -> Erased:
    """Forget the login for exactly `key`, wherever it is.

    Raises `NotLoggedIn`, `UnreadableLogins`, `UnwritableLogins`, `HelperFailed`.
    """
    places = [place for file in login_files() for place in file.erase(key)]
    if not places:
        raise NotLoggedIn(key, list(filter(_is_name, _known())))
    return Erased(key, tuple(places))


def erase_all_logins() -> list[Erased]:
    """Forget every login that a file knows of, also those that it left to a helper.

    Raises `UnreadableLogins`, `UnwritableLogins`, `HelperFailed`.
    """
    return [
        Erased(key, tuple(place for file in login_files() for place in file.erase(key)))
        for key in _known()
    ]


def _keys(name: ImageName) -> Iterator[str]:
    """What a login for `name` may be kept under, the most particular first."""
    parts = [name.domain, *name.path.split("/")]
    for length in range(len(parts), 0, -1):
        yield "/".join(parts[:length])


def _known() -> list[str]:
    return list(dict.fromkeys(key for file in login_files() for key in file.known()))


def _is_name(key: str) -> bool:
    """Whether `key`, out of a file of secrets, is what it should be and can be shown."""
    try:
        return parse_login_key(key) == key
    except InvalidRegistry:
        return False
