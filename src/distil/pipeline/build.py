"""`build`: an application becomes a minimal image and its debug twin."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from distil.compose.compose import compose
from distil.compose.date import build_date
from distil.compose.documents import contents_of
from distil.compose.errors import ClosureBroken
from distil.compose.gather import Ingredients
from distil.compose.images import debug_twin, production_image
from distil.compose.inspect import inspect, inspect_twin
from distil.compose.lacking import find_lacking
from distil.compose.needs import OwnFiles, find_needs
from distil.compose.plan import Plan, called, plan_image
from distil.compose.platforms import on_each, target_platforms
from distil.compose.product import Composed, Product, Workshop
from distil.compose.profiles import Profile, find_profile
from distil.compose.publish import DEBUG, Destinations, bind, destinations, publish
from distil.compose.record import ledger_of, record, twin_ledger
from distil.compose.remedy import tried, with_packages
from distil.compose.reproducible import check_reproducible
from distil.compose.resolving import IndexResolver, Resolved, Resolver
from distil.compose.staging import stages_of
from distil.compose.subject import Subject, read_subject
from distil.compose.summary import BuildSummary, IndexSummary, summarise, summarise_plans
from distil.compose.twin import compose_twin
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.locks.file import check_current, read_lock
from distil.locks.resolving import LockResolver
from distil.locks.vendor import kept_archives
from distil.model.lock import Lock
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.model.tree import Tree
from distil.policy.asked import asked
from distil.policy.checks import check_policy
from distil.runtimes.table import find_place
from distil.source.scan import application_tree
from distil.source.specification import Overrides, read_spec


class BuildRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `build` is asked for; everything that is not said is found out or has a default.

    `source` is the directory of the application, or a script that is all of it.
    `tags` are each ``NAME[:TAG]``; `outputs` are places as in containers-transports(5).
    `platforms` are those of ``distil.toml`` by default, and this machine's where that names none;
    each is one name or several with commas between them. `overrides` stand before what
    ``distil.toml`` says.
    """

    source: Path
    tags: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    load: bool = False
    push: bool = False
    """Whether to write to the registries that `tags` name as well."""
    settings: StoreSettings = NOTHING_SAID
    """What is said of places: those to write to, and that of the base."""
    platforms: tuple[str, ...] = ()
    overrides: Overrides = Overrides()
    profile: str = ""
    """What the image is for, when that takes less than all: ``lambda``."""
    debug: bool = True
    dry_run: bool = False
    refresh: bool = False
    offline: bool = False
    locked: bool = False
    vendor: Path | None = None
    """Directory with the archives of the lock; the one that the lock names by default."""
    secrets: Mapping[str, str] = {}
    """What stages mount as secrets, by name: each the path of a file, or ``env:VARIABLE``."""
    verify_reproducible: bool = False
    """Whether all is made a second time, stages included, and compared."""
    scan: bool | None = None
    """Whether vulnerabilities are looked for; where ``[policy]`` asks for it by default."""
    fail_on: tuple[str, ...] = ()
    """Vulnerabilities that must not be there, in the place of those that ``[policy]`` names."""
    database: Path | None = None
    """The file of advisories, that of this user by default."""
    now: int = 0
    """Seconds since 1970 that ages are counted from; 0 for the time it is."""


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
    profile = find_profile(request.profile)
    where = _where(request, profile)
    place = find_place(request.source)
    spec = read_spec(place.directory, profile.overrides(request.overrides))
    platforms = target_platforms(request.platforms, spec)
    where.check_platforms(platforms)
    check_policy(spec.policy, place.directory)
    subject = read_subject(place, spec)
    names = where.names_for(subject.application)
    lock = _lock_of(request, subject)
    kept = kept_archives(lock, place.directory, request.vendor)
    insecure = request.settings.insecure
    with Client(cache, offline=request.offline, kept=kept, insecure=insecure) as client:
        resolver: Resolver
        if lock is not None:
            resolver = LockResolver(subject, lock, client)
        else:
            resolver = IndexResolver(subject, client, refresh=request.refresh)
        stages = stages_of(subject, resolver.toolchain, client, request.secrets)
        if request.dry_run:
            plans = on_each(platforms, cache, lambda one: _planned(resolver.resolve(one), request))
            return summarise_plans(plans, stages.planned())
        where.check(subject.application)
        files = application_tree(subject.application, subject.spec, subject.sources)
        workshop = Workshop(
            application=files,
            copies=subject.copies,
            stages=stages,
            client=client,
            cache=cache,
            resolver=resolver,
            debug=request.debug,
        )
        with _judge(request, spec, place.directory, str(names[0]), cache) as judged:
            products = on_each(platforms, cache, lambda one: _produce(one, workshop))
            if request.verify_reproducible:
                fresh = stages_of(subject, resolver.toolchain, client, request.secrets, fresh=True)
                twice = msgspec.structs.replace(workshop, stages=fresh)
                again = on_each(platforms, cache, lambda one: _produce(one, twice))
                products = check_reproducible(products, again, (stages, fresh))
            built = dict(zip(platforms, products, strict=True))
            products = on_each(platforms, cache, lambda one: judged(built[one]))
    documents = [one for each in products for kept in each.contents for one in kept.documents]
    published = publish(where, names, bind([each.images for each in products], documents))
    return summarise(products, published)


@contextlib.contextmanager
def _judge(
    request: BuildRequest, spec: Spec, source: Path, name: str, cache: Cache
) -> Iterator[Callable[[Product], Product]]:
    """What says of each product how it stands to the policy, and raises where it must not be.

    `source` is the directory of the specification, `name` what the image is called.
    """
    wanted = asked(spec.policy, request.fail_on, scan=request.scan)
    if wanted.is_empty:
        yield lambda product: product
        return
    from distil.pipeline.judging import Means, judging  # Most builds have no policy.

    means = Means(source=source, name=name, cache=cache, database=request.database, now=request.now)
    with judging(wanted, means) as judge:
        yield judge.judged


def _where(request: BuildRequest, profile: Profile) -> Destinations:
    """Where the images go."""
    return destinations(
        request.tags,
        request.outputs,
        request.settings,
        profile,
        load=request.load,
        push=request.push,
    )


def _lock_of(request: BuildRequest, subject: Subject) -> Lock | None:
    """The lock to build from, which fits; None when it was not asked for."""
    if not request.locked:
        return None
    lock = read_lock(subject.source, subject.application.argument)
    check_current(lock, subject)
    return lock


def _planned(resolved: Resolved, request: BuildRequest) -> Plan:
    """What would be built for one platform."""
    return plan_image(resolved, resolved.runtime.needs_by_name(), debug=request.debug)


def _produce(platform: Platform, workshop: Workshop) -> Product:
    """The images for one platform, and all that is known of them; they are written nowhere yet.

    What an error says to add has been tried.
    """
    resolved = workshop.resolver.resolve(platform)
    try:
        made = _composed(resolved, workshop)
    except ClosureBroken as broken:
        again = broken

        def with_more(packages: tuple[str, ...]) -> Composed:
            return _composed(with_packages(resolved, packages), workshop)

        raise tried(again, with_more) from None
    return _imaged(made, workshop)


def _composed(resolved: Resolved, workshop: Workshop) -> Composed:
    """What will be the image for one platform, and checked."""
    client, cache = workshop.client, workshop.cache
    runtime = resolved.runtime.fetch(client, workshop.base_of(resolved))
    copies = workshop.copies_for(resolved.base.platform)
    own = OwnFiles.of(workshop.application.with_nodes(copies.tree))
    needs = find_needs(runtime, own, resolved.base)
    plan = plan_image(resolved, needs, debug=workshop.debug)
    system = plan.system.fetch(client)
    created = build_date(resolved.base.date)
    records = functools.partial(
        workshop.stages.records, known={package.purl for package in plan.system.packages}
    )
    ingredients = Ingredients(system, runtime, workshop.application, copies, own.elf, records)
    composition = compose(plan, ingredients, created, cache)
    return Composed(plan, composition, inspect(plan, composition, runtime, cache), created)


def _imaged(made: Composed, workshop: Workshop) -> Product:
    """The images of what was composed."""
    cache, plan, composition, created = workshop.cache, made.plan, made.composition, made.created
    production = production_image(plan, composition.tree, created, cache)
    ledger = ledger_of(plan, composition)
    images, tool_tree = [(production, record(production, ledger, cache))], Tree()
    foundation, name = plan.resolved.base.foundation, called(plan)
    contents = [contents_of(production, name, ledger, foundation, cache)]
    if workshop.debug:
        tools = plan.system.fetch_tools(workshop.client)
        tool_tree = compose_twin(composition, tools, created)
        inspect_twin(plan, composition, tool_tree, tools)
        twin = debug_twin(plan, production, tool_tree, created, cache)
        own = twin_ledger(ledger, tool_tree)
        images.append((twin, record(twin, own, cache)))
        contents.append(contents_of(twin, f"{name}-{DEBUG}", own, foundation, cache))
    lacking = find_lacking(plan, composition)
    return Product(
        plan=plan,
        composition=composition,
        checks=made.checks,
        images=tuple(images),
        tools=tool_tree,
        lacking=lacking,
        runs=workshop.stages.taken(plan.resolved.base.platform).runs,
        contents=tuple(contents),
        ledger=ledger,
    )
