"""The user's configuration file: what holds for every build on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from distil.errors import did_you_mean
from distil.fetch.errors import InvalidConfiguration
from distil.model.limits import Limits
from distil.model.regular_file import read_small

NONE: Final = "none"
"""What stands in ``[db]`` for a source that is not to be asked."""


class DebianSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``[debian]``: where Debian packages come from; empty where nothing is said."""

    mirror: str = ""
    security_mirror: str = ""
    snapshot_mirror: str = ""
    security_snapshot_mirror: str = ""
    keyring: str = ""


class NetworkSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``[network]``: how anything is fetched.

    `ca_file` is a file of certificates to trust beside those of the machine.
    """

    ca_file: str = ""


class DbSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``[db]``: where advisories come from: addresses or paths, ``none`` for not at all.

    `place`, ``from`` in the file, has all of them in the layout of OSV's public bucket; then the
    others are not asked. `osv` is the base of such a layout, `endoflife` that of endoflife.date's
    products, the others are files. `ecosystems` are OSV's, those that images have if empty.
    """

    place: str = msgspec.field(default="", name="from")
    osv: str = ""
    kev: str = ""
    epss: str = ""
    debian_tracker: str = ""
    endoflife: str = ""
    ecosystems: tuple[str, ...] = ()


class RegistriesSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``[registries]``: where images are.

    `token_services` are hosts that logins for registries may be sent to, though they belong to
    another domain than the registry that names them.
    """

    token_services: tuple[str, ...] = ()


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file. Paths in it are absolute by now: they are relative to the file."""

    db: DbSection = DbSection()
    debian: DebianSection = DebianSection()
    network: NetworkSection = NetworkSection()
    limits: Limits = Limits()
    registries: RegistriesSection = RegistriesSection()


def configuration_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's configuration file, whether or not it exists (XDG base directories)."""
    base = environment.get("XDG_CONFIG_HOME", "")
    home = Path(base) if base.startswith("/") else Path("~/.config").expanduser()
    return home / "distil" / "config.toml"


def read_configuration(path: Path) -> Configuration:
    """What the file at `path` says; all defaults when there is none.

    Raises `InvalidConfiguration`.
    """
    try:
        text = read_small(path).decode("utf-8")
    except FileNotFoundError:
        return Configuration()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfiguration(str(path), "cannot be read") from error
    from distil.formats.toml import NotToml, parse_toml  # slow to load

    try:
        found = msgspec.convert(parse_toml(text), Configuration)
    except NotToml as error:
        raise InvalidConfiguration(str(path), str(error)) from error
    except msgspec.ValidationError as error:
        raise InvalidConfiguration(str(path), str(error), hint=_slip(str(error))) from error
    debian, network = found.debian, found.network
    return msgspec.structs.replace(
        found,
        db=_absolute_sources(found.db, path),
        debian=msgspec.structs.replace(debian, keyring=_absolute(debian.keyring, path)),
        network=msgspec.structs.replace(network, ca_file=_absolute(network.ca_file, path)),
    )


def _absolute_sources(db: DbSection, configuration: Path) -> DbSection:
    """Directories and files relative to the configuration; what has a scheme stays as it is."""
    places = {
        name: _absolute(value, configuration)
        for name in db.__struct_fields__
        if isinstance(value := getattr(db, name), str) and value != NONE and ":" not in value
    }
    return msgspec.structs.replace(db, **places)


def _absolute(name: str, configuration: Path) -> str:
    return name and str(configuration.parent / Path(name).expanduser())


def _slip(message: str) -> str:
    sections = {field.name: field.type for field in msgspec.structs.fields(Configuration)}
    keys = {name: section.__struct_encode_fields__ for name, section in sections.items()}
    word = message.partition("`")[2].partition("`")[0]
    known = "; ".join(f"{', '.join(names)} under [{name}]" for name, names in keys.items())
    everything = [*keys, *(key for names in keys.values() for key in names)]
    return did_you_mean(word, everything) or f"known keys are {known}"
