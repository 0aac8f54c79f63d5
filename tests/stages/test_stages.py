"""Stages of an application on a toy distribution, run by a worker without a sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil import pipeline
from distil.compose import staging
from distil.compose.errors import NotReproducible
from distil.compose.summary import BuildSummary
from distil.distros import table as distros
from distil.errors import DistilError
from distil.events import Event, Printed, Warned, listening
from distil.explain.explain import Question
from distil.fetch.cache import Cache
from distil.formats.errors import InvalidSpec
from distil.image.read_tree import read_tree
from distil.model.reference import parse_location
from distil.model.tree import Tree
from distil.pipeline import BuildRequest, LockRequest
from distil.run.task import Ended
from distil.stages.errors import NoSecret, SecretKept, StageFailed, StagesUnable
from tests.seams.tin import Tin, TinPackage
from tests.stages.support import Desk, FakeWorker
from tests.support.elf_builder import Elf
from tests.support.images import open_image

PROGRAM = Elf(kind=2, dynamic=False).build()
PACKAGES = {
    "cc": TinPackage("cc", "1", (), {"/usr/bin/cc": PROGRAM, "/usr/lib/cc/crt.o": b"crt"}),
    "base": TinPackage("base", "1", (), {"/etc/motd": b"hello"}),
}
SPEC = """
[app]
entrypoint = ["/tool"]
runtime = "program"
[base]
from = "tin:1"
packages = ["base"]
[[stage]]
name = "builder"
base = "tin:1"
packages = ["cc"]
run = ["compile"]
[[copy]]
stage = "builder"
from = "/out/tool"
to = "/tool"
"""


def compile_tool(desk: Desk) -> None:
    desk.write("/out/tool", PROGRAM + desk.read("/src/tool.c"), 0o755)
    desk.write("/src/tool.o", b"object")


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    made = FakeWorker({"compile": compile_tool})
    monkeypatch.setattr(staging, "Sandboxed", lambda: made)
    return made


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(distros, "DISTROS", (*distros.DISTROS, Tin(PACKAGES)))
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    made = tmp_path / "app"
    made.mkdir()
    (made / "distil.toml").write_text(SPEC)
    (made / "tool.c").write_text("int main;")
    return made


def build(app: Path, **more: object) -> BuildSummary:
    place = f"oci:{app.parent / 'out'}"
    request = BuildRequest(source=app, outputs=(place,), debug=False, **more)  # type: ignore[arg-type]
    found = pipeline.build(request)
    assert isinstance(found, BuildSummary)
    return found


def image_of(app: Path) -> str:
    return f"oci:{app.parent / 'out'}:latest"


def tree_of(app: Path) -> Tree:
    opened = open_image(parse_location(image_of(app)))
    return read_tree(opened.layers, Cache.default())


def add(app: Path, *lines: str) -> None:
    text = (app / "distil.toml").read_text()
    (app / "distil.toml").write_text("\n".join((text, *lines, "")))


def change(app: Path, old: str, new: str) -> None:
    text = (app / "distil.toml").read_text()
    assert old in text
    (app / "distil.toml").write_text(text.replace(old, new))


def test_what_a_stage_makes_is_in_the_image_and_nothing_else(app: Path, worker: FakeWorker) -> None:
    summary = build(app)
    tree = tree_of(app)
    tool = tree["/tool"]
    assert tool.blob is not None
    assert tool.blob.read() == PROGRAM + b"int main;"
    assert (tool.mode, tool.uid, tool.gid) == (0o755, 0, 0)
    for path in ("/src", "/out", "/usr/bin/cc", "/tool.c"):
        assert path not in tree
    [stage] = summary.stages
    assert (stage.name, stage.base, stage.packages, stage.cached) == ("builder", "tin:1", 1, False)
    [work] = worker.saw
    assert work.environment["HOME"] == "/root"
    assert work.environment["TARGETPLATFORM"] == summary.plan.platform
    assert work.environment["SOURCE_DATE_EPOCH"] == "1700000000"


def test_a_second_build_runs_nothing_and_comes_to_the_same(app: Path, worker: FakeWorker) -> None:
    first, second = build(app), build(app)
    assert worker.ran == ["compile"]
    assert first.images[0].digest == second.images[0].digest
    assert second.stages[0].cached
    assert second.stages[0].seconds == first.stages[0].seconds == 1.5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('run = ["compile"]', 'run = ["compile", "compile"]'),
        ('run = ["compile"]', 'run = ["compile"]\nenvironment = {CFLAGS = "-O2"}'),
        ('run = ["compile"]', 'run = ["compile"]\nnetwork = true'),
        ('packages = ["cc"]', 'packages = ["cc", "base"]'),
    ],
)
def test_what_goes_in_decides_whether_a_stage_runs_again(
    app: Path, worker: FakeWorker, old: str, new: str
) -> None:
    build(app)
    change(app, old, new)
    assert not build(app).stages[0].cached


def test_a_changed_line_runs_the_stage_again(app: Path, worker: FakeWorker) -> None:
    build(app)
    (app / "tool.c").write_text("int other;")
    build(app)
    assert worker.ran == ["compile", "compile"]


def test_a_stage_without_files_does_not_run_again_for_them(app: Path, worker: FakeWorker) -> None:
    worker.commands["prepare"] = lambda desk: desk.write("/opt/library", b"made once")
    change(
        app,
        '[[stage]]\nname = "builder"\nbase = "tin:1"\npackages = ["cc"]',
        '[[stage]]\nname = "tools"\nbase = "tin:1"\npackages = ["cc"]\nworkdir = ""\n'
        'run = ["prepare"]\n[[stage]]\nname = "builder"\nbase = "tools"',
    )
    add(app, "[[copy]]", 'stage = "builder"', 'from = "/opt"', 'to = "/opt"')
    summary = build(app)
    assert [(one.name, one.packages) for one in summary.stages] == [("tools", 1), ("builder", 1)]
    (app / "tool.c").write_text("int other;")
    build(app)
    assert worker.ran == ["prepare", "compile", "compile"]
    assert "/opt/library" in tree_of(app)


def test_a_stage_that_nobody_copies_from_is_told_of_and_not_run(
    app: Path, worker: FakeWorker
) -> None:
    add(app, "[[stage]]", 'name = "idle"', 'base = "tin:1"', 'run = ["never"]')
    heard: list[Event] = []
    with listening(heard.append):
        build(app)
    assert any(isinstance(e, Warned) and "idle is not run" in e.message for e in heard)
    assert worker.ran == ["compile"]


def test_what_a_package_of_a_stage_brought_is_told_of(app: Path, worker: FakeWorker) -> None:
    add(app, "[[copy]]", 'stage = "builder"', 'from = "/usr/lib/cc/crt.o"', 'to = "/lib/"')
    for _ in range(2):  # the second time, it is out of the cache
        build(app)
        tree = tree_of(app)
        assert "/lib/crt.o" in tree
        record = tree["/var/lib/tin.copied"].blob
        assert record is not None
        assert record.read() == b"pkg:tin/cc@1"
        [found] = pipeline.why(image_of(app), Question(package="cc")).answer.packages
        assert [kept.path for kept in found.kept] == ["/lib/crt.o"]


def test_why_tells_the_stage_and_its_command(app: Path, worker: FakeWorker) -> None:
    build(app)
    [explained] = pipeline.why(image_of(app), Question(path="/tool")).answer.explanations
    assert "stage builder" in explained.chain[0].reason.detail
    assert "made by: compile" in explained.chain[0].reason.detail


def test_a_command_that_fails_is_told_with_its_last_lines(app: Path, worker: FakeWorker) -> None:
    worker.commands["compile"] = lambda _: 3
    heard: list[Event] = []
    with listening(heard.append), pytest.raises(StageFailed) as failed:
        build(app)
    assert "stage builder: `compile` ended with status 3\n  running compile" in failed.value.message
    assert Printed("builder", "running compile") in heard
    with pytest.raises(StageFailed):
        build(app)


@pytest.mark.parametrize(
    ("ended", "how", "hint"),
    [
        (Ended(137, 9, exceeded="memory"), "used more than 4g of memory", 'memory = "8g"'),
        (Ended(137, 9, exceeded="time"), "took more than 3600 seconds", "seconds = 7200"),
        (Ended(137, 9, exceeded="processes"), "more processes", "fewer"),
        (Ended(137, 9, exceeded="disk"), "wrote more", "less"),
        (Ended(139, 11), "was ended by SIGSEGV", ""),
        (Ended(127, why="cc: there is no such program"), "could not be started", "Debian package"),
    ],
)
def test_how_a_stage_ended(
    app: Path, worker: FakeWorker, ended: Ended, how: str, hint: str
) -> None:
    worker.ends["compile"] = ended
    with pytest.raises(StageFailed) as failed:
        build(app)
    assert how in failed.value.message
    assert hint in failed.value.hint


def test_nothing_is_asked_for_offline(app: Path, worker: FakeWorker) -> None:
    change(app, 'run = ["compile"]', 'run = ["compile"]\nnetwork = true')
    with pytest.raises(StagesUnable, match="--offline"):
        build(app, offline=True)
    build(app)
    assert build(app, offline=True).stages[0].cached


def test_a_missing_network_is_recognised(app: Path, worker: FakeWorker) -> None:
    worker.commands["curl: (6) Could not resolve host: example.org"] = lambda _: 6
    change(app, '["compile"]', '["curl: (6) Could not resolve host: example.org"]')
    with pytest.raises(StageFailed) as failed:
        build(app)
    assert "network = true" in failed.value.hint


# --- secrets ---------------------------------------------------------------------------------

TOKEN = b"s3cr3t-t0ken-of-a-registry"


@pytest.fixture
def with_secret(app: Path) -> Path:
    change(
        app,
        'run = ["compile"]',
        'run = ["compile"]\nmounts = [{secret = "token", at = "/run/secrets/token"}]',
    )
    (app.parent / "token").write_bytes(TOKEN + b"\n")
    return app


def given(app: Path) -> dict[str, str]:
    return {"token": str(app.parent / "token")}


def test_secrets_are_seen_by_commands_alone(with_secret: Path, worker: FakeWorker) -> None:
    def compile_it(desk: Desk) -> None:
        assert desk.work.secrets == {"/run/secrets/token": TOKEN + b"\n"}
        compile_tool(desk)

    worker.commands["compile"] = compile_it
    build(with_secret, secrets=given(with_secret))
    for path in with_secret.parent.rglob("*"):
        if path.is_file() and path.name != "token":
            assert TOKEN not in path.read_bytes(), path
    # The key knows the name alone: another value is no reason to run again.
    (with_secret.parent / "token").write_bytes(b"another-token-altogether")
    assert build(with_secret, secrets=given(with_secret)).stages[0].cached


def test_a_secret_that_nobody_gave(with_secret: Path, worker: FakeWorker) -> None:
    with pytest.raises(NoSecret) as lacking:
        build(with_secret)
    assert "--secret token=FILE" in lacking.value.hint
    with pytest.raises(NoSecret):
        build(with_secret, secrets={"token": "env:NO_SUCH_VARIABLE"})
    with pytest.raises(NoSecret):
        build(with_secret, secrets={"token": "/no/such/file"})


def test_a_secret_from_a_variable(
    with_secret: Path, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", TOKEN.decode())
    build(with_secret, secrets={"token": "env:TOKEN"})
    assert worker.saw[0].secrets == {"/run/secrets/token": TOKEN}


@pytest.mark.parametrize(
    "where", ["/out/tool", "/root/.npmrc", "/root/link", "/tmp/" + TOKEN.decode()]
)
def test_a_stage_that_keeps_a_secret_is_refused(
    with_secret: Path, worker: FakeWorker, where: str
) -> None:
    def leak(desk: Desk) -> None:
        compile_tool(desk)
        if where == "/root/link":
            desk.link(where, TOKEN.decode())
        else:
            desk.write(where, b"before " + TOKEN + b" after")

    worker.commands["compile"] = leak
    with pytest.raises(SecretKept) as kept:
        build(with_secret, secrets=given(with_secret))
    assert where.replace(TOKEN.decode(), "***") in kept.value.message
    assert TOKEN.decode() not in kept.value.message
    with pytest.raises(SecretKept):
        build(with_secret, secrets=given(with_secret))


def test_a_secret_is_not_printed(with_secret: Path, worker: FakeWorker) -> None:
    text = f"echo {TOKEN.decode()}"
    worker.commands[text] = lambda _: 1
    change(with_secret, '["compile"]', f'["{text}"]')
    heard: list[Event] = []
    with listening(heard.append), pytest.raises(StageFailed) as failed:
        build(with_secret, secrets=given(with_secret))
    assert Printed("builder", "running echo ***") in heard
    assert "running echo ***" in failed.value.message


def test_the_login_of_a_proxy_is_a_secret(
    app: Path, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://team:pass-of-proxy@proxy.example:3128")
    text = "echo pass-of-proxy"
    worker.commands[text] = lambda desk: desk.write("/etc/apt/proxy", b"http://a:pass-of-proxy@b")
    change(app, 'run = ["compile"]', f'run = ["{text}"]\nnetwork = true')
    heard: list[Event] = []
    with listening(heard.append), pytest.raises(SecretKept, match="the secret https_proxy"):
        build(app)
    assert Printed("builder", "running echo ***") in heard


# --- the same twice --------------------------------------------------------------------------


def test_what_is_the_same_twice_is_said_to_be(app: Path, worker: FakeWorker) -> None:
    summary = build(app, verify_reproducible=True)
    assert worker.ran == ["compile", "compile"]
    assert summary.checks[-1].name == "reproducible"


def test_what_differs_is_named(app: Path, worker: FakeWorker) -> None:
    count = iter(range(10))

    def compile_it(desk: Desk) -> None:
        desk.write("/out/tool", PROGRAM + b"build %d" % next(count), 0o755)

    worker.commands["compile"] = compile_it
    with pytest.raises(NotReproducible) as differs:
        build(app, verify_reproducible=True)
    at = len(PROGRAM) + len("build ")
    assert differs.value.exit_code == 1
    assert (
        f"/tool, which stage builder makes as /out/tool: its contents differ from byte {at:,} on"
        in differs.value.message
    )
    # What was kept of the first build is still that.
    assert build(app).stages[0].cached


def test_what_differs_and_is_not_copied_is_told(app: Path, worker: FakeWorker) -> None:
    count = iter(range(10))

    def compile_it(desk: Desk) -> None:
        compile_tool(desk)
        desk.write("/var/log/build.log", b"at %d" % next(count))

    worker.commands["compile"] = compile_it
    heard: list[Event] = []
    with listening(heard.append):
        build(app, verify_reproducible=True)
    told = [e.message for e in heard if isinstance(e, Warned)]
    assert any("builder: /var/log/build.log is not the same each time" in text for text in told)


# --- locks -----------------------------------------------------------------------------------


def test_what_a_stage_stands_on_is_locked(app: Path, worker: FakeWorker) -> None:
    pipeline.lock(LockRequest(source=app))
    text = (app / "distil.lock").read_text()
    assert "platform.stages.builder.tin" in text
    first = build(app, locked=True)
    assert first.images[0].digest == build(app).images[0].digest
    change(app, 'packages = ["cc"]', 'packages = ["cc", "base"]')
    with pytest.raises(DistilError, match="has changed since it was made"):
        build(app, locked=True)


def test_a_dry_run_says_what_would_be_run(app: Path, worker: FakeWorker) -> None:
    summary = build(app, dry_run=True)
    assert summary.plan.stages == ("builder: tin:1, 1 package: compile",)
    assert worker.ran == []


def test_what_is_not_there_is_told_with_what_is(app: Path, worker: FakeWorker) -> None:
    change(app, 'from = "/out/tool"', 'from = "/out/tools"')
    with pytest.raises(InvalidSpec) as missing:
        build(app)
    assert "there is no '/out/tools' in stage builder" in missing.value.message
    assert "did you mean tool?" in missing.value.hint
