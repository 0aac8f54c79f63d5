"""Names that Python source asks the system for by a literal."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.model import mention as kinds
from distil.model.mention import Mention, environment_mentions
from distil.runtimes.python.formats.mentions import read_mentions


def names(code: str) -> set[tuple[str, str]]:
    found = read_mentions(textwrap.dedent(code).encode())
    return {(one.kind, one.name) for one in found}


PROGRAMS = [
    ("import subprocess\nsubprocess.run(['ffmpeg', '-i', x])", "ffmpeg"),
    ("import subprocess as sp\nsp.Popen(args=('git', 'log'))", "git"),
    ("from subprocess import check_output as out\nout(['git'] + words)", "git"),
    ("from subprocess import call\ncall('uptime')", "uptime"),
    ("import os\nos.execvp('nginx', words)", "nginx"),
    ("import os\nos.spawnlp(os.P_WAIT, 'curl', 'curl')", "curl"),
    ("import os\nos.posix_spawn('/usr/bin/env', words, {})", "/usr/bin/env"),
    ("import asyncio\nasync def f(): await asyncio.create_subprocess_exec('ls', '-l')", "ls"),
    ("async def f(loop, subprocess):\n    await loop.subprocess_exec(make, 'uptime')", "uptime"),
    ("import subprocess\nTOOL = 'dot'\nsubprocess.run([TOOL, x])", "dot"),
    ("import subprocess\ndef f(x):\n    line = ['dot', x]\n    subprocess.run(line)", "dot"),
    ("import subprocess\nLINE = ['dot']\nsubprocess.run(LINE + rest)", "dot"),
    ("import subprocess\nsubprocess.run([*('dot', '-T'), x])", "dot"),
    ("import subprocess, os\nsubprocess.run([os.environ.get('DOT', 'dot'), x])", "dot"),
    ("import subprocess, shlex\nsubprocess.run(shlex.split('dot -T svg'))", "dot"),
    ("import subprocess\nsubprocess.run('dot -T svg'.split())", "dot"),
    (
        "import subprocess\nclass A:\n    x = 'dot'\n    def f(self): subprocess.run([self.x])",
        "dot",
    ),
    ("import subprocess\nfor tool in ('dot', 'neato'):\n    subprocess.run([tool])", "neato"),
]


@pytest.mark.parametrize(("code", "name"), PROGRAMS)
def test_a_program_that_is_started(code: str, name: str) -> None:
    assert (kinds.PROGRAM, name) in names(code)


@pytest.mark.parametrize(
    ("code", "programs"),
    [
        ("import os\nos.system('convert a b')", {"convert"}),
        ("import os\nos.system(f'convert {a} b')", {"convert"}),
        ("import os\nos.system('convert ' + a)", {"convert"}),
        ("import os\nos.popen('A=1 gs -q | sort > x && true; cd /x')", {"gs", "sort"}),
        ("import subprocess\nsubprocess.run('sox %s', shell=True)", {"sox"}),
        ("import subprocess\nsubprocess.getoutput(command)", set()),
        ("import os\nos.system(f'{tool} x')", set()),
        ("import os\nos.system(f'con{tool}')", set()),
    ],
)
def test_a_line_for_a_shell(code: str, programs: set[str]) -> None:
    assert names(code) == {(kinds.SHELL, "/bin/sh")} | {(kinds.PROGRAM, one) for one in programs}


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ("import shutil\nshutil.which('latex')", kinds.PROBE, "latex"),
        (
            "import locale\nlocale.setlocale(locale.LC_ALL, 'de_DE.UTF-8')",
            kinds.LOCALE,
            "de_DE.UTF-8",
        ),
        (
            "from locale import *\nimport locale\nlocale.setlocale(0, ('fr_FR', 'UTF-8'))",
            kinds.LOCALE,
            "fr_FR.UTF-8",
        ),
        ("from zoneinfo import ZoneInfo\nZoneInfo('US/Eastern')", kinds.ZONE, "US/Eastern"),
        ("import zoneinfo\nzoneinfo.ZoneInfo(key='US/Eastern')", kinds.ZONE, "US/Eastern"),
        ("TIME_ZONE = 'US/Eastern'", kinds.ZONE, "US/Eastern"),
        ("import os\nos.environ['TZ'] = 'US/Eastern'", kinds.ZONE, "US/Eastern"),
        ("import ctypes.util\nctypes.util.find_library('magic')", kinds.SEARCHED, "magic"),
        ("from ctypes.util import find_library\nfind_library('magic')", kinds.SEARCHED, "magic"),
        ("import ctypes\nctypes.CDLL('libmagic.so.1')", kinds.LIBRARY, "libmagic.so.1"),
        ("from ctypes import cdll\ncdll.LoadLibrary('libx.so')", kinds.LIBRARY, "libx.so"),
        ("ffi.dlopen('libx.so')", kinds.LIBRARY, "libx.so"),
    ],
)
def test_other_kinds(code: str, kind: str, name: str) -> None:
    assert names(code) == {(kind, name)}


@pytest.mark.parametrize(
    "code",
    [
        "app.run('ffmpeg')",
        "import subprocess\nsubprocess.run([sys.executable, '-m', 'x'])",
        "import subprocess\ndef f(tool):\n    tool = tool or 'x'\n    subprocess.run([tool])",
        "import subprocess, sys\nif sys.platform == 'win32':\n    subprocess.run(['explorer'])",
        "import subprocess, sys\nif sys.platform != 'linux':\n    subprocess.run(['explorer'])",
        "import subprocess, os\nif os.name in ('nt', 'java'):\n    subprocess.run(['explorer'])",
        "import subprocess as s, platform\ns.run(['open' if platform.system() == 'Darwin' else x])",
        (
            "import subprocess, sys\nif sys.platform.startswith('linux'):\n    pass\n"
            "else:\n    subprocess.run(['explorer'])"
        ),
        "import locale\nlocale.setlocale(locale.LC_ALL)",
        "def f():\n    TIME_ZONE = 'US/Eastern'",
        "# subprocess.run(['ffmpeg'])\ntext = \"subprocess.run(['ffmpeg'])\"",
    ],
)
def test_what_is_no_mention(code: str) -> None:
    assert names(code) == set()


def test_lines() -> None:
    code = b"import os\n\ndef f():\n    os.execlp('git', 'git')\n"
    assert read_mentions(code) == (Mention(kinds.PROGRAM, "git", 4),)


def test_a_file_of_a_newer_grammar_is_read_as_far_as_it_can_be() -> None:
    code = "import os\nos.execlp('a', 'a')\ndef f[T: (x y)](z):\n    w\nos.execlp('b', 'b')\n"
    assert read_mentions(code.encode()) == (
        Mention(kinds.PROGRAM, "a", 2),
        Mention(kinds.PROGRAM, "b", 5),
    )


def test_values_made_of_each_other_take_no_time_to_speak_of() -> None:
    lines = [f"a{n} = a{n + 1} or a{n + 1} or [a{n}]" for n in range(60)]
    code = "\n".join(["import subprocess", *lines, "a60 = 'git'", "subprocess.run(a0)"])
    read_mentions(code.encode())


def test_the_environment() -> None:
    found = environment_mentions([("TZ", ":US/Eastern"), ("LANG", "de_DE.UTF-8"), ("A", "b")])
    assert {(one.kind, one.name) for one in found} == {
        (kinds.ZONE, "US/Eastern"),
        (kinds.LOCALE, "de_DE.UTF-8"),
    }


@given(st.binary(max_size=300))
def test_anything_can_be_read(data: bytes) -> None:
    read_mentions(b"import subprocess\nsubprocess.run(" + data)
