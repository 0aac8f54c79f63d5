"""Private indexes: where uv has their logins from, distil has them from as well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.fetch.address import text_without_secrets, without_secrets
from distil.fetch.errors import AccessDenied
from distil.model.spec import AppSpec, Spec
from distil.runtimes.python.errors import LoginInMetadata, UnknownDistribution
from distil.runtimes.python.indexes import authorised, configured_indexes, uses_keyring
from distil.runtimes.python.project import build_wheel, project_sources
from distil.runtimes.python.resolve import resolve
from distil.runtimes.python.wheels import fetch_wheels
from distil.source.logins import holds_login, may_hold_login, metadata_holds_login
from tests.support.detected import detect
from tests.support.wheelhouse import Wheelhouse, serving

RUN = AppSpec(entrypoint=("/x",))
FILE = "https://host.example/team/files/web-1.0-py3-none-any.whl"
LOGIN = "https://ann:s3cret@host.example/team/files/web-1.0-py3-none-any.whl"


# --- whose login ---------------------------------------------------------------------------

PLACES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "UV_DEFAULT_INDEX": ({"UV_DEFAULT_INDEX": "https://ann:s3cret@host.example/simple"}, {}),
    "UV_INDEX": (
        {"UV_INDEX": "https://a.example/x corp=https://ann:s3cret@host.example/simple"},
        {},
    ),
    "UV_INDEX_URL": ({"UV_INDEX_URL": "https://ann:s3cret@host.example/simple"}, {}),
    "UV_FIND_LINKS": (
        {"UV_FIND_LINKS": "./wheels,https://ann:s3cret@host.example/flat"},
        {},
    ),
    "an index in uv.toml": (
        {},
        {"uv.toml": '[[index]]\nurl = "https://ann:s3cret@host.example/simple"\n'},
    ),
    "find-links in uv.toml": (
        {},
        {"uv.toml": 'find-links = ["https://ann:s3cret@host.example/flat"]\n'},
    ),
    "pip's settings in pyproject.toml": (
        {},
        {"pyproject.toml": '[tool.uv.pip]\nindex-url = "https://ann:s3cret@host.example/s"\n'},
    ),
    "a line of requirements.txt": (
        {},
        {"requirements.txt": "-i https://ann:s3cret@host.example/simple\nweb\n"},
    ),
    "a line with variables": (
        {"SECRET": "s3cret"},
        {"requirements.txt": "--extra-index-url=https://ann:${SECRET}@host.example/simple\n"},
    ),
    "an included file": (
        {},
        {
            "requirements.txt": "-r parts/more.txt\n",
            "parts/more.txt": "-c narrow.txt\n",
            "parts/narrow.txt": "web @ https://ann:s3cret@host.example/web-1.0-py3-none-any.whl",
        },
    ),
}


def written(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("place", PLACES)
def test_places_of_a_login(tmp_path: Path, place: str) -> None:
    environment, files = PLACES[place]
    source = written(tmp_path, files)
    asked = [name for name in files if name == "requirements.txt"]
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "none"), **environment}
    indexes = configured_indexes(source, environment, asked)
    assert authorised([FILE], indexes) == [LOGIN]


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/team/files/web.whl",
        "https://host.example:8443/team/files/web.whl",
        "http://host.example/team/files/web.whl",
        "https://bob:other@host.example/team/files/web.whl",
    ],
)
def test_a_login_is_for_its_own_server(tmp_path: Path, url: str) -> None:
    environment = {"UV_DEFAULT_INDEX": "https://ann:s3cret@host.example/team/simple"}
    assert authorised([url], configured_indexes(tmp_path, environment)) == [url]


def test_two_indexes_of_one_server(tmp_path: Path) -> None:
    """As repositories of one artifact server are: the nearer path decides."""
    environment = {
        "UV_INDEX": "https://bob:b@host.example/other/simple https://ann:s3cret@host.example/team"
    }
    indexes = configured_indexes(tmp_path, environment)
    other = "https://host.example/other/files/x.whl"
    assert authorised([FILE, other], indexes) == [LOGIN, other.replace("://", "://bob:b@")]


@pytest.mark.parametrize("password", ["a/b", "50%", "p@ss:word", "ü"])
def test_passwords_that_need_quoting(tmp_path: Path, password: str) -> None:
    url = f"https://ann:{quote(password, safe='')}@host.example/simple"
    found = authorised([FILE], configured_indexes(tmp_path, {"UV_DEFAULT_INDEX": url}))
    assert urlsplit(found[0]).password == quote(password, safe="")
    assert urlsplit(found[0]).hostname == "host.example"


def test_a_line_that_is_a_comment(tmp_path: Path) -> None:
    source = written(tmp_path, {"requirements.txt": "# -i https://ann:old@host.example/simple\n"})
    assert configured_indexes(source, {}, ["requirements.txt"]) == ()


# --- the keyring ---------------------------------------------------------------------------

KEYRING = """\
#!/bin/sh
echo "$@" >> {asked}
case "$*" in
    "get https://host.example/simple ann") echo s3cret ;;
    "--mode creds get https://host.example/simple") printf 'ann\\ns3cret\\n' ;;
    *) exit 1 ;;
esac
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a keyring program was asked, which knows one password."""
    log = tmp_path / "asked"
    program = tmp_path / "bin" / "keyring"
    program.parent.mkdir()
    program.write_text(KEYRING.format(asked=log))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return log


@pytest.mark.parametrize(
    "index",
    [
        'url = "https://ann@host.example/simple"',
        'url = "https://host.example/simple"\nauthenticate = "always"',
    ],
    ids=["by user", "without a user"],
)
def test_keyring_is_asked_once(tmp_path: Path, asked: Path, index: str) -> None:
    settings = f'keyring-provider = "subprocess"\n[[index]]\n{index}\n'
    source = written(tmp_path, {"uv.toml": settings})
    assert uses_keyring(source, {})
    indexes = configured_indexes(source, {})
    assert authorised([FILE, FILE], indexes, keyring=True) == [LOGIN, LOGIN]
    assert len(asked.read_text().splitlines()) == 1


def test_keyring_is_not_asked_unless_uv_would(tmp_path: Path, asked: Path) -> None:
    for url in ("https://host.example/simple", "https://ann@host.example/simple"):
        indexes = configured_indexes(tmp_path, {"UV_DEFAULT_INDEX": url})
        authorised([FILE], indexes, keyring="@" not in url)
    assert not asked.exists()


# --- with uv -------------------------------------------------------------------------------


@pytest.fixture
def second(tmp_path: Path):
    """Another wheelhouse, with a login."""
    wheels = Wheelhouse(tmp_path / "second")
    wheels.login = ("ann", "s3cret")
    with serving(wheels) as url:
        yield wheels, url


def test_explicit_index_and_what_is_written_down(
    house, second, write, interpreter, client, monkeypatch
):
    """Only what is asked of it comes from it; nothing of the login is in the result."""
    wheels, url = second
    wheels.json = True
    house.add("web")
    wheels.add("own")
    wheels.add("web", "9.0")
    monkeypatch.setenv("UV_INDEX_CORP_USERNAME", "ann")
    monkeypatch.setenv("UV_INDEX_CORP_PASSWORD", "s3cret")
    project = (
        '[project]\nname = "hello"\nversion = "1"\ndependencies = ["web", "own"]\n'
        '[tool.uv.sources]\nown = { index = "corp" }\n'
        f'[[tool.uv.index]]\nname = "corp"\nurl = "{url}"\nexplicit = true\n'
    )
    source = write({"pyproject.toml": project})
    spec = Spec(app=RUN)
    found = resolve(detect(source, spec), interpreter, client, spec)
    assert [str(wheel) for wheel in found.wheels] == ["own 1.0", "web 1.0"]
    assert not [wheel.url for wheel in found.wheels if "@" in wheel.url or "?" in wheel.url]
    assert len(fetch_wheels(found.wheels, client, source)) == 2


@pytest.mark.parametrize(
    ("strategy", "version"), [("first-index", "1.0"), ("unsafe-best-match", "9.0")]
)
def test_index_strategy(house, second, write, interpreter, client, strategy, version):  # noqa: PLR0917
    wheels, url = second
    house.add("web", "9.0")
    wheels.add("web")
    settings = f'index-strategy = "{strategy}"\n[[index]]\nurl = "{url}"\n'
    settings = settings.replace("://", "://ann:s3cret@")
    source = write({"requirements.txt": "web\n", "uv.toml": settings})
    spec = Spec(app=RUN)
    found = resolve(detect(source, spec), interpreter, client, spec)
    assert [wheel.version for wheel in found.wheels] == [version]
    assert len(fetch_wheels(found.wheels, client, source)) == 1


def test_flat_indexes(house, second, write, interpreter, client):
    """A page of links, and a directory of this machine."""
    wheels, url = second
    wheels.add("web")
    own = house.add("own")
    flat = url.replace("/simple", "/flat").replace("://", "://ann:s3cret@")
    settings = (
        f'[[index]]\nurl = "{flat}"\nformat = "flat"\n[[index]]\nurl = "wheels"\nformat = "flat"\n'
    )
    source = write({"requirements.txt": "web\nown\n", "uv.toml": settings})
    (source / "wheels").mkdir()
    own.rename(source / "wheels" / own.name)
    spec = Spec(app=RUN)
    found = resolve(detect(source, spec), interpreter, client, spec)
    assert [wheel.url.partition(":")[0] for wheel in found.wheels] == ["file", "http"]
    assert len(fetch_wheels(found.wheels, client, source)) == 2


def test_index_line_of_a_requirements_file(second, write, interpreter, client, house, monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    wheels, url = second
    wheels.add("web")
    line = f"--index-url {url.replace('://', '://ann:s3cret@')}\n"
    source = write({"requirements.txt": f"{line}web\n"})
    spec = Spec(app=RUN)
    application = detect(source, spec)
    found = resolve(application, interpreter, client, spec)
    assert "s3cret" not in str(found)
    with pytest.raises(AccessDenied):
        fetch_wheels(found.wheels, client, source)
    assert len(fetch_wheels(found.wheels, client, source, application.dependencies.files)) == 1


def test_other_files_are_looked_for_in_the_same_index(second, write, interpreter, client, house):
    """uv takes the wheel that fits best; the hash of the other one is what is allowed."""
    wheels, url = second
    wheels.add("web")
    digest = wheels.sha256("web-1.0-py3-none-any.whl")
    wheels.add("web", tag="cp313-cp313-manylinux_2_28_x86_64")
    line = f"--extra-index-url {url.replace('://', '://ann:s3cret@')}\n"
    source = write({"requirements.txt": f"{line}web==1.0 --hash=sha256:{digest}\n"})
    spec = Spec(app=RUN)
    found = resolve(detect(source, spec), interpreter, client, spec)
    assert found.wheels[0].filename == "web-1.0-py3-none-any.whl"


def test_an_index_line_makes_it_another_resolution(house, second, write, interpreter, client):
    """Also in a file that names nothing else."""
    wheels, url = second
    wheels.login = None
    house.add("web")
    wheels.add("web", "9.0")
    files = {"requirements.txt": "-r index.txt\nweb\n", "index.txt": ""}
    spec = Spec(app=RUN)
    for line, version in (("", "1.0"), (f"--extra-index-url {url}\n", "9.0")):
        source = write({**files, "index.txt": line})
        found = resolve(detect(source, spec), interpreter, client, spec)
        assert [wheel.version for wheel in found.wheels] == [version]


def test_another_password_is_no_other_resolution(
    house, second, write, interpreter, client, monkeypatch
):
    wheels, url = second
    wheels.add("web")
    source = write({"requirements.txt": "web\n"})
    spec = Spec(app=RUN)
    for password in ("s3cret", "t0ken"):
        wheels.login = ("ann", password)
        monkeypatch.setenv("UV_INDEX", url.replace("://", f"://ann:{password}@"))
        resolve(detect(source, spec), interpreter, client, spec)
    assert len(list((client.cache.root / "resolutions").iterdir())) == 1


def test_signed_addresses_are_asked_for_again(house, write, interpreter, client):
    """What is kept of a resolution has no signature, so that it alone fetches nothing."""
    house.add("web")
    house.signature = "first-signature"
    source = write({"requirements.txt": "web\n"})
    spec = Spec(app=RUN)
    found = resolve(detect(source, spec), interpreter, client, spec)
    assert "signature" not in found.wheels[0].url
    house.signature = "second-signature"
    found = resolve(detect(source, spec), interpreter, client, spec)
    assert len(fetch_wheels(found.wheels, client, source)) == 1
    house.requests.clear()
    resolve(detect(source, spec), interpreter, client, spec)
    assert house.requests == []


def test_unknown_here_is_unknown(house, second, write, interpreter, client, monkeypatch):
    _, url = second
    monkeypatch.setenv("UV_INDEX", url.replace("://", "://ann:s3cret@"))
    source = write({"requirements.txt": "nothing\n"})
    spec = Spec(app=RUN)
    with pytest.raises(UnknownDistribution):
        resolve(detect(source, spec), interpreter, client, spec)


# --- files that hold logins ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("requirements.txt", True),
        ("deploy/requirements-prod.in", True),
        ("requirements/prod.txt", True),
        ("pyproject.toml", True),
        ("uv.lock", True),
        ("data/words.txt", False),
        ("config.toml", False),
        ("requirements/prod.py", False),
    ],
)
def test_files_that_are_looked_at(path: str, may: bool) -> None:
    assert may_hold_login(path) is may


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("-i https://ann:s3cret@host/simple", True),
        ("-i https://t0ken@host/simple", True),
        ("-i https://t0ken:@host/simple", True),
        ("-i https://ann:prefix${REST}@host/simple", True),
        ("web @ https://host/web.whl?X-Amz-Signature=abc", True),
        ("url = 'http://host/simple?token=abc'", True),
        ("-i https://host/simple", False),
        ("-i https://ann:${SECRET}@host/simple", False),
        ("-i https://${LOGIN}@host/simple", False),
        ("-i https://ann:****@host/simple", False),
        ("web @ git+https://git@host/web@v1.0", False),
        ("web @ https://host/@scope/web.whl", False),
        ("web @ https://host/web.whl?format=raw&token=${TOKEN}", False),
        ("ann:s3cret@host", False),
    ],
)
def test_what_is_a_login(text: str, holds: bool) -> None:
    assert holds_login(text.encode()) is holds


def test_metadata_of_the_project_itself(tmp_path, client):
    """A login in a requirement would be in the image for everybody to read."""
    shown = b"Requires-Dist: web\n\nUse https://user:password@host/ to log in.\n"
    assert not metadata_holds_login(shown)
    back_end = (
        "import pathlib, zipfile\n"
        "def build_wheel(directory, config_settings=None, metadata_directory=None):\n"
        "    name = 'own-1-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(pathlib.Path(directory, name), 'w') as wheel:\n"
        "        wheel.writestr('own-1.dist-info/METADATA', 'Name: own\\nVersion: 1\\n'\n"
        "            'Requires-Dist: web @ https://ann:s3cret@host/web.whl\\n')\n"
        "    return name\n"
    )
    project = '[build-system]\nrequires = []\nbuild-backend = "back_end"\nbackend-path = ["."]\n'
    source = written(tmp_path / "own", {"pyproject.toml": project, "back_end.py": back_end})
    with pytest.raises(LoginInMetadata) as caught:
        build_wheel(project_sources(source, Spec(app=RUN)), client.cache)
    assert "s3cret" not in str(caught.value)


# --- texts ---------------------------------------------------------------------------------

_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1)


@given(_WORDS, _WORDS, st.booleans())
def test_no_text_shows_a_login(user: str, password: str, quote_it: bool) -> None:
    hidden = quote(password, safe="") if quote_it else password.translate(_NO_DELIMITERS)
    url = f"https://{quote(user, safe='')}:{hidden}@host.example/simple?token={quote(password)}#x"
    assert text_without_secrets(f"cannot fetch `{url}` at all") == (
        "cannot fetch `https://***@host.example/simple?…#x` at all"
        if "…" not in hidden
        else text_without_secrets(f"cannot fetch `{url}` at all")
    )
    if quote_it:
        assert without_secrets(url) == "https://host.example/simple"


_NO_DELIMITERS = {ord(mark): "_" for mark in "'\"`<>?#"}
