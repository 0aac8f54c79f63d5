"""What is wrong with a Debian archive, its packages or what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from distil.errors import DistilError
from distil.trust.errors import TrustError


class NoMirror(DistilError):
    """No Debian mirror is named anywhere."""

    def __init__(self, looked: str) -> None:
        super().__init__(
            f"no Debian mirror is known: none in {looked}",
            hint="set DISTIL_DEBIAN_MIRROR (and DISTIL_DEBIAN_SECURITY_MIRROR) to the address of "
            "one, or write it as `mirror` under [debian] in ~/.config/distil/config.toml",
        )


class UnknownSuite(DistilError):
    """A suite that no mirror has."""

    def __init__(self, suite: str, mirrors: Sequence[str], *, hint: str = "") -> None:
        super().__init__(f"there is no Debian suite {suite!r} at {', '.join(mirrors)}", hint=hint)


class UnsupportedArchitecture(DistilError):
    """A suite that does not exist for the target's architecture."""

    def __init__(self, suite: str, architecture: str, known: Sequence[str]) -> None:
        super().__init__(
            f"Debian {suite} does not exist for {architecture}",
            hint=f"it has {', '.join(known)}",
        )


class MissingComponent(DistilError):
    """A component, such as contrib, that a suite does not have."""

    def __init__(self, suite: str, component: str, known: Sequence[str]) -> None:
        super().__init__(
            f"Debian {suite} has no component {component!r}", hint=f"it has {', '.join(known)}"
        )


class MalformedRelease(TrustError):
    """A verified Release file that lacks what it must have."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


class NotDebian(TrustError):
    """A well-signed archive of somebody else."""

    def __init__(self, what: str, origin: str) -> None:
        super().__init__(
            f"{what} says its origin is {origin!r}, not Debian",
            hint="name a mirror of Debian itself",
        )


class WrongSuite(TrustError):
    """A mirror that answers with another suite than the one asked for."""

    def __init__(self, what: str, asked: str, got: str) -> None:
        super().__init__(
            f"{what} is not about the suite {asked}, but about {got}",
            hint="the mirror mixes its suites up, or somebody replays another one; "
            "try another mirror",
        )


class ReleaseExpired(TrustError):
    """A Release file beyond its own Valid-Until."""

    def __init__(self, what: str, until: str, codename: str) -> None:
        super().__init__(
            f"{what} expired on {until}: nobody looks after it any more, or somebody holds "
            "updates back",
            hint="try another mirror, or accept it by name with "
            f"DISTIL_ACCEPT_EXPIRED_INDEX={codename}",
        )


class ReleaseRolledBack(TrustError):
    """A Release file older than one that was verified before."""

    def __init__(self, what: str, date: str, newest: str, codename: str) -> None:
        super().__init__(
            f"{what} is of {date}, but one of {newest} was seen before: the mirror is behind, or "
            "somebody holds updates back",
            hint="wait or try another mirror, or accept it by name with "
            f"DISTIL_ACCEPT_OLDER_INDEX={codename}",
        )


class ReleaseTooOld(TrustError):
    """A Release file older than the user allows."""

    def __init__(self, what: str, date: str, days: float) -> None:
        super().__init__(
            f"{what} is of {date}, which is more than {days:g} days ago",
            hint="try another mirror, or raise DISTIL_RELEASE_MAX_DAYS",
        )


class ReleaseNotYetValid(TrustError):
    """A Release file from the future."""

    def __init__(self, what: str, date: str) -> None:
        super().__init__(
            f"{what} is of {date}, which is in the future", hint="set this machine's clock"
        )


class UnusableRepository(DistilError):
    """An apt repository that does not have what the user says; `key` is the setting to look at."""

    def __init__(self, repository: str, key: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"the repository {repository} {why}", hint=hint)
        self.key = key


class UnusableDeb(DistilError):
    """A local .deb file that cannot be one of the packages of an image."""

    def __init__(self, path: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{path} {why}", hint=hint)


class IndexMismatch(TrustError):
    """An index that is not the one that the signed Release file names."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"{what} does not match the signed Release file: {why}",
            hint="the mirror may be in the middle of an update: try again, or another mirror",
        )


class ByHashMismatch(IndexMismatch):
    """A file named by its digest with other contents: no update in progress explains that."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}, asked for by its digest,", why)
        self.hint = "somebody or something changed the file; try another mirror"


class IndexMissing(DistilError):
    """An index that the mirror should have and does not."""

    def __init__(self, what: str, url: str) -> None:
        super().__init__(
            f"{what} is missing at {url}",
            hint="the mirror may be in the middle of an update: try again with --refresh",
        )


class MalformedScript(DistilError):
    """A shell script that does not follow the grammar distil reads."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line} of the script: {why}")


class CutReached(DistilError):
    """Files that the image keeps need others that were cut."""

    def __init__(self, found: Sequence[str]) -> None:
        shown = "".join(f"\n  {one}" for one in found)
        super().__init__(
            f"the image would need what is not in it:{shown}",
            hint="add the package that has it to `packages` in distil.toml (dash has /bin/sh)",
        )


class MissingCopyright(DistilError):
    """A package whose copyright file is a link to a package that is not there."""

    def __init__(self, package: str, path: str, target: str) -> None:
        super().__init__(f"{package}: {path} leads to {target}, which no package has")


class MalformedControl(DistilError):
    """Debian control data (an index, a Release file, a package's control) that does not parse."""

    def __init__(self, what: str, line: int, why: str) -> None:
        super().__init__(f"{what}: in the paragraph at line {line}, {why}")


class UnusablePackageEntry(DistilError):
    """A package in an index that lacks what it must have, or says something unsafe."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} cannot be used: {why}")


class MalformedRelation(DistilError):
    """A package relationship field that does not follow its grammar."""

    def __init__(self, text: str, why: str) -> None:
        shown = text if len(text) <= 80 else text[:77] + "..."
        super().__init__(f"the package relation {shown!r} cannot be read: {why}")


class VirtualPackage(DistilError):
    """A name that several packages provide, so that one of them has to be named instead."""

    def __init__(self, name: str, providers: Sequence[str]) -> None:
        super().__init__(
            f"{name} is a virtual package, which several packages provide",
            hint=f"name one of them: {', '.join(providers)}",
        )


class MalformedBusybox(DistilError):
    """A busybox that the debug twin cannot be made with."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"busybox-static cannot be used for the debug twin: {why}",
            hint="leave the twin out with --no-debug",
        )


class CannotAddPackages(DistilError):
    """Packages that something needs, for an image that none can be added to.

    `wanted` says for each what it is for.
    """

    def __init__(self, image: str, why: str, wanted: Mapping[str, str]) -> None:
        names = ", ".join(f"{name} (for {what})" for name, what in wanted.items())
        super().__init__(
            f"no package can be added to {image}: {why}; needed are {names}",
            hint="build on an image that has them, on a Debian image, or on debian:SUITE",
        )
