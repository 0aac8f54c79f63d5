"""The defaults of known services: what they add, and what the user's own words replace."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from distil.formats.spec_toml import parse_spec
from distil.model.node import Kind
from distil.model.spec import CopySpec, Spec
from distil.reach.policies import shipped_policies
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.native.program import PROGRAM, ProgramProject
from distil.runtimes.native.services import Service, service_of, shipped_services, with_defaults
from distil.source.place import Place, sources_of


def found(text: str, directory: Path) -> tuple[ProgramProject, Spec]:
    """The application of a ``distil.toml``, and its specification with all defaults."""
    (directory / "distil.toml").write_text(text)
    spec = parse_spec(text)
    place = Place(directory)
    project = PROGRAM.detect(place, spec, sources_of(place, spec))
    assert project is not None
    return project, project.completed(spec)


def test_packages_alone_are_enough(tmp_path: Path) -> None:
    project, spec = found('[app]\npackages = ["libnginx-mod-stream", "nginx-light"]', tmp_path)
    assert project.application.entrypoint == ("nginx", "-g", "daemon off;")
    assert spec.image.stop_signal == "SIGQUIT"
    assert spec.image.ports == (80,)
    assert "/var/lib/nginx" in spec.image.writable
    assert spec.image.healthcheck is None
    told = {(one.subject, one.because) for one in project.application.evidence}
    assert ("stop signal", "how nginx runs in a container") in told
    assert ("entrypoint", "how nginx runs in a container") in told


def test_what_the_user_says_wins(tmp_path: Path) -> None:
    text = """
    [app]
    packages = ["nginx", "curl"]
    entrypoint = ["/usr/sbin/nginx", "-c", "/srv/nginx.conf"]
    [image]
    stop_signal = "SIGTERM"
    ports = [8080]
    writable = ["/tmp/x"]
    healthcheck = {command = ["/bin/true"]}
    """
    project, spec = found(text, tmp_path)
    assert project.application.entrypoint == ("/usr/sbin/nginx", "-c", "/srv/nginx.conf")
    assert (spec.image.stop_signal, spec.image.ports) == ("SIGTERM", (8080,))
    assert spec.image.writable == ("/tmp/x",)
    assert spec.image.healthcheck is not None
    assert spec.image.healthcheck.command == ("/bin/true",)
    assert {one.subject for one in project.application.evidence} == {"project", "entrypoint", "log"}


def test_a_health_check_needs_a_program_for_it(tmp_path: Path) -> None:
    _, spec = found('[app]\npackages = ["nginx", "curl"]', tmp_path)
    assert spec.image.healthcheck is not None
    assert spec.image.healthcheck.command[0] == "curl"


def test_another_program_is_another_service(tmp_path: Path) -> None:
    text = '[app]\npackages = ["nginx"]\nentrypoint = ["/srv/start"]'
    project, spec = found(text, tmp_path)
    assert project.service is None
    assert (spec.image.stop_signal, spec.image.ports, spec.image.writable) == ("", (), ())


def test_an_unknown_service_has_to_be_started_by_somebody(tmp_path: Path) -> None:
    with pytest.raises(NoEntrypoint) as error:
        found('[app]\npackages = ["mosquitto"]', tmp_path)
    assert "haproxy" in error.value.hint


def test_versions_are_those_of_the_package() -> None:
    service = service_of(["php8.4-fpm=8.4.1-1"], None)
    assert service is not None
    assert service.entrypoint[0] == "php-fpm8.4"
    assert service_of(["php-fpm"], None) is None
    assert service_of(["php8.4-fpm"], ("php-fpm8.4", "-F")) == service
    assert service_of(["php8.4-fpm"], ("php-fpm8.3",)) is None
    nodes = {node.path: node for node in service.nodes(())}
    assert nodes["/var/log/php8.4-fpm.log"].target == "/dev/stderr"
    assert nodes["/etc/php/8.4/fpm/pool.d/zz-container.conf"].kind is Kind.FILE


def test_a_service_brings_packages_and_keeps_paths(tmp_path: Path) -> None:
    text = '[app]\npackages = ["postgresql-17-pgvector", "postgresql-17"]\n[reach]\nkeep = ["/a"]'
    project, spec = found(text, tmp_path)
    assert project.service is not None
    assert spec.app.packages == ("postgresql-17-pgvector", "postgresql-17", "dash")
    assert spec.reach.keep == ("/a", "/usr/bin/locale")
    assert spec.app.environment["PATH"].startswith("/usr/lib/postgresql/17/bin:")
    assert spec.image.healthcheck is not None
    told = {(one.subject, one.finding) for one in project.application.evidence}
    assert ("package", "dash") in told
    script = next(node for node in project.service.nodes(()) if node.name == "start-postgres")
    assert script.mode == 0o755
    assert script.blob is not None
    assert script.blob.read().startswith(b"#!/bin/sh\n")
    assert service_of(["postgresql-common"], None) is None


@pytest.mark.parametrize(
    ("target", "there"),
    [
        ("/etc/php/8.4/fpm/pool.d/www.conf", False),
        ("/etc/php/8.4/fpm/", False),
        ("/etc/php/", False),
        ("/etc/php/8.4/cli/php.ini", True),
        ("/srv/app/", True),
    ],
)
def test_configuration_of_the_user_stands_alone(target: str, there: bool) -> None:
    service = service_of(["php8.4-fpm"], None)
    assert service is not None
    files = [one for one in service.nodes([CopySpec("x", target)]) if one.kind is Kind.FILE]
    assert bool(files) is there


@pytest.mark.parametrize("service", shipped_services(), ids=lambda one: one.name)
def test_a_shipped_service_is_complete(service: Service) -> None:
    assert service.reason
    assert all(file.reason for file in service.file)
    assert all(check.command for check in service.healthcheck)
    package = service.packages[0].replace("*", "8.4")
    meant = service.of(package)
    assert meant is not None
    assert shipped_policies().knows_program(package)
    paths = [*meant.writable, *(log.path for log in meant.log), *(one.path for one in meant.file)]
    assert all(re.fullmatch(r"(/[\w.-]+)+", path) for path in paths), paths
    spec = with_defaults(Spec(), meant)
    assert spec.app.entrypoint == meant.entrypoint


@pytest.mark.parametrize(
    ("first", "begun"),
    [
        ({}, False),
        ({"POSTGRES_PASSWORD": "a", "POSTGRES_PASSWORD_FILE": "/b"}, False),
        ({"POSTGRES_PASSWORD": "a", "POSTGRES_DB": 'a"b'}, False),
        ({"POSTGRES_PASSWORD": "a", "BREAKS": "1"}, True),
    ],
)
def test_a_postgres_that_was_not_begun_can_be_started_again(
    first: dict[str, str], begun: bool, tmp_path: Path
) -> None:
    service = service_of(["postgresql-17"], None)
    assert service is not None
    script = next(node for node in service.nodes(()) if node.name == "start-postgres")
    assert script.blob is not None
    for name, text in (("initdb", '[ -z "${BREAKS:-}" ]'), ("postgres", "echo started")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "script").write_bytes(script.blob.read())
    statuses = []
    for said in (first, {"POSTGRES_PASSWORD": "a"}):
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PGDATA": f"{tmp_path}/data", **said}
        done = subprocess.run(
            ["/bin/sh", tmp_path / "script"], env=environment, capture_output=True, check=False
        )
        statuses.append(done.returncode)
    assert statuses == [1, 1 if begun else 0]
