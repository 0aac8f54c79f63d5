"""What a shell may offer where an image, a destination or a base is to be named.

Only what completes: whether a name makes sense is decided by those who take it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings

_LAYOUT: Final = "oci:"
_ARCHIVES: Final = ("oci-archive:", "docker-archive:")
_NAME: Final = "org.opencontainers.image.ref.name"
_LARGEST: Final = 4 << 20


def image(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Images in layouts, with their tags, and archives."""
    return [place for place in _places(incomplete, tags=True) if place.startswith(incomplete)]


def destination(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Where images can be written to: directories and archives that are there already."""
    return [place for place in _places(incomplete, tags=False) if place.startswith(incomplete)]


def base(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Debian's suites by name, nothing, and images that are here."""
    from distil.distros.debian.suites import ALIASES, MAJOR_VERSIONS

    names = [f"debian:{suite}" for suite in (*MAJOR_VERSIONS, *ALIASES)] + ["scratch"]
    names += _places(incomplete, tags=True)
    return [name for name in names if name.startswith(incomplete)]


def platform(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The platforms that images can be built for; after a comma, another one."""
    from distil.model.platform import PLATFORMS

    before, comma, _ = incomplete.rpartition(",")
    named = [before + comma + platform.oci for platform in PLATFORMS]
    return [name for name in named if name.startswith(incomplete)]


def _settings(
    ctx: click.Context, _param: click.Parameter, hosts: tuple[str, ...]
) -> StoreSettings | None:
    if ctx.resilient_parsing:
        return None  # A shell completes: no verb is run, and nothing is to be loaded.
    from distil.image.stores import StoreSettings
    from distil.model.reference import is_registry_host

    for host in hosts:
        if not is_registry_host(host):
            raise click.BadParameter(f"{host!r} is not HOST or HOST:PORT, as in an image's name")
    return StoreSettings(insecure=frozenset(hosts))


def _secrets(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    pairs = {}
    for text in values:
        name, _, place = text.partition("=")
        if not name or not place:
            # It may be the secret itself, so it is not shown.
            raise click.BadParameter("write NAME=FILE or NAME=env:VARIABLE")
        pairs[name] = place
    return pairs


platform_of_several: Final = click.option(
    "--platform",
    default="",
    metavar="OS/ARCH",
    shell_complete=platform,
    help="Which one of several.",
)
"""The option of all verbs that look at one image."""

platforms_of_several: Final = click.option(
    "--platform",
    default="",
    metavar="OS/ARCH",
    shell_complete=platform,
    help="Which one of several; by default all.",
)
"""The option of those that look at all images of an index."""

output: Final = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to; it appears whole.",
)
"""The option of all verbs whose answer can be a file."""

insecure: Final = click.option(
    "--insecure",
    "settings",
    multiple=True,
    metavar="HOST[:PORT]",
    callback=_settings,
    help="Do without TLS, or without a certificate, at this registry. Repeatable.",
)
"""The option of all verbs that take images: what is said of registries."""


secrets: Final = click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME=FILE",
    callback=_secrets,
    help="What a stage may mount as a secret, or NAME=env:VARIABLE. Repeatable.",
)
"""The option of all verbs that may run stages."""


def _places(typed: str, *, tags: bool) -> Iterator[str]:
    transport, colon, rest = typed.partition(":")
    kind = transport + colon
    if not colon:
        yield from (_LAYOUT, *_ARCHIVES)
    elif kind == _LAYOUT and tags and ":" in rest:
        yield from _tagged(rest.rpartition(":")[0])
    elif kind == _LAYOUT or kind in _ARCHIVES:
        yield from _below(kind, rest, tags=tags)


def _below(kind: str, typed: str, *, tags: bool) -> Iterator[str]:
    """What is in the directory that was typed so far."""
    parent = typed[: typed.rfind("/") + 1]
    for path in _listed(Path(parent or ".")):
        place = f"{kind}{parent}{path.name}"
        if kind == _LAYOUT and (path / "oci-layout").is_file():
            yield from _tagged(parent + path.name) if tags else [place]
        elif path.is_dir():
            yield f"{place}/"
        elif kind in _ARCHIVES and path.suffix == ".tar":
            yield place


def _listed(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _tagged(directory: str) -> Iterator[str]:
    """The images of a layout, which may be broken: then there are none."""
    from distil.model.regular_file import open_regular

    try:
        with open_regular(Path(directory, "index.json")) as stream:
            manifests = json.loads(stream.read(_LARGEST))["manifests"]
        tags = [entry.get("annotations", {}).get(_NAME) for entry in manifests]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    yield from (
        f"{_LAYOUT}{directory}:{tag}" for tag in tags if isinstance(tag, str) and tag.isprintable()
    )
