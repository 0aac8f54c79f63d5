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
from distil.build.copies import find_copies
from distil.build.date import build_date
from distil.build.doctor.findings import Diagnosis
from distil.build.explain import Answer, Question, ask
from distil.build.gather import Ingredients
from distil.build.images import debug_twin, production_image
from distil.build.inspect import inspect
from distil.build.investigate import investigate
from distil.build.lock import Locker
from distil.build.lock_choices import names_to_upgrade, platforms_to_lock
from distil.build.lock_file import LOCK_FILE, find_lock, read_lock, write_lock
from distil.build.lock_summary import LockSummary, summarise_lock
from distil.build.locked import from_lock, locked_findings
from distil.build.needs import find_needs, needs_by_name
from distil.build.obtain import obtain_packages, obtain_wheels
from distil.build.own_packages import find_own_packages
from distil.build.plan import plan_packages
from distil.build.propose import propose, spec_place, write_spec
from distil.build.publish import destinations, publish
from distil.build.record import ledger_of, open_ledger, record, twin_ledger
from distil.build.specification import Overrides, read_spec
from distil.build.summary import BuildSummary, Finished, summarise, summarise_plan
from distil.build.twin import compose_twin
from distil.build.vendor import archives_of, keep_archives, kept_archives, vendor_directory
from distil.errors import NoEntrypoint
from distil.fetch.cache import AreaUsage, Cache, Collected, Verified
from distil.fetch.http import Client
from distil.fetch.packs import pack_is_sound
from distil.formats.spec_template import schema_text, spec_template
from distil.image.layer import layer_is_sound
from distil.image.read import open_image
from distil.image.read_tree import read_tree
from distil.model.application import Evidence
from distil.model.platform import parse_platform
from distil.model.reference import parse_location
from distil.model.tree import Tree
from distil.packages.cuts import default_cuts
from distil.packages.record_table import table_is_sound
from distil.packages.releases import SuitePolicy
from distil.reach.soundness import (
    Fault,
    command_faults,
    interpreter_faults,
    library_faults,
    python_faults,
    python_interpreters,
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
    locked: bool = False
    vendor: Path | None = None
    """Directory with the archives of the lock; the one that the lock names by default."""


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
    copies = find_copies(request.source, spec)
    platform = parse_platform(request.platform or host.machine())
    policy = SuitePolicy.from_environment(refresh=request.refresh)
    cuts = default_cuts()
    lock = read_lock(request.source) if request.locked else None
    kept = kept_archives(lock, request.source, request.vendor)
    with Client(cache, offline=request.offline, kept=kept) as client, from_lock(request.source):
        if lock is not None:
            findings = locked_findings(request.source, spec, lock, platform, client)
        else:
            own = find_own_packages(request.source, spec, platform)
            opener = BaseOpener(platform, client, cache, policy, own=own)
            findings = investigate(request.source, spec, opener, client, refresh=request.refresh)
        name = where.name_for(findings.application)
        if request.dry_run:
            needs = needs_by_name(findings)
            return summarise_plan(plan_packages(findings, needs, cuts, debug=request.debug))
        where.check(findings.application)
        wheels = obtain_wheels(findings, client)
        application = application_tree(findings.application, spec, findings.sources)
        needs = find_needs(findings, wheels, application.with_nodes(copies.tree))
        plan = plan_packages(findings, needs, cuts, debug=request.debug)
        packages = obtain_packages(plan.packages, client)
        tools = obtain_packages(plan.debug_packages, client)
    created = build_date(findings.base.date)
    ingredients = Ingredients(packages, wheels, application, copies)
    composition = compose(plan, ingredients, cuts, created, cache)
    checks = inspect(plan, composition)
    production = production_image(plan, composition.tree, created, cache)
    ledger = ledger_of(plan, composition)
    images, ledgers, tool_tree = [production], [record(production, ledger, cache)], Tree()
    if request.debug:
        tool_tree = compose_twin(plan, composition, tools, cuts, created)
        images.append(debug_twin(plan, production, tool_tree, created, cache))
        ledgers.append(record(images[-1], twin_ledger(ledger, tool_tree), cache))
    published = publish(where, name, images, ledgers)
    return summarise(plan, Finished(composition, tool_tree, checks, published))


class LockRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `lock` is asked for.

    `platforms` are those of the lock that is there, or else this machine's. `upgrade` names
    what may change its version; None is everything. `vendor` is a directory to keep archives in.
    """

    source: Path
    platforms: tuple[str, ...] = ()
    upgrade: tuple[str, ...] | None = ()
    vendor: Path | None = None
    refresh: bool = False
    offline: bool = False


def lock(request: LockRequest) -> LockSummary:
    """Write down every archive that the application's image is made of.

    A lock that is there and still fits stays as it is; one that does not keeps the versions it
    can. Raises `DistilError`s; the lock is as it was then.
    """
    cache = Cache.default()
    with cache.guarding():
        return _lock(request, cache)


def _lock(request: LockRequest, cache: Cache) -> LockSummary:
    source, spec = request.source, read_spec(request.source, Overrides())
    before = find_lock(source)
    upgraded = names_to_upgrade(request.upgrade, before, source)
    platforms = platforms_to_lock(request.platforms, before)
    vendor = vendor_directory(before, source, request.vendor)
    policy = SuitePolicy.from_environment(refresh=request.refresh or upgraded != frozenset())
    with Client(cache, offline=request.offline, kept=vendor and archives_of(vendor)) as client:
        locker = Locker(source, spec, client, policy, before)
        after = locker.unchanged(platforms, vendor) if upgraded == frozenset() else None
        written = after is None
        if after is None:
            after = locker.lock(platforms, upgraded, vendor)
        vendored = keep_archives(after, source, spec, vendor, client) if vendor else None
    if written:
        write_lock(source, after)
    return summarise_lock(str(source / LOCK_FILE), before, after, vendored, written=written)


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
    """What was looked at in an image, and what would fail at run time, sorted."""

    image: str
    elf_files: int
    interpreters: tuple[str, ...]
    faults: tuple[Fault, ...]


def check(image: str) -> CheckReport:
    """Whether everything that `image` can start finds what it needs inside the image.

    Any image in a layout or archive, whoever built it; nothing is run. Raises what reading the
    image raises.
    """
    cache = Cache.default()
    stored = open_image(parse_location(image))
    platform = parse_platform(f"{stored.config.os}/{stored.config.architecture}")
    tree = read_tree(stored.layers, cache)
    elf = elf_files(tree)
    pythons = python_interpreters(tree, platform.machine)
    faults = library_faults(tree, elf, platform, pythons[0].executable if pythons else None)
    faults += interpreter_faults(tree)
    faults += command_faults(tree, stored.config.config)
    faults += [fault for python in pythons for fault in python_faults(tree, python)]
    return CheckReport(
        image=image,
        elf_files=sum(found is not None for found in elf.values()),
        interpreters=tuple(f"Python {python.line}" for python in pythons),
        faults=tuple(sorted(faults)),
    )


class InitialSpec(msgspec.Struct, frozen=True):
    """A ``distil.toml`` to begin with: its place, its text, and the evidence for what it says.

    `missing` is why the entrypoint is not in it, None when it is.
    """

    path: Path
    text: str
    evidence: tuple[Evidence, ...]
    missing: NoEntrypoint | None = None


def init(source: Path, *, write: bool = True, force: bool = False) -> InitialSpec:
    """Write a ``distil.toml`` for the application in `source`, from its files alone.

    A file that is there already is replaced only with `force`. Raises `SpecExists`, `DiskFull`,
    `OutputFailed`, and what `propose` raises.
    """
    path = spec_place(source, replace=force or not write)
    proposal = propose(source)
    text = spec_template(proposal.entries)
    if write:
        write_spec(path, text)
    return InitialSpec(path, text, proposal.evidence, proposal.missing)


def schema() -> str:
    """The JSON schema of ``distil.toml``, for editors."""
    return schema_text()


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


def doctor(*, offline: bool = False) -> Diagnosis:
    """What is here for building and running images, what is missing, and how to get it.

    Nothing is changed. `offline`: mirrors and indexes are not asked.
    """
    from distil.build.doctor.examine import examine  # builds do without

    return examine(offline=offline)
