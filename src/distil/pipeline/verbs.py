"""The verbs as functions: distil's Python API.

Each reads top to bottom as what is done; what each step means is said where it is written.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from distil.compose.compose import compose
from distil.compose.date import build_date
from distil.compose.finding import Finder, IndexFinder, LockFinder
from distil.compose.gather import Ingredients
from distil.compose.images import debug_twin, production_image
from distil.compose.inspect import inspect, inspect_twin
from distil.compose.investigate import Findings, Subject, look_at
from distil.compose.lacking import find_lacking
from distil.compose.needs import find_needs, needs_by_name
from distil.compose.obtain import obtain_packages, obtain_wheels
from distil.compose.plan import Plan, plan_packages
from distil.compose.platforms import on_each, target_platforms
from distil.compose.product import Composed, Product, Workshop
from distil.compose.publish import bind, destinations, publish
from distil.compose.record import find_ledger, ledger_of, open_ledger, record, twin_ledger
from distil.compose.remedy import tried, with_packages
from distil.compose.summary import BuildSummary, IndexSummary, summarise, summarise_plans
from distil.compose.twin import compose_twin
from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.record_table import table_is_sound
from distil.distros.debian.releases import SuitePolicy
from distil.doctor.findings import Diagnosis
from distil.errors import ClosureBroken, NoEntrypoint
from distil.explain.explain import Answer, Question, ask
from distil.fetch.cache import AreaUsage, Cache, Collected, Verified
from distil.fetch.http import Client
from distil.fetch.packs import pack_is_sound
from distil.formats.spec_template import schema_text, spec_template
from distil.image.layer import layer_is_sound
from distil.image.read import open_image
from distil.image.read_tree import read_tree
from distil.locks.choices import names_to_upgrade, platforms_to_lock
from distil.locks.file import LOCK_FILE, check_current, find_lock, read_lock, write_lock
from distil.locks.lock import Locker
from distil.locks.summary import LockSummary, summarise_lock
from distil.locks.vendor import archives_of, keep_archives, kept_archives, vendor_directory
from distil.model.application import Evidence
from distil.model.lock import Lock
from distil.model.platform import Platform, parse_platform
from distil.model.reference import Location, parse_location
from distil.model.tree import Tree
from distil.reach.accounting import ledger_faults
from distil.reach.soundness import (
    Fault,
    command_faults,
    interpreter_faults,
    library_faults,
)
from distil.runtimes.python.compiler import obtain_compiler
from distil.runtimes.python.faults import python_faults, python_world
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.installations import find_installations
from distil.runtimes.python.scripts import find_place
from distil.source.scan import application_tree, elf_files
from distil.userfiles.propose import propose, spec_place, write_spec
from distil.userfiles.specification import Overrides, read_spec


class BuildRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `build` is asked for; everything that is not said is found out or has a default.

    `source` is the directory of the application, or a script that is all of it.
    `tag` is ``NAME[:TAG]``; `outputs` are places as in containers-transports(5). `platforms` are
    those of ``distil.toml`` by default, and this machine's where that names none; each is one
    name or several with commas between them. `overrides` stand before what ``distil.toml`` says.
    """

    source: Path
    tag: str | None = None
    outputs: tuple[str, ...] = ()
    load: bool = False
    platforms: tuple[str, ...] = ()
    overrides: Overrides = Overrides()
    debug: bool = True
    dry_run: bool = False
    refresh: bool = False
    offline: bool = False
    locked: bool = False
    vendor: Path | None = None
    """Directory with the archives of the lock; the one that the lock names by default."""


def build(request: BuildRequest) -> BuildSummary | IndexSummary:
    """Turn an application into a minimal image and its debug twin, and write them.

    Several platforms make one image index for each. A dry run fetches indexes only and says what
    would be built. Nothing is written when anything fails; the errors are `DistilError`s, which
    say what, where, why and what to do, for several platforms a `PlatformsFailed`.
    """
    cache = Cache.default()
    with cache.guarding():
        return _build(request, cache)


def _build(request: BuildRequest, cache: Cache) -> BuildSummary | IndexSummary:
    where = destinations(request.tag, request.outputs, load=request.load)
    place = find_place(request.source)
    spec = read_spec(place.directory, request.overrides)
    platforms = target_platforms(request.platforms, spec)
    where.check_platforms(platforms)
    subject = look_at(place, spec)
    name = where.name_for(subject.application)
    lock = _lock_of(request, subject)
    kept = kept_archives(lock, place.directory, request.vendor)
    with Client(cache, offline=request.offline, kept=kept) as client:
        finder: Finder
        if lock is not None:
            finder = LockFinder(subject, lock, client)
        else:
            finder = IndexFinder(subject, client, refresh=request.refresh)
        if request.dry_run:
            plans = on_each(platforms, cache, lambda one: _planned(finder.find(one), request))
            return summarise_plans(plans)
        where.check(subject.application)
        files = application_tree(subject.application, spec, subject.sources)
        workshop = Workshop(
            application=files,
            copies=subject.copies,
            client=client,
            cache=cache,
            finder=finder,
            cuts=default_cuts(),
            debug=request.debug,
        )
        products = on_each(platforms, cache, lambda one: _produce(one, workshop))
    published = publish(where, name, bind([product.images for product in products]))
    return summarise(products, published)


def _lock_of(request: BuildRequest, subject: Subject) -> Lock | None:
    """The lock to build from, which fits; None when it was not asked for."""
    if not request.locked:
        return None
    lock = read_lock(Path(subject.application.source), subject.application.argument)
    check_current(lock, subject.application, subject.spec)
    return lock


def _planned(findings: Findings, request: BuildRequest) -> Plan:
    """What would be built for one platform."""
    return plan_packages(findings, needs_by_name(findings), default_cuts(), debug=request.debug)


def _produce(platform: Platform, workshop: Workshop) -> Product:
    """The images for one platform, and all that is known of them; they are written nowhere yet.

    What an error says to add has been tried.
    """
    findings = workshop.finder.find(platform)
    try:
        made = _composed(findings, workshop)
    except ClosureBroken as broken:
        raise tried(
            broken, lambda more: _composed(with_packages(findings, more), workshop)
        ) from None
    return _imaged(made, workshop)


def _composed(findings: Findings, workshop: Workshop) -> Composed:
    """What will be the image for one platform, and checked."""
    client, cache, cuts = workshop.client, workshop.cache, workshop.cuts
    wheels = obtain_wheels(findings, client)
    needs = find_needs(findings, wheels, workshop.own_files)
    plan = plan_packages(findings, needs, cuts, debug=workshop.debug)
    packages = obtain_packages(plan.packages, client)
    compiler = obtain_compiler(findings, workshop.finder.base, cuts, client)
    created = build_date(findings.base.date)
    ingredients = Ingredients(packages, wheels, workshop.application, workshop.copies, compiler)
    composition = compose(plan, ingredients, cuts, created, cache)
    return Composed(plan, composition, inspect(plan, composition), created)


def _imaged(made: Composed, workshop: Workshop) -> Product:
    """The images of what was composed."""
    client, cache, cuts = workshop.client, workshop.cache, workshop.cuts
    plan, composition, created = made.plan, made.composition, made.created
    tools = obtain_packages(plan.debug_packages, client)
    production = production_image(plan, composition.tree, created, cache)
    ledger = ledger_of(plan, composition)
    images, tool_tree = [(production, record(production, ledger, cache))], Tree()
    if workshop.debug:
        tool_tree = compose_twin(plan, composition, tools, cuts, created)
        inspect_twin(plan, composition, tool_tree, tools)
        twin = debug_twin(plan, production, tool_tree, created, cache)
        images.append((twin, record(twin, twin_ledger(ledger, tool_tree), cache)))
    lacking = find_lacking(plan, composition)
    return Product(plan, composition, made.checks, tuple(images), tool_tree, lacking)


class LockRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `lock` is asked for.

    `source` is as in `BuildRequest`.
    `platforms` are those of the lock that is there by default, or else as in `BuildRequest`.
    `upgrade` names what may change its version; None is everything. `vendor` is a directory to
    keep archives in.
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
    place = find_place(request.source)
    source, spec = place.directory, read_spec(place.directory, Overrides())
    before = find_lock(source)
    upgraded = names_to_upgrade(request.upgrade, before, source)
    platforms = platforms_to_lock(request.platforms, before, spec)
    vendor = vendor_directory(before, source, request.vendor)
    policy = SuitePolicy.from_environment(refresh=request.refresh or upgraded != frozenset())
    with Client(cache, offline=request.offline, kept=vendor and archives_of(vendor)) as client:
        locker = Locker(look_at(place, spec), client, policy, before)
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


def why(image: str, question: Question, platform: str = "", *, verify: bool = False) -> Found:
    """What the ledger of `image`, a place such as ``oci:DIR:TAG``, says to `question`.

    Of an image for several platforms it is this machine's, or the one named. No layer is read
    for that; with `verify` all are hashed first, as `check` does. Raises `NoLedger`,
    `NothingAsked`, `NothingKnown`, and what reading the image raises.
    """
    where, cache, target = parse_location(image), Cache.default(), _platform(platform)
    if verify:
        _verify(where, cache, target)
    opened = open_ledger(where, cache, target)
    return Found(ask(opened.ledger, question, opened.image), opened.from_cache)


def _verify(where: Location, cache: Cache, platform: Platform | None) -> None:
    """Hash every layer. Raises `MalformedImage` for one that is not what the image says."""
    from distil.image.saved import on_disk

    with on_disk(where) as location:
        read_tree(open_image(location, platform).layers, cache)


def _platform(name: str) -> Platform | None:
    return parse_platform(name) if name else None


class CheckReport(msgspec.Struct, frozen=True):
    """What was looked at in an image, and what would fail at run time, sorted.

    `ledger` is the number of paths in the image's ledger, 0 for an image that has none. `plugins`
    are those that cannot be loaded, which is no fault.
    """

    image: str
    platform: str
    elf_files: int
    interpreters: tuple[str, ...]
    faults: tuple[Fault, ...]
    ledger: int = 0
    plugins: tuple[Fault, ...] = ()


def check(image: str, platform: str = "") -> CheckReport:
    """Whether everything that `image` can start finds what it needs inside the image.

    Any image in a layout, archive or engine, whoever built it; nothing is run. Of an image for
    several platforms it is this machine's, or the one named. Raises what reading the image
    raises.
    """
    from distil.image.saved import on_disk  # what talks to engines is not for every build

    with on_disk(parse_location(image)) as location:
        return _check(image, location, _platform(platform))


def _check(image: str, location: Location, platform: Platform | None) -> CheckReport:
    cache = Cache.default()
    stored = open_image(location, platform)
    target = parse_platform(stored.platform)
    tree = read_tree(stored.layers, cache)
    elf = elf_files(tree)
    pythons = find_installations(tree)
    linked = library_faults(tree, elf, target, pythons[0].real if pythons else None)
    faults = [fault for fault in linked if not fault.plugin] + interpreter_faults(tree)
    faults += command_faults(tree, stored.config.config)
    analyses = Analyses(cache)
    ledger = find_ledger(location, cache, platform)
    world = python_world(tree, pythons, stored.config.config, target.machine, ledger)
    faults += python_faults(tree, elf, world, analyses, pythons)
    analyses.save()
    faults += ledger_faults(tree, ledger) if ledger is not None else []
    return CheckReport(
        image=image,
        platform=stored.platform,
        elf_files=sum(found is not None for found in elf.values()),
        interpreters=tuple(f"Python {line}" for line in sorted({one.line for one in pythons})),
        faults=tuple(sorted(faults)),
        plugins=tuple(sorted(fault for fault in linked if fault.plugin)),
        ledger=len(ledger.kept) if ledger is not None else 0,
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
    """Write a ``distil.toml`` for the application `source`, from its files alone.

    A file that is there already is replaced only with `force`. Raises `SpecExists`, `DiskFull`,
    `OutputFailed`, and what `propose` raises.
    """
    place = find_place(source)
    path = spec_place(place.directory, replace=force or not write)
    proposal = propose(place)
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
    from distil.doctor.examine import examine  # builds do without

    return examine(offline=offline)
