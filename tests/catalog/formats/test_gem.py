"""Ruby gems: the specifications of what is installed."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Added, Claim, Facts, Stated, Unreadable
from distil.catalog.formats.gem import built_extension, gemspec
from tests.catalog.formats.language_samples import SAMPLES

HOME = "/usr/lib/ruby/gems/3.1.0"
FREE_FORM = """\
Gem::Specification.new do |spec|
  spec.name    = 'a'
  spec.version = Gem::Version.new('1.0')
  spec.license = 'MIT'
"""


def only(facts: Facts) -> Stated:
    (stated,) = facts.stated
    return stated


def test_a_gem_with_a_platform() -> None:
    stated = only(gemspec(*SAMPLES["gem"]))
    component = stated.component
    assert (component.kind, component.name, component.version) == ("gem", "nokogiri", "1.13.10")
    assert component.purl == "pkg:gem/nokogiri@1.13.10"
    assert component.architecture == "x86_64-linux"
    assert component.supplier == 'André Arko, Yoko "Y" Harada'
    assert component.licenses == ("MIT", "BSD-2-Clause")
    assert component.homepage == "https://nokogiri.org"
    assert component.description == "Work with XML"
    assert stated.keys == (f"gem:{HOME}:nokogiri-1.13.10", f"gem:{HOME}:nokogiri")
    assert stated.needs == (f"gem:{HOME}:mini_portile2", f"gem:{HOME}:racc")
    assert stated.claims == (
        Claim(f"{HOME}/specifications/nokogiri-1.13.10.gemspec", is_optional=True),
        Claim(f"{HOME}/gems/nokogiri-1.13.10", is_tree=True),
        Claim(f"{HOME}/doc/nokogiri-1.13.10", is_tree=True),
        Claim(f"{HOME}/cache/nokogiri-1.13.10.gem", is_optional=True),
        Claim(f"{HOME}/build_info/nokogiri-1.13.10.info", is_optional=True),
        Claim("/usr/bin/nokogiri", is_optional=True),
    )


def test_a_gem_of_ruby_itself_lies_in_the_library() -> None:
    stated = only(
        gemspec(
            "/usr/local/lib/ruby/gems/3.3.0/specifications/default/csv-3.2.8.gemspec",
            b'Gem::Specification.new do |s|\n  s.name = "csv".freeze\n  s.version = "3.2.8"\n'
            b'  s.files = ["lib/csv.rb".freeze, "csv/core.rb".freeze, "../../x.rb".freeze]\n',
        )
    )
    assert stated.keys[0] == "gem:/usr/local/lib/ruby/gems/3.3.0:csv-3.2.8"
    assert [claim.path for claim in stated.claims if "/lib/ruby/3.3.0/" in claim.path] == [
        "/usr/local/lib/ruby/3.3.0/csv.rb",
        "/usr/local/lib/ruby/3.3.0/csv/core.rb",
    ]


@pytest.mark.parametrize(
    ("source", "name", "version", "licenses"),
    [
        ("# stub: rack 2.2.22 ruby lib\n", "rack", "2.2.22", ()),
        (FREE_FORM, "a", "1.0", ("MIT",)),
        ("  s.name = %q{x}\n# stub: x 1 ruby lib\n  s.version = VERSION\n", "x", "1", ()),
    ],
)
def test_forms_of_specifications(
    source: str, name: str, version: str, licenses: tuple[str, ...]
) -> None:
    component = only(gemspec("/g/specifications/x-1.gemspec", source.encode())).component
    assert (component.name, component.version, component.licenses) == (name, version, licenses)


def test_what_a_gem_compiled() -> None:
    assert built_extension(*SAMPLES["gem-extension"]).added == (
        Added(
            "gem:/var/lib/gems/3.1.0:racc-1.6.0",
            (Claim("/var/lib/gems/3.1.0/extensions/x86_64-linux/3.1.0/racc-1.6.0", is_tree=True),),
        ),
    )


@pytest.mark.parametrize("source", ["", "puts 1", 's.name = "x"', 's.name = "x"\ns.version = V'])
def test_without_name_and_version_it_is_unreadable(source: str) -> None:
    with pytest.raises(Unreadable):
        gemspec("/g/specifications/x-1.gemspec", source.encode())
