"""`recommend`: what suits an application best, found out by building and starting it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from distil.compose.subject import Subject, read_subject
from distil.compose.summary import BuildSummary
from distil.distros.table import DISTROS
from distil.errors import DistilError
from distil.events import labelled
from distil.fetch.cache import Cache
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.model.errors import UnknownPlatform
from distil.model.platform import Platform, this_machine
from distil.model.reference import parse_location
from distil.pipeline.build import BuildRequest, build
from distil.pipeline.recommend_image import Scanning
from distil.recommend.candidates import Candidate, candidates
from distil.recommend.counts import counts_of
from distil.recommend.outcome import Outcome, Recommendation, ranked
from distil.run.errors import WayUnable
from distil.run.subject import Subject as Image
from distil.run.trial import begun, check_trial
from distil.runtimes.table import find_place, runtime_called
from distil.source.specification import Overrides, read_spec
from distil.vulns.advisories import Advisories
from distil.vulns.database.reader import open_database
from distil.vulns.errors import NoDatabase
from distil.vulns.matching.scan import Matching

_NAME = "trial"


class RecommendRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `recommend` is asked for.

    `source` is the directory of the application, or a script that is all of it; with `arguments`,
    if there are any, it is started. `bases` are tried beside those that distil knows. An image is
    looked at for `seconds` after it started.
    """

    source: Path
    arguments: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    seconds: float = 10.0
    settings: StoreSettings = NOTHING_SAID
    secrets: Mapping[str, str] = {}
    """What stages mount as secrets, by name, as for `build`."""
    database: Path | None = None
    """The file of advisories, None for the one of this user."""
    now: int = 0
    """What ages are counted from, in seconds since 1970; 0 for the time it is."""
    refresh: bool = False
    offline: bool = False


def recommend(request: RecommendRequest, advisories: Advisories | None = None) -> Recommendation:
    """Build the application on every base that may suit it, and in other ways; start and scan each.

    Nothing of it stays but what is in the cache. What cannot be built or started is an outcome
    like others; where there is no database of advisories, that is told. Raises what reading the
    application and the database raise.
    """
    if advisories is None:
        try:
            database = open_database(request.database)
        except NoDatabase as error:
            if request.database:
                raise
            return _recommended(request, None, unscanned=f"{error.message}; {error.hint}")
        with database as opened:
            return recommend(request, opened)
    how = Matching(now=request.now or int(time.time()))
    scanning = Scanning(advisories, how, request.settings, Cache.default())
    return _recommended(request, scanning)


def _recommended(
    request: RecommendRequest, scanning: Scanning | None, unscanned: str = ""
) -> Recommendation:
    place = find_place(request.source)
    subject = read_subject(place, read_spec(place.directory, Overrides()))
    platform, unstarted = _here(), _why_unstarted()
    bases = (*request.bases, *(base for distro in DISTROS for base in distro.bases))
    variants = runtime_called(subject.project.runtime).variants
    outcomes = [
        _tried(one, request, platform, scanning, can_start=not unstarted)
        for one in candidates(subject.spec, bases, variants)
    ]
    return ranked(
        outcomes,
        application=_called(subject),
        platform=str(platform),
        unstarted=unstarted,
        unscanned=unscanned,
    )


def _here() -> Platform:
    """This machine's platform: what is built for another one cannot be started here."""
    found = this_machine()
    if found is None:
        raise UnknownPlatform("of this machine", [])
    return found


def _why_unstarted() -> str:
    try:
        check_trial()
    except WayUnable as error:
        return error.why
    return ""


def _called(subject: Subject) -> str:
    application = subject.application
    return f"{application.name} {application.version}".rstrip()


def _tried(
    candidate: Candidate,
    request: RecommendRequest,
    platform: Platform,
    scanning: Scanning | None,
    *,
    can_start: bool,
) -> Outcome:
    """What becomes of one candidate."""
    import tempfile

    with (
        labelled(candidate.title),
        tempfile.TemporaryDirectory(prefix="distil-recommend-") as directory,
    ):
        place = f"oci:{directory}/image:{_NAME}"
        try:
            summary = build(
                BuildRequest(
                    source=request.source,
                    outputs=(place,),
                    settings=request.settings,
                    secrets=request.secrets,
                    platforms=(platform.oci,),
                    overrides=candidate.changes,
                    debug=False,
                    scan=False,  # They are counted below, whatever [policy] says.
                    refresh=request.refresh,
                    offline=request.offline,
                )
            )
        except DistilError as error:
            return Outcome(candidate=candidate, error=error.message, hint=error.hint)
        assert isinstance(summary, BuildSummary)  # noqa: S101 - of one platform
        outcome = _built(candidate, summary)
        if scanning is not None:
            looked = scanning.looked(parse_location(place), platform.oci)
            outcome = msgspec.structs.replace(outcome, counts=counts_of(looked.scan))
        return _started(outcome, place, request) if can_start else outcome


def _built(candidate: Candidate, summary: BuildSummary) -> Outcome:
    image = summary.images[0]
    return Outcome(
        candidate=candidate,
        size=image.size,
        uncompressed_size=image.uncompressed_size,
        packages=len(summary.packages),
        components=len(summary.distributions),
        lacking=tuple(_lacking(summary)),
    )


def _lacking(summary: BuildSummary) -> Iterator[str]:
    yield from (f"{one.kind} {one.name}" for one in summary.lacking)
    yield from summary.unhandled


def _started(outcome: Outcome, place: str, request: RecommendRequest) -> Outcome:
    try:
        found = begun(Image(parse_location(place)), request.seconds, request.arguments)
    except DistilError as error:
        return msgspec.structs.replace(outcome, error=error.message, hint=error.hint)
    return msgspec.structs.replace(outcome, begun=found)
