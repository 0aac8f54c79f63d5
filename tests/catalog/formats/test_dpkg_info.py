"""Lists of files, diversions and alternatives, as dpkg keeps them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Added, Claim, Content, Facts, Unreadable
from distil.catalog.formats import dpkg_info
from distil.catalog.formats.dpkg_info import (
    alternatives,
    conffiles,
    diversions,
    file_list,
    md5sums,
    ucf_registry,
)

INFO = "/var/lib/dpkg/info"
A, B = "0123456789abcdef" * 2, "F" * 32


def claims(facts: Facts) -> dict[str, str]:
    return {claim.path: claim.checksum for one in facts.added for claim in one.claims}


def test_checksums_are_of_the_package_that_the_list_is_named_for() -> None:
    facts = md5sums(f"{INFO}/libc6:amd64.md5sums", f"{A}  usr/a b\n{B} *usr/c\r\n".encode())
    assert facts == Facts(
        added=(
            Added(
                "dpkg:/:libc6:amd64",
                (Claim("/usr/a b", f"md5:{A}"), Claim("/usr/c", f"md5:{B.lower()}")),
            ),
        )
    )


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("./usr/a", "/usr/a"),
        ("/usr/a", "/usr/a"),
        ("usr//a/./b", "/usr/a/b"),
        ("../../etc/a", "/etc/a"),
        ("usr/../../../etc/a", "/etc/a"),
        ("usr/.a/..b", "/usr/.a/..b"),
        ("usr/\xff", "/usr/\udcc3\udcbf".encode("utf-8", "surrogateescape").decode()),
    ],
)
def test_paths_never_lead_out_of_the_root(written: str, path: str) -> None:
    content = f"{A}  {written}\n".encode()
    assert claims(md5sums(f"{INFO}/a.md5sums", content)) == {path: f"md5:{A}"}
    below = f"/srv/root{INFO}/a.md5sums"
    assert claims(md5sums(below, content)) == {f"/srv/root{path}": f"md5:{A}"}


def test_bytes_that_are_no_text_stay_in_paths() -> None:
    content = f"{A}  usr/".encode() + b"\xff\n" + f"\\{A}  usr/a\\nb\\\\c\n".encode()
    assert list(claims(md5sums(f"{INFO}/a.md5sums", content))) == ["/usr/\udcff", "/usr/a\nb\\c"]


def test_lists_beside_a_file_of_status_d_are_of_the_package_in_it() -> None:
    path = "/var/lib/dpkg/status.d/bGliYzY"
    facts = md5sums(f"{path}.md5sums", f"{A}  usr/a\n".encode())
    assert [one.key for one in facts.added] == [f"dpkg-file:{path}"]


def test_a_list_claims_what_is_no_directory_above_another_path() -> None:
    content = b"/.\n/usr\n/usr/bin\n/usr/bin/a\n/usr/share/empty\n/usr/share\n"
    facts = file_list(f"{INFO}/a.list", content)
    assert facts.added == (
        Added(
            "dpkg:/:a",
            (Claim("/usr/bin/a", is_optional=True), Claim("/usr/share/empty", is_optional=True)),
        ),
    )
    assert file_list(f"{INFO}/empty.list", b"/.\n") == Facts()


def test_a_list_of_opkg_counts() -> None:
    facts = file_list("/usr/lib/opkg/info/libc.list", b"/lib/libc.so\t0100755\n/lib/b.so\n")
    assert facts.added == (Added("opkg:/:libc", (Claim("/lib/libc.so"), Claim("/lib/b.so"))),)


def test_configuration_files() -> None:
    facts = conffiles(f"{INFO}/a.conffiles", b"/etc/a\nremove-on-upgrade /etc/b\n\n/etc/c d\n")
    assert facts.added == (
        Added(
            "dpkg:/:a",
            (Claim("/etc/a", is_configuration=True), Claim("/etc/c d", is_configuration=True)),
        ),
    )


def test_diversions_of_packages_and_of_the_machine() -> None:
    content = b"/bin/sh\n/bin/sh.distrib\ndash\n/etc/a\n/etc/a.old\n:\n"
    assert diversions("/r/var/lib/dpkg/diversions", content).moved == (
        ("dpkg:/r:dash", "/r/bin/sh", "/r/bin/sh.distrib"),
        ("", "/r/etc/a", "/r/etc/a.old"),
    )
    assert diversions("/var/lib/dpkg/diversions", b"") == Facts()


def test_configuration_that_scripts_keep_is_of_their_packages() -> None:
    content = b"a \t /etc/a.ini\nb \t /etc/b c\na \t /etc/d\nwrong\n"
    facts = ucf_registry("/r/var/lib/ucf/registry", content)
    assert [(one.key, [claim.path for claim in one.claims]) for one in facts.added] == [
        ("dpkg:/r:a", ["/r/etc/a.ini", "/r/etc/d"]),
        ("dpkg:/r:b", ["/r/etc/b c"]),
    ]
    assert all(
        claim.is_configuration and claim.is_optional for one in facts.added for claim in one.claims
    )
    with pytest.raises(Unreadable):
        ucf_registry("/var/lib/ucf/registry", b"nothing\n")


def test_the_links_of_an_alternative_are_made_by_it() -> None:
    content = (
        b"auto\n/usr/bin/pager\npager.1.gz\n/usr/share/man/man1/pager.1.gz\n\n"
        b"/bin/more\n50\n/usr/share/man/man1/more.1.gz\n\n"
    )
    facts = alternatives("/var/lib/dpkg/alternatives/pager", content)
    assert dict(facts.generated) == dict.fromkeys(
        (
            "/etc/alternatives/pager",
            "/etc/alternatives/pager.1.gz",
            "/usr/bin/pager",
            "/usr/share/man/man1/pager.1.gz",
        ),
        "update-alternatives",
    )


@pytest.mark.parametrize(
    ("parser", "name", "content"),
    [
        (md5sums, "info/a.md5sums", b"no checksum"),
        (md5sums, "info/a.md5sums", b"\0"),
        (file_list, "info/a.list", b"usr/bin/a\n"),
        (diversions, "diversions", b"/bin/sh\n"),
        (diversions, "diversions", b"bin/sh\n/a\n:\n"),
        (alternatives, "alternatives/a", b""),
        (alternatives, "alternatives/a", b"maybe\n/usr/bin/a\n\n"),
        (alternatives, "alternatives/a", b"auto\nusr/bin/a\n\n"),
        (alternatives, "alternatives/a", b"auto\n/usr/bin/a\n../x\n/usr/b\n\n"),
    ],
)
def test_what_is_none_of_these_is_said_so(parser: object, name: str, content: bytes) -> None:
    assert callable(parser)
    with pytest.raises(Unreadable):
        parser(f"/var/lib/dpkg/{name}", content)


def test_lines_that_are_wrong_are_counted() -> None:
    facts = md5sums(f"{INFO}/a.md5sums", f"{A}  usr/a\nwrong\n\n".encode())
    assert list(claims(facts)) == ["/usr/a"]
    assert facts.remarks == ("1 lines that are no checksums",)


def test_endless_lists_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpkg_info, "MOST_PATHS", 10)
    with pytest.raises(Unreadable, match="more than 10 lines"):
        file_list(f"{INFO}/a.list", b"/a\n" * 11)


PARSERS = {
    f"{INFO}/a.md5sums": md5sums,
    f"{INFO}/a.list": file_list,
    f"{INFO}/a.conffiles": conffiles,
    "/var/lib/dpkg/diversions": diversions,
    "/var/lib/dpkg/alternatives/a": alternatives,
    "/var/lib/ucf/registry": ucf_registry,
}
WORDS = st.sampled_from([b"/a\n", b"\n", b"auto\n", A.encode(), b"  ", b"..", b"/", b"\\", b"\xff"])


@given(st.sampled_from(sorted(PARSERS)), st.binary() | st.lists(WORDS).map(b"".join))
def test_any_bytes_are_facts_or_unreadable(path: str, content: Content) -> None:
    try:
        facts = PARSERS[path](path, content)
    except Unreadable:
        return
    assert all(claim.path.startswith("/") for one in facts.added for claim in one.claims)
    assert all(made.startswith("/") for made, _ in facts.generated)
