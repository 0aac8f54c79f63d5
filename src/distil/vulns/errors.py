"""What is wrong with advisories, with the database that they are kept in, and with versions."""

from __future__ import annotations

from datetime import UTC, datetime

from distil.errors import DistilError

_ANEW = "make it anew: remove the file, then run `distil db update`"


class NoDatabase(DistilError):
    """There is no database of advisories yet."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"there is no database of advisories at {path}",
            hint="run `distil db update` once, or `distil db update --from PLACE` with a "
            "directory, a mirror or an artifact that has the advisories",
        )


class DatabaseUnreadable(DistilError):
    """The operating system does not let the database be read."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"the database {path} cannot be read: {why}")


class ForeignDatabase(DistilError):
    """A file that is no database of advisories, or one of another program."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is no database of advisories that distil wrote",
            hint="name another file with --db or DISTIL_DB; `distil db update` makes one",
        )


class TruncatedDatabase(DistilError):
    """A database that ends before its end: a copy that was broken off."""

    def __init__(self, path: str, expected: int, got: int) -> None:
        super().__init__(
            f"the database {path} is cut short: {got} bytes of {expected}",
            hint=f"copy it again, or {_ANEW}",
        )


class DamagedDatabase(DistilError):
    """A part of the database that is not what was written there."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"the database {path} is damaged: {why}",
            hint=f"{_ANEW}; if this comes back, check the disk and who else writes there",
        )


class NewerDatabase(DistilError):
    """A database that a newer distil wrote, in a form that this one does not know."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"the database {path} has form {found}; this distil reads form {known}",
            hint="use the newer distil, or another file: --db or DISTIL_DB",
        )


class OlderDatabase(DistilError):
    """A database in a form that distil no longer reads."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"the database {path} has form {found}; this distil reads form {known}",
            hint=_ANEW,
        )


class OlderAdvisories(DistilError):
    """Advisories that are older than those which are there: a mirror that fell back, or an attack.

    `what` is a feed; times are in seconds since 1970.
    """

    def __init__(self, what: str, found: int, known: int) -> None:
        super().__init__(
            f"{what} is of {_said(found)}, older than what the database has, of {_said(known)}",
            hint="nothing was changed; where that is what you want, add --allow-older",
        )


class FewerAdvisories(DistilError):
    """A feed that has lost most of its advisories: half a copy, or an attack.

    `what` is the feed; `found` and `known` count its documents.
    """

    def __init__(self, what: str, found: int, known: int) -> None:
        super().__init__(
            f"{what} has {found:,} documents, of {known:,} that the database has",
            hint="nothing was changed; where that is what you want, add --allow-older",
        )


class MalformedFeed(DistilError):
    """What came from a source of advisories and is not in the form that it should be in."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{name}: {why}", hint="is it what the source should give? nothing was changed"
        )
        self.name, self.why = name, why


class NoDatabaseThere(DistilError):
    """An image or artifact, or a file, that is asked for a database of advisories and has none."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} has no database of advisories in it",
            hint="`distil db export PLACE` puts one there",
        )


class NoFeeds(DistilError):
    """A place without any advisories in a form that is known, or without those of `ecosystem`."""

    def __init__(self, place: str, ecosystem: str = "") -> None:
        super().__init__(
            f"{place} has no advisories" + (f" for {ecosystem}" if ecosystem else ""),
            hint=f"it should have {ecosystem}/all.zip; upper and lower case matter"
            if ecosystem
            else "it should have any of ECOSYSTEM/all.zip as OSV has it, "
            "known_exploited_vulnerabilities.json, epss_scores.csv.gz, debian-tracker.json, "
            "endoflife/PRODUCT.json",
        )


class DatabaseTooOld(DistilError):
    """A database older than the days that --max-db-age allows."""

    def __init__(self, path: str, days: int, allowed: int) -> None:
        super().__init__(
            f"the database {path} is {days} days old, of {allowed} that are allowed",
            hint="run `distil db update`",
        )


def _said(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M") if when else "no date"
