"""Passwords reach the server they are for, and nobody else."""

from __future__ import annotations

import pytest

from distil.errors import DistilError
from distil.fetch.address import parse_address
from distil.fetch.credentials import apt_authorization
from tests.support.downloads import BASIC, DATA, wanted
from tests.support.web_server import WebServer


class TestSecrets:
    SECRET = "s3cret"

    def with_login(self, url):
        return url.replace("://", f"://user:{self.SECRET}@")

    def test_login_in_the_address(self, client, web, url):
        web.faults.require("*", BASIC)
        assert client.archive(wanted(self.with_login(url) + "/a.deb")).read() == DATA

    def test_netrc(self, client, web, url, tmp_path):
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login user password {self.SECRET}\n")
        web.faults.require("*", BASIC)
        assert client.archive(wanted(f"{url}/a.deb")).read() == DATA

    def test_netrc_default_is_not_for_everybody(self, client, web, url, tmp_path):
        (tmp_path / "netrc").write_text(f"default login user password {self.SECRET}\n")
        client.archive(wanted(f"{url}/a.deb"))
        assert "Authorization" not in web.requests[0].headers

    def test_broken_netrc_names_the_file_and_no_secret(self, client, url, tmp_path):
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 {self.SECRET} oops\n")
        with pytest.raises(DistilError) as caught:
            client.archive(wanted(f"{url}/a.deb"))
        assert "netrc" in str(caught.value)
        assert self.SECRET not in str(caught.value)

    @pytest.mark.parametrize(
        "fault",
        [
            lambda faults: faults.status("*", 404),
            lambda faults: faults.status("*", 401),
            lambda faults: faults.status("*", 500),
            lambda faults: faults.tamper("*"),
            lambda faults: faults.replace("*", b"short"),
            lambda faults: faults.truncate("*", 10),
            lambda faults: faults.redirect("*", "/again"),
            lambda faults: faults.redirect("*", "ftp://user:s3cret@host/"),
        ],
    )
    @pytest.mark.parametrize("mirror", [True, False])
    def test_no_secret_in_any_message(self, client, web, url, fault, mirror):
        address = self.with_login(url)
        if mirror:
            client.use_debian_mirror(address)
        fault(web.faults)
        with pytest.raises(DistilError) as caught:
            client.archive(wanted(f"{address}/a.deb?token={self.SECRET}"))
        error: BaseException | None = caught.value
        while error is not None:
            assert self.SECRET not in f"{error} {error!r}"
            error = error.__cause__

    @pytest.mark.parametrize("address", ["http://user:s3cret@127.0.0.1:1/", "ftp://u:s3cret@h/"])
    def test_no_secret_when_there_is_no_server(self, client, address):
        with pytest.raises(DistilError) as caught:
            client.archive(wanted(address))
        assert self.SECRET not in str(caught.value)

    def test_redirect_on_the_same_server_keeps_the_login(self, client, web, url):
        web.faults.redirect("/old.deb", "/a.deb")
        client.archive(wanted(self.with_login(url) + "/old.deb"))
        assert [r.headers.get("Authorization") for r in web.requests] == [BASIC] * 2

    def test_redirect_to_another_port_loses_it(self, client, web, url, tmp_path):
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login user password {self.SECRET}\n")
        other = WebServer(web.root)
        with other.serve() as target:
            web.faults.redirect("*", f"{target}/a.deb")
            client.archive(wanted(self.with_login(url) + "/a.deb"))
        assert web.requests[0].headers["Authorization"] == BASIC
        assert "Authorization" not in other.requests[0].headers

    def test_redirect_there_and_back_loses_nothing_to_the_other(self, client, web, url):
        other = WebServer(web.root)
        with other.serve() as target:
            web.faults.redirect("/old.deb", f"{target}/old.deb")
            other.faults.redirect("*", f"{url}/a.deb")
            client.archive(wanted(self.with_login(url) + "/old.deb"))
        assert "Authorization" not in other.requests[0].headers

    def test_auth_conf_of_apt(self, client, web, url, tmp_path, monkeypatch):
        parts = tmp_path / "apt" / "auth.conf.d"
        parts.mkdir(parents=True)
        (parts / "mine.conf").write_text(
            f"# a comment\nmachine {url}/debian/ login user password {self.SECRET}\n"
        )
        monkeypatch.setattr("distil.fetch.credentials.APT_DIRECTORY", tmp_path / "apt")
        web.faults.replace("*", DATA)
        client.use_debian_mirror(f"{url}/debian")
        client.archive(wanted(f"{url}/debian/a.deb"))
        assert web.requests[0].headers["Authorization"] == BASIC

    def test_login_in_the_address_of_a_mirror_is_kept_apart(self, client, web, url):
        base = client.use_debian_mirror(self.with_login(url) + "/debian/")
        assert base == f"{url}/debian"
        (web.root / "debian").mkdir()
        (web.root / "debian" / "a.deb").write_bytes(DATA)
        web.faults.require("*", BASIC)
        assert client.archive(wanted(f"{base}/a.deb")).read() == DATA

    @pytest.mark.parametrize(
        ("machine", "address", "matches"),
        [
            ("host", "https://host/x", True),
            ("host", "https://HOST:8443/x", True),
            ("host", "http://host/x", False),
            ("http://host", "http://host/x", True),
            ("http://host", "https://host/x", False),
            ("host:8443", "https://host:8443/x", True),
            ("host:8443", "https://host/x", False),
            ("host:443", "https://host/x", True),
            ("host", "https://sub.host/x", False),
            ("host", "https://host.evil/x", False),
            ("host/debian", "https://host/debian", True),
            ("host/debian", "https://host/debian/x", True),
            ("host/debian", "https://host/debian-other/x", False),
            ("host/debian/", "https://host/debian/x", True),
            ("host/debian/", "https://host/other", False),
        ],
    )
    def test_where_an_entry_of_auth_conf_holds(self, tmp_path, machine, address, matches):
        (tmp_path / "auth.conf").write_text(
            f"machine elsewhere login a password b\nmachine {machine}\n"
            f"login user\npassword {self.SECRET}\n"
        )
        found = apt_authorization(parse_address(address), tmp_path)
        assert found == (BASIC if matches else "")
