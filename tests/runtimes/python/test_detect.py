"""What is found out about an application, and what is said when nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.formats.errors import InvalidProjectFile
from distil.model.digest import Digest
from distil.model.spec import AppSpec, ImageSpec, PythonSpec, Spec
from distil.runtimes.errors import NoApplication, NoEntrypoint
from distil.runtimes.python.application import DependencySource
from distil.runtimes.python.detect import complete
from distil.runtimes.python.errors import UnknownExtra, WorkspaceRoot
from distil.runtimes.python.wheel import Wheel
from distil.source.errors import UnreadableSource
from tests.support.detected import detect
from tests.support.python_tree import INTERPRETER

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "import fastapi\napi = fastapi.FastAPI()\n"
PROJECT = '[project]\nname = "Hello_World"\nversion = "1.2"\nrequires-python = ">=3.11"\n'
BACK_END = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'

ENTRYPOINTS = {
    "flask and gunicorn": (
        {"app.py": FLASK, "requirements.txt": "flask\ngunicorn\n"},
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm app:app",
        {"PORT": "8000"},
    ),
    "flask and waitress": (
        {"app.py": FLASK, "requirements.txt": "flask\nwaitress==3.0\n"},
        "/usr/bin/python3 -m waitress --listen=0.0.0.0:8000 app:app",
        {},
    ),
    "gunicorn goes before waitress": (
        {"app.py": FLASK, "requirements.txt": "flask\nwaitress\ngunicorn\n"},
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm app:app",
        {"PORT": "8000"},
    ),
    "fastapi and uvicorn": (
        {"main.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn[standard]>=0.3\n"},
        "/usr/bin/python3 -m uvicorn main:api",
        {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "8000"},
    ),
    "a server that comes with an extra": (
        {"main.py": FASTAPI, "requirements.txt": "fastapi[standard]\n"},
        "/usr/bin/python3 -m uvicorn main:api",
        {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "8000"},
    ),
    "hypercorn": (
        {"main.py": FASTAPI, "requirements.txt": "fastapi\nhypercorn\n"},
        "/usr/bin/python3 -m hypercorn --bind 0.0.0.0:8000 asgi:main:api",
        {},
    ),
    "granian": (
        {"main.py": FASTAPI, "requirements.txt": "fastapi\ngranian\n"},
        "/usr/bin/python3 -m granian --interface asgi main:api",
        {"GRANIAN_HOST": "0.0.0.0", "GRANIAN_PORT": "8000"},
    ),
    "a factory": (
        {
            "hello/__init__.py": "from flask import Flask\n\ndef create_app(test=None):\n"
            "    app = Flask(__name__)\n    return app\n",
            "requirements.txt": "flask\ngunicorn\n",
        },
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm hello:create_app()",
        {"PORT": "8000"},
    ),
    "an object made by a factory of another module": (
        {
            "hello/web.py": "from flask import Flask\n\ndef make():\n    return Flask(__name__)\n",
            "wsgi.py": "from hello.web import make\napplication = make()\n",
            "requirements.txt": "flask\ngunicorn\n",
        },
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm wsgi:application",
        {"PORT": "8000"},
    ),
    "a factory imported relatively": (
        {
            "hello/__init__.py": "from .web import make\napp = make()\n",
            "hello/web.py": "from flask import Flask\n\ndef make() -> Flask:\n    x = Flask('x')\n"
            "    return x\n",
            "requirements.txt": "flask\ngunicorn\n",
        },
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm hello:app",
        {"PORT": "8000"},
    ),
    "a mounted application is not the one": (
        {
            "main.py": "from fastapi import FastAPI\nfrom admin import admin\napp = FastAPI()\n"
            "app.mount('/admin', admin)\n",
            "admin.py": "from fastapi import FastAPI\nadmin = FastAPI()\n",
            "requirements.txt": "fastapi\nuvicorn\n",
        },
        "/usr/bin/python3 -m uvicorn main:app",
        {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "8000"},
    ),
    "django by its WSGI module": (
        {
            "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 's')\n",
            "site1/settings.py": "WSGI_APPLICATION = 'site1.wsgi.application'\n",
            "site1/wsgi.py": "from django.core.wsgi import get_wsgi_application\n"
            "application = get_wsgi_application()\n",
            "site1/asgi.py": "from django.core.asgi import get_asgi_application\n"
            "application = get_asgi_application()\n",
            "requirements.txt": "django\ngunicorn\nuvicorn\n",
        },
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm site1.wsgi:application",
        {"PORT": "8000"},
    ),
    "django by its ASGI module": (
        {
            "site1/wsgi.py": "from django.core.wsgi import get_wsgi_application\n"
            "application = get_wsgi_application()\n",
            "site1/asgi.py": "from django.core.asgi import get_asgi_application\n"
            "application = get_asgi_application()\n",
            "requirements.txt": "django\nuvicorn\n",
        },
        "/usr/bin/python3 -m uvicorn site1.asgi:application",
        {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "8000"},
    ),
    "django below its own directory": (
        {
            "backend/manage.py": "import os\n",
            "backend/site1/wsgi.py": "from django.core.wsgi import get_wsgi_application\n"
            "application = get_wsgi_application()\n",
            "requirements.txt": "django\ngunicorn\n",
        },
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm site1.wsgi:application",
        {"PORT": "8000", "PYTHONPATH": "/app/backend"},
    ),
    "modules in src": (
        {"src/web.py": FLASK, "requirements.txt": "flask\ngunicorn\n"},
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm web:app",
        {"PORT": "8000", "PYTHONPATH": "/app/src"},
    ),
    "tests are not the application": (
        {"app.py": FLASK, "tests/app.py": FLASK, "requirements.txt": "flask\ngunicorn\n"},
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm app:app",
        {"PORT": "8000"},
    ),
    "a newer grammar than the host's": (
        {
            "app.py": "type Name[T: (int,)] = list[T]\n" + FLASK + "match = f'{'x'}'\n",
            "requirements.txt": "flask\ngunicorn\n",
        },
        "/usr/bin/python3 -m gunicorn --worker-tmp-dir /dev/shm app:app",
        {"PORT": "8000"},
    ),
    "fastapi's own setting": (
        {
            "pyproject.toml": PROJECT
            + 'dependencies = ["fastapi[standard]"]\n[tool.fastapi]\nentrypoint = "x.y:z"\n',
            "a.py": FASTAPI,
            "b.py": FASTAPI,
        },
        "/usr/bin/python3 -m uvicorn x.y:z",
        {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "8000"},
    ),
    "the only console script": (
        {
            "pyproject.toml": PROJECT + '[project.scripts]\nhello = "hello:main"\n' + BACK_END,
            "hello.py": "def main(): pass\n",
        },
        "/usr/local/bin/hello",
        {},
    ),
    "a main module": (
        {"main.py": "if __name__ == '__main__':\n    print(1)\n"},
        "/usr/bin/python3 /app/main.py",
        {},
    ),
    "__main__.py": ({"__main__.py": "print(1)\n"}, "/usr/bin/python3 /app/__main__.py", {}),
    "a package with __main__": (
        {"hello/__main__.py": "print(1)\n", "requirements.txt": "idna\n"},
        "/usr/bin/python3 -m hello",
        {},
    ),
}


@pytest.mark.parametrize(("files", "command", "environment"), ENTRYPOINTS.values(), ids=ENTRYPOINTS)
def test_entrypoint(write, files, command, environment):
    found = detect(write(files), Spec())
    assert " ".join(found.entrypoint) == command
    assert found.environment == environment
    assert any(evidence.subject == "entrypoint" for evidence in found.evidence)


UNCLEAR = {
    "no server": (
        {
            "app.py": FLASK + "if __name__ == '__main__':\n    app.run()\n",
            "requirements.txt": "flask",
        },
        "depends on no WSGI server",
        "gunicorn or waitress",
    ),
    "the wrong kind of server": (
        {"app.py": FASTAPI, "requirements.txt": "fastapi\ngunicorn"},
        "depends on no ASGI server",
        "uvicorn",
    ),
    "a server that cannot call a factory": (
        {
            "app.py": "import fastapi\ndef make_app():\n    return fastapi.FastAPI()\n",
            "requirements.txt": "fastapi\ndaphne",
        },
        "app:make_app() is a FastAPI application",
        "(uvicorn or hypercorn or granian)",
    ),
    "two applications": (
        {"a.py": FLASK, "b.py": FLASK, "requirements.txt": "flask\ngunicorn\n"},
        "a:app (a.py line 2); b:app (b.py line 2)",
        '["/usr/bin/python3", "-m", "gunicorn", "--worker-tmp-dir", "/dev/shm", "a:app"]',
    ),
    "two programs": (
        {
            "main.py": "if __name__ == '__main__':\n    pass\n",
            "app.py": "if '__main__' == __name__:\n    pass\n",
        },
        "main.py and app.py can both be run",
        'entrypoint = ["/usr/bin/python3", "/app/main.py"]',
    ),
    "a module that does not run itself": (
        {"main.py": "def main():\n    pass\n"},
        "no console script",
        "[app] in distil.toml",
    ),
    "several console scripts": (
        {
            "pyproject.toml": PROJECT + '[project.scripts]\na = "x:y"\nb = "x:z"\n' + BACK_END,
            "x.py": "def y(): pass\n",
        },
        "several console scripts: a, b",
        'entrypoint = ["/usr/local/bin/a"]',
    ),
    "scripts that are not installed": (
        {"pyproject.toml": PROJECT + '[project.scripts]\na = "x:y"\n', "x.py": "y = 1\n"},
        "only installed when there is a [build-system]",
        "add a [build-system]",
    ),
}


@pytest.mark.parametrize(("files", "message", "hint"), UNCLEAR.values(), ids=UNCLEAR)
def test_unclear_entrypoint_says_what_to_write(write, files, message, hint):
    with pytest.raises(NoEntrypoint) as raised:
        detect(write(files), Spec())
    assert message in raised.value.message
    assert hint in raised.value.hint


WORKSPACE = """
[tool.uv.workspace]
members = ["libs/**", "apps/*", "till"]
exclude = ["apps/old*"]
"""


@pytest.mark.parametrize("head", ["", PROJECT])
def test_the_root_of_a_workspace_names_its_members(write, head):
    places = ("apps/shop", "apps/old-shop", "apps/shop/deeper", "libs/a/b", "till", "docs")
    members = {f"{place}/pyproject.toml": PROJECT for place in places}
    root = write({"pyproject.toml": head + WORKSPACE, **members, "apps/none/x.py": ""})
    with pytest.raises(WorkspaceRoot) as raised:
        detect(root, Spec())
    assert "its members are apps/shop, libs/a/b, till" in raised.value.message
    assert f"{root}/apps/shop" in raised.value.hint


def test_a_root_of_a_workspace_may_be_an_application(write):
    runs = 'if __name__ == "__main__":\n    print()\n'
    files = {"main.py": runs, "pyproject.toml": PROJECT + WORKSPACE, "till/pyproject.toml": PROJECT}
    assert detect(write(files), Spec()).entrypoint == ("/usr/bin/python3", "/app/main.py")


def test_entrypoint_of_the_spec_goes_first(write):
    spec = Spec(app=AppSpec(entrypoint=("/bin/x",)), image=ImageSpec(ports=(1, "2/udp")))
    found = detect(write({"app.py": FLASK, "requirements.txt": "flask"}), spec)
    assert found.entrypoint == ("/bin/x",)
    assert found.ports == (1, "2/udp")


@pytest.mark.parametrize(
    ("spec", "port"),
    [
        (Spec(), 8000),
        (Spec(image=ImageSpec(ports=("53/udp", 9000))), 9000),
        (Spec(app=AppSpec(environment={"PORT": "7000"})), 7000),
    ],
)
def test_port(write, spec, port):
    found = detect(write({"app.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn"}), spec)
    assert found.environment["UVICORN_PORT"] == str(port)
    assert port in (spec.image.ports or found.ports)


def test_ignored_modules_are_not_served(write):
    files = {"app.py": FLASK, "old.py": FLASK, "requirements.txt": "flask\ngunicorn"}
    found = detect(write({**files, ".dockerignore": "old.py\n"}), Spec())
    assert found.entrypoint[-1] == "app:app"


# --- the project ---------------------------------------------------------------------------

SOURCES = {
    "requirements.txt": ({"requirements.txt": "idna\n"}, DependencySource.REQUIREMENTS, False),
    "requirements.in": ({"requirements.in": "idna\n"}, DependencySource.REQUIREMENTS, False),
    "pyproject": (
        {"pyproject.toml": PROJECT + 'dependencies = ["idna"]\n'},
        DependencySource.PROJECT,
        False,
    ),
    "pyproject with a back end": (
        {"pyproject.toml": PROJECT + 'dependencies = ["idna"]\n' + BACK_END},
        DependencySource.PROJECT,
        True,
    ),
    "uv says it is no package": (
        {
            "pyproject.toml": PROJECT
            + 'dependencies = ["idna"]\n'
            + BACK_END
            + "[tool.uv]\npackage = false\n"
        },
        DependencySource.PROJECT,
        False,
    ),
    "dynamic dependencies": (
        {"pyproject.toml": PROJECT + 'dynamic = ["dependencies"]\n' + BACK_END},
        DependencySource.METADATA,
        True,
    ),
    "setup.py": ({"setup.py": "raise SystemExit\n"}, DependencySource.METADATA, True),
    "tools only": (
        {"pyproject.toml": "[tool.ruff]\n", "requirements.txt": "idna\n"},
        DependencySource.REQUIREMENTS,
        False,
    ),
    "uv.lock": (
        {"pyproject.toml": PROJECT + 'dependencies = ["idna"]\n', "uv.lock": "version = 1\n"},
        DependencySource.UV_LOCK,
        False,
    ),
    "uv.lock goes before the others": (
        {
            "pyproject.toml": PROJECT,
            "uv.lock": "version = 1\n",
            "poetry.lock": "",
            "requirements.txt": "",
        },
        DependencySource.UV_LOCK,
        False,
    ),
    "pylock.toml alone": (
        {"pylock.toml": 'lock-version = "1.0"\n'},
        DependencySource.PYLOCK,
        False,
    ),
    "inline metadata": (
        {
            "main.py": '# /// script\n# dependencies = ["idna"]\n# requires-python = ">=3.12"\n'
            "# ///\n"
        },
        DependencySource.SCRIPT,
        False,
    ),
    "nothing but code": ({}, DependencySource.NONE, False),
    "nothing declared, requirements listed": (
        {"pyproject.toml": PROJECT, "requirements.txt": "idna\n"},
        DependencySource.REQUIREMENTS,
        False,
    ),
}


@pytest.mark.parametrize(("files", "source", "packaged"), SOURCES.values(), ids=SOURCES)
def test_what_decides_the_dependencies(write, files, source, packaged):
    main = {"main.py": "if __name__ == '__main__':\n    pass\n"}
    files = {"main.py": files.get("main.py", "") + main["main.py"], **_without_main(files)}
    spec = Spec(app=AppSpec(entrypoint=("/x",)))
    found = detect(write(files), spec)
    assert found.dependencies.source is source
    assert found.packaged is packaged


def _without_main(files):
    return {name: text for name, text in files.items() if name != "main.py"}


def test_project_facts(write):
    root = write({"pyproject.toml": PROJECT + 'dependencies = ["idna[x]>=1", "Six ; os_name"]\n'})
    found = detect(root, Spec(app=AppSpec(entrypoint=("/x",))))
    assert (found.name, found.version, found.requires_python) == ("Hello_World", "1.2", ">=3.11")
    assert found.dependencies.names == ("idna", "idna[x]", "six")


def test_pinned_requirements_narrow_the_project(write):
    project = PROJECT + 'dependencies = ["idna"]\n'
    pinned = write({"pyproject.toml": project, "requirements.txt": "idna==3.1 # why\nsix===1\n"})
    spec = Spec(app=AppSpec(entrypoint=("/x",)))
    assert detect(pinned, spec).dependencies.files == ("pyproject.toml", "requirements.txt")
    loose = write({"requirements.txt": "idna>=3\n"})
    assert detect(loose, spec).dependencies.files == ("pyproject.toml",)


def test_extras_and_groups(write):
    root = write(
        {
            "pyproject.toml": PROJECT
            + "[project.optional-dependencies]\nPG = ['psycopg']\n"
            + "[dependency-groups]\nserve = ['gunicorn', {include-group = 'base'}]\n"
            + "base = ['idna']\ndev = ['pytest']\n"
        }
    )
    spec = Spec(
        app=AppSpec(entrypoint=("/x",)), python=PythonSpec(extras=("pg",), groups=("Serve",))
    )
    assert detect(root, spec).dependencies.names == ("gunicorn", "idna", "psycopg")


@pytest.mark.parametrize(
    ("python", "message"),
    [
        (PythonSpec(extras=("postgers",)), "no extra called 'postgers'; it has postgres"),
        (PythonSpec(groups=("deb",)), "no dependency group called 'deb'; it has dev"),
    ],
)
def test_unknown_extra_or_group(write, python, message):
    root = write(
        {
            "pyproject.toml": PROJECT + "[project.optional-dependencies]\npostgres = ['psycopg']\n"
            "[dependency-groups]\ndev = []\n"
        }
    )
    with pytest.raises(UnknownExtra, match="did you mean") as raised:
        detect(root, Spec(python=python))
    assert message in raised.value.message


def test_group_cycle(write):
    root = write(
        {
            "pyproject.toml": PROJECT
            + "[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]\n"
        }
    )
    with pytest.raises(InvalidProjectFile, match="include each other: a -> b"):
        detect(root, Spec(python=PythonSpec(groups=("a",))))


BAD_FILES = {
    "not TOML": ({"pyproject.toml": "[project\n"}, "pyproject.toml: "),
    "wrong type": ({"pyproject.toml": "project = 1\n"}, "project is not a table"),
    "wrong list": (
        {"pyproject.toml": PROJECT + "dependencies = 'idna'\n"},
        "project.dependencies is not a list of strings",
    ),
    "dynamic without a back end": (
        {"pyproject.toml": PROJECT + "dynamic = ['dependencies']\n"},
        "no [build-system]",
    ),
    "poetry without its lock": (
        {"pyproject.toml": "[tool.poetry]\nname = 'x'\n"},
        "only be used with a poetry.lock",
    ),
    "a lock of another tool": (
        {"Pipfile.lock": "{}", "main.py": ""},
        "kind of lock file is not read",
    ),
    "a hash that is none": (
        {"requirements.txt": "idna==1 \\\n  --hash=sha256:12\n"},
        "line 1: 'sha256:12' is not a hash",
    ),
    "a weak hash": ({"requirements.txt": "six\nidna==1 --hash=md5:12\n"}, "line 2: hash algorithm"),
    "endless includes": ({"requirements.txt": "-r requirements.txt\n"}, "without end"),
    "two inline blocks": (
        {"main.py": "# /// script\n# a = 1\n# ///\n\n# /// script\n# a = 1\n# ///\n"},
        "two inline script metadata blocks",
    ),
}


@pytest.mark.parametrize(("files", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_project_files(write, files, message):
    with pytest.raises(InvalidProjectFile) as raised:
        detect(write(files), Spec())
    assert message in raised.value.message


def test_no_application_lists_what_was_looked_for(write):
    with pytest.raises(NoApplication) as raised:
        detect(write({"README.md": "", "package.json": "{}"}), Spec())
    for name in ("pyproject.toml", "requirements.txt", "setup.py", "pylock.toml"):
        assert name in raised.value.message


def test_no_directory(tmp_path: Path):
    with pytest.raises(UnreadableSource, match="no such directory"):
        detect(tmp_path / "nothing", Spec())


# --- after resolving -----------------------------------------------------------------------


def _wheel(name: str, version: str) -> Wheel:
    return Wheel(name, version, f"{name}-{version}-py3-none-any.whl", "", 1, Digest.of(b""))


@pytest.mark.parametrize(
    ("version", "switches"), [("23.0", 0), ("25.0.3", 0), ("25.1", 1), ("27.0.1", 1)]
)
def test_control_socket_is_switched_off_where_there_is_one(write, version, switches):
    found = detect(write({"app.py": FLASK, "requirements.txt": "flask\ngunicorn"}), Spec())
    done = complete(found, (_wheel("gunicorn", version),), INTERPRETER)
    assert done.entrypoint.count("--no-control-socket") == switches
    assert done.entrypoint[-1] == "app:app"


def test_server_that_was_not_resolved(write):
    found = detect(write({"app.py": FLASK, "requirements.txt": "flask\ngunicorn"}), Spec())
    with pytest.raises(NoEntrypoint, match="gunicorn is not among the packages"):
        complete(found, (_wheel("flask", "3"),), INTERPRETER)
