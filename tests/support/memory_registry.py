"""A registry in memory (OCI distribution 1.1), right unless `wrong` says what it does wrong.

    registry = MemoryRegistry()
    digest = registry.add_image("team/app", "1.0", [b"a layer"])
    registry.wrong("GET", "/v2/team/app/blobs/*", server_faults.reset_after(10), times=2)
    with registry.serve() as url: ...

Its switches choose among what the specification leaves to registries.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.support.scripted_server import Request, Response, ScriptedServer
from tests.support.token_server import TokenServer, basic_user

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"

Descriptor = dict[str, Any]


@dataclass
class Repository:
    """What a repository has: digests of blobs, manifests with their media types, tags."""

    blobs: set[str] = field(default_factory=set)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class MemoryRegistry(ScriptedServer):
    """Everybody may do everything, or the `users` (Basic), or who has one of the `tokens`."""

    def __init__(
        self, *, users: Mapping[str, str] | None = None, tokens: TokenServer | None = None
    ) -> None:
        super().__init__(self._answer)
        self.users = users
        self.tokens = tokens
        self.referrers_api = True
        self.filters = True
        """Whether the referrers API filters by artifactType, and says so."""
        self.mounts = True
        self.deletes = True
        self.ranges = True
        """Whether parts of blobs can be had."""
        self.absolute_locations = False
        self.shortest_chunk = 0
        """OCI-Chunk-Min-Length."""
        self.page = 1000
        """Entries of a page of tags or referrers at most."""
        self.repositories: dict[str, Repository] = {}
        self.contents: dict[str, bytes] = {}
        self.uploads: dict[str, bytearray] = {}

    # What tests put in without asking.

    def repository(self, name: str) -> Repository:
        return self.repositories.setdefault(name, Repository())

    def add_blob(self, name: str, data: bytes, media_type: str = LAYER) -> Descriptor:
        """Put a blob in; its descriptor."""
        digest = digest_of(data)
        self.contents[digest] = data
        self.repository(name).blobs.add(digest)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def add_manifest(
        self, name: str, document: Any, tag: str = "", media_type: str = ""
    ) -> Descriptor:
        """Put a manifest in, as JSON unless it is bytes; its descriptor."""
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        kind = media_type or document["mediaType"]
        digest = digest_of(data)
        repository = self.repository(name)
        repository.manifests[digest] = (kind, data)
        if tag:
            repository.tags[tag] = digest
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def add_image(
        self, name: str, tag: str = "", layers: Sequence[bytes] = (), **more: Any
    ) -> Descriptor:
        """Put an image in whose layers are these gzip files; `more` goes into its manifest."""
        import gzip

        diff_ids = [digest_of(gzip.decompress(layer)) for layer in layers]
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.add_blob(name, json.dumps(config).encode(), CONFIG),
            "layers": [self.add_blob(name, layer) for layer in layers],
            **more,
        }
        return self.add_manifest(name, document, tag)

    def add_referrer(
        self, name: str, subject: Descriptor, data: bytes, artifact_type: str
    ) -> Descriptor:
        """Put an artifact in that refers to `subject`."""
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": self.add_blob(name, b"{}", EMPTY),
            "layers": [self.add_blob(name, data, "application/octet-stream")],
            "subject": {key: subject[key] for key in ("mediaType", "digest", "size")},
        }
        return self.add_manifest(name, document)

    # What is asked for over HTTP.

    def _answer(self, request: Request) -> Response:
        if request.path in ("/v2", "/v2/"):
            return self._refusal(request, "", "") or Response(200)
        for pattern, method, action, act in _ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found and re.fullmatch(method, request.method):
                name, *rest = found.groups()
                refused = self._refusal(request, name, action)
                return refused or act(self, request, name, *rest)
        return problem(404, "NAME_UNKNOWN")

    def _refusal(self, request: Request, name: str, action: str) -> Response | None:
        if self.tokens is not None:
            if self.tokens.allows(request.authorization, name, action):
                return None
            actions = {"push": "pull,push"}.get(action, action)
            scopes = [f"repository:{name}:{actions}"] if name else []
            challenge = self.tokens.challenge(*scopes)
        elif self.users is None or basic_user(request.authorization, self.users):
            return None
        else:
            challenge = {"WWW-Authenticate": 'Basic realm="memory"'}
        refused = problem(401, "UNAUTHORIZED")
        refused.headers |= challenge
        return refused

    def _get_manifest(self, request: Request, name: str, reference: str) -> Response:
        repository = self.repository(name)
        digest = repository.tags.get(reference, reference)
        if digest not in repository.manifests:
            return problem(404, "MANIFEST_UNKNOWN")
        kind, data = repository.manifests[digest]
        return Response(200, {"Content-Type": kind, "Docker-Content-Digest": digest}, data)

    def _put_manifest(self, request: Request, name: str, reference: str) -> Response:
        repository = self.repository(name)
        digest = digest_of(request.body)
        if ":" in reference and reference != digest:
            return problem(400, "DIGEST_INVALID")
        try:
            document = json.loads(request.body)
        except ValueError:
            return problem(400, "MANIFEST_INVALID")
        wanted = [entry["digest"] for entry in _parts(document)]
        if not set(wanted) <= repository.blobs:
            return problem(404, "MANIFEST_BLOB_UNKNOWN")
        if not {entry["digest"] for entry in document.get("manifests", ())} <= set(
            repository.manifests
        ):
            return problem(404, "MANIFEST_UNKNOWN")
        kind = str(request.headers.get("Content-Type", ""))
        repository.manifests[digest] = (kind, request.body)
        if ":" not in reference:
            repository.tags[reference] = digest
        headers = {"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest}
        if self.referrers_api and "subject" in document:
            headers["OCI-Subject"] = document["subject"]["digest"]
        return Response(201, headers)

    def _delete_manifest(self, request: Request, name: str, reference: str) -> Response:
        repository = self.repository(name)
        if not self.deletes:
            return problem(405, "UNSUPPORTED")
        if reference in repository.tags:
            del repository.tags[reference]
        elif reference in repository.manifests:
            del repository.manifests[reference]
            repository.tags = {t: d for t, d in repository.tags.items() if d != reference}
        else:
            return problem(404, "MANIFEST_UNKNOWN")
        return Response(202)

    def _get_blob(self, request: Request, name: str, digest: str) -> Response:
        if digest not in self.repository(name).blobs:
            return problem(404, "BLOB_UNKNOWN")
        data = self.contents[digest]
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", str(request.headers.get("Range", "")))
        if not wanted or not self.ranges:
            return Response(200, headers, data)
        first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
        if first >= len(data):
            return Response(416, {"Content-Range": f"bytes */{len(data)}"})
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return Response(206, headers, data[first : last + 1])

    def _delete_blob(self, request: Request, name: str, digest: str) -> Response:
        if not self.deletes:
            return problem(405, "UNSUPPORTED")
        if digest not in self.repository(name).blobs:
            return problem(404, "BLOB_UNKNOWN")
        self.repository(name).blobs.discard(digest)
        return Response(202)

    def _begin(self, request: Request, name: str) -> Response:
        mounted, source = request.query.get("mount", ""), request.query.get("from", "")
        if mounted and self.mounts and self._may_mount(request, source, mounted):
            return self._have(name, mounted)
        if "digest" in request.query:
            return self._finished(name, request.query["digest"], request.body)
        upload = secrets.token_hex(8)
        self.uploads[upload] = bytearray()
        return self._session(name, upload)

    def _may_mount(self, request: Request, source: str, digest: str) -> bool:
        refused = self._refusal(request, source, "pull")
        return refused is None and digest in self.repository(source).blobs

    def _append(self, request: Request, name: str, upload: str) -> Response:
        if upload not in self.uploads:
            return problem(404, "BLOB_UPLOAD_UNKNOWN")
        held = self.uploads[upload]
        said = re.fullmatch(r"(\d+)-(\d+)", str(request.headers.get("Content-Range", "")))
        if said and int(said[1]) != len(held):
            return self._session(name, upload, 416)
        held += request.body
        return self._session(name, upload)

    def _progress(self, request: Request, name: str, upload: str) -> Response:
        if upload not in self.uploads:
            return problem(404, "BLOB_UPLOAD_UNKNOWN")
        return self._session(name, upload, 204)

    def _finish(self, request: Request, name: str, upload: str) -> Response:
        if upload not in self.uploads:
            return problem(404, "BLOB_UPLOAD_UNKNOWN")
        data = bytes(self.uploads[upload]) + request.body
        answer = self._finished(name, request.query.get("digest", ""), data)
        if answer.status == 201:
            del self.uploads[upload]
        return answer

    def _cancel(self, request: Request, name: str, upload: str) -> Response:
        if self.uploads.pop(upload, None) is None:
            return problem(404, "BLOB_UPLOAD_UNKNOWN")
        return Response(204)

    def _finished(self, name: str, digest: str, data: bytes) -> Response:
        if digest != digest_of(data):
            return problem(400, "DIGEST_INVALID")
        self.contents[digest] = data
        return self._have(name, digest)

    def _have(self, name: str, digest: str) -> Response:
        self.repository(name).blobs.add(digest)
        headers = {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest}
        return Response(201, headers)

    def _session(self, name: str, upload: str, code: int = 202) -> Response:
        start = self.url if self.absolute_locations else ""
        held = len(self.uploads[upload])
        headers = {
            # A query, as many registries have: what follows has to keep it.
            "Location": f"{start}/v2/{name}/blobs/uploads/{upload}?_state={upload}",
            "Range": f"0-{max(held - 1, 0)}",
            "Docker-Upload-UUID": upload,
        }
        if self.shortest_chunk:
            headers["OCI-Chunk-Min-Length"] = str(self.shortest_chunk)
        return Response(code, headers)

    def _tags(self, request: Request, name: str) -> Response:
        if name not in self.repositories:
            return problem(404, "NAME_UNKNOWN")
        last = request.query.get("last", "")
        tags = [tag for tag in sorted(self.repository(name).tags) if tag > last]
        size = min(int(request.query.get("n", self.page)), self.page)
        headers = {"Content-Type": "application/json"}
        if len(tags) > size:
            query = urlencode({"n": size, "last": tags[size - 1]})
            headers["Link"] = f'</v2/{name}/tags/list?{query}>; rel="next"'
        document = {"name": name, "tags": tags[:size]}
        return Response(200, headers, json.dumps(document).encode())

    def _referrers(self, request: Request, name: str, subject: str) -> Response:
        if not self.referrers_api:
            return problem(404, "UNSUPPORTED")
        kind = request.query.get("artifactType", "")
        found = [
            entry
            for entry in self._referring(name, subject)
            if not (kind and self.filters) or entry["artifactType"] == kind
        ]
        start = int(request.query.get("start", 0))
        headers = {"Content-Type": INDEX}
        if kind and self.filters:
            headers["OCI-Filters-Applied"] = "artifactType"
        if len(found) > start + self.page:
            query = urlencode({**request.query, "start": start + self.page})
            headers["Link"] = f'</v2/{name}/referrers/{subject}?{query}>; rel="next"'
        index = {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": found[start : start + self.page],
        }
        return Response(200, headers, json.dumps(index).encode())

    def _referring(self, name: str, subject: str) -> list[Descriptor]:
        return [
            _entry(kind, data)
            for kind, data in self.repository(name).manifests.values()
            if json.loads(data).get("subject", {}).get("digest") == subject
        ]


_NAME = "/v2/(.+)"
# Path, methods, what one has to be allowed to do, what is done.
_ROUTES: Sequence[tuple[str, str, str, Callable[..., Response]]] = (
    (f"{_NAME}/manifests/([^/]+)", "GET|HEAD", "pull", MemoryRegistry._get_manifest),
    (f"{_NAME}/manifests/([^/]+)", "PUT", "push", MemoryRegistry._put_manifest),
    (f"{_NAME}/manifests/([^/]+)", "DELETE", "delete", MemoryRegistry._delete_manifest),
    (f"{_NAME}/blobs/uploads/", "POST", "push", MemoryRegistry._begin),
    (f"{_NAME}/blobs/uploads/([^/]+)", "PATCH", "push", MemoryRegistry._append),
    (f"{_NAME}/blobs/uploads/([^/]+)", "PUT", "push", MemoryRegistry._finish),
    (f"{_NAME}/blobs/uploads/([^/]+)", "GET", "push", MemoryRegistry._progress),
    (f"{_NAME}/blobs/uploads/([^/]+)", "DELETE", "push", MemoryRegistry._cancel),
    (f"{_NAME}/blobs/([^/]+)", "GET|HEAD", "pull", MemoryRegistry._get_blob),
    (f"{_NAME}/blobs/([^/]+)", "DELETE", "delete", MemoryRegistry._delete_blob),
    (f"{_NAME}/tags/list", "GET", "pull", MemoryRegistry._tags),
    (f"{_NAME}/referrers/([^/]+)", "GET", "pull", MemoryRegistry._referrers),
)


def problem(status: int, code: str, message: str = "so it is") -> Response:
    """An error as registries say it."""
    document = {"errors": [{"code": code, "message": message, "detail": None}]}
    return Response(status, {"Content-Type": "application/json"}, json.dumps(document).encode())


def _parts(document: Mapping[str, Any]) -> list[Descriptor]:
    config = [document["config"]] if "config" in document else []
    return [*config, *document.get("layers", ())]


def _entry(kind: str, data: bytes) -> Descriptor:
    document = json.loads(data)
    own = document.get("artifactType") or document.get("config", {}).get("mediaType", "")
    entry = {"mediaType": kind, "digest": digest_of(data), "size": len(data), "artifactType": own}
    if "annotations" in document:
        entry["annotations"] = document["annotations"]
    return entry
