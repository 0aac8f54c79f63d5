"""One file of logins, as docker (config.json) and podman (auth.json) read and write it.

Nothing that stands in such a file ends up in a message: errors name the file and what is wrong.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from distil.image.staging import locked, staged_file
from distil.image.stores.registry.errors import UnreadableLogins, UnwritableLogins
from distil.image.stores.registry.login import Login
from distil.image.stores.registry.registry_name import API_PATHS, hub_as_docker_io
from distil.model.reference import DEFAULT_DOMAIN
from distil.model.regular_file import read_small

if TYPE_CHECKING:
    from distil.image.stores.registry.credential_helpers import CredentialHelper

_HUB_ADDRESS: Final = "https://index.docker.io/v1/"
"""What Docker calls its Hub in files and to helpers; everybody else finds it there as well."""

_SECRET_FIELDS: Final = ("auth", "username", "password", "identitytoken", "registrytoken")


class LoginFile(msgspec.Struct, frozen=True):
    """The file at `path`, whether it is there or not.

    Keys are what logins are kept under: ``HOST[:PORT]``, or a namespace or repository in there.
    Every method raises `UnreadableLogins`, and `HelperFailed` where a helper keeps the login.
    """

    path: Path

    def known(self) -> list[str]:
        """What there are logins for, as far as the file itself tells."""
        return list(dict.fromkeys(map(_normal, self._read().auths)))

    def find(self, key: str) -> Login | None:
        """The login for exactly `key`; a helper is asked before what is written."""
        document = self._read()
        helper = document.helper(key)
        if helper is not None:
            for server in _servers(key):
                if login := helper.get(server):
                    return login
        try:
            written = (_login(document.auths[name]) for name in document.spelt(key))
            return next((login for login in written if login is not None), None)
        except _Malformed as error:
            raise UnreadableLogins(str(self.path), error.why) from None

    def knows(self, key: str) -> bool:
        """Whether the file says anything about exactly `key`."""
        document = self._read()
        return bool(document.spelt(key)) or key in map(_normal, document.helpers)

    def store(self, key: str, login: Login) -> str:
        """Keep `login` for `key`, in the helper that the file names for it or else in the file.

        Gives what has it now: the file or the helper. Raises `UnwritableLogins`.
        """
        with self._changing() as document:
            helper = document.helper(key)
            if helper is not None:
                helper.store(_servers(key)[0], login)
            document.set(key, {} if helper is not None else _written(login))
        return helper.program if helper is not None else str(self.path)

    def erase(self, key: str) -> list[str]:
        """Forget the login for exactly `key`; what had it: the file, a helper, both, none.

        Raises `UnwritableLogins`.
        """
        document = self._read()
        had = []
        helper = document.helper(key)
        for server in _servers(key) if helper is not None else ():
            if helper is not None and helper.get(server):
                helper.erase(server)
                had.append(helper.program)
        if document.spelt(key):
            with self._changing() as changed:
                changed.drop(key)
            had.append(str(self.path))
        return list(dict.fromkeys(had))

    def _read(self) -> _Document:
        try:
            data = read_small(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return _Document({})
        except OSError as error:
            raise UnreadableLogins(str(self.path), error.strerror or "unreadable") from error
        try:
            return _document(data)
        except _Malformed as error:
            raise UnreadableLogins(str(self.path), error.why) from None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[_Document]:
        """The document to be changed, alone, and written when the block ends well."""
        path = self.path.resolve()  # a link to where the file is kept stays one
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(path.parent):
                document = self._read()
                yield document
                text = json.dumps(document.data, indent="\t") + "\n"
                with staged_file(path, [text.encode()], mode=0o600):
                    pass
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise UnwritableLogins(str(self.path), why) from error


class _Malformed(Exception):
    """A document that makes no sense, and why in words of our own."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Document:
    """What a file holds. `data` is all of it, what is not known here included."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    @property
    def auths(self) -> dict[str, dict[str, Any]]:
        """What is known of each registry, under the names that the file has for them."""
        found: dict[str, dict[str, Any]] = self.data.get("auths") or {}
        return found

    @property
    def helpers(self) -> dict[str, str]:
        """Which helper has the login of which registry."""
        found: dict[str, str] = self.data.get("credHelpers") or {}
        return found

    def helper(self, key: str) -> CredentialHelper | None:
        """What keeps the login for `key`: a helper of its own, or the one for all registries."""
        from distil.image.stores.registry.credential_helpers import CredentialHelper

        named = {_normal(name): helper for name, helper in self.helpers.items()}
        everyone = "" if "/" in key else self.data.get("credsStore")
        name = named.get(key, everyone)
        return CredentialHelper(name) if name else None

    def spelt(self, key: str) -> list[str]:
        """The names that the file has for `key`, the plainest first."""
        return sorted((name for name in self.auths if _normal(name) == key), key=len)

    def set(self, key: str, entry: dict[str, str]) -> None:
        """Put `entry` in the place of what is secret in the one for `key`, under one name."""
        kept: dict[str, Any] = {}
        for name in self.spelt(key):
            kept = self.auths[name] | kept
        self.drop(key)
        rest = {field: value for field, value in kept.items() if field not in _SECRET_FIELDS}
        self.data["auths"] = {**self.auths, _servers(key)[0]: rest | entry}

    def drop(self, key: str) -> None:
        """Leave out what is known of `key`, under all its names."""
        self.data["auths"] = {
            name: entry for name, entry in self.auths.items() if _normal(name) != key
        }


def _document(data: bytes) -> _Document:
    """Raises `_Malformed`, whose words are never those of `data`."""
    why = ""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_number)
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except json.JSONDecodeError as error:
        why = f"line {error.lineno} is not JSON"
    except RecursionError:
        why = "it is nested too deeply"
    except ValueError:
        why = "a number in it has too many digits"
    if why:
        raise _Malformed(why)
    if not isinstance(found, dict):
        raise _Malformed("it is not a JSON object")
    for key, kind in (("auths", dict), ("credHelpers", str)):
        table = found.get(key) or {}
        if not isinstance(table, dict) or not all(isinstance(v, kind) for v in table.values()):
            raise _Malformed(f"its {key} make no sense")
    if not isinstance(found.get("credsStore") or "", str):
        raise _Malformed("its credsStore makes no sense")
    return _Document(found)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand there once: of two, each reader would take another."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Malformed("a key stands in it twice")
    return found


def _number(_constant: str) -> float:
    raise _Malformed("a number in it is none")


def _normal(name: str) -> str:
    """The key that `name` in a file means: old ones are addresses, Docker Hub has many names."""
    scheme, separator, rest = name.rpartition("://")
    address = separator and scheme.lower() in ("http", "https")
    host, slash, path = (rest if address else name).partition("/")
    host = hub_as_docker_io(host)
    if address or path.rstrip("/") in API_PATHS:
        return host
    return host + slash + path


def _servers(key: str) -> tuple[str, ...]:
    """What `key` is called in a file or to a helper: as it is written first."""
    return (_HUB_ADDRESS, DEFAULT_DOMAIN) if key == DEFAULT_DOMAIN else (key,)


def _login(entry: dict[str, Any]) -> Login | None:
    """The login that an entry of ``auths`` holds, None when a helper has it or nobody."""
    fields = {name: entry.get(name) or "" for name in _SECRET_FIELDS}
    if not all(isinstance(value, str) for value in fields.values()):
        raise _Malformed("a field of a login is not a text")
    user, secret = fields["username"], fields["password"]
    if fields["auth"]:
        user, secret = _pair(fields["auth"])
    token = fields["identitytoken"]
    return Login(user, secret, token) if user or secret or token else None


def _pair(auth: str) -> tuple[str, str]:
    text = None
    with contextlib.suppress(binascii.Error, ValueError):
        text = base64.b64decode("".join(auth.split()), validate=True).decode("utf-8")
    if text is None or ":" not in text:
        raise _Malformed("the auth of a login is not the base64 of USER:SECRET")
    user, _, secret = text.partition(":")
    return user, secret.strip("\0")  # as Docker, whose oldest files are padded


def _written(login: Login) -> dict[str, str]:
    """What stands in ``auths`` for `login`."""
    pair = base64.b64encode(f"{login.user}:{login.secret}".encode()).decode("ascii")
    token = {"identitytoken": login.identity_token} if login.identity_token else {}
    return {"auth": pair, **token}
