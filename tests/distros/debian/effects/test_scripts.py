"""Maintainer scripts are followed, not run: what they would do, or that it is not known."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.distros.debian.archive import DebPack
from distil.distros.debian.effects.accounts import Accounts
from distil.distros.debian.effects.machine import System
from distil.distros.debian.effects.order import in_configuration_order
from distil.distros.debian.effects.record import ScriptEffects
from distil.distros.debian.effects.scripts import (
    PackageScripts,
    ScriptKnowledge,
    default_knowledge,
    follow_scripts,
    script_effects,
)
from distil.fetch.cache import Cache
from distil.model.node import Kind
from tests.support.deb_builder import directory, file, link
from tests.support.packages import unpacked

HEAD = "#!/bin/sh\nset -e\n"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


FILES = [
    directory("/etc"),
    file("/etc/shipped", b"shipped\n"),
    file("/usr/bin/tool", b"elf", 0o755),
    file("/usr/share/x/default.conf", b"default"),
    link("/usr/lib/x.so", "x.so.1"),
    file("/usr/lib/x.so.1", b"library"),
]


def base_passwd(cache: Cache) -> DebPack:
    return unpacked(
        cache,
        "base-passwd",
        [
            file("/usr/share/base-passwd/passwd.master", "root:*:0:0:root:/root:/bin/bash\n"
                 "games:*:5:60:games:/usr/games:/usr/sbin/nologin\n"),
            file("/usr/share/base-passwd/group.master", "root:*:0:\nadm:*:4:\n"),
        ],
    )  # fmt: skip


def follow(
    cache: Cache, postinst: str, others: list[DebPack] | None = None, **scripts: str
) -> ScriptEffects:
    members = {"postinst": HEAD + postinst, **scripts}
    pack = unpacked(cache, "x", FILES, members)
    return script_effects([pack, *(others or [])], "amd64")


def unhandled(effects: ScriptEffects) -> list[str]:
    return [f"{one.script} {one.what}" for one in effects.unhandled]


def made(effects: ScriptEffects) -> dict[str, object]:
    """Paths with contents, link targets, or modes of directories."""
    found: dict[str, object] = {}
    for one in effects.made:
        if one.kind is Kind.FILE:
            found[one.path] = one.data.decode()
        else:
            found[one.path] = one.target or one.mode
    return found


# --- what scripts make -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("mkdir -p /var/lib/x/y", {"/var/lib/x": 0o755, "/var/lib/x/y": 0o755}),
        ("mkdir -m750 /srv", {"/srv": 0o750}),
        ("mkdir -pm 700 /srv/a/b", {"/srv": 0o755, "/srv/a": 0o755, "/srv/a/b": 0o700}),
        ("mkdir -p /etc", {}),
        ("touch /etc/new /etc/shipped", {"/etc/new": ""}),
        ("ln -s /usr/bin/tool /etc/link", {"/etc/link": "/usr/bin/tool"}),
        ("ln -s ../bin/tool /usr/share/x", {"/usr/share/x/tool": "../bin/tool"}),
        ("ln -s a /etc/shipped || echo there", {}),
        ("ln -sf a /etc/shipped", {"/etc/shipped": "a"}),
        ("cp -p /usr/share/x/default.conf /etc/x.conf", {"/etc/x.conf": "default"}),
        ("cp /usr/share/x/default.conf /etc", {"/etc/default.conf": "default"}),
        ("echo one > /etc/a; echo two >> /etc/a", {"/etc/a": "one\ntwo\n"}),
        ("printf '%s=%s\\n' a b > /etc/a", {"/etc/a": "a=b\n"}),
        ("cat > /etc/a <<EOF\nname $1\nEOF\n", {"/etc/a": "name configure\n"}),
        ("cat /etc/shipped > /etc/b", {"/etc/b": "shipped\n"}),
        ("( echo a; echo b ) > /etc/c", {"/etc/c": "a\nb\n"}),
        ("touch /etc/t; mv /etc/t /etc/u", {"/etc/u": ""}),
        ("touch /etc/t; rm -f /etc/t /etc/none", {}),
        ("for f in a b; do touch /etc/$f; done", {"/etc/a": "", "/etc/b": ""}),
        ("for f in /etc/s*; do ln -s $f /usr/$(basename $f); done",
         {"/usr/shipped": "/etc/shipped"}),
        ("f=/etc/x.d; [ -d $f ] || mkdir $f", {"/etc/x.d": 0o755}),
        ("echo log > /var/log/x.log; echo > /dev/null", {"/var/log/x.log": "log\n"}),
        ("install -d -m 0700 -o root /etc/secret", {"/etc/secret": 0o755}),
        ("t=$(mktemp --tmpdir x.XXX); echo a > $t; ucf --debconf-ok $t /etc/n; rm $t",
         {"/etc/n": "a\n"}),
        ("ucf --purge /etc/shipped", {}),
    ],
)  # fmt: skip
def test_files(cache: Cache, script: str, expected: dict[str, object]) -> None:
    effects = follow(cache, script)
    assert unhandled(effects) == []
    assert made(effects) == expected


@pytest.mark.parametrize(
    ("script", "path", "user", "group", "mode"),
    [
        ("chown games:adm /etc/shipped", "/etc/shipped", "games", "adm", None),
        ("chown games /etc/shipped; chgrp adm /etc/shipped", "/etc/shipped", "games", "adm", None),
        ("chmod 4755 /usr/bin/tool", "/usr/bin/tool", None, None, 0o4755),
        ("chmod g-rx,o-rx /usr/bin/tool", "/usr/bin/tool", None, None, 0o700),
        ("chmod u+s /usr/bin/tool", "/usr/bin/tool", None, None, 0o4755),
        ("chmod +x /etc/shipped", "/etc/shipped", None, None, 0o755),
        ("dpkg-statoverride --update --add root adm 2750 /usr/bin/tool", "/usr/bin/tool", "root",
         "adm", 0o2750),
    ],
)  # fmt: skip
def test_owners_and_modes(
    cache: Cache, script: str, path: str, user: str | None, group: str | None, mode: int | None
) -> None:
    effects = follow(cache, script, [base_passwd(cache)])
    assert unhandled(effects) == []
    (found,) = effects.ownership.items()
    assert found[0] == path
    assert (found[1].user, found[1].group, found[1].mode) == (user, group, mode)


@pytest.mark.parametrize(
    ("script", "user", "group", "mode"),
    [
        ("chown 1000:1000 F", "1000", "1000", 0o755),
        ("chown 1000 F", "1000", None, 0o755),
        ("chown :1000 F", None, "1000", 0o755),
        ("chgrp 1000 F", None, "1000", 0o755),
        ("chown -h root.adm F", "root", "adm", 0o755),
        ("chown 1000 F; chmod 2755 F", "1000", None, 0o2755),
        ("chmod g-x F; chown 1000 F", "1000", None, 0o2745),
        ("chmod 4755 F; chown root F; chmod u+s F", "root", None, 0o4755),
        ("install -m 4755 -o 1000 -g adm F /usr/bin/G && rm F; ln -s G F", "1000", "adm", 0o4755),
    ],
)  # fmt: skip
def test_a_new_owner_takes_setuid_away_as_linux_does(
    cache: Cache, script: str, user: str | None, group: str | None, mode: int
) -> None:
    path = "/usr/bin/G" if "/G" in script else "/usr/bin/F"
    files = [file("/usr/bin/F", b"elf", 0o6755), directory("/usr/bin")]
    pack = unpacked(cache, "y", files, {"postinst": HEAD + "cd /usr/bin\n" + script})
    effects = script_effects([pack, base_passwd(cache)], "amd64")
    assert unhandled(effects) == []
    found = effects.ownership[path]
    assert (found.user, found.group, found.mode) == (user, group, mode)
    assert found.capabilities_lost


@pytest.mark.parametrize(
    "owner", ["nobody-here", "99999999999", "-1", "root:nobody-here", "2147483647", "root:", ""]
)
def test_an_owner_that_there_is_not_is_reported(cache: Cache, owner: str) -> None:
    effects = follow(cache, f"chown '{owner}' /etc/shipped", [base_passwd(cache)])
    assert unhandled(effects) == [f"postinst runs chown {owner} /etc/shipped"]
    assert effects.ownership == {}


def test_directories_keep_their_setgid(cache: Cache) -> None:
    effects = follow(cache, "mkdir -m 2775 /etc/d; chown 1000 /etc/d; chmod 700 /etc/d")
    assert effects.ownership["/etc/d"].mode == 0o2700


def test_shipped_files_can_be_removed(cache: Cache) -> None:
    effects = follow(cache, "[ -e /etc/shipped ] && rm /etc/shipped; [ -e /etc/shipped ] || true")
    assert effects.removed == ("/etc/shipped",)


def test_alternatives(cache: Cache) -> None:
    script = """
    for p in a b; do
      update-alternatives --quiet --install /usr/bin/$p $p /usr/bin/tool 50 \\
        --slave /usr/share/man/man1/$p.1.gz $p.1.gz /usr/share/man/man1/tool.1.gz
    done
    update-alternatives --remove old /usr/bin/old
    update-alternatives --list a >/dev/null || true
    """
    effects = follow(cache, script)
    assert unhandled(effects) == []
    assert [(a.link, a.name, a.path, a.priority) for a in effects.alternatives] == [
        ("/usr/bin/a", "a", "/usr/bin/tool", 50),
        ("/usr/bin/b", "b", "/usr/bin/tool", 50),
    ]
    slave = ("/usr/share/man/man1/a.1.gz", "a.1.gz", "/usr/share/man/man1/tool.1.gz")
    assert effects.alternatives[0].slaves == (slave,)


@pytest.mark.parametrize(
    ("script", "users", "groups", "members"),
    [
        ("adduser --system --quiet --group svc", [("svc", "svc", "/nonexistent")], [], []),
        ("adduser --system --home /var/lib/svc --no-create-home svc",
         [("svc", "nogroup", "/var/lib/svc")], [], []),
        ("adduser --system --ingroup adm --gecos 'A B' svc", [("svc", "adm", "/nonexistent")],
         [], []),
        ("useradd -r -M -d /srv -g adm svc", [("svc", "adm", "/srv")], [], []),
        ("addgroup --system _x; groupadd -g 77 _y", [], ["_x", "_y"], []),
        ("adduser games adm", [], [], [("games", "adm")]),
        ("getent group adm >/dev/null || addgroup --system adm", [], [], []),
        ("getent passwd svc >/dev/null || adduser --system --group svc",
         [("svc", "svc", "/nonexistent")], [], []),
        ("if ! id -u svc >/dev/null 2>&1; then adduser --system --group svc; fi",
         [("svc", "svc", "/nonexistent")], [], []),
        ("adduser --system --group svc; id -Gn svc | grep -qw svc || adduser svc svc",
         [("svc", "svc", "/nonexistent")], [], []),
        ("adduser --system --group svc; id -Gn svc | grep -qw sv || adduser svc adm",
         [("svc", "svc", "/nonexistent")], [], [("svc", "adm")]),
        ("if ! getent group root | grep -q '^root:[^:]*:0'; then groupadd -g 0 root; fi", [], [],
         []),
    ],
)  # fmt: skip
def test_accounts(
    cache: Cache, script: str, users: object, groups: object, members: object
) -> None:
    effects = follow(cache, script, [base_passwd(cache)])
    assert unhandled(effects) == []
    assert [(a.name, a.group, a.home) for a in effects.accounts] == users
    assert [group.name for group in effects.groups] == groups
    assert list(effects.members) == members


def test_a_created_home_belongs_to_its_user(cache: Cache) -> None:
    effects = follow(cache, "adduser --system --group --home /srv/svc svc")
    assert "/srv/svc" in made(effects)
    assert effects.ownership["/srv/svc"].user == "svc"


def test_sysusers_files(cache: Cache) -> None:
    text = '# users\nu svc 123 "A user" /srv\nu! other - -\ng grp 77\nm svc adm\n'
    pack = unpacked(
        cache,
        "s",
        [file("/usr/lib/sysusers.d/s.conf", text)],
        {"postinst": HEAD + "systemd-sysusers ${DPKG_ROOT:+--root=$DPKG_ROOT} s.conf"},
    )
    effects = script_effects([pack], "amd64")
    assert unhandled(effects) == []
    assert [(a.name, a.uid, a.home) for a in effects.accounts] == [
        ("svc", 123, "/srv"),
        ("other", None, "/"),
    ]
    assert [(group.name, group.gid) for group in effects.groups] == [("grp", 77)]


# --- what scripts ask ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    [
        '[ "$1" = configure ] && [ -z "$2" ]',
        'test "$1" = configure -a "x$2" = x',
        '[ "$1" = upgrade -o "$1" = configure ]',
        '! [ -e /etc/missing ]',
        "[ -f /etc/shipped ] && [ -s /etc/shipped ] && [ ! -x /etc/shipped ]",
        "[ -L /usr/lib/x.so ] && [ -f /usr/lib/x.so ] && ! [ -L /usr/lib/x.so.1 ]",
        '[ "$(readlink /usr/lib/x.so)" = x.so.1 ]',
        '[ "$(readlink -f /usr/lib/x.so)" = /usr/lib/x.so.1 ]',
        "[ -d /lib ] && [ -L /lib ]",
        "[ -x /usr/bin/tool ] && command -v tool >/dev/null && which tool",
        '[ -x "$(command -v tool)" ] && ! [ -x "$(command -v missing)" ]',
        "! which missing >/dev/null 2>&1",
        'dpkg --compare-versions "$2" lt 1.0',
        '! dpkg --compare-versions "$2" lt-nl 1.0',
        "dpkg --compare-versions 1:1 gt 2 && dpkg --compare-versions 1~rc1 lt 1",
        '[ "$(dpkg --print-architecture)" = amd64 ]',
        '[ "$DPKG_MAINTSCRIPT_PACKAGE" = x ] && [ "$DPKG_MAINTSCRIPT_NAME" = postinst ]',
        '[ -z "$DPKG_ROOT" ] && ! [ -d /run/systemd/system ]',
        'case "$1" in configure|reconfigure) true;; *) false;; esac',
        'case "$1" in c*e) true;; esac',
        'f() { [ "$1" = a ] && return 0; return 1; }; f a && ! f b',
        'x=/a/b.c; [ "${x##*/}" = b.c ] && [ "${x%.*}" = /a/b ] && [ "${#x}" = 6 ]',
        '[ "${UNSET:-word}" = word ] && [ -z "${UNSET:+word}" ]',
        'set -- a "b c"; [ $# = 2 ] && [ "$2" = "b c" ] && shift && [ "$1" = "b c" ]',
        'n=0; for i in "$@"; do n=$n.$i; done; [ "$n" = 0.configure. ]',
        'n=; echo "a b" | while read x y; do [ "$y" = b ] || exit 1; done',
        '[ "$(echo a:b | cut -d: -f2)" = b ] && [ "$(dirname /a/b)" = /a ]',
        '[ "$(printf "%s" a; echo b)" = ab ]',
        '[ "`echo a`" = a ]',
        'IFS=:; n=; for p in a:b "c:d"; do n="$n,$p"; done; [ "$n" = ",a:b,c:d" ]',
        'IFS=:; v=a:b; n=; for p in $v; do n="$n,$p"; done; [ "$n" = ",a,b" ]',
        'eval "v=1"; [ "$v" = 1 ]',
        "echo abc | grep -q '^a[b]c$' && ! echo abc | grep -q x",
        '[ 2 -gt 1 ] && [ 1 -ne 2 ] && [ a != b ]',
        'while [ $# -gt 0 ]; do shift; done; [ $# = 0 ]',
        'for i in 1 2 3; do [ $i = 2 ] && break; done; [ $i = 2 ]',
        ". /usr/share/debconf/confmodule; db_get x/question && [ \"$RET\" = \"the answer\" ]",
        ". /usr/share/debconf/confmodule; ! db_get x/unknown",
        'dpkg-divert --truename /etc/shipped | grep -q /etc/shipped',
        '[ -z "$(dpkg-divert --listpackage /etc/shipped)" ]',
        '[ "$(dpkg-realpath /usr/lib/x.so)" = /usr/lib/x.so.1 ]',
        "[ -O /etc/shipped ] && [ -G /etc/shipped ]",
        "adduser --system --group svc && ! su -s /bin/sh svc -c 'test -O /etc/shipped'",
        "adduser --system --group svc && chown svc:svc /etc/shipped && ! [ -O /etc/shipped ]",
        ("adduser --system --group svc && chown svc:svc /etc/shipped && "
         "su svc -c 'test -O /etc/shipped && test -G /etc/shipped'"),
        "! dpkg-query -W gone >/dev/null 2>&1",
        "ls /etc/shipped >/dev/null && ! ls /etc/missing >/dev/null",
    ],
)  # fmt: skip
def test_conditions_that_hold_on_a_first_installation(cache: Cache, condition: str) -> None:
    templates = "Template: x/question\nDefault: the answer\n\nTemplate: x/unknown\n"
    script = f"if {condition}; then touch /etc/yes; else touch /etc/no; fi"
    effects = follow(cache, script, templates=templates)
    assert unhandled(effects) == []
    assert made(effects) == {"/etc/yes": ""}


def test_a_question_without_a_default_has_an_empty_answer(cache: Cache) -> None:
    script = '. /usr/share/debconf/confmodule; db_get x/q; echo "<$RET>" > /etc/a; db_set x/q b\n'
    effects = follow(cache, script + 'db_get x/q; echo "<$RET>" > /etc/b')
    assert unhandled(effects) == []
    assert made(effects) == {"/etc/a": "<>\n", "/etc/b": "<b>\n"}


def test_what_a_package_depends_on_is_configured_before_it(cache: Cache) -> None:
    def pack(name: str, depends: str) -> DebPack:
        script = f"{HEAD}echo {name} >> /etc/order"
        return unpacked(cache, name, [directory("/etc")], {"postinst": script}, depends=depends)

    packs = [pack("a", "c (>= 1) | x, b"), pack("b", "d"), pack("c", ""), pack("d", "a")]
    effects = script_effects(in_configuration_order(packs), "amd64")
    assert made(effects) == {"/etc/order": "d\nb\nc\na\n"}


def test_preinst_comes_first_and_is_an_installation(cache: Cache) -> None:
    preinst = HEAD + '[ "$1" = install ] && [ $# = 1 ] && touch /etc/before'
    effects = follow(cache, "[ -e /etc/before ] && touch /etc/after", preinst=preinst)
    assert made(effects) == {"/etc/before": "", "/etc/after": ""}


def test_triggers_run_when_others_activate_them(cache: Cache) -> None:
    script = 'case "$1" in triggered) for t in $2; do touch /etc/t-$(basename $t); done;; esac'
    pack = unpacked(
        cache,
        "t",
        [directory("/etc"), file("/usr/share/own/file")],
        {
            "postinst": HEAD + script,
            "triggers": "interest named\ninterest-noawait /usr/share/dir\n"
            "interest unnamed\ninterest /usr/share/own\n",
        },
    )
    other = unpacked(
        cache, "o", [file("/usr/share/dir/file")], {"triggers": "activate-noawait named\n"}
    )
    assert made(script_effects([pack, other], "amd64")) == {"/etc/t-named": "", "/etc/t-dir": ""}
    assert made(script_effects([pack], "amd64")) == {}


def test_programs_that_are_scripts_are_followed(cache: Cache) -> None:
    helper = file("/usr/share/h/helper", "#! /bin/sh\ntouch /etc/made-$1\nexit 1\n", 0o755)
    other = unpacked(cache, "h", [helper])
    effects = follow(cache, "/usr/share/h/helper by-it || touch /etc/next", [other])
    assert made(effects) == {"/etc/made-by-it": "", "/etc/next": ""}


def test_packages_can_be_passed_over(cache: Cache) -> None:
    pack = unpacked(cache, "x", [], {"postinst": HEAD + "unknown-program"})
    assert script_effects([pack], "amd64", ["x"]) == ScriptEffects()


# --- what is not known -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("frobnicate --all /etc/x", "postinst runs frobnicate --all /etc/x"),
        ("/usr/bin/tool --init", "postinst runs /usr/bin/tool --init"),
        ("$(date) x", "postinst runs a command whose name is computed"),
        ("if date | grep -q x; then touch /etc/a; fi", "postinst may make /etc/a"),
        ("date | grep -q x || mkdir /etc/d", "postinst may make directory /etc/d"),
        ("[ $(uname -m) = x ] && chmod 600 /etc/shipped",
         "postinst may change the mode of /etc/shipped"),
        ("date > /etc/stamp", "postinst writes /etc/stamp"),
        ("touch /etc/$(hostname)", "postinst runs touch …"),
        ("sed -i s/a/b/ /etc/shipped", "postinst runs sed -i s/a/b/ /etc/shipped"),
        ("cp -r /usr/share/x /etc", "postinst runs cp -r /usr/share/x /etc"),
        ("ln /etc/shipped /etc/hard", "postinst runs ln /etc/shipped /etc/hard"),
        ("mv /usr/share/x /etc/moved", "postinst runs mv /usr/share/x /etc/moved"),
        (". /usr/share/x/missing.sh", "postinst runs . /usr/share/x/missing.sh"),
        ("adduser --system $(hostname)", "postinst runs adduser --system …"),
        ("while true; do :; done", "postinst takes too much work to follow"),
        ("f() { f; }; f", "postinst nests too deeply"),
        ("if true; then :", "postinst cannot be read: line 3 of the script: 'fi' was expected"),
        ("for f in $(date); do touch /etc/f; done", "postinst may make /etc/f"),
        ("case $(date) in a) touch /etc/f;; esac", "postinst may make /etc/f"),
        ("date | grep x && exit 0; touch /etc/f", "postinst may make /etc/f"),
        ("f() { date | grep x || return 0; touch /etc/f; }; f", "postinst may make /etc/f"),
        ("x=a; date | grep y && x=b; touch /etc/$x", "postinst runs touch …"),
        ("t=$(mktemp); date > $t; cp $t /etc/f", "postinst runs cp /tmp/"),
        ("t=$(mktemp); date > $t; echo a >> $t; cat $t > /etc/f", "postinst writes /etc/f"),
        ("su missing -c 'touch /etc/f'", "postinst runs su missing -c touch /etc/f"),
        ("echo a | grep -w 'a*' && touch /etc/f", "postinst may make /etc/f"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_reported(cache: Cache, script: str, expected: str) -> None:
    effects = follow(cache, script)
    (what,) = unhandled(effects)
    assert what.startswith(expected)
    assert effects.unhandled[0].package == "x"
    assert made(effects) == {}


def test_a_branch_that_only_fails_leaves_the_rest_certain(cache: Cache) -> None:
    effects = follow(cache, "if uname -r | grep x; then echo too old; exit 1; fi; touch /etc/f")
    assert unhandled(effects) == []
    assert made(effects) == {"/etc/f": ""}


def test_scripts_in_other_languages_are_reported(cache: Cache) -> None:
    pack = unpacked(cache, "x", [], {"postinst": "#!/usr/bin/perl\nprint 1;\n"})
    assert unhandled(script_effects([pack], "amd64")) == [
        "postinst is no shell script: #!/usr/bin/perl"
    ]


@given(st.lists(st.sampled_from(
    ["if ", "; then ", "; fi", "[ -e /etc ]", "$(", ")", "`", "date", " | ", " && ", " || ", "\n",
     "for i in a $x", "; do ", "; done", "while ", "f() {", "; }", "f ", "exit 0", "return ",
     "touch /etc/$i", "> /etc/o", "case $1 in ", "*) ", ";; ", "esac", "x=$1 ", "read x", '"$@"']
), max_size=14))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_following_any_script_ends(parts: list[str]) -> None:
    script = (HEAD + "".join(parts)).encode()
    system = System((), {}, {}, Accounts([]), "amd64")
    follow_scripts([PackageScripts("x", {"postinst": script})], system, default_knowledge())


# --- the data --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "ldconfig", "update-ca-certificates", "dpkg-trigger --no-await x",
        'dpkg-maintscript-helper rm_conffile /etc/x -- "$@"', "deb-systemd-helper enable x.service",
        "systemctl daemon-reload", "invoke-rc.d x start", "update-rc.d x defaults",
        "py3compile -p x", "update-menus", "fc-cache -s", "update-initramfs -u",
        "aa-enabled --quiet",
        "glib-compile-schemas /usr/share/glib-2.0/schemas", "gio-querymodules /x",
        "gdk-pixbuf-query-loaders > /dev/null", "update-gsfontmap", "update-passwd",
        "nscd -i passwd",
    ],
)  # fmt: skip
def test_harmless_commands(cache: Cache, command: str) -> None:
    assert follow(cache, command) == ScriptEffects()


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("glib-compile-schemas x", "/usr/share/glib-2.0/schemas/a.gschema.xml"),
        ("gio-querymodules x", "/usr/lib/x86_64-linux-gnu/gio/modules/liba.so"),
        ("update-gsfontmap", "/etc/ghostscript/fontmap.d/10-a.conf"),
    ],
)
def test_commands_that_are_harmless_only_without_work(
    cache: Cache, command: str, path: str
) -> None:
    other = unpacked(cache, "o", [file(path)])
    assert unhandled(follow(cache, command, [other])) == [f"postinst runs {command}"]


def test_covered_entries_name_what_they_cover(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "python3.13",
        [file("/usr/bin/python3.13", mode=0o755)],
        {"postinst": HEAD + "/usr/bin/python3.13 -E -S /usr/lib/python3.13/py_compile.py a.py"},
    )
    assert unhandled(script_effects([pack], "amd64")) == []
    bare = ScriptKnowledge(default_knowledge().harmless)
    assert len(script_effects([pack], "amd64", knowledge=bare).unhandled) == 1


def test_every_entry_has_a_reason() -> None:
    knowledge = default_knowledge()
    reasons = [entry.reason for entry in knowledge.harmless]
    reasons += [entry.reason for entry in knowledge.covered]
    assert all(len(reason) > 15 for reason in reasons)


# --- PHP's modules ---------------------------------------------------------------------------

PHP = [
    file("/usr/sbin/phpenmod", b"#!/bin/sh\nexit 1\n", 0o755),
    file("/usr/lib/php/8.4/sapi/cli", b""),
    file("/usr/lib/php/8.4/sapi/fpm", b""),
    directory("/etc/php/8.4/fpm/conf.d"),
    directory("/etc/php/8.4/cli/conf.d"),
    directory("/etc/php/8.4/cgi/conf.d"),
    file("/etc/php/8.4/mods-available/late.ini", b"; priority=30\nextension=late.so\n"),
    file("/etc/php/8.4/mods-available/plain.ini", b"extension=plain.so\n"),
]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("phpenmod -v 8.4 -m -s fpm late", {"fpm/conf.d/30-late.ini": "late"}),
        ("phpenmod -s ALL plain", {"cli/conf.d/20-plain.ini": "plain",
                                   "fpm/conf.d/20-plain.ini": "plain"}),
        ("phpenmod -v 8.4 -s fpm nosuch", {}),
        ("phpenmod -v 8.4 -s embed plain", {}),
        ("phpenmod -v 8.4 -s fpm late; phpenmod -v 8.4 -m -s fpm late",
         {"fpm/conf.d/30-late.ini": "late"}),
        ("phpquery -v 8.4 -s fpm -m late || phpenmod -v 8.4 -s cgi plain",
         {"cgi/conf.d/20-plain.ini": "plain"}),
        ("phpenmod -v 8.4 -qmr late; for m in $(phpquery -M -v 8.4); do phpenmod -scgi $m; done",
         {f"{name}/conf.d/30-late.ini": "late" for name in ("cli", "fpm", "cgi")}),
        ("for s in $(phpquery -S -v 8.4); do phpenmod -v $(phpquery -V) -s $s plain; done",
         {f"{name}/conf.d/20-plain.ini": "plain" for name in ("cli", "fpm")}),
    ],
)  # fmt: skip
def test_php_modules(cache: Cache, script: str, expected: dict[str, str]) -> None:
    effects = follow(cache, script, [unpacked(cache, "php", PHP)])
    links = {path: target for path, target in made(effects).items() if path.startswith("/etc")}
    top = "/etc/php/8.4"
    names = expected.items()
    assert links == {f"{top}/{path}": f"{top}/mods-available/{mod}.ini" for path, mod in names}
    assert unhandled(effects) == []


def test_php_s_own_notes(cache: Cache) -> None:
    script = "phpenmod -v 8.4 -m -r -s fpm late; phpenmod -v 8.4 -s fpm plain"
    effects = follow(cache, script, [unpacked(cache, "php", PHP)])
    top = "/var/lib/php/modules/8.4"
    notes = {path for path, text in made(effects).items() if path.startswith(top) and text == ""}
    assert notes == {
        f"{top}/fpm/enabled_by_maint/late", f"{top}/fpm/enabled_by_admin/plain",
        f"{top}/registry/late",
    }  # fmt: skip


@pytest.mark.parametrize(
    "command",
    ["phpenmod", "phpenmod -p x", "phpenmod -v ../x -s fpm late",
     "phpquery -v 8.4 -s fpm extra > /etc/x",
     "ln -s /else /etc/php/8.4/fpm/conf.d/30-late.ini; phpenmod -v 8.4 -s fpm late"],
)  # fmt: skip
def test_php_modules_that_are_not_clear(cache: Cache, command: str) -> None:
    effects = follow(cache, command, [unpacked(cache, "php", PHP)])
    assert unhandled(effects)


# --- directories that a service manager makes ------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d /run/x 0750 games adm - -", {"/run/x": ("games", "adm", 0o750)}),
        ("D! '/run/a b' 2775 - - 10d", {"/run/a b": ("root", "root", 0o2775)}),
        ("q /var/lib/x", {"/var/lib/x": ("root", "root", 0o755)}),
        ("d /var/run/x :0700 games", {"/run/x": ("games", "root", 0o700)}),
        ("f /run/x 0644 root root - text\nL /run/y - - - - /etc\nx /tmp/z\nd /run/%b", {}),
        ("# d /run/c\nd run/x\nd /run/x u+rwx\nd '/run/x", {}),
    ],
)  # fmt: skip
def test_tmpfiles(cache: Cache, text: str, expected: dict[str, object]) -> None:
    pack = unpacked(cache, "x", [file("/usr/lib/tmpfiles.d/x.conf", text)])
    effects = script_effects([pack, base_passwd(cache)], "amd64")
    assert unhandled(effects) == []
    owners = {path: (one.user, one.group, one.mode) for path, one in effects.ownership.items()}
    assert owners == expected
    assert {one.path for one in effects.made} == expected.keys()


def test_tmpfiles_of_a_user_that_there_is_not(cache: Cache) -> None:
    pack = unpacked(cache, "x", [file("/usr/lib/tmpfiles.d/x.conf", "d /run/x 0755 nosuch")])
    assert unhandled(script_effects([pack], "amd64"))
