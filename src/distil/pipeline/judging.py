"""Judging what was built before it is written anywhere: ``[policy]``, and what a scan finds."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from distil.compose.document_making import inventory_of_built
from distil.compose.plan import called
from distil.compose.product import Product
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.image.assemble import Image
from distil.model.advisory import Severity
from distil.model.finding import Scan
from distil.model.image import ImageConfig, decode_document
from distil.model.inventory import Inventory
from distil.model.policy import Judgement, Outcome, ScanSummary
from distil.pipeline.hearing import Hearing, named_documents
from distil.pipeline.scan import scan_surveyed
from distil.policy.asked import Asked
from distil.policy.errors import PolicyViolated
from distil.policy.rules import Judged, judge
from distil.survey.functions import keep_functions
from distil.survey.surveying import Surveyed, SurveyedImage
from distil.vulns.advisories import Advisories
from distil.vulns.database.reader import open_database
from distil.vulns.matching.scan import Matching
from distil.vulns.vex.claims import Document


class Judge(msgspec.Struct, frozen=True):
    """What images are judged by: the rules, and the advisories where they are looked at.

    `name` is what the image is called, `documents` are those that are believed.
    """

    asked: Asked
    cache: Cache
    name: str
    advisories: Advisories | None
    how: Matching
    documents: tuple[Document, ...] = ()

    def judged(self, product: Product) -> Product:
        """`product` with how its production image stands to the rules.

        Raises `PolicyViolated`, `DamagedDatabase`, and what reading layers raises.
        """
        plan, (image, _) = product.plan, product.images[0]
        foundation, name = plan.resolved.base.foundation, called(plan)
        inventory = inventory_of_built(image, name, product.ledger, foundation, self.cache)
        scan = self._scan(inventory, image)
        config = decode_document(image.config.data, ImageConfig, "configuration")
        image_judged = Judged(inventory=inventory, user=config.config.user, scan=scan)
        results = judge(self.asked.policy, image_judged)
        if any(one.outcome in (Outcome.BROKEN, Outcome.UNTOLD) for one in results):
            raise PolicyViolated(self.name, results)
        skipped = [one.key for one in results if one.outcome is Outcome.SKIPPED]
        if skipped:
            emit(Warned(f"nobody looked for vulnerabilities: {', '.join(skipped)} not judged"))
        summary = _summary(scan) if scan is not None else None
        return msgspec.structs.replace(product, judgement=Judgement(results, summary))

    def _scan(self, inventory: Inventory, image: Image) -> Scan | None:
        if self.advisories is None:
            return None
        functions = keep_functions(inventory, image.layers, self.cache)
        surveyed = Surveyed(inventory, has_ledger=True, functions=functions)
        (scanned,) = scan_surveyed(
            SurveyedImage((surveyed,)), self.advisories, self.how, self.documents
        )
        return scanned.scan


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge is to work with.

    `source` is the directory that files of the policy are relative to, `name` what the image is
    called, `database` the file of advisories, this user's by default. Ages are counted from `now`,
    in seconds since 1970, 0 for the time it is.
    """

    source: Path
    name: str
    cache: Cache
    database: Path | None = None
    now: int = 0


@contextlib.contextmanager
def judging(asked: Asked, means: Means) -> Iterator[Judge]:
    """A judge by what is `asked`, with the database and all documents at hand.

    Raises `NoDatabase` and the other errors of databases, `MalformedVex`, `MalformedIgnoreFile`,
    OSError.
    """
    how = Matching(now=means.now or int(time.time()))
    if not asked.scan:
        yield Judge(asked, means.cache, means.name, None, how)
        return
    policy = asked.policy
    hearing = Hearing(
        vex=tuple(str(means.source / one) for one in policy.vex),
        ignore=(str(means.source / policy.ignore),) if policy.ignore else (),
    )
    documents = named_documents(hearing)
    with open_database(means.database) as advisories:
        yield Judge(asked, means.cache, means.name, advisories, how, documents)


def _summary(scan: Scan) -> ScanSummary:
    worst: dict[str, Severity] = {}
    for one in scan.open:
        worst[one.id] = max(one.severity, worst.get(one.id, Severity.UNKNOWN))
    severities = sorted(worst.values(), reverse=True)
    return ScanSummary(
        open={_word(one): severities.count(one) for one in dict.fromkeys(severities)},
        settled=len({one.id for one in scan.findings if one.settled is not None}),
        verdict=scan.verdict,
        database=scan.database.digest,
    )


def _word(severity: Severity) -> str:
    return "unrated" if severity is Severity.UNKNOWN else severity.word
