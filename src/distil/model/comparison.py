"""What a change of an image brought: vulnerabilities, packages, bytes."""

from __future__ import annotations

import msgspec

from distil.model.finding import Finding, Scan
from distil.model.inventory import Answer, Inventory

_RANKS = (Answer.UNKNOWN, Answer.PARTIAL, Answer.COMPLETE)


class ScannedImage(msgspec.Struct, frozen=True):
    """An image that was looked at: what is in it, and its vulnerabilities."""

    inventory: Inventory
    scan: Scan

    @property
    def name(self) -> str:
        """How it is called."""
        return self.inventory.subject.name

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.inventory.files)

    @property
    def download(self) -> int:
        """Bytes of the layers as they are stored; 0 for what is no image."""
        return self.inventory.subject.size


class VulnerabilityChange(msgspec.Struct, frozen=True):
    """A vulnerability of a package that is open in one of the two, or not the same in both.

    `before` and `after` are the open findings, one for each component of the package; empty where
    there is none. `what` is what differs where both have it: ``package``, ``version``,
    ``severity``, ``exploited``, ``fix``. `why` says in a sentence how that came. `is_worse`: it
    counts, and did not before.
    """

    id: str
    before: tuple[Finding, ...]
    after: tuple[Finding, ...]
    what: tuple[str, ...] = ()
    why: str = ""
    is_worse: bool = False

    @property
    def first(self) -> Finding:
        """The one that stands for all: of the image after, or else of that before."""
        return (self.after or self.before)[0]


class ChangedPackage(msgspec.Struct, frozen=True):
    """A package with its versions and the bytes of its files, before and after.

    Without a version it is not there. Of several versions each is told.
    """

    kind: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    sizes: tuple[int, int] = (0, 0)


class Comparison(msgspec.Struct, frozen=True):
    """Two images side by side, `before` and `after`.

    `new` are vulnerabilities that are open in the second alone, `gone` in the first alone, sorted
    as findings are; `changed` are in both and not the same, `same` counts the others. `relation`
    says how the first was chosen, where the user did not name it.
    """

    before: ScannedImage
    after: ScannedImage
    new: tuple[VulnerabilityChange, ...] = ()
    gone: tuple[VulnerabilityChange, ...] = ()
    changed: tuple[VulnerabilityChange, ...] = ()
    same: int = 0
    packages: tuple[ChangedPackage, ...] = ()
    same_packages: int = 0
    relation: str = ""

    @property
    def worse(self) -> tuple[VulnerabilityChange, ...]:
        """What makes the second worse than the first."""
        return tuple(one for one in (*self.new, *self.changed) if one.is_worse)

    @property
    def is_less_known(self) -> bool:
        """Whether less is known of the second than of the first."""
        known = [_RANKS.index(side.scan.verdict.answer) for side in (self.before, self.after)]
        return known[1] < known[0]

    @property
    def is_told(self) -> bool:
        """Whether anything can be said: not where nothing is known of the second alone."""
        return not self.is_less_known or self.after.scan.verdict.answer is not Answer.UNKNOWN

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing from what is known of both."""
        sides = (self.before, self.after)
        return all(one.scan.verdict.answer is Answer.COMPLETE for one in sides)
