"""What scanning comes to: findings, what they rest on, and what could not be told.

A `Scan` is a value that says all: reports, policies, comparisons and VEX documents start from it.
Nothing is left out of it: what somebody says is not so stands in it with who says so and why.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from distil.model.advisory import DatabaseStatus, Exploited, Likelihood, Rating, Severity
from distil.model.inventory import OsRelease, Subject, Verdict


class Presence(enum.StrEnum):
    """How much of the package that is vulnerable is there."""

    WHOLE = "all"
    PART = "some"
    DOCUMENTS = "documents"
    """Only copyright files, documentation and the package manager's records."""
    NONE = "none"
    UNTOLD = "untold"
    """Nobody knows which files it has."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What proves a finding's presence, or that it is not there, from the bytes of the image.

    `files` are paths with the sha256 of their contents. `symbols` are functions that were looked
    for in them, `absent` paths that were looked for in the image. `rule` names how it is shown;
    `detail` says it in a sentence.
    """

    rule: str
    detail: str
    files: tuple[tuple[str, str], ...] = ()
    symbols: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Repair(enum.StrEnum):
    """Whether and how it can be got rid of by an upgrade."""

    FIXED = "fixed"
    """There is a version with the fix."""
    NONE = "not fixed"
    DEFERRED = "deferred"
    IGNORED = "will not be fixed"
    END_OF_LIFE = "end of life"
    UNDETERMINED = "undetermined"


class Justification(enum.StrEnum):
    """Why something is not affected, in the words of OpenVEX and of CISA."""

    COMPONENT_NOT_PRESENT = "component_not_present"
    VULNERABLE_CODE_NOT_PRESENT = "vulnerable_code_not_present"
    NOT_IN_EXECUTE_PATH = "vulnerable_code_not_in_execute_path"
    CANNOT_BE_CONTROLLED = "vulnerable_code_cannot_be_controlled_by_adversary"
    MITIGATED = "inline_mitigations_already_exist"


class Standing(enum.StrEnum):
    """How a vulnerability stands to a product, in the words of OpenVEX but for the last."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"
    ACCEPTED = "accepted"
    """It may be there, and somebody has decided to live with it: what an ignore file says."""


SETTLING: Final = frozenset({Standing.NOT_AFFECTED, Standing.FIXED, Standing.ACCEPTED})
"""By which a finding does not count."""


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody says of a finding: we, with `evidence`; a VEX document; an ignore file.

    `by` is the document or file, or ``distil``; `until` the last day it holds, as ``2027-01-31``.
    `void` is why it settles nothing although it would, in a sentence, empty where it holds.
    """

    standing: Standing
    by: str
    justification: Justification | None = None
    reason: str = ""
    until: str = ""
    evidence: Evidence | None = None
    void: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vulnerability of one component.

    `id` is the CVE where there is one, else the advisory's own; `aliases` are all other names
    and `advisories` those documents that say so. `component` is the ref of the component in the
    inventory; `package` is the name that the advisories go by (a source package). `places` are
    the files that tell of the component. `fixed` are the versions with the fix, the nearest
    first. `ecosystem` is the one whose advisories were followed, and `basis` says in a sentence
    how it came to be compared, where that is not plain. `note` are the distribution's words.

    `reached` says what leads to the component from the entrypoint, where that is known: it is
    information and takes nothing away. `statements` are all that is said of it; where one of them
    `settles` it, it does not count.
    """

    id: str
    component: str
    kind: str
    name: str
    installed: str
    purl: str
    package: str
    ecosystem: str
    severity: Severity = Severity.UNKNOWN
    rating: Rating | None = None
    repair: Repair = Repair.NONE
    fixed: tuple[str, ...] = ()
    note: str = ""
    basis: str = ""
    aliases: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()
    summary: str = ""
    references: tuple[str, ...] = ()
    published: int = 0
    exploited: Exploited | None = None
    likelihood: Likelihood | None = None
    presence: Presence = Presence.UNTOLD
    present: int = 0
    claimed: int = 0
    evidence: Evidence | None = None
    reached: str = ""
    layer: int = -1
    is_base: bool = False
    places: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def settled(self) -> Statement | None:
        """The statement by which it does not count, if there is one."""
        for one in self.statements:
            if one.standing in SETTLING and not one.void:
                return one
        return None

    @property
    def is_fixable(self) -> bool:
        """Whether a version with the fix is known."""
        return bool(self.fixed)


class Heard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document or file whose statements were held against the findings.

    `form` is its format, `author` who says that they wrote it. `is_attached` tells that nobody
    named it: it was found beside the image. Of its `statements`, `applied` are about a finding
    and `settling` settle one. `remarks` say what of it was not understood, or holds no more.
    """

    name: str
    form: str
    author: str = ""
    is_attached: bool = False
    statements: int = 0
    applied: int = 0
    settling: int = 0
    remarks: tuple[str, ...] = ()


class Upgrade(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of one package to a version that gets rid of some of its findings.

    `package` is the name that the advisories of `ecosystem` go by; `components` are the refs of
    those that are made of it, and `names` their names. `installed` is their version and `target`
    the one with the fixes; `step` says how large the step is, as ``patch`` or ``major``. `fixes`
    are the ids that are gone then, `remains` those that stay, `brings` those that come with it.
    """

    kind: str
    ecosystem: str
    package: str
    names: tuple[str, ...]
    components: tuple[str, ...] = ()
    installed: str
    target: str
    step: str = ""
    fixes: tuple[str, ...]
    remains: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    is_base: bool = False
    """All of it comes from the base image."""


class Unassessed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Components that no feed can assess, for one reason."""

    why: str
    components: tuple[str, ...]
    """Refs of the inventory."""
    names: tuple[str, ...] = ()


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about the vulnerabilities of one image, or of what a document tells of.

    `findings` are sorted, the worst first; those that are settled are among them. `covered` are
    components whose advisories are those of the OS package that owns them, with its ref.
    `heard` are the documents whose statements stand in the findings. `upgrades` are for the
    findings that count, the smaller step of a package first. `spared` are of packages that belong
    to what the image was made of and that distil left out wholly, as its ledger tells: they are no
    findings, and nothing of them is there. `now` is the time that all ages are counted from, in
    seconds since 1970.
    """

    subject: Subject
    release: OsRelease | None = None
    components: int = 0
    findings: tuple[Finding, ...] = ()
    unassessed: tuple[Unassessed, ...] = ()
    covered: tuple[tuple[str, str], ...] = ()
    heard: tuple[Heard, ...] = ()
    upgrades: tuple[Upgrade, ...] = ()
    spared: tuple[Finding, ...] = ()
    verdict: Verdict
    database: DatabaseStatus
    now: int

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that count."""
        return tuple(one for one in self.findings if one.settled is None)
