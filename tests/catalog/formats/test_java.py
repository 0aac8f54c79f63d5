"""Java archives: names, groups, shaded projects, archives in archives, and hostile ones."""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Claim, Facts, Unreadable
from distil.catalog.formats import java as module
from distil.catalog.formats.java import java_archive
from distil.catalog.formats.java_names import Pom, read_file_name, read_manifest
from distil.catalog.formats.maven_groups import group_of_artifact
from distil.catalog.formats.pom import read_pom

PLAIN = "Manifest-Version: 1.0\r\n\r\n"


def jar(members: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def manifest(**fields: str) -> dict[str, str | bytes]:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return {"META-INF/MANIFEST.MF": "\r\n".join(["Manifest-Version: 1.0", *lines, "", ""])}


def properties(group: str, artifact: str, version: str) -> dict[str, str | bytes]:
    text = f"#Generated\ngroupId={group}\nartifactId={artifact}\nversion={version}\n"
    return {f"META-INF/maven/{group}/{artifact}/pom.properties": text}


def purls(facts: Facts) -> list[str]:
    return [one.component.purl for one in facts.stated]


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("some-package-4.0.1.jar", "some-package", "4.0.1"),
        ("prefix.thing-4.jar", "prefix.thing", "4"),
        ("my-http2-server-5.jar", "my-http2-server", "5"),
        ("jetpack-build235-rc5.jar", "jetpack", "build235-rc5"),
        ("ironman-r4-2009.jar", "ironman-r4", "2009"),
        ("guava-31.1-jre.jar", "guava", "31.1-jre"),
        ("guava.jar", "guava", ""),
        ("bundle_1.2.3.jar", "bundle", "1.2.3"),
        ("spring3-core-3.x.jar", "spring3-core", "3.x"),
        ("py4j0.10.9.9.jar", "py4j0", "10.9.9"),
        ("3rd-party.jar", "", ""),
        ("caf-1.0\udcff.jar", "caf", "1.0\ufffd"),
        ("a-" * 5000 + "!.jar", "a-" * 127 + "a", ""),
        ("a-" * 100 + "!.jar", "", ""),
    ],
)
def test_file_names(file: str, name: str, version: str) -> None:
    assert read_file_name(f"/opt/lib/{file}") == (name, version)


@pytest.mark.parametrize(
    ("file", "fields", "purl"),
    [
        ("x-1.0.jar", {}, "pkg:maven/x/x@1.0"),
        ("x.jar", {"Implementation_Version": "2.1"}, "pkg:maven/x/x@2.1"),
        ("x.jar", {}, "pkg:maven/x/x"),
        ("x-1.jar", {"Main_Class": "org.a.Main"}, "pkg:maven/org.a.Main/x@1"),
        ("x-1.jar", {"Implementation_Vendor": "ACME", "Package": "com.b"}, "pkg:maven/com.b/x@1"),
        (
            "x-1.jar",
            {"Bundle_SymbolicName": "org.a.b;singleton:=true", "Main_Class": "com.Main"},
            "pkg:maven/org.a.b/x@1",
        ),
        (
            "zstd-jni-1.5.jar",
            {
                "Bundle_SymbolicName": "com.github.luben.zstd-jni",
                "Implementation_Vendor": "com.github.luben",
            },
            "pkg:maven/com.github.luben/zstd-jni@1.5",
        ),
        (
            "jetty9-alpn.jar",
            {
                "Created_By": "Apache Maven Bundle Plugin 5.1",
                "Bundle_SymbolicName": "org.eclipse.jetty.alpn.server;singleton:=true",
                "Bundle_Version": "9.4.57",
            },
            "pkg:maven/org.eclipse.jetty.alpn.server/server@9.4.57",
        ),
        ("org.a.tool-1.jar", {}, "pkg:maven/tool/tool@1"),
        ("org.eclipse.jgit-3.jar", {}, "pkg:maven/org.eclipse.jgit/org.eclipse.jgit@3"),
        ("org.eclipse.osgi-3.jar", {}, "pkg:maven/org.eclipse.platform/org.eclipse.osgi@3"),
        (
            "spring-core-6.1.jar",
            {"Main_Class": "org.x.Y"},
            "pkg:maven/org.springframework/spring-core@6.1",
        ),
        ("1.jar", {"Bundle_Name": "Thing"}, "pkg:maven/Thing/Thing"),
        (
            "git.hpi",
            {"Group_Id": "org.jenkins-ci.plugins", "Plugin_Version": "4"},
            "pkg:maven/org.jenkins-ci.plugins/git@4",
        ),
    ],
)
def test_names_without_maven(file: str, fields: dict[str, str], purl: str) -> None:
    content = jar(manifest(**fields))
    [stated] = java_archive(f"/lib/{file}", content).stated
    assert stated.component.purl == purl
    assert stated.component.checksums[0].value == hashlib.sha1(content).hexdigest()
    assert stated.claims == (Claim(f"/lib/{file}"),)


def test_what_maven_left_counts_first() -> None:
    content = jar(manifest(Implementation_Version="9") | properties("org.a", "thing", "1.2"))
    [stated] = java_archive("/lib/thing-3.jar", content).stated
    assert stated.component.purl == "pkg:maven/org.a/thing@1.2"


def test_shaded_projects_are_components_inside() -> None:
    members = manifest() | properties("org.a", "app", "1") | properties("org.b", "lib", "2")
    facts = java_archive("/opt/app.jar", jar(members | properties("org.c", "lib", "")))
    assert purls(facts) == ["pkg:maven/org.a/app@1", "pkg:maven/org.b/lib@2"]
    app, lib = facts.stated
    assert lib.inside in app.keys
    assert not lib.claims
    assert not lib.component.checksums


def test_a_project_of_another_name_is_not_the_archive() -> None:
    facts = java_archive(
        "/opt/maven3-core.jar", jar(manifest() | properties("g", "maven-core", "3"))
    )
    assert purls(facts) == ["pkg:maven/maven3-core/maven3-core", "pkg:maven/g/maven-core@3"]


def test_an_archive_without_manifest() -> None:
    [stated] = java_archive("/x/b-3.jar", jar(properties("org.a", "b", "3"))).stated
    assert stated.component.purl == "pkg:maven/org.a/b@3"
    assert stated.claims
    assert not java_archive("/x/b-3.jar", jar({"a/B.class": b"x"})).stated


def test_an_archive_that_changes_another_is_none() -> None:
    assert not java_archive("/x/spring-1.jar", jar(manifest(Weave_Classes="a"))).stated


def test_archives_in_archives() -> None:
    library = jar(manifest() | properties("org.a", "lib", "1"))
    shop = jar(manifest() | {"BOOT-INF/lib/lib-1.jar": library}, zipfile.ZIP_STORED)
    ear = jar(manifest() | {"lib/shop-2.jar": shop, "readme.txt": b"x"})
    facts = java_archive("/srv/all.ear", ear)
    assert purls(facts) == ["pkg:maven/all/all", "pkg:maven/shop/shop@2", "pkg:maven/org.a/lib@1"]
    outer, middle, inner = facts.stated
    assert middle.inside in outer.keys
    assert inner.inside in middle.keys
    assert inner.component.places[0].path == "/srv/all.ear!/lib/shop-2.jar!/BOOT-INF/lib/lib-1.jar"
    assert not inner.claims


def test_words_of_a_project() -> None:
    pom = """<project xmlns="urn:x"><parent><groupId>org.parent</groupId></parent>
      <url>https://example.org</url><description> Some
      thing </description><name>${x}</name>
      <licenses><license><name>MIT</name></license></licenses></project>"""
    members = properties("", "thing", "1") | {"META-INF/maven//thing/pom.xml": pom}
    [stated] = java_archive("/x/thing-1.jar", jar(manifest(Bundle_Vendor="ACME") | members)).stated
    component = stated.component
    assert component.purl == "pkg:maven/org.parent/thing@1"
    assert component.licenses == ("MIT",)
    assert component.homepage == "https://example.org"
    assert component.description == "Some thing"
    assert component.supplier == "ACME"


@pytest.mark.parametrize(
    "text",
    [
        "<project><url>${project.home}</url></project>",
        '<!DOCTYPE x [<!ENTITY a "b">]><project><url>&a;</url></project>',
        "<a>" * 100 + "<project><url>u</url></project>",
        "not xml",
        "",
    ],
)
def test_descriptors_that_say_nothing(text: str) -> None:
    assert read_pom(text, Pom("g", "a", "1")) == Pom("g", "a", "1")


def test_manifests() -> None:
    found = read_manifest(
        "Main-Class: org.a.\r\n B\r\n\r\nName: x\r\nImplementation-Version: 3\r\nnonsense\r\n"
    )
    assert found.main == {"Main-Class": "org.a.B"}
    assert found.field("Implementation-Version") == "3"
    assert read_manifest(" continued\n\n\n:x\n").main == {}


def test_groups_of_known_artifacts() -> None:
    assert group_of_artifact("spring-security-core") == "org.springframework.security"
    assert group_of_artifact("tomcat-embed-core") == "org.apache.tomcat.embed"
    assert group_of_artifact("bcprov-jdk18on") == "org.bouncycastle"
    assert group_of_artifact("springer") == ""


def test_a_script_before_the_archive() -> None:
    content = b"#!/bin/sh\nexec java -jar $0\n" + jar(manifest() | properties("g", "a", "1"))
    assert purls(java_archive("/srv/a.jar", content)) == ["pkg:maven/g/a@1"]


def test_zip64() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w") as archive,
        archive.open("META-INF/MANIFEST.MF", "w", force_zip64=True) as member,
    ):
        member.write(PLAIN.encode())
    assert purls(java_archive("/x/a-1.jar", out.getvalue())) == ["pkg:maven/a/a@1"]


def test_a_member_that_is_damaged_encrypted_or_too_large_is_a_remark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = jar(manifest(A="b" * 200), zipfile.ZIP_STORED)
    entry = good.rindex(b"PK\x01\x02")
    encrypted = good[: entry + 8] + b"\x01" + good[entry + 9 :]
    unknown = good[: entry + 10] + b"\x0c" + good[entry + 11 :]
    damaged = jar(manifest(A="b" * 200)).replace(b"PK\x03\x04", b"PK\x09\x04")
    for content in (encrypted, unknown, damaged):
        facts = java_archive("/x/a.jar", content)
        assert not facts.stated
        assert "MANIFEST.MF" in facts.remarks[0]
    monkeypatch.setattr(module, "_LARGEST_TEXT", 100)
    assert "more than 100 bytes" in java_archive("/x/a.jar", good).remarks[0]


def test_an_archive_bomb_is_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_UNPACKED", 1 << 20)
    bomb = jar(manifest() | {f"{number}.jar": bytes(300_000) for number in range(9)})
    facts = java_archive("/x/a-1.jar", bomb)
    assert purls(facts) == ["pkg:maven/a/a@1"]
    assert any("unpacks to more" in remark for remark in facts.remarks)


def test_an_archive_that_packs_too_well_is_not_unpacked() -> None:
    facts = java_archive("/x/a-1.jar", jar(manifest() | {"b.jar": bytes(16 << 20)}))
    assert purls(facts) == ["pkg:maven/a/a@1"]
    assert facts.remarks == ("b.jar: it unpacks to far more than any archive does",)


def test_members_that_are_the_same_bytes_cost_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_UNPACKED", 8 << 20)
    content = jar({"a.jar": jar(manifest())}, zipfile.ZIP_STORED)
    end = content.rindex(b"PK\x05\x06")
    start = content.rindex(b"PK\x01\x02", 0, end)
    count = 5000
    directory = content[start:end] * count
    tail = bytearray(content[end:])
    tail[8:10] = tail[10:12] = count.to_bytes(2, "little")
    tail[12:16] = len(directory).to_bytes(4, "little")
    facts = java_archive("/x/a.jar", content[:start] + directory + bytes(tail))
    assert 10 < len(facts.stated) < 100
    assert facts.remarks == ("it holds more archives than are looked at",)


def test_archives_are_read_to_a_depth() -> None:
    content = jar(manifest())
    for _ in range(20):
        content = jar(manifest() | {"a.jar": content}, zipfile.ZIP_STORED)
    facts = java_archive("/x/a.jar", content)
    assert 1 < len(facts.stated) < 20
    assert "more archives" in facts.remarks[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"PK\x05\x06", jar({})[:-3], b"PK\x05\x06" + b"\xff" * 18],
)
def test_what_is_no_archive(content: bytes) -> None:
    with pytest.raises(Unreadable):
        java_archive("/x/a.jar", content)


def test_garbage_within_is_a_remark_of_the_file() -> None:
    facts = java_archive("/x/a-1.jar", jar(manifest() | {"lib/b.jar": b"garbage"}))
    assert purls(facts) == ["pkg:maven/a/a@1"]
    assert facts.remarks == ("lib/b.jar: it is no zip archive",)


GOOD = jar(
    manifest(Main_Class="org.a.B")
    | properties("org.a", "b", "1")
    | {"META-INF/maven/org.a/b/pom.xml": "<project/>", "lib/c.jar": jar(manifest())}
)


@given(st.binary(), st.integers(0, len(GOOD)), st.binary(max_size=40))
def test_any_bytes(content: bytes, at: int, change: bytes) -> None:
    damaged = GOOD[:at] + change + GOOD[at + len(change) :]
    inside = jar(
        {"META-INF/MANIFEST.MF": content, "a/pom.properties": content, "a/pom.xml": content}
    )
    for one in (content, damaged, damaged[: -len(change) or None], inside):
        with contextlib.suppress(Unreadable):
            java_archive("/x/b-1.jar", one)


@given(st.text())
def test_any_text(text: str) -> None:
    read_file_name(text)
    read_pom(text, Pom())
    read_manifest(text)
