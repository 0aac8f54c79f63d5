"""What a server is told to use has to be there: workers, event loops, protocols, pools."""

from __future__ import annotations

import pytest

from distil.model.image import ContainerConfig
from distil.reach.soundness import Fault
from distil.runtimes.python.faults import python_faults, python_world
from distil.runtimes.python.reach import Analyses
from distil.runtimes.python.reach.installations import find_installations
from tests.support.nodes import file
from tests.support.python_tree import python_tree

LIBRARY = {f"encodings/{name}.py": "" for name in ("__init__", "aliases", "utf_8")}
SERVERS = ("gunicorn", "uvicorn", "celery", "hypercorn")
GUNICORN_CONF = {"gunicorn.conf.py": "import os\nworker_class = 'gevent'  # many\nworkers = 2\n"}


def faults(
    words: tuple[str, ...],
    application: dict[str, str],
    environment: tuple[str, ...] = (),
    *there: str,
) -> list[Fault]:
    """What is found in an image that starts `words` and has the servers and modules `there`."""
    files = {name: {f"{name}/__init__.py": "", f"{name}/__main__.py": ""} for name in SERVERS}
    files |= {name: {f"{name}/__init__.py": "", f"{name}/workers.py": ""} for name in there}
    tree = python_tree({"main.py": "app = 1", **application}, LIBRARY, files)
    programs = [file("/usr/bin/python3.13", b"an interpreter", mode=0o755)]
    programs += [
        file(f"/usr/local/bin/{name}", f"#!/usr/bin/python3.13\nimport {name}".encode(), mode=0o755)
        for name in SERVERS
    ]
    tree = tree.with_nodes(programs)
    installations = find_installations(tree)
    config = ContainerConfig(entrypoint=words, working_dir="/app", env=environment)
    world = python_world(tree, installations, config, "x86_64")
    return python_faults(tree, {}, world, Analyses(), installations)


@pytest.mark.parametrize(
    ("words", "application", "environment", "expected"),
    [
        (("gunicorn", "main:app"), {}, (), ""),
        (("gunicorn", "-k", "gthread", "main:app"), {}, (), ""),
        (("gunicorn", "-k", "gevent", "main:app"), {}, (), "gevent"),
        (("gunicorn", "-kgevent", "main:app"), {}, (), "gevent"),
        (("gunicorn", "--worker-class=eventlet", "main:app"), {}, (), "eventlet"),
        (("gunicorn", "--worker-class", "tornado", "main:app"), {}, (), "tornado"),
        (("gunicorn", "-k", "absent.workers.Worker", "main:app"), {}, (), "absent"),
        (("gunicorn", "--logger-class", "absent.Logger", "main:app"), {}, (), "absent"),
        (("python3.13", "-m", "gunicorn", "-k", "gevent", "main:app"), {}, (), "gevent"),
        (("sh", "-c", "exec gunicorn -k gevent main:app"), {}, (), "gevent"),
        (("gunicorn", "main:app"), {}, ("GUNICORN_CMD_ARGS=-w 2 -k gevent",), "gevent"),
        (("gunicorn", "-k", "sync", "main:app"), {}, ("GUNICORN_CMD_ARGS=-k gevent",), ""),
        (("gunicorn", "-k", "sync", "main:app"), GUNICORN_CONF, (), ""),
        (("gunicorn", "main:app"), GUNICORN_CONF, (), "gevent"),
        (("gunicorn", "-c", "x.py", "main:app"), {"x.py": 'worker_class="gevent"'}, (), "gevent"),
        (("gunicorn", "-c", "file:x.py"), {"x.py": 'worker_class="gevent"'}, (), "gevent"),
        (("gunicorn", "-c", "x.py", "main:app"), GUNICORN_CONF, (), ""),
        (("gunicorn",), {"gunicorn.conf.py": "worker_class = 'gevent' if x else 'sync'"}, (), ""),
        (("uvicorn", "main:app", "--loop", "uvloop"), {}, (), "uvloop"),
        (("uvicorn", "main:app", "--http", "httptools"), {}, (), "httptools"),
        (("uvicorn", "main:app", "--ws=wsproto"), {}, (), "wsproto"),
        (("uvicorn", "main:app", "--loop", "absent:loop"), {}, (), "absent"),
        (("uvicorn", "main:app", "--loop", "auto", "--http", "auto"), {}, (), ""),
        (("uvicorn", "main:app"), {}, ("UVICORN_WS=websockets",), "websockets"),
        (("celery", "-A", "main", "worker", "-P", "gevent"), {}, (), "gevent"),
        (("celery", "-A", "main", "worker", "--pool=eventlet"), {}, (), "eventlet"),
        (("celery", "-A", "main", "worker", "-P", "prefork"), {}, (), ""),
        (("celery", "worker"), {"celeryconfig.py": "worker_pool = 'gevent'"}, (), "gevent"),
        (("hypercorn", "-k", "trio", "main:app"), {}, (), "trio"),
        (("hypercorn", "-c", "h.toml"), {"h.toml": 'worker_class = "uvloop"'}, (), "uvloop"),
    ],
)
def test_what_a_server_is_told_to_use(words, application, environment, expected):
    found = faults(words, application, environment)
    assert [fault.module for fault in found] == [expected] * bool(expected)
    assert all("cannot start" in fault.what for fault in found)
    if expected:
        assert not faults(words, application, environment, expected)


def test_a_class_in_a_module_that_its_package_does_not_have():
    words = ("gunicorn", "-k", "there.absent.Worker", "main:app")
    (fault,) = faults(words, {}, (), "there")
    assert "there.absent, which is not there" in fault.what
    assert fault.module == "", "the distribution is there: to add it is no advice"


def test_what_a_chosen_module_imports_has_to_be_there_too():
    application = {"mine.py": "import absent\nclass Worker: pass"}
    found = faults(("gunicorn", "-k", "mine.Worker", "main:app"), application)
    assert [(fault.path, fault.module) for fault in found] == [("/app/mine.py", "absent")]
