"""What is started of an image: its configuration, what the user says, and its own files."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
import pytest

from distil.cli.running import command
from distil.model.image import ContainerConfig, string_set
from distil.model.node import Kind, Node
from distil.model.reference import parse_location
from distil.model.tree import Tree
from distil.run.container import Container, Launch, Port, container_of, signal_number
from distil.run.errors import (
    InvalidLaunch,
    NothingToRun,
    ProgramNotExecutable,
    ProgramNotFound,
    UnknownUser,
    UnknownWay,
)
from distil.run.task import Bind
from distil.run.users import LARGEST_FILE, Identity, find_identity
from distil.run.ways import names, ways_for
from tests.support.nodes import file, special
from tests.support.runnable import GROUP, PASSWD, SHELL, files

PROGRAM = file("/bin/busybox", b"\x7fELF", mode=0o755)
TREE = Tree([PROGRAM, *files()])
PLAIN = Launch()
CONFIG = ContainerConfig(entrypoint=("/bin/busybox",), cmd=("sh",), env=("PATH=/bin", "A=1"))


def started(launch: Launch = PLAIN, tree: Tree = TREE, **config: object) -> Container:
    return container_of(msgspec.structs.replace(CONFIG, **config), tree, launch)


def tree_with(*nodes: Node) -> Tree:
    """The tree with other nodes at some paths."""
    others = {node.path for node in nodes}
    return Tree([*(node for node in TREE if node.path not in others), *nodes])


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Identity(0, 0, (), "/root")),
        ("www", Identity(33, 44, (55,), "/srv/www")),
        ("33", Identity(33, 44, (55,), "/srv/www")),
        ("33:0", Identity(33, 0, (), "/srv/www")),
        ("www:logs", Identity(33, 55, (), "/srv/www")),
        ("1234", Identity(1234, 0, (), "/")),
        ("1234:5", Identity(1234, 5, (), "/")),
    ],
)
def test_users_are_looked_up_as_engines_do(user: str, expected: Identity) -> None:
    assert find_identity(TREE, user) == expected


@pytest.mark.parametrize("user", ["nobody", "33:none", "-1", "4294967296", "٣", "99999999999"])
def test_who_is_not_there_is_refused(user: str) -> None:
    with pytest.raises(UnknownUser):
        find_identity(TREE, user)


@pytest.mark.parametrize(
    "passwd",
    [
        special("/etc/passwd", Kind.SYMLINK, target="/etc/passwd"),
        special("/etc/passwd", Kind.SYMLINK, target="../../../../../../etc/hostname"),
        special("/etc/passwd", Kind.CHARACTER, device=(1, 5)),
        special("/etc/passwd", Kind.DIRECTORY),
        file("/etc/passwd", b"www:x:" * 10 + b"\n\xff\xfe:::\nwww:x:1e9:0::\nwww:x:0000000000033:"),
        file("/etc/passwd", b"a" * (LARGEST_FILE + 1)),
    ],
    ids=["loop", "leading out", "device", "directory", "nonsense", "endless"],
)
def test_a_file_of_users_that_is_none_has_none(passwd: Node) -> None:
    tree = tree_with(passwd)
    with pytest.raises(UnknownUser):
        find_identity(tree, "www")
    assert find_identity(tree, "33").uid == 33


def test_the_file_of_users_is_the_image_s_own_through_links() -> None:
    link = special("/etc/passwd", Kind.SYMLINK, target="../../usr/share/users")
    assert find_identity(tree_with(link, file("/usr/share/users", PASSWD)), "www").uid == 33
    hard = special("/etc/passwd", Kind.HARDLINK, target="/etc/a-users")
    assert find_identity(tree_with(file("/etc/a-users", PASSWD), hard), "www").uid == 33
    assert GROUP.count(b"\n") == 3


@pytest.mark.parametrize(
    ("launch", "words"),
    [
        (Launch(), ("/bin/busybox", "sh")),
        (Launch(arguments=("ls", "/")), ("/bin/busybox", "ls", "/")),
        (Launch(entrypoint="/bin/sh"), ("/bin/sh",)),
        (Launch(entrypoint="sh", arguments=("-c", "x")), ("sh", "-c", "x")),
        (Launch(entrypoint="", arguments=("ls",)), ("ls",)),
    ],
)
def test_entrypoint_and_command(launch: Launch, words: tuple[str, ...]) -> None:
    assert started(launch).words == words


@pytest.mark.parametrize("config", [{"entrypoint": (), "cmd": ()}, {"entrypoint": ("",)}])
def test_nothing_to_run(config: dict) -> None:
    with pytest.raises(NothingToRun):
        started(**config)


def test_environment() -> None:
    launch = Launch(environment=("A=2", "B=x=y"), user="www")
    expected = {"PATH": "/bin", "HOME": "/srv/www", "A": "2", "B": "x=y"}
    assert started(launch).environment == expected
    assert started(Launch(terminal=True)).environment["TERM"] == "xterm"
    assert started(env=("TERM=dumb",)).environment["PATH"].startswith("/usr/local/sbin:")
    assert started(Launch(terminal=True), env=("TERM=dumb",)).environment["TERM"] == "dumb"
    with pytest.raises(InvalidLaunch):
        started(Launch(environment=("=x",)))


def test_workdir() -> None:
    assert started().workdir == "/"
    assert started(working_dir="/data").workdir == "/data"
    assert started(Launch(workdir="/tmp"), working_dir="/data").workdir == "/tmp"


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("nothere", ProgramNotFound),
        ("/bin", ProgramNotExecutable),
        ("/etc/passwd", ProgramNotExecutable),
        ("loop", ProgramNotFound),
    ],
)
def test_a_program_that_cannot_be_started(program: str, error: type[Exception]) -> None:
    tree = tree_with(special("/bin/loop", Kind.SYMLINK, target="loop"))
    with pytest.raises(error):
        started(Launch(entrypoint=program), tree)


def test_a_program_may_be_mounted() -> None:
    binds = (Bind(Path("/bin/true"), "/bin/own"), Bind(Path("/opt"), "/opt/tools/"))
    assert started(Launch(entrypoint="own", binds=binds)).words == ("own",)
    assert started(Launch(entrypoint="/opt/tools/run", binds=binds)).words == ("/opt/tools/run",)
    with pytest.raises(ProgramNotFound):
        started(Launch(entrypoint="/opt/toolsrun", binds=binds))


def test_volumes_are_real_directories_of_the_image() -> None:
    tree = tree_with(
        special("/var", Kind.DIRECTORY),
        special("/var/link", Kind.SYMLINK, target="/../../../data"),
        special("/var/out", Kind.SYMLINK, target="../../../../nowhere"),
        file("/var/file"),
    )
    declared = ["/var/link", "/var/out", "/var/file", "/missing", "tmp/"]
    assert set(started(tree=tree, volumes=string_set(declared)).volumes) == {"/data", "/tmp"}
    launch = Launch(tmpfs=("/tmp",))
    assert started(launch, tree, volumes=string_set(declared)).volumes == ("/data",)


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("8000", Port(8000)),
        ("8080:80", Port(80, 8080)),
        ("127.0.0.1:8080:80/tcp", Port(80, 8080, "127.0.0.1")),
        ("127.0.0.1::80", Port(80, 0, "127.0.0.1")),
        ("[::1]:8080:80", Port(80, 8080, "::1")),
    ],
)
def test_ports(text: str, port: Port) -> None:
    assert Port.parse(text) == port


@pytest.mark.parametrize("text", ["", "x", "80/udp", "65536", "1:2:x", "0", "-1:80", "²"])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(InvalidLaunch):
        Port.parse(text)


def test_signals_by_name_and_number() -> None:
    assert [signal_number(text) for text in ("", "SIGQUIT", "int", "9")] == [15, 3, 2, 9]
    for text in ("SIGNOTHING", "900", "0"):
        with pytest.raises(InvalidLaunch):
            signal_number(text)


def test_shell_of_the_test_images_takes_a_script() -> None:
    assert container_of(SHELL, TREE, Launch(arguments=("id",))).words[-2:] == ("-c", "id")


def test_every_way_can_be_named() -> None:
    option = next(one for one in command.params if one.name == "way")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == names()
    assert [way.name for way in ways_for("auto", parse_location("docker-daemon:a:1"))][:2] == [
        "docker",
        "sandbox",
    ]
    with pytest.raises(UnknownWay):
        ways_for("chroot", parse_location("oci:x"))
