from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.errors import MissingCopyright
from distil.distros.debian.select import Wanted, select
from distil.fetch.cache import Cache
from distil.model.errors import FileConflict
from distil.model.node import Kind
from tests.support.deb_builder import directory, file, hard_link, link
from tests.support.packages import documented, unpacked


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def paths(selection: object) -> set[str]:
    return {node.path for node in selection.tree}  # type: ignore[attr-defined]


def test_files_are_taken_or_recorded(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "x",
        [
            *documented("x"),
            file("/usr/bin/x", b"program", 0o755),
            file("/usr/share/doc/x/README", b"12345"),
            file("/usr/share/man/man1/x.1.gz", b"page"),
            link("/usr/lib/libx.so.1", "libx.so.1.0"),
            file("/usr/lib/libx.so.1.0", b"library"),
        ],
    )
    selection = select([pack], default_cuts())
    taken = {"/usr/bin/x", "/usr/lib/libx.so.1", "/usr/lib/libx.so.1.0"}
    assert taken | {"/usr/share/doc/x/copyright"} <= paths(selection)
    assert [(r.path, r.package, r.size, r.rule) for r in selection.removed] == [
        ("/usr/share/doc/x/README", "x", 5, "documentation"),
        ("/usr/share/man/man1/x.1.gz", "x", 4, "manual pages"),
    ]
    assert all(entry.reason for entry in selection.removed)
    assert selection.tree["/usr/bin/x"].origin == pack.origin
    assert "/usr/share/man" not in selection.tree


def test_directories_stay_when_used_or_shipped_empty(cache: Cache) -> None:
    entries = [
        directory("/var/lib/x", 0o700),
        directory("/usr/share/man"),
        directory("/usr/lib/used"),
        file("/usr/lib/used/file"),
        directory("/usr/include/x"),
        file("/usr/include/x/x.h"),
        directory("/usr/lib/emptied"),
        directory("/usr/lib/emptied/pkgconfig"),
        file("/usr/lib/emptied/pkgconfig/x.pc"),
    ]
    selection = select([unpacked(cache, "x", entries)], default_cuts())
    assert selection.tree["/var/lib/x"].mode == 0o700
    assert "/usr/lib/used" in selection.tree
    for gone in ("/usr/share/man", "/usr/include/x", "/usr/lib/emptied"):
        assert gone not in selection.tree


def test_shells_stay_when_asked_for(cache: Cache) -> None:
    packs = [
        unpacked(cache, "dash", [file("/usr/bin/dash", mode=0o755), link("/usr/bin/sh", "dash")])
    ]
    without = select(packs, default_cuts())
    assert "/usr/bin/sh" not in without.tree
    assert {entry.rule for entry in without.removed} == {"shells"}
    assert "/usr/bin/sh" in select(packs, default_cuts(), Wanted(frozenset({"dash"}))).tree


ASKED = {
    "development files": ("/usr/include/x.h", ["/usr/lib/x"], True),
    "locales": ("/usr/lib/locale/de_DE.utf8/LC_TIME", ["/usr/lib/x"], True),
    "sources of locales": ("/usr/share/i18n/locales/de_DE", ["/usr/lib/x"], True),
    "what debuggers read": ("/usr/lib/debug/.build-id/a/b.debug", [], True),
    "manual pages beside a program": ("/usr/share/man/man1/x.1.gz", ["/usr/bin/x"], False),
    "manual pages and nothing else": ("/usr/share/man/man1/x.1.gz", [], True),
    "translations beside data": ("/usr/share/locale/de/LC_MESSAGES/x.mo", ["/usr/lib/x"], False),
    "translations and nothing else": ("/usr/share/locale/de/LC_MESSAGES/x.mo", [], True),
    "documentation and nothing else": ("/usr/share/doc/x/html/index.html", [], True),
    "a changelog and nothing else": ("/usr/share/doc/x/changelog.gz", [], False),
    "bug scripts and nothing else": ("/usr/share/bug/x/script", [], False),
}


@pytest.mark.parametrize(("path", "beside", "stays"), ASKED.values(), ids=ASKED)
def test_what_stays_of_a_package_that_is_asked_for(
    cache: Cache, path: str, beside: list[str], stays: bool
) -> None:
    changelog = "/usr/share/doc/x/changelog.Debian.gz"
    entries = [*documented("x"), file(changelog), *map(file, [*beside, path])]
    pack = unpacked(cache, "x", entries)
    assert path not in select([pack], default_cuts()).tree
    asked = select([pack], default_cuts(), Wanted(frozenset({"x"})))
    assert (path in asked.tree) is stays
    assert (path in {gone.path for gone in asked.removed}) is not stays
    assert changelog not in asked.tree


@pytest.mark.parametrize(
    "path",
    [
        "/usr/share/doc/openssl/README",
        "/usr/share/man/man1/x.1.gz",
        "/usr/bin/sh",
        "/usr/lib/locale/de_DE.utf8/LC_TIME",
        "/usr/bin/openssl",
    ],
)
def test_no_rule_cuts_what_a_pattern_keeps(cache: Cache, path: str) -> None:
    pack = unpacked(cache, "openssl", [file(path), file(f"{path}-other")])
    assert path not in select([pack], default_cuts()).tree
    selection = select([pack], default_cuts(), Wanted(keep=(path,)))
    assert path in selection.tree
    assert [gone.path for gone in selection.removed if gone.path == path] == []


def test_links_between_parts_of_a_package_become_files(cache: Cache) -> None:
    place = "/usr/lib/locale"
    entries = [
        file(f"{place}/aa_DJ.utf8/LC_CTYPE", b"letters"),
        link(f"{place}/de_DE.utf8/LC_CTYPE", "../aa_DJ.utf8/LC_CTYPE"),
        link(f"{place}/de_DE.utf8/LC_MESSAGES/SYS", "../../de_DE.utf8/LC_TIME"),
        file(f"{place}/de_DE.utf8/LC_TIME", b"times"),
    ]
    pack = unpacked(cache, "locales-all", entries)
    wanted = Wanted(keep=(f"{place}/de_DE.utf8/**",))
    tree = select([pack], default_cuts(), wanted).tree
    node = tree[f"{place}/de_DE.utf8/LC_CTYPE"]
    assert node.kind is Kind.FILE
    assert node.blob is not None
    assert node.blob.read() == b"letters"
    assert tree[f"{place}/de_DE.utf8/LC_MESSAGES/SYS"].kind is Kind.SYMLINK
    assert f"{place}/aa_DJ.utf8" not in tree
    whole = select([pack], default_cuts(), Wanted(frozenset({"locales-all"}))).tree
    assert whole[f"{place}/de_DE.utf8/LC_CTYPE"].kind is Kind.SYMLINK


def test_partial_packages_give_some_files(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "openssl",
        [
            *documented("openssl"),
            directory("/etc/ssl/private", 0o700),
            file("/etc/ssl/openssl.cnf"),
            link("/usr/lib/ssl/certs", "/etc/ssl/certs"),
            file("/usr/bin/openssl", b"12", 0o755),
        ],
    )
    selection = select([pack], default_cuts())
    assert {"/etc/ssl/openssl.cnf", "/usr/lib/ssl/certs"} <= paths(selection)
    assert "/usr/share/doc/openssl/copyright" in selection.tree
    assert "/etc/ssl/private" not in selection.tree
    (removed,) = selection.removed
    assert (removed.path, removed.rule) == ("/usr/bin/openssl", "part of openssl")
    whole = select([pack], default_cuts(), Wanted(frozenset({"openssl"})))
    assert "/usr/bin/openssl" in whole.tree
    assert whole.removed == ()


def test_features_add_files_of_partial_packages(cache: Cache) -> None:
    pack = unpacked(cache, "libc-bin", [file("/usr/sbin/ldconfig", b"elf", 0o755)])
    assert "/usr/sbin/ldconfig" not in select([pack], default_cuts()).tree
    wanted = Wanted(features=frozenset({"ldconfig"}))
    assert "/usr/sbin/ldconfig" in select([pack], default_cuts(), wanted).tree


def test_a_package_that_gives_nothing_leaves_no_copyright(cache: Cache) -> None:
    pack = unpacked(cache, "gcc-14-base", documented("gcc-14-base"))
    assert "/usr/share/doc/gcc-14-base" not in select([pack], default_cuts()).tree


def test_copyright_links_become_files(cache: Cache) -> None:
    packs = [
        unpacked(cache, "gcc-14-base", documented("gcc-14-base")),
        unpacked(
            cache,
            "libgcc-s1",
            [link("/usr/share/doc/libgcc-s1", "gcc-14-base"), file("/usr/lib/libgcc_s.so.1")],
        ),
        unpacked(
            cache,
            "other",
            [
                directory("/usr/share/doc/other"),
                link("/usr/share/doc/other/copyright", "../libgcc-s1/copyright"),
                file("/usr/lib/other"),
            ],
        ),
    ]
    tree = select(packs, default_cuts()).tree
    for name, pack in (("libgcc-s1", packs[1]), ("other", packs[2])):
        node = tree[f"/usr/share/doc/{name}/copyright"]
        assert node.kind is Kind.FILE
        assert node.blob is not None
        assert node.blob.read() == b"copyright of gcc-14-base"
        assert node.origin == pack.origin
        assert tree[f"/usr/share/doc/{name}"].kind is Kind.DIRECTORY


def test_a_copyright_that_cannot_be_found_is_an_error(cache: Cache) -> None:
    pack = unpacked(cache, "x", [link("/usr/share/doc/x", "y"), file("/usr/bin/x")])
    with pytest.raises(MissingCopyright, match="leads to /usr/share/doc/y/copyright"):
        select([pack], default_cuts())


def test_older_packages_land_in_the_merged_usr(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "old",
        [
            directory("/lib"),
            directory("/lib/x86"),
            file("/lib/x86/libx.so.1", b"library"),
            hard_link("/bin/y", "/lib/x86/libx.so.1"),
            file("/lib64/ld.so"),
        ],
    )
    tree = select([pack], default_cuts()).tree
    assert tree["/lib"].target == "usr/lib"
    assert tree["/bin"].target == "usr/bin"
    assert tree["/lib64"].target == "usr/lib64"
    assert "/lib32" not in tree
    node = tree.resolve("/lib/x86/libx.so.1")
    assert node is not None
    assert node.path == "/usr/lib/x86/libx.so.1"
    linked = tree["/usr/bin/y"]
    assert linked.blob == node.blob
    assert {node.kind, linked.kind} == {Kind.FILE, Kind.HARDLINK}
    assert node.target + linked.target in (node.path, linked.path)


def test_links_of_base_files_are_its_own(cache: Cache) -> None:
    pack = unpacked(cache, "base-files", [link("/bin", "usr/bin"), link("/lib64", "usr/lib64")])
    tree = select([pack], default_cuts()).tree
    assert tree["/bin"].origin == pack.origin
    assert tree["/lib64"].origin == pack.origin
    assert tree["/lib"].origin != pack.origin


def test_a_hard_link_to_what_was_cut_is_a_file(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "x",
        [
            file("/usr/bin/pydoc3.13", b"contents", 0o755),
            hard_link("/usr/bin/kept", "/usr/bin/pydoc3.13"),
        ],
    )
    node = select([pack], default_cuts()).tree["/usr/bin/kept"]
    assert (node.kind, node.mode, node.size) == (Kind.FILE, 0o755, 8)


def test_two_packages_with_different_files_at_one_path(cache: Cache) -> None:
    packs = [unpacked(cache, name, [file("/usr/bin/same", name)]) for name in ("a", "b")]
    with pytest.raises(FileConflict, match=r"/usr/bin/same .*debian/a@.*debian/b@"):
        select(packs, default_cuts())
