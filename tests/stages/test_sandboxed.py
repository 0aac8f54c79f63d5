"""Stages in the real sandbox: what commands see, what they leave, what they cannot do."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from distil.events import Event, listening
from distil.fetch.cache import Cache
from distil.model.blob import InlineBlob
from distil.model.node import Kind, Node
from distil.model.spec import MountSpec, StageSpec
from distil.model.tree import OPAQUE, WHITEOUT, Tree
from distil.run.errors import UnusableChange
from distil.run.sandbox import able
from distil.run.task import Able, Ended
from distil.stages.difference import difference
from distil.stages.mounts import turn
from distil.stages.sandboxed import Sandboxed
from distil.stages.secrets import Traces
from distil.stages.work import Work
from tests.support.small_root import APPLETS
from tests.support.tools import missing, tool

EPOCH = 1_700_000_000


class Bench:
    """A small system, and stages that run on it."""

    def __init__(self, place: Path) -> None:
        found = able()
        if not isinstance(found, Able):
            missing(f"no sandbox can be made here: {found.reason}")
        self.cache = Cache(place / "cache")
        binary = InlineBlob.of(Path(tool("busybox")).read_bytes())
        self.root = Tree(
            [
                Node("/bin/busybox", Kind.FILE, 0o755, blob=binary),
                Node("/tmp", Kind.DIRECTORY, 0o1777),
                Node("/root", Kind.DIRECTORY, 0o700),
                Node("/etc/old", Kind.FILE, 0o644, blob=InlineBlob.of(b"old")),
                *(Node(f"/bin/{n}", Kind.SYMLINK, 0o777, target="busybox") for n in APPLETS),
            ]
        )
        self.output = b""
        self.paths: list[str] = []

    def run(
        self,
        *commands: str | tuple[str, ...],
        files: dict[str, bytes] | None = None,
        **said: object,
    ) -> tuple[Ended, dict[str, Node]]:
        """How the commands ended, and the difference that they made."""
        said.setdefault("seconds", 20.0)
        stage = StageSpec(name="s", run=commands, **said)  # type: ignore[arg-type]
        secrets = {m.at: b"the-secret-itself" for m in stage.mounts if m.secret}
        own = [
            Node(f"/src/{path}", Kind.FILE, 0o644, blob=InlineBlob.of(data))
            for path, data in (files or {}).items()
        ]
        work = Work(
            stage=stage,
            root="small",
            tree=lambda: self.root,
            files=Tree([Node("/src", Kind.DIRECTORY, 0o755), *own]),
            environment={"PATH": "/bin", "SOURCE_DATE_EPOCH": str(EPOCH), "HOME": "/root"},
            epoch=EPOCH,
            secrets=secrets,
        )
        self.output = b""

        def take(data: bytes) -> None:
            self.output += data

        with Sandboxed().work(work, self.cache, take) as worked:
            nodes = difference(stage, work.files, worked.changes(), Traces({}), EPOCH)
            made = [self._held(node) for node in nodes]
            self.paths = [node.path for node in made]
            return worked.ended, {node.path: node for node in made}

    def _held(self, node: Node) -> Node:
        """The node with its contents in memory: the layer is gone soon."""
        if node.blob is None:
            return node
        return msgspec.structs.replace(node, blob=InlineBlob.of(node.blob.read()))

    @property
    def left(self) -> list[str]:
        """What of running is still in the cache."""
        area = self.cache.root / "roots"
        return [entry.name for entry in area.iterdir() if entry.name.startswith(".")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    assert made.left == []


def text(node: Node) -> bytes:
    assert node.blob is not None
    return node.blob.read()


def test_what_commands_leave(bench: Bench) -> None:
    ended, made = bench.run(
        "mkdir /out; cat a.c > /out/a; chmod 700 /out/a; rm b.c; echo more >> /src/c.c",
        "ln -s a /out/link; rm /etc/old; touch /out/new; chown 7:7 /out/new",
        files={"a.c": b"int a;", "b.c": b"int b;", "c.c": b"int c;\n", "d.c": b"int d;"},
    )
    assert ended.status == 0, bench.output
    assert sorted(made) == [
        f"/etc/{WHITEOUT}old",
        "/out",
        "/out/a",
        "/out/link",
        "/out/new",
        f"/src/{WHITEOUT}b.c",
        "/src/c.c",
    ]
    assert text(made["/out/a"]) == b"int a;"
    assert made["/out/a"].mode == 0o700
    assert text(made["/src/c.c"]) == b"int c;\nmore\n"
    assert {(n.uid, n.gid) for n in made.values()} == {(0, 0)}
    assert all(node.mtime <= EPOCH for node in made.values())


def test_the_difference_laid_on_the_root_is_what_was_there(bench: Bench) -> None:
    files = {"a.c": b"int a;", "sub/b.c": b"int b;"}
    ended, made = bench.run("rm -r sub; mkdir sub; touch sub/x; find / -xdev -type f", files=files)
    assert ended.status == 0, bench.output
    own = [Node(f"/src/{p}", Kind.FILE, 0o644, blob=InlineBlob.of(d)) for p, d in files.items()]
    tree = bench.root.overlaid([own, made.values()])
    assert "/src/sub/x" in tree
    assert "/src/sub/b.c" not in tree
    assert f"/src/sub/{OPAQUE}" not in tree


@pytest.mark.parametrize("script", ["rm -r /d; mkdir /d", "mv /d /e; mkdir /d; rm -r /e"])
def test_what_is_made_anew_as_it_was_is_there(bench: Bench, script: str) -> None:
    old = {path: InlineBlob.of(b"old") for path in ("/d/old", "/d/a/old", "/d/gone")}
    nodes = [Node(path, Kind.FILE, 0o644, blob=blob) for path, blob in old.items()]
    bench.root = bench.root.with_nodes(nodes)
    again = "echo -n old > /d/old; mkdir /d/a; echo -n old > /d/a/old; echo -n x > /d/new"
    ended, made = bench.run(f"{script}; {again}")
    left = bench.root.overlaid([made.values()])
    assert ended.status == 0
    assert {node.path for node in left.under("/d") if node.kind is Kind.FILE} == {
        *("/d/old", "/d/a/old", "/d/new")
    }


def test_nothing_depends_on_the_host(bench: Bench) -> None:
    ended, _ = bench.run(
        "hostname; id -u; env | grep -v ^PWD | grep -v ^SHLVL; stat -c %Y a", files={"a": b""}
    )
    assert ended.status == 0
    lines = bench.output.decode().split("\n")
    assert lines[:2] == ["distil", "0"]
    assert sorted(lines[2:-2]) == ["HOME=/root", "PATH=/bin", f"SOURCE_DATE_EPOCH={EPOCH}"]
    assert lines[-2] == str(EPOCH)


def test_the_application_s_directory_is_not_written_to(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    ended, _ = bench.run(f"ls {tmp_path}/mine || ls /proc/1/root{tmp_path}/mine")
    assert ended.status != 0
    assert (tmp_path / "mine").read_text() == "mine"


def test_caches_are_kept_and_no_part_of_the_stage(bench: Bench) -> None:
    mounts = (MountSpec(at="/root/.cache/go", cache="go"),)
    script = "cd /root/.cache/go; cat count || true; echo x >> count; chmod 555 ."
    assert bench.run(script, mounts=mounts)[1] == {}
    assert bench.output.startswith(b"cat:")
    assert bench.run(script, mounts=mounts)[1] == {}
    assert bench.output == b"x\n"
    area = {usage.area: usage.entries for usage in bench.cache.usage()}
    assert area["mounts"] == 1
    bench.cache.collect(0)
    assert not (bench.cache.root / "mounts" / "go").exists()


def test_files_are_newer_than_what_a_cache_holds(bench: Bench) -> None:
    mounts = (MountSpec(at="/target", cache="target"),)
    script = "test -e /target/o && test /target/o -nt a || { echo made; touch /target/o; }"
    for _ in range(3):
        bench.run(script, mounts=mounts, files={"a": b""})
        assert bench.output == b"made\n"


def test_two_builds_take_turns_with_a_cache(bench: Bench) -> None:
    mounts = (MountSpec(at="/m", cache="one"),)
    script = "test ! -e /m/busy && touch /m/busy && sleep 0.5 && rm /m/busy"
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(bench.run(script, mounts=mounts)[0].status))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0, 0]


def test_a_secret_is_a_file_that_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    mounts = (MountSpec(at="/run/secrets/token", secret="token"),)
    ended, made = bench.run(
        "cat /run/secrets/token; (echo x > /run/secrets/token) || echo refused",
        mounts=mounts,
    )
    assert ended.status == 0
    assert bench.output.startswith(b"the-secret-itself")
    assert b"refused" in bench.output
    assert made == {}
    for directory, _, names in os.walk(tmp_path):
        for name in names:
            path = Path(directory, name)
            if path.is_file() and not path.is_symlink():
                assert b"the-secret-itself" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("true", set()),
        ("rm /src/a", {f"/src/{WHITEOUT}a"}),
        ("rm /src/same", {f"/src/{WHITEOUT}same"}),
        ("echo -n old > /src/a", {"/src/a"}),
        ("rm -r /src", {f"/{WHITEOUT}src"}),
        ("rm -r /src; ln -s /etc /src", {"/src"}),
    ],
)
def test_files_that_a_stage_below_had_as_well(
    bench: Bench, script: str, expected: set[str]
) -> None:
    below = {"a": b"old", "same": b"same"}
    nodes = [Node(f"/src/{n}", Kind.FILE, 0o644, blob=InlineBlob.of(d)) for n, d in below.items()]
    bench.root = bench.root.with_nodes([Node("/src", Kind.DIRECTORY, 0o755), *nodes])
    files = {"a": b"new", "same": b"same"}
    ended, made = bench.run(script, files=files)
    assert ended.status == 0
    assert sorted(bench.paths) == sorted(expected)
    assert made.keys() == expected


def _answer(server: socket.socket) -> None:
    server.accept()[0].close()


def test_there_is_no_network_unless_it_is_asked_for(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        assert bench.run(f"nc 127.0.0.1 {port} < /dev/null")[0].status != 0
        assert bench.run(f"nc 127.0.0.1 {port} < /dev/null", network=True)[0].status == 0


def test_a_process_that_outlives_its_command_is_ended(bench: Bench) -> None:
    ended, made = bench.run(
        "(setsid sh -c 'sleep 2; echo late > /out') > /dev/null 2>&1 &", "sleep 0.1"
    )
    assert ended.status == 0
    assert made == {}


@pytest.mark.parametrize(
    "script",
    [
        "touch /.wh.x",
        "cd /tmp; n=0; while [ $n -lt 300 ]; do mkdir d && cd d; n=$((n+1)); done",
    ],
)
def test_what_no_image_holds_is_refused(bench: Bench, script: str) -> None:
    with pytest.raises(UnusableChange):
        bench.run(script)


def test_pipes_and_sockets_are_no_contents(bench: Bench) -> None:
    ended, made = bench.run("mkfifo /pipe; (nc -l -U /socket & sleep 0.2) 2> /dev/null || true")
    assert ended.status == 0
    assert made["/pipe"].kind is Kind.FIFO
    assert "/socket" not in made


def test_no_device_is_made(bench: Bench) -> None:
    ended, made = bench.run("mknod /disk b 8 0")
    assert ended.status != 0
    assert made == {}


def test_a_planted_link_is_no_way_out(bench: Bench, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("whole")
    ended, made = bench.run(f"ln -s {victim} /out; ln -s / /etc/all; rm -rf /src; ln -s /etc /src")
    assert ended.status == 0
    assert made["/out"].target == str(victim)
    assert victim.read_text() == "whole"


def test_a_program_that_is_not_there(bench: Bench) -> None:
    ended, _ = bench.run(("no-such-program", "x"))
    assert ended.status == 127
    assert "no such program" in ended.why


def test_waiting_for_a_cache_is_told(bench: Bench) -> None:
    heard: list[Event] = []
    with listening(heard.append):
        bench.run("true", mounts=(MountSpec(at="/m", cache="one"),))
    assert heard == []


def test_what_takes_too_long_is_ended(bench: Bench) -> None:
    ended, _ = bench.run("sleep 60", seconds=1.0)
    assert ended.exceeded == "time"


def test_what_takes_too_much_memory_is_ended(bench: Bench) -> None:
    ended, _ = bench.run("dd if=/dev/zero of=/dev/shm/x bs=1M count=500", memory="64m")
    assert ended.status != 0


def test_a_stage_is_run_by_one_build_at_a_time(tmp_path: Path) -> None:
    cache, events, order = Cache(tmp_path / "cache"), [], []
    waits = threading.Event()

    def second() -> None:
        def heard(event: Event) -> None:
            events.append(str(event))
            waits.set()

        with listening(heard), turn("s", "0" * 64, cache):
            order.append("second")

    with turn("other", "1" * 64, cache), turn("s", "0" * 64, cache):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(20)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert len(events) == 1
    assert "stage s" in events[0]
