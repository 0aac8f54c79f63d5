"""Tasks in a sandbox: what they see, what they get, how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from distil.run.errors import SandboxFailed
from distil.run.sandbox import able, run
from distil.run.task import Able, Bind, Limits, Root
from tests.support.small_root import SmallRoot
from tests.support.tools import missing, tool


@pytest.fixture
def small(tmp_path: Path) -> SmallRoot:
    return SmallRoot(tmp_path)


def test_what_the_doctor_asks(small: SmallRoot) -> None:
    assert isinstance(able(), Able)


# --- ends ----------------------------------------------------------------------------------


def test_a_program_writes_and_ends(small: SmallRoot) -> None:
    ended, said = small.run("echo one; echo two >&2; exit 3")
    assert (ended.status, ended.signal, ended.exceeded, said) == (3, 0, "", "one\ntwo\n")


def test_a_signal_is_128_and_its_number(small: SmallRoot) -> None:
    ended, _ = small.run("kill -SEGV $$")
    assert (ended.status, ended.signal) == (128 + signal.SIGSEGV, signal.SIGSEGV)


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("nothing",), 127, "nothing: there is no such program"),
        (("/bin",), 126, "/bin: Permission denied"),
        (("/etc/hosts",), 126, "/etc/hosts: Permission denied"),
        (("/orphan",), 127, "what it is run by is missing"),
    ],
)
def test_what_cannot_start(words: tuple[str, ...], status: int, why: str, small: SmallRoot) -> None:
    script = small.lower / "orphan"
    script.write_text("#!/bin/nothing\n")
    script.chmod(0o755)
    ended, said = small.run("", words=words)
    assert (ended.status, said) == (status, "")
    assert why in ended.why


def test_a_working_directory_that_is_not_there(small: SmallRoot) -> None:
    ended, _ = small.run("pwd", workdir="/nowhere")
    assert (ended.status, "working directory /nowhere" in ended.why) == (126, True)


def test_a_program_is_looked_for_in_its_own_path(small: SmallRoot) -> None:
    (small.lower / "own").mkdir()
    (small.lower / "own" / "true").symlink_to("/bin/busybox")
    assert small.run("", words=("true",), environment={"PATH": "/none:/own"})[0].status == 0
    assert small.run("", words=("true",), environment={"PATH": "/none"})[0].status == 127


def test_output_comes_while_the_task_runs(small: SmallRoot) -> None:
    """The second line is only written when the first has been taken."""
    (small.place / "shared").mkdir()
    heard: list[bytes] = []

    def output(data: bytes) -> None:
        heard.append(data)
        (small.place / "shared" / "heard").touch()

    script = "echo first; while [ ! -e /shared/heard ]; do sleep 0.01; done; echo second"
    binds = (Bind(small.place / "shared", "/shared"),)
    assert run(small.task(script, binds=binds), output).status == 0
    assert b"".join(heard) == b"first\nsecond\n"


def test_nothing_is_to_be_read(small: SmallRoot) -> None:
    assert small.run("wc -c")[1] == "0\n"


def test_an_exception_of_the_listener_ends_the_task(small: SmallRoot) -> None:
    def output(_: bytes) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        run(small.task("echo x; sleep 1000"), output)


# --- the world it sees -----------------------------------------------------------------------


def test_a_process_sees_itself_and_the_first_one(small: SmallRoot) -> None:
    assert small.run("echo /proc/[0-9]*; echo $$")[1] == "/proc/1 /proc/2\n2\n"


def test_the_machine_has_a_name_that_is_everybodys(small: SmallRoot) -> None:
    assert small.run("hostname; cat /etc/hostname")[1] == "distil\ndistil\n"
    assert small.run("hostname", hostname="other")[1] == "other\n"


def test_the_environment_is_what_was_given(
    small: SmallRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    _, said = small.run("", words=("/bin/env",), environment={"A": "b c"})
    assert sorted(said.splitlines()) == [
        "A=b c",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_umask_of_the_host_does_not_count(umask: int, small: SmallRoot) -> None:
    before = os.umask(umask)
    try:
        assert small.run("touch /f; stat -c %a /f")[1] == "644\n"
    finally:
        os.umask(before)


def test_devices(small: SmallRoot) -> None:
    _, said = small.run(
        "ls /dev; echo x > /dev/null; dd if=/dev/zero bs=1 count=3 2>/dev/null | wc -c;"
        " echo y > /dev/shm/f; cat /dev/shm/f; mknod /dev/sda b 8 0"
    )
    assert said.splitlines() == [
        *("fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout"),
        *("tty", "urandom", "zero"),
        *("3", "y", "mknod: /dev/sda: Operation not permitted"),
    ]


def test_who_it_is(small: SmallRoot) -> None:
    assert small.run("id -u; id -g")[1] == "0\n0\n"
    assert small.run("id -u; id -g", user=(65532, 65533))[1] == "65532\n65533\n"


def test_owners_are_as_they_were_and_nothing_complains(small: SmallRoot) -> None:
    ended, said = small.run("touch /f; chown 5:6 /f && stat -c %u:%g /f")
    assert (ended.status, said) == (0, "0:0\n")


def test_a_loopback_and_nothing_else(small: SmallRoot) -> None:
    _, said = small.run("ls /sys/class/net; ip -o addr | awk '{print $2, $4}'")
    assert "lo 127.0.0.1/8" in said
    assert {line.split()[0] for line in said.splitlines() if "/" in line and ":" not in line} == {
        "lo"
    }


# --- the root --------------------------------------------------------------------------------


def test_what_it_writes_is_gone_without_a_layer(small: SmallRoot) -> None:
    assert small.run("echo x > /bin/new; rm /bin/yes; ls /bin/new")[1] == "/bin/new\n"
    assert not (small.lower / "bin" / "new").exists()
    assert (small.lower / "bin" / "yes").is_symlink()


def test_a_root_that_is_read_only(small: SmallRoot) -> None:
    ended, said = small.run(
        "touch /f; touch /tmp/f; rm /bin/yes; touch /mine/f && ls /mine",
        read_only=True,
        tmpfs=("/mine",),
    )
    assert ended.status == 0
    assert said.count("Read-only file system") == 3
    assert said.endswith("f\n")
    assert sorted(path.name for path in small.lower.iterdir()) == ["bin", "tmp"]


def test_places_to_mount_at_are_not_made_in_the_root(small: SmallRoot) -> None:
    (small.place / "source").mkdir()
    binds = (Bind(small.place / "source", "/a/b/c"),)
    assert small.run("ls -d /a/b/c /x/y", binds=binds, tmpfs=("/x/y",))[0].status == 0
    assert sorted(path.name for path in small.lower.iterdir()) == ["bin", "tmp"]


def test_binds(small: SmallRoot) -> None:
    for name in ("read", "write"):
        (small.place / name).mkdir()
        (small.place / name / "f").write_text(name)
    (small.place / "file").write_text("file")
    ended, said = small.run(
        "cat /r/f /t/w/f /t/file; echo x > /r/f; echo new > /t/w/f; echo x > /t/file; rm /r/f",
        tmpfs=("/t",),
        binds=(
            Bind(small.place / "write", "/t/w", writable=True),
            Bind(small.place / "read", "/r"),
            Bind(small.place / "file", "/t/file"),
        ),
    )
    assert said.startswith("readwritefile")
    assert (ended.status, said.count("Read-only file system")) == (1, 3)
    assert (small.place / "write" / "f").read_text() == "new\n"
    assert (small.place / "read" / "f").read_text() == "read"


def test_a_bind_of_nothing(small: SmallRoot) -> None:
    with pytest.raises(SandboxFailed, match=r"bind .*/missing: No such file"):
        small.run("true", binds=(Bind(small.place / "missing", "/r"),))


def test_odd_names_are_no_options(tmp_path: Path) -> None:
    """Commas and colons mean something to mount(2)."""
    odd = tmp_path / "a,b:c\\d 'é"
    odd.mkdir()
    small = SmallRoot(odd)
    (odd / "bind").mkdir()
    assert small.run("ls -d /x", binds=(Bind(odd / "bind", "/x"),))[1] == "/x\n"


def test_a_root_may_be_named_by_another_directory(
    small: SmallRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small.place)
    assert small.run("echo x", root=Root(Path("lower")))[1] == "x\n"


def test_volumes_can_be_written_to_in_a_root_that_is_read_only(small: SmallRoot) -> None:
    (small.lower / "data").mkdir()
    (small.lower / "data" / "f").write_text("old\n")
    script = "cat /data/f; echo new > /data/f; cat /data/f; touch /data2 /made/f; ls /made"
    ended, said = small.run(script, read_only=True, volumes=("/data", "/made"))
    assert (ended.status, said.count("Read-only")) == (0, 1)
    assert said.startswith("old\nnew\n")
    assert said.endswith("f\n")
    assert (small.lower / "data" / "f").read_text() == "old\n"


def test_owners_where_the_host_has_further_ids(small: SmallRoot) -> None:
    found = able()
    if not (isinstance(found, Able) and found.ids):
        missing("there are no further ids here")
    (small.lower / "data").mkdir()
    (small.lower / "data").chmod(0o2750)
    ended, said = small.run(
        "id; stat -c '%u:%g %a' /data /bin; touch /data/f /bin/f; chown 0 /data/f",
        user=(65532, 65533),
        groups=(7,),
        owners_kept=True,
        owners=(("/data", 65532, 7),),
    )
    assert ended.status == 1
    assert said.splitlines() == [
        "uid=65532 gid=65533 groups=7,65533",
        "65532:7 2750",
        "0:0 755",
        "touch: /bin/f: Permission denied",
        "chown: /data/f: Operation not permitted",
    ]


# --- limits ----------------------------------------------------------------------------------


def test_time(small: SmallRoot) -> None:
    ended, _ = small.run("sleep 1000", limits=Limits(seconds=0.5))
    assert (ended.exceeded, ended.status) == ("time", 137)
    assert ended.seconds >= 0.5


def test_a_limit_that_is_kept_is_no_matter(small: SmallRoot) -> None:
    limits = Limits(seconds=60, memory=1 << 30, processes=100, disk=1 << 30)
    ended, said = small.run("sleep 0.3; echo x", limits=limits)
    assert (ended.exceeded, ended.status, said) == ("", 0, "x\n")
    assert 0 < ended.memory < 1 << 30


# --- whoever calls ---------------------------------------------------------------------------

AS_SOMEBODY = """
import os, sys
from pathlib import Path
from distil.fetch.cache import Cache
from distil.run.changes import changes
from distil.run.layers import layer
from distil.run.sandbox import run
from distil.run.task import Root, Task

place = Path(sys.argv[1])
with layer(Cache(place / "cache")) as upper:
    task = Task(Root(place / "lower", upper), ("/bin/sh", "-c", sys.argv[2]))
    ended = run(task, lambda data: print(data.decode(), end=""))
    print(os.geteuid(), ended.status)
    print(*(f"{node.path} {node.mode:o} {node.uid}" for node in changes(upper, place / "lower")))
"""


@pytest.mark.parametrize("uid", [0, 1000])
def test_it_does_not_matter_who_calls(uid: int, small: SmallRoot) -> None:
    """In a user namespace of its own a process is somebody without any right outside of it."""
    script = "id -u; id -g; mkdir /d; echo 1 > /d/f; chown 5:5 /d/f; chmod 0 /d/f /d; cat /d/f"
    done = subprocess.run(
        [
            *(tool("unshare"), "--user", f"--map-user={uid}", f"--map-group={uid}"),
            *(sys.executable, "-c", AS_SOMEBODY, small.place, script),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == ["0", "0", "1", f"{uid} 0", "/d 0 0 /d/f 0 0"], done.stderr
    assert list((small.place / "cache" / "roots").iterdir()) == []


def test_secrets_are_files_in_memory(small: SmallRoot) -> None:
    script = "cat /run/a/token /t/token; stat -c %a /run/a/token; echo x > /t/token; rm /t/token"
    ended, said = small.run(
        script, tmpfs=("/t",), secrets=(("/run/a/token", b"one\n"), ("/t/token", b"two\n"))
    )
    assert said.startswith("one\ntwo\n400\n")
    assert (ended.status, said.count("Read-only file system")) == (1, 1)
    assert sorted(path.name for path in small.lower.iterdir()) == ["bin", "tmp"]
