"""Where packages come from: Debian's mirrors with the keys for them, and the Python index."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from distil.distros.debian.releases import SuitePolicy
from distil.distros.debian.repository import SuiteIndex, open_suites
from distil.distros.debian.sources import Mirrors, find_mirrors
from distil.doctor.findings import Finding, Status, absent, failed
from distil.errors import DistilError
from distil.events import Event, Warned, listening
from distil.fetch.address import redacted
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.model.platform import Platform
from distil.model.spec import DEFAULT_BASE
from distil.runtimes.python.errors import UnknownDistribution
from distil.runtimes.python.indexes import configured_indexes
from distil.runtimes.python.uv import UvFailed, explained, run_uv
from distil.trust.keyring import Keyring, unusable

_ASKED_FOR: Final = "pip"
"""A distribution to ask the Python index for. That it has none is an answer too."""
_SOON: Final = datetime.timedelta(days=180)


class LookingCache(Cache):
    """The cache of a look: it knows which Release files were seen before, and keeps nothing."""

    def document(self, area: str, key: str) -> bytes | None:
        return super().document(area, key) if area == "state" else None

    def put_document(self, area: str, key: str, data: bytes) -> None:
        """Nothing is kept."""


def mirrors() -> tuple[Mirrors | None, list[Finding]]:
    """The mirrors that are named, and what is to be said about it. Asks nobody."""
    warnings: list[Event] = []
    with listening(warnings.append):
        try:
            found = find_mirrors()
        except DistilError as error:
            return None, [failed("mirrors", error), *_warned("mirrors", warnings)]
    archives = [redacted(mirror) for mirror in found.archives]
    securities = [redacted(mirror) for mirror in found.securities]
    text = f"{', '.join(dict.fromkeys(archives + securities))}, named by {found.named_by}"
    findings = [Finding("mirrors", Status.PASS, text)]
    if not securities:
        hint = "name one with DISTIL_DEBIAN_SECURITY_MIRROR, or `security-mirror` in config.toml"
        text = "no mirror of security updates is named"
        findings.append(Finding("mirrors", Status.WARN, text, hint))
    return found, findings + _warned("mirrors", warnings)


def suites(found: Mirrors, platform: Platform) -> list[Finding]:
    """Whether the suites of the default base are there, signed and fresh, as a build wants them.

    Raises what `open_suites` does.
    """
    policy = SuitePolicy.from_environment(refresh=True)
    cache = LookingCache(Cache.default().root)
    warnings: list[Event] = []
    with listening(warnings.append), Client(cache, attempts=1) as client:
        opened = open_suites(DEFAULT_BASE, platform, client, cache, found, policy)
    return [_verified(suite) for suite in opened] + _warned("suites", warnings)


def _verified(suite: SuiteIndex) -> Finding:
    date = datetime.datetime.fromtimestamp(suite.date, datetime.UTC)
    version = f"Debian {suite.version}, " if "." in suite.version else ""
    text = f"{version}signed {date:%Y-%m-%d}, {redacted(suite.base_url)}"
    return Finding(suite.suite, Status.PASS, text)


def keyring(extra: str | None) -> Finding:
    """The keys that Release files are verified with: which, and until when.

    Raises `KeyringUnreadable`.
    """
    now = datetime.datetime.now(datetime.UTC)
    certificates = Keyring.debian(Path(extra) if extra else None).certificates
    details, ends = [], []
    for certificate in certificates:
        name = certificate.user_ids[0] if certificate.user_ids else "a key without a name"
        until = certificate.expiration
        state = unusable(certificate, now) or (f"until {until:%Y-%m-%d}" if until else "for ever")
        details.append(f"{certificate.fingerprint[-16:]}  {state}  {name}")
        if not unusable(certificate, now) and until is not None:
            ends.append(until)
    usable = sum(not unusable(certificate, now) for certificate in certificates)
    text = f"{usable} of {len(certificates)} keys are good"
    hint = "a newer distil brings Debian's newer keys"
    if not usable:
        return Finding("keys", Status.FAIL, text, hint, tuple(details))
    if ends:
        text += f", the first until {min(ends):%Y-%m-%d}, the last until {max(ends):%Y-%m-%d}"
    if ends and max(ends) < now + _SOON:
        return Finding("keys", Status.WARN, text, hint, tuple(details))
    return Finding("keys", Status.PASS, text, "", tuple(details))


def python_index(seconds: float) -> Finding:
    """Whether the Python index answers that uv is configured to use in this directory.

    Raises `IndexUnreachable`, `ResolverFailed`.
    """
    here = Path.cwd()
    named = [redacted(index.url) for index in configured_indexes(here)]
    which = ", ".join(named) if named else "uv's default"
    asked = ["pip", "compile", "--no-cache", "--no-deps", "--no-header", "--no-annotate"]
    quick = {"UV_HTTP_TIMEOUT": str(int(seconds)), "UV_HTTP_RETRIES": "0"}
    try:
        answer = run_uv([*asked, "-"], here, stdin=_ASKED_FOR, environment=quick, seconds=seconds)
    except UvFailed as failure:
        error = explained(failure, "", "")
        if not isinstance(error, UnknownDistribution):
            raise error from None
        return Finding("python index", Status.PASS, f"{which} answers, without {_ASKED_FOR}")
    return Finding("python index", Status.PASS, f"{which} answers with {answer.strip()}")


def not_asked(subject: str) -> Finding:
    """What stands in the place of something that needs the network."""
    return absent(subject, "not asked (--offline)")


def _warned(subject: str, events: Iterable[Event]) -> list[Finding]:
    return [
        Finding(subject, Status.WARN, event.message, event.hint)
        for event in events
        if isinstance(event, Warned)
    ]
