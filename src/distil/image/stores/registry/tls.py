"""How connections to one registry are secured."""

from __future__ import annotations

from distil.fetch.request import TlsPolicy
from distil.image.stores.registry.registry_name import HostPolicy


def tls_policy(policy: HostPolicy) -> TlsPolicy:
    """The part of `policy` that the transport needs to know."""
    client = policy.certificates.client
    return TlsPolicy(
        authorities=tuple(str(path) for path in policy.certificates.authorities),
        client=None if client is None else (str(client[0]), str(client[1])),
        verify=not policy.unverified,
    )
