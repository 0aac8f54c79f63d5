"""Secrets in every place of an application: none gets into an image unless the user names it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.support.command")

from tests.support import secrets  # noqa: E402 - after the line above
from tests.support.applications import FLASK, PACKAGED  # noqa: E402
from tests.support.command import Done, World, copied, world  # noqa: E402
from tests.support.layouts import files  # noqa: E402

LEFT_OUT = (
    ".npmrc", ".yarnrc.yml", ".pypirc", ".netrc", "_netrc", "pip.conf", "id_rsa",
    "deploy/id_ed25519",
    ".ssh/config", ".ssh/known_hosts", ".aws/credentials", ".azure/accessTokens.json",
    ".config/gcloud/credentials.db", ".docker/config.json", ".dockercfg", ".kube/config",
    "kubeconfig",
    ".git-credentials", ".gitconfig", ".pgpass", ".my.cnf", ".env", ".env.production",
    "web/.env.local",
    ".envrc", "terraform.tfstate", "infra/prod.tfstate.backup", "infra/prod.tfvars",
    ".terraform/environment", ".bash_history", ".python_history", ".psql_history", ".vault-token",
    ".vault_pass", ".s3cfg", ".boto", "kaggle.json", "passwords.kdbx", "putty.ppk", "vpn.ovpn",
    ".gnupg/private-keys-v1.d/x.key", ".streamlit/secrets.toml", ".cargo/credentials.toml",
    ".config/gh/hosts.yml", ".claude/settings.local.json",
)  # fmt: skip
"""By their names alone: their contents are nothing in particular."""

WARNED = (
    *("tls/server.key", "store.p12", "store.jks", "service-account.json", "client_secret_1.json"),
    *("credentials.json", "config/secrets.yaml", ".htpasswd"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which the Flask application was built once."""
    with world(tmp_path_factory.mktemp("world")) as made:
        done = made.build(made.app())
        assert done.code == 0, done.stderr
        yield made


@pytest.fixture
def place(built: World, tmp_path: Path) -> World:
    """Directories of the test's own, and caches with all that the Flask application needs."""
    mine = replace(built, root=tmp_path, uv_root=built.root)
    copied(built.cache, mine.cache)
    return mine


def planted(place: World, names: Mapping[str, bytes | str], spec: str = "") -> Path:
    return place.app({**FLASK, **names, **({"distil.toml": spec} if spec else {})})


def own_files(place: World) -> set[str]:
    return {
        path.removeprefix("app/") for path in files(place.out, "1.0") if path.startswith("app/")
    }


def refused(done: Done) -> str:
    assert done.code == 1, done.stderr
    assert "would put secrets into the image" in done.error
    return done.stderr


def test_by_their_names(place: World) -> None:
    app = planted(place, dict.fromkeys(LEFT_OUT, "mine\n") | dict.fromkeys(WARNED, "mine\n"))
    done = place.build(app, "-v")
    assert done.code == 0, done.stderr
    assert own_files(place) == {"app.py", "requirements.txt", *WARNED}
    (warning,) = [line for line in done.stderr.splitlines() if "may hold secrets" in line]
    assert "and 3 more" in warning
    told = {text.partition(": ")[0] for text in done.data["plan"]["leftOut"]}
    assert all(any(name == t or name.startswith(f"{t}/") for t in told) for name in LEFT_OUT)
    short = place.distil("build", app, "-o", f"oci:{place.root}/short").stderr
    assert "that may hold" in short


def test_nothing_is_said_where_nothing_is(place: World) -> None:
    done = place.distil("build", planted(place, {}), "-o", f"oci:{place.root}/short")
    assert done.code == 0
    assert "secrets" not in done.stderr + done.stdout


def test_by_their_contents(place: World) -> None:
    """Whatever they are called: one error tells of them all, by file, line and kind."""
    tokens = secrets.tokens()
    warned = tokens.pop("an API key of Google")
    contents: dict[str, bytes | str] = {
        f"config/{n}.txt": f"# line\ntoken = '{text}'\n" if "PuTTY" not in kind else text
        for n, (kind, text) in enumerate(tokens.items())
    }
    contents |= {f"data/{n}.bin": data for n, data in enumerate(secrets.keys().values())}
    app = planted(place, {**contents, "web.js": warned})
    for half in ("config", "data"):
        text = refused(place.build(app, "--dry-run"))
        for path in sorted(p for p in contents if p.startswith(half))[:20]:
            assert f"  {path}:" in text
        assert "config/3.txt:2: a token of GitHub" in text or half == "data"
        assert not any(token in text for token in tokens.values())
        assert "hint: exclude = [" in text
        shutil.rmtree(app / half)
    done = place.build(app)
    assert done.code == 0, done.stderr
    assert "web.js:1: an API key of Google" in done.stderr
    assert "web.js" in own_files(place)


def test_who_names_a_file_gets_it(place: World) -> None:
    key = secrets.keys()["PKCS#8"]
    names: dict[str, bytes | str] = {"keys/a.pem": key, "keys/b.txt": key}
    names |= dict.fromkeys((".npmrc", ".aws/config", ".aws/credentials", ".env"), "")
    spec = '[app]\ninclude = ["keys/*.pem", "keys/b.txt", ".npmrc", ".aws/config", ".env"]\n'
    done = place.build(planted(place, names, spec))
    assert done.code == 0, done.stderr
    assert "secret" not in done.stderr
    wanted = {"keys/a.pem", "keys/b.txt", ".npmrc", ".aws/config", ".env"}
    assert own_files(place) == {"app.py", "requirements.txt", *wanted}


@pytest.mark.parametrize("pattern", ["**", "keys", "keys/**", "keys/*"])
def test_who_names_a_directory_does_not(place: World, pattern: str) -> None:
    spec = f'[app]\ninclude = ["{pattern}"]\n'
    app = planted(place, {"keys/.npmrc": "", "keys/id_rsa": "", "keys/a.txt": ""}, spec)
    done = place.build(app)
    assert done.code == 0, done.stderr
    assert own_files(place) - {"distil.toml"} == {"app.py", "requirements.txt", "keys/a.txt"}
    (app / "keys/a.txt").write_bytes(secrets.keys()["Ed25519"])
    assert "keys/a.txt:1: a private key" in refused(place.build(app))


def test_what_directories_hold_that_are_left_out(place: World) -> None:
    """To look for what is included is not to take the rest."""
    names: dict[str, bytes | str] = dict.fromkeys(
        (".github/x.yml", ".github/y.yml", ".ssh/config", "data/a"), "x"
    )
    done = place.build(planted(place, names, '[app]\ninclude = ["data", ".github/x.yml"]\n'))
    assert done.code == 0, done.stderr
    assert own_files(place) == {"app.py", "requirements.txt", "data/a", ".github/x.yml"}


def test_excluded(place: World) -> None:
    app = planted(place, {"a.txt": secrets.keys()["SEC 1"]}, '[app]\nexclude = ["a.txt"]\n')
    assert place.build(app).code == 0
    (app / "distil.toml").unlink()
    (app / ".dockerignore").write_text("*.txt\n!requirements.txt\n")
    assert place.build(app).code == 0


def test_beside_the_application(place: World) -> None:
    """Keys of tests, examples and documentation are left out; what is with them stays."""
    key = secrets.keys()["PKCS#1"]
    names: dict[str, bytes | str] = {
        "tests/server.key": key,
        "docs/how.md": key,
        "tests/data.txt": "x",
    }
    done = place.build(planted(place, names))
    assert done.code == 0, done.stderr
    assert own_files(place) == {"app.py", "requirements.txt", "tests/data.txt"}
    assert done.data["plan"]["secrets"] == ["docs/how.md", "tests/server.key"]


def test_copies(place: World) -> None:
    key = secrets.keys()["OpenSSH"]
    spec = '[[copy]]\nfrom = "{}"\nto = "/etc/shop/"\n[app]\nexclude = ["conf"]\n'
    names: dict[str, bytes | str] = {"conf/host": key, "conf/.npmrc": "", "conf/a.ini": ""}
    for source in ("conf", "conf/*", "conf/**"):
        app = planted(place, names, spec.format(source))
        assert "conf/host:1: a private key" in refused(place.build(app))
    for source in ("conf/host", "conf/ho*"):
        done = place.build(planted(place, names, spec.format(source)))
        assert done.code == 0, done.stderr
        assert files(place.out, "1.0")["etc/shop/host"] == key
    (app / "conf/host").unlink()
    done = place.build(planted(place, {}, spec.format("conf")))
    assert done.code == 0, done.stderr
    assert "conf/.npmrc: a login of a package registry" in done.stderr


def test_wheels_of_the_project(place: World) -> None:
    key = secrets.keys()["PKCS#8"].decode()
    app = place.app({**PACKAGED, "till/host.pem": key})
    text = refused(place.build(app))
    assert "-none-any.whl would put secrets into the image" in text
    assert "  till/host.pem:1: a private key" in text
    assert "-none-any.whl" in refused(place.build(app))  # now that the wheel is in the cache
    (app / "distil.toml").write_text('[app]\ninclude = ["till/host.pem"]\n')
    assert place.build(app).code == 0


def test_as_json(place: World) -> None:
    done = place.build(planted(place, {"a.py": f"KEY = '{secrets.github_token()}'\n"}), "--dry-run")
    assert done.code == 1
    assert done.stdout == "" or "error" in json.loads(done.stdout)
