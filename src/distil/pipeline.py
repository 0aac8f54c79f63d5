"""The verbs as functions: distil's Python API.

Each reads top to bottom as what is done; what each step means is said where it is written.
"""

from __future__ import annotations

import platform as host
from pathlib import Path

import msgspec

from distil.apps.sources import application_tree, elf_files
from distil.build.base import BaseOpener
from distil.build.compose import compose
from distil.build.date import build_date
from distil.build.explain import Answer, Question, ask
from distil.build.gather import Ingredients
from distil.build.images import debug_twin, production_image
from distil.build.inspect import inspect, inspect_twin
from distil.build.investigate import investigate
from distil.build.needs import find_needs, needs_by_name
from distil.build.obtain import obtain_packages, obtain_wheels
from distil.build.plan import plan_packages
from distil.build.publish import destinations, publish
from distil.build.record import find_ledger, ledger_of, open_ledger, record, twin_ledger
from distil.build.specification import Overrides, read_spec
from distil.build.summary import BuildSummary, Finished, summarise, summarise_plan
from distil.build.twin import compose_twin
from distil.fetch.cache import AreaUsage, Cache, Collected, Verified
from distil.fetch.http import Client
from distil.fetch.packs import pack_is_sound
from distil.image.layer import layer_is_sound
from distil.image.read import open_image
from distil.image.read_tree import read_tree
from distil.model.platform import parse_platform
from distil.model.reference import parse_location
from distil.model.tree import Tree
from distil.packages.cuts import default_cuts
from distil.packages.record_table import table_is_sound
from distil.packages.releases import SuitePolicy
from distil.reach.accounting import ledger_faults
from distil.reach.python.analysis import Analyses
from distil.reach.python.installations import find_installations
from distil.reach.python_soundness import python_faults, python_world
from distil.reach.soundness import (
    Fault,
    command_faults,
    interpreter_faults,
    library_faults,
)


class BuildRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `build` is asked for; everything that is not said is found out or has a default.

    `tag` is ``NAME[:TAG]``; `outputs` are places as in containers-transports(5). `platform` is
    this machine's by default. `overrides` stand before what ``distil.toml`` says.
    """

    source: Path
    tag: str | None = None
    outputs: tuple[str, ...] = ()
    load: bool = False
    platform: str = ""
    overrides: Overrides = Overrides()
    debug: bool = True
    dry_run: bool = False
    refresh: bool = False
    offline: bool = False


def build(request: BuildRequest) -> BuildSummary:
    """Turn an application into a minimal image and its debug twin, and write them.

    A dry run fetches indexes only and says what would be built. Nothing is written when
    anything fails; the errors are `DistilError`s, which say what, where, why and what to do.
    """
    cache = Cache.default()
    with cache.guarding():
        return _build(request, cache)


def _build(request: BuildRequest, cache: Cache) -> BuildSummary:
    where = destinations(request.tag, request.outputs, load=request.load)
    spec = read_spec(request.source, request.overrides)
    platform = parse_platform(request.platform or host.machine())
    policy = SuitePolicy.from_environment(refresh=request.refresh)
    cuts = default_cuts()
    with Client(cache, offline=request.offline) as client:
        opener = BaseOpener(platform, client, cache, policy)
        findings = investigate(request.source, spec, opener, client, refresh=request.refresh)
        name = where.name_for(findings.application)
        if request.dry_run:
            needs = needs_by_name(findings)
            return summarise_plan(plan_packages(findings, needs, cuts, debug=request.debug))
        where.check(findings.application)
        wheels = obtain_wheels(findings, client)
        application = application_tree(findings.application, spec, findings.sources)
        needs = find_needs(findings, wheels, application)
        plan = plan_packages(findings, needs, cuts, debug=request.debug)
        packages = obtain_packages(plan.packages, client)
        tools = obtain_packages(plan.debug_packages, client)
    created = build_date(findings.base.date)
    composition = compose(plan, Ingredients(packages, wheels, application), cuts, created, cache)
    checks = inspect(plan, composition)
    production = production_image(plan, composition.tree, created, cache)
    ledger = ledger_of(plan, composition)
    images, ledgers, tool_tree = [production], [record(production, ledger, cache)], Tree()
    if request.debug:
        tool_tree = compose_twin(plan, composition, tools, cuts, created)
        inspect_twin(plan, composition, tool_tree, tools)
        images.append(debug_twin(plan, production, tool_tree, created, cache))
        ledgers.append(record(images[-1], twin_ledger(ledger, tool_tree), cache))
    published = publish(where, name, images, ledgers)
    return summarise(plan, Finished(composition, tool_tree, checks, published))


class Found(msgspec.Struct, frozen=True):
    """An answer, and whether the ledger it is from was in the cache only."""

    answer: Answer
    from_cache: bool


def why(image: str, question: Question) -> Found:
    """What the ledger of `image`, a place such as ``oci:DIR:TAG``, says to `question`.

    Raises `NoLedger`, `NothingAsked`, `NothingKnown`, and what reading the image raises.
    """
    ledger, from_cache = open_ledger(parse_location(image), Cache.default())
    return Found(ask(ledger, question, image), from_cache)


class CheckReport(msgspec.Struct, frozen=True):
    """What was looked at in an image, and what would fail at run time, sorted.

    `ledger` is the number of paths in the image's ledger, 0 for an image that has none.
    """

    image: str
    elf_files: int
    interpreters: tuple[str, ...]
    faults: tuple[Fault, ...]
    ledger: int = 0


def check(image: str) -> CheckReport:
    """Whether everything that `image` can start finds what it needs inside the image.

    Any image in a layout or archive, whoever built it; nothing is run. Raises what reading the
    image raises.
    """
    cache = Cache.default()
    location = parse_location(image)
    stored = open_image(location)
    platform = parse_platform(f"{stored.config.os}/{stored.config.architecture}")
    tree = read_tree(stored.layers, cache)
    elf = elf_files(tree)
    pythons = find_installations(tree)
    faults = library_faults(tree, elf, platform, pythons[0].real if pythons else None)
    faults += interpreter_faults(tree)
    faults += command_faults(tree, stored.config.config)
    analyses = Analyses(cache)
    world = python_world(tree, pythons, stored.config.config, platform.machine)
    faults += python_faults(tree, elf, world, analyses, pythons)
    analyses.save()
    ledger = find_ledger(location, cache)
    faults += ledger_faults(tree, ledger) if ledger is not None else []
    return CheckReport(
        image=image,
        elf_files=sum(found is not None for found in elf.values()),
        interpreters=tuple(f"Python {line}" for line in sorted({one.line for one in pythons})),
        faults=tuple(sorted(faults)),
        ledger=len(ledger.kept) if ledger is not None else 0,
    )


class CacheInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the cache is and what each area of it holds."""

    schema_version: int = 1
    directory: str
    areas: list[AreaUsage]


def cache_info() -> CacheInfo:
    """Where the cache is and what it holds. Raises `CacheUnwritable`."""
    cache = Cache.default()
    return CacheInfo(directory=str(cache.root), areas=cache.usage())


class CacheCleaned(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What cleaning the cache did; `verified` only when it was asked for."""

    schema_version: int = 1
    collected: Collected
    verified: Verified | None = None


def cache_gc(limit: int, *, verify: bool = False) -> CacheCleaned:
    """Bound the cache to `limit` bytes, after hashing everything again when `verify` is set.

    Raises `CacheInUse`, `CacheUnwritable`.
    """
    cache = Cache.default()
    checks = {"packs": pack_is_sound, "layers": layer_is_sound, "indexes": table_is_sound}
    verified = cache.verify(checks) if verify else None
    return CacheCleaned(collected=cache.collect(limit), verified=verified)
