"""``distil.toml`` → `Spec`, with errors that name the key and the line."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from distil.errors import did_you_mean
from distil.formats.errors import InvalidSpec
from distil.formats.spec_policy import policy_violations
from distil.formats.spec_sources import (
    LARGEST_ID,
    Violation,
    base_violations,
    copy_violations,
    pattern_violations,
    place_violations,
)
from distil.formats.toml import NotToml, parse_toml
from distil.model.errors import UnknownPlatform
from distil.model.platform import parse_platform
from distil.model.spec import HealthcheckSpec, ImageSpec, Spec

_HEADER: Final = re.compile(r"\s*\[(?P<list>\[)?\s*(?P<path>[^\]#]+?)\s*\]\]?\s*(#.*)?$")
_KEY: Final = re.compile(r"""\s*(?P<path>[\w."'\s-]+?)\s*=""")
_ERROR_PATH: Final = re.compile(r" - at `\$?\.?(?P<path>[^`]*)`$")
_TABLES: Final = ("copy", "base.repositories")
"""Keys that are arrays of tables."""

_POSITION: Final = re.compile(r"\[\d+\]")
_NOT_A_LIST: Final = "Expected `array`, got `object`"

_USER: Final = re.compile(r"\d{1,10}(:\d{1,10})?", re.ASCII)
_PORT: Final = re.compile(r"\d{1,5}(/(tcp|udp|sctp))?", re.ASCII)
_LOCALE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.@-]*", re.ASCII)
_SIGNAL: Final = re.compile(r"SIG[A-Z0-9]+([+-]\d+)?|[1-9]\d?", re.ASCII)
_LONGEST_WORD: Final = 1 << 17
"""Bytes, a NUL behind them included: Linux's MAX_ARG_STRLEN."""

_SHORTEST: Final = 0.001
_LONGEST: Final = 10**9
"""Seconds: Docker's own lower bound, and what still fits nanoseconds in 63 bits."""


def parse_spec(text: str, filename: str = "distil.toml") -> Spec:
    """The specification in `text`. `filename` is for messages only.

    Raises `InvalidSpec` for text that is not TOML, unknown keys, wrong types and values that
    no image can have; the message names the file, the line and the key.
    """
    try:
        data = parse_toml(text)
    except NotToml as error:
        raise InvalidSpec(filename, None, "", f"not valid TOML: {error}") from error
    for path, known in _unknown_keys(data, Spec, ()):
        hint = did_you_mean(path[-1], known) or f"known keys here: {', '.join(sorted(known))}"
        raise violation(text, filename, path, "unknown key", hint=hint)
    try:
        spec = msgspec.convert(data, Spec)
    except msgspec.ValidationError as error:
        message = str(error)
        found = _ERROR_PATH.search(message)
        path = _error_path(found["path"]) if found else ()
        why = _ERROR_PATH.sub("", message)
        hint = f"write [[{_name(path)}]]" if why == _NOT_A_LIST and _name(path) in _TABLES else ""
        raise violation(text, filename, path, why, hint=hint or _choices(path)) from error
    for path, why, hint in (*_violations(spec), *_nul_violations(data, ())):
        raise violation(text, filename, path, why, hint=hint)
    return spec


def violation(
    text: str, filename: str, path: Sequence[str], why: str, *, hint: str = ""
) -> InvalidSpec:
    """The error for what is wrong at `path` of the specification in `text`.

    `path` are keys; ``[1]`` is the second table of an array of tables.
    """
    return InvalidSpec(filename, line_of(text, path), _name(path), why, hint=hint)


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The number of the line (from 1) where `path` is written, or its nearest parent."""
    best: tuple[int, int] | None = None
    for number, found in _keys(text):
        depth = len(found)
        if tuple(path[:depth]) == found and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    seen: Counter[tuple[str, ...]] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _split(header["path"])
            if header["list"]:
                position = seen[table]
                seen[table] += 1
                table = (*table, f"[{position}]")
            yield number, table
        elif key := _KEY.match(line):
            yield number, table + _split(key["path"])


def _split(path: str) -> tuple[str, ...]:
    """Split a dotted key."""
    parts = [part.strip().strip("\"'") for part in path.split(".")]
    return tuple(part for part in parts if part)


def _error_path(path: str) -> tuple[str, ...]:
    """The keys of a place as msgspec has it, ``copy[1].mode``; positions are apart."""
    return _split(re.sub(r"\[\.*\]", "", re.sub(r"(\[\d+\])", r".\1", path)))


def _name(path: Sequence[str]) -> str:
    """How messages call a place; which of several tables it is in, the line tells."""
    return ".".join(part for part in path if not _POSITION.fullmatch(part))


def _unknown_keys(
    data: dict[str, Any], struct: type, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for key, value in data.items():
        if key not in fields:
            yield (*path, key), list(fields)
        elif isinstance(value, dict):
            nested = _nested_struct(fields[key].type)
            if nested is not None:
                yield from _unknown_keys(value, nested, (*path, key))
        elif isinstance(value, list):
            nested = _nested_struct(fields[key].type)
            for position, entry in enumerate(value if nested is not None else ()):
                if nested is not None and isinstance(entry, dict):
                    yield from _unknown_keys(entry, nested, (*path, key, f"[{position}]"))


def _nested_struct(annotation: object) -> type | None:
    candidates = getattr(annotation, "__args__", ()) or (annotation,)
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            return candidate
    return None


def _choices(path: Sequence[str]) -> str:
    """The values that the key `path` can have, where they are a few words."""
    annotation: object = Spec
    for name in path:
        struct = _nested_struct(annotation)
        fields = {f.encode_name: f for f in msgspec.structs.fields(struct)} if struct else {}
        annotation = fields[name].type if name in fields else None
    if not isinstance(annotation, enum.EnumType):
        return ""
    return " or ".join(f'"{choice.value}"' for choice in annotation)  # type: ignore[var-annotated]


def _violations(spec: Spec) -> Iterator[Violation]:
    """What is well-typed but can never be right."""
    yield from _image_violations(spec.image)
    yield from _path_violations(spec.image)
    yield from _certificate_violations(spec.image)
    yield from _start_violations(spec)
    yield from base_violations(spec.base)
    yield from copy_violations(spec.copy)
    yield from policy_violations(spec.policy)
    if spec.python.requirements is not None:
        yield from pattern_violations(("python", "requirements"), spec.python.requirements)
    if spec.image.healthcheck is not None:
        yield from _healthcheck_violations(spec.image.healthcheck)
    for name in spec.app.environment:
        if not name or "=" in name or "\0" in name:
            yield ("app", "environment"), f"{name!r} is no name of a variable", ""
    for pattern in spec.reach.keep:
        if "/" in pattern and not pattern.startswith("/"):
            why = f"{pattern!r} is neither the path of a file nor the name of a package"
            yield ("reach", "keep"), why, f"write '/{pattern}'"


def _nul_violations(value: object, path: tuple[str, ...]) -> Iterator[Violation]:
    """The strings that hold a NUL byte, which ends every string of a system call."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _nul_violations(key, (*path, key)) if "\0" in key else ()
            yield from _nul_violations(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            table = isinstance(inner, dict)
            yield from _nul_violations(inner, (*path, f"[{number}]") if table else path)
    elif isinstance(value, str) and "\0" in value:
        yield path, "it holds a NUL byte", ""


def _image_violations(image: ImageSpec) -> Iterator[Violation]:
    if not _USER.fullmatch(image.user) or any(int(n) > LARGEST_ID for n in image.user.split(":")):
        why = f"{image.user!r} is not a numeric uid or uid:gid"
        yield ("image", "user"), why, "names mean nothing without the image's own passwd: 65532"
    for port in image.ports:
        number = str(port).split("/")[0]
        if not _PORT.fullmatch(str(port)) or not 0 < int(number) < 65536:
            yield ("image", "ports"), f"{port!r} is not a port", 'write 8000 or "53/udp"'
    for name in image.platforms:
        try:
            parse_platform(name)
        except UnknownPlatform as error:
            yield ("image", "platforms"), error.message, error.hint
    for name in image.locales:
        if not _LOCALE.fullmatch(name):
            yield ("image", "locales"), f"{name!r} is not a locale", "write de_DE.UTF-8"
    if image.compression not in ("gzip", "zstd"):
        yield ("image", "compression"), f"{image.compression!r} is not known", "gzip or zstd"
    if image.stop_signal and not _SIGNAL.fullmatch(image.stop_signal):
        why = f"{image.stop_signal!r} is not a signal"
        yield ("image", "stop_signal"), why, "write SIGTERM or 15"


def _path_violations(image: ImageSpec) -> Iterator[Violation]:
    checks: tuple[tuple[str, Sequence[str], str], ...] = (
        ("workdir", (image.workdir or "/",), "cannot be the working directory"),
        ("volumes", image.volumes, "cannot be a volume"),
        ("writable", image.writable, "cannot be a writable directory"),
    )
    for key, values, why in checks:
        for value in values:
            yield from place_violations(("image", key), value, why)
            if value.startswith("/") and key != "workdir" and not value.strip("/"):
                yield ("image", key), f"the root directory {why}", "name a directory below it"


def _certificate_violations(image: ImageSpec) -> Iterator[Violation]:
    for name in image.certificates:
        if not name or name.startswith("/") or ".." in name.split("/") or "\0" in name:
            why = f"{name!r} is no path in the application's directory"
            yield ("image", "certificates"), why, "copy the file there: certs/corp.pem"


def _start_violations(spec: Spec) -> Iterator[Violation]:
    """What no program can be started with."""
    if spec.app.entrypoint is not None and not any(spec.app.entrypoint[:1]):
        yield ("app", "entrypoint"), "it names no program", "leave it out to have it found"
    for key, words in (
        ("entrypoint", spec.app.entrypoint or ()),
        ("command", spec.app.command),
        ("environment", [f"{k}={v}" for k, v in spec.app.environment.items()]),
    ):
        if any(len(word.encode()) >= _LONGEST_WORD for word in words):
            why = f"it holds a word of more than the {_LONGEST_WORD - 1} bytes that a program gets"
            yield ("app", key), why, "put it into a file"


def _healthcheck_violations(healthcheck: HealthcheckSpec) -> Iterator[Violation]:
    where = ("image", "healthcheck")
    if not any(healthcheck.command[:1]):
        yield (*where, "command"), "it names no program", ""
    for key in ("interval", "timeout", "start_period"):
        seconds = getattr(healthcheck, key)
        if seconds != 0 and not _SHORTEST <= seconds <= _LONGEST:
            yield (*where, key), f"{seconds} is no number of seconds for it", "write 30, or 0.5"
    if not 0 <= healthcheck.retries <= LARGEST_ID:
        yield (*where, "retries"), f"{healthcheck.retries} is no number of retries", ""
