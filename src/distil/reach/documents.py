"""Where analyses are remembered between runs."""

from __future__ import annotations

from typing import Protocol


class Documents(Protocol):
    """A store of derived documents; `fetch.cache.Cache` is one."""

    def document(self, area: str, key: str) -> bytes | None:
        """What was kept under `key`, None if nothing."""

    def put_document(self, area: str, key: str, data: bytes) -> None:
        """Keep `data` under `key`."""
