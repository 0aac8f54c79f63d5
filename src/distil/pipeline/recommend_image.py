"""`recommend` for an image: better bases for its runtime, upgrades, and a rebuild today."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from distil.compose.resolving import open_base
from distil.distros.protocol import Base as System
from distil.distros.protocol import Opening
from distil.distros.table import DISTROS
from distil.errors import DistilError
from distil.events import labelled
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.image.read import StoredImage, read_image
from distil.image.read_tree import read_tree
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.finding import Scan
from distil.model.inventory import Inventory
from distil.model.node import Node
from distil.model.platform import Platform, parse_platform, this_machine
from distil.model.reference import Location, parse_location
from distil.model.spec import SCRATCH, BaseSpec, Spec
from distil.pipeline.build import BuildRequest, build
from distil.pipeline.scan import Scanned, scan_surveyed
from distil.pipeline.scan import advised as with_upgrades
from distil.reach.objects import elf_files
from distil.recommend.advice import Advice
from distil.recommend.bases import (
    PROGRAM_FILE,
    SPEC_FILE,
    Base,
    BaseOutcome,
    alone,
    best_of,
    candidates_on,
    newest_of,
    packages_for,
)
from distil.recommend.counts import counts_of
from distil.recommend.parts import Division, Needed, all_of, needed_by, parts_of
from distil.recommend.programs import program_of
from distil.recommend.rebuilt import Rebuilt, Release, rebuilt
from distil.recommend.recognised import Recognised, recognised, started_by
from distil.recommend.worth import advised
from distil.survey.surveying import Wanted, survey
from distil.vulns.advisories import Advisories
from distil.vulns.database.reader import open_database
from distil.vulns.matching.scan import Matching
from distil.vulns.matching.scan import scan as matched

_TAG = "trial"
_ALONE = (
    "a program alone has none of the image's other files: `[[copy]]` brings those that it reads"
)
_OURS = (
    "distil built it: `distil recommend DIRECTORY` builds the whole application on each base, and "
    "starts and scans it"
)


class RecommendImageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `recommend` is asked for an image, a place such as ``oci:DIR:TAG``.

    Of an image for several platforms it is this machine's, or the one named. `bases` are images
    that are tried beside what distil can make. `database` is the file of advisories, None for the
    one of this user. Ages are counted from `now`, in seconds since 1970, 0 for the time it is.
    """

    image: str
    platform: str = ""
    bases: tuple[str, ...] = ()
    database: Path | None = None
    now: int = 0
    settings: StoreSettings = NOTHING_SAID
    refresh: bool = False
    offline: bool = False


class Scanning(msgspec.Struct, frozen=True):
    """How images are looked at, all in the same way."""

    advisories: Advisories
    how: Matching
    settings: StoreSettings
    cache: Cache

    def look(self, inventory: Inventory) -> Scan:
        """The vulnerabilities of `inventory`."""
        return matched(inventory, self.advisories, self.how)

    def looked(self, location: Location, platform: str) -> Scanned:
        """The image at `location`, for `platform`, or this machine's of several."""
        machine = this_machine()
        wanted = Wanted(
            platform=platform,
            all_platforms=False,
            likely=machine.oci if machine is not None else "",
            functions=True,
            vex=True,
            settings=self.settings,
        )
        (one,) = scan_surveyed(survey(location, wanted, self.cache), self.advisories, self.how)
        return one

    def ends(self, inventory: Inventory) -> str:
        """The last day that its distribution is cared for; empty where that is not known."""
        release = inventory.release
        if release is None:
            return ""
        found = self.advisories.support(release.id, release.version_id)
        return max(found.ends, found.extended) if found is not None else ""


def recommend_image(request: RecommendImageRequest, advisories: Advisories | None = None) -> Advice:
    """What would make an image better, by `advisories` or those of the database.

    Bases for its runtime are built from what can be had here, and scanned as the image is; nothing
    of them stays but what is in the cache. Raises what reading the image and the database raise.
    """
    if advisories is None:
        with open_database(request.database) as opened:
            return recommend_image(request, opened)
    cache = Cache.default()
    how = Matching(now=request.now or int(time.time()))
    scanning = Scanning(advisories, how, request.settings, cache)
    with cache.guarding():
        location = parse_location(request.image)
        found = scanning.looked(location, request.platform)
        found = with_upgrades(found, advisories, how)
        with store_to_read(location, request.settings).opened() as source:
            image = read_image(source, parse_platform(found.inventory.subject.platform))
            return _advice(request, found, image, scanning)


def _advice(
    request: RecommendImageRequest, found: Scanned, image: StoredImage, scanning: Scanning
) -> Advice:
    inventory, scan = found.inventory, found.scan
    config = image.config.config
    command = (*config.entrypoint, *config.cmd)
    tree = read_tree(image.layers, scanning.cache)
    elf = elf_files(tree)
    runtime = started_by(inventory, command)
    program = program_of(config, tree, elf, inventory) if runtime is None else None
    if runtime is None and program is None:
        runtime = recognised(inventory, command)
    division = Division(inventory, runtime)
    needed = needed_by(inventory, division, tree, elf) if program is None else Needed()
    trial = _Trial(request, scanning, parse_platform(image.platform), program)
    remarks: list[str] = []
    again = trial.rebuilt(found, remarks)
    bases = trial.bases(found, runtime, needed, remarks)
    parts = all_of(scan, inventory) if program else parts_of(scan, inventory, division)
    best = best_of(bases, runtime, parts.system) if runtime or program else None
    return Advice(
        image=str(inventory.subject.name),
        platform=image.platform,
        system=inventory.release.pretty_name if inventory.release is not None else "",
        ends=scanning.ends(inventory),
        is_ours=_is_ours(found),
        runtime=runtime,
        counts=counts_of(scan),
        parts=parts,
        needed=needed,
        upgrades=advised(scan),
        rebuilt=again,
        bases=bases,
        best=best,
        newer=newest_of(bases, runtime, best) if runtime is not None else None,
        remarks=tuple(remarks),
        database=scan.database,
        now=scan.now,
    )


def _is_ours(found: Scanned) -> bool:
    """Whether distil built it."""
    return found.surveyed is not None and found.surveyed.has_ledger


def _is_suite(base: str) -> bool:
    """Whether `base` is one of those that images are made of, and no image itself."""
    return any(distro.owns(base) for distro in DISTROS if distro.bases)


class _Trial:
    """What is made and asked to advise on one image."""

    def __init__(
        self,
        request: RecommendImageRequest,
        scanning: Scanning,
        platform: Platform,
        program: Node | None,
    ) -> None:
        self._request = request
        self._scanning = scanning
        self._platform = platform
        self._program = program

    def rebuilt(self, found: Scanned, remarks: list[str]) -> Rebuilt | None:
        """What the packages of the image would be today; `remarks` tell why that is not known."""
        release = found.inventory.release
        name = f"{release.id}:{release.codename}" if release is not None else ""
        if not any(distro.owns(name) for distro in DISTROS if name):
            return None
        try:
            with Client(self._scanning.cache, offline=self._request.offline) as client:
                system = self._opened(name, client)
                today = Release(
                    name=f"{system.name} {system.release}".rstrip(),
                    date=system.date,
                    kind=system.ecosystem,
                    offers=system.offered,
                )
                is_ours = _is_ours(found)
                look = self._scanning.look
                return rebuilt(found.scan, found.inventory, today, look, is_ours=is_ours)
        except DistilError as error:
            remarks.append(f"what {name} has today is not known: {error.message}")
            return None

    def bases(
        self,
        found: Scanned,
        runtime: Recognised | None,
        needed: Needed,
        remarks: list[str],
    ) -> tuple[BaseOutcome, ...]:
        """Every base that was tried: those that the user names, and what can be made here."""
        named = [one for one in self._request.bases if _is_suite(one)]
        images = [one for one in self._request.bases if not _is_suite(one)]
        outcomes = [self._seen(one, needed) for one in images]
        if runtime is None and self._program is not None:
            outcomes += [self._tried(one, needed) for one in alone(self._program.path)]
            remarks.append(_ALONE)
            return tuple(outcomes)
        if runtime is None:
            remarks.append("no runtime was recognised, so no base was made for one")
            return tuple(outcomes)
        if not runtime.known.choices:
            remarks.append(f"no packages here have {runtime.title}")
            return tuple(outcomes)
        if not _is_ours(found):
            named += [one for distro in DISTROS for one in distro.bases if one != SCRATCH]
        else:
            remarks.append(_OURS)
        for base in dict.fromkeys(named):
            outcomes += self._made(base, runtime, needed)
        return tuple(outcomes)

    def _made(self, base: str, runtime: Recognised, needed: Needed) -> Iterator[BaseOutcome]:
        """What can be made on `base`; with more in it where something of what is needed lacks."""
        try:
            packages, having = self._packages(base, runtime, needed)
        except DistilError as error:
            yield BaseOutcome(candidate=Base(base=base), error=error.message, hint=error.hint)
            return
        if not packages:
            why = f"it has no package with {runtime.title}"
            yield BaseOutcome(candidate=Base(base=base), error=why)
            return
        for candidate in candidates_on(base, packages, runtime):
            outcome = self._tried(candidate, needed)
            if outcome.lacking:
                with_more = candidate.with_libraries(outcome.lacking, having)
                outcome = self._tried(with_more, needed)
            yield outcome

    def _packages(
        self, base: str, runtime: Recognised, needed: Needed
    ) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """The packages of `base` with the runtime, and for each needed library the one with it."""
        with Client(self._scanning.cache, offline=self._request.offline) as client:
            system = self._opened(base, client)
            found = packages_for(runtime, lambda name: system.version(name) is not None)
            named = {one: system.called_after(one)[:1] for one in needed.libraries if found}
            return found, {
                one: names[0]
                for one, names in named.items()
                if names and not system.in_every_image(names[0])
            }

    def _opened(self, base: str, client: Client) -> System:
        spec = Spec(base=BaseSpec(source=base))
        opening = Opening(Path(), spec, client, refresh=self._request.refresh)
        return open_base(opening, self._platform)

    def _tried(self, candidate: Base, needed: Needed) -> BaseOutcome:
        """`candidate`, built and scanned."""
        import tempfile

        with (
            labelled(candidate.title),
            tempfile.TemporaryDirectory(prefix="distil-recommend-") as directory,
        ):
            source = Path(directory, "base")
            source.mkdir()
            Path(source, SPEC_FILE).write_text("\n".join(candidate.lines) + "\n", "utf-8")
            if candidate.program and self._program is not None and self._program.blob is not None:
                Path(source, PROGRAM_FILE).write_bytes(self._program.blob.read())
            place = f"oci:{directory}/image:{_TAG}"
            try:
                build(
                    BuildRequest(
                        source=source,
                        outputs=(place,),
                        platforms=(self._platform.oci,),
                        debug=False,
                        refresh=self._request.refresh,
                        offline=self._request.offline,
                    )
                )
                looked = self._scanning.looked(parse_location(place), self._platform.oci)
            except DistilError as error:
                return BaseOutcome(candidate=candidate, error=error.message, hint=error.hint)
            return self._outcome(candidate, looked, needed)

    def _seen(self, place: str, needed: Needed) -> BaseOutcome:
        """An image that the user names, as a base."""
        candidate = Base(image=place)
        with labelled(place):
            try:
                looked = self._scanning.looked(parse_location(place), self._platform.oci)
            except DistilError as error:
                return BaseOutcome(candidate=candidate, error=error.message, hint=error.hint)
        return self._outcome(candidate, looked, needed)

    def _outcome(self, candidate: Base, looked: Scanned, needed: Needed) -> BaseOutcome:
        inventory = looked.inventory
        there = {file.path.rpartition("/")[2] for file in inventory.files}
        return BaseOutcome(
            candidate=candidate,
            size=inventory.subject.size,
            uncompressed_size=sum(file.size for file in inventory.files),
            packages=len(inventory.components),
            runtime=recognised(inventory, candidate.start),
            counts=counts_of(looked.scan),
            lacking=tuple(one for one in needed.libraries if one not in there),
            ends=self._scanning.ends(inventory),
        )
