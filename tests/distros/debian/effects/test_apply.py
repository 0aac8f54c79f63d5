from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.effects import apply as apply_module
from distil.distros.debian.effects.apply import Configuration, Configured, apply_effects
from distil.distros.debian.select import Wanted, select
from distil.fetch.cache import Cache
from distil.model.account import ImageUser
from distil.model.node import Kind
from distil.model.platform import AMD64
from distil.model.tree import Tree
from tests.support.deb_builder import directory, file, link
from tests.support.packages import unpacked

HEAD = "#!/bin/sh\n"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def configured(cache: Cache, packs: list[DebPack], wanted: Wanted | None = None) -> Configured:
    wanted = wanted or Wanted()
    selection = select(packs, default_cuts(), wanted)
    setting = Configuration(AMD64, ImageUser(65532, 65532), wanted)
    return apply_effects(selection, packs, default_cuts(), setting, cache)


def text(tree: Tree, path: str) -> str:
    node = tree.resolve(path)
    assert node is not None
    assert node.blob is not None
    return node.blob.read().decode()


def test_a_system_of_nothing_has_its_directories(cache: Cache) -> None:
    found = configured(cache, [])
    modes = {path: found.tree[path].mode for path in ("/tmp", "/var/tmp", "/run", "/root")}
    assert modes == {"/tmp": 0o1777, "/var/tmp": 0o1777, "/run": 0o755, "/root": 0o700}
    assert found.tree["/var/run"].target == "/run"
    assert found.tree["/var/lock"].target == "/run/lock"
    assert "localhost" in text(found.tree, "/etc/hosts")
    assert found.home == "/home/nonroot"
    assert found.tree[found.home].mode == 0o700
    assert found.unhandled == ()


def test_files_of_packages_are_not_replaced(cache: Cache) -> None:
    pack = unpacked(cache, "x", [file("/etc/hosts", "own"), directory("/tmp", 0o1770)])
    tree = configured(cache, [pack]).tree
    assert text(tree, "/etc/hosts") == "own"
    assert tree["/tmp"].mode == 0o1770


def test_configuration_that_packages_only_bring_as_templates(cache: Cache) -> None:
    libc = unpacked(cache, "libc-bin", [file("/usr/share/libc-bin/nsswitch.conf", "hosts: dns")])
    tree = configured(cache, [libc]).tree
    assert text(tree, "/etc/nsswitch.conf") == "hosts: dns"
    assert "/usr/share/libc-bin" not in tree


def test_time_zone_vendor_and_default_python(cache: Cache) -> None:
    packs = [
        unpacked(cache, "tzdata", [file("/usr/share/zoneinfo/Etc/UTC", "TZif")]),
        unpacked(cache, "base-files", [file("/etc/dpkg/origins/debian", "Vendor: Debian")]),
        unpacked(cache, "python3.13-minimal", [file("/usr/bin/python3.13", mode=0o755)]),
    ]
    tree = configured(cache, packs).tree
    assert text(tree, "/etc/localtime") == "TZif"
    assert text(tree, "/etc/dpkg/origins/default") == "Vendor: Debian"
    assert tree["/usr/bin/python3"].target == "python3.13"


def test_two_interpreters_have_no_default(cache: Cache) -> None:
    entries = [file("/usr/bin/python3.13", mode=0o755), file("/usr/bin/python3.14", mode=0o755)]
    assert "/usr/bin/python3" not in configured(cache, [unpacked(cache, "x", entries)]).tree


def test_what_scripts_make_is_cut_like_files(cache: Cache) -> None:
    script = "mkdir -p /var/lib/x; echo a > /etc/made; touch /usr/share/doc/made /etc/init.d-x"
    script += "; mkdir -p /etc/init.d; touch /etc/init.d/x"
    tree = configured(cache, [unpacked(cache, "x", [], {"postinst": HEAD + script})]).tree
    assert text(tree, "/etc/made") == "a\n"
    assert tree["/var/lib/x"].kind is Kind.DIRECTORY
    assert str(tree["/etc/made"].origin).count("maintainer scripts of x") == 1
    assert "/usr/share/doc/made" not in tree
    assert "/etc/init.d/x" not in tree


def test_the_shell_that_a_script_links_is_there_when_asked_for(cache: Cache) -> None:
    script = HEAD + "rm -f /bin/sh; ln -s dash /bin/sh.tmp; mv -f /bin/sh.tmp /bin/sh"
    files = [directory("/bin"), link("/bin/sh", "dash"), file("/bin/dash", mode=0o755)]
    dash = unpacked(cache, "dash", files, {"postinst": script})
    asked = configured(cache, [dash], Wanted(frozenset({"dash"}))).tree
    assert asked["/usr/bin/sh"].target == "dash"
    assert "/usr/bin/sh" not in configured(cache, [dash]).tree


def test_owners_and_modes(cache: Cache) -> None:
    script = (
        "adduser --system --group --home /srv/svc svc\n"
        "chown svc:root /usr/bin/tool\nchmod 4750 /usr/bin/tool\nrm /etc/gone\n"
    )
    pack = unpacked(
        cache, "x", [file("/usr/bin/tool", mode=0o755), file("/etc/gone")],
        {"postinst": HEAD + script},
    )  # fmt: skip
    tree = configured(cache, [pack]).tree
    tool = tree["/usr/bin/tool"]
    assert (tool.uid, tool.gid, tool.mode) == (100, 0, 0o4750)
    assert tool.origin == pack.origin
    assert (tree["/srv/svc"].uid, tree["/srv/svc"].gid) == (100, 100)
    assert "svc:*:100:100::/srv/svc:" in text(tree, "/etc/passwd")
    assert "/etc/gone" not in tree


def test_numeric_owners_and_lost_rights(cache: Cache) -> None:
    script = "chown 1000:1001 /usr/bin/tool; chown 5 /usr/bin/other; chmod u+s /usr/bin/other\n"
    tools = [file("/usr/bin/tool", mode=0o4755), file("/usr/bin/other", mode=0o755)]
    tree = configured(cache, [unpacked(cache, "x", tools, {"postinst": HEAD + script})]).tree
    tool, other = tree["/usr/bin/tool"], tree["/usr/bin/other"]
    assert (tool.uid, tool.gid, tool.mode) == (1000, 1001, 0o755)
    assert (other.uid, other.gid, other.mode) == (5, 0, 0o4755)


def test_the_best_alternative_that_is_there(cache: Cache) -> None:
    def provider(name: str, priority: int, path: str) -> DebPack:
        script = f"""update-alternatives --install /usr/lib/libblas.so.3 libblas.so.3 {path} \\
            {priority} --slave /usr/share/man/man3/blas.3 blas.3 /usr/share/man/man3/{name}.3"""
        entries = [file(f"/usr/lib/{name}/libblas.so.3", name),
                   file(f"/usr/share/man/man3/{name}.3")]  # fmt: skip
        return unpacked(cache, name, entries, {"postinst": HEAD + script})

    packs = [
        provider("reference", 10, "/usr/lib/reference/libblas.so.3"),
        provider("fast", 100, "/usr/lib/fast/libblas.so.3"),
        provider("absent", 1000, "/usr/lib/missing/libblas.so.3"),
    ]
    for order in (packs, packs[::-1]):
        tree = configured(cache, order).tree
        assert tree["/usr/lib/libblas.so.3"].target == "/etc/alternatives/libblas.so.3"
        assert text(tree, "/usr/lib/libblas.so.3") == "fast"
        assert "/etc/alternatives/blas.3" not in tree


def test_scripts_of_partial_packages_are_not_followed(cache: Cache) -> None:
    pack = unpacked(
        cache, "openssl", [link("/usr/lib/ssl/certs", "/etc/ssl/certs")],
        {"postinst": HEAD + "frobnicate"},
    )  # fmt: skip
    assert configured(cache, [pack]).unhandled == ()
    whole = configured(cache, [pack], Wanted(frozenset({"openssl"})))
    assert [str(one) for one in whole.unhandled] == ["openssl: postinst runs frobnicate"]


def test_following_scripts_is_remembered(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = unpacked(cache, "x", [], {"postinst": HEAD + "echo a > /etc/made; frobnicate"})
    first = configured(cache, [pack])

    def fail(*arguments: object) -> None:
        raise AssertionError("followed again")

    monkeypatch.setattr(apply_module, "script_effects", fail)
    second = configured(cache, [pack])
    assert list(second.tree) == list(first.tree)
    assert second.unhandled == first.unhandled
    assert len(second.unhandled) == 1
    other = unpacked(cache, "y", [], {"postinst": HEAD + "true"})
    with pytest.raises(AssertionError, match="followed again"):
        configured(cache, [pack, other])
