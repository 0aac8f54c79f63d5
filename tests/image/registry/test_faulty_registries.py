"""A registry that goes wrong is survived, or the error says what it did; nothing half is left.

One table: what the registry does, and how a copy from it or to it ends.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from distil.cli import run
from distil.fetch.configuration import configuration_path
from distil.fetch.transport import Transport
from tests.support import server_faults as faults
from tests.support.authority import make_authority
from tests.support.hostile import Place
from tests.support.layouts import REF_NAME, tag_digest
from tests.support.memory_registry import INDEX, MANIFEST, MemoryRegistry, digest_of, problem
from tests.support.scripted_server import Answer, Fault, Request, Response, ScriptedServer
from tests.support.token_server import TokenServer, basic_user

USER, PASSWORD = "ada", "s3cret"
LAYERS = (
    gzip.compress(b"a layer" * 2000, 0),
    gzip.compress(bytes(100_000), 0),
    gzip.compress(b"a large one" * 200_000, 0),
)
"""The largest is sent as a stream that can go on in the middle."""
BLOBS = "/v2/team/app/blobs/*"
MANIFESTS = "/v2/team/app/manifests/*"
UPLOADS = "/v2/team/app/blobs/uploads/*"
EVIL = "\x1b[2J\x1b]0;title\x07\u202eevil"


@dataclass
class Scene:
    """A registry with an image, another server that only listens, and a user's directories."""

    registry: MemoryRegistry
    other: ScriptedServer
    root: Path
    insecure: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return f"docker://{self.registry.place}/team/app:1.0"

    @property
    def out(self) -> Path:
        return self.root / "out"

    def login(self, place: str = "") -> None:
        """The user knows a name and a password for the registry."""
        place = place or self.registry.place
        self.root.joinpath("docker").mkdir(exist_ok=True)
        known = {"auths": {place: {"username": USER, "password": PASSWORD}}}
        (self.root / "docker/config.json").write_text(json.dumps(known))

    def arguments(self, *arguments: str) -> list[str]:
        return [*arguments, *(w for place in self.insecure for w in ("--insecure", place))]


Arrange = Callable[[Scene], None]


@dataclass(frozen=True)
class Case:
    """What goes wrong, what the error says ("" when it is survived), and what else holds."""

    name: str
    arrange: Arrange
    says: str = ""
    check: Arrange = lambda scene: None


def wrong(method: str, path: str, fault: Fault, **how: int) -> Arrange:
    return lambda scene: scene.registry.wrong(method, path, fault, **how)


def all_of(*arranges: Arrange) -> Arrange:
    def arrange(scene: Scene) -> None:
        for one in arranges:
            one(scene)

    return arrange


def with_password(scene: Scene) -> None:
    scene.registry.users = {USER: PASSWORD}
    scene.login()


def elsewhere(scene: Scene) -> None:
    """Blobs are on another server, as with registries in front of an object store."""
    with_password(scene)
    contents = scene.registry.contents

    def answer(request: Request) -> Response:
        return Response(200, {}, contents[request.path.rpartition("/")[2]])

    scene.other.answer = answer
    scene.registry.wrong("GET", BLOBS, faults.redirect(f"{scene.other.url}{{path}}"))


def was_told_nothing(scene: Scene) -> None:
    """No login came to the other server."""
    assert [r.authorization for r in scene.other.requests if r.authorization] == []


def was_not_asked(scene: Scene) -> None:
    assert scene.other.requests == []


def at_most(requests: int) -> Arrange:
    def check(scene: Scene) -> None:
        assert len(scene.registry.requests) <= requests, scene.registry.requests

    return check


def resumed(scene: Scene) -> None:
    """Not all was fetched again."""
    ranges = [
        r.headers["Range"] for r in scene.registry.asked("GET", BLOBS) if "Range" in r.headers
    ]
    assert "bytes=5000-" in ranges


def little_was_taken(scene: Scene) -> None:
    assert max(r.sent for r in scene.registry.requests) < 64 << 20


def realm(address: str) -> Arrange:
    """The registry sends whoever asks to get a token at `address`."""

    def arrange(scene: Scene) -> None:
        scene.login()
        place = address.replace("{port}", scene.other.place.partition(":")[2])
        header = {"WWW-Authenticate": f'Bearer realm="{place}",service="x"'}
        scene.registry.wrong("*", "/v2/*", faults.status(401, header))

    return arrange


def only_itself(scene: Scene) -> None:
    """Nothing but the registry may be reached insecurely."""
    scene.insecure = [scene.registry.place]


def trusts(host: str) -> Arrange:
    """The user's configuration says that logins may be sent to `host`."""

    def arrange(_: Scene) -> None:
        path = configuration_path()
        path.parent.mkdir(parents=True)
        path.write_text(f'[registries]\ntoken-services = ["{host}"]\n')

    return arrange


def tokens(*faulty: Fault, login: bool = True) -> Arrange:
    """The registry wants tokens, which come from the other server of this scene."""

    def arrange(scene: Scene) -> None:
        assert isinstance(scene.other, TokenServer)
        scene.registry.tokens = scene.other
        if login:
            scene.login()
        for fault in faulty:
            scene.other.wrong("*", "/token", fault)

    return arrange


def token_answer(**document: object) -> Fault:
    data = json.dumps(document).encode()
    return faults.status(200, {"Content-Type": "application/json"}, data)


def short_lived(request: Request, answer: Answer) -> Response:
    response = answer(request)
    assert isinstance(response.body, bytes)
    response.body = json.dumps({**json.loads(response.body), "expires_in": 1}).encode()
    return response


def _image(scene: Scene) -> dict:
    _, data = next(iter(scene.registry.repository("team/app").manifests.values()))
    return json.loads(data)


def with_manifest(**changes: object) -> Arrange:
    """The image's manifest says something else."""

    def arrange(scene: Scene) -> None:
        document = {**_image(scene), **changes}
        scene.registry.add_manifest("team/app", document, "1.0", MANIFEST)

    return arrange


def with_layer(**changes: object) -> Arrange:
    def arrange(scene: Scene) -> None:
        document = _image(scene)
        document["layers"][0] |= changes
        scene.registry.add_manifest("team/app", document, "1.0", MANIFEST)

    return arrange


def nested(scene: Scene) -> None:
    """An index in an index in an index …"""
    entry = scene.registry.add_manifest("team/app", _image(scene))
    for _ in range(200):
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        entry = scene.registry.add_manifest("team/app", document, "1.0")


def evil(status: int) -> Fault:
    headers = {"Content-Type": "application/json"}
    document = json.dumps({"errors": [{"code": "DENIED", "message": EVIL * 100_000}]})
    return faults.status(status, headers, document.encode())


PULLS = [
    Case("429", wrong("GET", MANIFESTS, faults.status(429, {"Retry-After": "0"}), times=2)),
    Case("429 for a blob", wrong("GET", BLOBS, faults.status(429, {"Retry-After": "0"}), times=2)),
    Case(
        "429 for a week",
        wrong("GET", MANIFESTS, faults.status(429, {"Retry-After": "604800"})),
        "429.*left alone for 604800 seconds",
        at_most(3),
    ),
    *(
        Case(f"{code} twice", wrong("GET", "/v2/team/*", faults.status(code), times=2))
        for code in (408, 500, 502, 503, 504)
    ),
    Case("500 for ever", wrong("GET", BLOBS, faults.status(500)), "500"),
    Case("reset at first", wrong("*", "/v2/*", faults.reset, times=2)),
    Case("reset mid-body", wrong("GET", BLOBS, faults.reset_after(5000), times=2), "", resumed),
    Case("closed mid-body", wrong("GET", BLOBS, faults.short(5000), times=2), "", resumed),
    Case(
        "reset mid-body, and no parts to be had",
        all_of(
            wrong("GET", BLOBS, faults.reset_after(5000), times=2),
            lambda scene: setattr(scene.registry, "ranges", False),
        ),
    ),
    Case("closed mid-body for ever", wrong("GET", BLOBS, faults.short(0)), "ended|size|bytes"),
    Case("manifest cut short", wrong("GET", MANIFESTS, faults.short(10), times=1)),
    Case(
        "wrong bytes for ever", wrong("GET", BLOBS, faults.body(faults.one_byte_changed)), "digest"
    ),
    Case("too many bytes", wrong("GET", BLOBS, faults.body(lambda d: d + b"!")), "size|bytes"),
    Case("drips", wrong("GET", MANIFESTS, faults.drip(0.001))),
    Case("digest not said", wrong("*", MANIFESTS, faults.headers(Docker_Content_Digest=None))),
    Case(
        "another digest said",
        wrong("*", MANIFESTS, faults.headers(Docker_Content_Digest="sha256:" + "0" * 64)),
        "digest",
    ),
    Case(
        "type with parameters",
        wrong("*", MANIFESTS, faults.headers(Content_Type=f"{MANIFEST}; a=b")),
    ),
    Case(
        "type of a page",
        wrong("*", MANIFESTS, faults.headers(Content_Type="text/html")),
        "text/html",
    ),
    Case(
        "type that the manifest contradicts",
        wrong("*", MANIFESTS, faults.headers(Content_Type=INDEX)),
        "index",
    ),
    Case("HEAD says another size", wrong("HEAD", "*", faults.headers(Content_Length="7"))),
    Case("a blob is missing", wrong("*", BLOBS, faults.status(404)), "404|missing|not have"),
    Case("no such image", wrong("*", MANIFESTS, faults.status(404)), "1.0"),
    Case("blobs are elsewhere", elsewhere, "", was_told_nothing),
    Case(
        "blobs are nowhere",
        wrong("GET", BLOBS, faults.redirect("{path}")),
        "redirects",
        at_most(80),
    ),
    Case(
        "redirect to a file", wrong("GET", BLOBS, faults.redirect("file:///etc/passwd")), "redirect"
    ),
    Case("endless manifest", wrong("GET", MANIFESTS, faults.endless_body()), ".", little_was_taken),
    Case(
        "huge manifest",
        wrong("GET", MANIFESTS, faults.headers(Content_Length=str(1 << 40))),
        "large|limit|more than|bytes",
    ),
    Case("endless blob", wrong("GET", BLOBS, faults.endless_body()), ".", little_was_taken),
    Case("endless headers", wrong("*", "/v2/*", faults.endless_headers), ".", little_was_taken),
    Case("length below zero", wrong("*", "/v2/*", faults.headers(Content_Length="-1"))),
    Case("error to the terminal", wrong("*", "/v2/*", evil(400)), "400|refuse|DENIED"),
    Case("403 to the terminal", wrong("*", "/v2/*", evil(403)), "403|access"),
    Case(
        "401 whatever is said",
        all_of(
            with_password, wrong("*", "/v2/*", faults.status(401, {"WWW-Authenticate": "Basic"}))
        ),
        "access|login|password",
        at_most(6),
    ),
    Case("401 and no way in", wrong("*", "/v2/*", faults.status(401)), "access|login|401"),
    Case(
        "401 in a loop of tokens",
        all_of(
            tokens(),
            lambda scene: setattr(scene.registry.tokens, "allows", lambda *_: False),
        ),
        "access|token",
        at_most(8),
    ),
    Case(
        "token in the other field",
        all_of(tokens(), lambda s: setattr(s.other, "field", "access_token")),
    ),
    Case("token for a second", tokens(short_lived)),
    Case("no token", tokens(token_answer(expires_in=60)), "token"),
    Case("token of another type", tokens(token_answer(token=[1])), "token"),
    Case("token with a line break", tokens(token_answer(token="a\r\nX: y")), "token"),
    Case("no JSON for a token", tokens(faults.status(200, {}, b"<html>")), "token"),
    Case("endless token", tokens(faults.endless_body(b" " * 65536)), "token"),
    Case("token service is down", tokens(faults.status(500)), "500|token"),
    Case("wrong password", tokens(faults.status(401)), "access|login|password"),
    Case(
        "realm on another host",
        realm("http://localhost:{port}/token"),
        "without TLS",
        was_not_asked,
    ),
    Case(
        "realm at another port",
        all_of(only_itself, realm("http://127.0.0.1:{port}/token")),
        "without TLS",
        was_not_asked,
    ),
    Case("realm in another domain", realm("https://tokens.invalid/token"), "not belong"),
    Case(
        "realm that the user trusts",
        all_of(trusts("tokens.invalid"), realm("https://tokens.invalid/token")),
        "no address",
    ),
    Case("realm that is no address", realm("gopher://x/"), "gopher|realm|token"),
    Case("realm in a file", realm("file:///etc/passwd"), "file|realm|token"),
    Case("realm of the cloud", realm("http://169.254.169.254/latest"), "169.254"),
    Case("size below zero", with_layer(size=-1), "size|-1"),
    Case("size too large", with_layer(size=1 << 20), "size|bytes|ended"),
    Case("size too small", with_layer(size=10), "size|bytes"),
    Case("digest that is a path", with_layer(digest="sha256:../../etc/passwd"), "digest"),
    Case("index in index", nested, "index|deep|nest"),
    Case(
        "layer from elsewhere",
        with_layer(
            urls=["http://e.test/"],
            mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        ),
        "foreign|elsewhere|another",
    ),
    Case("both of manifest and index", with_manifest(manifests=[]), "both"),
]


def location(where: str) -> Arrange:
    """Uploads are to go on at another address."""

    def arrange(scene: Scene) -> None:
        with_password(scene)
        target = where.replace("{other}", scene.other.url)
        scene.registry.wrong("POST", UPLOADS, faults.headers(Location=target))

    return arrange


def forgetful(request: Request, answer: Answer) -> Response:
    request.receive()
    return problem(404, "BLOB_UPLOAD_UNKNOWN")


def switch(**settings: object) -> Arrange:
    def arrange(scene: Scene) -> None:
        for name, value in settings.items():
            setattr(scene.registry, name, value)

    return arrange


def went_on(scene: Scene) -> None:
    """What the registry had taken was not sent again."""
    sent = [r.headers["Content-Range"] for r in scene.registry.asked("PATCH", UPLOADS)]
    assert [one.partition("-")[0] for one in sent] == ["0", "500000", "1000000"]


PUSHES = [
    Case("429", wrong("POST", UPLOADS, faults.status(429, {"Retry-After": "0"}), times=2)),
    *(
        Case(f"500 for {method}", wrong(method, "/v2/team/*", faults.status(500), times=2))
        for method in ("HEAD", "POST", "PUT")
    ),
    Case("500 for manifests", wrong("PUT", MANIFESTS, faults.status(502), times=2)),
    Case("500 for ever", wrong("PUT", MANIFESTS, faults.status(500)), "500"),
    Case(
        "reset while sending",
        wrong("P[UA]T*", UPLOADS, faults.reset_upload(3000, kept=False), times=2),
    ),
    Case(
        "reset while sending, some kept",
        wrong("PATCH", UPLOADS, faults.reset_upload(500_000, kept=True), times=2),
        "",
        went_on,
    ),
    Case("416", wrong("PATCH", UPLOADS, faults.status(416, {"Range": "0-0"}), times=1)),
    Case("reset after all was taken", wrong("P*", UPLOADS, faults.deaf, times=2)),
    Case("deaf to manifests", wrong("PUT", MANIFESTS, faults.deaf, times=2)),
    Case("long chunks", switch(shortest_chunk=50_000)),
    Case("whole addresses", switch(absolute_locations=True)),
    Case("no referrers", switch(referrers_api=False)),
    Case("forgotten uploads", wrong("P[UA]T*", UPLOADS, forgetful, times=1)),
    Case(
        "elsewhere", location("{other}/v2/team/app/blobs/uploads/1"), "another host", was_not_asked
    ),
    Case("to a file", location("file:///tmp/x"), ".", was_not_asked),
    Case("no address", wrong("POST", UPLOADS, faults.headers(Location=None)), "Location|address"),
    Case("not allowed", wrong("POST", UPLOADS, evil(403)), "403|access"),
    Case("too large", wrong("P*", UPLOADS, faults.status(413)), "413"),
    Case("no manifests", wrong("PUT", MANIFESTS, evil(400)), "400|refuses"),
    Case(
        "login is wrong", all_of(with_password, switch(users={USER: "x"})), "access|login|password"
    ),
    Case("mounts that are none", wrong("POST", UPLOADS, faults.status(201), times=1), ".|"),
    Case(
        "redirected uploads",
        all_of(
            with_password, lambda s: s.registry.wrong("POST", UPLOADS, faults.redirect(s.other.url))
        ),
        ".",
        was_told_nothing,
    ),
]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    # What is tried again is tried soon.
    impatient = functools.partialmethod(Transport.__init__, delay=0.01)
    monkeypatch.setattr(Transport, "__init__", impatient)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))
    with ExitStack() as stack:
        registry, other = MemoryRegistry(), TokenServer({USER: PASSWORD})
        stack.enter_context(registry.serve())
        stack.enter_context(other.serve())
        made = Scene(registry, other, tmp_path)
        made.insecure = [registry.place, other.place]
        yield made


def ended(
    scene: Scene, case: Case, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[bool, str]:
    """Whether the command was done; what it said, which is fit for a terminal."""
    code = run(scene.arguments(*arguments))
    said = capsys.readouterr()
    assert code == (2 if case.says else 0), said.err
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said.out + said.err)
    assert "defect" not in said.err
    assert PASSWORD not in said.out + said.err
    assert len(said.err) < 5000
    if case.says:
        first = said.err.splitlines()[0]
        assert first.startswith("error: ")
        assert re.search(case.says, first, re.IGNORECASE), said.err
    case.check(scene)
    assert list(scene.root.glob("cache/**/.tmp-*")) == []
    return code == 0, said.err


@pytest.mark.parametrize("case", PULLS, ids=lambda case: case.name)
def test_pulls(scene: Scene, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    image = scene.registry.add_image("team/app", "1.0", LAYERS)
    case.arrange(scene)
    done, said = ended(scene, case, capsys, "copy", scene.source, f"oci:{scene.out}:1.0")
    if done:
        assert tag_digest(scene.out, "1.0") == image["digest"]
        for data in scene.registry.contents.values():
            assert (scene.out / "blobs" / digest_of(data).replace(":", "/")).read_bytes() == data
    else:
        assert list(scene.root.glob("*out*")) + list(scene.root.glob(".*out*")) == [], said


@pytest.mark.parametrize("case", PUSHES, ids=lambda case: case.name)
def test_pushes(scene: Scene, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    made = MemoryRegistry()
    image = made.add_image("team/app", "1.0", LAYERS)
    ours = scene.root / "ours"
    write_layout(ours, made, image)
    case.arrange(scene)
    done, said = ended(scene, case, capsys, "copy", f"oci:{ours}:1.0", scene.source)
    repository = scene.registry.repository("team/app")
    if done:
        assert repository.tags == {"1.0": image["digest"]}
        assert repository.blobs == set(made.contents)
    else:
        assert repository.tags == {}, said


def write_layout(directory: Path, registry: MemoryRegistry, image: dict) -> None:
    """The image that is in `registry`, as a layout."""
    blobs = directory / "blobs/sha256"
    blobs.mkdir(parents=True)
    manifests = [data for _, data in registry.repository("team/app").manifests.values()]
    for data in (*registry.contents.values(), *manifests):
        (blobs / digest_of(data).removeprefix("sha256:")).write_bytes(data)
    entry = image | {"annotations": {REF_NAME: "1.0"}}
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def test_no_way_from_https_to_http(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = make_authority(tmp_path / "home/authority")
    secure = MemoryRegistry(users={USER: PASSWORD})
    secure.add_image("team/app", "1.0", LAYERS)
    with secure.serve(authority.tls()):
        scene.login(secure.place)
        scene.insecure = [secure.place]
        secure.wrong("GET", BLOBS, faults.redirect(f"{scene.other.url}{{path}}"))
        source = f"docker://{secure.place}/team/app:1.0"
        assert run(scene.arguments("copy", source, f"oci:{scene.out}:1.0")) == 2
    assert "from https to http" in capsys.readouterr().err
    assert scene.other.requests == []


def test_the_login_goes_to_the_registry_alone(scene: Scene) -> None:
    """It does come there: the cases that say it comes nowhere else would hold without it."""
    scene.registry.add_image("team/app", "1.0", LAYERS)
    elsewhere(scene)
    assert run(scene.arguments("copy", scene.source, f"oci:{scene.out}:1.0")) == 0
    assert any(basic_user(r.authorization, {USER: PASSWORD}) for r in scene.registry.requests)
    assert len(scene.other.requests) >= len(LAYERS)


@pytest.mark.parametrize("link", ["{other}/v2/team/app/tags/list", "/v2/team/app/tags/list?last="])
def test_pages_of_tags_that_lead_astray(
    scene: Scene, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """To another host, and round and round."""
    with_password(scene)
    scene.registry.add_image("team/app", "1.0", LAYERS)
    target = link.replace("{other}", scene.other.url)
    scene.registry.wrong(
        "GET", "/v2/team/app/tags/*", faults.headers(Link=f'<{target}>; rel="next"')
    )
    assert run(scene.arguments("tags", scene.source.removesuffix(":1.0"))) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert scene.other.requests == []


class Near(Place):
    """With servers on this machine."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"NO_PROXY": "127.0.0.1"}


ENDLESS = [case for case in PULLS if "endless" in case.name or "huge" in case.name]


@pytest.mark.parametrize("case", ENDLESS, ids=lambda case: case.name)
def test_memory_and_time_are_bounded(scene: Scene, case: Case) -> None:
    """As a process of its own, within limits (`tests/support/hostile.py`)."""
    scene.registry.add_image("team/app", "1.0", LAYERS)
    case.arrange(scene)
    (scene.root / "home/.docker").mkdir(parents=True)
    place = Near(scene.root)
    logins = scene.root / "docker/config.json"
    if logins.exists():
        logins.rename(scene.root / "home/.docker/config.json")
    ended = place.distil(*scene.arguments("copy", scene.source, f"oci:{scene.out}:1.0"))
    ended.refused(case.says)
