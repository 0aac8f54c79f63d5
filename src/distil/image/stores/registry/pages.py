"""Lists that a registry hands out by pages: tags, and what refers to an image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from distil.fetch.request import Body
from distil.image.stores.registry.documents import read_limited
from distil.image.stores.registry.errors import RegistryUnsound
from distil.image.stores.registry.session import Ask, Session

MAX_PAGES: Final = 1000

_NEXT: Final = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?')

T = TypeVar("T")


def pages(session: Session, ask: Ask, read: Callable[[Body, bytes], T]) -> Iterator[T]:
    """What `read` makes of each page, the first being the answer to `ask`.

    Raises `HostileLocation` for a next page elsewhere, `RegistryUnsound` for pages without end,
    and what asking raises.
    """
    seen = {ask.path}

    def consume(body: Body) -> tuple[T, str]:
        found = _NEXT.search(body.headers.get("Link", ""))
        following = session.address(body, found[1], ask.what) if found is not None else ""
        return read(body, read_limited(body, ask.what)), following

    path = ask.path
    while path:
        asked = Ask(path=path, what=ask.what, headers=ask.headers, accepts=ask.accepts)
        page, path = session.fetch(asked, consume)
        yield page
        if path in seen or len(seen) > MAX_PAGES:
            raise RegistryUnsound(ask.what, session.registry, "its pages do not end")
        if path:
            seen.add(path)
