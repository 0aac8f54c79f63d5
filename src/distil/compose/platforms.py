"""Building for several platforms: which ones, and the same work for each of them."""

from __future__ import annotations

import platform as host
from collections.abc import Callable, Sequence
from typing import TypeVar

from distil.compose.errors import PlatformsFailed
from distil.errors import DistilError
from distil.events import labelled
from distil.fetch.cache import Cache
from distil.model.platform import PLATFORMS, Platform, parse_platform
from distil.model.spec import Spec

Result = TypeVar("Result")


def target_platforms(asked: Sequence[str], spec: Spec) -> tuple[Platform, ...]:
    """The platforms to build for: those `asked` for, or else the specification's, or this one.

    Each of `asked` is one name or several with commas between them. However they are written,
    they come once each and in the order of `PLATFORMS`, so that the same platforms make the same
    index. Raises `UnknownPlatform`.
    """
    names = [name.strip() for text in asked for name in text.split(",")]
    names = names or list(spec.image.platforms) or [host.machine()]
    wanted = [parse_platform(name) for name in names]
    return tuple(platform for platform in PLATFORMS if platform in wanted)


def building_platform() -> Platform:
    """That of this machine, on which stages run. Raises `UnknownPlatform`."""
    return parse_platform(host.machine())


def on_each(
    platforms: Sequence[Platform], cache: Cache, work: Callable[[Platform], Result]
) -> tuple[Result, ...]:
    """What `work`, which reads from `cache`, comes to for each of `platforms`, in their order.

    A platform on which it fails does not keep the others from being tried, so that one run tells
    of all that is wrong. One platform after the other: fetching, unpacking and writing layers
    use all processors as it is. Raises `PlatformsFailed`; for one platform alone, its error as
    it is.
    """
    if len(platforms) == 1:
        return (work(platforms[0]),)
    done: list[Result] = []
    failures: list[tuple[str, DistilError]] = []
    for platform in platforms:
        try:
            with labelled(platform.oci), cache.guarding():
                done.append(work(platform))
        except DistilError as error:
            failures.append((platform.oci, error))
    if failures:
        raise PlatformsFailed(failures) from failures[0][1]
    return tuple(done)
