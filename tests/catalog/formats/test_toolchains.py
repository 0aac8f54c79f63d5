"""Java runtimes and Go's tools, by the files that say their versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Claim
from distil.catalog.formats.toolchains import go_toolchain, java_runtime

TEMURIN = b"""IMPLEMENTOR="Eclipse Adoptium"
IMPLEMENTOR_VERSION="Temurin-21.0.4+7"
JAVA_RUNTIME_VERSION="21.0.4+7-LTS"
JAVA_VERSION="21.0.4"
MODULES="java.base java.compiler"
SOURCE_REPO="https://example.org/jdk21u.git"
BUILD_SOURCE_REPO="https://example.org/build.git"
FULL_VERSION="21.0.4+7-LTS"
IMAGE_TYPE="JDK"
"""


def test_a_java_runtime() -> None:
    [stated] = java_runtime("/opt/java/openjdk/release", TEMURIN).stated
    component = stated.component
    assert (component.name, component.version) == ("openjdk", "21.0.4+7-LTS")
    assert component.purl == (
        "pkg:generic/oracle/openjdk@21.0.4%2B7-LTS?repository_url=https://example.org/jdk21u.git"
    )
    assert component.cpes == ("cpe:2.3:a:oracle:openjdk:21.0.4:*:*:*:*:*:*:*",)
    assert component.supplier == "Eclipse Adoptium"
    assert ("image-type", "JDK") in component.properties
    assert stated.claims == (Claim("/opt/java/openjdk", is_tree=True),)


@pytest.mark.parametrize(
    ("lines", "path", "purl", "cpes"),
    [
        (
            'JAVA_VERSION="1.8.0_302"\nFULL_VERSION="1.8.0_302-b08"',
            "/opt/java/release",
            "pkg:generic/oracle/openjdk@1.8.0_302-b08",
            ["oracle:openjdk:1.8.0:update302"],
        ),
        (
            'IMPLEMENTOR="Azul Systems, Inc."\nJAVA_VERSION="17.0.9"',
            "/opt/java/release",
            "pkg:generic/azul/zulu@17.0.9",
            ["azul:zulu:17.0.9:*", "oracle:openjdk:17.0.9:*"],
        ),
        (
            'IMPLEMENTOR="Oracle Corporation"\nJAVA_RUNTIME_VERSION="22.0.2+9-70"',
            "/usr/java/release",
            "pkg:generic/oracle/jdk@22.0.2%2B9-70",
            ["oracle:java_se:22.0.2:*", "oracle:jre:22.0.2:*", "oracle:jdk:22.0.2:*"],
        ),
        (
            'IMPLEMENTOR="Oracle Corporation"\nJAVA_VERSION="22.0.2"\nIMAGE_TYPE="JRE"',
            "/usr/java/release",
            "pkg:generic/oracle/jre@22.0.2",
            ["oracle:java_se:22.0.2:*", "oracle:jre:22.0.2:*"],
        ),
        (
            'JAVA_VERSION="17.0.9"\nFULL_VERSION="8.0.1"',
            "/usr/java/release",
            "pkg:generic/oracle/openjdk@17.0.9",
            ["oracle:openjdk:17.0.9:*"],
        ),
    ],
)
def test_versions_and_vendors(lines: str, path: str, purl: str, cpes: list[str]) -> None:
    [stated] = java_runtime(path, lines.encode()).stated
    assert stated.component.purl == purl
    assert [":".join(one.split(":")[3:7]) for one in stated.component.cpes] == cpes


def test_other_files_of_that_name() -> None:
    assert not java_runtime("/etc/release", b"NAME=x\nVERSION=1\n").stated


def test_a_root_is_never_claimed() -> None:
    for path in ("/release", "/opt/release"):
        [stated] = java_runtime(path, b'JAVA_VERSION="17"').stated
        assert stated.claims == (Claim(path),)


def test_go_tools() -> None:
    [stated] = go_toolchain(
        "/usr/local/go/VERSION", b"go1.22.5\ntime 2024-06-27T20:11:12Z\n"
    ).stated
    assert stated.component.purl == "pkg:generic/go@1.22.5"
    assert stated.claims == (Claim("/usr/local/go", is_tree=True),)
    assert not go_toolchain("/srv/go/VERSION", b"1.0").stated


@given(st.binary())
def test_any_bytes(content: bytes) -> None:
    java_runtime("/a/b/release", b"JAVA_VERSION=" + content)
    java_runtime("/a/b/release", content)
    go_toolchain("/a/go/VERSION", content)
