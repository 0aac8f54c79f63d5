"""What ``[[copy]]`` takes out of a stage: looked up in the stage alone, whatever it planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.events import Event, Warned, listening
from distil.formats.errors import InvalidSpec
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin, StageOrigin
from distil.model.spec import CopySpec
from distil.model.tree import Tree
from distil.source.specification import SpecPlace
from distil.stages.taking import Taker

PACKAGE = PackageOrigin("pkg:deb/debian/libz@1", Digest.of(b"deb"))


def file(path: str, data: bytes = b"x", mode: int = 0o644, **more: object) -> Node:
    return Node(path, Kind.FILE, mode, blob=InlineBlob.of(data), **more)  # type: ignore[arg-type]


def link(path: str, target: str) -> Node:
    return Node(path, Kind.SYMLINK, 0o777, target=target)


def directory(path: str, mode: int = 0o755) -> Node:
    return Node(path, Kind.DIRECTORY, mode)


def take(
    nodes: list[Node], source: str, target: str, mode: str = "", owner: str = "0"
) -> dict[str, Node]:
    copy = CopySpec(source=source, target=target, mode=mode, owner=owner, stage="builder")
    place = SpecPlace(Path("/nowhere"), ("copy", "[0]", "from"))
    return {node.path: node for node in Taker(Tree(nodes), copy, place).nodes()}


def refused(nodes: list[Node], source: str, target: str = "/x") -> InvalidSpec:
    with pytest.raises(InvalidSpec) as error:
        take(nodes, source, target)
    return error.value


def test_a_file_by_its_name_and_into_a_directory() -> None:
    nodes = [file("/out/api", mode=0o700, uid=5)]
    assert list(take(nodes, "/out/api", "/api")) == ["/api"]
    taken = take(nodes, "/out/api", "/usr/bin/", "0750", "7:8")
    assert list(taken) == ["/usr/bin", "/usr/bin/api"]
    api = taken["/usr/bin/api"]
    assert (api.mode, api.uid, api.gid) == (0o750, 7, 8)
    assert api.origin == StageOrigin("builder", "/out/api")
    assert take(nodes, "/out/api", "/api")["/api"].mode == 0o755


def test_a_directory_with_all_in_it() -> None:
    nodes = [
        file("/out/lib/a.so.1"),
        link("/out/lib/a.so", "a.so.1"),
        directory("/out/empty", 0o700),
        Node("/out/lib/b.so", Kind.HARDLINK, 0o644, target="/out/lib/a.so.1"),
    ]
    taken = take(nodes, "/out", "/opt")
    assert sorted(taken) == [
        "/opt",
        "/opt/empty",
        "/opt/lib",
        "/opt/lib/a.so",
        "/opt/lib/a.so.1",
        "/opt/lib/b.so",
    ]
    assert taken["/opt/lib/a.so"].target == "a.so.1"
    assert taken["/opt/lib/b.so"].kind is Kind.FILE
    assert "/lib/a.so" in take(nodes, "/out", "/")


def test_patterns() -> None:
    nodes = [file("/out/a.js"), file("/out/b.css"), file("/out/deep/er/c.js"), file("/c.js")]
    assert sorted(take(nodes, "/out/*.js", "/web/")) == ["/web", "/web/a.js"]
    assert sorted(take(nodes, "/out/**/*.js", "/web/")) == [
        "/web",
        "/web/a.js",
        "/web/deep",
        "/web/deep/er",
        "/web/deep/er/c.js",
    ]
    assert "matches" in refused(nodes, "/out/*.go").message
    # A path that is there as it is written is no pattern.
    assert list(take([file("/out/[a].js")], "/out/[a].js", "/a.js")) == ["/a.js"]


def test_links_lead_to_paths_of_the_stage_alone() -> None:
    nodes = [
        link("/out", "/../../build"),
        link("/build/api", "../../../../etc/shadow"),
        file("/etc/shadow", b"of the stage"),
    ]
    blob = take(nodes, "/out/api", "/api")["/api"].blob
    assert blob is not None
    assert blob.read() == b"of the stage"


def test_links_that_lead_out_of_a_copied_directory() -> None:
    outside = file("/usr/bin/python3", b"python")
    taken = take([link("/out/bin/python", "/usr/bin/python3"), outside], "/out", "/app")
    python = taken["/app/bin/python"]
    assert python.kind is Kind.FILE
    # One that comes back in from outside would find nothing elsewhere.
    around = [link("/out/b", "../out/c"), file("/out/c", b"c")]
    assert take(around, "/out", "/app")["/app/b"].kind is Kind.FILE
    # Where a directory stays where it was, so do absolute links within.
    within = [link("/app/current", "/app/v1"), file("/app/v1/x")]
    assert take(within, "/app", "/app")["/app/current"].target == "/app/v1"
    assert refused(within, "/app").message.endswith("not copied with it")


@pytest.mark.parametrize(
    ("nodes", "source", "what"),
    [
        ([link("/a", "/b"), link("/b", "/a")], "/a", "round in circles"),
        ([link("/a", "/gone")], "/a", "there is no '/a'"),
        ([file("/out/x")], "/out/x/y", "there is no"),
        ([Node("/out/pipe", Kind.FIFO, 0o644)], "/out/pipe", "is a fifo"),
        ([Node("/out/pipe", Kind.FIFO, 0o644)], "/out", "is a fifo"),
        ([link("/out/up", "/etc"), file("/etc/x")], "/out", "a directory that is not copied"),
        ([file("/out/.wh.x")], "/out", "hides a file"),
        ([file("/proc/x")], "/*", "engines mount over"),
    ],
)
def test_what_cannot_be_copied(nodes: list[Node], source: str, what: str) -> None:
    assert what in refused(nodes, source, "/" if source == "/*" else "/x").message


def test_what_is_there_instead() -> None:
    nodes = [file("/out/server"), file("/out/worker")]
    assert refused(nodes, "/out/serve").hint == "did you mean server?"
    assert refused(nodes, "/out/xyz").hint == "/out has server, worker"
    assert refused(nodes, "/nothing/there").hint == "/ has out"


def test_a_pattern_costs_no_more_than_there_is() -> None:
    deep = "/d" * 200
    assert "too much" in refused([file(f"{deep}/x")], "/**/**/**/y").message


def test_what_belongs_to_a_package_stays_its() -> None:
    taken = take([file("/usr/lib/libz.so", origin=PACKAGE)], "/usr/lib/libz.so", "/lib/")
    assert taken["/lib/libz.so"].origin == PACKAGE


def test_rights_are_not_copied_unless_somebody_says_so() -> None:
    heard: list[Event] = []
    nodes = [file("/out/su", mode=0o4755)]
    with listening(heard.append):
        assert take(nodes, "/out/su", "/su")["/su"].mode == 0o755
    assert any(isinstance(e, Warned) and "without setuid" in e.message for e in heard)
    heard.clear()
    with listening(heard.append):
        assert take(nodes, "/out/su", "/su", "4755")["/su"].mode == 0o4755
    assert heard == []
