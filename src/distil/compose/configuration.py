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

_STOP_SIGNAL: Final = "SIGTERM"

_DEFAULTS: Final = {
    "PATH": PATH,
    "LANG": "C.UTF-8",
    # Most find OpenSSL's own default as well; clients that do not, look here.
    "SSL_CERT_FILE": BUNDLE,
}

# These clients bring a bundle of their own, which knows nothing of the user's authorities.
_WITH_CERTIFICATES: Final = {"REQUESTS_CA_BUNDLE": BUNDLE}


def container_config(
    spec: Spec, application: Application, runtime: Mapping[str, str]
) -> ContainerConfig:
    """The ``config`` section: what the user says wins over what was found out.

    `runtime` are the environment variables that the language wants in a container.
    """
    image = spec.image
    defaults = _DEFAULTS | dict(runtime) | (_WITH_CERTIFICATES if image.certificates else {})
    environment = defaults | application.environment | spec.app.environment
    ports = image.ports or application.ports
    return ContainerConfig(
        user=image.user,
        exposed_ports=string_set([_with_protocol(port) for port in ports]),
        env=tuple(f"{name}={value}" for name, value in environment.items()),
        entrypoint=application.entrypoint,
        cmd=application.command,
        volumes=string_set([*image.volumes, *image.writable]),
        working_dir=image.workdir,
        labels=dict(sorted(image.labels.items())),
        stop_signal=image.stop_signal or _STOP_SIGNAL,
        healthcheck=_healthcheck(image.healthcheck),
    )


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
