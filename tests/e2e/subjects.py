"""What images are compared on: each example and application, and all the work it does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.e2e.services import SERVICES, Service
from tests.e2e.services.base import work as serve
from tests.e2e.workloads import WORKLOADS, Surroundings, servers
from tests.e2e.workloads.base import AUTHORITY_PATH, Workload
from tests.e2e.workloads.chat import ChatWorkload
from tests.e2e.workloads.library import LibraryWorkload
from tests.e2e.workloads.pictures import PicturesWorkload
from tests.e2e.workloads.tokens import TokensWorkload
from tests.support.browser import Browser, await_answer
from tests.support.runners import BuiltImage, Launch, Mount, RuncRunner, Runner, Running
from tests.support.tools import ROOT

APPLICATIONS = Path(__file__).parent / "applications"
FOREIGN_USER = "1000680000:0"
ELSEWHERE = {"TZ": "Asia/Tokyo", "LANG": "C"}

Work = Callable[[Runner, BuiltImage, Surroundings], None]


@dataclass(frozen=True)
class Subject:
    """Something to build at several levels, and the work that its image has to do."""

    name: str
    source: Path
    work: Work = field(compare=False)
    spared: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Patterns of paths that it does without at level reachable, each with the reason."""

    def image(self, level: str, directory: Path) -> BuiltImage:
        """The image at `level`, built below `directory`."""
        layout, archive = directory / self.name, directory / f"{self.name}.tar"
        command = [sys.executable, "-m", "distil", "build", str(self.source), "--level", level]
        command += ["--no-debug", "-t", f"{self.name}:{level}", "-o", f"oci:{layout}"]
        command += ["-o", f"docker-archive:{archive}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return BuiltImage(f"{self.name}:{level}", layout, archive)


def serving(
    workload: Workload, *signals: signal.Signals, end: signal.Signals = signal.SIGTERM
) -> Work:
    """Work that starts a server twice: as it is, and as another user in another place.

    It is sent `signals` and has to go on, then `end`, and has to end.
    """

    def work(runner: Runner, image: BuiltImage, around: Surroundings) -> None:
        launch = workload.launch(around)
        workload.prepare(lambda once: runner.run(image, once), launch)
        _serve(workload, runner.start(image, launch), around, (*signals, end))
        moved = replace(launch, user=FOREIGN_USER, environment={**launch.environment, **ELSEWHERE})
        if not workload.preparations:
            _serve(workload, runner.start(image, moved), around, (end,))

    return work


def _serve(
    workload: Workload,
    running: Running,
    around: Surroundings,
    signals: tuple[signal.Signals, ...],
) -> None:
    try:
        await_answer(running.url)
        workload.exercise(Browser(running.url), around)
        for one in signals[:-1]:
            os.kill(running.pid, one)
            time.sleep(1)  # nothing tells from outside when a signal has been dealt with
            await_answer(running.url)
        os.kill(running.pid, signals[-1])
    except BaseException:
        print(running.logs())
        raise
    finally:
        status = running.stop()
    assert status == 0, f"exit status {status}:\n{running.logs()}"


COMMANDS = (("status",), ("inspect", "stats"), ("report",), ("list", "bindings"))


def worker(runner: Runner, image: BuiltImage, around: Surroundings) -> None:
    """A worker, a customer with jobs of every kind, the worker's commands; then its end."""
    around.service.pages["/greeting"] = "Grüße".encode()
    environment = {"BROKER_URL": around.broker, "SSL_CERT_FILE": AUTHORITY_PATH}
    launch = Launch(environment, mounts=(Mount(around.authority.certificate, AUTHORITY_PATH),))
    moved: dict[str, Any] = {"user": FOREIGN_USER, "environment": {**environment, **ELSEWHERE}}
    rounds: list[tuple[dict[str, Any], tuple[tuple[str, ...], ...]]]
    rounds = [({}, COMMANDS), (moved, ())]
    for changes, commands in rounds:
        running = runner.start(image, replace(launch, **changes))
        try:
            customer = ("python3", "customer.py", f"{around.service.url}/greeting")
            done = runner.run(image, replace(launch, entrypoint=customer))
            assert done.status == 0, f"{done.errors}\n{running.logs()}"
            _check(json.loads(done.output))
            for command in commands:
                once = replace(launch, entrypoint=("celery", "-A", "shop", *command))
                done = runner.run(image, once)
                assert done.status == 0, f"{command}: {done.output}{done.errors}"
            assert "tick" in running.logs()
        finally:
            status = running.stop()
        assert status == 0, running.logs()


def _check(found: dict[str, object]) -> None:
    where = found.pop("where")
    assert isinstance(where, dict)
    assert where["uid"] != 0
    assert found == {
        "total": "3.30",
        "chain": 13,
        "group": [0, 2, 4],
        "chord": 6,
        "retried": 2,
        "failed": "ValueError('on purpose')",
        "slow": "stopped",
        "zone": "IST +0530",
        "fetched": "Grüße",
        "later": 2,
        "pickled": [1, 2, 3],
        "msgpack": 9,
        "zipped": 13,
        "lost": found["lost"],
        "ping": ["pong"],
        "registered": 11,
        "revoked": "TaskRevokedError",
    }
    assert "WorkerLostError" in str(found["lost"])


PAGE = (
    "import sys; from mkdocs.__main__ import cli; cli(standalone_mode=False);"
    "print(open('/tmp/site/index.html').read(), open('/tmp/site/search/search_index.json').read())"
)


def site(runner: Runner, image: BuiltImage, around: Surroundings) -> None:
    """The command as it is, its other commands, help, mistakes."""
    launch = Launch()
    plain = runner.run(image, launch)
    assert plain.status == 0, plain.errors
    build = ("python3", "-c", PAGE, "build", "--site-dir", "/tmp/site")
    again = replace(launch, entrypoint=build, environment={"BUILD_NUMBER": "7", "TZ": "Asia/Tokyo"})
    page = runner.run(image, again)
    assert page.status == 0, page.errors
    for text in ("<strong>LAUT</strong>", "Wörter, JST", "Build 7", 'class="twemoji"', "Hinweis"):
        assert text in page.output, text
    # Highlighted, so Pygments found the lexer by its name.
    assert '<span class="k">def</span>' in page.output
    for arguments in (("--help",), ("--version",), ("build", "--help"), ("serve", "--help")):
        once = replace(launch, arguments=arguments)
        done = runner.run(image, once)
        assert done.status == 0, f"{arguments}: {done.errors}"
    wrong = runner.run(image, replace(launch, arguments=("build", "--site-dir", "/nowhere/x")))
    assert wrong.status != 0
    unknown = runner.run(image, replace(launch, arguments=("build", "-t", "nosuchtheme")))
    assert "nosuchtheme" in unknown.errors
    serve = replace(launch, arguments=("serve", "-a", "0.0.0.0:8000"))
    running = runner.start(image, serve)
    try:
        await_answer(running.url, "/")
    finally:
        running.stop()


def _examples() -> list[Subject]:
    hup = {
        **dict.fromkeys(("flask-hello", "nginx-site"), (signal.SIGHUP, signal.SIGUSR1)),
        "django": (signal.SIGHUP,),
    }
    return [
        Subject(name, ROOT / "examples" / name, serving(one, *hup.get(name, ())), one.spared)
        for name, one in WORKLOADS.items()
    ]


def _served(service: Service[Any]) -> Work:
    """The work of a service, whose clients are in the image of whole packages beside `image`."""

    def work(runner: Runner, image: BuiltImage, around: Surroundings) -> None:
        assert isinstance(runner, RuncRunner)
        whole = replace(image, name=f"{service.example}:packages")
        serve(service, runner, image, around, runner.unpacked(whole) / "rootfs")

    return work


def _services() -> list[Subject]:
    return [
        Subject(name, ROOT / "examples" / name, _served(one), one.spared)
        for name, one in SERVICES.items()
    ]


def _applications() -> list[Subject]:
    works: dict[str, Work] = {
        "chat": serving(ChatWorkload()),
        "library": serving(LibraryWorkload(), signal.SIGHUP, signal.SIGTTIN),
        "worker": worker,
        "site": site,
        "pictures": serving(PicturesWorkload(), end=signal.SIGINT),
        "tokens": serving(TokensWorkload()),
        "proxy": servers.proxy,
        "cache": servers.cache,
        "scripts": servers.scripts,
    }
    return [Subject(name, APPLICATIONS / name, work) for name, work in works.items()]


SERVED = {subject.name: subject for subject in _services()}
SUBJECTS = {subject.name: subject for subject in (*_examples(), *_applications())}
