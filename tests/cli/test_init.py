"""`distil init`: a file that says what was found, and changes nothing."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from dataclasses import replace

import pytest

from tests.support.applications import FLASK, PACKAGED
from tests.support.command import World

SERVED_BY_WAITRESS = {**FLASK, "requirements.txt": "flask\nwaitress==3.0.2\n"}
PROGRAM = {"main.py": "import ssl\n\nif __name__ == '__main__':\n    print(ssl.OPENSSL_VERSION)\n"}
BELOW_SRC = {
    "src/shop/__init__.py": "",
    "src/shop/__main__.py": "print('open')\n",
    "setup.cfg": "[flake8]\n",
    "tool.py": "",
}
UNCLEAR = {"main.py": PROGRAM["main.py"], "run.py": PROGRAM["main.py"]}
APPLICATIONS = {
    "gunicorn": FLASK,
    "waitress": SERVED_BY_WAITRESS,
    "program": PROGRAM,
    "console-script": PACKAGED,
    "module-path": BELOW_SRC,
}


@pytest.fixture
def stocked(warm: World) -> World:
    """A world that has one more server."""
    files = {"waitress/__init__.py": "", "waitress/__main__.py": "import waitress\n"}
    warm.house.add("waitress", "3.0.2", files=files)
    return warm


@pytest.mark.parametrize("kind", APPLICATIONS)
def test_a_build_gives_the_same_images(stocked: World, kind: str) -> None:
    app = stocked.app(APPLICATIONS[kind])
    without = stocked.build(app).digests
    assert stocked.distil("init", app).code == 0
    assert (app / "distil.toml").exists()
    assert stocked.build(app).digests == without
    assert len(without) == 2


def test_what_is_known_counts_and_says_where_it_was_found(stocked: World) -> None:
    app = stocked.app(SERVED_BY_WAITRESS)
    done = stocked.distil("init", app)
    assert done.stdout == f"{app}/distil.toml\n"
    assert "found server: waitress (a dependency of the application)" in done.stderr
    text = (app / "distil.toml").read_text()
    told = tomllib.loads(text)
    assert told["app"]["name"] == "shop"
    assert told["app"]["entrypoint"][:3] == ["/usr/bin/python3", "-m", "waitress"]
    assert told["python"] == {"requirements": "requirements.txt"}
    assert told["image"] == {"ports": [8000]}
    assert "(Flask application in app.py line 3)" in text
    assert "(there is a requirements.txt)" in text


def test_options_of_a_server_that_follow_its_version_are_not_fixed(warm: World) -> None:
    app = warm.app()
    warm.distil("init", app)
    text = (app / "distil.toml").read_text()
    assert "entrypoint" not in tomllib.loads(text)["app"]
    assert '\n#entrypoint = ["/usr/bin/python3", "-m", "gunicorn"' in text
    assert '\n#environment = { PORT = "8000" }' in text


def test_an_entrypoint_that_is_not_clear_is_to_be_written(warm: World) -> None:
    app = warm.app(UNCLEAR)
    before = warm.build(app)
    done = warm.distil("init", app)
    assert done.code == 0
    assert "warning: cannot tell how to start the application: main.py and run.py" in done.stderr
    text = (app / "distil.toml").read_text()
    assert "# Not found: cannot tell how to start" in text
    assert '\n#entrypoint = ["…"]\n' in text
    assert warm.build(app).error == before.error


def test_a_file_that_is_there_stays(warm: World) -> None:
    app = warm.app({**FLASK, "distil.toml": "# mine\n"})
    done = warm.distil("init", app)
    assert (done.code, done.stdout) == (2, "")
    assert done.error == f"error: {app}/distil.toml is there already"
    assert "--force" in done.stderr
    assert (app / "distil.toml").read_text() == "# mine\n"


def test_a_link_that_leads_nowhere_stays(warm: World) -> None:
    app = warm.app()
    (app / "distil.toml").symlink_to("elsewhere.toml")
    assert warm.distil("init", app).code == 2
    assert not (app / "elsewhere.toml").exists()


def test_force_replaces_whatever_the_file_says(warm: World) -> None:
    app = warm.app({**FLASK, "distil.toml": "not [toml"})
    assert warm.distil("init", app, "--force").code == 0
    assert tomllib.loads((app / "distil.toml").read_text())["app"]["name"] == "shop"
    assert sorted(p.name for p in app.iterdir()) == sorted([*FLASK, "distil.toml"])
    assert stat.S_IMODE((app / "distil.toml").stat().st_mode) == 0o644


def test_stdout_writes_nothing(warm: World) -> None:
    app = warm.app({**FLASK, "distil.toml": "# mine\n"})
    done = warm.distil("init", app, "--stdout")
    assert tomllib.loads(done.stdout)["app"]["name"] == "shop"
    assert (app / "distil.toml").read_text() == "# mine\n"


def test_no_network_and_no_cache_are_needed(cold: World) -> None:
    nowhere = "http://127.0.0.1:9"
    world = replace(cold, index=nowhere).with_variables(
        DISTIL_DEBIAN_MIRROR=nowhere, DISTIL_CACHE_DIR="/proc/no-cache"
    )
    assert world.distil("init", world.app()).code == 0


def test_no_application_is_the_error_it_always_was(warm: World) -> None:
    (warm.root / "empty").mkdir()
    done = warm.distil("init", warm.root / "empty")
    assert done.error.startswith(f"error: no application found in {warm.root}/empty")
    assert list((warm.root / "empty").iterdir()) == []


@pytest.mark.parametrize("name", ["line\nbreak", 'quote"', "del\x7f", "esc\x1b[31m", b"\xff"])
def test_names_of_files_cannot_break_it(warm: World, name: str | bytes) -> None:
    app = warm.app({"note.py": ""})
    package = app / os.fsdecode(name)
    package.mkdir()
    (package / "__main__.py").write_text("")
    done = warm.distil("init", app)
    assert done.code == 0, done.stderr
    assert "\x1b" not in done.stderr
    entrypoint = tomllib.loads((app / "distil.toml").read_text())["app"].get("entrypoint")
    assert entrypoint in (None, ["/usr/bin/python3", "-m", name])


def test_the_schema_is_printed(warm: World) -> None:
    schema = json.loads(warm.distil("schema").stdout)
    assert schema["properties"]["app"]["properties"]["name"]["type"] == "string"
