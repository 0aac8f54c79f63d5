import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.errors import InvalidSpec
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


COPY = '[[copy]]\nfrom = "a"\nto = "/a"\n\n[[copy]]\n'
VENDOR = (
    '[base]\n[[base.repositories]]\nurl = "https://one.example/debian"\n'
    'suite = "trixie"\nkey = "keys/one.asc"\n[[base.repositories]]\n'
)
HEALTH = "[image.healthcheck]\ncommand = ['true']\n"


REFUSED: list[tuple[str, int | None, str, str]] = [
    ("[app]\n\nentrypont = ['x']\n", 3, "app.entrypont", "did you mean entrypoint?"),
    ("[ap]\nname = 'x'\n", 1, "ap", "did you mean app?"),
    ("[image]\nlables = {a = 'b'}\n", 2, "image.lables", "did you mean labels"),
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
    ('[app]\nenvironment = {A = "\\u0000"}\n', 2, "app.environment.A", "NUL"),
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
    ("[copy]\nfrom = 'a'\nto = '/a'\n", 1, "copy", "write [[copy]]"),
    ("[[copy]]\nfrom = 'a'\n", 1, "copy", "missing required field `to`"),
    (COPY + "form = 'a'\nto = '/a'\n", 6, "copy.form", "did you mean from?"),
    (COPY + "from = 'a'\nto = 7\n", 7, "copy.to", "Expected `str`"),
    (COPY + "from = 'a'\nto = 'a'\n", 7, "copy.to", "not a place in the image"),
    (COPY + "from = 'a'\nto = '/a/../b'\n", 7, "copy.to", "without '..'"),
    (COPY + "to = '/a'\nfrom = '/etc/passwd'\n", 7, "copy.from", "an absolute path"),
    (COPY + "to = '/a'\nfrom = 'a/../../b'\n", 7, "copy.from", "leads out"),
    (COPY + "to = '/a'\nfrom = ''\n", 7, "copy.from", "names no file"),
    (COPY + "from = 'a'\nto = '/a'\nmode = '0855'\n", 8, "copy.mode", '"0644"'),
    (COPY + "from = 'a'\nto = '/a'\nmode = 0o755\n", 8, "copy.mode", "Expected `str`"),
    (COPY + "from = 'a'\nto = '/a'\nmode = 'u=rw'\n", 8, "copy.mode", "octal"),
    (COPY + "from = 'a'\nto = '/a'\nowner = 'www'\n", 8, "copy.owner", "numeric"),
    (COPY + "from = 'a'\nto = '/a'\nowner = '1:2147483647'\n", 8, "copy.owner", "numeric"),
    ("copy = [{ from = 'a', to = 'b' }]\n", 1, "copy.to", "not a place"),
    (COPY + f"from = 'a'\nto = '/{'a/' * 2048}'\n", 7, "copy.to", "4095 bytes"),
    (COPY + f"from = 'a'\nto = '/a/{'b' * 256}'\n", 7, "copy.to", "255 bytes"),
    (COPY + "from = 'a'\nto = '/srv/.wh.a'\n", 7, "copy.to", ".wh. hides"),
    (COPY + "from = 'a'\nto = '/./proc//a'\n", 7, "copy.to", "mount over /proc"),
    (COPY + "from = 'a'\nto = '/sys/'\n", 7, "copy.to", "mount over /sys"),
    ("[image]\nworkdir = '/dev'\n", 2, "image.workdir", "mount over /dev"),
    ("[image]\nwritable = ['/dev/shm/a']\n", 2, "image.writable", "mount over /dev"),
    (f"[image]\nvolumes = ['/{'a' * 256}']\n", 2, "image.volumes", "255 bytes"),
    ("[image]\nlabels = {a = '\\u0000'}\n".replace("'", '"'), 2, "image.labels.a", "NUL"),
    ('[reach]\nkeep = ["/a\\u0000"]\n', 2, "reach.keep", "NUL"),
    (f"[app]\ncommand = ['{'a' * 131072}']\n", 2, "app.command", "131071 bytes"),
    ("[python]\nrequirements = '/etc/passwd'\n", 2, "python.requirements", "an absolute path"),
    ("[python]\nrequirements = 'a/../../b'\n", 2, "python.requirements", "leads out"),
    ("[base]\ndebs = ['/x.deb']\n", 2, "base.debs", "an absolute path"),
    ("[base]\ndebs = ['../x.deb']\n", 2, "base.debs", "leads out"),
    ("[base]\ndebs = 'x.deb'\n", 2, "base.debs", "Expected `array`"),
    ("[base.repositories]\nurl = 'x'\n", 1, "base.repositories", "[[base.repositories]]"),
    (VENDOR, 6, "base.repositories", "missing required field `url`"),
    (
        VENDOR + "url = 'https://h/d'\nsuite = 't'\nkey = '../k'\n",
        9,
        "base.repositories.key",
        "leads out",
    ),
    (
        VENDOR + "url = 'https://h/d'\nkey = 'k'\nsuite = 't/../u'\n",
        9,
        "base.repositories.suite",
        "no suite",
    ),
    (
        VENDOR + "url = 'https://h/d'\nkey = 'k'\nsuite = 't/'\ncomponents = ['main']\n",
        10,
        "base.repositories.components",
        "flat",
    ),
    (
        VENDOR + "url = 'https://h/d'\nkey = 'k'\nsuite = 't'\ncomponents = ['../x']\n",
        10,
        "base.repositories.components",
        "'../x' is no component",
    ),
    (
        VENDOR + "suite = 't'\nkey = 'k'\nurl = 'ftp://h/d'\n",
        9,
        "base.repositories.url",
        "not an address",
    ),
    (
        VENDOR + "suite = 't'\nkey = 'k'\nurl = 'https:///d'\n",
        9,
        "base.repositories.url",
        "not an address",
    ),
    (
        VENDOR + "suite = 't'\nkey = 'k'\nurl = 'https://h:99999/d'\n",
        9,
        "base.repositories.url",
        "not an address",
    ),
]
"""Text, line and key of the error, and words that it says."""


@pytest.mark.parametrize(("text", "line", "key", "says"), REFUSED)
def test_errors_name_line_and_key(text: str, line: int | None, key: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(text)
    assert (caught.value.line, caught.value.key) == (line, key)
    assert says in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cret@vendor.example/debian",
        "https://s3cret@vendor.example/debian",
        "me:s3cret@vendor.example/debian",
        "ftp://me:s3cret@vendor.example",
        "https://me:s3cret@[bad/debian",
        "https://vendor.example/debian?token=s3cret",
        "https://vendor.example/debian#s3cret",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_shown(url: str) -> None:
    text = f"{VENDOR}suite = 't'\nkey = 'k'\nurl = '{url}'\n"
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(text)
    assert (caught.value.line, caught.value.key) == (9, "base.repositories.url")
    assert "s3cret" not in str(caught.value)
    assert "?" in url or "#" in url or "netrc" in caught.value.hint


def test_own_files_and_packages() -> None:
    spec = parse_spec(
        f"""{VENDOR}
        url = "file:///srv/flat"
        suite = "./"
        key = "keys/two.gpg"
        [[copy]]
        from = "conf/**"
        to = "/etc/shop/"
        mode = "0640"
        owner = "65532:0"
        """
    )
    assert [one.suite for one in spec.base.repositories] == ["trixie", "./"]
    assert spec.copy[0].source == "conf/**"
    assert (spec.copy[0].mode, spec.copy[0].owner) == ("0640", "65532:0")


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
