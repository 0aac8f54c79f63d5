"""Real wheels, made here, and a package index that serves them over loopback.

`Wheelhouse` holds files; `serving` puts a simple index (PEP 503, with hashes) in front of them
and yields its address. A test points uv at it with UV_DEFAULT_INDEX, so no test without the
`network` mark asks anybody else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import ssl
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.web_server import Answerer, Faults


def record_line(path: str, data: bytes) -> str:
    """One line of RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    name = f'"{path}"' if "," in path else path
    return f"{name},sha256={digest},{len(data)}\n"


def wheel_bytes(
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, bytes | str] | None = None,
    requires: Sequence[str] = (),
    requires_python: str = "",
    entry_points: str = "",
    tag: str = "py3-none-any",
    executable: Sequence[str] = (),
    record: str | None = None,
    extras: Sequence[str] = (),
) -> bytes:
    """The bytes of a wheel; `record` replaces the true RECORD."""
    module = name.replace("-", "_")
    content = dict(files if files is not None else {f"{module}/__init__.py": f"name = {name!r}\n"})
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if requires_python:
        metadata += f"Requires-Python: {requires_python}\n"
    metadata += "".join(f"Provides-Extra: {extra}\n" for extra in extras)
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    content[f"{info}/METADATA"] = metadata
    purelib = "true" if tag.endswith("-any") else "false"
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: {purelib}\nTag: {tag}\n"
    if entry_points:
        content[f"{info}/entry_points.txt"] = entry_points
    encoded = {k: v.encode() if isinstance(v, str) else v for k, v in content.items()}
    lines = "".join(record_line(path, data) for path, data in encoded.items())
    encoded[f"{info}/RECORD"] = (
        record if record is not None else lines + f"{info}/RECORD,,\n"
    ).encode()
    return zip_bytes(encoded, executable)


def zip_bytes(files: Mapping[str, bytes], executable: Sequence[str] = ()) -> bytes:
    """A zip archive of `files`, in their order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if path in executable else 0o100644) << 16
            archive.writestr(entry, data)
    return stream.getvalue()


class Wheelhouse:
    """Files of package indexes, by name. `requests` are the paths that were asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.root.mkdir(parents=True, exist_ok=True)
        self.login: tuple[str, str] | None = None
        self.signature = ""
        """Without this in its query, no file is handed out; index pages link to it with it."""
        self.json = False
        """Whether index pages are JSON (PEP 691)."""
        self.status = 0
        """What every request is answered with, when it is not 0."""
        self.faults = Faults()
        self.requests: list[str] = []
        self.wrong_hashes: set[str] = set()
        self.replaced: dict[str, bytes] = {}
        """What is served in place of a file, while the index says what it should be."""

    def add(self, name: str, version: str = "1.0", **wheel: object) -> Path:
        """Put a wheel in; keywords as for `wheel_bytes`."""
        data = wheel_bytes(name, version, **wheel)  # type: ignore[arg-type]
        tag = str(wheel.get("tag", "py3-none-any"))
        return self.add_file(f"{name.replace('-', '_')}-{version}-{tag}.whl", data)

    def add_file(self, filename: str, data: bytes) -> Path:
        """Put any file in."""
        path = self.root / filename
        path.write_bytes(data)
        return path

    def sha256(self, filename: str) -> str:
        """The hash that the index says."""
        return hashlib.sha256((self.root / filename).read_bytes()).hexdigest()

    def metadata(self, path: str) -> bytes | None:
        """What PEP 658 publishes beside a wheel: its METADATA."""
        wheel = self.root / path.rpartition("/")[2].removesuffix(".metadata")
        if not wheel.is_file():
            return None
        with zipfile.ZipFile(wheel) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
            return archive.read(name)

    def page(self, project: str) -> bytes | None:
        """The index page of a project, None when it has no files."""
        listed = [
            path
            for path in sorted(self.root.iterdir())
            if project in ("", re.sub(r"[-_.]+", "-", re.split(r"-\d", path.name)[0]).lower())
        ]
        if not listed:
            return None
        if self.json:
            return self._json_page(project, listed)
        lines = []
        for path in listed:
            address = html.escape(f"{self._address(path)}#sha256={self._digest(path)}")
            metadata = ' data-dist-info-metadata="true"' if path.suffix == ".whl" else ""
            lines.append(f'<a href="{address}"{metadata}>{html.escape(path.name)}</a><br>\n')
        return "".join(lines).encode()

    def answer(self, path: str) -> tuple[bytes | None, str]:
        """What is at `path`, None for nothing, and its media type."""
        simple = re.fullmatch(r"/simple/([^/]+)/?", path)
        if simple or path == "/flat":
            kind = "application/vnd.pypi.simple.v1+json" if self.json else "text/html"
            return self.page(simple[1] if simple else ""), kind
        if path.endswith(".whl.metadata"):
            return self.metadata(path), "application/octet-stream"
        file = self.root / path.rpartition("/")[2]
        if file.name in self.replaced:
            return self.replaced[file.name], "application/octet-stream"
        return (file.read_bytes() if file.is_file() else None), "application/octet-stream"

    def refusal(self, path: str, query: str, authorization: str) -> int:
        """The status with which a request is refused; 0 when it is not."""
        login = base64.b64encode(":".join(self.login or ()).encode()).decode()
        if self.login is not None and authorization != f"Basic {login}":
            return self.status or 401
        unsigned = path.startswith("/files/") and self.signature not in query
        return self.status or (403 if unsigned else 0)

    def _json_page(self, project: str, listed: Sequence[Path]) -> bytes:
        files = [
            {
                "filename": path.name,
                "url": self._address(path),
                "hashes": {"sha256": self._digest(path)},
                "size": path.stat().st_size,
            }
            for path in listed
        ]
        page = {"meta": {"api-version": "1.1"}, "name": project, "files": files}
        return json.dumps(page).encode()

    def _address(self, path: Path) -> str:
        return f"/files/{path.name}" + (f"?Signature={self.signature}" if self.signature else "")

    def _digest(self, path: Path) -> str:
        return "0" * 64 if path.name in self.wrong_hashes else self.sha256(path.name)


def _handler(house: Wheelhouse) -> type[BaseHTTPRequestHandler]:
    """What answers a request to `house`."""

    class Handler(Answerer):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            house.requests.append(path)
            refusal = house.refusal(path, query, self.headers.get("Authorization", ""))
            if refusal:
                self._refuse(refusal)
                return
            body, kind = house.answer(path)
            if house.faults.apply(self, path, body or b""):
                return
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body or b"")

        def _refuse(self, status: int) -> None:
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="wheels"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler


@contextmanager
def serving(house: Wheelhouse, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve `house` on a free port of the loopback interface; the value is the index address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(house))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
