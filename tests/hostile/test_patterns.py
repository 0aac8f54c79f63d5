"""No pattern makes matching slow, whoever brings it: a user, a repository, a package."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from distil.formats.dockerignore import docker_patterns, parse_dockerignore
from distil.formats.gitignore import parse_gitignore
from distil.formats.patterns import name_globs, path_globs, text_globs
from distil.runtimes.python.reach.patterns import matches
from tests.support.command import World
from tests.support.hostile import hostile, in_child

NAME = "a" * 255
DEEP = "/".join(["a"] * 2000)


def docker(pattern: str, path: str) -> bool:
    return parse_dockerignore(pattern).decides(path)[0]


def git(pattern: str, path: str) -> bool:
    return parse_gitignore(pattern.encode()).decides(path, directory=False) is True


def keep(pattern: str, path: str) -> bool:
    return f"/{path}" in path_globs([f"/{pattern}"])


def names(pattern: str, path: str) -> bool:
    return path in name_globs([pattern])


def texts(pattern: str, path: str) -> bool:
    return path in text_globs([pattern])


def modules(pattern: str, path: str) -> bool:
    return matches(pattern.replace("/", "."), path.replace("/", "."))


SYNTAXES = (docker, git, keep, names, texts, modules)
PATTERNS = {
    "seven stars": ("*a" * 7 + "b", "a" * 100),
    "stars": ("*a" * 500 + "b", NAME),
    "a hundred thousand stars": ("*a" * 100_000, NAME),
    "directories": ("**/*a/" * 20 + "b", DEEP),
    "any directories": ("**/" * 50_000 + "b", DEEP),
    "directories and stars": ("**/*a*a*a/" * 500 + "**b", "/".join([NAME] * 16)),
    "only stars": ("*" * 200_000 + "b", NAME),
    "questions": ("*?" * 200 + "b", NAME),
}


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.__name__)
@pytest.mark.parametrize("case", PATTERNS)
def test_a_pattern_for_a_path(case: str, syntax: Callable[[str, str], bool]) -> None:
    pattern, path = PATTERNS[case]
    assert in_child(lambda: check(syntax(pattern, path), expected=False)) == ""


@pytest.mark.parametrize(
    "line",
    [
        "[a-z]*\n",
        "[[:alpha:]",
        "[[:",
        "[" + "a-b" * 40,
        "\\",
        "!",
        "**/x/**\n",
        "é[ü-ÿ]\n",
        "*\n!*\n",
    ],
)
@pytest.mark.parametrize("reader", [parse_dockerignore, parse_gitignore])
def test_a_file_of_nothing_else(line: str, reader: Callable[..., object]) -> None:
    text = line * (200_000 // len(line))

    def read() -> None:
        found = reader(text if reader is parse_dockerignore else text.encode())
        for path in (NAME, DEEP, "é" * 200, *map(str, range(200))):
            if reader is parse_dockerignore:
                found.decides(path)  # type: ignore[attr-defined]
            else:
                found.decides(path, directory=True)  # type: ignore[attr-defined]

    said = in_child(read)
    assert said == "" or said.startswith("InvalidProjectFile")


def test_many_paths_take_no_memory_for_good() -> None:
    patterns = docker_patterns(["*a*b*c*d*e*f*", "**/[a-f]*?x", "!**/y*z"], "here")

    def read() -> None:
        for number in range(60_000):
            patterns.decides(f"{number:x}/{chr(0x4E00 + number % 20_000)}{number * 7919:x}")

    assert in_child(read) == ""


MAIN = "if __name__ == '__main__':\n    print()\n"


@pytest.mark.parametrize(
    ("file", "contents"),
    [
        (".dockerignore", "*a" * 7 + "b"),
        (".gitignore", "*a" * 7 + "b"),
        ("distil.toml", f"[app]\nexclude = ['{'*a' * 7}b']\ninclude = ['{'**/*a' * 9}b']\n"),
        ("distil.toml", f"[reach]\nkeep = ['{'*a' * 40}b', '/{'**/*a*' * 40}b']\n"),
    ],
)
def test_a_build(cold: World, file: str, contents: str) -> None:
    deep = "/".join(["a"] * 40)
    files = {"main.py": MAIN, "a" * 100: "", f"{deep}/{'a' * 100}": "", file: contents}
    app = cold.app(files, "app")
    hostile(cold, "build", app, "-o", f"oci:{cold.out}", "-t", "app").answered(0)


@pytest.mark.parametrize("table", ["[base]\ndebs = ['{}']", "[[copy]]\nto = '/srv/'\nfrom = '{}'"])
@pytest.mark.parametrize("pattern", ["**/*a*" * 40, "**/*/" * 8 + "none", "*/" * 40 + "none"])
def test_a_pattern_of_own_files(cold: World, table: str, pattern: str) -> None:
    app = cold.app({"main.py": MAIN, "distil.toml": table.format(pattern)}, "app")
    for number in range(6):
        for inner in ("/".join([name] * 20) for name in "ab"):
            (app / str(number) / inner).mkdir(parents=True)
    hostile(cold, "build", app, "--dry-run").refused("nothing in .* matches")


def test_links_that_lead_round_in_circles(cold: World) -> None:
    table = f"[base]\ndebs = ['{'*/' * 30}x.deb']\n"
    app = cold.app({"main.py": MAIN, "distil.toml": table}, "app")
    for name in "abc":
        (app / name).symlink_to(".")
    (app / "loop").symlink_to("loop")
    hostile(cold, "build", app, "--dry-run").refused("more than 30000 directories")


def check(value: bool, *, expected: bool) -> None:
    assert value is expected
