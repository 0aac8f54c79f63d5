"""registries.conf as containers' own tools understand it: tables of what is asked, and where."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.image.stores.registry.errors import InvalidRegistriesConf, RegistryBlocked
from distil.image.stores.registry.mirrors import Endpoint, destination, endpoints
from distil.image.stores.registry.registries_conf import Registry
from distil.model.reference import ImageName, parse_image_name
from tests.support.tools import needs, tool

USER = ".config/containers/registries.conf"
SYSTEM = "etc/containers/registries.conf"
DIGEST = "sha256:" + "0" * 64


def asked(image: str) -> list[str]:
    """The full names that are asked for, in order; ``!`` after an insecure one."""
    found = endpoints(parse_image_name(image))
    return [one.name.canonical + "!" * one.insecure for one in found]


def entry(**settings: object) -> str:
    """A ``[[registry]]``; what has a list is a list of tables in it."""
    text = "[[registry]]\n"
    for key, value in settings.items():
        name = key.replace("_", "-")
        for table in value if isinstance(value, list) else ():
            text += "[[registry.mirror]]\n"
            text += "".join(f"{k.replace('_', '-')} = {json.dumps(v)}\n" for k, v in table.items())
        if not isinstance(value, list):
            text += f"{name} = {json.dumps(value)}\n"
    return text


def test_without_any_file():
    assert asked("r.example/app:1") == ["r.example/app:1"]
    assert asked("alpine") == ["docker.io/library/alpine"]


LOCATIONS = [
    # prefix, location, image, what is asked for
    ("r.example", "m.example", "r.example/team/app:1", "m.example/team/app:1"),
    ("r.example", "m.example/copies", "r.example/app:1", "m.example/copies/app:1"),
    ("r.example/team", "m.example", "r.example/team/app:1", "m.example/app:1"),
    ("r.example/team", "m.example", "r.example/teams/app:1", "r.example/teams/app:1"),
    ("r.example/team", "m.example", "r.example/other/app:1", "r.example/other/app:1"),
    ("r.example/app", "m.example/a", "r.example/app:1", "m.example/a:1"),
    ("r.example/app", "m.example/a", f"r.example/app@{DIGEST}", f"m.example/a@{DIGEST}"),
    ("r.example/app:1", "m.example/a:2", "r.example/app:1", "m.example/a:2"),
    ("r.example/app:1", "m.example/a:2", "r.example/app:10", "r.example/app:10"),
    ("r.example", "m.example", "r.example:5000/app", "r.example:5000/app"),
    ("r.example:5000", "m.example", "r.example:5000/app", "m.example/app"),
    ("r.example", "m.example", "r.example.org/app", "r.example.org/app"),
    ("r.example", "m.example", "x.r.example/app", "x.r.example/app"),
    ("r.example/", "m.example/", "r.example/app", "m.example/app"),
    ("*.example", "m.test", "a.b.example/app:1", "m.test/app:1"),
    ("*.example", "m.test", "example/app:1", "docker.io/example/app:1"),
    ("*.example", "", "a.example/app:1", "a.example/app:1"),
    ("*.example", "m.test", "a.example:5000/app", "a.example:5000/app"),
    ("*.example:5000", "m.test", "a.example:5000/app", "m.test/app"),
    ("*.example/team", "m.test", "a.example/team/app", "m.test/app"),
    ("*.example", "m.test", "r.test/a.example/app", "r.test/a.example/app"),
    ("docker.io", "m.example/hub", "alpine", "m.example/hub/library/alpine"),
    ("docker.io/library", "m.example", "alpine:3", "m.example/alpine:3"),
    ("r.example", "docker.io", "r.example/app", "docker.io/library/app"),
    ("", "r.example", "r.example/app", "r.example/app"),
]


@pytest.mark.parametrize(("prefix", "location", "image", "name"), LOCATIONS)
def test_where_an_image_is(write, prefix, location, image, name):
    write(USER, entry(prefix=prefix, location=location))
    assert asked(image) == [name]
    # What is pushed goes where it was said to go.
    full = parse_image_name(image)
    assert destination(full) == Endpoint(full)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("a.example/x/y", "three.test/y"),
        ("a.example/z", "two.test/z"),
        ("b.example/z", "one.test/z"),
        ("c.b.example/z", "four.test/z"),
    ],
)
def test_the_longest_prefix_counts(write, image, name):
    entries = {
        "*.example": "one.test",
        "a.example": "two.test",
        "a.example/x": "three.test",
        "*.b.example": "four.test",
    }
    for order in (1, -1):
        text = "".join(entry(prefix=p, location=at) for p, at in list(entries.items())[::order])
        write(USER, text)
        assert asked(image) == [name]


class TestMirrors:
    @pytest.mark.parametrize(
        ("mirror", "only_digests", "by_tag", "by_digest"),
        [
            ({}, False, True, True),
            ({}, True, False, True),
            ({"pull_from_mirror": "all"}, False, True, True),
            ({"pull_from_mirror": "digest-only"}, False, False, True),
            ({"pull_from_mirror": "tag-only"}, False, True, False),
        ],
    )
    def test_for_what_they_are_asked(self, write, mirror, only_digests, by_tag, by_digest):
        mirrors = [{"location": "m.example/copies", **mirror}, {"location": "last.example"}]
        text = {"prefix": "r.example", "mirror_by_digest_only": only_digests}
        write(USER, entry(**text, mirror=mirrors))
        for suffix, expected in ((":1", by_tag), (f"@{DIGEST}", by_digest)):
            last = not only_digests or suffix != ":1"
            assert asked(f"r.example/a/b{suffix}") == [
                *([f"m.example/copies/a/b{suffix}"] if expected else []),
                *([f"last.example/a/b{suffix}"] if last else []),
                f"r.example/a/b{suffix}",
            ]

    def test_each_is_as_secure_as_it_says(self, write):
        mirrors = [{"location": "m.example", "insecure": True}, {"location": "n.example"}]
        write(USER, entry(location="r.example", mirror=mirrors))
        assert asked("r.example/a") == ["m.example/a!", "n.example/a", "r.example/a"]
        write(USER, entry(location="r.example", insecure=True, mirror=mirrors[1:]))
        assert asked("r.example/a") == ["n.example/a", "r.example/a!"]
        assert destination(parse_image_name("r.example/a")).insecure
        assert not destination(parse_image_name("s.example/a")).insecure

    def test_a_wildcards(self, write):
        write(USER, entry(prefix="*.example", mirror=[{"location": "m.test/all"}]))
        assert asked("a.example/b:1") == ["m.test/all/b:1", "a.example/b:1"]


class TestBlocked:
    @pytest.mark.parametrize("does", [endpoints, destination])
    def test_it_is_an_error(self, write, does):
        path = write(USER, entry(prefix="bad.example/x", blocked=True))
        with pytest.raises(RegistryBlocked, match=r"bad\.example/x/app") as caught:
            does(parse_image_name("bad.example/x/app"))
        assert str(path) in caught.value.message
        assert does(parse_image_name("bad.example/y/app"))

    def test_a_longer_prefix_can_be_allowed(self, write):
        text = entry(prefix="docker.io", blocked=True)
        write(USER, text + entry(prefix="docker.io/library", location="docker.io/library"))
        assert asked("alpine") == ["docker.io/library/alpine"]
        with pytest.raises(RegistryBlocked):
            asked("somebody/app")


class TestFiles:
    def at(self, name: str) -> str:
        return entry(prefix="r.example", location=name)

    def test_the_users_comes_in_the_place_of_the_systems(self, write):
        write(SYSTEM, self.at("system.test"))
        assert asked("r.example/a") == ["system.test/a"]
        write(f"{SYSTEM}.d/x.conf", self.at("part.test"))
        assert asked("r.example/a") == ["part.test/a"]
        write(USER, self.at("user.test"))
        assert asked("r.example/a") == ["user.test/a"]
        write(f"{USER}.d/x.conf", self.at("user-part.test"))
        assert asked("r.example/a") == ["user-part.test/a"]

    def test_parts_in_the_order_of_their_names(self, write):
        write(f"{SYSTEM}.d/b.conf", self.at("b.test"))
        write(f"{SYSTEM}.d/a.conf", self.at("a.test"))
        write(f"{SYSTEM}.d/c.txt", self.at("c.test"))
        assert asked("r.example/a") == ["b.test/a"]

    def test_a_part_replaces_what_has_its_prefix_and_nothing_else(self, write):
        write(SYSTEM, self.at("r.test") + entry(location="s.example", blocked=True))
        write(f"{SYSTEM}.d/a.conf", entry(prefix="r.example", insecure=True, location="r.example"))
        assert asked("r.example/a") == ["r.example/a!"]
        with pytest.raises(RegistryBlocked):
            asked("s.example/a")

    @pytest.mark.parametrize("variable", ["CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH"])
    def test_a_variable_names_another(self, write, monkeypatch, variable):
        write(SYSTEM, self.at("system.test"))
        write(USER, self.at("user.test"))
        monkeypatch.setenv(variable, str(write("mine.conf", self.at("mine.test"))))
        assert asked("r.example/a") == ["mine.test/a"]
        write(f"{SYSTEM}.d/x.conf", self.at("part.test"))
        assert asked("r.example/a") == ["part.test/a"]

    def test_a_named_file_that_is_not_there(self, home, monkeypatch):
        monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(home / "missing.conf"))
        with pytest.raises(InvalidRegistriesConf, match=r"missing\.conf"):
            asked("r.example/a")

    def test_what_is_there_for_names_without_a_registry(self, write):
        """It has no say: the names are Docker's, whoever reads them."""
        text = 'unqualified-search-registries = ["r.example"]\nshort-name-mode = "enforcing"\n'
        write(SYSTEM, f'{text}credential-helpers = ["x"]\n[aliases]\nalpine = "r.example/alpine"\n')
        assert asked("alpine") == ["docker.io/library/alpine"]

    def test_version_1(self, write):
        write(
            SYSTEM,
            "[registries.search]\nregistries = ['s.example']\n"
            "[registries.insecure]\nregistries = ['i.example']\n"
            "[registries.block]\nregistries = ['b.example']\n",
        )
        assert asked("i.example/a") == ["i.example/a!"]
        assert asked("s.example/a") == ["s.example/a"]
        with pytest.raises(RegistryBlocked):
            asked("b.example/a")

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("[[registry]]\n", "neither prefix nor location"),
            ("[[registry]]\nlocation = 1\n", "location"),
            ("registry = 1\n", "registry"),
            ("[[registry]\n", "line 1"),
            ("\xff", "UTF-8"),
            (entry(location="r.example", insecure="yes"), "insecure"),
            (entry(location="r.example", mirror=[{"insecure": True}]), "location"),
            (
                entry(location="r.example", mirror=[{"location": "m", "pull_from_mirror": "no"}]),
                "pull-from-mirror",
            ),
            (
                entry(
                    prefix="r.example",
                    mirror_by_digest_only=True,
                    mirror=[{"location": "m.example", "pull_from_mirror": "all"}],
                ),
                "exclude each other",
            ),
            (
                "[registries.block]\nregistries = ['b.example']\n[[registry]]\nlocation = 'a.b'\n",
                "mixes",
            ),
            (entry(prefix="r.example", location="mirror"), "names no host"),
            (entry(prefix="r.example", location="mirror/x"), "names no host"),
            (entry(prefix="r.example", location="m.example/UPPER"), "lower case"),
            (entry(prefix="r.example", location="*.example"), "leads to"),
            (entry(prefix="r.example", location="https://m.example"), "leads to"),
            (entry(prefix="r.example/a", location="m.example"), "names no host"),
        ],
    )
    def test_what_makes_no_sense(self, home, text, why):
        path = home / USER
        path.parent.mkdir(parents=True)
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(InvalidRegistriesConf, match=why) as caught:
            asked("r.example/a")
        assert caught.value.message.startswith(str(path))

    def test_an_entry_that_means_nothing_here_is_no_obstacle(self, write):
        write(SYSTEM, entry(prefix="s.example", location="mirror") + entry(location="registry"))
        assert asked("r.example/a") == ["r.example/a"]


PARTS = st.from_regex(r"[a-z]{1,3}", fullmatch=True)


@given(PARTS, st.lists(PARTS, min_size=1, max_size=4), st.data())
def test_every_whole_part_of_a_name_is_a_prefix_of_it(host, path, data):
    name = ImageName(f"{host}.example", "/".join(path), "tag").canonical
    length = data.draw(st.integers(0, len(name)))
    matched = Registry(prefix=name[:length]).matched(name)
    whole = length > len(f"{host}.") and (length == len(name) or name[length] in "/:")
    assert matched == (length if whole else 0)


def tried_by_skopeo(image: str) -> list[str]:
    """The names that skopeo asks for, in order; nobody answers, and nobody else is asked."""
    nobody = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [tool("skopeo"), "--debug", "inspect", f"docker://{image}"],
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **nobody},
    )
    return re.findall(r'Trying to access \\"(.*?)\\"', done.stderr)


UNLIKE_SKOPEO = {
    # For skopeo a host is a prefix of any port; its authors say not to rely on that.
    ("r.example", "r.example:5000/app"),
    ("*.example", "a.example:5000/app"),
    # It refuses these wildcards, has no images of Docker Hub outside of a namespace, and does
    # not reach the tag that its manual allows in a prefix.
    ("*.example:5000", "a.example:5000/app"),
    ("*.example/team", "a.example/team/app"),
    ("r.example", "r.example/app"),
    ("r.example/app:1", "r.example/app:1"),
}
"""Prefixes and images for which distil is meant to be of another mind."""


@needs("skopeo")
@pytest.mark.parametrize(
    ("prefix", "location", "image", "name"),
    [row for row in LOCATIONS if (row[0], row[2]) not in UNLIKE_SKOPEO],
)
def test_skopeo_finds_an_image_in_the_same_place(write, prefix, location, image, name):
    write(USER, entry(prefix=prefix, location=location))
    expected = parse_image_name(name)
    expected = expected if expected.digest else expected.tagged()
    assert tried_by_skopeo(image) == [expected.canonical]


@needs("skopeo")
@pytest.mark.parametrize("suffix", [":1", f"@{DIGEST}"])
@pytest.mark.parametrize("only_digests", [False, True])
@pytest.mark.parametrize("prefix", ["r.example", "*.example", "r.example/a"])
def test_skopeo_asks_the_same_mirrors(write, suffix, only_digests, prefix):
    mirrors = [{"location": "m.test/copies"}, {"location": "n.test/x", "insecure": True}]
    location = {} if prefix.startswith("*") else {"location": "real.test/b"}
    text = entry(prefix=prefix, **location, mirror_by_digest_only=only_digests, mirror=mirrors)
    write(USER, text)
    name = f"r.example/a/b{suffix}"
    assert tried_by_skopeo(name) == [one.removesuffix("!") for one in asked(name)]
