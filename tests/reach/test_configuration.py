"""What configuration names is kept, and only what it can mean."""

from __future__ import annotations

import msgspec
import pytest

from distil.model.blob import InlineBlob
from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin
from distil.model.tree import Tree
from distil.reach.command import Command
from distil.reach.configuration import ConfigurationSearch
from distil.reach.keeping import Keeping
from distil.reach.policies import Configuration

CONFIGURATION = Configuration(
    files=("/etc/x/x.conf",),
    places=("/etc/x/{}", "/usr/lib/x/*/{}.so", "/usr/share/x/{}"),
    comments=("#", ";"),
)
NUL = chr(0)

FILES = {
    "/etc/passwd": "root /usr/lib/x/1/root.so",
    "/etc/x/conf.d/a.conf": "include deeper/b.txt",
    "/etc/x/conf.d/deeper/b.txt": "load plain",
    "/etc/x/conf.d/n.txt": "no configuration",
    "/etc/x/with blank": "",
    "/usr/lib/x/1/plain.so": NUL + "ELF load other",
    "/usr/lib/x/1/other.so": "",
    "/usr/lib/x/2/plain.so": "",
    "/usr/share/x/html/index.html": "<a href=/usr/lib/x/1/other.so>",
    "/usr/share/y": "",
    "/var/www/site/a.css": "",
    "/var/www/site/b/c.css": "",
    "/opt/own/own.conf": "load own.txt",
    "/opt/own/own.txt": "",
}


def kept(text: str, *words: str, workdir: str = "/", mode: int = 0o644) -> set[str]:
    """What `text` in ``/etc/x/x.conf`` keeps beside that, where `words` are started."""
    nodes = [file(path, data) for path, data in FILES.items()]
    nodes += [file("/etc/x/x.conf", text, mode), link("/usr/share/x/modules", "../../lib/x/1")]
    nodes += [link("/etc/x/enabled/site", "../conf.d/a.conf")]
    tree = Tree(nodes)
    keeping = Keeping(tree)
    begun = {"/etc/x/x.conf", "/etc/passwd", "/opt/own/own.conf"}
    for path in begun:
        keeping.keep(path, Reason("test"))
    search = ConfigurationSearch(CONFIGURATION, tree, Command(words, workdir))
    search.settle(keeping)
    search.settle(keeping)
    return {path for path in keeping.kept if tree[path].kind is not Kind.DIRECTORY} - begun


def file(path: str, text: str, mode: int = 0o644) -> Node:
    return Node(path, Kind.FILE, mode, blob=InlineBlob.of(text.encode()))


def link(path: str, target: str) -> Node:
    return Node(path, Kind.SYMLINK, 0o777, target=target)


INCLUDED = {
    "/etc/x/conf.d/a.conf", "/etc/x/conf.d/deeper/b.txt", "/usr/lib/x/1/plain.so",
    "/usr/lib/x/2/plain.so",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("a /usr/share/y;", {"/usr/share/y"}),
        ("a=/usr/share/y,/nowhere", {"/usr/share/y"}),
        ("a unix:/usr/share/y:rw", {"/usr/share/y"}),
        ("# a /usr/share/y\n;/usr/share/y\nb c # /usr/share/y", set()),
        ("a#b /usr/share/y", {"/usr/share/y"}),
        ("load plain", {"/usr/lib/x/1/plain.so", "/usr/lib/x/2/plain.so"}),
        ("load modules/plain.so;", {"/usr/share/x/modules", "/usr/lib/x/1/plain.so"}),
        ('open "with blank" and', {"/etc/x/with blank"}),
        ("open 'with blank'", {"/etc/x/with blank"}),
        # A comment does not begin inside of quotes.
        ('say "a # b" /usr/share/y', {"/usr/share/y"}),
        ("say 'a # b' /usr/share/y # c", {"/usr/share/y"}),
        # What is named and text is searched, with names from its own directory.
        ("include conf.d/a*.conf", INCLUDED),
        ("include /etc/*/conf.d/n.*", {"/etc/x/conf.d/n.txt"}),
        ("include enabled/*", {"/etc/x/enabled/site", *INCLUDED}),
        # A directory stands for what is in it, unless it is one of everybody's.
        ("root html", {"/usr/share/x/html/index.html"}),
        ("root /var/www/site", {"/var/www/site/a.css", "/var/www/site/b/c.css"}),
        ("root /; location /var/www /usr /usr/share /etc {}", set()),
        # The part before what is computed is a directory.
        ("try /var/www/site/b/$name.html", {"/var/www/site/b/c.css"}),
        ("a $x/usr/share/y %{/usr/share/y}", {"/usr/share/y"}),
        ("a . .. / /. *", set()),
        (f"{NUL} /usr/share/y", set()),
    ],
)
def test_what_is_named(text: str, expected: set[str]) -> None:
    assert kept(text) == expected


def test_files_of_the_command_begin() -> None:
    found = kept("", "x", "-c", "own.conf", workdir="/opt/own")
    assert found == {"/opt/own/own.txt"}
    assert kept("", "x", "--config=/opt/own/own.conf") == found
    # So do names from where it is started.
    assert kept("load own.txt", "x", workdir="/opt/own") == found
    # All of a directory is, and names in it begin there.
    assert kept("load own.txt", "x", "-p", "/opt/own") == found
    assert kept("", "x", "-p", "/etc") == set()


def test_a_link_begins_as_what_it_leads_to() -> None:
    tree = Tree([link("/etc/x/x.conf", "/srv/own"), file("/srv/own", "/srv/a"), file("/srv/a", "")])
    keeping = Keeping(tree)
    keeping.keep("/etc/x/x.conf", Reason("test"))
    ConfigurationSearch(CONFIGURATION, tree, Command(("x",))).settle(keeping)
    assert "/srv/a" in keeping.kept


def test_own_files_begin_whoever_names_them() -> None:
    own = Configuration(("/etc/x/x.conf",), own=("/etc/x/**",))
    for origin, begins in ((ApplicationOrigin("o.conf"), True), (None, False)):
        other = msgspec.structs.replace(file("/etc/x/o.conf", "/srv/a"), origin=origin)
        tree = Tree([other, file("/srv/a", "")])
        keeping = Keeping(tree)
        keeping.keep("/etc/x/o.conf", Reason("test"))
        ConfigurationSearch(own, tree, Command(("x",))).settle(keeping)
        assert ("/srv/a" in keeping.kept) is begins


def test_programs_are_no_configuration() -> None:
    assert kept("a /usr/share/y", mode=0o755) == set()


def test_the_reason_is_the_file_with_the_word() -> None:
    tree = Tree([file("/etc/x/x.conf", "load plain"), file("/usr/lib/x/1/plain.so", "")])
    keeping = Keeping(tree)
    keeping.keep("/etc/x/x.conf", Reason("test"))
    ConfigurationSearch(CONFIGURATION, tree, Command(("x",))).settle(keeping)
    reason = Reason("configuration", "/etc/x/x.conf", "plain")
    assert keeping.kept["/usr/lib/x/1/plain.so"] == reason


def test_text_that_is_made_to_take_for_ever() -> None:
    assert kept('"' + " " * (1 << 19)) == set()
    assert kept("'" + " " * (1 << 19)) == set()


def test_beyond_so_many_patterns_a_directory_stands_for_what_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "include /var/www/site/b/n*"
    assert kept(text) == set()
    monkeypatch.setattr("distil.reach.configuration._MOST_COMPARED", 0)
    assert kept(text) == {"/var/www/site/b/c.css"}
