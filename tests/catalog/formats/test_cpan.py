"""Perl distributions from CPAN."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Added, Claim, Unreadable
from distil.catalog.formats.cpan import install_json, metadata, packlist
from tests.catalog.formats.language_samples import SAMPLES

PERL = "/usr/local/lib/perl5/site_perl/5.36.0/x86_64-linux"
META = f"{PERL}/.meta/Hash-MultiValue-0.10"


def test_a_distribution() -> None:
    (stated,) = install_json(*SAMPLES["perl"]).stated
    component = stated.component
    assert (component.kind, component.name, component.version) == (
        "perl",
        "Hash-MultiValue",
        "0.10",
    )
    assert component.purl == "pkg:cpan/MIYAGAWA/Hash-MultiValue@0.10"
    assert stated.keys == (f"perl:{META}", f"perl:{PERL}:Hash::MultiValue")
    assert stated.claims == (Claim(META, is_tree=True),)


def test_its_metadata() -> None:
    assert metadata(*SAMPLES["perl-metadata"]).added == (
        Added(
            f"perl:{META}",
            licenses=("Artistic-1.0-Perl OR GPL-1.0-or-later",),
            fields=(
                ("description", "Store multiple values"),
                ("homepage", "https://example.org"),
                ("supplier", "Ann <a@b>, Bob"),
            ),
        ),
    )


def test_its_files() -> None:
    assert packlist(*SAMPLES["perl-packlist"]).added == (
        Added(
            f"perl:{PERL}:Hash::MultiValue",
            (
                Claim(f"{PERL}/auto/Hash/MultiValue/.packlist", is_optional=True),
                Claim("/usr/local/lib/perl5/site_perl/5.36.0/Hash/MultiValue.pm"),
                Claim("/usr/x y"),
            ),
        ),
    )


@pytest.mark.parametrize("content", [b"", b"{}", b'{"dist": 1}', b"[]"])
def test_what_names_no_distribution(content: bytes) -> None:
    with pytest.raises(Unreadable):
        install_json(f"{META}/install.json", content)
