"""Whose advisories are about what."""

from __future__ import annotations

import pytest

from distil.model.inventory import InventoryComponent, OsRelease
from distil.vulns.ecosystems import feed_of, upstream_of
from distil.vulns.versions.table import ordering_of


@pytest.mark.parametrize(
    ("name", "version", "codename", "first"),
    [
        ("debian", "12", "bookworm", "Debian:12"),
        ("debian", "", "forky", "Debian:14"),
        ("debian", "", "experimental", None),
        ("ubuntu", "24.04", "", "Ubuntu:24.04:LTS"),
        ("ubuntu", "24.10", "", "Ubuntu:24.10"),
        ("ubuntu", "23.04", "", "Ubuntu:23.04"),
        ("alpine", "3.20.3", "", "Alpine:v3.20"),
        ("alpine", "3.23.0_alpha20251016", "", None),
        ("wolfi", "20230201", "", "Wolfi"),
        ("chainguard", "20230214", "", "Chainguard"),
        ("almalinux", "9.4", "", "AlmaLinux:9"),
        ("rocky", "9.4", "", "Rocky Linux:9"),
        ("rhel", "9.4", "", "Red Hat:enterprise_linux:9::baseos"),
        ("opensuse-leap", "15.6", "", "openSUSE:Leap 15.6"),
        ("opensuse-tumbleweed", "20251120", "", "openSUSE:Tumbleweed"),
        ("sles", "15.6", "", "SUSE:Linux Enterprise Server 15 SP6"),
        ("mageia", "9", "", "Mageia:9"),
        ("photon", "5.0", "", "Photon OS:5.0"),
        ("azurelinux", "3.0", "", "Azure Linux:3"),
        ("fedora", "43", "", None),
        ("arch", "", "", None),
        ("", "", "", None),
    ],
)
def test_releases(name, version, codename, first):
    feed = feed_of(OsRelease(id=name, version_id=version, codename=codename))
    if first is None:
        assert feed is None
    else:
        assert feed is not None
        assert feed.ecosystems[0] == first
        assert all(ordering_of(one) is not None for one in feed.ecosystems)


@pytest.mark.parametrize(
    ("kind", "name", "version", "purl", "expected"),
    [
        ("python", "Flask_SQLAlchemy", "3.0", "", ("PyPI", "flask-sqlalchemy", "3.0")),
        ("npm", "@babel/core", "7.1.0", "", ("npm", "@babel/core", "7.1.0")),
        ("go", "golang.org/x/net", "v0.7.0", "", ("Go", "golang.org/x/net", "0.7.0")),
        ("go", "stdlib", "go1.24.4", "", ("Go", "stdlib", "1.24.4")),
        ("rust", "tokio", "1.0.0", "", ("crates.io", "tokio", "1.0.0")),
        (
            "java",
            "log4j-core",
            "2.14.1",
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
            ("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1"),
        ),
        ("java", "unknown", "1", "pkg:maven/unknown@1", None),
        (
            "composer",
            "http",
            "v1.2.3",
            "pkg:composer/Symfony/Http@v1.2.3",
            ("Packagist", "symfony/http", "1.2.3"),
        ),
        ("dotnet", "Newtonsoft.Json", "9.0.1", "", ("NuGet", "newtonsoft.json", "9.0.1")),
        ("gem", "rack", "2.0", "", ("RubyGems", "rack", "2.0")),
        ("binary", "httpd", "2.4.1", "", ("Bitnami", "apache", "2.4.1")),
        ("binary", "busybox", "1.36", "", None),
        ("lua", "x", "1", "", None),
    ],
)
def test_components(kind, name, version, purl, expected):
    component = InventoryComponent(name=name, version=version, kind=kind, purl=purl)
    assert upstream_of(component) == expected
    if expected is not None:
        assert ordering_of(expected[0]) is not None
