"""Logins are found as podman and Docker find them, kept where both look, and forgotten."""

from __future__ import annotations

import base64
import contextlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.image.stores.registry.errors import (
    HelperFailed,
    NotLoggedIn,
    UnreadableLogins,
    UnwritableLogins,
)
from distil.image.stores.registry.login import Login
from distil.image.stores.registry.login_file import LoginFile
from distil.image.stores.registry.logins import (
    erase_all_logins,
    erase_login,
    find_login,
    store_login,
)
from distil.model.reference import parse_image_name

RUNTIME = "run/containers/auth.json"
PODMAN = ".config/containers/auth.json"
DOCKER = ".docker/config.json"
HUB = "https://index.docker.io/v1/"
SECRET = "s3cret"


def basic(user, secret=SECRET):
    return {"auth": base64.b64encode(f"{user}:{secret}".encode()).decode()}


def auths(**users):
    """A file with a login for each key, `__` for a slash and `_` for a dot in it."""
    named = {k.replace("__", "/").replace("_", "."): basic(user) for k, user in users.items()}
    return {"auths": named}


def found(image):
    return find_login(parse_image_name(image))


class TestWhereLoginsAre:
    @pytest.mark.parametrize("file", [RUNTIME, PODMAN, DOCKER])
    def test_each_file(self, write, file):
        write(file, auths(reg_example="me"))
        assert found("reg.example/team/app") == Login("me", SECRET)

    def test_there_is_none(self):
        assert found("reg.example/team/app") is None

    def test_podmans_come_first(self, write):
        for file in (RUNTIME, PODMAN, DOCKER):
            write(file, auths(reg_example=file))
        for file in (RUNTIME, PODMAN, DOCKER):
            assert found("reg.example/app").user == file
            write(file, {})

    @pytest.mark.parametrize(
        ("variable", "value", "file"),
        [
            ("DOCKER_CONFIG", "elsewhere", "elsewhere/config.json"),
            ("XDG_CONFIG_HOME", "settings", "settings/containers/auth.json"),
            ("XDG_RUNTIME_DIR", "session", "session/containers/auth.json"),
        ],
    )
    def test_variables_move_a_file(self, write, home, monkeypatch, variable, value, file):
        monkeypatch.setenv(variable, str(home / value))
        write(file, auths(reg_example="me"))
        assert found("reg.example/app").user == "me"
        monkeypatch.delenv(variable)
        assert found("reg.example/app") is None

    def test_the_named_file_counts_alone(self, write, home, monkeypatch):
        write(DOCKER, auths(reg_example="docker"))
        path = write("mine.json", auths(other_example="me"))
        monkeypatch.setenv("REGISTRY_AUTH_FILE", str(path))
        assert found("other.example/app").user == "me"
        assert found("reg.example/app") is None

    def test_a_session_that_has_no_directory(self, monkeypatch):
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        monkeypatch.setattr("os.getuid", lambda: 987654)
        assert found("reg.example/app") is None


class TestWhichLogin:
    ALL: Mapping[str, Any] = {
        "auths": {
            "reg.example": basic("registry"),
            "reg.example/team": basic("team"),
            "reg.example/team/app": basic("app"),
            "reg.example:5000": basic("port"),
            "docker.io/library/alpine": basic("alpine"),
            HUB: basic("hub"),
        }
    }

    @pytest.mark.parametrize(
        ("image", "user"),
        [
            ("reg.example/team/app:1.0", "app"),
            ("reg.example/team/app/part", "app"),
            ("reg.example/team/application", "team"),
            ("reg.example/teams/app", "registry"),
            ("reg.example/app", "registry"),
            ("reg.example:5000/team/app", "port"),
            ("reg.example:5001/team/app", None),
            ("other.reg.example/app", None),
            ("reg.example.evil/app", None),
            ("alpine", "alpine"),
            ("debian", "hub"),
            ("somebody/alpine", "hub"),
            ("index.docker.io/library/alpine", "alpine"),
        ],
    )
    @pytest.mark.parametrize("file", [PODMAN, DOCKER])
    def test_the_most_particular(self, write, file, image, user):
        write(file, self.ALL)
        login = found(image)
        assert (login and login.user) == user

    def test_the_most_particular_in_any_file(self, write):
        write(PODMAN, auths(reg_example="registry"))
        write(DOCKER, auths(reg_example__team="team"))
        assert found("reg.example/team/app").user == "team"

    @pytest.mark.parametrize(
        ("key", "image"),
        [
            ("https://reg.example", "reg.example/app"),
            ("https://reg.example/", "reg.example/app"),
            ("https://reg.example/v2/", "reg.example/app"),
            ("http://reg.example/v1/", "reg.example/app"),
            ("reg.example/v2/", "reg.example/app"),
            ("https://reg.example:5000/v2/", "reg.example:5000/app"),
            (HUB, "alpine"),
            ("index.docker.io", "alpine"),
            ("registry-1.docker.io", "alpine"),
            ("docker.io", "alpine"),
            ("docker.io/somebody", "somebody/app"),
            ("[::1]:5000", "[::1]:5000/app"),
        ],
    )
    def test_how_docker_has_spelt_keys(self, write, key, image):
        write(DOCKER, {"auths": {key: basic("me")}})
        assert found(image) == Login("me", SECRET)
        assert found("other.example/app") is None

    def test_the_plain_key_before_the_address(self, write):
        write(DOCKER, {"auths": {"https://r.example/v2/": basic("old"), "r.example": basic("new")}})
        assert found("r.example/app").user == "new"

    @pytest.mark.parametrize(
        ("entry", "login"),
        [
            (basic("me"), Login("me", SECRET)),
            (basic("me", "a:b"), Login("me", "a:b")),
            (basic("me", ""), Login("me", "")),
            (basic("jürgen", "paß"), Login("jürgen", "paß")),
            ({"auth": "bWU6czNj\ncmV0"}, Login("me", SECRET)),
            (basic("me", "s3cret\0\0"), Login("me", SECRET)),
            ({"username": "me", "password": SECRET}, Login("me", SECRET)),
            ({"identitytoken": "tok"}, Login("", "", "tok")),
            ({**basic("0000", ""), "identitytoken": "tok"}, Login("0000", "", "tok")),
            ({**basic("me"), "email": None, "more": [1]}, Login("me", SECRET)),
            ({**basic("me"), "username": "other"}, Login("me", SECRET)),
            ({}, None),
            ({"auth": ""}, None),
            ({"auth": None, "email": "a@b"}, None),
        ],
    )
    def test_forms_of_an_entry(self, write, entry, login):
        write(DOCKER, {"auths": {"reg.example": entry}})
        assert found("reg.example/app") == login


BROKEN = [
    '{"auths": {"reg.example": {"auth": "' + SECRET + '"}}}',
    '{"auths": {"reg.example": {"auth": "czNjcmV0"}}}',
    '{"auths": {"reg.example": {"auth": "/w=="}}}',
    '{"auths": {"reg.example": {"auth": ["' + SECRET + '"]}}}',
    '{"auths": {"reg.example": {"identitytoken": {"' + SECRET + '": 1}}}}',
    '{"auths": {"reg.example": "' + SECRET + '"}}',
    '{"auths": "' + SECRET + '"}',
    '{"auths": ["' + SECRET + '"]}',
    '{"auths": {"reg.example": {"auth": "' + SECRET + '", "auth": "czNjcmV0"}}}',
    '{"auths": {}, "auths": {"' + SECRET + '": {}}}',
    '{"credHelpers": {"' + SECRET + '": 1}}',
    '{"credsStore": ["' + SECRET + '"]}',
    '{"credsStore": "../' + SECRET + '"}',
    '{"credsStore": "' + SECRET + ' x"}',
    '{"credsStore": "a\\u0000' + SECRET + '"}',
    '"' + SECRET + '"',
    '["' + SECRET + '"]',
    '{"auths": {"' + SECRET + '": ',
    SECRET,
    '{"' + SECRET + '": NaN}',
    '{"' + SECRET + '": ' + "9" * 5000 + "}",
    "[" * 100_000 + SECRET,
    '{"a":' * 5000 + '"' + SECRET + '"',
    "",
    "null",
    "\ufeff{}",
]


class TestBrokenFiles:
    @pytest.mark.parametrize("text", BROKEN)
    def test_the_error_names_the_file_and_no_text(self, write, text):
        path = write(DOCKER, text)
        with pytest.raises((UnreadableLogins, HelperFailed)) as caught:
            found("reg.example/app")
        if isinstance(caught.value, UnreadableLogins):
            assert str(path) in caught.value.message
        error: BaseException | None = caught.value
        while error is not None:
            for secret in (SECRET, "czNjcmV0"):
                assert secret not in f"{error} {error!r}"
            error = error.__cause__

    def test_not_utf_8(self, home, write):
        write(DOCKER, "").write_bytes(b'{"auths": {"\xff' + SECRET.encode() + b'": {}}}')
        with pytest.raises(UnreadableLogins, match="UTF-8") as caught:
            found("reg.example/app")
        assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"

    def test_a_directory(self, home):
        (home / DOCKER).mkdir(parents=True)
        with pytest.raises(UnreadableLogins, match="directory"):
            found("reg.example/app")

    @pytest.mark.parametrize("text", BROKEN)
    def test_it_is_not_replaced(self, write, text):
        path = write(DOCKER, text)
        before = path.read_bytes()
        with pytest.raises((UnreadableLogins, HelperFailed)):
            found("reg.example/app")
        if not text.startswith('{"auths": {"reg.example": {"'):
            with pytest.raises((UnreadableLogins, HelperFailed)):
                store_login("reg.example", Login("me", "new"))
            assert path.read_bytes() == before
        assert [file.name for file in path.parent.iterdir()] == ["config.json"]


class TestStoring:
    def test_where_every_tool_looks(self, home):
        assert store_login("reg.example", Login("me", SECRET)) == str(home / DOCKER)
        assert found("reg.example/app") == Login("me", SECRET)
        assert json.loads((home / DOCKER).read_text()) == {"auths": {"reg.example": basic("me")}}

    def test_nobody_else_can_read_it(self, home, write):
        store_login("reg.example", Login("me", SECRET))
        assert stat.S_IMODE((home / DOCKER).stat().st_mode) == 0o600
        assert stat.S_IMODE((home / ".docker").stat().st_mode) == 0o700
        write(PODMAN, auths(reg_example="me")).chmod(0o644)
        store_login("reg.example", Login("me", "new"))
        assert stat.S_IMODE((home / PODMAN).stat().st_mode) == 0o600

    def test_under_dockers_name_for_its_hub(self, home):
        store_login("docker.io", Login("me", SECRET))
        assert json.loads((home / DOCKER).read_text()) == {"auths": {HUB: basic("me")}}
        assert found("alpine").user == "me"

    @pytest.mark.parametrize("file", [RUNTIME, PODMAN, DOCKER])
    def test_in_the_place_of_an_older_one(self, write, file):
        path = write(file, auths(reg_example="old", other_example="other"))
        assert store_login("reg.example", Login("new", SECRET)) == str(path)
        assert found("reg.example/app").user == "new"
        assert found("other.example/app").user == "other"

    def test_what_is_unknown_is_kept(self, write):
        path = write(
            DOCKER,
            {
                "HttpHeaders": {"X": "\ud800 ü"},
                "auths": {"https://r.example/v2/": {**basic("old"), "email": "a@b", "x": [1.5]}},
                "detachKeys": "ctrl-e,e",
                "proxies": {"default": {"noProxy": None}},
            },
        )
        store_login("r.example", Login("", "", "tok"))
        assert json.loads(path.read_text()) == {
            "HttpHeaders": {"X": "\ud800 ü"},
            "auths": {
                "r.example": {"auth": "Og==", "identitytoken": "tok", "email": "a@b", "x": [1.5]}
            },
            "detachKeys": "ctrl-e,e",
            "proxies": {"default": {"noProxy": None}},
        }
        assert found("r.example/app") == Login("", "", "tok")

    def test_a_part_of_a_registry_not_where_docker_would_take_it_for_all(self, home):
        assert store_login("r.example/team", Login("me", SECRET)) == str(home / PODMAN)
        assert found("r.example/team/app").user == "me"
        assert found("r.example/app") is None

    def test_the_named_file(self, home, monkeypatch):
        monkeypatch.setenv("REGISTRY_AUTH_FILE", str(home / "new" / "auth.json"))
        for key in ("r.example", "r.example/team"):
            assert store_login(key, Login("me", SECRET)) == str(home / "new" / "auth.json")
        assert not (home / DOCKER).exists()

    def test_a_link_stays_one(self, home, write):
        real = write("dotfiles/docker.json", auths(a_example="a"))
        (home / ".docker").mkdir()
        (home / DOCKER).symlink_to(real)
        store_login("b.example", Login("b", SECRET))
        assert (home / DOCKER).is_symlink()
        assert set(json.loads(real.read_text())["auths"]) == {"a.example", "b.example"}

    def test_where_nothing_can_be_written(self, home, write):
        write(".docker", "a file")
        with pytest.raises(UnwritableLogins, match=r"\.docker") as caught:
            store_login("reg.example", Login("me", SECRET))
        assert SECRET not in str(caught.value)

    def test_several_at_once_lose_none(self, home):
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: store_login(f"r{n}.example", Login("me", SECRET)), range(24)))
        assert len(json.loads((home / DOCKER).read_text())["auths"]) == 24


class TestErasing:
    def test_from_every_file(self, home, write):
        paths = [write(file, auths(r_example="me", o_example="o")) for file in (RUNTIME, DOCKER)]
        assert erase_login("r.example").places == tuple(map(str, paths))
        assert found("r.example/app") is None
        assert found("o.example/app").user == "o"

    def test_under_all_its_names(self, write):
        path = write(DOCKER, {"auths": {HUB: basic("a"), "docker.io": basic("b"), "x": {}}})
        erase_login("docker.io")
        assert json.loads(path.read_text()) == {"auths": {"x": {}}}

    def test_no_more_than_was_said(self, write):
        write(PODMAN, auths(r_example="all", r_example__team="team"))
        erase_login("r.example/team")
        assert found("r.example/team/app").user == "all"

    def test_what_is_not_there(self, write):
        write(DOCKER, auths(reg_example="me", **{"not a name": "x"}))
        with pytest.raises(NotLoggedIn) as caught:
            erase_login("rge.example")
        assert caught.value.exit_code == 1
        assert caught.value.hint == "there are logins for reg.example"

    def test_all(self, write):
        for file in (RUNTIME, PODMAN, DOCKER):
            write(file, {**auths(r_example="me", o_example__t="o"), "kept": 1})
        erased = erase_all_logins()
        assert [one.key for one in erased] == ["r.example", "o.example/t"]
        assert {len(one.places) for one in erased} == {3}
        assert found("r.example/app") is None
        assert erase_all_logins() == []


class TestHelpers:
    @pytest.fixture(autouse=True)
    def program(self, helpers):
        helpers.add()

    @pytest.mark.parametrize(
        "settings", [{"credsStore": "fake"}, {"credHelpers": {"r.example": "fake"}}]
    )
    def test_it_is_asked(self, write, helpers, settings):
        write(DOCKER, settings)
        helpers.keep("r.example", "me", SECRET)
        assert found("r.example/team/app") == Login("me", SECRET)
        assert helpers.asked == ["get r.example"]

    def test_a_token(self, write, helpers):
        write(DOCKER, {"credsStore": "fake"})
        helpers.keep("r.example", "<token>", "tok")
        assert found("r.example/app") == Login(identity_token="tok")

    def test_the_hub_under_both_names(self, write, helpers):
        write(DOCKER, {"credsStore": "fake"})
        assert found("alpine") is None
        assert helpers.asked == [f"get {HUB}", "get docker.io"]
        helpers.keep("docker.io", "me", SECRET)
        assert found("alpine").user == "me"

    def test_the_registrys_own_before_the_one_for_all(self, write, helpers):
        helpers.add("other")
        write(
            DOCKER, {"credsStore": "fake", "credHelpers": {"r.example": "other", "n.example": ""}}
        )
        for name in ("fake", "other"):
            for server in ("r.example", "n.example", "s.example"):
                helpers.keep(server, f"{name} {server}", SECRET, name)
        assert found("r.example/app").user == "other r.example"
        assert found("s.example/app").user == "fake s.example"
        assert found("n.example/app") is None

    def test_it_comes_before_what_is_written_and_after_what_is_more_particular(
        self, write, helpers
    ):
        write(DOCKER, {**auths(r_example="old", r_example__t="team"), "credsStore": "fake"})
        assert found("r.example/app").user == "old"
        helpers.keep("r.example", "new", SECRET)
        assert found("r.example/app").user == "new"
        assert found("r.example/t/app").user == "team"

    @pytest.mark.parametrize("login", [Login("me", SECRET), Login("", "", "tok")])
    def test_storing(self, home, write, helpers, login):
        write(DOCKER, {"credsStore": "fake", "auths": {"r.example": basic("old")}})
        assert store_login("r.example", login) == "docker-credential-fake"
        assert found("r.example/app") == login
        # As Docker leaves it, so that both know what there is.
        assert json.loads((home / DOCKER).read_text())["auths"] == {"r.example": {}}
        assert not any(SECRET in line or "tok" in line for line in helpers.asked)

    def test_storing_for_the_hub(self, write, helpers):
        write(DOCKER, {"credsStore": "fake"})
        store_login("docker.io", Login("me", SECRET))
        assert list(helpers.kept()) == ["https:__index.docker.io_v1_"]

    def test_erasing(self, home, write, helpers):
        write(DOCKER, {"credsStore": "fake", "auths": {"r.example": {}}})
        helpers.keep("r.example", "me", SECRET)
        helpers.keep("o.example", "o", SECRET)
        places = erase_login("r.example").places
        assert places == ("docker-credential-fake", str(home / DOCKER))
        assert list(helpers.kept()) == ["o.example"]

    def test_erasing_all_that_the_file_knows_of(self, write, helpers):
        write(DOCKER, {"credsStore": "fake", "auths": {"r.example": {}}})
        helpers.keep("r.example", "me", SECRET)
        helpers.keep("o.example", "somebody else's", SECRET)
        assert [one.key for one in erase_all_logins()] == ["r.example"]
        assert list(helpers.kept()) == ["o.example"]

    def test_the_helper_of_a_file_with_nothing_else(self, write, helpers):
        path = write(PODMAN, {"credHelpers": {"r.example": "fake"}})
        assert store_login("r.example", Login("me", SECRET)) == "docker-credential-fake"
        assert json.loads(path.read_text())["auths"] == {"r.example": {}}

    @pytest.mark.parametrize(
        ("script", "why"),
        [
            ("echo 's3cret went wrong'; echo s3cret >&2; exit 3", "status 3"),
            ("echo s3cret", "no sense"),
            ('echo \'{"Username": 1, "Secret": "s3cret"}\'', "no sense"),
            ("printf '['; head -c 900000 /dev/zero | tr '\\0' '['", "no sense"),
            ("yes s3cret", "too long"),
            ("kill -9 $$", "status -9"),
        ],
    )
    def test_one_that_fails(self, write, helpers, script, why):
        helpers.add("bad", f"#!/bin/sh\n{script}\n")
        write(DOCKER, {"credsStore": "bad"})
        with pytest.raises(HelperFailed, match=why) as caught:
            found("r.example/app")
        assert "docker-credential-bad" in caught.value.message
        assert SECRET not in f"{caught.value} {caught.value.__cause__!r}"

    @pytest.mark.parametrize("last", ["exec sleep 600", "sleep 600 & exit 0"])
    def test_one_that_does_not_end(self, write, helpers, monkeypatch, last):
        """Nor is one waited for that leaves a child with its output behind."""
        monkeypatch.setattr("distil.image.stores.registry.credential_helpers._SECONDS", 0.3)
        helpers.add("slow", f"#!/bin/sh\n{last}\n")
        write(DOCKER, {"credsStore": "slow"})
        with pytest.raises(HelperFailed, match="longer than"):
            found("r.example/app")

    def test_one_that_reads_nothing(self, write, helpers):
        helpers.add("deaf", "#!/bin/sh\nexit 0\n")
        write(DOCKER, {"credsStore": "deaf"})
        store_login("r.example", Login("me", "x" * 200_000))

    def test_one_that_is_not_there(self, write):
        write(DOCKER, {"credsStore": "missing"})
        with pytest.raises(HelperFailed, match=r"docker-credential-missing.*not installed"):
            found("r.example/app")

    def test_one_that_cannot_be_run(self, write, helpers):
        helpers.add("odd", "\x7fELF")
        write(DOCKER, {"credsStore": "odd"})
        with pytest.raises(HelperFailed, match="cannot be run"):
            found("r.example/app")


class TestSecrets:
    LOGIN = Login("me", SECRET, "t0ken")

    @pytest.mark.parametrize("shown", [repr, str, "{}".format, "{!r}".format, ascii])
    def test_a_login_shows_its_user_alone(self, shown):
        text = shown(self.LOGIN) + shown([self.LOGIN]) + shown({"a": self.LOGIN})
        assert "me" in text
        assert SECRET not in text
        assert "t0ken" not in text

    def test_nor_does_rich(self):
        from rich.pretty import pretty_repr

        assert SECRET not in pretty_repr(self.LOGIN)

    def test_a_helper_gets_it_over_its_input_alone(self, write, helpers):
        helpers.add("spy", '#!/bin/sh\necho "$*" >{log}; env >>{log}; cat >/dev/null\n')
        write(DOCKER, {"credsStore": "spy"})
        store_login("r.example", Login("me", SECRET))
        assert helpers.asked[0] == "store"
        assert not [line for line in helpers.asked if SECRET in line]

    def test_nothing_of_it_is_left_beside_the_file(self, home):
        store_login("r.example", self.LOGIN)
        erase_login("r.example")
        files = [file for file in home.rglob("*") if file.is_file()]
        assert files == [home / DOCKER]
        assert json.loads(files[0].read_text()) == {"auths": {}}


HOSTS = st.from_regex(r"[a-z]{1,5}\.example(:[0-9]{1,4})?", fullmatch=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters=":\0"), max_size=20)


class TestAnything:
    @given(HOSTS, WORDS, WORDS, st.text(max_size=10))
    def test_what_was_stored_is_found(self, tmp_path_factory, host, user, secret, token):
        login = Login(user, secret, token.replace("\ud800", ""))
        file = LoginFile(tmp_path_factory.mktemp("logins") / "auth.json")
        file.store(host, login)
        assert file.find(host) == (login if user or secret or login.identity_token else None)
        file.erase(host)
        assert file.find(host) is None

    @given(st.binary(max_size=60) | st.text('{}[]":,auths redHlp1', max_size=60).map(str.encode))
    def test_any_bytes_are_a_file_or_an_error(self, tmp_path_factory, data):
        path = Path(tmp_path_factory.mktemp("logins"), "auth.json")
        path.write_bytes(data)
        with contextlib.suppress(UnreadableLogins):
            assert LoginFile(path).find("r.example") is None
