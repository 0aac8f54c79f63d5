"""Running uv, which resolves and calls build back ends, and turning its failures into ours."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from distil.errors import DistilError, NoAnswer
from distil.fetch.address import text_without_secrets
from distil.fetch.authorities import trust_for_uv
from distil.fetch.cache import Cache
from distil.runtimes.python.errors import (
    IndexUnreachable,
    NoMatchingWheel,
    PythonDoesNotFit,
    RequirementUnreachable,
    ResolverFailed,
    UnknownDistribution,
    UnsatisfiableRequirements,
)

_SECRET: Final = re.compile(r"UV_\w*(?:PASSWORD|TOKEN)")
_SHORTEST_SECRET: Final = 4
"""Characters; something shorter is in every other word."""


_FIXED: Final = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
_UNWANTED: Final = frozenset(
    {"UV_PYTHON", "UV_SYSTEM_PYTHON", "VIRTUAL_ENV", "UV_OFFLINE", "UV_FROZEN", "UV_LOCKED"}
    | {"FORCE_COLOR", "CLICOLOR_FORCE", "UV_PROJECT", "UV_WORKING_DIRECTORY", "RUST_LOG"}
)

_UNKNOWN: Final = re.compile(
    r"Because (\S+) was not found in (?:the package registry|the provided package locations)"
)
_FOUND_TAGS: Final = re.compile(r"but we only found wheels for (.*)")
_PYTHON: Final = re.compile(r"([\w.-]+==\S+) (?:requires|depends on) Python ?([<>=!~][^\s]*)")
_NETWORK: Final = re.compile(
    r"error sending request|Failed to fetch|dns error|Connection refused|timed out"
    r"|network connectivity is disabled|Request failed after",
    re.IGNORECASE,
)


_LOOKING: Final = threading.Lock()
"""uv looks through `sysconfig`, whose variables CPython 3.11 fills without a lock of its own."""


_PLACED: Final = re.compile(r"Failed to (?:download|build|fetch)[^`]*`([^`]+ @ [^`]+)`")
"""A requirement with an address of its own, which no package index has anything to do with."""


class UvFailed(DistilError):
    """uv ended with an error; `output` is what it said, without credentials."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def run_uv(
    arguments: Sequence[str],
    directory: Path,
    *,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> str:
    """What ``uv ARGUMENTS`` prints, run in `directory` so that its configuration counts there.

    No interpreter but the one that runs distil is used, and none is downloaded. What uv unpacks
    goes into distil's cache, unless UV_CACHE_DIR names another place. Raises
    `UvFailed` for an exit status that is not 0, `ResolverFailed` when uv cannot be run,
    `NoAnswer` when it takes longer than `seconds`, and `InvalidConfiguration` for certificates
    that cannot be used.
    """
    import subprocess  # a warm build does without

    kept = {key: value for key, value in os.environ.items() if key not in _UNWANTED}
    try:
        with trust_for_uv() as trust:
            result = subprocess.run(
                [_uv_binary(), *arguments, "--python", sys.executable],
                cwd=directory,
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                env={**kept, **_defaults(), **_FIXED, **trust, **(environment or {})},
                timeout=seconds,
            )
    except subprocess.TimeoutExpired as expired:
        raise NoAnswer("uv", expired.timeout) from None
    except OSError as error:
        raise ResolverFailed(f"uv cannot be run: {error.strerror}") from None
    if result.returncode != 0:
        raise UvFailed(_without_secrets(result.stderr.strip(), os.environ))
    return result.stdout


def _defaults() -> dict[str, str]:
    """What holds unless the user's own variables of these names say otherwise.

    Trust whom the machine trusts, as for Debian's mirrors; a cache that is distil's own, so that
    what a hostile wheel or source archive unpacks to is where `distil cache` looks after it.
    Raises `CacheUnwritable`.
    """
    found = {"UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "true")}
    if not os.environ.get("UV_CACHE_DIR"):
        found["UV_CACHE_DIR"] = str(Cache.default().lent("uv"))
    return found


def compile_requirements(
    arguments: Sequence[str], directory: Path, stdin: str, preferred: Mapping[str, str]
) -> str:
    """What ``uv pip compile`` resolves, as pylock.toml; nothing is built for it.

    Of a distribution among `preferred` that version is taken where it is admitted. Raises as
    `run_uv` does.
    """
    command = ["pip", "compile", "--format", "pylock.toml", "--no-header", "--no-build"]
    command += arguments
    if not preferred:
        return run_uv(command, directory, stdin=stdin)
    import tempfile  # only when a lock is made again

    with tempfile.TemporaryDirectory(prefix="distil-resolve-") as temporary:
        # uv prefers the versions of the output that is there already.
        output = Path(temporary, "pylock.toml")
        output.write_text(_pins(preferred))
        return run_uv([*command, "--output-file", str(output)], directory, stdin=stdin)


def _pins(versions: Mapping[str, str]) -> str:
    """A pylock.toml (PEP 751) that says nothing but `versions`."""
    head = 'lock-version = "1.0"\ncreated-by = "distil"\n'
    packages = [
        f"\n[[packages]]\nname = {json.dumps(name)}\nversion = {json.dumps(version)}\n"
        for name, version in sorted(versions.items())
    ]
    return head + "".join(packages)


def uv_program() -> tuple[str, str]:
    """The path and the version of the uv that is used. Raises `ResolverFailed`."""
    import subprocess

    path = _uv_binary()
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, check=True, timeout=10
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "strerror", None) or "it ends with an error"
        raise ResolverFailed(f"{path} cannot be run: {why}", hint="install uv anew") from None
    return path, said.split()[1]


def _without_secrets(text: str, environment: Mapping[str, str]) -> str:
    """`text`, uv's or a build back end's, without what is secret in it.

    A back end says what it likes, its environment included, so the passwords that are set for
    uv are hidden wherever they stand.
    """
    secrets = {value for name, value in environment.items() if _SECRET.fullmatch(name)}
    for name, value in environment.items():
        if name.startswith("UV_"):
            found = re.findall(r"://[^\s:@/]*:([^\s@/]+)@", value)
            secrets.update(found, map(unquote, found))
    text = text_without_secrets(text)
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text


def explained(failure: UvFailed, target: str, python: str) -> DistilError:
    """The error of ours that says what `failure` is about.

    `target` is what wheels must fit, `python` the full version of its interpreter.
    """
    text = failure.output
    if "401 Unauthorized" in text or "403 Forbidden" in text:
        return ResolverFailed(_explanation(text), hint="give uv the credentials of that index")
    if "No solution found" in text:
        return _no_solution(text, target, python)
    if "Building source distributions is disabled" in text:
        return ResolverFailed(
            "a requirement is a directory or a source archive, and only its build back end knows "
            "what it depends on",
            hint="give it a pyproject.toml with [project] dependencies, or name a wheel of it",
        )
    return _unreachable(text) or ResolverFailed(_explanation(text))


def _unreachable(text: str) -> DistilError | None:
    """The error about what did not answer: the index, or the place that a requirement names."""
    untrusted, git = "invalid peer certificate" in text, "Git operation failed" in text
    if not (untrusted or git or _NETWORK.search(text)):
        return None
    hint = "for a private CA set DISTIL_CA_FILE to its certificate" if untrusted else ""
    placed = _PLACED.search(text)
    if placed or git:
        requirement = placed[1] if placed else "a git+ requirement"
        return RequirementUnreachable(requirement, _cause(text), hint=hint)
    return IndexUnreachable(_explanation(text), hint=hint)


def _no_solution(text: str, target: str, python: str) -> DistilError:
    flat = re.sub(r"\s+", " ", text)
    unknown = _UNKNOWN.search(flat)
    if unknown:
        return UnknownDistribution(unknown[1])
    unfit = _PYTHON.search(flat)
    if unfit:
        return PythonDoesNotFit(unfit[1], unfit[2].rstrip(",."), python)
    hint = re.search(r"Wheels are required for `([^`]+)`", text)
    missing = hint or re.search(r"([\w.-]+)==\S+ has no wheels with a matching", flat)
    if missing:
        return _no_wheel(missing[1], flat, text, target)
    return UnsatisfiableRequirements(_explanation(text))


def _no_wheel(name: str, flat: str, text: str, target: str) -> NoMatchingWheel:
    """What of `name` was wanted, by whom, and which wheels uv saw instead."""
    quoted = re.escape(name)
    one = re.search(rf"\b{quoted}==(\S+) (?:has no usable wheels|has no wheels)", flat)
    asked = re.search(rf"you require ({quoted}[^\s,.]\S*?),? ", flat)
    what = name
    if one and "only the following versions" not in flat:
        what = f"{name} {one[1]}"
    elif asked:
        what = asked[1]
    by = re.search(rf"(?:all versions of )?([\w.-]+(?:==\S+)?) depends? on {quoted}", flat)
    tags = _FOUND_TAGS.search(text)
    found = f"; there are only wheels for {tags[1]}" if tags else ""
    if by:
        found += f" (wanted by {by[1]})"
    return NoMatchingWheel(what, target, (), source=found)


def _cause(text: str) -> str:
    """What uv gives as the last cause, or what the git that it called says first."""
    called = text.partition("--- stderr")[2].strip().splitlines()
    last = called[0] if called else text.strip().splitlines()[-1]
    return re.sub(r"^\s*(?:cause|fatal|error|ssh):\s*", "", last).strip()


def _explanation(text: str) -> str:
    """The words of uv on one line, without its warnings and its labels."""
    lines = []
    warning = False
    for line in text.splitlines():
        if line.startswith("warning:"):
            warning = True
        elif line.startswith(("error:", "hint:")):
            warning = False
        if not warning and line.strip():
            lines.append(re.sub(r"^\s*(?:error|cause|hint):\s*", "", line).strip())
    if len(lines) > 1 and lines[0].startswith("No solution found"):
        lines = lines[1:]
    return " ".join(lines) or "it did not say why"


def _uv_binary() -> str:
    import uv  # only needed when something has to be resolved

    try:
        with _LOOKING:
            return uv.find_uv_bin()
    except FileNotFoundError as error:
        raise ResolverFailed("the uv package has no uv program", hint="install uv") from error
