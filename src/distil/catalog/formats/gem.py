"""Ruby gems: the specifications that RubyGems keeps of what is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.catalog.facts import Added, Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import line, word
from distil.catalog.formats.licenses import spdx_all
from distil.catalog.formats.ruby_literals import LIST, STRING, text_of, texts_in
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_LARGEST: Final = 4 << 20
"""Characters of a specification."""
_STUB: Final = re.compile(r"^# stub: (\S+) (\S+) (\S+) ", re.MULTILINE)
"""What RubyGems itself reads when it looks for gems: name, version, platform."""
_FIELD: Final = re.compile(
    r"^[ \t]*+[a-z]\w*+\.(?P<field>[a-z_]++)[ \t]*+=[ \t]*+(?:Gem::Version\.new[ (]*+)?"
    rf"(?:{STRING}|{LIST})",
    re.MULTILINE | re.DOTALL,
)
_NEED: Final = re.compile(rf"\.add_(?:runtime_)?+dependency[ (]*+{STRING}", re.DOTALL)
_SYSTEM: Final = re.compile(r"^(?P<prefix>.*)/lib/ruby/gems/(?P<abi>[^/]+)$")
"""The gems of an interpreter, whose prefix and library directory follow from that."""


def gemspec(path: str, content: Content) -> Facts:
    """``specifications/NAME-VERSION.gemspec``, or in ``default`` for a gem of Ruby itself."""
    source = content[:_LARGEST].decode("utf-8", "replace")
    texts: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for found in _FIELD.finditer(source):
        if found["list"] is not None:
            lists.setdefault(found["field"], texts_in(found["list"]))
        else:
            texts.setdefault(found["field"], text_of(found))
    stub = _STUB.search(source)
    name = word(texts.get("name")) or (word(stub[1]) if stub else "")
    version = word(texts.get("version")) or (word(stub[2]) if stub else "")
    if not name or not version:
        raise Unreadable("it names no gem and version")
    platform = word(texts.get("platform")) or (word(stub[3]) if stub else "")
    authors = lists.get("authors") or [texts.get("author", "")]
    licenses = spdx_all(filter(None, lists.get("licenses") or [texts.get("license", "")]))
    component = InventoryComponent(
        name=name,
        version=version,
        kind="gem",
        purl=package_url("gem", name, version),
        architecture="" if platform == "ruby" else platform,
        supplier=line(", ".join(authors)),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=word(texts.get("homepage")),
        description=line(texts.get("summary")),
    )
    home, is_default = _home(path)
    full = path.rpartition("/")[2].removesuffix(".gemspec")
    claims = [*_claims(path, home, full), *_executables(home, lists.get("executables", ()))]
    if is_default:
        claims += _library(home, lists.get("files", ()))
    needs = {text_of(found) for found in _NEED.finditer(source)}
    keys = (f"gem:{home}:{full}", f"gem:{home}:{name}")
    needed = tuple(f"gem:{home}:{one}" for one in sorted(needs) if word(one))
    return Facts((Stated(component, keys, tuple(claims), needed),))


def built_extension(path: str, _content: Content) -> Facts:
    """``extensions/PLATFORM/ABI/NAME-VERSION/gem.build_complete``: what a gem compiled."""
    directory = directory_of(path)
    home = directory_of(directory, 4)
    key = f"gem:{home}:{directory.rpartition('/')[2]}"
    return Facts(added=(Added(key, (Claim(directory, is_tree=True),)),))


def _home(path: str) -> tuple[str, bool]:
    """The directory that has ``specifications`` and ``gems``, and whether Ruby ships the gem."""
    directory = directory_of(path)
    is_default = directory.endswith("/default")
    return directory_of(directory, 2 if is_default else 1), is_default


def _claims(path: str, home: str, full: str) -> Iterator[Claim]:
    home = home.rstrip("/")
    yield Claim(path, is_optional=True)
    yield Claim(f"{home}/gems/{full}", is_tree=True)
    yield Claim(f"{home}/doc/{full}", is_tree=True)
    yield Claim(f"{home}/cache/{full}.gem", is_optional=True)
    yield Claim(f"{home}/build_info/{full}.info", is_optional=True)


def _executables(home: str, names: list[str] | tuple[str, ...]) -> Iterator[Claim]:
    """The scripts that start its programs."""
    system = _SYSTEM.match(home)
    directory = image_path(system["prefix"] or "/", "bin") if system else f"{home}/bin"
    for name in names:
        found = image_path(directory, name) if word(name) and "/" not in name else ""
        if found:
            yield Claim(found, is_optional=True)


def _library(home: str, files: list[str] | tuple[str, ...]) -> Iterator[Claim]:
    """The files of a gem that lies in Ruby's own library; which it has, depends on the build."""
    system = _SYSTEM.match(home)
    if system is None:
        return
    library = f"{system['prefix']}/lib/ruby/{system['abi']}"
    for name in files:
        found = image_path(library, name.removeprefix("lib/"))
        if found.startswith(f"{library}/"):
            yield Claim(found, is_optional=True)
