"""What following a script comes to, against what dash and coreutils do in a sandbox."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from distil.distros.debian.effects.record import ScriptEffects
from distil.distros.debian.effects.scripts import PackageScripts, default_knowledge, follow_scripts
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


CASES = Path(__file__).with_name("cases.sh").read_text("utf-8")
SCRIPTS = [case.removesuffix("\n") for case in CASES.split("\n#\n")[1:]]


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
def test_a_script_does_what_dash_does(script: str, tmp_path: Path) -> None:
    compare(script + SHOW, tmp_path / "root")


def test_most_of_these_scripts_are_followed_whole() -> None:
    told: tuple[list[str], ...] = ([], ["stops with an error"])
    whole = [s for s in SCRIPTS if [u.what for u in followed(s + SHOW).unhandled] in told]
    assert len(whole) >= len(SCRIPTS) - 5


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


@example(["mkdir /etc/x"])  # a link to nothing
@given(LINES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck])
def test_generated_scripts_do_what_dash_does(root: Path, lines: list[str]) -> None:
    compare("f() { echo f; }\n" + "\n".join(lines) + SHOW, root)
