"""Conversations with one repository of one registry (OCI distribution-spec 1.1).

A session finds out how its registry is reached and what it wants to know of the user; everything
else asks through it and sees answers that are no refusals.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Container, Iterator
from typing import Final, TypeVar
from urllib.parse import urljoin

import msgspec

from distil.fetch.address import parse_address
from distil.fetch.answers import RETRIED, MayPass
from distil.fetch.errors import ConnectionFailed, InvalidUrl, NetworkError, NotFound, TlsFailed
from distil.fetch.request import FOLLOWED, Body, Content, Request, TlsPolicy
from distil.fetch.transport import Transport
from distil.image.stores.registry.challenges import parse_challenges
from distil.image.stores.registry.errors import (
    HostileLocation,
    RegistryDenied,
    RegistryRefused,
    RegistryUnsound,
)
from distil.image.stores.registry.login import Login
from distil.image.stores.registry.logins import find_login
from distil.image.stores.registry.mirrors import Endpoint
from distil.image.stores.registry.registry_name import host_policy
from distil.image.stores.registry.said import beginning_of, said_by
from distil.image.stores.registry.tls import tls_policy
from distil.image.stores.registry.tokens import Authorizer, Refusal
from distil.model.reference import DEFAULT_DOMAIN, ImageName

HUB: Final = "registry-1.docker.io"
"""Where Docker Hub, which is called ``docker.io``, really is."""

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
GONE: Final = frozenset({404, 410})

T = TypeVar("T")


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a repository: a path below it, or an address that it gave.

    `what` names it for the user. `action` is what one has to be allowed to do: pull, push or
    delete; `also_from` is a repository of the same registry that is read for it. Answers with a
    status that `accepts` does not hold are refusals.
    """

    path: str
    what: str
    method: str = "GET"
    action: str = "pull"
    also_from: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    content: Content | None = None
    accepts: frozenset[int] = frozenset({200})

    @property
    def scopes(self) -> tuple[str, str]:
        """What a token has to be for, as far as the registry does not say."""
        return self.action, self.also_from


class _Answers(msgspec.Struct, frozen=True):
    """Statuses that are looked at here: all that do not pass, but redirects that are followed."""

    follows: bool

    def __contains__(self, status: object) -> bool:
        return status not in RETRIED and not (self.follows and status in REDIRECTS)


class Session:
    """Asks the registry of `endpoint`, by way of `transport`; safe to use from many threads.

    `insecure` are the hosts that the user calls so, `logins` finds the user's login. A name
    without a repository is the registry itself. Raises `InvalidCertificates`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        insecure: frozenset[str],
        transport: Transport,
        logins: Callable[[ImageName], Login | None] = find_login,
    ) -> None:
        self.name = endpoint.name
        self._logins = logins
        self.transport = transport
        self.registry = self.name.domain
        host = HUB if self.registry == DEFAULT_DOMAIN else self.registry
        named = insecure | {host} if endpoint.insecure else insecure
        self._policy = host_policy(host, named)
        self._tls: TlsPolicy = tls_policy(self._policy)
        self._mutex = threading.Lock()
        self._base = ""
        self._authorizer = Authorizer(self.name, transport, named, self._tls)

    @property
    def base(self) -> str:
        """``SCHEME://HOST`` of the registry, found out when it is first needed."""
        with self._mutex:
            if not self._base:
                self._base = self._find_base()
        return self._base

    def fetch(self, ask: Ask, consume: Callable[[Body], T]) -> T:
        """Ask, hand the answer to `consume`, and start over when that is worth a retry.

        Raises the subclasses of `NetworkError`, `RegistryDenied`, `RegistryRefused`,
        `HostileRealm`, and what `consume` raises.
        """
        for attempt in itertools.count():
            try:
                with self.opened(ask) as body:
                    return consume(body)
            except MayPass as retry:
                self.transport.pause(attempt, retry)
        raise AssertionError("counting does not end")

    @contextlib.contextmanager
    def opened(self, ask: Ask) -> Iterator[Body]:
        """One attempt; the answer, as long as the block lasts. Raises `MayPass` as well."""
        for is_last in (False, True):
            authorization = self._authorizer.header(ask.scopes)
            request = self._request(ask, authorization)
            with self.transport.opened(request) as body:
                if not self._wants_login(body):
                    self._check(ask, body)
                    yield body
                    return
                challenges = parse_challenges(body.headers.get("WWW-Authenticate", ""))
                why = said_by(body)
            if is_last:
                raise RegistryDenied(ask.what, self.registry, why)
            refusal = Refusal(ask.what, ask.scopes, self.base, authorization, challenges, why)
            self._authorizer.learn(refusal, self._logins(self.name))
        raise AssertionError("the last answer is one way or the other")

    def address(self, body: Body, location: str, what: str) -> str:
        """The address `location` in an answer, which has to be the registry's own.

        Raises `HostileLocation`, `RegistryUnsound`.
        """
        if not location:
            raise RegistryUnsound(what, self.registry, "the answer has no Location")
        try:
            target = parse_address(urljoin(body.url or self.base, location))
        except InvalidUrl as error:
            raise RegistryUnsound(what, self.registry, error.message) from error
        if target.origin != parse_address(self.base).origin or target.authorization:
            raise HostileLocation(what, self.registry, str(target))
        return target.url

    # --- one request -----------------------------------------------------------------------

    def _request(self, ask: Ask, authorization: str) -> Request:
        own = f"{self.base}/v2/{self.name.path}/"
        accepts: Container[int] = _Answers(ask.method in FOLLOWED)
        return Request(
            url=urljoin(own, ask.path),
            what=ask.what,
            authorization=authorization,
            method=ask.method,
            headers=ask.headers,
            content=ask.content,
            accepts=accepts,
            tls=self._tls,
            netrc=False,
            downgrade=False,
        )

    def _wants_login(self, body: Body) -> bool:
        """Whether the registry itself, and not who it sent us to, wants to know the user."""
        if body.status != 401:
            return False
        return parse_address(body.url).origin == parse_address(self.base).origin

    def _check(self, ask: Ask, body: Body) -> None:
        status = body.status
        if status in ask.accepts:
            return
        why = said_by(body)
        if status in REDIRECTS:
            location = body.headers.get("Location", "")
            self.address(body, location, ask.what)
            raise RegistryUnsound(ask.what, self.registry, f"a redirect of a {ask.method}")
        if status in GONE:
            repository = f"{self.registry}/{self.name.path}"
            hint = f"`distil tags {repository}` lists what is there"
            raise NotFound(ask.what, f"{self.base}/v2/{self.name.path}", why, hint=hint)
        if status in (401, 403):
            raise RegistryDenied(ask.what, self.registry, why)
        raise RegistryRefused(ask.what, self.registry, why)

    # --- how it is reached -----------------------------------------------------------------

    def _find_base(self) -> str:
        secure = f"https://{self._policy.host}"
        if not self._policy.plain_http:
            return secure
        try:
            self._probe(secure)
        except (ConnectionFailed, TlsFailed):
            plain = f"http://{self._policy.host}"
            with contextlib.suppress(NetworkError):
                self._probe(plain)
                return plain
            raise
        return secure

    def _probe(self, base: str) -> None:
        """Ask whether anybody answers there. Raises `NetworkError`."""
        for attempt in itertools.count():
            request = Request(
                url=f"{base}/v2/",
                what=f"the registry {self.registry}",
                accepts=_Answers(follows=True),
                tls=self._tls,
                netrc=False,
                downgrade=False,
            )
            try:
                with self.transport.opened(request) as body:
                    if body.status == 400 and b"HTTPS" in beginning_of(body):
                        raise ConnectionFailed(request.what, base, "the server wants TLS")
                return
            except MayPass as retry:
                if base.startswith("https:"):
                    raise retry.error from retry
                self.transport.pause(attempt, retry)
