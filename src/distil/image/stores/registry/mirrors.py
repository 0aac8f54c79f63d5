"""Where an image is really asked for: at mirrors, and under the name that its registry has."""

from __future__ import annotations

import msgspec

from distil.image.stores.registry.errors import InvalidRegistriesConf, RegistryBlocked
from distil.image.stores.registry.registries_conf import Mirror, Registry, read_registries
from distil.image.stores.registry.registry_name import hub_as_docker_io
from distil.model.errors import InvalidReference
from distil.model.reference import ImageName, parse_image_name


class Endpoint(msgspec.Struct, frozen=True):
    """The name under which a registry is asked, and whether its host may be reached insecurely."""

    name: ImageName
    insecure: bool = False


def endpoints(name: ImageName) -> list[Endpoint]:
    """Where to pull `name` from, in this order: mirrors, then its own registry.

    Raises `RegistryBlocked`, `InvalidRegistriesConf`.
    """
    registry, length = _registry_of(name)
    if registry is None:
        return [Endpoint(name)]
    rest = name.canonical[length:]
    found = [
        Endpoint(_renamed(mirror.location.rstrip("/") + rest, registry), mirror.insecure)
        for mirror in registry.mirror
        if _has(registry, mirror, name)
    ]
    real = _renamed(registry.location + rest, registry) if registry.location else name
    return [*found, Endpoint(real, registry.insecure)]


def destination(name: ImageName) -> Endpoint:
    """Where to push `name` to: never a mirror, and, as with podman, never another location.

    Raises `RegistryBlocked`, `InvalidRegistriesConf`.
    """
    registry, _ = _registry_of(name)
    return Endpoint(name, registry is not None and registry.insecure)


def _registry_of(name: ImageName) -> tuple[Registry | None, int]:
    """The entry with the longest prefix of `name`, and how long that is in the name.

    Of two that cover the same, one without a wildcard is meant, else the longer.
    """
    full = name.canonical

    def rank(registry: Registry) -> tuple[int, bool, int]:
        return registry.matched(full), not registry.is_wildcard, len(registry.prefix)

    registry = max(read_registries(), key=rank, default=None)
    length = registry.matched(full) if registry is not None else 0
    if registry is None or not length:
        return None, 0
    if registry.blocked:
        raise RegistryBlocked(str(name), registry.prefix, registry.path)
    return registry, length


def _has(registry: Registry, mirror: Mirror, name: ImageName) -> bool:
    """Whether `mirror` is to be asked for `name`; what a tag means may differ there."""
    if registry.mirror_by_digest_only or mirror.pull_from_mirror == "digest-only":
        return bool(name.digest)
    return not name.digest if mirror.pull_from_mirror == "tag-only" else True


def _renamed(text: str, registry: Registry) -> ImageName:
    """The name `text`, which has to begin with a host: else it would be one of Docker Hub's."""
    try:
        name = parse_image_name(text)
    except InvalidReference as error:
        why = f"{registry.prefix} leads to {text!r}: {error.why}"
        raise InvalidRegistriesConf(registry.path, why) from None
    if name.domain != hub_as_docker_io(text.partition("/")[0]):
        why = f"{registry.prefix} leads to {text!r}, which names no host"
        raise InvalidRegistriesConf(registry.path, why)
    return name
