"""How services of Debian's packages run in a container: as data, one file a service.

The packages are made for a service manager that starts them as root and keeps their logs. What
a container needs instead stands in a table (see README.md); ``distil.toml`` wins over all of it.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Final

import msgspec

from distil.formats.patterns import path_expression
from distil.model.node import Node, generated_file, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.spec import CopySpec, HealthcheckSpec, Spec

VARIABLE: Final = "{version}"
"""Stands for what the ``*`` of the package's pattern stood for."""
_NUMBERS: Final = r"([0-9][0-9.]*)"
"""What a ``*`` stands for: a version in a package's name."""


class LogSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log that the service writes, and the stream that takes its place."""

    path: str
    to: str


class FileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of configuration, unless the user copies something to a path like `unless`."""

    path: str
    text: str
    reason: str
    mode: str = "0644"
    unless: tuple[str, ...] = ()


class CheckSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A health check for images in which the user has `package` put."""

    package: str
    command: tuple[str, ...]


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service; README.md says what each key is."""

    name: str
    packages: tuple[str, ...]
    entrypoint: tuple[str, ...]
    reason: str
    brings: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    stop_signal: str = ""
    ports: tuple[int | str, ...] = ()
    writable: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    log: tuple[LogSpec, ...] = ()
    file: tuple[FileSpec, ...] = ()
    healthcheck: tuple[CheckSpec, ...] = ()

    def of(self, package: str) -> Service | None:
        """This service as `package` brings it; None when that is another's."""
        for pattern in self.packages:
            expression = _NUMBERS.join(map(re.escape, pattern.split("*")))
            match = re.fullmatch(expression, package)
            if match is not None:
                meant = match[1] if match.groups() else ""
                return _filled(self, meant)
        return None

    def starts(self, words: Sequence[str] | None) -> bool:
        """Whether the entrypoint `words` starts this service; none at all does."""
        return words is None or words[:1] == () or _last(words[0]) == _last(self.entrypoint[0])

    def check(self, packages: Iterable[str]) -> HealthcheckSpec | None:
        """The health check for an image with `packages`, if there is a program for one."""
        found = (one for one in self.healthcheck if one.package in packages)
        return next((HealthcheckSpec(one.command) for one in found), None)

    def nodes(self, copies: Iterable[CopySpec]) -> list[Node]:
        """The files and links that take the place of a service manager, beside the user's own."""
        targets = [copy.target for copy in copies]
        rule = f"{self.name} in a container"
        links = [symlink(one.path, one.to, GeneratedOrigin(rule)) for one in self.log]
        wanted = [one for one in self.file if not _is_copied(one.unless, targets)]
        return links + [_file(one, rule) for one in wanted]


def service_of(packages: Iterable[str], entrypoint: Sequence[str] | None) -> Service | None:
    """The service that `entrypoint` starts, or the first that `packages` bring without one."""
    for package in packages:
        for service in shipped_services():
            found = service.of(package.partition("=")[0])
            if found is not None and found.starts(entrypoint):
                return found
    return None


@functools.cache
def shipped_services() -> tuple[Service, ...]:
    """The services that distil comes with, by file name."""
    found = sorted(files(__name__).iterdir(), key=lambda entry: entry.name)
    texts = [entry.read_text("utf-8") for entry in found if entry.name.endswith(".toml")]
    return tuple(msgspec.convert(tomllib.loads(text), Service) for text in texts)


def with_defaults(spec: Spec, service: Service) -> Spec:
    """`spec` with what `service` wants where it says nothing itself."""
    image, app = spec.image, spec.app
    image = msgspec.structs.replace(
        image,
        stop_signal=image.stop_signal or service.stop_signal,
        ports=image.ports or service.ports,
        writable=image.writable or service.writable,
        healthcheck=image.healthcheck or service.check(app.packages),
    )
    app = msgspec.structs.replace(
        app,
        entrypoint=service.entrypoint if app.entrypoint is None else app.entrypoint,
        environment=service.environment | app.environment,
        packages=(*app.packages, *(one for one in service.brings if one not in app.packages)),
    )
    reach = msgspec.structs.replace(spec.reach, keep=(*spec.reach.keep, *service.keep))
    return msgspec.structs.replace(spec, app=app, image=image, reach=reach)


def _file(spec: FileSpec, rule: str) -> Node:
    return generated_file(spec.path, spec.text.encode(), rule, int(spec.mode, 8))


def _is_copied(patterns: tuple[str, ...], targets: Sequence[str]) -> bool:
    expression = re.compile(path_expression(patterns))
    return any(expression.fullmatch(target.rstrip("/")) for target in targets)


def _filled(service: Service, meant: str) -> Service:
    """`service` with `meant` in all texts of it."""
    text = msgspec.json.encode(service).decode()
    quoted = msgspec.json.encode(meant).decode()[1:-1]
    return msgspec.json.decode(text.replace(VARIABLE, quoted), type=Service)


def _last(path: str) -> str:
    return path.rpartition("/")[2]
