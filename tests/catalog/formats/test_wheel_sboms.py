"""SBOMs inside Python distributions (PEP 770)."""

from __future__ import annotations

import json

import pytest

from distil.catalog.facts import Unreadable
from distil.catalog.formats import wheel_sboms
from distil.catalog.formats.wheel_sboms import document
from tests.catalog.formats.language_samples import CYCLONEDX, SAMPLES, SPDX

INFO = "/usr/lib/python3.11/site-packages/numpy-2.0.dist-info"


def told(content: bytes) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    facts = document(f"{INFO}/sboms/x.json", content)
    assert {one.inside for one in facts.stated} == {f"python:{INFO}"}
    return [
        (one.kind, one.name, one.version, one.purl, one.licenses)
        for one in (stated.component for stated in facts.stated)
    ]


def test_cyclonedx_with_what_is_nested_and_without_the_distribution_itself() -> None:
    assert SAMPLES["python-sbom"][1] == CYCLONEDX
    assert told(CYCLONEDX) == [
        ("binary", "libgfortran", "5", "pkg:rpm/almalinux/libgfortran@5", ("GPL-3.0-only",)),
        ("rust", "serde", "1", "pkg:cargo/serde@1", ("MIT OR Apache-2.0",)),
        ("binary", "loose", "", "", ()),
    ]


def test_what_only_the_build_had_is_left_out() -> None:
    components = [
        {"name": "cc", "version": "1", "purl": "pkg:cargo/cc@1", "scope": "excluded"},
        {"name": "a", "version": "2", "purl": "pkg:cargo/a@2?download_url=file://../a"},
        {"name": "b", "version": "3", "purl": "pkg:cargo/b@3?download_url=file://.#src/lib.rs"},
        {"name": "c", "version": "4", "purl": "pkg:cargo/c@4?download_url=https://example.org/c"},
    ]
    document = json.dumps({"bomFormat": "CycloneDX", "components": components}).encode()
    assert [(one[1], one[3]) for one in told(document)] == [
        ("a", "pkg:cargo/a@2"),
        ("b", "pkg:cargo/b@3#src/lib.rs"),
        ("c", "pkg:cargo/c@4?download_url=https://example.org/c"),
    ]


def test_spdx() -> None:
    assert told(SPDX) == [
        ("binary", "openssl", "3.0", "pkg:generic/openssl@3.0", ("Apache-2.0",)),
    ]


@pytest.mark.parametrize(
    "content",
    [b"{}", b'{"bomFormat": "SPDX"}', b'{"spdxVersion": "SPDX-3.0"}', b"[]", b"x"],
)
def test_what_is_neither(content: bytes) -> None:
    with pytest.raises(Unreadable):
        document(f"{INFO}/sboms/x.json", content)


def test_components_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_sboms, "_MOST", 2)
    with pytest.raises(Unreadable):
        document(f"{INFO}/sboms/x.json", CYCLONEDX)
