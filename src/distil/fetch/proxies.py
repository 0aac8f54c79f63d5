"""Which proxy leads to an address: the environment's, or apt's for Debian mirrors."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Mapping
from typing import Final

from distil.fetch.address import Address, parse_address, redacted
from distil.fetch.errors import InvalidUrl

_SETTING: Final = re.compile(r'Acquire::(https?)::Proxy(?:::([^ ]+))? "(.*)"', re.IGNORECASE)
_NOT_A_PROXY: Final = "a proxy has to be an http or https address"


def environment_proxy(address: Address) -> str:
    """The proxy that ``http_proxy``, ``https_proxy``, ``all_proxy``, ``no_proxy`` name, or ""."""
    from urllib import request

    proxies: Mapping[str, str] = request.getproxies_environment()
    chosen = proxies.get(address.scheme) or proxies.get("all") or ""
    # typeshed does not know this function; it reads no_proxy.
    bypassed = request.proxy_bypass_environment(  # type: ignore[attr-defined]
        f"{address.host}:{address.port}"
    )
    if not chosen or bypassed or _in_network(address.host, proxies.get("no", "")):
        return ""
    return chosen if "://" in chosen else f"http://{chosen}"


def _in_network(host: str, no_proxy: str) -> bool:
    """Whether `host` is an address in a network of ``no_proxy``, as uv and curl understand it."""
    networks = [entry.strip() for entry in no_proxy.split(",") if "/" in entry]
    if not networks:
        return False
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    for entry in networks:
        with contextlib.suppress(ValueError):
            if address in ipaddress.ip_network(entry, strict=False):
                return True
    return False


def environment_settings() -> dict[str, str]:
    """The variables of the environment about proxies, ``no_proxy`` too, by their names."""
    from urllib import request

    return {f"{name}_proxy": value for name, value in request.getproxies_environment().items()}


def proxy_address(proxy: str) -> Address:
    """The address of a proxy. Raises `InvalidUrl` for one that cannot be used."""
    try:
        address = parse_address(proxy)
    except InvalidUrl as error:
        raise InvalidUrl(redacted(proxy), _NOT_A_PROXY) from error
    if address.scheme not in ("http", "https"):
        raise InvalidUrl(str(address), _NOT_A_PROXY)
    return address


class AptProxies:
    """apt's own proxy settings (apt-transport-http(1)), read once by the first that needs them."""

    def __init__(self) -> None:
        self._settings: dict[tuple[str, str], str] | None = None
        self._reading = threading.Lock()

    def proxy(self, address: Address) -> str | None:
        """The proxy apt would use; "" for a direct connection, None when apt says nothing."""
        with self._reading:
            if self._settings is None:
                self._settings = _read_settings()
        settings = self._settings
        for scheme in (address.scheme, "http"):
            for host in (address.host, ""):
                found = settings.get((scheme, host))
                if found:
                    return "" if found == "DIRECT" else found
        return None


def _read_settings() -> dict[tuple[str, str], str]:
    import subprocess

    try:
        result = subprocess.run(
            ["apt-config", "dump"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    settings = {}
    for line in result.stdout.splitlines():
        match = _SETTING.match(line)
        if match:
            scheme, host, value = match.groups()
            settings[scheme.lower(), (host or "").lower()] = value
    return settings
