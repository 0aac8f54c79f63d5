"""A proxy of Go modules with one that is made here: https://go.dev/ref/mod#goproxy-protocol."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """A module of one version, with its files."""

    path: str
    version: str
    files: Mapping[str, str]

    @property
    def sums(self) -> str:
        """Its lines of go.sum."""
        named = {f"{self.path}@{self.version}/{name}": text for name, text in self.files.items()}
        whole, mod = _h1(named), _h1({"go.mod": self.files["go.mod"]})
        return f"{self.path} {self.version} {whole}\n{self.path} {self.version}/go.mod {mod}\n"

    def write(self, directory: Path) -> None:
        """Write what the proxy answers with."""
        place = directory / self.path / "@v"
        place.mkdir(parents=True)
        (place / "list").write_text(f"{self.version}\n")
        (place / f"{self.version}.info").write_text(f'{{"Version": "{self.version}"}}')
        (place / f"{self.version}.mod").write_text(self.files["go.mod"])
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for name, text in self.files.items():
                archive.writestr(f"{self.path}@{self.version}/{name}", text)
        (place / f"{self.version}.zip").write_bytes(data.getvalue())


@contextmanager
def go_proxy(directory: Path) -> Iterator[str]:
    """The address of a server that answers with what is in `directory`."""
    handler = functools.partial(_Quiet, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _h1(files: Mapping[str, str]) -> str:
    lines = (
        f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n"
        for name, text in sorted(files.items())
    )
    whole = hashlib.sha256("".join(lines).encode()).digest()
    return f"h1:{base64.b64encode(whole).decode()}"
