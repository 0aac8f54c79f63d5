"""Repositories of others: their own key, and every link of the chain that Debian's have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pysequoia import SignatureMode, Tsk, sign

from distil.distros.debian.errors import (
    ByHashMismatch,
    IndexMismatch,
    MalformedRelease,
    NotDebian,
    ReleaseExpired,
    ReleaseNotYetValid,
    ReleaseRolledBack,
    UnusableRepository,
    WrongSuite,
)
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.releases import DEFAULT_POLICY, SuitePolicy
from distil.distros.debian.repository import SuiteIndex
from distil.distros.debian.vendor import Repository, open_repository
from distil.fetch.cache import Cache
from distil.fetch.errors import AccessDenied, Offline
from distil.fetch.http import Client
from distil.model.platform import AMD64, ARM64, Platform
from distil.trust.errors import BadSignature, NotSigned, TextOutsideSignature, UnknownSigner
from tests.support.mirror import Mirror
from tests.support.suites import FRESH, SuiteOpener
from tests.support.vendor import Vendor
from tests.support.web_server import tampered

DAY = 86400
INRELEASE = "*/dists/stable/InRelease"
RELEASE = "*/dists/stable/Release"


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Mirror]:
    """A repository with a suite `stable`; its Release file has a codename of its own."""
    made = Mirror(tmp_path / "vendor", codename="vendor1", alias="stable")
    suite = made.suites["vendor1"]
    suite.origin, suite.label, suite.version = "Vendor", "Vendor", ""
    made.add_package("tool", "1.0", {"/usr/bin/tool": b"tool"})
    with made.serve():
        yield made


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


class Opener:
    """Opens the repository of `vendor`."""

    def __init__(self, vendor: Mirror, cache: Cache) -> None:
        self.vendor = vendor
        self.cache = cache

    def __call__(
        self,
        *,
        platform: Platform = AMD64,
        policy: SuitePolicy = FRESH,
        offline: bool = False,
        **changes: object,
    ) -> tuple[SuiteIndex, ...]:
        settings = {
            "url": f"{self.vendor.url}/debian",
            "suite": "stable",
            "key": self.vendor.keyring,
            **changes,
        }
        with Client(self.cache, offline=offline, retry_delay=0.01) as client:
            repository = Repository(**settings)  # type: ignore[arg-type]
            found = open_repository(repository, platform, client, self.cache, policy)
            for index in found:
                index.packages()
            return found


@pytest.fixture
def opened(vendor: Mirror, cache: Cache) -> Opener:
    return Opener(vendor, cache)


def detached(vendor: Mirror, change: bytes = b"", key: Tsk | None = None) -> None:
    """Publish Release and Release.gpg instead of InRelease."""
    text = vendor.release_text("vendor1").encode()
    suite = vendor.root / "debian/dists/stable"
    signer = (key or vendor.key).signer()
    (suite / "Release").write_bytes(text + change)
    (suite / "Release.gpg").write_bytes(sign(signer, text, mode=SignatureMode.DETACHED))
    (suite / "InRelease").unlink(missing_ok=True)


# --- what is there -------------------------------------------------------------------------


def test_opened(opened: Opener, vendor: Mirror) -> None:
    [index] = opened()
    assert b"Package: tool\n" in index.packages()
    assert index.base_url == f"{vendor.url}/debian"
    assert index.suite.endswith("/debian stable")
    assert index.codename == "vendor1"


def test_components(opened: Opener, vendor: Mirror) -> None:
    vendor.suites["vendor1"].components = ("main", "extra")
    vendor.add_package("more", "1.0", component="extra")
    vendor.publish()
    main, extra = opened(components=("main", "extra"))
    assert b"Package: more" not in main.packages()
    assert b"Package: more" in extra.packages()
    with pytest.raises(UnusableRepository, match="no component 'rest'") as caught:
        opened(components=("rest",))
    assert (caught.value.key, caught.value.hint) == ("components", "it has main, extra")


def test_packages_for_all_architectures_in_an_index_of_their_own(
    opened: Opener, vendor: Mirror
) -> None:
    """As some tools write it, with no index for the platform at all."""
    vendor.suites["vendor1"].architectures = ("all", "armhf")
    vendor.add_package("plain", "1.0", architecture="all")
    text = vendor.release_text("vendor1").replace("binary-armhf", "binary-all")
    signed = sign(vendor.key.signer(), text.encode(), mode=SignatureMode.CLEAR)
    for name in ("stable", "vendor1"):
        main = vendor.root / f"debian/dists/{name}/main"
        (main / "binary-armhf").rename(main / "binary-all")
    vendor.put_release("vendor1", signed)
    [index] = opened()
    assert b"Package: plain\n" in index.packages()


def test_an_architecture_that_is_not_there(opened: Opener, vendor: Mirror) -> None:
    vendor.suites["vendor1"].architectures = ("amd64",)
    vendor.publish()
    with pytest.raises(UnusableRepository, match="no packages for arm64") as caught:
        opened(platform=ARM64)
    assert caught.value.hint == "it has amd64"


@pytest.mark.parametrize(("suite", "key"), [("unstable", "suite"), ("stable/main", "suite")])
def test_a_suite_that_is_not_there(opened: Opener, suite: str, key: str) -> None:
    with pytest.raises(UnusableRepository, match="no Release file at") as caught:
        opened(suite=suite)
    assert caught.value.key == key


def test_a_suite_that_has_just_been_published(opened: Opener, vendor: Mirror) -> None:
    """That it was not there before is not held against it."""
    with pytest.raises(UnusableRepository):
        opened(suite="new", policy=DEFAULT_POLICY)
    vendor.add_suite("new", "newest", origin="Vendor")
    vendor.publish()
    assert opened(suite="new", policy=DEFAULT_POLICY)


def test_not_automatic(opened: Opener, vendor: Mirror) -> None:
    vendor.suites["vendor1"].not_automatic = True
    vendor.publish()
    with pytest.raises(UnusableRepository, match="NotAutomatic"):
        opened()


def test_release_and_its_signature_apart(opened: Opener, vendor: Mirror) -> None:
    detached(vendor)
    assert b"Package: tool\n" in opened()[0].packages()
    before = len(vendor.requested("*"))
    assert opened(policy=DEFAULT_POLICY)
    assert len(vendor.requested("*")) == before


def test_offline(opened: Opener, vendor: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Offline):
        opened(offline=True)
    clock = time.time
    for publish in (vendor.publish, lambda: detached(vendor)):
        publish()
        first = opened()
        with monkeypatch.context() as later:
            later.setattr(time, "time", lambda: clock() + 7200)
            assert opened(offline=True, policy=DEFAULT_POLICY)[0].digest == first[0].digest


# --- every link, broken --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "change", "error"),
    [
        (INRELEASE, lambda data: data.replace(b"Label: Vendor", b"Label: Vender"), BadSignature),
        (INRELEASE, lambda data: b"Origin: x\n" + data, TextOutsideSignature),
        (INRELEASE, lambda data: data + b"Origin: x\n", TextOutsideSignature),
        (INRELEASE, lambda data: b"<html>Please log in</html>", NotSigned),
        ("*/by-hash/*", tampered, ByHashMismatch),
    ],
)
def test_tampered(opened: Opener, vendor: Mirror, pattern: str, change, error) -> None:
    vendor.faults.replace(pattern, change)
    with pytest.raises(error) as caught:
        opened()
    assert caught.value.exit_code == 2
    assert type(caught.value) is error


def test_tampered_index_without_a_digest_in_its_name(opened: Opener, vendor: Mirror) -> None:
    vendor.suites["vendor1"].by_hash = False
    vendor.publish()
    vendor.faults.replace("*/Packages*", tampered)
    with pytest.raises(IndexMismatch):
        opened()


@pytest.mark.parametrize(
    ("pattern", "change", "error"),
    [
        (RELEASE, lambda data: data.replace(b"Label: Vendor", b"Label: Vender"), BadSignature),
        (RELEASE, lambda data: data + b"Origin: x\n", BadSignature),
        (f"{RELEASE}.gpg", lambda data: b"<html>Please log in</html>", NotSigned),
        (f"{RELEASE}.gpg", lambda data: b"", NotSigned),
        (f"{RELEASE}.gpg", lambda data: data[:60], NotSigned),
    ],
)
def test_tampered_apart(opened: Opener, vendor: Mirror, pattern: str, change, error) -> None:
    detached(vendor)
    vendor.faults.replace(pattern, change)
    with pytest.raises(error):
        opened()


def test_a_release_file_without_its_signature(opened: Opener, vendor: Mirror) -> None:
    detached(vendor)
    vendor.faults.status(f"{RELEASE}.gpg", 404)
    with pytest.raises(NotSigned):
        opened()


@pytest.mark.parametrize("apart", [False, True])
def test_signed_by_somebody_else(opened: Opener, vendor: Mirror, apart: bool) -> None:
    other = Tsk.generate(user_id="somebody else")
    vendor.publish(other)
    if apart:
        detached(vendor, key=other)
    with pytest.raises(UnknownSigner) as caught:
        opened()
    assert str(vendor.keyring) in caught.value.hint


def test_debian_s_keys_do_not_count_here(
    opened: Opener, vendor: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    debian = Tsk.generate(user_id="Debian")
    (tmp_path / "debian.asc").write_text(str(debian.extract_certificate()))
    monkeypatch.setattr("distil.trust.keyring.DEBIAN_KEYRING", tmp_path / "debian.asc")
    vendor.publish(debian)
    with pytest.raises(UnknownSigner):
        opened()


def test_the_vendor_s_key_does_not_count_for_debian(
    vendor: Mirror, cache: Cache, tmp_path: Path
) -> None:
    """Not even for what the vendor's key has signed at the very address."""
    debian = Mirror(tmp_path / "debian")
    with debian.serve():
        Opener(debian, cache)(suite="trixie", key=debian.keyring)
        opener = SuiteOpener(debian, cache)
        with pytest.raises(UnknownSigner):
            opener(policy=DEFAULT_POLICY, keyring=str(vendor.keyring))


def test_what_was_verified_as_a_vendor_s_is_not_debian_s(
    vendor: Mirror, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the very same key and address, the Origin still has to be Debian."""
    monkeypatch.setattr("distil.trust.keyring.DEBIAN_KEYRING", vendor.keyring)
    vendor.add_suite("trixie", "testing", origin="Vendor")
    vendor.publish()
    Opener(vendor, cache)(suite="trixie")
    with pytest.raises(NotDebian):
        SuiteOpener(vendor, cache)(policy=DEFAULT_POLICY, keyring=None)


def test_a_key_that_is_none(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("not a key")
    for key in (tmp_path / "key", tmp_path / "gone"):
        with pytest.raises(UnusableRepository, match="cannot be checked") as caught:
            opened(key=key)
        assert caught.value.key == "key"
        assert "config.toml" not in caught.value.hint


def test_another_suite_in_its_place(opened: Opener, vendor: Mirror) -> None:
    vendor.add_suite("vendor2", "testing", origin="Vendor")
    vendor.publish()
    other = (vendor.root / "debian/dists/testing/InRelease").read_bytes()
    vendor.faults.replace(INRELEASE, other)
    with pytest.raises(WrongSuite):
        opened()


def test_expired(opened: Opener, vendor: Mirror) -> None:
    suite = vendor.suites["vendor1"]
    suite.date, suite.valid_for = time.time() - 10 * DAY, 7 * DAY
    vendor.publish()
    with pytest.raises(ReleaseExpired) as caught:
        opened()
    name = f"{vendor.url}/debian/dists/stable"
    assert f"DISTIL_ACCEPT_EXPIRED_INDEX={name}" in caught.value.hint
    accepted = SuitePolicy.from_environment({"DISTIL_ACCEPT_EXPIRED_INDEX": name}, refresh=True)
    assert opened(policy=accepted)
    others = SuitePolicy(refresh=True, accept_expired=frozenset({"vendor1", "stable"}))
    with pytest.raises(ReleaseExpired):
        opened(policy=others)


@pytest.mark.parametrize("apart", [False, True])
def test_rolled_back(opened: Opener, vendor: Mirror, apart: bool) -> None:
    opened()
    vendor.suites["vendor1"].date -= 1000
    vendor.publish()
    if apart:
        detached(vendor)
    with pytest.raises(ReleaseRolledBack) as caught:
        opened()
    assert f"DISTIL_ACCEPT_OLDER_INDEX={vendor.url}/debian/dists/stable" in caught.value.hint


def test_of_the_future(opened: Opener, vendor: Mirror) -> None:
    vendor.suites["vendor1"].date = time.time() + DAY
    vendor.publish()
    with pytest.raises(ReleaseNotYetValid):
        opened()


def test_a_vendor_cannot_make_debian_look_old(
    opened: Opener, vendor: Mirror, cache: Cache, tmp_path: Path
) -> None:
    """By a suite that calls itself Debian's, with a newer date."""
    pretender = vendor.add_suite("trixie", "testing")
    pretender.date = time.time()
    vendor.publish()
    opened(suite="trixie")
    debian = Mirror(tmp_path / "debian")
    debian.suites["trixie"].date = time.time() - DAY
    with debian.serve():
        assert len(SuiteOpener(debian, cache)()) == 3


def test_a_release_file_that_says_nothing(opened: Opener, vendor: Mirror) -> None:
    signed = sign(vendor.key.signer(), b"Origin: Vendor\n", mode=SignatureMode.CLEAR)
    vendor.put_release("vendor1", signed)
    with pytest.raises(MalformedRelease, match="Date is missing"):
        opened()


# --- credentials ---------------------------------------------------------------------------


def test_credentials_of_netrc(
    opened: Opener, vendor: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Basic dXNlcjpzM2NyZXQ=` is user:s3cret."""
    vendor.faults.require("*", "Basic dXNlcjpzM2NyZXQ=")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(AccessDenied):
        opened()
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password s3cret\n")
    assert b"Package: tool\n" in opened()[0].packages()


def test_credentials_of_apt(
    opened: Opener, vendor: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those for other addresses are not sent."""
    vendor.faults.require("*", "Basic dXNlcjpzM2NyZXQ=")
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setattr("distil.fetch.credentials.APT_DIRECTORY", tmp_path)
    entry = "machine {} login user password s3cret\n"
    (tmp_path / "auth.conf").write_text(entry.format(f"{vendor.url}/elsewhere"))
    with pytest.raises(AccessDenied):
        opened()
    (tmp_path / "auth.conf").write_text(entry.format(f"{vendor.url}/debian"))
    assert b"Package: tool\n" in opened()[0].packages()


# --- repositories made by other people's tools ---------------------------------------------


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_real_repository(tmp_path: Path, cache: Cache, flat: bool, apart: bool) -> None:
    """apt-ftparchive, dpkg-deb and gpg; the key armored and binary."""
    vendor = Vendor(tmp_path, flat=flat)
    deb = vendor.add("tool", "2.0-1", {"/usr/bin/tool": "#!/bin/sh\n"}, depends="libc6")
    vendor.publish(detached=apart)
    with vendor.web.serve() as url, Client(cache, retry_delay=0.01) as client:
        for key in (vendor.armored, vendor.binary):
            suite = "flat/" if flat else "stable"
            components = () if flat else ("main",)
            repository = Repository(url, suite, key, components)
            found = open_repository(repository, AMD64, client, cache, FRESH)
            index = PackageIndex(found, cache, "amd64")
            package = index.describe(index.package("tool"))
            assert (package.version, package.size) == ("2.0-1", deb.stat().st_size)
            place = "flat" if flat else "debs"
            assert package.url == f"{url}/{place}/tool_2.0-1_amd64.deb"


def test_real_flat_repository_at_its_address(tmp_path: Path, cache: Cache) -> None:
    """The suite ``./``, from a directory of this machine."""
    vendor = Vendor(tmp_path, flat=True)
    vendor.add("tool", "2.0-1", {"/usr/bin/tool": "#!/bin/sh\n"})
    vendor.publish()
    with Client(cache) as client:
        repository = Repository(vendor.suite.as_uri(), "./", vendor.armored, ())
        [found] = open_repository(repository, AMD64, client, cache, FRESH)
        assert b"Package: tool" in found.packages()
