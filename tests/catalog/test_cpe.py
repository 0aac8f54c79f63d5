"""Names of products for scanners that know nothing else."""

from __future__ import annotations

import pytest

from distil.catalog.cpe import PRODUCTS, cpe, cpes_of
from distil.sbom.forms import is_cpe


def test_what_a_name_may_not_have_is_quoted() -> None:
    assert cpe("a:b", "1.0+2(x)") == r"cpe:2.3:a:a:b:1.0\+2\(x\):*:*:*:*:*:*:*"


@pytest.mark.parametrize(
    ("purl", "product"),
    [
        ("pkg:pypi/django@4.2.1", "djangoproject:django:4.2.1"),
        ("pkg:golang/golang.org/x/crypto@v0.21.0", "golang:crypto:0.21.0"),
        ("pkg:golang/golang.org/x/crypto@v0.21.0#ssh", "golang:crypto:0.21.0"),
        (
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar",
            "apache:log4j:2.14.1",
        ),
        ("pkg:npm/lodash@4.17.21%2Bx", r"lodash:lodash:4.17.21\+x"),
    ],
)
def test_well_known_products_have_one(purl: str, product: str) -> None:
    assert cpes_of(purl) == (f"cpe:2.3:a:{product}:*:*:*:*:*:*:*",)


@pytest.mark.parametrize(
    "purl",
    [
        "",
        "pkg:pypi/django",
        "pkg:npm/%40types/lodash@1",
        "pkg:deb/debian/openssl@3.0.11-1?arch=amd64",
        "pkg:pypi/of-nobody@1",
    ],
)
def test_what_is_not_known_has_none(purl: str) -> None:
    assert cpes_of(purl) == ()


def test_every_row_follows_the_specification() -> None:
    for name, product in PRODUCTS.items():
        assert is_cpe(cpe(product, "1.0")), name
