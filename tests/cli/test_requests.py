"""What distil.toml asks for, as it is in the images."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.support.applications import FLASK
from tests.support.authority import make_authority
from tests.support.command import World
from tests.support.layouts import config, files, manifest, members
from tests.support.tools import run_tool

LIBRARIES = "usr/lib/x86_64-linux-gnu"


def built(world: World, specification: str, *options: str, **more: str) -> None:
    done = world.build(world.app({**FLASK, "distil.toml": specification, **more}), *options)
    assert done.code == 0, done.stderr


def entries(world: World, tag: str = "1.0") -> dict[str, tarfile.TarInfo]:
    return {entry.name: entry for _, layer in members(world.out, tag) for entry in layer}


@pytest.mark.parametrize("level", ["packages", "reachable"])
def test_writable_directories_are_there_and_the_users(warm: World, level: str) -> None:
    specification = '[image]\nuser = "1001:1002"\nwritable = ["/var/lib/shop", "/app/data"]\n'
    built(warm, specification, "--level", level, **{"data/seed.csv": "a,b\n"})
    found = entries(warm)
    for path in ("var/lib/shop", "app/data", "app/data/seed.csv"):
        assert (found[path].uid, found[path].gid) == (1001, 1002), path
    assert found["app/app.py"].uid == 0
    assert set(config(warm.out, "1.0")["config"]["Volumes"]) == {"/var/lib/shop", "/app/data"}


@pytest.mark.parametrize("text", ["libpq5", "libpq5=17.6-0", "libpq5:amd64"])
def test_a_package_asked_for_stays_whole_however_it_is_written(warm: World, text: str) -> None:
    built(warm, f'[app]\npackages = ["{text}"]\n')
    assert f"{LIBRARIES}/libpq.so.5" in entries(warm)


def test_tools_of_the_twin_find_what_production_did_without(warm: World) -> None:
    built(warm, '[debug]\npackages = ["openssl", "libgcc-s1"]\n')
    production, twin = entries(warm), entries(warm, "1.0-debug")
    for path in ("usr/bin/openssl", f"{LIBRARIES}/libgcc_s.so.1"):
        assert path not in production
        assert path in twin
    assert warm.distil("check", f"oci:{warm.out}:1.0-debug").code == 0
    contents = files(warm.out, "1.0-debug")
    sums = contents["var/lib/dpkg/status.d/libgcc-s1.md5sums"].decode()
    assert f"{LIBRARIES}/libgcc_s.so.1" in sums


def test_the_twin_changes_nothing_that_production_has(warm: World) -> None:
    built(warm, '[debug]\npackages = ["openssl", "strace"]\n')
    *_, (title, tools) = members(warm.out, "1.0-debug")
    assert title == "debug tools"
    changed = [e.name for e in tools if not e.isdir() and e.name in entries(warm)]
    assert all(name.startswith(("var/lib/dpkg/status.d/", "etc/ld.so.cache")) for name in changed)


def test_the_ledger_of_the_twin_tells_of_the_twin(warm: World) -> None:
    built(warm, '[debug]\npackages = ["openssl"]\n')
    image = f"oci:{warm.out}:1.0-debug"
    answer = warm.distil("why", image, "/usr/bin/openssl", "--format", "json").data["answer"]
    assert answer["explanations"][0]["chain"][0]["reason"][0] == "debug twin"
    assert answer["removed"] == []
    for path, entry in entries(warm, "1.0-debug").items():
        if entry.isfile():
            shown = warm_ledger(warm, image)["/" + path]
            assert shown["size"] == entry.size, path


def warm_ledger(world: World, image: str) -> dict[str, dict[str, int]]:
    answer = world.distil("why", image, "--largest", "100000", "--format", "json").data["answer"]
    return {one["kept"]["path"]: one["kept"] for one in answer["explanations"]}


def test_the_health_check_has_to_be_startable(warm: World) -> None:
    text = '[image.healthcheck]\ncommand = ["curl", "-f", "http://localhost"]\n'
    done = warm.build(warm.app({**FLASK, "distil.toml": text}))
    assert done.code == 1
    assert "health check curl cannot be started" in done.error
    assert not warm.out.exists()
    check = '["python3", "-c", "import json"]'
    built(warm, f"[image.healthcheck]\ncommand = {check}\n")
    assert "usr/lib/python3.13/json/__init__.py" in entries(warm)


def test_programs_are_looked_for_on_the_path_of_the_image(warm: World) -> None:
    text = '[app]\nentrypoint = ["serve"]\nenvironment = { PATH = "/app/bin:/usr/bin" }\n'
    app = warm.app({**FLASK, "distil.toml": text, "bin/serve": "#!/usr/bin/python3\nimport json\n"})
    (app / "bin/serve").chmod(0o755)
    done = warm.build(app)
    assert done.code == 0, done.stderr
    assert "usr/lib/python3.13/json/__init__.py" in entries(warm)


def test_checks_say_what_is_there(warm: World) -> None:
    text = '[app]\npackages = ["busybox-static"]\n'
    checks = warm.build(warm.app({**FLASK, "distil.toml": text})).data["checks"]
    found = {check["name"]: check["detail"] for check in checks}
    assert found["shell"] == "/usr/bin/busybox, as asked for"
    assert found["no package manager"] == "none is there"
    assert "no shell" not in found


def test_a_distribution_may_have_the_name_of_a_tool(warm: World) -> None:
    """What the application depends on is asked for."""
    scripts = "[console_scripts]\npip = gunicorn:run\n"
    warm.house.add("pip-like", "1.0", entry_points=scripts)
    wanted = {**FLASK, "requirements.txt": FLASK["requirements.txt"] + "pip-like\n"}
    checks = warm.build(warm.app(wanted)).data["checks"]
    assert "/usr/local/bin/pip, as asked for" in [check["detail"] for check in checks]


EVERYTHING = """
[app]
entrypoint = ["python3", "app.py"]
command = ["--port", "80"]
environment = { GREETING = "hello=you", LANG = "de" }

[image]
user = "1001:1002"
ports = [80, "53/udp"]
workdir = "/srv"
labels = { owner = "me", "org.opencontainers.image.licenses" = "MIT" }
volumes = ["/data"]
stop_signal = "SIGINT"

[image.healthcheck]
command = ["python3", "-c", "import json"]
interval = 5
timeout = 2.5
start_period = 1
retries = 2
"""


def test_all_of_the_configuration(warm: World) -> None:
    built(warm, EVERYTHING, "--label", "owner=pipeline", "--label", "build=7=seven")
    for tag in ("1.0", "1.0-debug"):
        found = config(warm.out, tag)["config"]
        environment = dict(entry.split("=", 1) for entry in found.pop("Env"))
        assert environment["GREETING"] == "hello=you"
        assert environment["LANG"] == "de"
        assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
        assert found == {
            "User": "1001:1002",
            "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
            "Entrypoint": ["python3", "app.py"],
            "Cmd": ["--port", "80"],
            "Volumes": {"/data": {}},
            "WorkingDir": "/srv",
            "Labels": {
                "build": "7=seven",
                "org.opencontainers.image.licenses": "MIT",
                "owner": "pipeline",
            },
            "StopSignal": "SIGINT",
            "Healthcheck": {
                "Test": ["CMD", "python3", "-c", "import json"],
                "Interval": 5_000_000_000,
                "Timeout": 2_500_000_000,
                "StartPeriod": 1_000_000_000,
                "Retries": 2,
            },
        }
    assert manifest(warm.out, "1.0")["annotations"]["org.opencontainers.image.licenses"] == "MIT"


def test_the_commit_when_asked(warm: World) -> None:
    app = warm.app({**FLASK, "distil.toml": "[image]\ngit = true\n"})
    done = warm.build(app)
    assert done.code == 2
    assert "asks for the revision" in done.error
    assert not warm.out.exists()
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.org")
    for arguments in (
        ["init"],
        ["remote", "add", "origin", "https://me:t0ken@code.example/shop"],
        ["add", "."],
        ["commit", "-m", "first"],
    ):
        run_tool("git", "-C", app, *identity, *arguments)
    done = warm.build(app)
    assert done.code == 0, done.stderr
    commit = run_tool("git", "-C", app, "rev-parse", "HEAD").strip()
    expected = {
        "org.opencontainers.image.revision": commit,
        "org.opencontainers.image.source": "https://code.example/shop",
    }
    assert expected.items() <= config(warm.out, "1.0")["config"]["Labels"].items()
    assert expected.items() <= manifest(warm.out, "1.0")["annotations"].items()
    assert "created" not in "".join(config(warm.out, "1.0")["config"]["Labels"])


def test_certificates_of_an_application_without_tls(warm: World, tmp_path: Path) -> None:
    more = {"certs/corp.pem": make_authority(tmp_path / "authority").certificate.read_text()}
    quiet = {"main.py": "print('no network')\n", "requirements.txt": "", **more}
    specification = (
        '[app]\nentrypoint = ["/usr/bin/python3", "main.py"]\n'
        '[image]\ncertificates = ["certs/corp.pem"]\n'
    )
    done = warm.build(warm.app({**quiet, "distil.toml": specification}, name="quiet"))
    assert done.code == 0, done.stderr
    bundle = files(warm.out, "1.0")["etc/ssl/certs/ca-certificates.crt"].decode()
    assert more["certs/corp.pem"] in bundle


def test_certificates(warm: World, tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "authority").certificate
    more = {"certs/corp.pem": authority.read_text()}
    built(warm, '[image]\ncertificates = ["certs/corp.pem"]\n', **more)
    found = files(warm.out, "1.0")
    bundle = found["etc/ssl/certs/ca-certificates.crt"]
    assert bundle.endswith(authority.read_bytes())
    assert bundle.count(b"BEGIN CERTIFICATE") == 3
    assert found["usr/local/share/ca-certificates/corp.crt"] == authority.read_bytes()
    assert entries(warm)["etc/ssl/certs/corp.pem"].linkname.endswith("/corp.crt")
    layers = {title: {e.name for e in layer} for title, layer in members(warm.out, "1.0")}
    assert "usr/local/share/ca-certificates/corp.crt" in layers["application"]


def test_a_certificate_that_is_none(warm: World) -> None:
    text = '[image]\ncertificates = ["app.py"]\n'
    done = warm.build(warm.app({**FLASK, "distil.toml": text}))
    assert done.code == 2
    assert done.error.startswith("error: the certificate app.py cannot be used: it holds no")
    assert not warm.out.exists()
