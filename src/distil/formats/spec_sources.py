"""What ``distil.toml`` says about files and packages of the user's own: what can never be right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from distil.model.node import unusable
from distil.model.spec import BaseSpec, CopySpec, RepositorySpec

Violation = tuple[tuple[str, ...], str, str]
"""A path of keys (``[1]`` is a position in a list), what is wrong, and a hint."""

LARGEST_ID: Final = 2**31 - 2
"""Of a user or group: larger ones wrap to root in some engines (CVE-2024-40635)."""

_MODE: Final = re.compile(r"0?[0-7]{3,4}", re.ASCII)
_OWNER: Final = re.compile(r"\d{1,10}(:\d{1,10})?", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]*(/[A-Za-z0-9][A-Za-z0-9._+~-]*)*", re.ASCII)
_SCHEMES: Final = ("http", "https", "file")


def copy_violations(copies: tuple[CopySpec, ...]) -> Iterator[Violation]:
    """What is wrong with ``[[copy]]``."""
    for number, copy in enumerate(copies):
        where = ("copy", f"[{number}]")
        if copy.stage:
            yield from place_violations((*where, "from"), copy.source, "is no path in a stage")
        else:
            yield from pattern_violations((*where, "from"), copy.source)
        yield from place_violations((*where, "to"), copy.target, "is not a place in the image")
        if copy.mode and not _MODE.fullmatch(copy.mode):
            yield (*where, "mode"), f"{copy.mode!r} is not an octal mode", 'write "0644" or "0755"'
        owner = copy.owner
        if not _OWNER.fullmatch(owner) or any(int(n) > LARGEST_ID for n in owner.split(":")):
            why = f"{owner!r} is not a numeric uid or uid:gid"
            yield (*where, "owner"), why, 'write the numbers, such as "65532:65532"'


def place_violations(where: tuple[str, ...], path: str, why: str) -> Iterator[Violation]:
    """A path of the image that cannot be one; `why` says what it should be."""
    if not path.startswith("/") or ".." in path.split("/") or "\0" in path:
        yield where, f"{path!r} {why}", "write an absolute path without '..'"
        return
    names = [name for name in path.split("/") if name not in ("", ".")]
    reason = unusable("/" + "/".join(names))
    if reason:
        yield where, f"{path!r} {why}: {reason}", "choose another path"


def base_violations(base: BaseSpec) -> Iterator[Violation]:
    """What is wrong with ``debs`` and ``repositories`` of ``[base]``."""
    for pattern in base.debs:
        yield from pattern_violations(("base", "debs"), pattern)
    for number, repository in enumerate(base.repositories):
        yield from _repository_violations(("base", "repositories", f"[{number}]"), repository)


def is_flat(suite: str) -> bool:
    """Whether `suite` names the directory of a flat repository, as in sources.list(5)."""
    return suite.endswith("/")


def _repository_violations(
    where: tuple[str, ...], repository: RepositorySpec
) -> Iterator[Violation]:
    yield from _url_violations((*where, "url"), repository.url)
    suite = repository.suite
    if not (suite in ("/", "./") or _NAME.fullmatch(suite.removesuffix("/"))):
        why = f"{suite!r} is no suite"
        yield (*where, "suite"), why, "write what follows the address in sources.list"
    if is_flat(suite) and repository.components:
        why = "a flat repository (its suite ends in '/') has no components"
        yield (*where, "components"), why, "leave components out, or the '/'"
    for component in repository.components:
        if not _NAME.fullmatch(component):
            yield (*where, "components"), f"{component!r} is no component", 'write "main"'
    yield from pattern_violations((*where, "key"), repository.key)


def _url_violations(where: tuple[str, ...], url: str) -> Iterator[Violation]:
    _, separator, rest = url.partition("://")
    if "@" in (rest.partition("/")[0] if separator else url):
        # It holds a secret, so it is not shown.
        yield (
            where,
            "an address with a user name or password would put them into the repository",
            "leave them out, and write them into ~/.netrc or /etc/apt/auth.conf.d",
        )
        return
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _SCHEMES and bool(parts.hostname or parts.scheme == "file")
        usable = usable and not re.search(r"[\s\0]", url) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        why = f"{url!r} is not an address"
        yield where, why, "write https://HOST/PATH, as in sources.list"
    elif "?" in url or "#" in url:
        # Not shown either: tokens hide there.
        yield where, "an address with '?' or '#' cannot be one of a repository", ""


def pattern_violations(where: tuple[str, ...], pattern: str) -> Iterator[Violation]:
    """A path or pattern that cannot be one of a file below the application's directory."""
    hint = "write a path relative to the directory of distil.toml"
    if not pattern or "\0" in pattern:
        yield where, f"{pattern!r} names no file", hint
    elif pattern.startswith("/"):
        yield where, f"{pattern!r} is an absolute path", hint
    elif ".." in pattern.split("/"):
        yield where, f"{pattern!r} leads out of the application's directory", hint
