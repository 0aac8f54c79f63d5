"""A report of another scanner, held against ours finding by finding."""

from __future__ import annotations

import enum

import msgspec

from distil.model.advisory import Severity
from distil.model.finding import Finding


class OtherPackage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A package as the other scanner calls it: `kind` is its own word for what it is."""

    name: str
    version: str = ""
    kind: str = ""
    purl: str = ""


class OtherFinding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vulnerability that another scanner reports of a package.

    `id` is what it calls it, `aliases` are other names that it gives. `fixed` are versions with
    the fix, and `status` its word for what is known of that. `source` is where it has it from;
    `is_by_cpe` tells that it compared a CPE, not the package's own ecosystem. `left_out` says why
    it does not count it itself, empty where it does. `paths` are files that it names.
    """

    id: str
    package: OtherPackage
    aliases: tuple[str, ...] = ()
    severity: Severity = Severity.UNKNOWN
    fixed: tuple[str, ...] = ()
    status: str = ""
    source: str = ""
    is_by_cpe: bool = False
    left_out: str = ""
    paths: tuple[str, ...] = ()


class OtherReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report: `tool` is who made it, `made` when, and `database` when its data was.

    Both are in seconds since 1970, 0 where it does not say. `subject` is what it is of, with the
    `digests` that it gives; `system` the distribution and release as it calls them. `packages`
    are all that it has seen, None where it lists only those with findings. `fixed_only` tells
    that it was asked to leave out what has no fix.
    """

    tool: str
    version: str = ""
    made: int = 0
    database: int = 0
    subject: str = ""
    digests: frozenset[str] = frozenset()
    system: str = ""
    findings: tuple[OtherFinding, ...] = ()
    packages: tuple[OtherPackage, ...] | None = None
    fixed_only: bool = False

    @property
    def looked(self) -> int:
        """When what it knows is from, as nearly as it says: in seconds since 1970, or 0."""
        return self.database or self.made


class Side(enum.StrEnum):
    """Who counts a vulnerability of a package."""

    BOTH = "both"
    OURS = "only distil"
    THEIRS = "only they"


class Reason(enum.StrEnum):
    """Why one of the two counts what the other does not, in a few words."""

    NONE = ""
    """Both count it."""

    # Why they alone count it.
    SETTLED = "it is settled here"
    NOT_HERE = "no such package was found in the image"
    REMOVED = "the package is removed from the image"
    OTHER_VERSION = "another version is in the image"
    OWNED = "the distribution's advisories are followed"
    NOT_ASSESSED = "nobody could assess the package here"
    NO_ADVISORY = "no advisory here tells of it"
    OTHER_PACKAGE = "advisories tell of it for other packages"
    WITHDRAWN = "the advisory is withdrawn"
    NOT_AFFECTED = "the distribution says it is not affected"
    HAS_FIX = "the installed version has the fix"
    OLDER = "the installed version is older than the fault"
    OUT_OF_RANGE = "the installed version is in no range"
    UNORDERED = "the versions cannot be ordered"
    OTHER_STREAM = "the advisory is of another module stream"
    PLATFORM = "only other platforms are affected"

    # Why distil alone counts it.
    LEFT_OUT = "they leave it out"
    UNSEEN = "they did not see the package"
    SEEN_OTHERWISE = "they saw another version"
    UNDETERMINED = "nobody knows whether it is affected, and distil says so"
    NEWER = "it became known after they looked"
    FILTERED = "they seem to leave such out"

    UNTOLD = "nothing tells why"


class Held(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vulnerability of a package in one of two reports, or in both.

    `name` and `version` are the package's, `findings` are ours and `others` theirs. `why` says in
    a sentence what `reason` rests on. `differs` is what is not the same where both count it:
    ``severity``, ``fix``.
    """

    side: Side
    id: str
    name: str
    version: str
    findings: tuple[Finding, ...] = ()
    others: tuple[OtherFinding, ...] = ()
    reason: Reason = Reason.NONE
    why: str = ""
    differs: tuple[str, ...] = ()


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A scan held against another scanner's `report`.

    `held` are sorted: what they alone count, what distil alone counts, then what both do. `quiet`
    counts what both know and neither counts. `remarks` say what makes the two hard to compare.
    """

    report: OtherReport
    held: tuple[Held, ...]
    quiet: int = 0
    remarks: tuple[str, ...] = ()

    def of(self, side: Side) -> tuple[Held, ...]:
        """Those of one side."""
        return tuple(one for one in self.held if one.side is side)
