"""From a composed tree to the production image and its debug twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from distil.compose.configuration import container_config, debug_config
from distil.compose.layers import Components, split
from distil.compose.plan import Plan
from distil.fetch.cache import Cache
from distil.image.assemble import Image, assemble
from distil.image.layer import Layer, write_layer
from distil.model.certificates import BUNDLE
from distil.model.image import Compression, ContainerConfig, ImageConfig, decode_document
from distil.model.node import ROOT, Node
from distil.model.tree import Tree


def production_image(plan: Plan, tree: Tree, created: int, cache: Cache) -> Image:
    """`tree` in layers by rate of change. `created` is in seconds since 1970.

    Raises `DiskFull`, `CacheUnwritable`, `CorruptContent`.
    """
    press = _Press(plan, created, cache)
    config = press.config(tree)
    layers = [press.layer(nodes, kind.title) for kind, nodes in split(tree, _components(plan))]
    return press.image([*press.foundation.layers, *layers], config)


def debug_twin(plan: Plan, production: Image, tools: Tree, created: int, cache: Cache) -> Image:
    """The production layers as they are, and one of `tools`, found at the end of PATH."""
    press = _Press(plan, created, cache)
    layer = press.layer([node for node in tools if node.path != ROOT], "debug tools")
    config = decode_document(production.config.data, ImageConfig, "configuration").config
    return press.image([*production.layers, layer], debug_config(config))


class _Press:
    """Makes layers and images that have a plan, a date and a cache in common."""

    def __init__(self, plan: Plan, created: int, cache: Cache) -> None:
        resolved = plan.resolved
        self.foundation = resolved.base.foundation
        self._plan = plan
        self._created = created
        self._cache = cache
        self._compression = Compression.named(resolved.spec.image.compression)

    def config(self, tree: Tree) -> ContainerConfig:
        resolved = self._plan.resolved
        return container_config(
            resolved.spec,
            resolved.application,
            resolved.runtime.environment,
            self.foundation.config,
            has_bundle=tree.resolve(BUNDLE) is not None,
        )

    def layer(self, nodes: Sequence[Node], title: str) -> Layer:
        return write_layer(
            nodes,
            compression=self._compression,
            mtime=self._created,
            cache=self._cache,
            created_by=f"distil: {title}",
        )

    def image(self, layers: Sequence[Layer], config: ContainerConfig) -> Image:
        return assemble(
            layers,
            config,
            platform=self._plan.resolved.base.platform,
            created=self._created,
            annotations=_annotations(self._plan),
            history=self.foundation.history,
        )


def _components(plan: Plan) -> Components:
    runtime, base = plan.resolved.runtime, plan.resolved.base
    piecemeal = [p.purl for p in plan.system.packages if p.name in runtime.piecemeal]
    return Components(base.ecosystem, frozenset(piecemeal), runtime.own)


def _annotations(plan: Plan) -> Mapping[str, str]:
    """OCI's own annotation keys: what is known, and what the user's labels say."""
    application, spec = plan.resolved.application, plan.resolved.spec
    known = plan.resolved.base.foundation.annotations
    known |= {"org.opencontainers.image.title": application.name}
    if application.version:
        known["org.opencontainers.image.version"] = application.version
    said = {k: v for k, v in spec.image.labels.items() if k.startswith("org.opencontainers.")}
    return known | said
