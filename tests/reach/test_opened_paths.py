"""The helper that compares what two runs opened."""

from __future__ import annotations

import sys

from tests.support.opened import read_trace, trace
from tests.support.tools import needs

LOG = r"""
10 execve("/usr/bin/app", ["app"], 0x7ffe /* 3 vars */) = 0
10 openat(AT_FDCWD</app>, "data/x.txt", O_RDONLY|O_CLOEXEC) = 3</app/data/x.txt>
10 openat(5</etc>, "hosts", O_RDONLY) = 4</etc/hosts>
10 newfstatat(AT_FDCWD</app>, "/usr/lib/../lib/a.so", {st_mode=S_IFREG|0644, st_size=1}, 0) = 0
10 access("/etc/missing", R_OK) = -1 ENOENT (No such file or directory)
10 openat(AT_FDCWD</app>, "/etc/shadow", O_RDONLY) = -1 EACCES (Permission denied)
10 openat(AT_FDCWD</app>, "/na\303\257ve\n", O_RDONLY) = 3
10 chdir("/srv") = 0
10 stat("relative", 0x7ffe) = -1 ENOENT (No such file or directory)
11 openat(AT_FDCWD</app>, "/split", O_RDONLY <unfinished ...>
10 unlink("/tmp/gone") = 0
11 <... openat resumed>) = 5</split>
10 --- SIGCHLD {si_signo=SIGCHLD} ---
10 +++ exited with 0 +++
"""


def test_paths_of_a_trace():
    opened = read_trace(LOG.splitlines())
    assert opened.found == {
        *("/usr/bin/app", "/app/data/x.txt", "/etc/hosts", "/usr/lib/a.so", "/naïve\n"),
        *("/srv", "/split"),
    }
    assert opened.failed == {"/etc/missing", "/srv/relative"}


def test_what_a_minimal_run_misses():
    full = read_trace(['openat(AT_FDCWD</>, "/a", 0) = 3', 'openat(AT_FDCWD</>, "/b", 0) = 3'])
    minimal = read_trace(
        [
            'openat(AT_FDCWD</>, "/a", 0) = 3',
            'openat(AT_FDCWD</>, "/b", 0) = -1 ENOENT (No such file or directory)',
            'openat(AT_FDCWD</>, "/c", 0) = -1 ENOENT (No such file or directory)',
        ]
    )
    assert full.missed_by(minimal) == ["/b"]
    assert minimal.missed_by(full) == []


@needs("strace")
def test_a_real_program(tmp_path):
    (tmp_path / "there").write_text("x")
    code = "import os; open('there'); os.path.exists('/not/there'); os.fork(); open(f'{__file__}x')"
    script = tmp_path / "script.py"
    script.write_text(
        f"__file__ = {str(tmp_path / 'there')!r}\ntry:\n    {code}\nexcept OSError: pass"
    )
    opened = trace([sys.executable, str(script)], log=tmp_path / "log", cwd=tmp_path)
    assert {str(tmp_path / "there"), str(script)} <= opened.found
    assert {"/not/there", str(tmp_path / "therex")} <= opened.failed
