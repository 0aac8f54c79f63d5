"""What commands of a stage see beside files, the same on every machine and every day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from distil.distros.protocol import Toolchain
from distil.model.platform import Platform
from distil.model.spec import StageSpec
from distil.run.task import DEFAULT_PATH

_FIXED: Final = {
    "PATH": DEFAULT_PATH,
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}

PASSED_ON: Final = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
"""Variables of the caller, in either case, that commands with a network get as they are."""


def environment_of(
    stage: StageSpec, toolchain: Toolchain, here: Platform, target: Platform, epoch: int
) -> dict[str, str]:
    """The environment variables of `stage`, built `here` for `target`.

    Platforms are called as Docker's build arguments call them. `epoch` is the date that tools
    shall write, in seconds since 1970 (https://reproducible-builds.org/specs/source-date-epoch/).
    """
    platforms = {**_platform("BUILD", here), **_platform("TARGET", target)}
    said: Mapping[str, str] = stage.environment
    return {
        **_FIXED,
        "SOURCE_DATE_EPOCH": str(epoch),
        **platforms,
        **toolchain.environment,
        **said,
    }


def _platform(prefix: str, platform: Platform) -> dict[str, str]:
    system, architecture, *_ = platform.oci.split("/")
    return {
        f"{prefix}PLATFORM": platform.oci,
        f"{prefix}OS": system,
        f"{prefix}ARCH": architecture,
    }


def words_of(command: str | tuple[str, ...]) -> tuple[str, ...]:
    """The program and its arguments: a text is for the shell, which stops at the first error."""
    return ("/bin/sh", "-ec", command) if isinstance(command, str) else command


def shown(command: str | tuple[str, ...], longest: int = 120) -> str:
    """`command` in one line, for messages and reasons."""
    text = command if isinstance(command, str) else " ".join(command)
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest]}…"
