"""Scripts with inline metadata: found, chosen, built alone, and what is said when two are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from distil.formats.errors import InvalidProjectFile
from distil.model.spec import AppSpec, PythonSpec, Spec
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.python.application import DependencySource
from distil.runtimes.python.inputs import input_digests
from distil.runtimes.table import find_place
from distil.source.errors import UnreadableSource
from distil.source.place import Place, sources_of
from tests.support.detected import detect

Write = Callable[[Mapping[str, str]], Path]

GUARD = "if __name__ == '__main__':\n    pass\n"


def script(*dependencies: str, code: str = "print(1)\n") -> str:
    listed = ", ".join(f'"{one}"' for one in dependencies)
    return f"# /// script\n# dependencies = [{listed}]\n# ///\n{code}"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            place = tmp_path / "app" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return tmp_path / "app"

    return write


def spec(*entrypoint: str) -> Spec:
    return Spec(app=AppSpec(entrypoint=entrypoint or None))


FOUND = {
    "the only script": ({"job.py": script("idna"), "other.py": "x = 1\n"}, (), "idna"),
    "named by the entrypoint": ({"job.py": script("idna")}, ("python3", "job.py"), "idna"),
    "named by its path": ({"job.py": script("idna")}, ("python3", "-u", "/app/job.py"), "idna"),
    "below": ({"jobs/a.py": script("idna")}, ("python3", "./jobs/a.py"), "idna"),
    "named as a module": ({"job.py": script("idna")}, ("python3", "-m", "job"), "idna"),
    "named by a server": ({"job.py": script("idna")}, ("gunicorn", "job:app"), "idna"),
    "one of two": (
        {"a.py": script("idna"), "b.py": script("six")},
        ("python3", "b.py"),
        "six",
    ),
    "neither of two": ({"a.py": script("idna"), "b.py": script("six")}, ("/bin/x",), ""),
    "the entrypoint names none": ({"job.py": script("idna")}, ("/bin/x",), "idna"),
    "before a requirements file that lacks it": (
        {"job.py": script("idna"), "requirements.txt": "six\n"},
        ("python3", "job.py"),
        "idna",
    ),
    "after a requirements file that has it": (
        {"job.py": script("idna"), "requirements.txt": "idna==3.10\nsix\n"},
        ("python3", "job.py"),
        "idna six",
    ),
    "of a usual name": ({"main.py": script("idna"), "job.py": script("six")}, (), "idna"),
    "a package below src": (
        {"src/shop/__init__.py": "", "src/shop/__main__.py": script("six"), "x.py": ""},
        (),
        "six",
    ),
    "a guard and a usual name": (
        {"main.py": GUARD, "job.py": script("six"), "requirements.txt": "idna\n"},
        (),
        "idna",
    ),
    "with lines that end as on Windows": (
        {"job.py": script("idna").replace("\n", "\r\n")},
        ("python3", "job.py"),
        "idna",
    ),
}


@pytest.mark.parametrize(("files", "entrypoint", "names"), FOUND.values(), ids=FOUND)
def test_which_metadata_decides(write: Write, files, entrypoint, names: str) -> None:
    found = detect(write(files), spec(*entrypoint))
    assert " ".join(found.dependencies.names) == names


def test_a_script_without_a_guard_starts_as_itself(write: Write) -> None:
    found = detect(write({"job.py": script("idna")}), Spec())
    assert found.entrypoint == ("/usr/bin/python3", "/app/job.py")
    assert found.dependencies.source is DependencySource.SCRIPT


def test_two_scripts_are_both_named(write: Write) -> None:
    root = write({"job.py": script("idna"), "zoo.py": script("six")})
    with pytest.raises(NoEntrypoint, match=r"job\.py and zoo\.py can both be run") as raised:
        detect(root, Spec())
    assert f"distil build {root}/job.py" in raised.value.hint


def test_the_requirements_that_the_spec_names_go_first(write: Write) -> None:
    root = write({"job.py": script("idna"), "prod.txt": "six\n"})
    chosen = Spec(
        app=AppSpec(entrypoint=("python3", "job.py")), python=PythonSpec(requirements="prod.txt")
    )
    assert detect(root, chosen).dependencies.names == ("six",)


# --- a script alone ------------------------------------------------------------------------


def alone(path: Path, chosen: Spec | None = None):
    chosen = chosen or Spec()
    place = find_place(path)
    sources = sources_of(place, chosen)
    return detect(place.directory, chosen, sources, place.script), sources


def test_a_script_is_the_application(write: Write) -> None:
    project = '[project]\nname = "other"\nversion = "1"\ndependencies = ["six"]\n'
    root = write({"job.py": script("idna"), "pyproject.toml": project, ".gitignore": "job.py\n"})
    found, sources = alone(root / "job.py")
    assert [file.path for file in sources.files] == ["job.py"]
    assert (found.name, found.version, found.packaged) == ("job", "", False)
    assert found.entrypoint == ("/usr/bin/python3", "/app/job.py")
    assert found.dependencies.names == ("idna",)
    assert found.argument == f"{root}/job.py"
    assert set(input_digests(found)) == {"job.py"}


def test_only_the_metadata_of_a_script_counts_for_a_lock(write: Write) -> None:
    root = write({"job.py": script("idna")})
    before = input_digests(alone(root / "job.py")[0])
    write({"job.py": script("idna", code="print(2)\n")})
    assert input_digests(alone(root / "job.py")[0]) == before
    write({"job.py": script("six")})
    assert input_digests(alone(root / "job.py")[0]) != before


def test_what_is_included_comes_along(write: Write) -> None:
    root = write({"job.py": "import own\n", "own/__init__.py": "", "data/x.csv": "", "y.py": ""})
    chosen = Spec(app=AppSpec(include=("own/**", "data/*.csv")))
    found, sources = alone(root / "job.py", chosen)
    files = {file.path for file in sources.files if "." in file.path}
    assert files == {"job.py", "own/__init__.py", "data/x.csv"}
    assert found.dependencies.source is DependencySource.NONE


@pytest.mark.parametrize(
    ("words", "started"),
    [
        (("/usr/bin/python3", "-O", "/app/job.py"), "-O"),
        (("gunicorn", "shop:app"), "/app/job.py"),
        ((), "/app/job.py"),
    ],
)
def test_an_entrypoint_counts_when_it_starts_the_script(write: Write, words, started: str) -> None:
    found, _ = alone(write({"job.py": script("idna")}) / "job.py", spec(*words))
    assert found.entrypoint[1] == started


PLACES = {
    "job.py": "",
    "job": "#!/usr/bin/env -S uv run --script\n",
    "tool": "#! /usr/bin/python3 -u\nprint(1)\n",
    "described": "# /// script\n# ///\n",
}


@pytest.mark.parametrize(("name", "text"), PLACES.items())
def test_what_is_a_script(write: Write, name: str, text: str) -> None:
    root = write({name: text})
    assert find_place(root / name) == Place(root, name)


@pytest.mark.parametrize("text", ["#!/bin/sh\n", "FROM scratch\n", "print('# /// script')\n"])
def test_what_is_none(write: Write, text: str) -> None:
    with pytest.raises(UnreadableSource, match="neither a directory nor a script of a known"):
        find_place(write({"file": text}) / "file")


def test_a_directory_is_a_place_and_so_is_what_is_not_there(tmp_path: Path) -> None:
    assert find_place(tmp_path) == Place(tmp_path)
    assert find_place(tmp_path / "gone.py") == Place(tmp_path / "gone.py")


def test_metadata_that_is_not_sound(write: Write) -> None:
    root = write({"job.py": "# /// script\n# dependencies = [\n# ///\n"})
    with pytest.raises(InvalidProjectFile, match=r"job\.py: inline script metadata"):
        alone(root / "job.py")
