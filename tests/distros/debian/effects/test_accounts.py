from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.archive import DebPack
from distil.distros.debian.effects.accounts import Account, Accounts, Group, image_home
from distil.fetch.cache import Cache
from distil.model.account import ImageUser
from distil.model.errors import InvalidUser
from distil.model.node import generated_file
from distil.model.tree import Tree
from tests.support.deb_builder import file
from tests.support.packages import unpacked

PASSWD = "root:*:0:0:root:/root:/bin/bash\ngames:*:5:60:games:/usr/games:/usr/sbin/nologin\n"
GROUP = "root:*:0:\nadm:*:4:\ngames:*:60:\nusers:*:100:\n"


@pytest.fixture
def base(tmp_path: Path) -> DebPack:
    entries = [
        file("/usr/share/base-passwd/passwd.master", PASSWD),
        file("/usr/share/base-passwd/group.master", GROUP),
    ]
    return unpacked(Cache(tmp_path / "cache"), "base-passwd", entries)


def written(accounts: Accounts, tree: Tree | None = None) -> tuple[str, str]:
    passwd, group = accounts.nodes(tree or Tree())
    assert (passwd.path, passwd.mode, group.path) == ("/etc/passwd", 0o644, "/etc/group")
    assert passwd.blob is not None
    assert group.blob is not None
    return passwd.blob.read().decode(), group.blob.read().decode()


def test_debian_s_own_accounts_come_first_and_have_no_missing_shell(base: DebPack) -> None:
    passwd, group = written(Accounts([base]))
    assert passwd == PASSWD.replace("/bin/bash", "/usr/sbin/nologin")
    assert group == GROUP


def test_a_shell_that_is_there_stays(base: DebPack) -> None:
    tree = Tree([generated_file("/bin/bash", b"", "test")])
    assert "root:/bin/bash" in written(Accounts([base]), tree)[0]


def test_without_base_passwd_there_are_root_and_nobody() -> None:
    passwd, group = written(Accounts([]))
    assert [line.split(":")[0] for line in passwd.splitlines()] == ["root", "nobody"]
    assert "nogroup:*:65534:" in group


def test_the_image_s_user(base: DebPack) -> None:
    accounts = Accounts([base])
    user = ImageUser.parse("65532")
    home = accounts.add_image_user(user)
    passwd, group = written(accounts)
    entry = "nonroot:*:65532:65532:nonroot:/home/nonroot:/usr/sbin/nologin"
    assert passwd.splitlines()[-1] == entry
    assert group.splitlines()[-1] == "nonroot:*:65532:"
    (node,) = image_home(user, home)
    assert (node.path, node.mode, node.uid, node.gid) == ("/home/nonroot", 0o700, 65532, 65532)


def test_a_user_that_exists_is_not_made_again(base: DebPack) -> None:
    accounts = Accounts([base])
    user = ImageUser.parse("5:60")
    assert accounts.add_image_user(user) == "/usr/games"
    assert written(accounts)[1] == GROUP
    assert image_home(user, "/usr/games") == []


@pytest.mark.parametrize(
    ("text", "uid", "gid"),
    [
        ("65532", 65532, 65532),
        ("1000:0", 1000, 0),
        ("0", 0, 0),
        ("2147483646", 2**31 - 2, 2**31 - 2),
    ],
)
def test_numeric_users(text: str, uid: int, gid: int) -> None:
    assert ImageUser.parse(text) == ImageUser(uid, gid)


@pytest.mark.parametrize(
    "text", ["", "root", "1000:users", "-1", "2147483647", "4294967296", "1:2:3", "1 ", "\u0661"]
)
def test_users_that_are_refused(text: str) -> None:
    with pytest.raises(InvalidUser):
        ImageUser.parse(text)


def test_numbers_of_package_accounts_do_not_depend_on_their_order(base: DebPack) -> None:
    wanted = [Account("zed", "zed", "/var/lib/zed"), Account("abe", "abe"), Account("m", "adm")]
    results = []
    for order in (wanted, wanted[::-1]):
        accounts = Accounts([base])
        accounts.add(order, [Group("extra"), Group("adm")])
        results.append(written(accounts))
    assert results[0] == results[1]
    passwd, group = results[0]
    assert "abe:*:101:101::/nonexistent:/usr/sbin/nologin" in passwd
    assert "zed:*:103:103::/var/lib/zed:/usr/sbin/nologin" in passwd
    assert ":4::/nonexistent" in next(line for line in passwd.splitlines() if line[0] == "m")
    assert group.count("adm:") == 1


def test_wished_numbers_are_given_when_free(base: DebPack) -> None:
    accounts = Accounts([base])
    accounts.add([Account("a", "a", uid=77), Account("b", "b", uid=5)], [])
    assert accounts.uid("a") == 77
    assert accounts.uid("b") not in (None, 5)


def test_a_primary_group_by_number(base: DebPack) -> None:
    accounts = Accounts([base])
    accounts.add([Account("a", "a", gid=60)], [])
    passwd, group = written(accounts)
    assert passwd.splitlines()[-1].split(":")[3] == "60"
    assert "\na:" not in group


def test_memberships(base: DebPack) -> None:
    accounts = Accounts([base])
    accounts.join([("games", "adm"), ("root", "adm"), ("games", "adm"), ("x", "missing")])
    assert "adm:*:4:games,root\n" in written(accounts)[1]
