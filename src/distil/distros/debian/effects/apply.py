"""All effects together: the tree of a configured system."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import Cuts
from distil.distros.debian.effects.accounts import Accounts, image_home
from distil.distros.debian.effects.certificates import certificate_nodes
from distil.distros.debian.effects.machine import Alternative, Ownership
from distil.distros.debian.effects.order import in_configuration_order
from distil.distros.debian.effects.record import Made, ScriptEffects, UnhandledScript
from distil.distros.debian.effects.scripts import DATA, script_effects
from distil.distros.debian.effects.system_files import system_nodes
from distil.distros.debian.ground import WHOLE_SYSTEM, Ground
from distil.distros.debian.select import Selection, Wanted
from distil.fetch.cache import Cache
from distil.model.account import ImageUser
from distil.model.node import Kind, Node, directory, generated_file, symlink
from distil.model.origin import MADE_BY_SCRIPTS, GeneratedOrigin
from distil.model.platform import Platform
from distil.model.tree import Tree

_AREA: Final = "analysis"
_VERSION: Final = "3"
"""To be raised when following scripts comes to other results."""

ALTERNATIVES: Final = GeneratedOrigin("alternatives")
_DIRECTORY: Final = "/etc/alternatives"
_CAPABILITIES: Final = "security.capability"
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ScriptEffects)


class Configuration(msgspec.Struct, frozen=True):
    """What the effects depend on beside the packages."""

    platform: Platform
    user: ImageUser
    wanted: Wanted = Wanted()
    certificates: tuple[Node, ...] = ()
    """Local certificates, which are no package's."""
    ground: Ground = WHOLE_SYSTEM


class Configured(msgspec.Struct, frozen=True):
    """A system with its packages configured.

    `home` is the image user's home directory; `unhandled` is what maintainer scripts would have
    done and the tree lacks.
    """

    tree: Tree
    home: str
    unhandled: tuple[UnhandledScript, ...]


def apply_effects(
    selection: Selection, packs: Sequence[DebPack], cuts: Cuts, setting: Configuration, cache: Cache
) -> Configured:
    """The tree of `selection` as configuring `packs` would have left it.

    Not in it yet: what depends on every file of the image, the library cache and the package
    status. Raises `MalformedCertificate`, `FileConflict`, `CorruptContent`.
    """
    asked = setting.wanted.packages
    taken_in_part = [p.name for p in packs if cuts.partial(p.name, asked=p.name in asked)]
    effects = _script_effects(packs, setting.platform, taken_in_part, cache)
    ground = setting.ground
    tree = ground.with_files(selection.tree)
    if effects.removed:
        gone = {p for p in effects.removed if ground.foundation.tree.get(p) is None}
        tree = tree.filter(lambda node: node.path not in gone)
    tree = tree.with_nodes(_made(effects.made, cuts, asked))
    tree = tree.with_nodes(_alternatives(tree, effects.alternatives))
    tree = tree.with_nodes(system_nodes(tree, packs, whole=ground.makes_system))
    tree = tree.with_nodes(setting.certificates)
    accounts = Accounts(packs, ground.foundation.tree)
    accounts.add(effects.accounts, effects.groups)
    accounts.join(effects.members)
    home = accounts.add_image_user(setting.user)
    nodes = [
        *certificate_nodes(tree, ground.foundation.tree),
        *accounts.nodes(tree),
        *image_home(setting.user, home),
        *_owned(tree, effects.ownership, accounts),
    ]
    return Configured(tree.with_nodes(nodes), home, effects.unhandled)


def _script_effects(
    packs: Sequence[DebPack], platform: Platform, passed_over: Sequence[str], cache: Cache
) -> ScriptEffects:
    """Following the scripts, remembered: the same packages come to the same."""
    inputs = [_VERSION, _data_digest(), platform.debian, *sorted(passed_over)]
    inputs += sorted(pack.package.digest for pack in packs)
    key = "scripts " + hashlib.sha256("\n".join(inputs).encode()).hexdigest()
    data = cache.document(_AREA, key)
    if data is not None:
        return _DECODER.decode(data)
    effects = script_effects(in_configuration_order(packs), platform.debian, passed_over)
    cache.put_document(_AREA, key, _ENCODER.encode(effects))
    return effects


@functools.cache
def _data_digest() -> str:
    return hashlib.sha256(DATA.read_bytes()).hexdigest()


def _made(made: Sequence[Made], cuts: Cuts, asked: Collection[str]) -> Iterator[Node]:
    """What scripts make, but for what is cut; less is of packages that are asked for."""
    for one in made:
        rules = cuts.file_rules(asked=one.package in asked)
        if rules.of(one.path) is not None:
            continue
        rule = f"{MADE_BY_SCRIPTS}{one.package}"
        if one.kind is Kind.FILE:
            yield generated_file(one.path, one.data, rule, one.mode)
        elif one.kind is Kind.SYMLINK:
            yield symlink(one.path, one.target, GeneratedOrigin(rule))
        else:
            yield directory(one.path, GeneratedOrigin(rule), one.mode)


def _alternatives(tree: Tree, alternatives: Iterable[Alternative]) -> Iterator[Node]:
    """Of each name the choice with the highest priority that is in the image, and its slaves."""
    best: dict[str, Alternative] = {}
    for choice in alternatives:
        known = best.get(choice.name)
        if tree.resolve(choice.path) is not None and (
            known is None or choice.priority > known.priority
        ):
            best[choice.name] = choice
    for name, choice in sorted(best.items()):
        for link, generic, path in ((choice.link, name, choice.path), *choice.slaves):
            if tree.resolve(path) is not None and tree.get(tree.real_path(link)) is None:
                yield symlink(f"{_DIRECTORY}/{generic}", path, ALTERNATIVES)
                yield symlink(link, f"{_DIRECTORY}/{generic}", ALTERNATIVES)


def _owned(tree: Tree, changes: Mapping[str, Ownership], accounts: Accounts) -> Iterator[Node]:
    """The nodes whose owner or mode scripts change."""
    for path, change in changes.items():
        node = tree.get(path)
        if node is None:
            continue
        uid = _id(change.user, accounts.uid)
        gid = _id(change.group, accounts.gid)
        lost = (_CAPABILITIES,) if change.capabilities_lost else ()
        yield msgspec.structs.replace(
            node,
            uid=node.uid if uid is None else uid,
            gid=node.gid if gid is None else gid,
            mode=node.mode if change.mode is None else change.mode,
            xattrs=tuple(pair for pair in node.xattrs if pair[0] not in lost),
        )


def _id(name: str | None, known: Callable[[str], int | None]) -> int | None:
    """The number of a user or group; a name comes before a number, as for chown(1)."""
    found = known(name) if name else None
    return int(name) if found is None and name and name.isascii() and name.isdigit() else found
