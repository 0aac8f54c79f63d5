"""The application's own project, built by its back end: one that is written here."""

from __future__ import annotations

import subprocess

import pytest

from distil.model.spec import AppSpec, Spec
from distil.runtimes.python.errors import ForeignWheel, ProjectBuildFailed
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.project import build_projects
from distil.runtimes.python.resolve import resolve
from distil.runtimes.python.wheels import fetch_wheels
from tests.support.detected import detect

RUN = AppSpec(entrypoint=("/x",))

BACK_END = """
import base64, hashlib, os, pathlib, zipfile
TAG = "py3-none-any"

def build_wheel(directory, config_settings=None, metadata_directory=None):
    print("the back end speaks")
    code = pathlib.Path("hello.py").read_bytes()
    pathlib.Path("left-behind").write_text("x")
    if b"FAIL" in code:
        raise SystemExit("it cannot be built")
    seen = sorted(str(p) for p in pathlib.Path(".").rglob("*") if p.is_file())
    files = {
        "hello.py": code,
        "seen.txt": "\\n".join([*seen, os.environ["SOURCE_DATE_EPOCH"]]).encode(),
        "hello-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\\nName: hello\\nVersion: 1.0\\n"
        b"Requires-Dist: web\\nRequires-Dist: database; extra == 'pg'\\nProvides-Extra: pg\\n",
        "hello-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n",
    }
    record = "".join(
        f"{n},sha256={base64.urlsafe_b64encode(hashlib.sha256(d).digest()).rstrip(b'=').decode()},"
        f"{len(d)}\\n" for n, d in files.items())
    files["hello-1.0.dist-info/RECORD"] = record.encode()
    name = f"hello-1.0-{TAG}.whl"
    with zipfile.ZipFile(pathlib.Path(directory, name), "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return name
"""

FILES = {
    "pyproject.toml": "[project]\nname = 'hello'\nversion = '1.0'\nrequires-python = '>=3.13'\n"
    "dynamic = ['dependencies', 'optional-dependencies']\n"
    "[build-system]\nrequires = []\nbuild-backend = 'back'\nbackend-path = ['.']\n",
    "back.py": BACK_END,
    "hello.py": "print(1)\n",
}


def built(root, interpreter, client):
    spec = Spec(app=RUN)
    wheels = build_projects(detect(root, spec), (), interpreter, client.cache, spec)
    return wheels, fetch_wheels(wheels, client, root)


def content(packs, path):
    (_, pack) = packs[0]
    return next(pack.blob(member).read() for member in pack.members if member.path == path)


def test_wheel_of_the_project(write, interpreter, client, house, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    root = write({**FILES, ".gitignore": "secret\n", "secret": "x", ".dockerignore": "*\n"})
    (wheel,), packs = built(root, interpreter, client)
    assert (wheel.name, wheel.version) == ("hello", "1.0")
    assert content(packs, "/hello.py") == b"print(1)\n"
    seen = content(packs, "/seen.txt").decode().split()
    assert "secret" not in seen
    assert "pyproject.toml" in seen
    assert seen[-1] == "315532800"
    assert not (root / "left-behind").exists()


def test_built_once_while_the_files_stay_the_same(write, interpreter, client, house, monkeypatch):
    root = write(FILES)
    first, _ = built(root, interpreter, client)
    (root / "hello.py").touch()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("distil.runtimes.python.project.run_uv", None)
    assert built(root, interpreter, client)[0] == first


def test_a_change_is_built(write, interpreter, client, house):
    root = write(FILES)
    built(root, interpreter, client)
    write({"hello.py": "print(2)\n"})
    assert content(built(root, interpreter, client)[1], "/hello.py") == b"print(2)\n"


def test_failing_back_end(write, interpreter, client, house):
    root = write({**FILES, "hello.py": "FAIL"})
    with pytest.raises(ProjectBuildFailed, match="it cannot be built") as raised:
        built(root, interpreter, client)
    assert str(root) in raised.value.message


def test_wheel_for_another_platform(write, client, house):
    root = write({**FILES, "back.py": BACK_END.replace("py3-none-any", "cp313-cp313-linux_x86_64")})
    fitting = PythonInterpreter("3.13.5", (2, 41), "x86_64")
    assert built(root, fitting, client)
    with pytest.raises(ForeignWheel, match=r"not run on CPython 3\.13 on Linux aarch64"):
        built(root, PythonInterpreter("3.13.5", (2, 41), "aarch64"), client)


def test_dependencies_that_only_the_back_end_knows(write, interpreter, client, house):
    from distil.model.spec import PythonSpec

    for name in ("web", "database"):
        house.add(name)
    root = write(FILES)
    for extras, names in (((), {"web"}), (("pg",), {"web", "database"})):
        spec = Spec(app=RUN, python=PythonSpec(extras=extras))
        found = resolve(detect(root, spec), interpreter, client, spec)
        assert {wheel.name for wheel in found.wheels} == names


def test_version_from_git(write, interpreter, client, house):
    describe = "import subprocess\nsubprocess.run(['git', 'describe', '--tags'], check=True)\n"
    house.add("hatch-vcs")
    plain = FILES["pyproject.toml"]
    asking = plain.replace("requires = []", "requires = ['hatch-vcs']")
    root = write({**FILES, "back.py": describe + BACK_END})
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v1"]):
        subprocess.run([*git, *command], cwd=root, check=True)
    with pytest.raises(ProjectBuildFailed):
        built(root, interpreter, client)
    write({"pyproject.toml": asking})
    first, _ = built(root, interpreter, client)
    subprocess.run([*git, "tag", "v2"], cwd=root, check=True)
    write({"hello.py": "print(3)\n"})
    assert built(root, interpreter, client)[0] != first
