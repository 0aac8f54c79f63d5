"""`[policy]` and `build --scan`: what is not as it should be is written nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.applications import FLASK
from tests.support.command import Done, World
from tests.vulns.database.feeds import osv, write_archive, write_exploited

HIGH = {"database_specific": {"severity": "HIGH"}}
LOW = {"database_specific": {"severity": "LOW"}}


@pytest.fixture
def advised(warm: World) -> World:
    """A world with advisories: one that is fixed, one that is not, both of what the image has.

    None is about the system's packages, so that not all can be told.
    """
    feeds = warm.root / "feeds"
    fixed = ({"introduced": "0"}, {"fixed": "3.1.9"})
    flask = osv("PYSEC-2026-1", "PyPI", "flask", *fixed, aliases=["CVE-2026-1001"], **HIGH)
    gunicorn = osv("PYSEC-2026-2", "PyPI", "gunicorn", aliases=["CVE-2026-1002"], **LOW)
    write_archive(feeds, "PyPI", [flask, gunicorn])
    write_exploited(feeds, "CVE-2026-9999")
    database = warm.root / "advisories.db"
    done = warm.distil("db", "update", "--from", feeds, "--db", database)
    assert done.code == 0, done.stderr
    return warm.with_variables(DISTIL_DB=str(database))


def app(world: World, policy: str, **files: str) -> Path:
    return world.app({**FLASK, **files, "distil.toml": f"[policy]\n{policy}\n"})


def refused(done: Done, world: World) -> list[str]:
    """The lines of the error of a build that wrote nothing."""
    assert done.code in (1, 3), done.stderr
    assert not world.out.exists()
    return done.stderr[done.stderr.index("error: ") :].splitlines()


def test_rules_that_are_broken(warm: World) -> None:
    policy = (
        "max_size = '1kB'\nmax_download = '1kB'\nlabels = ['team=pay*']\nshell = false\n"
        "denied_packages = ['libc6', 'python:flask']"
    )
    lines = refused(warm.build(app(warm, policy)), warm)
    assert lines[0] == "error: shop:1.0 does not keep the rules, and nothing was written:"
    assert [line.split()[1] for line in lines if "FAIL" in line] == [
        "denied_packages:",
        "max_size:",
        "max_download:",
        "labels:",
    ]
    assert "    python flask 3.1.0" in lines
    assert "    label team is not there" in lines


def test_a_policy_that_holds_is_told(warm: World) -> None:
    policy = (
        "shell = false\npackage_manager = false\nsetuid = false\nroot = false\n"
        "max_size = '1GB'\ndenied_licenses = ['AGPL-*']"
    )
    done = warm.build(app(warm, policy), "--label", "team=payments")
    rules = {one["key"]: one["outcome"] for one in done.data["policy"]}
    assert rules == dict.fromkeys(
        ("denied_licenses", "max_size", "shell", "package_manager", "setuid", "root"), "holds"
    )
    assert done.data["scan"] is None


def test_the_user_of_the_image_is_judged(warm: World) -> None:
    files = {**FLASK, "distil.toml": "[policy]\nroot = false\n[image]\nuser = '0'\n"}
    assert "its user is 0" in "\n".join(refused(warm.build(warm.app(files)), warm))


def test_a_licence_that_is_none_would_deny_nothing(warm: World) -> None:
    done = warm.build(app(warm, "denied_licenses = ['AGPL3']"), "--dry-run")
    assert done.code == 2
    assert "distil.toml:2: policy.denied_licenses: 'AGPL3' is no licence" in done.error


# --- vulnerabilities -----------------------------------------------------------------------


def test_a_vulnerability_that_counts(advised: World) -> None:
    lines = refused(advised.build(app(advised, "fail_on = ['high']")), advised)
    assert any("CVE-2026-1001 in flask 3.1.0 (high, fixed in 3.1.9)" in line for line in lines)
    assert not any("CVE-2026-1002" in line for line in lines)


def test_what_is_scanned_is_told(advised: World) -> None:
    command = ("build", app(advised, "fail_on = ['critical', 'kev']"), "-t", "a:1", "-o", "oci:out")
    text = advised.distil(*command).stderr
    assert (
        "policy      PASS  fail_on: no vulnerability that is critical, or known to be exploited; 2 "
        in text
    )
    assert "scan        2 vulnerabilities (1 high, 1 low); " in text
    done = advised.distil(*command, "--format", "json")
    assert done.data["scan"]["open"]["high"] == 1
    assert sum(done.data["scan"]["open"].values()) == 2
    (rule,) = done.data["policy"]
    assert rule["outcome"] == "holds"
    assert rule["remarks"][0].startswith("2 others are open")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--scan",), 1),
        (("--fail-on", "critical"), 0),
        (("--fail-on", "critical", "--fail-on", "high+fixable"), 1),
    ],
)
def test_options_without_a_policy(advised: World, options: tuple[str, ...], code: int) -> None:
    assert advised.build(advised.app(), *options).code == code
    assert advised.out.exists() is (code == 0)


def test_options_stand_before_the_policy(advised: World) -> None:
    assert advised.build(app(advised, "fail_on = ['any']"), "--fail-on", "critical").code == 0


def test_nobody_looks_when_that_is_said(advised: World) -> None:
    policy = "fail_on = ['any']\nshell = false"
    done = advised.build(app(advised, policy), "--no-scan")
    assert "nobody looked for vulnerabilities: fail_on not judged" in done.stderr
    outcomes = {one["key"]: one["outcome"] for one in done.data["policy"]}
    assert outcomes == {"fail_on": "skipped", "shell": "holds"}


def test_statements_are_believed(advised: World) -> None:
    ignored = '[[ignore]]\nid = "CVE-2026-1001"\nreason = "we sign with another key"\n'
    vex = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://vex.example/1",
        "author": "me",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-1001"},
                "products": [{"@id": "pkg:pypi/flask@3.1.0"}],
                "status": "not_affected",
                "justification": "vulnerable_code_not_present",
            }
        ],
    }
    files = {"ignored.toml": ignored, "vex.json": json.dumps(vex)}
    for said in ("ignore = 'ignored.toml'", "vex = ['vex.json']"):
        done = advised.build(app(advised, f"fail_on = ['high']\n{said}", **files))
        assert done.data["scan"]["settled"] == 1
        assert "1 that statements settle" in done.data["policy"][0]["remarks"]


def test_a_file_that_is_not_there_is_told_before_anything_is_built(advised: World) -> None:
    done = advised.build(app(advised, "fail_on = ['high']\nignore = 'nothing.toml'"))
    assert done.code == 2
    assert "nothing.toml: No such file" in done.error


def test_without_a_database(warm: World) -> None:
    done = warm.build(warm.app(), "--scan")
    assert done.code == 2
    assert "there is no database of advisories" in done.error
    assert not warm.out.exists()


def test_what_cannot_be_told_has_its_own_exit_code(advised: World) -> None:
    done = advised.build(app(advised, "complete = true"))
    assert done.code == 3
    assert "  UNKNOWN  complete: all vulnerabilities are known" in refused(done, advised)


def test_each_platform_is_judged(advised: World) -> None:
    done = advised.build(app(advised, "max_size = '1kB'"), "--platform", "linux/amd64,linux/arm64")
    assert "linux/amd64 and linux/arm64" in done.stderr or done.stderr.count("FAIL  max_size") == 2
    assert not advised.out.exists()
