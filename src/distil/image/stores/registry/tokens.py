"""What a registry is told of the user: a password, a token of its token service, or nothing.

Follows the token authentication of distribution (docs/spec/auth). Logins go to the registry they
are for and to the token service that belongs to it, over TLS unless that is the registry itself;
another domain's has to be named by the user. They are in no message and in no `repr`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

from distil.fetch.address import Address, basic_authorization, parse_address
from distil.fetch.answers import RETRIED
from distil.fetch.configuration import configuration_path, read_configuration
from distil.fetch.errors import InvalidUrl
from distil.fetch.request import Body, Content, Request, TlsPolicy
from distil.fetch.transport import Transport
from distil.image.stores.registry.challenges import Challenge
from distil.image.stores.registry.errors import HostileRealm, RegistryDenied, RegistryUnsound
from distil.image.stores.registry.login import Login
from distil.image.stores.registry.said import said_by
from distil.model.reference import ImageName

LARGEST: Final = 256 << 10
"""Bytes of a token service's answer."""
SHORTEST_LIFE: Final = 60.0
"""Seconds that a token is good when nothing says how long."""
LONGEST_LIFE: Final = 3600.0
_SAFETY: Final = 0.9
"""How much of its life a token is used for."""

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_ACTIONS: Final = {"pull": "pull", "push": "pull,push", "delete": "pull,push,delete"}
_UNSPECIAL: Final = TlsPolicy()
"""What holds for hosts that nothing is said of."""
_FORM: Final = (("Content-Type", "application/x-www-form-urlencoded"),)


class _Issued(msgspec.Struct, frozen=True):
    """The answer of a token service."""

    token: str = ""
    access_token: str = ""
    expires_in: float | None = None


class _Known(NamedTuple):
    header: str
    until: float


class Refusal(msgspec.Struct, frozen=True):
    """An answer 401: to what, from where (``SCHEME://HOST``), and to what ``Authorization``."""

    what: str
    scopes: tuple[str, str]
    base: str
    authorization: str
    challenges: Sequence[Challenge]
    why: str

    def __repr__(self) -> str:
        return f"Refusal({self.what!r}, …)"


class _NotRetried:
    def __contains__(self, status: object) -> bool:
        return status not in RETRIED


class Authorizer:
    """Remembers what lets us into the repository `name`, for as long as it is good.

    `insecure` are the hosts that need no TLS because the user says so.
    """

    def __init__(
        self, name: ImageName, transport: Transport, insecure: frozenset[str], tls: TlsPolicy
    ) -> None:
        self._name = name
        self._transport = transport
        self._insecure = insecure
        self._tls = tls
        self._known: dict[tuple[str, str], _Known] = {}
        self._always = ""
        self._mutex = threading.Lock()

    def header(self, scopes: tuple[str, str]) -> str:
        """The value of ``Authorization`` for what needs `scopes`; "" while nothing is known."""
        known = self._known.get(scopes)
        if known is not None and time.monotonic() < known.until:
            return known.header
        return self._always

    def learn(self, refusal: Refusal, login: Login | None) -> None:
        """Get what answers one of the challenges of `refusal`, unless another thread has.

        Raises `RegistryDenied` when there is nothing, `HostileRealm`, `RegistryUnsound`,
        `NetworkError`.
        """
        with self._mutex:
            if self.header(refusal.scopes) != refusal.authorization:
                return
            by_scheme = {one.scheme: one for one in reversed(refusal.challenges)}
            header = ""
            if "bearer" in by_scheme:
                realm = _Realm(self._name, by_scheme["bearer"], refusal.base)
                self._known[refusal.scopes] = self._token(refusal, realm, login)
                return
            if "basic" in by_scheme and login is not None and login.secret:
                header = basic_authorization(login.user, login.secret)
            if header == self._always:
                raise RegistryDenied(refusal.what, self._name.domain, refusal.why)
            self._always = header

    def _token(self, refusal: Refusal, realm: _Realm, login: Login | None) -> _Known:
        realm.check(self._insecure, with_login=login is not None)
        action, also_from = refusal.scopes
        path = self._name.path
        wanted = [f"repository:{path}:{_ACTIONS[action]}"] if path else []
        if also_from:
            wanted.append(f"repository:{also_from}:pull")
        request = realm.request(wanted, login)
        tls = self._tls if realm.is_registry(self._insecure) else _UNSPECIAL
        request = msgspec.structs.replace(request, tls=tls, accepts=_NotRetried())

        def consume(body: Body) -> bytes:
            if body.status != 200:
                raise RegistryDenied(refusal.what, self._name.domain, said_by(body))
            data = bytearray()
            for piece in body.pieces:
                data += piece
                if len(data) > LARGEST:
                    raise realm.unsound("a token that does not end")
            return bytes(data)

        data = self._transport.fetch(request, consume)
        try:
            issued = msgspec.json.decode(data, type=_Issued)
        except (ValueError, RecursionError) as error:
            raise realm.unsound("what came in the place of a token cannot be read") from error
        token = issued.token or issued.access_token
        if not _TOKEN.fullmatch(token):
            raise realm.unsound("no token came")
        life = SHORTEST_LIFE if issued.expires_in is None else issued.expires_in
        # A server that says less means "at once"; one that is wrong says 401, and is asked anew.
        life = min(max(life, SHORTEST_LIFE), LONGEST_LIFE)
        return _Known(f"Bearer {token}", time.monotonic() + life * _SAFETY)


class _Realm:
    """A token service, as a registry names it."""

    def __init__(self, name: ImageName, challenge: Challenge, base: str) -> None:
        self._registry = name.domain
        self._base = parse_address(base)
        self._service = challenge.parameters.get("service", "")
        self._scope = challenge.parameters.get("scope", "")
        text = challenge.parameters.get("realm", "")
        try:
            self._address: Address = parse_address(text)
        except InvalidUrl as error:
            raise HostileRealm(name.domain, error.message, "which is no address") from error

    def is_registry(self, insecure: frozenset[str]) -> bool:
        """Whether what is said of the registry's TLS holds here: the same host, or one named so."""
        return self._is_named(insecure) or self._address.host == self._base.host

    def _is_named(self, insecure: frozenset[str]) -> bool:
        address = self._address
        return not insecure.isdisjoint({address.host, f"{address.host}:{address.port}"})

    def check(self, insecure: frozenset[str], *, with_login: bool) -> None:
        """Raise `HostileRealm` unless a login, or an anonymous question, may go there."""
        address = self._address
        if address.scheme == "file" or address.authorization:
            raise self._hostile("which is no token service")
        if address.origin == self._base.origin or self._is_named(insecure):
            return
        if address.scheme == "http":
            hint = f"if it is yours: --insecure {address.host}:{address.port}"
            raise self._hostile("without TLS", hint)
        if _belongs(address.host, self._base.host) or address.host in _token_services():
            return
        if with_login or _is_address(address.host):
            path = configuration_path()
            hint = f'if you trust it: `token-services = ["{address.host}"]`, [registries] in {path}'
            raise self._hostile("a host that does not belong to it", hint)

    def request(self, wanted: Sequence[str], login: Login | None) -> Request:
        """The question for a token that is good for `wanted`, and what the registry said."""
        said = [scope for scope in self._scope.split() if not _covered(scope, wanted)]
        scopes = [*wanted, *said]
        pairs = [("service", self._service)] if self._service else []
        pairs += [("scope", scope) for scope in scopes]
        what = f"a token for {self._registry}"
        url, _, query = self._address.url.partition("?")
        if login is not None and login.identity_token:
            form = {
                "grant_type": "refresh_token",
                "service": self._service,
                "client_id": "distil",
                "scope": " ".join(scopes),
                "refresh_token": login.identity_token,
            }
            data = urlencode(form).encode()
            content = Content(len(data), lambda: [data])
            return Request(
                url=self._address.url,
                what=what,
                method="POST",
                headers=_FORM,
                content=content,
                netrc=False,
                downgrade=False,
            )
        authorization = ""
        if login is not None:
            authorization = basic_authorization(login.user, login.secret)
            pairs.append(("account", login.user))
        query = urlencode([*parse_qsl(query), *pairs])
        return Request(
            url=f"{url}?{query}",
            what=what,
            authorization=authorization,
            netrc=False,
            downgrade=False,
        )

    def unsound(self, why: str) -> RegistryUnsound:
        return RegistryUnsound(f"the token service {self._address}", self._registry, why)

    def _hostile(self, why: str, hint: str = "") -> HostileRealm:
        return HostileRealm(self._registry, str(self._address), why, hint=hint)


def _covered(scope: str, wanted: Sequence[str]) -> bool:
    """Whether `scope` asks for no more than one of `wanted`."""
    place, _, actions = scope.rpartition(":")
    pairs = (one.rpartition(":") for one in wanted)
    return any(p == place and set(actions.split(",")) <= set(a.split(",")) for p, _, a in pairs)


def _belongs(host: str, registry: str) -> bool:
    """Whether `host` is the registry's or beside it: auth.docker.io to registry-1.docker.io."""
    if host == registry:
        return True
    if _is_address(host) or _is_address(registry):
        return False
    if host.endswith(f".{registry}"):
        return True
    domain = registry.partition(".")[2]
    return "." in domain and (host == domain or host.endswith(f".{domain}"))


def _token_services() -> tuple[str, ...]:
    """The hosts that the user trusts with logins for registries of other domains."""
    return read_configuration(configuration_path()).registries.token_services


def _is_address(host: str) -> bool:
    """Whether `host` is an IP address."""
    import ipaddress

    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
