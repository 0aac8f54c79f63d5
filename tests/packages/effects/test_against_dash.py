"""What following a script comes to, against what dash and coreutils do in a sandbox."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distil.packages.effects.record import ScriptEffects
from distil.packages.effects.scripts import PackageScripts, default_knowledge, follow_scripts
from tests.support import shell_sandbox as sandbox

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs to change owners")

EXAMPLES = 3000 if os.environ.get("DISTIL_THOROUGH") == "1" else 100

SHOW = '\necho "$?|$v|$w|$#|$*|$PWD|$(umask)" > /srv/shown\n'
"""What a script ends with: it makes what it knows visible."""


def followed(script: str) -> ScriptEffects:
    data = ("#!/bin/sh\n" + script).encode()
    scripts = [PackageScripts("x", {"postinst": data})]
    return follow_scripts(scripts, sandbox.system(), default_knowledge())


def compare(script: str, root: Path) -> bool:
    """Whether all of `script` could be followed; if so, to what it really does."""
    effects = followed(script)
    code, real = sandbox.run(script, root)
    said = [one.what for one in effects.unhandled]
    if said in ([], ["stops with an error"]):
        assert sandbox.after(effects) == real, script
        assert bool(said) is bool(code), (script, code)
        return True
    return False


SCRIPTS = [
    "cd /etc; touch here ./there ../srv/up; mkdir -p sub/sub",
    "cd /srv/e; cd ..; touch f; pwd > p",
    "cd /srv/e && touch ../up; cd /etc/missing || touch failed",
    "(cd /srv; touch in); touch out 2>/dev/null || true; cd /var; v=$(cd /etc; pwd)",
    "set -e; false; touch /etc/never",
    "set -e; false || true; ! true; if false; then :; fi; touch /etc/yes; (false); touch /etc/no",
    "set -e; f() { false; touch /etc/in; }; f || true; f && true; touch /etc/on; f; touch /etc/no",
    "set -e; v=$(false; echo a); touch /etc/never",
    "set -e; v=$(false; echo a) || true; touch /etc/on; echo $(false; echo b) > /etc/c",
    "set -e; false | true; touch /etc/on; true | false; touch /etc/never",
    "set -e; while false; do :; done; case a in b) false;; esac; { false; } || touch /etc/on",
    "set -e; set +e; false; touch /etc/on; set -e; rm /etc/missing; touch /etc/never",
    "set -e; ls /etc/missing 2>/dev/null || echo no > /etc/no; mkdir /etc/a; touch /etc/never",
    "set -u; v=${w:-default}; echo $1; echo $unset; touch /etc/never",
    "echo a b | read v w; echo a | { read v; touch /etc/$v-in; }; touch /etc/$v-out",
    "v=1; echo x | while read y; do v=2; done; for w in 1 2; do v=$w; done",
    "v=1; (v=2; echo $v > /etc/v); { v=3; }; w=$(v=4; echo $v)",
    "f() { local v; v=1; w=1; }; v=0; f; g() { local w=2; f; v=$w; }; g",
    "v=1 true; v=3; f() { v=$v.; }; f; v=4 cat /dev/null",
    "f() { return 3; }; f; v=$?; f || w=$?",
    "umask 077; touch /etc/t; mkdir /etc/m; echo > /etc/e; cp /etc/b /etc/c; umask 022",
    "echo a > /etc/n; cat /etc/a /etc/n > /etc/n2; cat /etc/n > /etc/n; echo >> /etc/a",
    "cat > /etc/h <<E\n$1 \\$1 `echo x` $(echo y)\nE\ncat > /etc/i <<'E'\n$1\nE\n",
    "cat > /etc/h <<-E\n\tone\n\t\ttwo\n\tE\n",
    "while read v w; do echo \"$w:$v\" >> /etc/r; done < /etc/b",
    "while IFS=: read v w; do echo \"$w:$v\" >> /etc/r; done < /etc/b",
    "IFS=:; v=a:b::c; set -- $v; w=$#; for i in $v; do echo \"<$i>\" >> /etc/i; done",
    "v='  a  b '; set -- $v; w=\"$v\"; echo $v > /etc/1; echo \"$v\" > /etc/2",
    "v='*'; echo $v /etc/* /srv/d/* /etc/.h* /etc/[ab] /etc/[!ab] /none/* '*' > /srv/g",
    "cd /srv/d; echo * ./* ../* > /srv/g; set -f; echo * > /srv/h",
    "for f in /srv/d/*; do cp \"$f\" \"/etc/$(basename \"$f\")\"; done",
    "v=/a/b.c.d; w=${v##*/},${v#*/},${v%.*},${v%%.*},${#v},${v%x},${v#?},${v#[/]a}",
    "v=; w=${v:-e}${v-s}${u-u}${v:+n}${v+y}${u+n}${u:=set}; v=$u",
    "set -- a 'b c' d; shift; v=$1; w=$*; for i; do echo \"$i\" >> /etc/i; done",
    "set -- 1 2 3 4 5 6 7 8 9 a b; v=${10}$11; shift 10; w=$1",
    "for v in 1 2 3; do for w in a b; do [ $w = b ] && continue 2; [ $v = 3 ] && break 2; done; done",
    "v=0; until [ \"$v\" = 00000 ]; do v=0$v; done; while :; do break; done",
    "case abc in a) v=1;; [ab]*) v=2;; *) v=3;; esac; case \"a*\" in a\\*) w=1;; esac",
    "case x in a|x) v=1;; esac; case '' in '') w=1;; esac; case ab in a?) w=2$w;; esac",
    "eval 'v=1; w=\"$v 2\"'; eval \"touch /etc/$v\"",
    "trap 'touch /etc/end' EXIT; exit 0; touch /etc/never",
    "f() { exit 0; }; (f; touch /etc/n); v=$(f; echo n); f | cat; f; touch /etc/never",
    "exec true; touch /etc/never",
    "echo 'echo sourced > /srv/s; v=s; return 0; v=t' > /srv/lib; . /srv/lib",
    "chmod 4755 /etc/b; chown 1000:1001 /etc/b; chown 1000 /srv/d/f /srv/d; chgrp 5 /etc/a",
    "chmod 2745 /srv/d/f; chown 3 /srv/d/f; chmod u+s,g-x,o=r /etc/b; chmod a=rX,u+w /etc/a",
    "chmod -R go-rwx /srv/d; chown -R 7:8 /srv; chown -h 9 /etc/l; chown 10 /etc/l",
    "mkdir -m 2775 /etc/m; chown 5 /etc/m; chmod 700 /etc/m; chmod 00700 /srv/d; mkdir -pm0700 /srv/p/q",
    "install -d -m 1777 -o 5 -g 6 /srv/i/j; install -m 640 /etc/a /srv/i; install /dev/null /srv/n",
    "ln -s a /etc/n; ln -s b /etc/l; ln -sf b /etc/l; ln -s /x /srv/e; ln -sfn /y /srv/e; ln -sT q /srv/d",
    "ln -sf gone /etc/a; cat /etc/a; readlink /etc/a > /srv/r; readlink -f /etc/l >> /srv/r",
    "readlink /etc/a; v=$?; readlink -f /srv/none/x; w=$?; realpath /srv/e/f > /srv/r",
    "cp /etc/b /srv/d; cp /etc/l /srv; cp -d /etc/l /srv/l2; cp -p /srv/d/f /etc/f",
    "cp /srv/d/f /etc/b; cp -a /srv/d/f /etc/a; cp /etc/a /etc/x; cp -n /etc/b /etc/a; cp -T /etc/a /srv/d",
    "mv /etc/a /srv/d; mv /etc/b /etc/l; mv /etc/none /srv; mv -T /etc/x /etc/y; mv /srv/d/f /srv/d/f",
    "chown 5 /etc/a; mv /etc/a /etc/z; chmod 600 /etc/b; cp -p /etc/b /etc/q; rm /etc/b; touch /etc/b",
    "rm /etc/a /etc/none; v=$?; rm -f /etc/none; rm /srv/d; rm -r /srv/e; rm -rf /srv/d /etc/l; rmdir /var/lib /etc",
    "rmdir /srv/d; rm -f /srv/d/*; rmdir /srv/d; mkdir /etc/a; mkdir -p /etc/a; mkdir -p /etc/l; mkdir /srv/d",
    "touch /etc/x; [ -e /etc/missing ] && v=made; echo o > /etc/o; v=$v$?; touch /etc/a/b; mkdir -p /etc/a/c",
    "[ -L /etc/x ] && ! [ -e /etc/x ] && v=1; [ -s /etc/.hidden ] || w=1; [ -u /srv/d/f -a -d /srv/e ] && w=2$w",
    "[ ! -e /etc/a -o -x /etc/b ] && v=1; [ \"\" ] || w=1; [ a = a -a b != a ] && w=2; test ! a = b && w=3$w",
    "[ 1 -lt 2 ] && [ 10 -ge 9 ] && v=1; [ -1 -eq -1 ] && w=1; [ 007 -eq 7 ] && w=2$w",
    "printf '%s-%s\\n' a b c; printf '%s\\n' a b > /srv/p; printf 'x\\ty%%\\n' >> /srv/p; printf a >> /srv/p",
    "echo -n a > /srv/n; echo 'a\\tb' > /srv/t || true",
    "echo a:b:c | cut -d: -f2 > /srv/c; echo abc | cut -d: -f2 >> /srv/c; printf 'a\\tb' | cut -f 2 >> /srv/c",
    "grep -q alpha /etc/a && v=1; grep -q '^g' /etc/b || w=1; grep b /etc/b > /srv/g; grep -Fx 'b:c:d' /etc/b >> /srv/g",
    "v=$(echo 'x  '; echo; echo); w=`echo \\`echo in\\``; echo \"$(printf 'a\\n\\n')\" > /srv/o",
    "dirname /a/b/ > /srv/d/o; dirname a >> /srv/d/o; basename /a/b/ >> /srv/d/o; basename x.c .c >> /srv/d/o; basename / >> /srv/d/o",
    "command -v cat && command -v nothing; v=$?; f() { :; }; command -v f > /srv/f; command -v true >> /srv/f",
    "t=$(mktemp); echo a > $t; mv $t /etc/t; chmod 644 /etc/t; t=$(mktemp -d); touch $t/f; rm -r $t",
    "{ echo a; echo b >&2; } > /srv/o 2>/dev/null; echo c >&2; echo d 1>&2; : > /srv/empty",
    "touch /etc/p & wait; (false) & v=$?",
    "if [ -e /etc/none ]; then v=1; elif [ -e /etc/a ]; then v=2; else v=3; fi; w=$?",
    "export v=1 w='a b'; readonly r=1; unset v; f() { v=in; }; unset -f f; f 2>/dev/null || w=gone",
    "echo a > /etc/none/x || v=failed; cat < /etc/none || w=failed; . /etc/a 2>/dev/null || true",
    "x='a b'; f() { echo $#; }; v=$(f $x \"$x\" '' $none); w=$(f \"$@\")",
    "! false; v=$?; ! true; w=$?; false; v=$v$?; true && false; w=$w$?",
    "v=${1#conf}; w=${1%ure}; echo \"${v}x\" > /srv/${v}",
]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_does_what_dash_does(script: str, tmp_path: Path) -> None:
    compare(script + SHOW, tmp_path / "root")


def test_most_of_these_scripts_are_followed_whole() -> None:
    told = ([], ["stops with an error"])
    whole = [s for s in SCRIPTS if [u.what for u in followed(s + SHOW).unhandled] in told]
    assert len(whole) >= len(SCRIPTS) - 4


# --- generated scripts -----------------------------------------------------------------------

PATHS = st.sampled_from(
    ["/etc/a", "/etc/b", "/etc/l", "/etc/x", "/etc/n", "/srv/d", "/srv/e", "/srv/e/f", "/srv/n/m",
     "/etc/a/b", "n", "./m", "../etc/a", "d", "$v", "/etc/$w", "/srv/d/*", "/etc/[ab]"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["a", "b", "'c d'", '"$v"', "$w", "$1", '"$#"', "${v:-x}", "${w#?}", "${v%a*}", "$(echo a)",
     '"$(cat /etc/a)"', "$?", '"$*"', "''", "${w+set}", "$(f a)", "`echo b`"]
)  # fmt: skip
MODES = st.sampled_from(["755", "4755", "2711", "0600", "u+s", "go-rwx", "a=r,u+w", "g+s,o-x"])


def _lines(*templates: str) -> st.SearchStrategy[str]:
    def filled(template: str) -> st.SearchStrategy[str]:
        slots = {"P": PATHS, "Q": PATHS, "W": WORDS, "X": WORDS, "M": MODES}
        used = {name: values for name, values in slots.items() if f"<{name}>" in template}

        def fill(values: dict[str, str]) -> str:
            text = template
            for name, value in values.items():
                text = text.replace(f"<{name}>", value)
            return text

        return st.fixed_dictionaries(used).map(fill)

    return st.sampled_from(templates).flatmap(filled)


SIMPLE = _lines(
    "mkdir <P>", "mkdir -p <P>", "mkdir -pm <M> <P>", "touch <P>", "touch <P> <Q>", "rm -f <P>",
    "rm <P>", "rm -rf <P>", "rmdir <P>", "ln -s <P> <Q>", "ln -sf <P> <Q>", "ln -sfn <P> <Q>",
    "cp <P> <Q>", "cp -p <P> <Q>", "cp -a <P> <Q>", "mv <P> <Q>", "mv -f <P> <Q>",
    "chmod <M> <P>", "chmod -R <M> <P>", "chown 5:6 <P>", "chown 7 <P>", "chgrp 8 <P>",
    "chown -R 9 <P>", "install -d -m <M> <P>", "install -m <M> <P> <Q>", "install -o 5 <P> <Q>",
    "echo <W> <X> > <P>", "echo <W> >> <P>", "cat <P> > <Q>", "cat <P> | cat",
    "cd <P>", "v=<W>", "w=<W>", 'w="$w<W>"', "v=$(readlink <P>)", "v=$(readlink -f <P>)",
    "v=$(cat <P>)", "set -- <W> <X>", "shift", "set -e", "set +e", "umask 077", "f <W>", "f",
    "local v=<W>", "return", "break", "continue", "exit", "exit 3", "return 2", "true", "false",
    "echo <W> | read v w", "read v w < <P>", "eval v=<W>", "unset v", "pwd > <P>", ":",
    "v=$(basename <P>)", "grep -q a <P>", "[ -e <P> ]", "[ -d <P> ]", "[ -L <P> ]", "[ -x <P> ]",
    "[ -s <P> ]", '[ "<W>" = <X> ]', "[ -n <W> ]", "[ ! -f <P> ]", "[ -f <P> -a -n <W> ]",
)  # fmt: skip


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def joined(*pieces: str | st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        parts = [st.just(piece) if isinstance(piece, str) else piece for piece in pieces]
        return st.tuples(*parts).map("".join)

    return st.one_of(
        joined(inner, "; ", inner),
        joined(inner, " && ", inner),
        joined(inner, " || ", inner),
        joined("! ", SIMPLE),
        joined("( ", inner, " )"),
        joined("{ ", inner, "; } > ", PATHS),
        joined("if ", inner, "; then ", inner, "; else ", inner, "; fi"),
        joined("for w in a ", WORDS, "; do ", inner, "; done"),
        joined("while read v w; do ", inner, "; done < ", PATHS),
        joined("case ", WORDS, " in a) ", inner, ";; [bc]*) ", inner, ";; esac"),
        joined("v=$(", inner, ")"),
        joined("{ ", inner, "; } | cat"),
        joined("{ echo a; echo b; } | { ", inner, "; }"),
        joined("f() { ", inner, "; }"),
        joined("set -e; ", inner),
    )


LINES = st.lists(st.recursive(SIMPLE, _compound, max_leaves=6), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox") / "root"


@given(LINES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck])
def test_generated_scripts_do_what_dash_does(root: Path, lines: list[str]) -> None:
    compare("f() { echo f; }\n" + "\n".join(lines) + SHOW, root)
