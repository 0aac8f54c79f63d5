"""Why an image cannot be made of what was found, or must not be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from distil.errors import DistilError


class NotLocked(DistilError):
    """A lock that lacks what the image needs: a platform, a package."""

    def __init__(self, path: str, what: str, *, hint: str = "") -> None:
        super().__init__(
            f"{path} holds no {what}", hint=hint or "run `distil lock`, and look at what it changes"
        )


class NoLedger(DistilError):
    """An image of which nobody knows why its files are there."""

    def __init__(self, image: str) -> None:
        super().__init__(
            f"there is no ledger for {image}, in the image or in the cache",
            hint="only images that distil built have one; build it again, here",
        )


class PlatformsFailed(DistilError):
    """A build for several platforms of which some cannot be; nothing was written for any.

    `failures` are the names of platforms, each with the error that a build for it alone would
    raise. What several have in common is said once. The exit code is that of the error; where
    errors differ, the highest.
    """

    def __init__(self, failures: Sequence[tuple[str, DistilError]]) -> None:
        self.failures = tuple(failures)
        self.exit_code = max(error.exit_code for _, error in failures)
        said: dict[tuple[str, str], list[str]] = {}
        for platform, error in failures:
            said.setdefault((error.message, error.hint), []).append(platform)
        hints = {hint for _, hint in said}
        lines = []
        for (message, hint), platforms in said.items():
            lines.append(f"the build for {' and '.join(platforms)} failed: {message}")
            if hint and len(hints) > 1:
                lines.append(f"hint: {hint}")
        super().__init__("\n".join(lines), hint=hints.pop() if len(hints) == 1 else "")


class ClosureBroken(DistilError):
    """Files of the image that would not find what they need, with packages that have it.

    `packages` are those to add, `files` own modules to take along; both are in the hint.
    """

    exit_code = 1

    def __init__(
        self,
        misses: Sequence[tuple[str, Sequence[str]]],
        distributions: Sequence[str] = (),
        files: Sequence[str] = (),
    ) -> None:
        lines = [f"  {text}{_in_packages(packages)}" for text, packages in misses]
        self.packages = tuple(dict.fromkeys(packages[0] for _, packages in misses if packages))
        self._said = (tuple(misses), tuple(distributions), tuple(files))
        hints = []
        if self.packages:
            hints.append(f"write packages = {_quoted(self.packages)} below [app] in distil.toml")
        if distributions:
            wanted = " and ".join(dict.fromkeys(distributions))
            hints.append(f"add the distribution that has it to the dependencies: {wanted}")
        if files:
            take = f"write include = {_quoted(dict.fromkeys(files))} below [app] in distil.toml"
            hints.append(f"{take}, or build the directory")
        super().__init__("the image would not work:\n" + "\n".join(lines), hint="; ".join(hints))

    def joined(self, later: ClosureBroken) -> ClosureBroken:
        """This error with what only shows once its packages are there."""
        (misses, *others), (more, *further) = self._said, later._said
        new = [miss for miss in more if miss not in misses]
        distributions, files = ((*a, *b) for a, b in zip(others, further, strict=True))
        return ClosureBroken((*misses, *new), distributions, files)


class TwinBroken(DistilError):
    """Files that only the debug twin has and that would not find what they need."""

    exit_code = 1

    def __init__(self, misses: Sequence[tuple[str, Sequence[str]]]) -> None:
        lines = [f"  {text}{_in_packages(packages)}" for text, packages in misses]
        names = dict.fromkeys(packages[0] for _, packages in misses if packages)
        quoted = ", ".join(f'"{name}"' for name in names)
        super().__init__(
            "the tools of the debug twin would not work:\n" + "\n".join(lines),
            hint=f"add {quoted} to packages below [debug] in distil.toml" if names else "",
        )


def _quoted(names: Iterable[str]) -> str:
    """`names` as a list in TOML."""
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"[{quoted}]"


def _in_packages(packages: Sequence[str]) -> str:
    return f" (it is in {' or '.join(packages)})" if packages else ""


class BrokenCommand(DistilError):
    """An entrypoint or a health check that could not be started; `hint` says where to write it."""

    exit_code = 1

    def __init__(self, kind: str, program: str, why: str, hint: str) -> None:
        super().__init__(f"the {kind} {program} cannot be started: {why}", hint=hint)


class UnwantedProgram(DistilError):
    """A shell or package manager in an image for which nobody asked for one."""

    exit_code = 1

    def __init__(self, path: str, origin: str) -> None:
        super().__init__(
            f"{path} of {origin} is in the image, and nothing asks for it",
            hint="name the package that brings it below [app] packages, to keep it on purpose",
        )


class UnaccountedFile(DistilError):
    """A file of the image that nothing accounts for: a defect of distil."""

    def __init__(self, path: str) -> None:
        super().__init__(f"nothing accounts for {path} in the image; please report this")


class InvalidEpoch(DistilError):
    """A SOURCE_DATE_EPOCH that is not a number of seconds."""

    def __init__(self, value: str) -> None:
        super().__init__(
            f"SOURCE_DATE_EPOCH is {value!r}, not a number of seconds since 1970",
            hint="unset it, or use `git log -1 --format=%ct`",
        )


class NoOutput(DistilError):
    """A build that nobody would see the result of."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "nothing says where the image should go",
            hint=f"add -o oci:out/{name}, -o docker-archive:{name}.tar, --load, or --push",
        )


class NowhereToPush(DistilError):
    """An image to be pushed that has no name, which is what says to which registry."""

    def __init__(self) -> None:
        super().__init__(
            "nothing says where to push the image to",
            hint="name it as it is called there: -t registry.example/team/app:1.4 --push",
        )


class UnfitForProfile(DistilError):
    """A build that comes to something which the place it is for does not take."""

    def __init__(self, profile: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"--profile {profile}: {why}", hint=hint)


class NotReproducible(DistilError):
    """An image that is not the same when it is made a second time; the answer is "no"."""

    exit_code = 1

    def __init__(
        self, platform: str, path: str, what: str, *, stage: str = "", source: str = ""
    ) -> None:
        made = f", which stage {stage} makes as {source}" if stage else ""
        where = f"{path}{made}: {what}" if path else what
        hint = (
            "run its commands so that they write no date, no random number and no order of hashes"
        )
        super().__init__(
            f"the image for {platform} is not the same twice: {where}", hint=hint if stage else ""
        )
