"""Opening Debian suites at a mirror of the tests' own, and hearing what is warned about."""

from __future__ import annotations

from distil.distros.debian.releases import SuitePolicy
from distil.distros.debian.repository import SuiteIndex, open_suites
from distil.events import Event, Warned, listening
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.model.platform import AMD64, Platform
from tests.support.mirror import Mirror

FRESH = SuitePolicy(refresh=True)


class SuiteOpener:
    """Calls `open_suites` at `mirror`; `warnings` are those of the last call."""

    def __init__(self, mirror: Mirror, cache: Cache) -> None:
        self.mirror = mirror
        self.cache = cache
        self.warnings: list[str] = []

    def __call__(
        self,
        base: str = "debian:trixie",
        *,
        platform: Platform = AMD64,
        policy: SuitePolicy = FRESH,
        offline: bool = False,
        **changes: object,
    ) -> tuple[SuiteIndex, ...]:
        """The suites of `base`, asked for anew; `changes` are made to the mirrors."""
        events: list[Event] = []
        client = Client(self.cache, offline=offline, retry_delay=0.01)
        mirrors = self.mirror.mirrors(**changes)
        with client, listening(events.append):
            try:
                return open_suites(base, platform, client, self.cache, mirrors, policy)
            finally:
                self.warnings = [event.message for event in events if isinstance(event, Warned)]
