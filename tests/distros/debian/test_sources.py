"""Where mirrors are named, and which of several names counts."""

from __future__ import annotations

import pytest

from distil.distros.debian.errors import NoMirror
from distil.distros.debian.sources import find_mirrors
from distil.events import Event, Warned, listening
from distil.fetch.configuration import configuration_path
from distil.fetch.errors import InvalidConfiguration, InvalidUrl

HOST = "http://mirror.example/debian"
SECURITY = "http://security.example/debian-security"


class Machine:
    """A machine's files, none of them this one's."""

    def __init__(self, root):
        self.apt = root / "apt"
        self.configuration = root / "config.toml"
        self.environment: dict[str, str] = {}

    def source(self, name: str, text: str) -> None:
        path = self.apt / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def mirrors(self):
        return find_mirrors(self.environment, self.configuration, self.apt)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


DEBIAN_SOURCES = f"""\
Types: deb
URIs: {HOST}
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: {SECURITY}
Suites: bookworm-security
Components: main
"""


class TestApt:
    def test_deb822(self, machine):
        machine.source("sources.list.d/debian.sources", DEBIAN_SOURCES)
        found = machine.mirrors()
        assert (found.archive, found.security) == (HOST, SECURITY)
        assert found.named_by == str(machine.apt)

    def test_one_line(self, machine):
        machine.source(
            "sources.list",
            f"deb {HOST}/ trixie main\ndeb {SECURITY} trixie-security main\n",
        )
        found = machine.mirrors()
        assert (found.archives, found.securities) == ((HOST,), (SECURITY,))

    def test_security_suite_of_old_releases(self, machine):
        machine.source("sources.list", f"deb {HOST} sid main\ndeb {SECURITY} buster/updates main\n")
        assert machine.mirrors().security == SECURITY

    def test_both_suites_on_one_mirror(self, machine):
        machine.source("sources.list", f"deb {HOST} trixie main\ndeb {HOST} trixie-security main\n")
        found = machine.mirrors()
        assert (found.archive, found.security) == (HOST, HOST)

    def test_no_security(self, machine):
        machine.source("sources.list", f"deb {HOST} trixie main\n")
        assert machine.mirrors().security is None

    @pytest.mark.parametrize(
        "line",
        [
            "deb https://cloud.example/apt cloud-sdk-bookworm main",
            "deb https://node.example/node_20.x nodistro main",
            "deb https://docker.example/linux/debian bookworm stable",
            "deb http://ubuntu.example/ubuntu noble main",
            "deb http://postgresql.example/pub bookworm-pgdg main",
            "deb cdrom:[Debian GNU/Linux 13]/ trixie main",
            "deb tor+http://onion.example/debian trixie main",
            "deb-src http://source.example/debian trixie main",
            "# deb http://disabled.example/debian trixie main",
        ],
    )
    def test_what_is_not_asked(self, machine, line):
        machine.source("sources.list.d/other.list", line)
        with pytest.raises(NoMirror):
            machine.mirrors()
        machine.source("sources.list", f"deb {HOST} trixie main\n")
        assert machine.mirrors().archives == (HOST,)

    def test_order_and_duplicates(self, machine):
        machine.source("sources.list.d/b.list", "deb http://b/ trixie main\n")
        machine.source("sources.list.d/a.list", f"deb http://a trixie main\ndeb {HOST} sid main\n")
        machine.source("sources.list", f"deb {HOST} trixie main\n")
        assert machine.mirrors().archives == (HOST, "http://a", "http://b")

    def test_unknown_suite_of_a_source_that_trusts_debian(self, machine):
        machine.source(
            "sources.list",
            f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {HOST} zurg main",
        )
        assert machine.mirrors().archive == HOST

    def test_list_of_mirrors_in_a_file(self, machine, tmp_path):
        (tmp_path / "mirrors").write_text(f"# comment\n{HOST}/\tpriority:1\n\nhttp://b/debian\n")
        machine.source("sources.list", f"deb mirror+file://{tmp_path}/mirrors trixie main")
        assert machine.mirrors().archives == (HOST, "http://b/debian")

    @pytest.mark.parametrize("uri", ["file:/srv/debian", "file:///srv/debian/", "copy:/srv/debian"])
    def test_local_mirror(self, machine, uri):
        machine.source("sources.list", f"deb {uri} trixie main")
        assert machine.mirrors().archive == "file:///srv/debian"

    def test_check_valid_until(self, machine):
        machine.source("sources.list", f"deb [check-valid-until=no] {HOST} trixie main")
        assert not machine.mirrors().check_valid_until

    def test_broken_file_is_passed_over_with_a_warning(self, machine):
        machine.source("sources.list.d/debian.sources", DEBIAN_SOURCES)
        machine.source("sources.list.d/broken.list", "what is this")
        events: list[Event] = []
        with listening(events.append):
            assert machine.mirrors().archive == HOST
        assert [type(event) for event in events] == [Warned]

    def test_nothing_at_all_says_how_to_name_one(self, machine):
        with pytest.raises(NoMirror) as caught:
            machine.mirrors()
        assert "DISTIL_DEBIAN_MIRROR" in caught.value.hint
        assert caught.value.exit_code == 2


class TestEnvironmentAndConfiguration:
    def test_environment_comes_first(self, machine):
        machine.source("sources.list.d/debian.sources", DEBIAN_SOURCES)
        machine.configuration.write_text('[debian]\nmirror = "http://configured/debian"\n')
        machine.environment["DISTIL_DEBIAN_MIRROR"] = "http://named/debian/"
        found = machine.mirrors()
        assert (found.archives, found.securities) == (("http://named/debian",), ())
        assert found.named_by == "DISTIL_DEBIAN_MIRROR"

    def test_configuration_comes_before_apt(self, machine):
        machine.source("sources.list.d/debian.sources", DEBIAN_SOURCES)
        machine.configuration.write_text(
            '[debian]\nmirror = "http://c/debian"\nsecurity-mirror = "http://c/security"\n'
            'snapshot-mirror = "http://c/snapshot"\nkeyring = "key.asc"\n'
        )
        found = machine.mirrors()
        assert (found.archive, found.security) == ("http://c/debian", "http://c/security")
        assert found.snapshot == "http://c/snapshot"
        assert found.keyring == str(machine.configuration.parent / "key.asc")

    def test_named_mirror_has_no_security_mirror_of_another(self, machine):
        machine.configuration.write_text(
            '[debian]\nmirror = "http://c/debian"\nsecurity-mirror = "http://c/security"\n'
        )
        machine.environment["DISTIL_DEBIAN_MIRROR"] = "http://named/debian"
        assert machine.mirrors().security is None
        machine.environment["DISTIL_DEBIAN_SECURITY_MIRROR"] = "http://named/security"
        assert machine.mirrors().security == "http://named/security"

    def test_security_mirror_alone(self, machine):
        machine.source("sources.list.d/debian.sources", DEBIAN_SOURCES)
        machine.environment["DISTIL_DEBIAN_SECURITY_MIRROR"] = "http://named/security"
        found = machine.mirrors()
        assert (found.archive, found.security) == (HOST, "http://named/security")

    def test_keyring_and_snapshot_beside_apt(self, machine):
        machine.source("sources.list.d/debian.sources", DEBIAN_SOURCES)
        machine.environment |= {
            "DISTIL_DEBIAN_KEYRING": "/k.asc",
            "DISTIL_DEBIAN_SNAPSHOT_MIRROR": "http://s/x",
        }
        found = machine.mirrors()
        assert (found.archive, found.keyring, found.snapshot) == (HOST, "/k.asc", "http://s/x")

    def test_snapshots_of_the_archive_and_of_security(self, machine):
        machine.source("sources.list.d/debian.sources", DEBIAN_SOURCES)
        machine.environment["DISTIL_DEBIAN_SNAPSHOT_MIRROR"] = "http://s/x/"
        found = machine.mirrors()
        assert (found.snapshot, found.security_snapshot) == ("http://s/x", "http://s/x")
        machine.environment["DISTIL_DEBIAN_SECURITY_SNAPSHOT_MIRROR"] = "http://s/security"
        assert machine.mirrors().security_snapshot == "http://s/security"

    def test_secret_in_the_query_of_a_mirror(self, machine):
        machine.environment["DISTIL_DEBIAN_MIRROR"] = "http://host/debian?token=s3cret"
        with pytest.raises(InvalidUrl, match="has no query") as caught:
            machine.mirrors()
        assert "s3cret" not in str(caught.value)

    def test_path_as_a_mirror(self, machine):
        machine.environment["DISTIL_DEBIAN_MIRROR"] = "/srv/my debian"
        assert machine.mirrors().archive == "file:///srv/my%20debian"

    @pytest.mark.parametrize("value", ["ftp://host/debian", "mirror.example", "http://"])
    def test_address_that_is_none(self, machine, value):
        machine.environment["DISTIL_DEBIAN_MIRROR"] = value
        with pytest.raises(InvalidUrl):
            machine.mirrors()

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ('[debian]\nmiror = "x"\n', "did you mean mirror"),
            ('[debain]\nmirror = "x"\n', "did you mean debian"),
            ("[debian]\nmirror = 5\n", "known keys"),
            ("[debian\n", ""),
        ],
    )
    def test_configuration_that_makes_no_sense(self, machine, text, hint):
        machine.configuration.write_text(text)
        with pytest.raises(InvalidConfiguration, match=r"config\.toml") as caught:
            machine.mirrors()
        assert hint in caught.value.hint

    def test_place_of_the_configuration(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        assert configuration_path({}) == tmp_path / ".config/distil/config.toml"
        assert str(configuration_path({"XDG_CONFIG_HOME": "/xdg"})) == "/xdg/distil/config.toml"
