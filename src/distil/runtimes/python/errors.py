"""What is wrong with a Python application, its requirements or its wheels."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from distil.errors import DistilError, did_you_mean
from distil.runtimes.errors import NoEntrypoint

_FILES_SHOWN = 8


class WheelDiffers(DistilError):
    """A project of the application's own that was built anew and came out different."""

    def __init__(self, filename: str, expected: str, got: str) -> None:
        super().__init__(
            f"{filename} was built from the locked sources and is {got} instead of {expected}",
            hint="its build back end gives another wheel here; `distil lock --vendor DIR` keeps "
            "the wheel itself",
        )


class UnknownExtra(DistilError):
    """An extra or dependency group that the project does not have."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        listed = f"it has {', '.join(known)}" if known else "it has none"
        super().__init__(
            f"the project has no {kind} called {name!r}; {listed}", hint=did_you_mean(name, known)
        )


class WorkspaceRoot(NoEntrypoint):
    """The root of a workspace that has no entrypoint of its own, while its members may.

    `members` are their directories, relative to `source`; one at least.
    """

    def __init__(self, source: str, members: Sequence[str]) -> None:
        more = f" and {len(members) - _FILES_SHOWN} more" if len(members) > _FILES_SHOWN else ""
        super().__init__(
            f"{source} is the root of a workspace, and nothing in it says how it starts; its "
            f"members are {', '.join(members[:_FILES_SHOWN])}{more}",
            f"name the directory of one instead, such as {source.rstrip('/')}/{members[0]}",
        )


class PythonDoesNotFit(DistilError):
    """An interpreter that the application, or something it needs, does not run on.

    `requires` is the ``Requires-Python`` specifier and `version` the interpreter's, so that a
    caller can look for a suite that fits and add it as a hint.
    """

    def __init__(
        self, who: str, requires: str, version: str, *, suites: Sequence[str] = ()
    ) -> None:
        hint = f"these have one that fits: {', '.join(suites)}" if suites else ""
        if len(suites) == 1:
            hint = f'{suites[0]} has one that fits: write from = "{suites[0]}" below [base]'
        super().__init__(f"{who} needs Python {requires}, the image has {version}", hint=hint)
        self.who = who
        self.requires = requires
        self.version = version

    def with_suites(self, suites: Sequence[str]) -> PythonDoesNotFit:
        """The same error, with the suites that fit named."""
        return PythonDoesNotFit(self.who, self.requires, self.version, suites=suites)


class NoMatchingWheel(DistilError):
    """A distribution without a wheel that the target can use."""

    def __init__(self, what: str, target: str, files: Sequence[str], *, source: str = "") -> None:
        shown = ", ".join(files[:_FILES_SHOWN])
        more = f" and {len(files) - _FILES_SHOWN} more" if len(files) > _FILES_SHOWN else ""
        listed = f"; its wheels are {shown}{more}" if files else ""
        super().__init__(
            f"{what} has no wheel for {target}{listed}{source}",
            hint="choose a version that has one, or build one and name it as a file or an index",
        )
        self.what = what
        self.source = source


class UnknownDistribution(DistilError):
    """A requirement whose name no index knows."""

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(
            f"no package index has {name!r}" + (f": {why}" if why else ""),
            hint="check the spelling, and the index if it is a private one",
        )


class UnsatisfiableRequirements(DistilError):
    """Requirements that contradict one another."""

    def __init__(self, explanation: str) -> None:
        super().__init__(f"the requirements cannot all be met: {explanation}")


class UnexpectedWheel(DistilError):
    """A wheel whose hash is not one of those that the project allows."""

    def __init__(self, what: str, where: str, found: Sequence[str], allowed: int) -> None:
        super().__init__(
            f"{what}: none of the files that the index offers for the target has a hash that "
            f"{where} allows (offered: {', '.join(found)}; allowed: {allowed})",
            hint="lock again if the change is known to be right; otherwise do not trust the index",
        )


class UnsupportedSource(DistilError):
    """A requirement that is not a wheel: a repository, a source archive."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            f"{name} is to be had from {kind} only, and third-party code is not built here",
            hint="build a wheel of it and name that file or an index that has it",
        )


class ResolverFailed(DistilError):
    """The resolver could not do its work, for a reason of its own."""

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__(f"resolving the Python packages failed: {why}", hint=hint)


class IndexUnreachable(DistilError):
    """No answer from a package index."""

    advice = "check the network, the proxy and the index that uv is configured to use"

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__(
            f"the Python package index cannot be reached: {why}", hint=hint or self.advice
        )


class RequirementUnreachable(DistilError):
    """A requirement with an address of its own, a git repository or an archive, and no answer."""

    def __init__(self, requirement: str, why: str, *, hint: str = "") -> None:
        advice = "check the network, the proxy and the address"
        if "git+" in requirement:
            advice += "; `git ls-remote` with the address has to work without asking for a password"
        super().__init__(f"{requirement} cannot be fetched: {why}", hint=hint or advice)


class InvalidWheel(DistilError):
    """A wheel that breaks the specification, or tries to reach out of its place."""

    def __init__(self, filename: str, why: str) -> None:
        super().__init__(f"{filename} is not a sound wheel: {why}")


class ProjectBuildFailed(DistilError):
    """The project's own build back end that did not produce a wheel."""

    def __init__(self, project: str, output: str) -> None:
        quoted = textwrap.indent(output, "  ")
        super().__init__(
            f"building the wheel of {project} failed:\n{quoted}",
            hint="`uv build --wheel` in that directory runs the same build",
        )


class ForeignWheel(DistilError):
    """A wheel of the project itself that does not run on the target."""

    def __init__(self, filename: str, target: str) -> None:
        super().__init__(
            f"the project's own wheel {filename} does not run on {target}",
            hint="build its wheel for that platform and name it in requirements.txt",
        )


class LoginInMetadata(DistilError):
    """A project whose metadata, which goes into the image, tells everybody a password."""

    def __init__(self, project: str) -> None:
        super().__init__(
            f"a requirement of {project} has a login in its address, and the metadata of a wheel "
            "is for everybody to read",
            hint="take it out of the address, and give it to uv as UV_INDEX_NAME_PASSWORD, in "
            "~/.netrc, or with a keyring",
        )


class InvalidRule(DistilError):
    """A data file of rules that does not follow its format."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}", hint="the README beside the file has the format")


class NoPython(DistilError):
    """A base without the packages of a Python interpreter."""

    def __init__(self, base: str, platform: str, *, is_image: bool = False) -> None:
        hint = "use another base, or another platform"
        if is_image:
            hint = "the application needs it: use an image that has it, or a Debian image, to "
            hint += "which it can be added"
        super().__init__(f"{base} has no python3 for {platform}", hint=hint)


class CannotCompile(DistilError):
    """Byte code that cannot be made, because the target's Python does not run on this machine."""

    def __init__(self, version: str, why: str) -> None:
        super().__init__(
            f"Python {version} cannot be run here to compile modules: {why}",
            hint='write bytecode = "none" below [python], or build on Linux on amd64 or arm64',
        )
