"""Packages of a conda environment."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Claim, Unreadable
from distil.catalog.formats.conda import record
from distil.model.inventory import Checksum
from tests.catalog.formats.language_samples import SAMPLES


def test_a_package_and_its_files_as_they_are_in_the_prefix() -> None:
    (stated,) = record(*SAMPLES["conda"]).stated
    component = stated.component
    assert (component.kind, component.name, component.version) == ("conda", "zlib", "1.2.11")
    assert component.purl == (
        "pkg:conda/zlib@1.2.11?build=h90_1014&channel=conda-forge&subdir=linux-64&type=conda"
    )
    assert component.licenses == ("Zlib",)
    assert component.checksums == (Checksum("md5", "348a30b1350c9d91a4dbf05f5e46e0bb"),)
    assert stated.keys == ("conda:/opt/conda:zlib",)
    assert stated.needs == ("conda:/opt/conda:libzlib",)
    assert stated.claims == (
        Claim("/opt/conda/conda-meta/zlib-1.2.11-h90_1014.json", is_optional=True),
        Claim("/opt/conda/include/zlib.h", f"sha256:{'b' * 64}"),
        Claim("/opt/conda/lib/libz.so"),
        Claim("/opt/conda/lib/x.pyc", is_optional=True),
        Claim("/etc/passwd"),
    )


@pytest.mark.parametrize(
    "content", [b"{}", b'{"name": "x"}', b"[]", b'{"name": "x", "version": 1}']
)
def test_what_is_no_record(content: bytes) -> None:
    with pytest.raises(Unreadable):
        record("/opt/conda/conda-meta/x.json", content)
