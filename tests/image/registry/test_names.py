"""What is typed for a registry, and what may be done to reach one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.image.stores.registry.certificates import RegistryCertificates, certificates_for
from distil.image.stores.registry.errors import InvalidCertificates, InvalidRegistry
from distil.image.stores.registry.registry_name import host_policy, is_loopback, parse_login_key
from distil.model.reference import parse_image_name


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("registry.example", "registry.example"),
        ("registry.example:5000", "registry.example:5000"),
        ("registry.example/", "registry.example"),
        ("https://registry.example", "registry.example"),
        ("HTTPS://registry.example/v2/", "registry.example"),
        ("https://registry.example:5000/v1", "registry.example:5000"),
        ("localhost", "localhost"),
        ("localhost:5000", "localhost:5000"),
        ("127.0.0.1:5000", "127.0.0.1:5000"),
        ("[::1]:5000", "[::1]:5000"),
        ("docker.io", "docker.io"),
        ("index.docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("registry.example/team", "registry.example/team"),
        ("registry.example/team/app/", "registry.example/team/app"),
        ("docker.io/somebody", "docker.io/somebody"),
    ],
)
def test_what_a_login_is_for(text, key):
    assert parse_login_key(text) == key


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "host"),
        ("registry", "taken for a part"),
        ("team/app", "taken for a part"),
        ("http://registry.example", "not https"),
        ("ftp://registry.example", "not https"),
        ("https://registry.example/team", "no path"),
        ("registry.example/Team", "lower case"),
        ("registry.example/team:1.0", "1.0"),
        ("registry.example:port", "host name"),
        ("registry.example\n", "host name"),
        ("regis try.example", "host name"),
        ("../registry.example", "taken for|host name"),
        ("..", "host name"),
        ("registry.example/../x", "'..'"),
        ("https://", "host"),
        ("a://b://registry.example", "https"),
    ],
)
def test_what_is_no_registry(text, why):
    with pytest.raises(InvalidRegistry, match=why):
        parse_login_key(text)


@pytest.mark.parametrize("text", ["me:s3cret@r.example", "https://me:s3cret@r.example/x"])
def test_a_password_is_not_repeated(text):
    with pytest.raises(InvalidRegistry, match="user") as caught:
        parse_login_key(text)
    assert "s3cret" not in str(caught.value)


@given(st.text(max_size=30) | st.from_regex(r"[a-z.:/\[\]0-9@-]{1,30}", fullmatch=True))
def test_every_key_is_a_part_of_an_images_name(text):
    try:
        key = parse_login_key(text)
    except InvalidRegistry:
        return
    name = parse_image_name(f"{key}/x/y")
    assert name.canonical == f"{key}/x/y"
    assert parse_login_key(key) == key


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST:5000", True),
        ("127.0.0.1", True),
        ("127.8.9.1:5000", True),
        ("[::1]", True),
        ("[::1]:5000", True),
        ("[0:0:0:0:0:0:0:1]:5000", True),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),
        ("127.1", False),
        ("[::2]:5000", False),
        ("registry.example", False),
    ],
)
def test_this_machine(host, here):
    assert is_loopback(host) is here
    policy = host_policy(host, frozenset())
    assert (policy.plain_http, policy.unverified) == (here, False)


def test_only_what_is_named_goes_without_verification():
    named = frozenset({"registry.example:5000", "localhost"})
    for host in ("registry.example:5000", "localhost"):
        policy = host_policy(host, named)
        assert (policy.plain_http, policy.unverified) == (True, True)
    for host in ("registry.example", "registry.example:5001", "other.example:5000"):
        policy = host_policy(host, named)
        assert (policy.plain_http, policy.unverified) == (False, False)


class TestCertificates:
    USER = ".config/containers/certs.d"
    SYSTEM = "etc/containers/certs.d"
    DOCKER = "etc/docker/certs.d"

    def put(self, home: Path, directory: str, *names: str, host: str = "r.example:5000") -> Path:
        place = home / directory / host
        place.mkdir(parents=True)
        for name in names:
            (place / name).touch()
        return place

    def test_nothing_is_kept(self):
        assert certificates_for("r.example:5000") == RegistryCertificates((), None)

    @pytest.mark.parametrize("directory", [USER, SYSTEM, DOCKER])
    def test_each_directory(self, home, directory):
        at = self.put(home, directory, "b.crt", "a.crt", "me.cert", "me.key", "README", "x.pem")
        found = certificates_for("r.example:5000")
        assert found.authorities == (at / "a.crt", at / "b.crt")
        assert found.client == (at / "me.cert", at / "me.key")
        assert host_policy("r.example:5000", frozenset()).certificates == found

    def test_they_are_for_one_port(self, home):
        self.put(home, self.USER, "a.crt")
        for host in ("r.example", "r.example:5001", "x.r.example:5000"):
            assert certificates_for(host) == RegistryCertificates()

    def test_the_first_directory_counts(self, home):
        user = self.put(home, self.USER, "a.crt")
        self.put(home, self.SYSTEM, "b.crt", "me.cert", "me.key")
        found = certificates_for("r.example:5000")
        assert found == RegistryCertificates((user / "a.crt",), None)

    def test_of_several_clients_the_first(self, home):
        at = self.put(home, self.USER, "b.cert", "b.key", "a.x.cert", "a.x.key")
        client = certificates_for("r.example:5000").client
        assert client == (at / "a.x.cert", at / "a.x.key")

    @pytest.mark.parametrize(("name", "other"), [("me.cert", "me.key"), ("me.key", "me.cert")])
    def test_half_a_client(self, home, name, other):
        at = self.put(home, self.USER, name)
        with pytest.raises(InvalidCertificates) as caught:
            certificates_for("r.example:5000")
        assert str(at / name) in caught.value.message
        assert other in caught.value.message
