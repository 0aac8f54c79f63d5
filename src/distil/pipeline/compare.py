"""`compare`: what a change of an image brought: vulnerabilities, packages, bytes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from distil.diff.scans import compare_scans
from distil.fetch.cache import Cache
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.model.comparison import Comparison, ScannedImage
from distil.model.condition import COUNTS, Condition
from distil.model.reference import parse_location
from distil.pipeline.hearing import Hearing, named_documents
from distil.pipeline.scan import DOCUMENT, Scanned, ScanRequest, scan, scan_surveyed
from distil.survey.surveying import Surveyed, SurveyedImage, Wanted, survey, survey_base
from distil.vulns.advisories import Advisories
from distil.vulns.database.reader import open_database


class CompareRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `compare` is asked for: an image, and what to compare it with.

    Both are places such as ``oci:DIR:TAG``, or ``sbom:FILE``. What is compared with is the image
    `to`, or else the one that `image` was made on, whose layers it has. Of images for several
    platforms it is this machine's, or the one named. What counts is what any of `conditions` holds
    for. `database`, `now` and `hearing` are as in `ScanRequest`.
    """

    image: str
    to: str = ""
    platform: str = ""
    conditions: tuple[Condition, ...] = COUNTS
    database: Path | None = None
    now: int = 0
    hearing: Hearing = Hearing()
    settings: StoreSettings = NOTHING_SAID


def compare(request: CompareRequest, advisories: Advisories | None = None) -> Comparison:
    """What `request.image` has and has not, beside what it is compared with.

    Both are matched against the same state of the same database. Raises `NoBase` and what `scan`
    raises.
    """
    if advisories is None:
        with open_database(request.database) as opened:
            return compare(request, opened)
    cache = Cache.default()
    with cache.guarding():
        after = _scanned(request.image, request, advisories, cache)
        relation = ""
        if request.to:
            platform = after.inventory.subject.platform
            before = _scanned(request.to, request, advisories, cache, likely=platform)
        else:
            before = _base_of(after, request, advisories, cache)
            base = after.inventory.base
            relation = f"the first is what the second was made on: {base.evidence}" if base else ""
    first, second = (ScannedImage(one.inventory, one.scan) for one in (before, after))
    return compare_scans(first, second, request.conditions, relation=relation)


def _scanned(
    place: str,
    request: CompareRequest,
    advisories: Advisories,
    cache: Cache,
    likely: str = "",
) -> Scanned:
    """The scan of one image, or of what a document tells of."""
    if place.startswith(DOCUMENT):
        return scan(_scan_request(request, place), advisories).scanned[0]
    surveyed = survey(parse_location(place), _wanted(request, likely), cache)
    return _matched(surveyed, request, advisories)


def _base_of(
    after: Scanned, request: CompareRequest, advisories: Advisories, cache: Cache
) -> Scanned:
    """The scan of the image that `after` was made on. Raises `NoBase`."""
    image = after.surveyed or Surveyed(after.inventory)
    likely = after.inventory.subject.platform
    base = survey_base(parse_location(request.image), image, _wanted(request, likely), cache)
    return _matched(SurveyedImage((base,)), request, advisories)


def _matched(surveyed: SurveyedImage, request: CompareRequest, advisories: Advisories) -> Scanned:
    """The scan of the first of `surveyed`, with what is said of it."""
    how = _scan_request(request, request.image).matching
    return scan_surveyed(surveyed, advisories, how, named_documents(request.hearing))[0]


def _wanted(request: CompareRequest, likely: str) -> Wanted:
    return Wanted(
        platform=request.platform,
        all_platforms=False,
        likely=likely,
        functions=True,
        vex=request.hearing.attached,
        settings=request.settings,
    )


def _scan_request(request: CompareRequest, place: str) -> ScanRequest:
    return ScanRequest(
        image=place,
        platform=request.platform,
        now=request.now,
        hearing=request.hearing,
        settings=request.settings,
    )
