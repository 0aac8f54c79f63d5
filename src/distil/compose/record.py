"""The ledger of an image: made from a composition, tied to the image, kept in the cache."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.compose.compose import Composition
from distil.compose.ledgers import AREA
from distil.compose.plan import Plan
from distil.fetch.cache import Cache
from distil.formats.ledger import MEDIA_TYPE, encode_ledger
from distil.image.artifact import Artifact, attach
from distil.image.assemble import Image
from distil.model.ledger import Kept, Ledger, Reason
from distil.model.node import Kind, Node
from distil.model.origin import GeneratedOrigin, LayerOrigin, Origin, PackageOrigin
from distil.model.tree import Tree

METADATA: Final = "metadata"
CLOSURE: Final = "package closure"
APPLICATION: Final = "application"
BASE: Final = "base image"
DIRECTORY: Final = "directory of what is kept"
TOOL: Final = "debug twin"


def ledger_of(plan: Plan, composition: Composition) -> Ledger:
    """Why each path of `composition` is there, and why others are not."""
    packages = plan.system.packages
    askers = {package.purl: _askers(package.name, plan) for package in packages}
    kept = []
    there = Reason(BASE, "", str(plan.resolved.base.foundation))
    for node in composition.tree:
        reason = composition.reasons.get(node.path) or composition.copied.get(node.path)
        if reason is None and isinstance(node.origin, LayerOrigin):
            reason = there
        if reason is None and composition.reasons and node.kind is Kind.DIRECTORY:
            reason = Reason(DIRECTORY)
        further = composition.further.get(node.path, ())
        kept.append(_kept(node, reason or _reason_of(node, askers), *further))
    return Ledger(tuple(kept), composition.removed)


def twin_ledger(production: Ledger, tools: Tree) -> Ledger:
    """The ledger of the debug twin: production's, and what `tools` add or replace.

    A file that production did without and a tool needs is not left out any more.
    """
    kept = {entry.path: entry for entry in production.kept}
    for node in tools:
        known = kept.get(node.path)
        if known is not None and known.origin == _origin(node):
            kept[node.path] = msgspec.structs.replace(known, kind=node.kind, size=node.size)
        else:
            kept[node.path] = _kept(node, Reason(TOOL, "", "a shell and what it needs"))
    removed = tuple(gone for gone in production.removed if gone.path not in tools)
    return Ledger(tuple(kept[path] for path in sorted(kept)), removed)


def record(image: Image, ledger: Ledger, cache: Cache) -> Artifact:
    """`ledger` as an artifact about `image`; remembered under the image's digest and ID.

    Raises `DiskFull`, `CacheUnwritable`.
    """
    data = encode_ledger(ledger)
    for digest in (image.descriptor.digest, image.id):
        cache.put_document(AREA, digest.hex, data)
    return attach(image.descriptor, MEDIA_TYPE, data)


def _kept(node: Node, *reasons: Reason) -> Kept:
    return Kept(node.path, node.kind, node.size, _origin(node), reasons)


def _origin(node: Node) -> Origin:
    """As the ledger has it: the reason tells what a file was made from."""
    origin = node.origin
    if isinstance(origin, GeneratedOrigin) and origin.made_from:
        return GeneratedOrigin(origin.rule)
    return origin or GeneratedOrigin("")


def _reason_of(node: Node, askers: dict[str, str]) -> Reason:
    """Why something is there for which no evidence was looked for."""
    origin = node.origin
    if isinstance(origin, GeneratedOrigin):
        if origin.made_from:
            return Reason(origin.rule, origin.made_from)
        return Reason(METADATA, "", origin.rule)
    if isinstance(origin, PackageOrigin):
        return Reason(CLOSURE, "", askers.get(origin.purl, ""))
    return Reason(APPLICATION)


def _askers(name: str, plan: Plan) -> str:
    edges = plan.system.reasons.get(name, ())
    return ", ".join(dict.fromkeys(edge.package or "the image" for edge in edges))
