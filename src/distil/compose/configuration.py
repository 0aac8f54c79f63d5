"""How the container is started: the image's configuration from the spec and the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from distil.model.application import Application
from distil.model.certificates import BUNDLE
from distil.model.image import NANOSECONDS, ContainerConfig, Healthcheck, string_set
from distil.model.spec import HealthcheckSpec, Spec
from distil.reach.command import Command

PATH: Final = "/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin"

_NOTHING: Final = ContainerConfig()
_STOP_SIGNAL: Final = "SIGTERM"

_CERTIFICATES: Final = "SSL_CERT_FILE"
_DEFAULTS: Final = {
    "PATH": PATH,
    "LANG": "C.UTF-8",
    # Most find OpenSSL's own default as well; clients that do not, look here.
    _CERTIFICATES: BUNDLE,
}

# These clients bring a bundle of their own, which knows nothing of the user's authorities.
_WITH_CERTIFICATES: Final = {"REQUESTS_CA_BUNDLE": BUNDLE}


def container_config(
    spec: Spec,
    application: Application,
    runtime: Mapping[str, str],
    inherited: ContainerConfig = _NOTHING,
    *,
    has_bundle: bool = True,
) -> ContainerConfig:
    """The ``config`` section: what the user says wins over what was found out.

    `runtime` are the environment variables that the language wants in a container. What is
    `inherited` from an image that is built on comes before all of it, but for how it is started
    and whether it is well: that is about another program. `has_bundle` says whether the image
    has certificates of authorities where they are told of.
    """
    image = spec.image
    before = dict(entry.partition("=")[::2] for entry in inherited.env)
    usual = {k: v for k, v in _DEFAULTS.items() if has_bundle or k != _CERTIFICATES}
    defaults = usual | before | dict(runtime)
    defaults |= {"PATH": with_usual(before["PATH"])} if "PATH" in before else {}
    defaults |= _WITH_CERTIFICATES if image.certificates else {}
    environment = defaults | application.environment | spec.app.environment
    ports = image.ports or application.ports
    return ContainerConfig(
        user=image.user,
        exposed_ports=string_set([*inherited.exposed_ports, *map(_with_protocol, ports)]),
        env=tuple(f"{name}={value}" for name, value in environment.items()),
        entrypoint=application.entrypoint,
        cmd=application.command,
        volumes=string_set([*inherited.volumes, *image.volumes, *image.writable]),
        working_dir=image.workdir,
        labels=dict(sorted((inherited.labels | image.labels).items())),
        stop_signal=image.stop_signal or _STOP_SIGNAL,
        healthcheck=_healthcheck(image.healthcheck),
    )


def with_usual(path: str) -> str:
    """The search path of an image, with the usual directories that it lacks behind its own."""
    known = path.split(":")
    return ":".join([*known, *(one for one in PATH.split(":") if one not in known)])


def commands(spec: Spec, application: Application) -> tuple[Command, ...]:
    """Everything that is started in the container by itself: entrypoint, then health check."""
    words = [(*application.entrypoint, *application.command)]
    if spec.image.healthcheck is not None:
        words.append(spec.image.healthcheck.command)
    return tuple(Command(one, spec.image.workdir, application.environment) for one in words)


def debug_config(production: ContainerConfig) -> ContainerConfig:
    """The debug twin's configuration: the same, with the tools at the end of PATH."""
    env = tuple(
        f"{entry}:/busybox" if entry.startswith("PATH=") else entry for entry in production.env
    )
    return msgspec.structs.replace(production, env=env)


def _with_protocol(port: int | str) -> str:
    return f"{port}" if "/" in str(port) else f"{port}/tcp"


def _healthcheck(spec: HealthcheckSpec | None) -> Healthcheck | None:
    if spec is None:
        return None
    return Healthcheck(
        test=("CMD", *spec.command),
        interval=int(spec.interval * NANOSECONDS),
        timeout=int(spec.timeout * NANOSECONDS),
        start_period=int(spec.start_period * NANOSECONDS),
        retries=spec.retries,
    )
