import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.errors import InvalidSpec
from distil.formats.spec_toml import line_of, parse_spec
from distil.model.spec import Spec


def test_empty_text_is_all_defaults() -> None:
    assert parse_spec("") == Spec()


def test_every_table_is_read() -> None:
    spec = parse_spec(
        """
        [app]
        entrypoint = ["gunicorn", "app:app"]
        environment = { PORT = "8000" }
        [base]
        from = "debian:sid"
        packages = ["libpq5"]
        [image]
        ports = [8000, "53/udp"]
        user = "1000:0"
        [image.healthcheck]
        command = ["/usr/bin/python3", "-c", "0"]
        interval = 2.5
        """
    )
    assert spec.app.entrypoint == ("gunicorn", "app:app")
    assert spec.app.environment == {"PORT": "8000"}
    assert spec.base.source == "debian:sid"
    assert spec.image.ports == (8000, "53/udp")
    assert spec.image.healthcheck is not None
    assert spec.image.healthcheck.interval == 2.5


HEALTH = "[image.healthcheck]\ncommand = ['true']\n"


@pytest.mark.parametrize(
    ("text", "line", "key", "says"),
    [
        ("[app]\n\nentrypont = ['x']\n", 3, "app.entrypont", "did you mean entrypoint?"),
        ("[ap]\nname = 'x'\n", 1, "ap", "did you mean app?"),
        ("[image]\nlables = {a = 'b'}\n", 2, "image.lables", "did you mean labels?"),
        ("[image.healthcheck]\ncommand=['x']\nretry=3", 3, "image.healthcheck.retry", "retries"),
        ("app.entrypont = ['x']\n", 1, "app.entrypont", "entrypoint"),
        ("[image]\nports = 8000\n", 2, "image.ports", "Expected `array`"),
        ("[image]\nports = [8000, true]\n", 2, "image.ports", "got `bool`"),
        ("[image.healthcheck]\ninterval = 3\n", 1, "image.healthcheck", "missing"),
        ("[image]\nuser = 'www-data'\n", 2, "image.user", "numeric"),
        ("[image]\nuser = '4294967296'\n", 2, "image.user", "numeric"),
        ("[image]\nports = [70000]\n", 2, "image.ports", "70000"),
        ("[image]\ncompression = 'lzma'\n", 2, "image.compression", "gzip or zstd"),
        ("[image]\nvolumes = ['data']\n", 2, "image.volumes", "absolute"),
        ("[image]\nwritable = ['/a/../b']\n", 2, "image.writable", "absolute"),
        ("[app]\nenvironment = {'A=B' = 'c'}\n", 2, "app.environment", "A=B"),
        ("[image\n", None, "", "not valid TOML"),
        ("[image]\nuser = '2147483647'\n", 2, "image.user", "numeric"),
        ("[image]\nwritable = ['/']\n", 2, "image.writable", "root directory"),
        ("[image]\nvolumes = ['//']\n", 2, "image.volumes", "root directory"),
        ("[image]\nstop_signal = 'TERM'\n", 2, "image.stop_signal", "SIGTERM"),
        ("[app]\nentrypoint = []\n", 2, "app.entrypoint", "no program"),
        ("[app]\nentrypoint = ['']\n", 2, "app.entrypoint", "no program"),
        ('[app]\ncommand = ["a\\u0000"]\n', 2, "app.command", "NUL"),
        ('[app]\nenvironment = {A = "\\u0000"}\n', 2, "app.environment", "NUL"),
        ("[image.healthcheck]\ncommand = []\n", 2, "image.healthcheck.command", "no program"),
        (HEALTH + "interval = inf\n", 3, "image.healthcheck.interval", "inf is no number"),
        (HEALTH + "timeout = nan\n", 3, "image.healthcheck.timeout", "nan is no number"),
        (HEALTH + "start_period = -1\n", 3, "image.healthcheck.start_period", "-1"),
        (HEALTH + "retries = -1\n", 3, "image.healthcheck.retries", "-1"),
        ("[reach]\nlevel = 'all'\n", 2, "reach.level", '"packages" or "reachable"'),
        ("[python]\n\nbytecode = true\n", 3, "python.bytecode", '"none" or "compiled"'),
        ("[image]\ncertificates = ['/etc/x.pem']\n", 2, "image.certificates", "certs/corp.pem"),
        ("[image]\ncertificates = ['a/../../b']\n", 2, "image.certificates", "a/../../b"),
        ("[image]\ngit = 'yes'\n", 2, "image.git", "Expected `bool`"),
        ("[reach]\nkeep = ['usr/share/x']\n", 2, "reach.keep", "'/usr/share/x'"),
    ],
)
def test_errors_name_line_and_key(text: str, line: int | None, key: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(text)
    assert (caught.value.line, caught.value.key) == (line, key)
    assert says in str(caught.value)
    assert caught.value.exit_code == 2


@given(st.text(max_size=200))
def test_any_text_is_a_spec_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(InvalidSpec):
        parse_spec(text)


def test_line_of_falls_back_to_the_parent() -> None:
    assert line_of("[a]\nb = {\n c = 1}\n", ("a", "b", "c")) == 2


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGRTMIN+3", "15"])
def test_signals(signal: str) -> None:
    assert parse_spec(f"[image]\nstop_signal = '{signal}'\n").image.stop_signal == signal


def test_what_is_kept_is_a_path_or_a_package() -> None:
    keep = ("/usr/share/hunspell/**", "hunspell-*")
    assert parse_spec(f"[reach]\nkeep = {list(keep)}\n").reach.keep == keep
