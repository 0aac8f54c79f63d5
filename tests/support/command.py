"""The `distil` command as a user has it: a process of its own, in a world of the tests' own.

The world is a Debian mirror and a package index on the loopback interface; any other address
leads to a proxy that does not answer. HOME, cache and configuration are the world's.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.support import small_debian
from tests.support.applications import FLASK
from tests.support.mirror import Mirror
from tests.support.wheelhouse import Wheelhouse, serving

DISTIL = str(Path(sys.executable).with_name("distil"))
"""The installed script, as users start it."""

_NOBODY_ANSWERS = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """The JSON on stdout."""
        assert self.code == 0, self.stderr
        return json.loads(self.stdout)

    @property
    def digests(self) -> list[str]:
        """Of the images, production first."""
        return [image["digest"] for image in self.data["images"]]

    @property
    def error(self) -> str:
        """The first line of the one error message, which had better be all that was said."""
        lines = self.stderr.splitlines()
        assert lines, "nothing was said"
        assert "Traceback" not in self.stderr, self.stderr
        assert len([line for line in lines if line.startswith("error: ")]) == 1, self.stderr
        return next(line for line in lines if line.startswith("error: "))


@dataclass(frozen=True)
class World:
    """Servers, and directories below `root` that belong to one test."""

    root: Path
    mirror: Mirror
    house: Wheelhouse
    index: str
    variables: Mapping[str, str] = field(default_factory=dict)
    uv_root: Path | None = None
    """Whose uv cache is used, `root`'s own by default."""

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def out(self) -> Path:
        """Where images go; not there until the first is written."""
        return self.root / "out"

    def environment(self) -> dict[str, str]:
        """All that the command finds in its environment."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "DISTIL_CACHE_DIR": str(self.cache),
            "UV_CACHE_DIR": str((self.uv_root or self.root) / "uv-cache"),
            "UV_DEFAULT_INDEX": self.index,
            "UV_HTTP_TIMEOUT": "5",
            "UV_HTTP_RETRIES": "0",
            "HTTP_PROXY": _NOBODY_ANSWERS,
            "HTTPS_PROXY": _NOBODY_ANSWERS,
            **self.mirror.environment(),
            "NO_PROXY": "127.0.0.1",
            **self.variables,
        }

    def with_variables(self, **variables: str) -> World:
        """The same world with more in the environment."""
        return replace(self, variables={**self.variables, **variables})

    def app(self, files: Mapping[str, str | bytes] = FLASK, name: str = "shop") -> Path:
        """A directory of an application with `files`."""
        for path, contents in files.items():
            place = self.root / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(contents.encode() if isinstance(contents, str) else contents)
        return self.root / name

    def start(
        self,
        *arguments: str | Path,
        cwd: Path | None = None,
        through: tuple[str, ...] = (),
        umask: int = 0o022,
        alone: bool = False,
    ) -> subprocess.Popen[str]:
        """The command under way; `through` is a command that starts it.

        `alone`: in a process group of its own, so that it can be killed with all it started.
        """
        with contextlib.suppress(FileExistsError):
            (self.root / "home").mkdir()
        return subprocess.Popen(
            [*through, DISTIL, *map(str, arguments)],
            cwd=cwd or self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            umask=umask,
            start_new_session=alone,
        )

    def distil(self, *arguments: str | Path, **how: Any) -> Done:
        """Run the command to its end."""
        with self.start(*arguments, **how) as process:
            stdout, stderr = process.communicate(timeout=300)
        return Done(process.returncode, stdout, stderr)

    def build(self, app: Path, *options: str | Path, **how: Any) -> Done:
        """Build `app` into the layout `out`; the result is JSON."""
        tag = ("-t", "shop:1.0", "-o", f"oci:{self.out}", "--format", "json")
        return self.distil("build", app, *tag, *options, **how)

    @contextlib.contextmanager
    def mended(self) -> Iterator[None]:
        """Whatever the servers were told to do wrong ends with the block."""
        try:
            yield
        finally:
            self.mirror.faults.clear()
            self.house.faults.clear()
            self.house.wrong_hashes.clear()
            self.house.replaced.clear()

    def checked(self) -> Done:
        """The cache after a look at every file in it, which must find nothing."""
        done = self.distil("cache", "gc", "--verify", "--format", "json")
        assert done.data["verified"]["removed"] == [], done.stdout
        return done


def fill_wheelhouse(house: Wheelhouse) -> None:
    """Distributions with the names of well-known ones, and some that cannot be had."""
    flask = {
        "flask/__init__.py": "import json\n\nfrom werkzeug import serve\n\nclass Flask: ...\n",
        "flask/py.typed": "",
        "flask/templates/error.html": "<p>sorry</p>\n",
    }
    house.add("flask", "3.1.0", files=flask, requires=["werkzeug>=3"], requires_python=">=3.9")
    werkzeug = {"werkzeug/__init__.py": "import ssl\n\ndef serve(): ...\n"}
    house.add("werkzeug", "3.1.3", files=werkzeug)
    gunicorn = {
        "gunicorn/__init__.py": "def run(): ...\n",
        "gunicorn/__main__.py": "from gunicorn import run\n\nrun()\n",
    }
    script = "[console_scripts]\ngunicorn = gunicorn:run\n"
    house.add("gunicorn", "23.0.0", files=gunicorn, entry_points=script)
    house.add("shared", "1.0")
    house.add("shared", "2.0")
    house.add("wants-old", "1.0", requires=["shared<2"])
    house.add("wants-new", "1.0", requires=["shared>=2"])
    house.add("windows-only", "1.0", tag="cp313-cp313-win_amd64")
    house.add("newest-python-only", "1.0", requires_python=">=3.99")


@contextlib.contextmanager
def world(root: Path) -> Iterator[World]:
    """Serve a small Debian and a few wheels; nothing has been built yet."""
    mirror = Mirror(root / "debian")
    small_debian.fill(mirror)
    house = Wheelhouse(root / "wheels")
    fill_wheelhouse(house)
    with mirror.serve(), serving(house) as index:
        yield World(root, mirror, house, index)


def copied(source: Path, target: Path) -> None:
    """Copy a cache as it is."""
    if source.exists():
        shutil.copytree(source, target, symlinks=True)
