"""containers-registries.conf(5), version 2: where registries really are, and which are forbidden.

What it says of names without a registry is left aside: names follow Docker's rules here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from distil.image.stores.registry.errors import InvalidRegistriesConf
from distil.model.regular_file import read_small

SYSTEM_FILE: Final = Path("/etc/containers/registries.conf")
VARIABLES: Final = ("CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH")
"""What names a file that stands in the place of the user's and the system's."""

_WILDCARD: Final = "*."


class Mirror(msgspec.Struct, frozen=True, rename="kebab"):
    """A place that has copies of what a registry has, and which copies are taken from it."""

    location: str
    insecure: bool = False
    pull_from_mirror: Literal["", "all", "digest-only", "tag-only"] = ""


class Registry(msgspec.Struct, frozen=True, rename="kebab"):
    """What holds for images whose names begin with `prefix`; `path` is the file that says so.

    `location` is what stands in the place of the prefix, empty for the name as it is.
    """

    prefix: str = ""
    location: str = ""
    insecure: bool = False
    blocked: bool = False
    mirror_by_digest_only: bool = False
    mirror: tuple[Mirror, ...] = ()
    path: str = ""

    @property
    def is_wildcard(self) -> bool:
        """Whether the prefix stands for all hosts below a domain."""
        return self.prefix.startswith(_WILDCARD)

    def matched(self, name: str) -> int:
        """How many characters of the full name of an image the prefix covers, 0 for none.

        A prefix ends where a part of the name does: a host's name is not its port as well.
        """
        end = len(self.prefix)
        if self.is_wildcard:
            found = name.find(self.prefix[1:])
            if found < 1 or "/" in name[:found]:
                return 0
            end += found - 1
        elif not name.startswith(self.prefix):
            return 0
        whole = end == len(name)
        return end if whole or name[end] in ("/:@" if "/" in self.prefix else "/") else 0


class _File(msgspec.Struct, frozen=True):
    """Of one file, what counts here. `registries`: the lists of version 1, by their names."""

    registry: tuple[Registry, ...] = ()
    registries: dict[str, dict[str, list[str]]] = {}


def read_registries(environment: Mapping[str, str] = os.environ) -> tuple[Registry, ...]:
    """All entries that count on this machine, by prefix: what is read later replaces the earlier.

    One file (a variable's, else the user's, else the system's), then those in the directories
    beside it, as containers' own tools read them. Raises `InvalidRegistriesConf`.
    """
    found: dict[str, Registry] = {}
    for path in _paths(environment):
        for registry in _entries(path):
            found[registry.prefix] = registry
    return tuple(found.values())


def _paths(environment: Mapping[str, str]) -> Iterator[Path]:
    own = Path("~/.config/containers/registries.conf").expanduser()
    named = next(filter(None, map(environment.get, VARIABLES)), "")
    directories = [SYSTEM_FILE.with_name("registries.conf.d"), own.with_name("registries.conf.d")]
    if named:
        yield Path(named)
    elif own.exists():
        yield own
        del directories[0]
    elif SYSTEM_FILE.exists():
        yield SYSTEM_FILE
    for directory in directories:
        yield from sorted(directory.glob("*.conf"))


def _entries(path: Path) -> Iterator[Registry]:
    from distil.formats.toml import NotToml, parse_toml  # slow to load

    try:
        document = parse_toml(read_small(path).decode("utf-8"))
        found = msgspec.convert(document, _File)
    except OSError as error:
        raise InvalidRegistriesConf(str(path), error.strerror or "unreadable") from error
    except UnicodeDecodeError as error:
        raise InvalidRegistriesConf(str(path), "it is not UTF-8") from error
    except (NotToml, msgspec.ValidationError) as error:
        raise InvalidRegistriesConf(str(path), str(error)) from error
    if found.registry and any(named.get("registries") for named in found.registries.values()):
        raise InvalidRegistriesConf(str(path), "it mixes the format's versions 1 and 2")
    for registry in (*found.registry, *_version_1(found)):
        yield _checked(registry, path)


def _version_1(file: _File) -> Iterator[Registry]:
    """The entries that say what the lists of version 1 say."""
    named = {key: lists.get("registries", []) for key, lists in file.registries.items()}
    insecure, blocked = named.get("insecure", []), named.get("block", [])
    for host in dict.fromkeys((*insecure, *blocked)):
        yield Registry(location=host, insecure=host in insecure, blocked=host in blocked)


def _checked(registry: Registry, path: Path) -> Registry:
    """`registry` with a prefix. That its locations make names is found out when they are used."""
    location = registry.location.rstrip("/")
    prefix = registry.prefix.rstrip("/") or location
    if not prefix:
        raise InvalidRegistriesConf(str(path), "a [[registry]] has neither prefix nor location")
    if registry.mirror_by_digest_only and any(m.pull_from_mirror for m in registry.mirror):
        why = f"{prefix}: mirror-by-digest-only and pull-from-mirror exclude each other"
        raise InvalidRegistriesConf(str(path), why)
    return msgspec.structs.replace(registry, prefix=prefix, location=location, path=str(path))
