"""Registries by name: what people type for one, and what may be done to reach it."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.image.stores.registry.certificates import RegistryCertificates, certificates_for
from distil.image.stores.registry.errors import InvalidRegistry
from distil.model.errors import InvalidReference
from distil.model.reference import DEFAULT_DOMAIN, parse_image_name

_HUB: Final = frozenset({DEFAULT_DOMAIN, "index.docker.io", "registry-1.docker.io"})
"""All names of Docker Hub; logins for it are kept under any of them."""

API_PATHS: Final = ("", "v1", "v2")
"""What may follow the host in an address: Docker keeps some logins under such addresses."""


class HostPolicy(msgspec.Struct, frozen=True):
    """What is allowed to reach `host`, which is ``HOST[:PORT]``.

    `plain_http`: HTTP without TLS, where HTTPS does not answer. `unverified`: any certificate.
    """

    host: str
    plain_http: bool
    unverified: bool
    certificates: RegistryCertificates


def host_policy(host: str, insecure: frozenset[str]) -> HostPolicy:
    """What is allowed to reach `host`, when the user calls the registries `insecure` so.

    This machine itself needs no TLS; nothing but what is named goes without verification.
    Raises `InvalidCertificates`.
    """
    named = host in insecure
    return HostPolicy(host, named or is_loopback(host), named, certificates_for(host))


def is_loopback(host: str) -> bool:
    """Whether ``HOST[:PORT]`` is this machine, by its name or address alone; nobody is asked."""
    name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def hub_as_docker_io(host: str) -> str:
    """`host`, by the one name that images of Docker Hub have if it is that."""
    return DEFAULT_DOMAIN if host in _HUB else host


def parse_login_key(text: str) -> str:
    """What a login is kept under: ``HOST[:PORT]``, or a namespace or repository in there.

    `text` is what a user typed, ``https://`` before it or not. Docker Hub is ``docker.io`` under
    all its names. Raises `InvalidRegistry`.
    """
    if "@" in text:  # what stands before it may be a password
        raise InvalidRegistry(text.rpartition("@")[2], "a user is no part of it")
    scheme, separator, rest = text.rpartition("://")
    if separator and scheme.lower() != "https":
        hint = "write HOST[:PORT], and --insecure HOST[:PORT] for one without TLS"
        raise InvalidRegistry(text, "its address is not https://", hint=hint)
    host, _, path = rest.rstrip("/").partition("/")
    if separator and path in API_PATHS:
        path = ""
    elif separator:
        raise InvalidRegistry(text, "an address has no path", hint=f"write {host}/{path}")
    if not host:
        raise InvalidRegistry(text, "the host is missing")
    host = hub_as_docker_io(host)
    try:
        # An image there says whether this is a host, and a path of repositories.
        name = parse_image_name(f"{host}/{path or 'a'}/b")
    except InvalidReference as error:
        raise InvalidRegistry(text, error.why) from None
    if name.domain != host or name.tag or name.digest:
        raise InvalidRegistry(text, f"{host!r} would be taken for a part of an image's name")
    return f"{host}/{path}" if path else host
