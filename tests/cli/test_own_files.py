"""Files of the user's own in an image: there, explained, and the same everywhere."""

from __future__ import annotations

import re

import pytest

from tests.support.applications import FLASK
from tests.support.command import World
from tests.support.layouts import files, members
from tests.support.vendor import program

SPEC = """\
[[copy]]
from = "conf/**"
to = "/etc/shop/"
mode = "0640"
owner = "65532"

[[copy]]
from = "tool"
to = "/usr/local/bin/"
mode = "0755"

[[copy]]
from = "openssl.cnf"
to = "/etc/ssl/openssl.cnf"

[[copy]]
from = "job.py"
to = "/opt/job"
mode = "0755"
"""

APP: dict[str, str | bytes] = {
    **FLASK,
    "distil.toml": SPEC,
    ".dockerignore": "conf\ntool\nopenssl.cnf\njob.py\n",
    "conf/shop.ini": "[shop]\n",
    "conf/zones/b.ini": "[b]\n",
    "tool": program("libgcc_s.so.1"),
    "openssl.cnf": "# mine\n",
    "job.py": "#!/usr/bin/python3\nimport os\n",
}


@pytest.mark.parametrize("level", ["reachable", "packages"])
def test_there_with_mode_and_owner(warm: World, level: str) -> None:
    done = warm.build(warm.app(APP), "--level", level)
    assert done.code == 0, done.stderr
    entries = {entry.name: entry for _, layer in members(warm.out, "1.0") for entry in layer}
    found = {name: (e.mode, e.uid, e.gid) for name, e in entries.items()}
    assert found["etc/shop/shop.ini"] == (0o640, 65532, 65532)
    assert found["etc/shop/zones"] == (0o750, 65532, 65532)
    assert found["usr/local/bin/tool"] == (0o755, 0, 0)
    assert found["opt/job"] == (0o755, 0, 0)
    contents = files(warm.out, "1.0")
    assert contents["etc/ssl/openssl.cnf"] == b"# mine\n"
    assert "app/conf" not in entries
    layers = [title for title, layer in members(warm.out, "1.0") if "opt/job" in layer_of(layer)]
    assert layers == ["application"]
    assert entries["opt/job"].mtime == entries["app/app.py"].mtime


def layer_of(layer: list) -> set[str]:
    return {entry.name for entry in layer}


@pytest.mark.parametrize("level", ["reachable", "packages"])
def test_why(warm: World, level: str) -> None:
    """Each copied file says so, and what it needs leads back to it."""
    warm.build(warm.app(APP), "--level", level)

    def why(*question: str) -> str:
        return " ".join(warm.distil("why", f"oci:{warm.out}:1.0", *question).stdout.split())

    assert "application: conf/zones/b.ini" in why("/etc/shop/zones/b.ini")
    assert "[[copy]] (conf/** to /etc/shop/)" in why("/etc/shop/zones/b.ini")
    replaced = why("/etc/ssl/openssl.cnf")
    assert "[[copy]] (openssl.cnf to /etc/ssl/openssl.cnf)" in replaced
    assert "openssl [[copy]]: openssl.cnf of the application takes its place" in replaced
    if level == "reachable":
        library = why("/usr/lib/x86_64-linux-gnu/libgcc_s.so.1")
        assert "needed by /usr/local/bin/tool (libgcc_s.so.1)" in library
        assert "[[copy]] (tool to /usr/local/bin/)" in library


def test_metadata_stays_true(warm: World) -> None:
    """A file that the user's own takes the place of is none of its package's any more."""
    warm.build(warm.app({**APP, "distil.toml": f'{SPEC}\n[base]\npackages = ["openssl"]\n'}))
    sums = files(warm.out, "1.0")["var/lib/dpkg/status.d/openssl.md5sums"].decode()
    assert "usr/bin/openssl" in sums
    assert "openssl.cnf" not in sums


def test_a_copied_program_brings_its_libraries(warm: World) -> None:
    """Packages of the base join for what a program of the user's own is linked with."""
    done = warm.build(warm.app({**APP, "tool": program("libpq.so.5")}))
    assert done.code == 0, done.stderr
    needs = done.data["plan"]["needs"]
    found = [need["packages"] for need in needs if "libpq.so.5" in need["reason"]]
    assert found[0][0] == "libpq5"


def test_a_copied_program_that_lacks_a_library(warm: World) -> None:
    """The build fails for one that no package has."""
    done = warm.build(warm.app({**APP, "tool": program("libnowhere.so.5")}))
    assert done.code == 1
    assert re.search(r"/usr/local/bin/tool needs libnowhere\.so\.5", done.stderr)


def test_umask_and_place_do_not_matter(warm: World) -> None:
    first = warm.build(warm.app(APP)).digests
    again = warm.app(APP, name="elsewhere/shop")
    for path in again.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    assert warm.build(again, umask=0o077).digests == first


def test_a_dry_run_looks_for_the_files(warm: World) -> None:
    app = {**APP, "distil.toml": f'{SPEC}\n[[copy]]\nfrom = "gone/*"\nto = "/x"\n'}
    done = warm.build(warm.app(app), "--dry-run")
    assert done.code == 2
    assert re.search(r"distil\.toml:22: copy\.from: nothing in \S+ matches 'gone/\*'", done.error)


def test_a_copy_in_the_place_of_what_distil_writes_itself(warm: World) -> None:
    """Nothing is overwritten in silence."""
    app = {**APP, "distil.toml": '[[copy]]\nfrom = "tool"\nto = "/etc/ld.so.cache"\n'}
    done = warm.build(warm.app(app))
    assert done.code == 2
    assert re.search(r"distil\.toml:3: copy\.to: /etc/ld\.so\.cache is a file of", done.error)


def test_a_copy_in_the_place_of_a_package_s_program(warm: World) -> None:
    app = {**APP, "distil.toml": '[[copy]]\nfrom = "tool"\nto = "/usr/bin/python3.13"\n'}
    done = warm.build(warm.app(app))
    assert done.code == 2
    assert re.search(r"distil\.toml:3: copy\.to: /usr/bin/python3\.13 is a file of", done.error)
    assert "choose another path" in done.stderr
    assert not warm.out.exists()
