"""What the answer of a scan is worth, and in sentences why it is not worth more."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Final

from distil.model.advisory import DatabaseStatus
from distil.model.inventory import OS_KINDS, Answer, Inventory, OsRelease, Verdict
from distil.vulns.advisories import Advisories
from distil.vulns.ecosystems import Naming, feed_of
from distil.vulns.matching.questions import Questions

DAY: Final = 86_400
_STALE: Final = 45
"""Days without any new document after which a feed is told of: perhaps a copy that stood still."""


def verdict_of(
    inventory: Inventory,
    asked: Questions,
    advisories: Advisories,
    now: int,
    oldest: int,
) -> Verdict:
    """The verdict on a scan at `now`, with a database of at most `oldest` days.

    Unknown: nothing can be said of the packages of the system, or it is not known what is in the
    image. Partial: something of it cannot be assessed, or what is known is old.
    """
    unknown = list(_unknown(inventory, asked))
    partial = list(_partial(inventory, asked))
    if inventory.release is not None:
        partial += _without_sources(inventory, inventory.release)
        partial += _support(inventory.release, advisories, now)
    partial += _age(advisories.status, asked, now, oldest)
    reasons = (*unknown, *partial)
    if unknown:
        return Verdict(Answer.UNKNOWN, reasons)
    return Verdict(Answer.PARTIAL if reasons else Answer.COMPLETE, reasons)


def _unknown(inventory: Inventory, asked: Questions) -> Iterator[str]:
    packages = any(one.kind in OS_KINDS for one in inventory.components)
    if packages and not asked.os_feed:
        yield _without_feed(inventory.release)
    told = inventory.verdict
    if told is not None and told.answer is Answer.UNKNOWN:
        yield from told.reasons
    if not inventory.components:
        yield "nothing was found that advisories could be about"


def _without_feed(release: OsRelease | None) -> str:
    if release is None:
        return "the image does not say which release of a distribution it is"
    name = release.pretty_name or f"{release.id} {release.version_id}".strip()
    return f"there are no advisories here about the packages of {name}"


def _partial(inventory: Inventory, asked: Questions) -> Iterator[str]:
    told = inventory.verdict
    if told is not None and told.answer is Answer.PARTIAL:
        yield from told.reasons
    for ecosystem, count in asked.missing.items():
        many = "1 component" if count == 1 else f"{count:,} components"
        yield f"the database has no advisories for {ecosystem}, which {many} would need"
    others = sum(
        len(one.components) for one in asked.unassessed if "the database has no" not in one.why
    )
    if others:
        many = "1 component" if others == 1 else f"{others:,} components"
        yield f"{many} cannot be assessed by any feed"


def _without_sources(inventory: Inventory, release: OsRelease) -> Iterator[str]:
    """Packages whose advisories go by sources that a document leaves out."""
    feed = feed_of(release)
    if inventory.has_files or feed is None or feed.naming is not Naming.SOURCE:
        return
    packages = [one for one in inventory.components if one.kind == feed.kind]
    if packages and all(one.source is None for one in packages):
        yield "no package says which source it was built from, by which its advisories go"


def _support(release: OsRelease, advisories: Advisories, now: int) -> Iterator[str]:
    support = advisories.support(release.id, release.version_id)
    if support is None:
        return
    last = max(support.ends, support.extended)
    today = datetime.datetime.fromtimestamp(now, datetime.UTC).date().isoformat()
    if last and last < today:
        name = release.pretty_name or f"{release.id} {release.version_id}"
        yield f"{name} has had no support since {last}: what was found later is in no advisory"


def _age(status: DatabaseStatus, asked: Questions, now: int, oldest: int) -> Iterator[str]:
    days = (now - status.built) // DAY
    if days > oldest:
        yield f"the database is {days:,} days old"
    needed = {
        question.ecosystem.partition(":")[0] for one in asked.asked for question in one.questions
    }
    for feed in status.feeds:
        still = (feed.fetched - feed.newest) // DAY if feed.newest else 0
        if still > _STALE and feed.name.rpartition("/")[2] in needed:
            yield f"the newest in {feed.name} was {still:,} days old when it was read"
