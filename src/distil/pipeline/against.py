"""`against`: a scan held against another scanner's report, and why the two differ."""

from __future__ import annotations

from pathlib import Path

import msgspec

from distil.model.finding import Scan
from distil.model.other_report import Disagreement, OtherReport
from distil.model.regular_file import open_regular
from distil.pipeline.scan import Scanned, ScanReport, ScanRequest, scan
from distil.vulns.advisories import Advisories
from distil.vulns.database.reader import open_database
from distil.vulns.others.comparing import compared
from distil.vulns.others.errors import ReportOfAnother
from distil.vulns.others.reading import LARGEST, read_report


class Against(msgspec.Struct, frozen=True):
    """A scan, and what comes of holding `scan`, one platform of it, against the other report."""

    report: ScanReport
    scan: Scan
    disagreement: Disagreement


def against(request: ScanRequest, file: Path, advisories: Advisories | None = None) -> Against:
    """Scan what `request` names and hold the report of another scanner in `file` against it.

    Of an image for several platforms the one counts that the report is of. Raises
    `MalformedReport`, `ReportOfAnother`, OSError for `file`, and what `scan` raises.
    """
    with open_regular(file) as stream:
        other = read_report(stream.read(LARGEST + 1), str(file))
    if advisories is None:
        with open_database(Path(request.database) if request.database else None) as opened:
            return _against(request, file, other, opened)
    return _against(request, file, other, advisories)


def _against(
    request: ScanRequest, file: Path, other: OtherReport, advisories: Advisories
) -> Against:
    report = scan(request, advisories)
    one = _platform_of(report, other, str(file))
    return Against(report, one.scan, compared(one.scan, one.inventory, advisories, other))


def _platform_of(report: ScanReport, other: OtherReport, name: str) -> Scanned:
    """The platform that the other report is of."""
    if len(report.scanned) == 1:
        return report.scanned[0]
    for one in report.scanned:
        subject = one.scan.subject
        if not other.digests.isdisjoint({subject.digest, subject.config_digest}):
            return one
    raise ReportOfAnother(name, [one.scan.subject.platform for one in report.scanned])
