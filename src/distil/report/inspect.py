"""What the documents of an image say, as text and JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from distil.image.description import Description
from distil.model.image import ContainerConfig
from distil.report.document import json_text
from distil.report.units import columns, number, size

_Rows = Iterator[tuple[str, ...]]


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    schema_version: int
    image: str
    description: Description


def to_json(image: str, description: Description) -> str:
    """All that there is; the container's configuration has the keys that it has in the image."""
    return json_text(_Document(1, image, description))


def to_text(image: str, description: Description) -> str:
    """A line for each thing that is said, then tables of what there is several of."""
    tables = [
        ("platforms", _platforms(description)),
        ("layers", _layers(description)),
        ("files", _files(description)),
        ("referrers", _referrers(description)),
    ]
    parts = [columns(list(_facts(image, description)), indent="")]
    for title, rows in tables:
        found = list(rows)
        if found:
            parts.append(f"{title}\n{columns(found)}")
    return "\n\n".join(parts)


def _facts(image: str, description: Description) -> _Rows:
    yield ("name", image)
    yield ("digest", description.digest)
    yield ("media type", description.media_type)
    about = {
        "artifact type": description.artifact_type,
        "about": description.subject or "",
        "platform": description.platform,
        "created": description.created,
        "author": description.author,
        "download": _download(description),
    }
    yield from ((name, value) for name, value in about.items() if value)
    if description.config is not None:
        yield from _settings(description.config)
    yield from _listed("annotations", _pairs(description.annotations))


def _download(description: Description) -> str:
    if not description.size:
        return ""
    if description.config is not None:
        return f"{size(description.size)} in {number(len(description.layers), 'layer')}"
    return f"{size(description.size)} in {number(len(description.files), 'file')}"


def _settings(config: ContainerConfig) -> _Rows:
    """How a container is started; what is not said is left out, but for the user."""
    yield ("user", config.user or "root (not set)")
    yield from _listed("entrypoint", _command(config.entrypoint))
    yield from _listed("cmd", _command(config.cmd))
    yield from _listed("workdir", [config.working_dir] if config.working_dir else [])
    yield from _listed("env", config.env)
    yield from _listed("ports", config.exposed_ports)
    yield from _listed("volumes", config.volumes)
    yield from _listed("stop signal", [config.stop_signal] if config.stop_signal else [])
    check = config.healthcheck
    yield from _listed("health check", _command(check.test) if check is not None else [])
    yield from _listed("labels", _pairs(config.labels))


def _command(words: Sequence[str]) -> list[str]:
    return [shlex.join(words)] if words else []


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in sorted(values.items())]


def _listed(name: str, values: Iterable[str]) -> _Rows:
    """A row for each value, the first of which has the name."""
    for value in values:
        yield (name, value)
        name = ""


def _platforms(description: Description) -> _Rows:
    for entry in description.platforms:
        kind = entry.artifact_type or entry.platform or "no platform"
        yield (kind, entry.digest, size(entry.size) if entry.size is not None else "not here")


def _layers(description: Description) -> _Rows:
    for place, layer in enumerate(description.layers, start=1):
        yield (str(place), layer.digest, size(layer.size), layer.command)


def _files(description: Description) -> _Rows:
    for file in description.files:
        yield (file.title or "(no title)", file.digest, size(file.size), file.media_type)


def _referrers(description: Description) -> _Rows:
    for entry in description.referrers:
        yield (entry.artifact_type, entry.digest, size(entry.size))
