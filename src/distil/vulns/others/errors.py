"""What is wrong with a report of another scanner."""

from __future__ import annotations

from distil.errors import DistilError


class MalformedReport(DistilError):
    """A file that is no report of a scanner that distil reads; `where` is a JSON path."""

    def __init__(self, name: str, where: str, why: str) -> None:
        place = f"{name}: {where}" if where else name
        super().__init__(
            f"{place}: {why}",
            hint="make one with `trivy image --format json --list-all-pkgs IMAGE` or "
            "`grype IMAGE -o json`",
        )
        self.name, self.where, self.why = name, where, why


class ReportOfAnother(DistilError):
    """A report that is of none of the platforms that were scanned, as far as digests tell."""

    def __init__(self, name: str, platforms: list[str]) -> None:
        super().__init__(
            f"{name}: it does not say which of {', '.join(platforms)} it is a report of",
            hint="name the platform with --platform",
        )
        self.name, self.platforms = name, platforms
