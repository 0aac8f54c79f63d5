"""What a build came to, as plain values: the input of reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.compose.compose import Composition
from distil.compose.inspect import Check
from distil.compose.lacking import Lacking
from distil.compose.plan import Plan
from distil.compose.plan_summary import PlanSummary, planned
from distil.compose.product import Product
from distil.compose.publish import Publication, Published
from distil.distros.protocol import Remedy
from distil.image.assemble import Image
from distil.model.component import ToldProgram
from distil.model.digest import Digest
from distil.model.inventory import OS_KINDS
from distil.model.node import Kind
from distil.model.origin import Origin, PackageOrigin
from distil.model.policy import RuleResult, ScanSummary
from distil.model.tree import Tree
from distil.stages.site import StageRun

_CAPABILITIES: Final = "security.capability"


class ComponentSummary(msgspec.Struct, frozen=True, rename="camel"):
    """A component of the image; `size` is in bytes, of the files present.

    `kind` is one of those that inventories know, as ``deb`` or ``python``.
    """

    name: str
    version: str
    purl: str
    files: int
    size: int
    needed_by: tuple[str, ...] = ()
    kind: str = ""


class CutTotal(msgspec.Struct, frozen=True):
    """What one rule left out; `size` in bytes."""

    rule: str
    reason: str
    files: int
    size: int


class ComputedImports(msgspec.Struct, frozen=True):
    """Imports whose module the code does not say, so that all is kept that could be meant.

    `places` are where they stand; `files` and `size` (in bytes) of what is kept for them alone.
    """

    places: tuple[str, ...]
    files: int
    size: int


class Privilege(msgspec.Struct, frozen=True):
    """A file that gives more rights than its caller has, or that is a device, and how it does."""

    path: str
    what: str


class LayerSummary(msgspec.Struct, frozen=True, rename="camel"):
    """One layer; sizes in bytes, of the blob and of the tar."""

    title: str
    digest: Digest
    diff_id: Digest
    size: int
    uncompressed_size: int


class ImageSummary(msgspec.Struct, frozen=True, rename="camel"):
    """One image that was written; `references` say where, sizes are in bytes."""

    references: tuple[str, ...]
    digest: Digest
    config: Digest
    size: int
    uncompressed_size: int
    layers: tuple[LayerSummary, ...]


class StageSummary(msgspec.Struct, frozen=True):
    """A stage that something was copied from.

    `packages` and `commands` are how many it has; the commands took `seconds`, now or, when it is
    `cached`, when they last ran.
    """

    name: str
    base: str
    packages: int
    commands: int
    seconds: float
    cached: bool


class BuildSummary(msgspec.Struct, frozen=True, rename="camel"):
    """All of a build. `images` is the production image and then, if there is one, its twin.

    `packages`, `distributions` and `others` are what is in the image, as its finished layers tell
    and scanners see it, fewer than the plan's: packages of the system, those of the application's
    language, and components of any other kind. `size_before` is what the same packages and
    components hold before anything is cut, in bytes. `unhandled` is what the packages' own scripts
    do and distil does not, with the `remedies` that are known; `lacking` is what the application
    names and the image lacks. `programs` are the application's own compiled ones, with the
    components that each says it is made from. `privileges` is every file of the production image
    with setuid, setgid or
    capabilities, and every device. `policy` is what its rules came to, `scan` what is known of
    the vulnerabilities, where they were looked for. A dry run has a plan only.
    """

    plan: PlanSummary
    size_before: int = 0
    packages: tuple[ComponentSummary, ...] = ()
    distributions: tuple[ComponentSummary, ...] = ()
    others: tuple[ComponentSummary, ...] = ()
    debug_packages: tuple[ComponentSummary, ...] = ()
    cuts: tuple[CutTotal, ...] = ()
    unhandled: tuple[str, ...] = ()
    computed_imports: ComputedImports | None = None
    remedies: tuple[Remedy, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    programs: tuple[ToldProgram, ...] = ()
    privileges: tuple[Privilege, ...] = ()
    checks: tuple[Check, ...] = ()
    images: tuple[ImageSummary, ...] = ()
    stages: tuple[StageSummary, ...] = ()
    policy: tuple[RuleResult, ...] = ()
    scan: ScanSummary | None = None
    engine: str = ""
    schema_version: int = 1

    @property
    def platforms(self) -> tuple[BuildSummary, ...]:
        """The build itself, so that it can stand where an `IndexSummary` can."""
        return (self,)

    @property
    def names(self) -> tuple[str, ...]:
        """How the production image is addressed, everywhere it was written."""
        return self.images[0].references if self.images else ()


class PlatformImage(msgspec.Struct, frozen=True):
    """One entry of an image index."""

    platform: str
    digest: Digest


class ImageIndexSummary(msgspec.Struct, frozen=True):
    """An image for several platforms that was written; `references` say where."""

    references: tuple[str, ...]
    digest: Digest
    manifests: tuple[PlatformImage, ...]


class IndexSummary(msgspec.Struct, frozen=True, rename="camel"):
    """All of a build for several platforms.

    `platforms` say of each what a build for it alone would, but for references and engine: an
    image is addressed through its index. `images` are the production index and, if there is one,
    the twin's. `loaded` is the platform that the engine got.
    """

    platforms: tuple[BuildSummary, ...]
    images: tuple[ImageIndexSummary, ...] = ()
    engine: str = ""
    loaded: str = ""
    schema_version: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """How the production image is addressed, everywhere it was written."""
        return self.images[0].references if self.images else ()


def summarise_image(image: Image, references: tuple[str, ...] = ()) -> ImageSummary:
    """An image with the places it was written to."""
    return ImageSummary(
        references=references,
        digest=image.descriptor.digest,
        config=image.id,
        size=image.compressed_size,
        uncompressed_size=image.size,
        layers=tuple(
            LayerSummary(
                title=layer.created_by.removeprefix("distil: "),
                digest=layer.descriptor.digest,
                diff_id=layer.diff_id,
                size=layer.descriptor.size,
                uncompressed_size=layer.size,
            )
            for layer in image.layers
        ),
    )


def components(tree: Tree, ecosystem: str, plan: Plan) -> tuple[ComponentSummary, ...]:
    """The packages or components of `ecosystem` of `plan` that have files in `tree`."""
    files: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for node in tree:
        origin = node.origin
        if (
            isinstance(origin, PackageOrigin)
            and node.kind is not Kind.DIRECTORY
            and origin.ecosystem == ecosystem
        ):
            files[origin.purl] = files.get(origin.purl, 0) + 1
            shared = node.kind is Kind.HARDLINK
            sizes[origin.purl] = sizes.get(origin.purl, 0) + (0 if shared else node.size)
    system = (*plan.system.packages, *plan.system.tools)
    everything = (*system, *plan.resolved.runtime.components)
    found = {item.purl: item for item in everything if item.purl in files}
    return tuple(
        ComponentSummary(
            item.name,
            item.version,
            purl,
            files[purl],
            sizes[purl],
            _askers(item.name, plan),
            ecosystem,
        )
        for purl, item in sorted(found.items(), key=lambda entry: entry[1].name)
    )


def _askers(name: str, plan: Plan) -> tuple[str, ...]:
    edges = plan.system.reasons.get(name, ())
    return tuple(dict.fromkeys(edge.package or "the image" for edge in edges))


def summarise_plans(
    plans: Sequence[Plan], stages: Sequence[str] = ()
) -> BuildSummary | IndexSummary:
    """What was decided for each platform, for a dry run; `stages` says what would be run."""
    found = tuple(BuildSummary(plan=planned(plan, tuple(stages))) for plan in plans)
    return found[0] if len(found) == 1 else IndexSummary(found)


def summarise(products: Sequence[Product], publication: Publication) -> BuildSummary | IndexSummary:
    """All of a build that came to its end."""
    platforms = tuple(_summarised(product) for product in products)
    if len(platforms) > 1:
        return IndexSummary(
            platforms,
            tuple(_summarised_index(published) for published in publication.images),
            publication.engine,
            publication.loaded,
        )
    places = [published.references for published in publication.images]
    images = zip(platforms[0].images, places, strict=True)
    return msgspec.structs.replace(
        platforms[0],
        images=tuple(msgspec.structs.replace(image, references=found) for image, found in images),
        engine=publication.engine,
    )


def _summarised(product: Product) -> BuildSummary:
    plan, composition = product.plan, product.composition
    system, runtime = plan.resolved.base.ecosystem, plan.resolved.runtime.ecosystem
    packages, distributions, others = _contained(product)
    return BuildSummary(
        plan=planned(plan),
        size_before=composition.size_before,
        packages=packages,
        distributions=distributions,
        others=others,
        debug_packages=components(product.tools, system, plan),
        cuts=_cut_totals(composition),
        unhandled=composition.unhandled,
        computed_imports=_computed_imports(composition, runtime),
        remedies=composition.remedies,
        lacking=product.lacking,
        programs=composition.programs,
        privileges=tuple(_privileges(composition.tree)),
        checks=product.checks,
        images=tuple(summarise_image(image) for image, _ in product.images),
        stages=tuple(_stage(run) for run in product.runs),
        policy=product.judgement.rules,
        scan=product.judgement.scan,
    )


_Components = tuple[ComponentSummary, ...]


def _contained(product: Product) -> tuple[_Components, _Components, _Components]:
    """What is in the production image: of the system, of the application's language, and others."""
    language = f"pkg:{product.plan.resolved.runtime.ecosystem}/"
    found = [
        ComponentSummary(
            one.name,
            one.version,
            one.purl,
            one.files,
            one.size,
            _askers(one.name, product.plan) if one.kind in OS_KINDS else (),
            one.kind,
        )
        for contents in product.contents[:1]
        for one in contents.components
    ]
    packages = tuple(one for one in found if one.kind in OS_KINDS)
    distributions = tuple(one for one in found if one.purl.startswith(language))
    listed = {*packages, *distributions}
    return packages, distributions, tuple(one for one in found if one not in listed)


def _stage(run: StageRun) -> StageSummary:
    seconds = round(run.seconds, 3)
    return StageSummary(run.name, run.base, run.packages, run.commands, seconds, run.cached)


def _computed_imports(composition: Composition, ecosystem: str) -> ComputedImports | None:
    computed, reasons = composition.computed, composition.reasons
    if computed is None:
        return None
    led_to: dict[str, list[str]] = {}
    for path, first in reasons.items():
        for reason in (first, *composition.further.get(path, ())):
            if reason.rule != computed.rule:
                because = reason.because if reason.because in reasons else ""
                led_to.setdefault(because, []).append(path)
    anyway, waiting = set(), [""]
    while waiting:
        more = [path for path in led_to.pop(waiting.pop(), ()) if path not in anyway]
        anyway.update(more)
        waiting += more
    # A component of which something is used is kept whole.
    tree = composition.tree
    used = {node.origin for node in tree if node.path in anyway and _is_of(ecosystem, node.origin)}
    alone = reasons.keys() - anyway
    files = [
        node
        for node in tree
        if node.path in alone and node.blob is not None and node.origin not in used
    ]
    return ComputedImports(computed.places, len(files), sum(node.size for node in files))


def _is_of(ecosystem: str, origin: Origin | None) -> bool:
    return isinstance(origin, PackageOrigin) and origin.ecosystem == ecosystem


def _privileges(tree: Tree) -> Iterator[Privilege]:
    for node in tree:
        found = []
        if node.kind in (Kind.FILE, Kind.HARDLINK):
            found += [f"setuid {node.uid}"] * bool(node.mode & 0o4000)
            found += [f"setgid {node.gid}"] * bool(node.mode & 0o2000)
            found += ["capabilities"] * any(name == _CAPABILITIES for name, _ in node.xattrs)
        elif node.kind in (Kind.CHARACTER, Kind.BLOCK):
            major, minor = node.device or (0, 0)
            found.append(f"{node.kind.name.lower()} device {major}:{minor}")
        if found:
            yield Privilege(node.path, f"{', '.join(found)}, mode {node.mode:o}")


def _summarised_index(published: Published) -> ImageIndexSummary:
    entries = [
        PlatformImage(str(image.platform), image.descriptor.digest)
        for image in published.image.images
    ]
    return ImageIndexSummary(
        published.references, published.image.descriptor.digest, tuple(entries)
    )


def _cut_totals(composition: Composition) -> tuple[CutTotal, ...]:
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for entry in composition.removed:
        key = (entry.rule, entry.reason)
        files, size = totals.get(key, (0, 0))
        totals[key] = (files + 1, size + entry.size)
    found = [CutTotal(*key, *total) for key, total in totals.items()]
    return tuple(sorted(found, key=lambda total: (-total.size, total.rule)))
