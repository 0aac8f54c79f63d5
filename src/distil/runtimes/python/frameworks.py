"""Web frameworks and the servers that run them: what distil recognises, as data.

Servers are started as ``python3 -m SERVER``, which puts the working directory on the module
path. Where a server reads its address from the environment, that is where it goes, so that
``docker run -e PORT=…`` and platforms that set it need no other command.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final

import msgspec

PYTHON: Final = "/usr/bin/python3"
DEFAULT_PORT: Final = 8000


class Protocol(enum.StrEnum):
    """How a server calls an application: PEP 3333, or the ASGI specification."""

    WSGI = "WSGI"
    ASGI = "ASGI"


class Framework(msgspec.Struct, frozen=True):
    """A framework by the callable that makes its application objects."""

    name: str
    protocol: Protocol


FRAMEWORKS: Final = {
    "flask.Flask": Framework("Flask", Protocol.WSGI),
    "flask.app.Flask": Framework("Flask", Protocol.WSGI),
    "apiflask.APIFlask": Framework("APIFlask", Protocol.WSGI),
    "flask_openapi3.OpenAPI": Framework("flask-openapi3", Protocol.WSGI),
    "connexion.FlaskApp": Framework("Connexion", Protocol.ASGI),
    "connexion.AsyncApp": Framework("Connexion", Protocol.ASGI),
    "bottle.Bottle": Framework("Bottle", Protocol.WSGI),
    "bottle.default_app": Framework("Bottle", Protocol.WSGI),
    "falcon.App": Framework("Falcon", Protocol.WSGI),
    "falcon.asgi.App": Framework("Falcon", Protocol.ASGI),
    "fastapi.FastAPI": Framework("FastAPI", Protocol.ASGI),
    "fastapi.applications.FastAPI": Framework("FastAPI", Protocol.ASGI),
    "starlette.applications.Starlette": Framework("Starlette", Protocol.ASGI),
    "quart.Quart": Framework("Quart", Protocol.ASGI),
    "litestar.Litestar": Framework("Litestar", Protocol.ASGI),
    "blacksheep.PythonApplication": Framework("BlackSheep", Protocol.ASGI),
    "channels.routing.ProtocolTypeRouter": Framework("Django Channels", Protocol.ASGI),
    "django.core.wsgi.get_wsgi_application": Framework("Django", Protocol.WSGI),
    "django.core.asgi.get_asgi_application": Framework("Django", Protocol.ASGI),
}

BUNDLED_SERVERS: Final = {
    ("fastapi", "standard"): "uvicorn",
    ("fastapi", "all"): "uvicorn",
    ("fastapi-cli", "standard"): "uvicorn",
    ("litestar", "standard"): "uvicorn",
    ("connexion", "uvicorn"): "uvicorn",
    ("quart", ""): "hypercorn",
}
"""Servers that a distribution (with an extra) depends on by itself."""


class ServedObject(msgspec.Struct, frozen=True):
    """What a server is to serve: ``module:name``, a factory when it is to be called."""

    module: str
    name: str
    protocol: Protocol
    factory: bool = False

    def __str__(self) -> str:
        return f"{self.module}:{self.name}{'()' if self.factory else ''}"


class Start(msgspec.Struct, frozen=True):
    """How a server is started: its arguments after ``-m``, and its environment."""

    arguments: tuple[str, ...]
    environment: dict[str, str] = {}


class Server(msgspec.Struct, frozen=True):
    """A server by the name of its distribution, which is also its module.

    `factories` says that it can call a function to get the application.
    """

    name: str
    protocols: tuple[Protocol, ...]
    start: Callable[[ServedObject, int], Start]
    factories: bool = True


def _gunicorn(target: ServedObject, port: int) -> Start:
    # Workers prove that they are alive through a file; /dev/shm is there without a /tmp.
    arguments = ("gunicorn", "--worker-tmp-dir", "/dev/shm", str(target))  # noqa: S108
    return Start(arguments, {"PORT": str(port)})


def _uvicorn(target: ServedObject, port: int) -> Start:
    factory = ("--factory",) if target.factory else ()
    return Start(
        ("uvicorn", *factory, f"{target.module}:{target.name}"),
        {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": str(port)},  # noqa: S104
    )


def _hypercorn(target: ServedObject, port: int) -> Start:
    prefix = target.protocol.lower()
    return Start(("hypercorn", "--bind", f"0.0.0.0:{port}", f"{prefix}:{target}"))


def _granian(target: ServedObject, port: int) -> Start:
    factory = ("--factory",) if target.factory else ()
    interface = ("--interface", target.protocol.lower())
    return Start(
        ("granian", *interface, *factory, f"{target.module}:{target.name}"),
        {"GRANIAN_HOST": "0.0.0.0", "GRANIAN_PORT": str(port)},  # noqa: S104
    )


def _waitress(target: ServedObject, port: int) -> Start:
    call = ("--call",) if target.factory else ()
    return Start(("waitress", f"--listen=0.0.0.0:{port}", *call, f"{target.module}:{target.name}"))


def _daphne(target: ServedObject, port: int) -> Start:
    return Start(("daphne", "-b", "0.0.0.0", "-p", str(port), f"{target.module}:{target.name}"))  # noqa: S104


SERVERS: Final = (
    Server("gunicorn", (Protocol.WSGI,), _gunicorn),
    Server("uvicorn", (Protocol.ASGI,), _uvicorn),
    Server("waitress", (Protocol.WSGI,), _waitress),
    Server("hypercorn", (Protocol.ASGI, Protocol.WSGI), _hypercorn),
    Server("granian", (Protocol.ASGI, Protocol.WSGI), _granian),
    Server("daphne", (Protocol.ASGI,), _daphne, factories=False),
)
"""In order of preference where an application depends on several."""


def servers_for(protocol: Protocol, *, factory: bool = False) -> tuple[Server, ...]:
    """The servers that speak `protocol` (and can call a `factory`), preferred ones first."""
    return tuple(
        server
        for server in SERVERS
        if protocol in server.protocols and (server.factories or not factory)
    )


def has_version_arguments(server: str) -> bool:
    """Whether `version_arguments` may have something for a version of `server`."""
    return server == "gunicorn"


def version_arguments(server: str, version: str) -> tuple[str, ...]:
    """Arguments that only the `version` of `server` that was resolved understands.

    Since 25.1 gunicorn opens a control socket in the home directory, and logs an error on
    each start when that is read-only.
    """
    if not has_version_arguments(server):
        return ()
    numbers = [int(part) if part.isdigit() else 0 for part in version.split(".")[:2]]
    return ("--no-control-socket",) if tuple(numbers) >= (25, 1) else ()
