"""Release files: each thing that can be wrong with one, and how long one is good for."""

from __future__ import annotations

import time

import pytest
from pysequoia import SignatureMode, Tsk, sign

from distil.distros.debian.errors import (
    MalformedRelease,
    NotDebian,
    ReleaseExpired,
    ReleaseNotYetValid,
    ReleaseRolledBack,
    ReleaseTooOld,
    WrongSuite,
)
from distil.distros.debian.releases import DEFAULT_POLICY, SuitePolicy
from distil.fetch.cache import Cache
from distil.fetch.errors import (
    ConnectionFailed,
    InvalidConfiguration,
    NetworkError,
    Offline,
    ServerError,
    TruncatedDownload,
)
from distil.trust.errors import BadSignature, NotSigned, TextOutsideSignature, UnknownSigner
from tests.support.mirror import Mirror
from tests.support.suites import SuiteOpener

DAY = 86400
INRELEASE = "*/dists/trixie/InRelease"


@pytest.fixture
def mirror(tmp_path):
    made = Mirror(tmp_path)
    made.add_package("hello", "1.0", {"/usr/bin/hello": b"hello"})
    made.add_package("world", "2.0", {"/usr/bin/world": b"world"}, architecture="arm64")
    made.add_package("hello", "1.1", {"/usr/bin/hello": b"fixed"}, suite="trixie-security")
    with made.serve():
        yield made


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def opened(mirror, cache):
    return SuiteOpener(mirror, cache)


class TestReleaseFile:
    def test_changed(self, opened, mirror):
        mirror.faults.replace(INRELEASE, lambda data: data.replace(b"13.1", b"13.2"))
        with pytest.raises(BadSignature) as caught:
            opened()
        assert caught.value.exit_code == 2

    @pytest.mark.parametrize(
        "change", [lambda data: b"Codename: evil\n" + data, lambda data: data + b"Codename: evil\n"]
    )
    def test_text_around_the_signed_part(self, opened, mirror, change):
        mirror.faults.replace(INRELEASE, change)
        with pytest.raises(TextOutsideSignature) as caught:
            opened()
        assert caught.value.exit_code == 2

    def test_signed_by_somebody_else(self, opened, mirror):
        mirror.publish(Tsk.generate(user_id="somebody else"))
        with pytest.raises(UnknownSigner):
            opened()

    def test_not_signed(self, opened, mirror):
        mirror.faults.replace(INRELEASE, mirror.release_text("trixie").encode())
        with pytest.raises(NotSigned):
            opened()

    def test_login_page(self, opened, mirror):
        mirror.faults.replace("*", b"<html>Please pay for your wifi</html>")
        with pytest.raises(NotSigned, match="trixie"):
            opened()

    def test_truncated(self, opened, mirror):
        mirror.faults.truncate(INRELEASE, 100)
        with pytest.raises(TruncatedDownload):
            opened()

    @pytest.mark.parametrize("suite", ["trixie", "trixie-updates", "trixie-security"])
    def test_expired(self, opened, mirror, suite):
        mirror.suites[suite].date = time.time() - 10 * DAY
        mirror.suites[suite].valid_for = 7 * DAY
        mirror.publish()
        with pytest.raises(ReleaseExpired, match=f"of {suite} ") as caught:
            opened()
        assert f"DISTIL_ACCEPT_EXPIRED_INDEX={suite}" in caught.value.hint
        assert caught.value.exit_code == 2
        accepted = SuitePolicy(refresh=True, accept_expired=frozenset({suite}))
        assert len(opened(policy=accepted)) == 3
        others = SuitePolicy(refresh=True, accept_expired=frozenset({"bookworm"}))
        with pytest.raises(ReleaseExpired):
            opened(policy=others)
        assert len(opened(check_valid_until=False)) == 3

    def test_expires_while_it_lies_in_the_cache(self, opened, mirror, monkeypatch):
        mirror.suites["trixie"].valid_for = DAY + 100
        mirror.publish()
        opened()
        clock = time.time
        monkeypatch.setattr(time, "time", lambda: clock() + 200)
        with pytest.raises(ReleaseExpired):
            opened(policy=DEFAULT_POLICY)
        with pytest.raises(ReleaseExpired):
            opened(policy=DEFAULT_POLICY, offline=True)

    def test_older_than_last_seen(self, opened, mirror):
        opened()
        mirror.suites["trixie"].date -= 1000
        mirror.publish()
        with pytest.raises(ReleaseRolledBack) as caught:
            opened()
        assert "DISTIL_ACCEPT_OLDER_INDEX=trixie" in caught.value.hint
        assert caught.value.exit_code == 2
        accepted = SuitePolicy(refresh=True, accept_older=frozenset({"trixie"}))
        assert len(opened(policy=accepted)) == 3
        # Accepting it once does not make it the newest.
        with pytest.raises(ReleaseRolledBack):
            opened()

    def test_older_copy_in_a_cache_on_the_way(self, opened, mirror):
        old = (mirror.root / "debian/dists/trixie/InRelease").read_bytes()
        mirror.suites["trixie"].date += 1000
        mirror.publish()
        opened()
        mirror.faults.replace(INRELEASE, old, times=1)
        before = len(mirror.requested(INRELEASE))
        assert len(opened()) == 3
        assert mirror.requested(INRELEASE)[before + 1].headers["Cache-Control"] == "no-cache"

    def test_rollback_is_noticed_across_mirrors_and_aliases(self, opened, mirror, tmp_path):
        opened()
        behind = Mirror(tmp_path / "behind")
        behind.key = mirror.key
        behind.suites["trixie"].date = mirror.suites["trixie"].date - 1000
        with behind.serve():
            for base in ("debian:trixie", "debian:stable"):
                with pytest.raises(ReleaseRolledBack):
                    opened(base, archives=(f"{behind.url}/debian",))

    def test_of_the_future(self, opened, mirror):
        mirror.suites["trixie"].date = time.time() + DAY
        mirror.publish()
        with pytest.raises(ReleaseNotYetValid):
            opened()

    def test_too_old_for_the_user(self, opened):
        with pytest.raises(ReleaseTooOld):
            opened(policy=SuitePolicy(refresh=True, release_days=0.5))
        assert opened(policy=SuitePolicy(refresh=True, release_days=2))

    def test_origin(self, opened, mirror):
        mirror.suites["trixie"].origin = "Ubuntu"
        mirror.publish()
        with pytest.raises(NotDebian, match="Ubuntu"):
            opened()

    def test_another_suite_in_its_place(self, opened, mirror):
        mirror.add_suite("sid", "unstable", version="")
        mirror.publish()
        sid = (mirror.root / "debian/dists/sid/InRelease").read_bytes()
        mirror.faults.replace(INRELEASE, sid)
        with pytest.raises(WrongSuite):
            opened()

    def test_version_that_is_not_the_codenames(self, opened, mirror):
        mirror.suites["trixie"].version = "12.5"
        mirror.publish()
        with pytest.raises(WrongSuite):
            opened()

    def test_fields_that_are_missing(self, opened, mirror):
        signed = sign(mirror.key.signer(), b"Origin: Debian\n", mode=SignatureMode.CLEAR)
        mirror.put_release("trixie", signed)
        with pytest.raises(MalformedRelease):
            opened()

    def test_server_error_of_a_companion_is_not_ignored(self, opened, mirror):
        mirror.faults.status("*/trixie-security/*", 500)
        with pytest.raises(ServerError):
            opened()


class TestFreshness:
    def test_recent_indexes_need_no_network(self, opened, mirror):
        for index in opened():
            index.packages()
        before = len(mirror.web.requests)
        indexes = opened(policy=DEFAULT_POLICY)
        assert b"hello" in indexes[0].packages()
        assert len(mirror.web.requests) == before

    def test_nothing_is_fetched_before_it_is_asked_for(self, opened, mirror):
        opened()
        assert mirror.requested("*/binary-*") == []

    def test_other_keys_do_not_get_what_these_verified(self, opened, mirror, tmp_path):
        opened()
        with pytest.raises(UnknownSigner):
            opened(policy=DEFAULT_POLICY, keyring=None)

    @pytest.mark.parametrize("age", [3601, -10])
    def test_old_indexes_are_fetched_again(self, opened, mirror, monkeypatch, age):
        opened()
        before = len(mirror.web.requests)
        clock = time.time
        monkeypatch.setattr(time, "time", lambda: clock() + age)
        opened(policy=DEFAULT_POLICY)
        assert len(mirror.web.requests) == before + 3

    def test_missing_suites_are_not_asked_for_every_time(self, opened, mirror):
        mirror.faults.status("*/trixie-updates/*", 404)
        opened()
        before = len(mirror.web.requests)
        assert len(opened(policy=DEFAULT_POLICY)) == 2
        assert len(opened.warnings) == 1
        assert len(mirror.web.requests) == before

    def test_new_packages_after_a_refresh(self, opened, mirror):
        first = opened()[0]
        mirror.add_package("new", "1")
        mirror.suites["trixie"].date += 10
        mirror.publish()
        assert opened(policy=DEFAULT_POLICY)[0].digest == first.digest
        assert opened()[0].digest != first.digest

    def test_no_network_and_old_indexes(self, opened, mirror, monkeypatch):
        for index in opened():
            index.packages()
        mirror.faults.reset("*")
        clock = time.time
        monkeypatch.setattr(time, "time", lambda: clock() + 7200)
        with pytest.raises(NetworkError) as caught:
            opened(policy=DEFAULT_POLICY)
        assert "--offline" in caught.value.hint
        indexes = opened(policy=DEFAULT_POLICY, offline=True)
        assert b"hello" in indexes[0].packages()
        assert len(indexes) == 3

    def test_no_network_and_nothing_in_the_cache(self, opened):
        with pytest.raises(ConnectionFailed) as caught:
            opened(archives=("http://127.0.0.1:1/debian",))
        assert "--offline" not in caught.value.hint

    def test_offline_and_nothing_in_the_cache(self, opened):
        with pytest.raises(Offline):
            opened(offline=True)

    def test_offline_checks_the_signature_again(self, opened, mirror, monkeypatch):
        opened()
        clock = time.time
        monkeypatch.setattr(time, "time", lambda: clock() + 7200)
        with pytest.raises(UnknownSigner):
            opened(policy=DEFAULT_POLICY, offline=True, keyring=None)

    def test_environment(self):
        policy = SuitePolicy.from_environment(
            {
                "DISTIL_INDEX_MAX_AGE": "60",
                "DISTIL_RELEASE_MAX_DAYS": "30",
                "DISTIL_ACCEPT_OLDER_INDEX": "trixie, sid",
                "DISTIL_ACCEPT_EXPIRED_INDEX": "sid",
            },
            refresh=True,
        )
        assert policy == SuitePolicy(
            ("main",),
            60,
            refresh=True,
            release_days=30,
            accept_older=frozenset({"trixie", "sid"}),
            accept_expired=frozenset({"sid"}),
        )
        assert SuitePolicy.from_environment({}) == DEFAULT_POLICY

    @pytest.mark.parametrize("value", ["soon", "-1", "nan"])
    def test_environment_that_makes_no_sense(self, value):
        with pytest.raises(InvalidConfiguration, match="DISTIL_INDEX_MAX_AGE"):
            SuitePolicy.from_environment({"DISTIL_INDEX_MAX_AGE": value})

    def test_password_of_a_mirror_is_not_in_the_indexes(self, opened, mirror):
        secret = mirror.url.replace("://", "://user:s3cret@")
        mirror.faults.require("*", "Basic dXNlcjpzM2NyZXQ=")
        indexes = opened(archives=(f"{secret}/debian",), securities=(f"{secret}/debian-security",))
        assert indexes[0].base_url == f"{mirror.url}/debian"
        assert b"hello" in indexes[0].packages()
