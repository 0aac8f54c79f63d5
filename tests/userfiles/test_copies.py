"""`[[copy]]`: which files a pattern names, where they land, and what they may replace."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distil.compose.placement import check_placed, place_copies
from distil.formats.errors import InvalidSpec
from distil.formats.spec_toml import parse_spec
from distil.model.digest import Digest
from distil.model.node import Kind, directory, generated_file, symlink
from distil.model.origin import ApplicationOrigin, GeneratedOrigin, PackageOrigin
from distil.model.tree import Tree
from distil.source.own_files import find_own
from distil.source.specification import SpecPlace
from distil.userfiles.copies import COPY, Copies, find_copies
from tests.support.nodes import file, special

OPENSSL = PackageOrigin("pkg:deb/debian/openssl@3.5?arch=amd64", Digest.of(b"deb"))
SYSTEM = GeneratedOrigin("system")

FILES = {
    "run.sh": "#!/bin/sh\n",
    "conf/shop.ini": "shop",
    "conf/.hidden.ini": "hidden",
    "conf/sites/a.ini": "a",
    "conf/sites/deep/b.ini": "b",
    "conf/sites/deep/notes.txt": "notes",
    "dist/app-1.0/tool": "tool",
    "odd[1].txt": "odd",
    ".gitignore": "conf\n",
    ".dockerignore": "*\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which everything is ignored, beside something that is none of its business."""
    for name, text in FILES.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "shop/run.sh").chmod(0o700)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    return tmp_path / "shop"


def copied(project: Path, *tables: str) -> Copies:
    """What the `tables` of a specification, in which they begin at line 2, copy."""
    text = "\n" + "".join(f"[[copy]]\n{table}\n" for table in tables)
    (project / "distil.toml").write_text(text)
    return find_copies(project, parse_spec(text, str(project / "distil.toml")))


def files(copies: Copies) -> dict[str, str]:
    """Source by path in the image, of everything but directories."""
    return {
        path: copied.node.origin.source
        for path, copied in copies.by_path.items()
        if copied.node.kind is not Kind.DIRECTORY
        and isinstance(copied.node.origin, ApplicationOrigin)
    }


# --- where things land ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "landed"),
    [
        ("run.sh", "/srv/start", {"/srv/start": "run.sh"}),
        ("./run.sh", "/srv/", {"/srv/run.sh": "run.sh"}),
        ("run.sh", "/", {"/run.sh": "run.sh"}),
        ("odd[1].txt", "/odd", {"/odd": "odd[1].txt"}),
        ("odd[[]1].txt", "/odd", {"/odd": "odd[1].txt"}),
        (
            "conf/sites",
            "/etc/sites",
            {
                "/etc/sites/a.ini": "conf/sites/a.ini",
                "/etc/sites/deep/b.ini": "conf/sites/deep/b.ini",
                "/etc/sites/deep/notes.txt": "conf/sites/deep/notes.txt",
            },
        ),
        ("dist/app-1.0/", "/opt/app/", {"/opt/app/tool": "dist/app-1.0/tool"}),
        ("dist/app-*", "/opt/app", {"/opt/app/tool": "dist/app-1.0/tool"}),
        ("dist/app-*", "/opt/", {"/opt/app-1.0/tool": "dist/app-1.0/tool"}),
        ("dist/*/tool", "/bin/tool", {"/bin/tool": "dist/app-1.0/tool"}),
        (
            "conf/*.ini",
            "/etc/shop",
            {"/etc/shop/shop.ini": "conf/shop.ini", "/etc/shop/.hidden.ini": "conf/.hidden.ini"},
        ),
        (
            "conf/**/[ab].ini",
            "/etc/shop",
            {
                "/etc/shop/sites/a.ini": "conf/sites/a.ini",
                "/etc/shop/sites/deep/b.ini": "conf/sites/deep/b.ini",
            },
        ),
        (
            "conf/sites/**",
            "/etc/x/",
            {
                "/etc/x/a.ini": "conf/sites/a.ini",
                "/etc/x/deep/b.ini": "conf/sites/deep/b.ini",
                "/etc/x/deep/notes.txt": "conf/sites/deep/notes.txt",
            },
        ),
        (
            "**/deep/?.ini",
            "/x/",
            {"/x/conf/sites/deep/b.ini": "conf/sites/deep/b.ini"},
        ),
    ],
)
def test_places(project: Path, source: str, target: str, landed: dict[str, str]) -> None:
    assert files(copied(project, f'from = "{source}"\nto = "{target}"')) == landed


def test_the_whole_project(project: Path) -> None:
    """Ignore files have no say in what is named."""
    found = files(copied(project, 'from = "."\nto = "/srv"'))
    assert set(found.values()) == {*FILES, "distil.toml"}
    assert found["/srv/conf/sites/a.ini"] == "conf/sites/a.ini"


@pytest.mark.parametrize(
    ("settings", "mode", "directory_mode", "owner"),
    [
        ("", 0o644, 0o755, (0, 0)),
        ('mode = "0640"', 0o640, 0o750, (0, 0)),
        ('mode = "600"\nowner = "65532"', 0o600, 0o700, (65532, 65532)),
        ('mode = "4755"\nowner = "1:2"', 0o4755, 0o755, (1, 2)),
    ],
)
def test_modes_and_owners(
    project: Path, settings: str, mode: int, directory_mode: int, owner: tuple[int, int]
) -> None:
    found = copied(project, f'from = "conf/sites"\nto = "/srv/sites"\n{settings}').by_path
    for node in (found["/srv/sites/a.ini"].node, found["/srv/sites"].node):
        assert (node.uid, node.gid) == owner
    assert found["/srv/sites/a.ini"].node.mode == mode
    assert found["/srv/sites/deep"].node.mode == directory_mode
    assert "/srv" not in found


def test_modes_do_not_depend_on_the_umask(project: Path) -> None:
    (project / "run.sh").chmod(0o711)
    (project / "conf/shop.ini").chmod(0o666)
    found = copied(project, 'from = "run.sh"\nto = "/a"', 'from = "conf/shop.ini"\nto = "/b"')
    assert [one.node.mode for one in found.by_path.values()] == [0o755, 0o644]


# --- links ---------------------------------------------------------------------------------


def test_links_inside_a_copied_directory(project: Path) -> None:
    """One that leads to something copied with it stays; for another, its file is copied."""
    sites = project / "conf/sites"
    (sites / "main.ini").symlink_to("deep/b.ini")
    (sites / "deep/up").symlink_to("..")
    (sites / "shop.ini").symlink_to("../shop.ini")
    found = copied(project, 'from = "conf/sites"\nto = "/etc/sites"').by_path
    assert found["/etc/sites/main.ini"].node.target == "deep/b.ini"
    assert found["/etc/sites/deep/up"].node.target == ".."
    node = found["/etc/sites/shop.ini"].node
    assert node.kind is Kind.FILE
    assert node.blob is not None
    assert node.blob.read() == b"shop"


def test_no_path_of_this_machine_becomes_a_link(project: Path) -> None:
    sites = project / "conf/sites"
    (sites / "b.ini").symlink_to(sites / "deep/b.ini")
    found = copied(project, 'from = "conf/sites"\nto = "/etc/sites"').by_path
    assert found["/etc/sites/b.ini"].node.kind is Kind.FILE


def test_a_link_that_is_named_itself_is_followed(project: Path) -> None:
    (project / "current").symlink_to("dist/app-1.0")
    (project / "start").symlink_to("run.sh")
    found = copied(project, 'from = "current"\nto = "/opt"', 'from = "start"\nto = "/start"')
    assert files(found) == {"/opt/tool": "current/tool", "/start": "start"}
    assert found.by_path["/start"].node.kind is Kind.FILE
    assert found.by_path["/start"].node.mode == 0o755


# --- what is refused -----------------------------------------------------------------------


def _linked(project: Path, name: str, target: str) -> None:
    (project / name).symlink_to(target)


@pytest.mark.parametrize(
    ("links", "source", "says"),
    [
        ({}, "nothing", "there is no 'nothing'"),
        ({}, "run.sh/x", "there is no 'run.sh/x'"),
        ({}, "conf/*.yaml", r"matches 'conf/\*.yaml'"),
        ({}, "**/none", r"matches '\*\*/none'"),
        ({"x": "../outside/secret"}, "x", "'x' is a symbolic link that leads out"),
        ({"x": "/etc/passwd"}, "x", "'x' is a symbolic link that leads out"),
        ({"x": "../outside"}, "x/secret", "'x/secret' is a symbolic link that leads out"),
        ({"x": "../outside"}, "x", "leads out"),
        ({"x": "../outside"}, "*/secret", "leads out"),
        ({"x": "../outside/secret"}, "*", "'x' is a symbolic link that leads out"),
        ({"conf/x": "../../outside/secret"}, "conf", "'conf/x' is a symbolic link that leads out"),
        ({"conf/x": "/etc/passwd"}, "conf", "'conf/x' is a symbolic link that leads out"),
        ({"conf/x": "gone"}, "conf", "'conf/x' is a symbolic link to nothing"),
        ({"conf/x": "x"}, "conf/x", "round in circles"),
        ({"conf/x": "../dist"}, "conf", "a directory that is not copied with it"),
    ],
)
def test_refused(project: Path, links: dict[str, str], source: str, says: str) -> None:
    """With the line of the pattern."""
    for name, target in links.items():
        _linked(project, name, target)
    with pytest.raises(InvalidSpec, match=says) as caught:
        copied(project, 'from = "run.sh"\nto = "/run.sh"', f'to = "/etc/x/"\nfrom = "{source}"')
    assert (caught.value.line, caught.value.key) == (7, "copy.from")


def test_links_are_not_followed_by_a_pattern(project: Path) -> None:
    """Or a link to the directory above would go on for ever."""
    _linked(project, "conf/sites/up", "..")
    found = files(copied(project, 'from = "conf/**/shop.ini"\nto = "/etc/shop.ini"'))
    assert found == {"/etc/shop.ini": "conf/shop.ini"}


def test_what_is_neither_file_nor_directory(project: Path) -> None:
    os.mkfifo(project / "conf/pipe")
    with pytest.raises(InvalidSpec, match="'conf/pipe' is not a file, directory or symbolic link"):
        copied(project, 'from = "conf"\nto = "/etc/conf"')


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ('from = "run.sh"\nto = "/x"', 'from = "conf/shop.ini"\nto = "/x"', "/x is 'run.sh'"),
        ('from = "run.sh"\nto = "/x"', 'from = "run.sh"\nto = "/x"\nmode = "644"', "/x is"),
        ('from = "run.sh"\nto = "/x"', 'from = "conf"\nto = "/x"', "/x is 'run.sh'"),
        ('from = "run.sh"\nto = "/x"', 'from = "run.sh"\nto = "/x/y"', "/x is 'run.sh'"),
    ],
)
def test_two_copies_to_one_place(project: Path, first: str, second: str, says: str) -> None:
    with pytest.raises(InvalidSpec, match=f"{says}.* by line 3") as caught:
        copied(project, first, second)
    assert caught.value.line == 6


def test_the_same_twice_is_once(project: Path) -> None:
    found = copied(project, 'from = "conf"\nto = "/c"', 'from = "conf/*.ini"\nto = "/c/"')
    assert files(found)["/c/shop.ini"] == "conf/shop.ini"


_PIECES = st.sampled_from(["**", "*", "?", "conf", "sites", "x", ".", "[a-z]*", "[", "a.ini", ""])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_PIECES, min_size=1, max_size=6).map("/".join))
def test_any_pattern_stays_inside_or_is_refused(project: Path, pattern: str) -> None:
    if not (project / "conf/x").is_symlink():
        _linked(project, "conf/x", "../../outside")
    place = SpecPlace(project, ("copy", "[0]", "from"))
    with contextlib.suppress(InvalidSpec):
        found = find_own(place, pattern)
        assert found == sorted(found, key=lambda one: one.path)
        for one in found:
            assert (project / one.path).resolve().is_relative_to(project)
            assert one.path.endswith(one.below)


# --- into the image ------------------------------------------------------------------------


IMAGE = Tree(
    [
        special("/usr/bin", Kind.DIRECTORY),
        symlink("/bin", "usr/bin", SYSTEM),
        directory("/etc", SYSTEM),
        file("/etc/ssl/openssl.cnf", b"packaged", origin=OPENSSL),
        generated_file("/etc/nsswitch.conf", b"shop", "name service"),
        file("/usr/bin/openssl", b"program", origin=OPENSSL),
        file("/usr/share/same", b"shop", origin=OPENSSL),
        generated_file("/var/lib/table", b"table", "table"),
        file("/app/run.sh", b"#!/bin/sh\n", origin=ApplicationOrigin("run.sh")),
        symlink("/etc/localtime", "/usr/share/zoneinfo/UTC", SYSTEM),
    ]
)


@pytest.mark.parametrize(
    ("source", "target", "at"),
    [
        ("conf/shop.ini", "/etc/ssl/openssl.cnf", ""),
        ("conf/shop.ini", "/etc/nsswitch.conf", ""),
        ("conf/shop.ini", "/etc/localtime", ""),
        ("conf/shop.ini", "/etc/new/shop.ini", ""),
        ("run.sh", "/app/run.sh", ""),
        ("run.sh", "/bin/start", "/usr/bin/start"),
    ],
)
def test_placed(project: Path, source: str, target: str, at: str) -> None:
    copies = copied(project, f'from = "{source}"\nto = "{target}"')
    placed = place_copies(IMAGE, copies)
    node = placed.tree[at or target]
    assert node.origin == ApplicationOrigin(source)
    assert node.blob is not None
    assert node.blob.read() == FILES[source].encode()
    reason = placed.copied[node.path].reason
    assert (reason.rule, reason.detail) == (COPY, f"{source} to {target}")
    check_placed(placed.tree, placed.copied)


def test_a_directory_like_the_root_of_the_image(project: Path) -> None:
    """Its directories are those of the image, links included."""
    for name in ("bin/start", "etc/shop.ini", "srv/data/x"):
        (project / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "root" / name).write_text(name)
    placed = place_copies(IMAGE, copied(project, 'from = "root/"\nto = "/"'))
    assert placed.tree["/bin"].kind is Kind.SYMLINK
    assert placed.tree["/usr/bin/start"].origin == ApplicationOrigin("root/bin/start")
    assert "/srv/data/x" in placed.tree
    assert placed.tree["/etc"].origin == SYSTEM


def test_what_is_replaced_is_recorded(project: Path) -> None:
    placed = place_copies(
        IMAGE, copied(project, 'from = "conf/shop.ini"\nto = "/etc/ssl/openssl.cnf"')
    )
    [gone] = placed.removed
    assert (gone.path, gone.package, gone.size) == ("/etc/ssl/openssl.cnf", OPENSSL.purl, 8)
    assert "conf/shop.ini" in gone.reason


def test_directories_that_are_there_stay_as_they_are(project: Path) -> None:
    table = 'from = "conf"\nto = "/etc"\nmode = "0600"\nowner = "7"'
    tree = place_copies(IMAGE, copied(project, table)).tree
    assert (tree["/etc"].mode, tree["/etc"].uid) == (0o755, 0)
    assert (tree["/etc/sites"].mode, tree["/etc/sites"].uid) == (0o700, 7)


def test_the_same_as_a_package_has_is_still_needed_by_itself(project: Path) -> None:
    placed = place_copies(IMAGE, copied(project, 'from = "conf/shop.ini"\nto = "/usr/share/same"'))
    assert placed.tree["/usr/share/same"].origin == OPENSSL
    assert placed.copied["/usr/share/same"].reason.rule == COPY


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('from = "run.sh"\nto = "/usr/bin/openssl"', "/usr/bin/openssl is a file of pkg:deb/.*"),
        ('from = "run.sh"\nto = "/bin/openssl"', "/usr/bin/openssl is a file of pkg:deb/.*"),
        (
            'from = "conf/shop.ini"\nto = "/usr/share/same"\nmode = "600"',
            "/usr/share/same is a file of",
        ),
        ('from = "run.sh"\nto = "/var/lib/table"', "/var/lib/table is a file of distil"),
        ('from = "run.sh"\nto = "/etc"', "/etc is a directory of.*"),
        ('from = "run.sh"\nto = "/usr/bin/openssl/x"', "/usr/bin/openssl is a file .* nothing can"),
        ('from = "conf"\nto = "/etc/nsswitch.conf"', "/etc/nsswitch.conf is a file of distil"),
    ],
)
def test_conflicts(project: Path, table: str, says: str) -> None:
    """Named with the line that says where to."""
    with pytest.raises(InvalidSpec, match=says) as caught:
        place_copies(IMAGE, copied(project, table))
    assert (caught.value.line, caught.value.key) == (4, "copy.to")
    assert caught.value.hint


def test_what_is_written_later_is_no_place_for_a_copy(project: Path) -> None:
    placed = place_copies(IMAGE, copied(project, 'from = "run.sh"\nto = "/etc/ld.so.cache"'))
    tree = placed.tree.with_nodes([generated_file("/etc/ld.so.cache", b"", "library cache")])
    with pytest.raises(InvalidSpec, match=r"/etc/ld\.so\.cache") as caught:
        check_placed(tree, placed.copied)
    assert (caught.value.line, caught.value.key) == (4, "copy.to")
