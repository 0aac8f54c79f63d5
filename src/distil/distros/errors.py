"""What every distribution may raise."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError


class UnknownBase(DistilError):
    """A base that is none."""

    def __init__(self, base: str) -> None:
        super().__init__(
            f"the base {base!r} is not one distil can build on",
            hint="write debian:SUITE, such as debian:trixie, or scratch, or an image with its "
            "registry or transport, such as registry.example/base:3 or oci:DIR:TAG",
        )


class UnknownPackage(DistilError):
    """A Debian package that no index names."""

    def __init__(self, name: str, where: str, similar: Sequence[str] = ()) -> None:
        super().__init__(
            f"there is no package {name!r} in {where}",
            hint=f"did you mean {' or '.join(similar)}?" if similar else "",
        )


class UnknownPackageVersion(DistilError):
    """A version of a Debian package that the indexes do not have."""

    def __init__(self, name: str, version: str, known: Sequence[str]) -> None:
        super().__init__(
            f"{name} has no version {version!r}",
            hint=f"there is {', '.join(known)}" if known else "",
        )


class NothingAdded(DistilError):
    """Packages for a stage whose base is an image, or nothing: these are taken as they are."""

    def __init__(self, packages: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(packages)} cannot be added to the base of a stage that is no Debian suite",
            hint='write base = "debian:SUITE", or have a command install it (network = true)',
        )


class UnsatisfiableDependencies(DistilError):
    """Packages that cannot be installed together; `chains` say who asks for what, and why not."""

    def __init__(self, chains: Sequence[str]) -> None:
        self.chains = tuple(chains)
        super().__init__("the packages cannot be installed together:\n  " + "\n  ".join(chains))
