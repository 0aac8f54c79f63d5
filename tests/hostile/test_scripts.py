"""Maintainer scripts that explode: bounded in work and memory, and reported."""

from __future__ import annotations

import pytest

from distil.distros.debian.effects.accounts import Accounts
from distil.distros.debian.effects.machine import System
from distil.distros.debian.effects.scripts import PackageScripts, default_knowledge, follow_scripts
from distil.model.node import Kind, Node
from tests.support.hostile import ESCAPED, in_child

DOUBLED = "X=aaaaaaaaaaaaaaaa\n" + 'X="$X$X"\n' * 60
SIXTY = "".join(f"${{a:-{{{n}" for n in range(58)) + "}" * 58
MANY = " ".join(f"f{n}" for n in range(2000))

EXPLODING = {
    "doubled variable": DOUBLED,
    "doubled arguments": 'f() { f "$@" "$@"; }; f a b c d',
    "doubled output": 'f() { f "$(echo "$1$1")"; }; f aaaaaaaaaaaaaaaa',
    "doubled lists": "set -- a b; while :; do set -- $* $*; done",
    "doubled file": "echo aaaaaaaa > /etc/a; while :; do cat /etc/a /etc/a >> /etc/b; "
    "cat /etc/b > /etc/a; done",
    "here-document": "X=aaaaaaaa; while :; do X=$(cat <<E\n$X$X\nE\n); done",
    "endless": "while :; do :; done",
    "two ways, unknown": "f() { if date; then f; else f; fi; }; f",
    "functions in functions": "f() { { { { { { { { f; }; }; }; }; }; }; }; }; f",
    "substitutions in functions": 'f() { echo "$(echo "$(echo "$(f)")")"; }; f',
    "operands in functions": f"f() {{ x={SIXTY}; f; }}; f",
    "eval of itself": 'x=\'eval "$x"\'; eval "$x"',
    "eval of much": f'x="{":;" * 60000}"; while :; do eval "$x"; done',
    "a file that reads itself": "echo . /etc/self > /etc/self; . /etc/self",
    "case pattern": f"X={'a' * 5000}; while :; do case $X in {'*a' * 1000}b) :;; esac; done",
    "prefix": f"X={'a' * 100000}; while :; do Y=${{X##{'*a' * 30}b}}; done",
    "suffix": f"X={'a' * 200000}; Y=${{X%{'*a' * 60}b*}}; while :; do Y=${{X%*b}}; done",
    "grep": f"X={'a' * 30000}; while :; do echo $X | grep -q '{'[a]*' * 200}b'; done",
    "links in a circle": "mkdir /etc/d; ln -s . /etc/d/a; ln -s . /etc/d/b; "
    f"for f in /etc/d{'/*' * 40}; do :; done",
    "many globs": "for a in /many/*; do for b in /many/*/* /many/*; do :; done; done",
    "recursive removal": "while :; do mkdir -p /etc/x/y; rm -rf /many/*; done",
    "recursive owners": "while :; do chown -R 1:1 /many; chmod -R 755 /many; done",
    "many users": "for a in $(cat /words); do adduser --system $a; done",
    "many files": "set -- 1 2 3 4 5 6 7 8 9 0; for a; do for b; do for c; do for d; do for e; do "
    "echo > /etc/$a$b$c$d$e; done; done; done; done; done",
    "many names": "for a in $(cat /words); do eval $a=1; done; while :; do (date); done",
    "reports": "for a in $(cat /words); do unknown-$a; done; while :; do :; done",
}
"""Scripts that never come to an end of their own, or in which something doubles."""

ODD = {
    "endless, unknown": "while date; do while date; do while date; do while date; do "
    "while date; do while date; do while date; do while date; do while date; do date; "
    "done; done; done; done; done; done; done; done; done",
    "large numbers": f"[ {'9' * 5000} -gt 1 ]; shift {'9' * 5000}; useradd -u {'9' * 5000} x",
    "odd digits": "[ ² -gt 1 ]; shift ²; cut -d: -f² </words; chmod ²²² /words; break ²",
    "priority": "update-alternatives --install /a a /b --5",
    "arithmetic": "X=$((2**2**2**64)); Y=$((1<<99999999999))",
    "long name": f"touch /etc/{'a' * 300} /{'a/' * 3000}; mkdir -p /etc/{'d/' * 3000}",
    "names that climb": f"touch /../../../{ESCAPED}; cd /..; touch ../{ESCAPED}; ln -s / /etc/..",
    "link to itself": "ln -s l /etc/l; cat /etc/l; [ -e /etc/l ]; touch /etc/l; cp /words /etc/l",
    "below a file": "touch /words/x; mkdir -p /words/y/z; echo a > /words/z",
    "fields of accounts": "adduser --system 'evil:0:0:'; adduser --system --home '/a:b' x",
    "not text": "echo '\udcff\udc80' > '/etc/\udcff'; '\udcff\udc80'",
    "everything at once": "rm -rf /; rm -rf /* .; mv / /etc; cp / /; chmod 0 /",
    "device": "cp /dev/null /etc/a; mv /dev/null /etc/b; rm /dev/null; echo a > /dev/sda",
    "words of conditions": "[ " + "! " * 5000 + "a ]; [ " + "a -o " * 5000 + "a ]",
}

UNREADABLE = {
    "groups": "{ " * 5000 + ":; " + "}; " * 5000,
    "subshells": "(" * 5000,
    "substitutions": "echo " + "$(" * 5000,
    "operands": "echo " + "${a:-" * 5000,
    "quoted operands": 'echo "' + '${a:-"' * 5000,
    "ifs": "if " * 5000,
    "cases": "case a in a) " * 5000,
    "too long": ":;" * (1 << 18),
    "arithmetic": "echo $((" + "(" * 5000,
    "empty loop": "while do done",
}


def followed(script: str, packages: int = 1) -> None:
    """Follow `script` in so many packages; fails unless something is reported of it."""
    nodes = {path: Node(path, Kind.DIRECTORY, 0o755) for path in ("/etc", "/many", "/home")}
    for name in MANY.split():
        nodes[f"/many/{name}"] = Node(f"/many/{name}", Kind.FILE, 0o644)
    words = f"echo {MANY} > /words\n"
    data = ("#!/bin/sh\n" + words + script).encode("utf-8", "surrogateescape")
    scripts = [PackageScripts(f"p{n}", {"postinst": data}) for n in range(packages)]
    system = System((), nodes, {}, Accounts([]), "amd64")
    effects = follow_scripts(scripts, system, default_knowledge())
    assert all(len(one.what) <= 120 for one in effects.unhandled)
    assert len(effects.unhandled) < 30 * packages
    assert not any("/../" in f"{one.path}/" for one in effects.made)
    raise LookupError("; ".join(one.what for one in effects.unhandled))


@pytest.mark.parametrize("script", EXPLODING.values(), ids=EXPLODING)
def test_what_explodes_is_bounded_and_reported(script: str) -> None:
    said = in_child(lambda: followed(script))
    assert said.startswith("LookupError: ")
    assert "takes too much work" in said or "nests too deeply" in said


@pytest.mark.parametrize("script", ODD.values(), ids=ODD)
def test_odd_arguments_do_no_harm(script: str) -> None:
    assert in_child(lambda: followed(script)).startswith("LookupError: ")


@pytest.mark.parametrize("script", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_parsed_is_reported(script: str) -> None:
    assert "cannot be read" in in_child(lambda: followed(script))


def test_many_scripts_together_are_bounded() -> None:
    assert "takes too much work" in in_child(lambda: followed(DOUBLED + "while :; do :; done", 100))
