"""What is wrong with a VEX document or an ignore file, or with what is asked of one."""

from __future__ import annotations

from distil.errors import DistilError


class MalformedVex(DistilError):
    """A document that cannot be read as VEX; `where` is a JSON path."""

    def __init__(self, name: str, where: str, why: str, *, hint: str = "") -> None:
        place = f"{name}: {where}" if where else name
        super().__init__(f"{place}: {why}", hint=hint)
        self.name, self.where, self.why = name, where, why


class MalformedIgnoreFile(DistilError):
    """A file of ignored findings that does not say what it has to say."""

    def __init__(self, name: str, where: str, why: str) -> None:
        place = f"{name}: {where}" if where else name
        super().__init__(
            f"{place}: {why}",
            hint='each is an [[ignore]] with id = "CVE-…" and reason = "…"; package and '
            "until = 2027-01-31 are optional",
        )
        self.name, self.where, self.why = name, where, why


class NothingToName(DistilError):
    """A scan of something without a digest, of which a VEX document cannot say what it is about."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"{subject} has no digest by which a VEX document could name it",
            hint="copy the image into a layout or a registry (`distil copy`), and scan it there",
        )
