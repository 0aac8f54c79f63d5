"""`distil build job.py`: a script with inline metadata as an image, and what lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import World
from tests.support.layouts import config, files

JOB = '# /// script\n# dependencies = ["flask"]\n# ///\nimport flask\n\nprint(flask)\n'


def own(world: World) -> set[str]:
    return {path for path in files(world.out, "1.0") if path.startswith("app/")}


@pytest.mark.parametrize("level", ["reachable", "packages"])
def test_a_script_alone(warm: World, level: str) -> None:
    app = warm.app({"job.py": JOB, "secret.txt": "", "requirements.txt": "windows-only\n"})
    done = warm.build(app / "job.py", "--level", level)
    assert done.code == 0, done.stderr
    assert own(warm) == {"app/job.py"}
    assert config(warm.out, "1.0")["config"]["Entrypoint"] == ["/usr/bin/python3", "/app/job.py"]
    assert [one["name"] for one in done.data["distributions"]] == ["flask", "werkzeug"]


def test_in_a_directory_and_by_an_entrypoint(warm: World) -> None:
    app = warm.app({"job.py": JOB, "words.txt": ""})
    assert warm.build(app).code == 0
    assert own(warm) == {"app/job.py", "app/words.txt"}
    (app / "distil.toml").write_text('[app]\nentrypoint = ["python3", "job.py"]\n')
    done = warm.build(app)
    assert done.code == 0, done.stderr
    assert [one["name"] for one in done.data["distributions"]] == ["flask", "werkzeug"]


def test_dry_run_init_and_lock(warm: World) -> None:
    app = warm.app({"job.py": JOB})
    dry = warm.distil("build", app / "job.py", "--dry-run")
    assert "job.py (inline script metadata)" in dry.stdout
    locked = warm.distil("lock", app / "job.py")
    assert locked.stdout == f"{app}/distil.lock\n", locked.stderr
    (app / "job.py").write_text(JOB + "print(1)\n")
    assert warm.build(app / "job.py", "--locked").code == 0
    (app / "job.py").write_text(JOB.replace("flask", "shared"))
    stale = warm.build(app / "job.py", "--locked")
    assert f"hint: run `distil lock {app}/job.py`" in stale.stderr
    made = warm.distil("init", app / "job.py")
    assert made.stdout == f"{app}/distil.toml\n", made.stderr
    text = (app / "distil.toml").read_text()
    assert 'name = "job"' in text
    assert 'entrypoint = ["/usr/bin/python3", "/app/job.py"]' in text


def test_a_module_beside_the_script(warm: World) -> None:
    app = warm.app({"job.py": "import own\n", "own.py": "x = 1\n"})
    done = warm.build(app / "job.py")
    assert done.code == 1
    assert 'hint: write include = ["own.py"] below [app] in distil.toml' in done.stderr
    (app / "distil.toml").write_text('[app]\ninclude = ["own.py"]\n')
    assert warm.build(app / "job.py").code == 0
    assert own(warm) == {"app/job.py", "app/own.py"}


def test_a_file_that_is_no_script(warm: World) -> None:
    app = warm.app({"Dockerfile": "FROM scratch\n"})
    for verb in ("build", "lock", "init"):
        where = ("-o", f"oci:{warm.out}") if verb == "build" else ()
        done = warm.distil(verb, app / "Dockerfile", *where)
        assert done.code == 2
        assert "neither a directory nor a script of a known language" in done.stderr
    assert Path(app, "Dockerfile").read_text() == "FROM scratch\n"
