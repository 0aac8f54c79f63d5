"""The machine itself: what distil is run with, where it keeps things, what time it is."""

from __future__ import annotations

import os
import platform as host
import shutil
import sys
import time
from typing import Final

from distil.doctor.findings import Finding, Status, absent, failed
from distil.errors import DistilError
from distil.fetch.address import parse_address, redacted
from distil.fetch.authorities import trusted_authorities
from distil.fetch.cache import Cache
from distil.fetch.errors import CacheUnwritable
from distil.fetch.proxies import AptProxies, environment_settings, proxy_address
from distil.model.errors import UnknownPlatform
from distil.model.platform import parse_platform
from distil.runtimes.python.uv import uv_program
from distil.trust.keyring import DEBIAN_KEYRING

_ENOUGH: Final = 2 << 30
"""Bytes free on the disk of the cache: an image with its archives rarely takes more."""
_TOO_LITTLE: Final = 200 << 20


def python() -> Finding:
    """The interpreter that runs distil. One that is too old could not have come this far."""
    name = f"{host.python_implementation()} {host.python_version()}"
    return Finding("python", Status.PASS, f"{name}, {sys.executable}")


def platform() -> Finding:
    """Whether images for this machine can be built without naming another platform."""
    try:
        found = parse_platform(host.machine())
    except UnknownPlatform as error:
        hint = f"distil builds for other machines here: --platform, {error.hint}"
        text = f"{host.system()} on {host.machine()}, which distil does not build for"
        return Finding("platform", Status.WARN, text, hint)
    return Finding("platform", Status.PASS, f"{found}, {host.system()} {host.release()}")


def uv() -> Finding:
    """The program that resolves Python packages. Raises `ResolverFailed`."""
    path, version = uv_program()
    return Finding("uv", Status.PASS, f"{version}, {path}")


def cache() -> Finding:
    """Where downloads are kept, what is there, and whether there is room for more."""
    kept = Cache.default()
    root = kept.root
    place = next(path for path in (root, *root.parents) if path.exists())
    try:
        size = sum(area.size for area in kept.usage())
    except CacheUnwritable as error:
        return failed("cache", error)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return failed("cache", CacheUnwritable(str(root), f"no right to write in {place}"))
    free = shutil.disk_usage(place).free
    text = f"{root}, {_megabytes(size)} MB, {_megabytes(free)} MB free"
    if free < _ENOUGH:
        status = Status.FAIL if free < _TOO_LITTLE else Status.WARN
        hint = "free some space with `distil cache gc`, or set DISTIL_CACHE_DIR to another disk"
        return Finding("cache", status, text, hint)
    return Finding("cache", Status.PASS, text)


def clock(told: DistilError | None = None, *, asked: bool = False) -> Finding:
    """Whether the time can be right; signatures and Valid-Until are judged by it.

    `told` is what a signed document said against it, `asked` whether any was looked at.
    """
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    hint = "set the clock: `timedatectl set-ntp true`, or `date --utc --set`"
    if time.time() < DEBIAN_KEYRING.stat().st_mtime:
        return Finding("clock", Status.FAIL, f"{now}, which is before distil was installed", hint)
    if told is not None:
        return Finding("clock", Status.FAIL, f"{now}: {told.message}", hint)
    return Finding("clock", Status.PASS, f"{now}, as the Release files allow" if asked else now)


def certificates() -> Finding:
    """Whom TLS connections trust. Raises `InvalidConfiguration`."""
    trusted = trusted_authorities()
    text = f"{trusted.number or 'no'} authorities, {trusted.place}"
    if not trusted.number and not trusted.directory:
        hint = "install the package ca-certificates, or set SSL_CERT_FILE to a bundle"
        return Finding("certificates", Status.WARN, text, hint)
    return Finding("certificates", Status.PASS, text)


def proxies(mirrors: tuple[str, ...]) -> Finding:
    """The proxies in effect, without their passwords. Raises `InvalidUrl`."""
    settings = environment_settings()
    for name, value in settings.items():
        if name != "no_proxy" and "://" in value:
            proxy_address(value)
    found = [f"{name}={_shown(value)}" for name, value in settings.items()]
    apt = AptProxies()
    for mirror in mirrors:
        proxy = apt.proxy(parse_address(mirror))
        if proxy is not None:
            found.append(f"apt's for {redacted(mirror)}: {_shown(proxy) or 'a direct connection'}")
    if not found:
        return absent("proxies", "none is set")
    return Finding("proxies", Status.PASS, "; ".join(dict.fromkeys(found)))


def _shown(proxy: str) -> str:
    return redacted(proxy) if "://" in proxy else proxy.rpartition("@")[2]


def _megabytes(count: int) -> str:
    return f"{count // 10**6:,}"
