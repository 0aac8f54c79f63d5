"""The ``config`` section of an image: what is found out, and what the user says."""

from __future__ import annotations

from distil.compose.configuration import PATH, container_config, debug_config
from distil.formats.spec_toml import parse_spec
from distil.model.application import Application
from distil.model.image import NANOSECONDS, ContainerConfig, Healthcheck, string_set

APPLICATION = Application(
    source="/src",
    name="shop",
    version="1.0",
    entrypoint=("/usr/bin/python3", "-m", "gunicorn"),
    command=("app:app",),
    environment={"PORT": "8000", "LANG": "de"},
    ports=(8000,),
)

RUNTIME = {"UNBUFFERED": "1", "LANG": "es"}


def environment(text: str = "") -> dict[str, str]:
    config = container_config(parse_spec(text), APPLICATION, RUNTIME)
    return dict(entry.split("=", 1) for entry in config.env)


def test_defaults() -> None:
    spec = parse_spec("").completed(base="debian:trixie", workdir="/app")
    config = container_config(spec, APPLICATION, RUNTIME)
    assert (config.user, config.working_dir, config.stop_signal) == ("65532", "/app", "SIGTERM")
    assert (config.entrypoint, config.cmd) == (APPLICATION.entrypoint, APPLICATION.command)
    assert list(config.exposed_ports) == ["8000/tcp"]
    assert (config.healthcheck, dict(config.volumes), config.labels) == (None, {}, {})
    assert environment()["PATH"] == PATH
    assert environment()["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"


def test_who_decides_about_the_environment() -> None:
    """Defaults, then the runtime, then what was found out, then the user."""
    assert environment()["UNBUFFERED"] == "1"
    assert environment()["LANG"] == "de"
    assert environment('[app.environment]\nLANG = "fr"\nPATH = "/x"\n')["LANG"] == "fr"
    assert environment('[app.environment]\nPATH = "/x"\n')["PATH"] == "/x"


def test_clients_with_a_bundle_of_their_own_are_told_of_the_users_certificates() -> None:
    assert "REQUESTS_CA_BUNDLE" not in environment()
    found = environment('[image]\ncertificates = ["corp.pem"]\n')
    assert found["REQUESTS_CA_BUNDLE"] == found["SSL_CERT_FILE"]
    own = '[image]\ncertificates = ["corp.pem"]\n[app.environment]\nREQUESTS_CA_BUNDLE = "/x"\n'
    assert environment(own)["REQUESTS_CA_BUNDLE"] == "/x"


def test_what_the_user_says() -> None:
    text = """
[image]
user = "1000:1001"
ports = [80, "53/udp"]
workdir = "/srv"
stop_signal = "SIGINT"
volumes = ["/data"]
writable = ["/cache"]
labels = {b = "2", a = "1"}

[image.healthcheck]
command = ["/usr/bin/python3", "-c", "0"]
interval = 0.5
retries = 7
"""
    config = container_config(parse_spec(text), APPLICATION, RUNTIME)
    assert (config.user, config.working_dir, config.stop_signal) == ("1000:1001", "/srv", "SIGINT")
    assert sorted(config.exposed_ports) == ["53/udp", "80/tcp"]
    assert sorted(config.volumes) == ["/cache", "/data"]
    assert list(config.labels.items()) == [("a", "1"), ("b", "2")]
    assert config.healthcheck is not None
    assert config.healthcheck.test == ("CMD", "/usr/bin/python3", "-c", "0")
    assert config.healthcheck.interval == NANOSECONDS // 2
    assert config.healthcheck.retries == 7


def test_the_twin_only_has_a_longer_path() -> None:
    production = container_config(parse_spec(""), APPLICATION, RUNTIME)
    twin = debug_config(production)
    changed = [(a, b) for a, b in zip(production.env, twin.env, strict=True) if a != b]
    assert changed == [(f"PATH={PATH}", f"PATH={PATH}:/busybox")]
    assert debug_config(production).entrypoint == production.entrypoint


def test_what_an_image_says_that_is_built_on() -> None:
    """Its environment comes first, its path is gone on with; how it was started is its own."""
    inherited = ContainerConfig(
        env=("PATH=/opt/bin:/usr/bin", "LANG=de", "TEAM=blue"),
        cmd=("sh",),
        labels={"team": "blue"},
        volumes=string_set(["/data"]),
        exposed_ports=string_set(["53/udp"]),
        healthcheck=Healthcheck(test=("CMD", "true")),
    )
    spec = parse_spec('[image]\nlabels = {team = "red"}\nvolumes = ["/own"]\n')
    found = container_config(spec, APPLICATION, RUNTIME, inherited)
    values = dict(entry.split("=", 1) for entry in found.env)
    assert values["PATH"] == "/opt/bin:/usr/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin"
    assert (values["LANG"], values["TEAM"]) == ("de", "blue")
    assert set(found.volumes) == {"/data", "/own"}
    assert set(found.exposed_ports) == {"53/udp", "8000/tcp"}
    assert (found.cmd, found.labels) == (APPLICATION.command, {"team": "red"})
    assert found.healthcheck is None


def test_certificates_are_told_of_where_there_are_any() -> None:
    found = container_config(parse_spec(""), APPLICATION, RUNTIME, has_bundle=False)
    assert not [entry for entry in found.env if entry.startswith("SSL_CERT_FILE=")]
