"""`scan`: which known vulnerabilities concern what is in an image, or what a document tells of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.image.errors import PlatformNotFound
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.model.advisory import Severity
from distil.model.finding import Presence, Scan
from distil.model.inventory import Answer, IndexInventory, Inventory, Subject
from distil.model.ledger import Ledger
from distil.model.reference import parse_location
from distil.pipeline.hearing import Hearing, heard, heard_of_sbom, named_documents
from distil.survey.accounted import left_out, with_reasons
from distil.survey.surveying import Surveyed, SurveyedImage, Wanted, known_image, survey
from distil.vulns.advisories import Advisories
from distil.vulns.database.reader import open_database
from distil.vulns.errors import DatabaseTooOld
from distil.vulns.matching.scan import OLD, Matching
from distil.vulns.matching.scan import scan as matched
from distil.vulns.remembered import Remembered
from distil.vulns.vex.claims import Document

DOCUMENT: Final = "sbom:"
"""What a document is named by, in place of an image: ``sbom:FILE``."""

_DAY: Final = 86_400


class ScanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `scan` is asked for: an image, a place such as ``oci:DIR:TAG``, or ``sbom:FILE``.

    Of an image for several platforms all are scanned, or `platform` alone; where none is named and
    `all_platforms` is false, it is this machine's. `base` is the place of the image that it is
    made on, where the user knows. With `upgrades` it is tried which versions get rid of what is
    found. `database` is the file of advisories, empty for the one of this user. Ages are counted
    from `now`, in seconds since 1970, 0 for the time it is. A database of more than `oldest` days
    is called old, one of more than `max_age` is refused.
    """

    image: str
    platform: str = ""
    all_platforms: bool = True
    upgrades: bool = False
    base: str = ""
    database: str = ""
    now: int = 0
    oldest: int = OLD
    max_age: int | None = None
    hearing: Hearing = Hearing()
    settings: StoreSettings = NOTHING_SAID

    @property
    def matching(self) -> Matching:
        """How to match what is asked for."""
        return Matching(now=self.now or int(time.time()), oldest=self.oldest)


class Scanned(msgspec.Struct, frozen=True):
    """The scan of one image, or of what a document tells of; `surveyed` is None for that."""

    scan: Scan
    inventory: Inventory
    surveyed: Surveyed | None = None


class ScanReport(msgspec.Struct, frozen=True):
    """What scanning comes to: a scan for each platform, and the `index` of several.

    `missing` are platforms of the index that could not be scanned, since they are not there.
    """

    image: str
    scanned: tuple[Scanned, ...]
    index: Subject | None = None
    missing: tuple[str, ...] = ()

    @property
    def scans(self) -> tuple[Scan, ...]:
        """The scans alone."""
        return tuple(one.scan for one in self.scanned)

    @property
    def is_complete(self) -> bool:
        """Whether every platform was scanned, and every verdict is that nothing is missing."""
        answers = {one.verdict.answer for one in self.scans}
        return answers == {Answer.COMPLETE} and not self.missing

    @property
    def is_told(self) -> bool:
        """Whether no verdict is unknown: that nothing was found means something then."""
        return all(one.verdict.answer is not Answer.UNKNOWN for one in self.scans)

    def as_bad_as(self, least: Severity) -> ScanReport:
        """The same without what is less bad than `least`, which nobody knows of unrated ones."""
        scanned = tuple(
            msgspec.structs.replace(one, scan=_as_bad_as(one.scan, least)) for one in self.scanned
        )
        return msgspec.structs.replace(self, scanned=scanned)


def _as_bad_as(found: Scan, least: Severity) -> Scan:
    kept = tuple(
        one for one in found.findings if one.severity >= least or one.severity is Severity.UNKNOWN
    )
    return msgspec.structs.replace(found, findings=kept)


def scan(request: ScanRequest, advisories: Advisories | None = None) -> ScanReport:
    """The vulnerabilities of what `request` names, by `advisories` or those of the database.

    Nothing is asked of anybody but the place of the image. Raises `NoDatabase`, `DamagedDatabase`
    and the other errors of databases, `DatabaseTooOld`, `MalformedVex`, `MalformedIgnoreFile`,
    `MalformedSbom`, `NotTheBase`, and what reading images raises.
    """
    if advisories is None:
        with open_database(Path(request.database) if request.database else None) as opened:
            return scan(request, Remembered(opened))
    request = msgspec.structs.replace(request, now=request.matching.now)
    _check_age(request, advisories)
    found = _found(request, advisories)
    if not request.upgrades or not any(one.open for one in found.scans):
        return found
    scanned = tuple(advised(one, advisories, request.matching) for one in found.scanned)
    return msgspec.structs.replace(found, scanned=scanned)


def advised(one: Scanned, advisories: Advisories, how: Matching) -> Scanned:
    """The same with the upgrades that get rid of what counts. Raises `DamagedDatabase`."""
    from distil.vulns.upgrades import upgrades  # Not every form tells them.

    steps = upgrades(one.scan, one.inventory, lambda other: matched(other, advisories, how))
    return msgspec.structs.replace(one, scan=msgspec.structs.replace(one.scan, upgrades=steps))


def _found(request: ScanRequest, advisories: Advisories) -> ScanReport:
    documents = named_documents(request.hearing)
    if request.image.startswith(DOCUMENT):
        return _of_document(request, advisories, documents)
    cache = Cache.default()
    with cache.guarding():
        surveyed = _surveyed(request, cache)
        scanned = scan_surveyed(surveyed, advisories, request.matching, documents)
    return ScanReport(request.image, scanned, surveyed.index, surveyed.missing)


def scan_surveyed(
    surveyed: SurveyedImage,
    advisories: Advisories,
    how: Matching,
    documents: Sequence[Document] = (),
) -> tuple[Scanned, ...]:
    """The scan of each platform of an image that was surveyed, with what `documents` say of it.

    VEX documents that were found with the image are heard as well. Raises `DamagedDatabase`.
    """
    return tuple(_scanned(one, advisories, how, documents) for one in surveyed.images)


def _check_age(request: ScanRequest, advisories: Advisories) -> None:
    status = advisories.status
    days = (request.matching.now - status.built) // _DAY
    if request.max_age is not None and days > request.max_age:
        raise DatabaseTooOld(status.path, days, request.max_age)


def _scanned(
    one: Surveyed, advisories: Advisories, how: Matching, documents: Sequence[Document]
) -> Scanned:
    found = matched(one.inventory, advisories, how, one.functions)
    if one.ledger is not None:
        found = with_reasons(found, one.inventory, one.ledger)
        found = _with_spared(found, one.inventory, one.ledger, advisories, how)
    return Scanned(heard(found, one, documents), one.inventory, one)


def _with_spared(
    found: Scan, inventory: Inventory, ledger: Ledger, advisories: Advisories, how: Matching
) -> Scan:
    """`found` with what the packages have that were left out wholly."""
    gone = left_out(ledger, inventory)
    if not gone:
        return found
    supposed = msgspec.structs.replace(
        inventory, components=gone, relations=(), files=(), has_files=False
    )
    spared = matched(supposed, advisories, how).findings
    absent = tuple(msgspec.structs.replace(one, presence=Presence.NONE) for one in spared)
    return msgspec.structs.replace(found, spared=absent)


def _of_document(
    request: ScanRequest, advisories: Advisories, documents: Sequence[Document]
) -> ScanReport:
    from distil.pipeline.sbom import read_sbom  # An image has no need of it.

    file = request.image.removeprefix(DOCUMENT)
    found = read_sbom(Path(file))
    scanned = tuple(
        Scanned(
            heard_of_sbom(matched(one, advisories, request.matching), one, file, documents), one
        )
        for one in _each(found, request.platform, request.image)
    )
    index = found.subject if isinstance(found, IndexInventory) else None
    return ScanReport(request.image, scanned, index)


def _each(found: Inventory | IndexInventory, platform: str, name: str) -> tuple[Inventory, ...]:
    """What a document tells of; of several platforms, where one is named, that one."""
    whole = found.children if isinstance(found, IndexInventory) else (found,)
    meant = tuple(one for one in whole if platform in ("", one.subject.platform))
    known = [one.subject.platform for one in whole if one.subject.platform]
    if not meant and known:
        raise PlatformNotFound(name, platform, known)
    return meant or tuple(whole)


def _surveyed(request: ScanRequest, cache: Cache) -> SurveyedImage:
    base = (
        known_image(parse_location(request.base), request.platform, request.settings)
        if request.base
        else None
    )
    wanted = Wanted(
        platform=request.platform,
        all_platforms=request.all_platforms,
        base=base,
        functions=True,
        vex=request.hearing.attached,
        settings=request.settings,
    )
    return survey(parse_location(request.image), wanted, cache)
