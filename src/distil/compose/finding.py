"""Where it is found out what a platform needs: in the indexes, or in a lock."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from distil.compose.investigate import Findings, Subject, investigate
from distil.distros.debian.base import Base, BaseOpener
from distil.distros.debian.own_packages import find_own_packages
from distil.distros.debian.releases import SuitePolicy
from distil.fetch.http import Client
from distil.locks.locked import base_in_lock, locked_findings
from distil.model.lock import Lock
from distil.model.platform import Platform


class Finder(Protocol):
    """Answers for one application, once for each platform."""

    def find(self, platform: Platform) -> Findings:
        """What the application is and needs on `platform`."""

    def base(self, platform: Platform) -> Base:
        """The packages of `platform`, for what is run here for an image of another one."""


class IndexFinder:
    """Asks the suites and the package index; with `refresh`, however fresh the answers are."""

    def __init__(self, subject: Subject, client: Client, *, refresh: bool = False) -> None:
        self._subject = subject
        self._client = client
        self._refresh = refresh
        self._asked = False

    def find(self, platform: Platform) -> Findings:
        """See `investigate`, and what it raises."""
        opener = self._opener(platform)
        return investigate(self._subject, opener, self._client, refresh=self._refresh)

    def base(self, platform: Platform) -> Base:
        """See `BaseOpener.open`, and what it raises."""
        return self._opener(platform).open(self._subject.spec.base.source)

    def _opener(self, platform: Platform) -> BaseOpener:
        # What was asked for anew for the first platform is new enough for the others, and the
        # same for all of them.
        policy = SuitePolicy.from_environment(refresh=self._refresh and not self._asked)
        self._asked = True
        source, spec = Path(self._subject.application.source), self._subject.spec
        own = find_own_packages(source, spec, platform)
        return BaseOpener(platform, self._client, self._client.cache, policy, own=own)


class LockFinder:
    """Asks nothing but `lock`."""

    def __init__(self, subject: Subject, lock: Lock, client: Client) -> None:
        self._subject = subject
        self._lock = lock
        self._client = client

    def find(self, platform: Platform) -> Findings:
        """See `locked_findings`, and what it raises."""
        return locked_findings(self._subject, self._lock, platform, self._client)

    def base(self, platform: Platform) -> Base:
        """See `base_in_lock`, and what it raises."""
        return base_in_lock(self._subject, self._lock, self._client, platform)
