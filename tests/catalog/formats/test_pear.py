"""PEAR's registry, and PHP's serialized values that it is written in."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Claim, Unreadable
from distil.catalog.formats.pear import registered
from distil.catalog.formats.php_serialized import Value, unserialized
from tests.catalog.formats.language_samples import SAMPLES


def test_a_package_of_pecl() -> None:
    (stated,) = registered(*SAMPLES["pear"]).stated
    component = stated.component
    assert (component.kind, component.name, component.version) == ("pear", "redis", "5.3.7")
    assert component.purl == "pkg:pecl/redis@5.3.7"
    assert component.licenses == ("PHP-3.01",)
    assert component.supplier == "Ann <a@b>"
    assert component.description == "café x"
    assert component.properties == (("channel", "pecl.php.net"),)
    assert stated.claims[1:] == (
        Claim("/usr/lib/php/ext/redis.so"),
        Claim("/usr/share/x.y", "md5:d41d8cd98f00b204e9800998ecf8427e", is_optional=True),
    )


def test_a_package_of_pear_with_one_lead() -> None:
    content = (
        b'a:4:{s:4:"name";s:11:"Archive_Tar";s:7:"version";s:6:"1.4.14";'
        b's:4:"lead";a:1:{s:4:"name";s:3:"Ann";}s:7:"license";s:3:"BSD";}'
    )
    (stated,) = registered("/usr/share/php/.registry/archive_tar.reg", content).stated
    assert stated.component.purl == "pkg:pear/pear.php.net/Archive_Tar@1.4.14"
    assert stated.component.supplier == "Ann"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"N;", None),
        (b"i:-5;", -5),
        (b"b:1;", 1),
        (b"d:0.5;", None),
        (b's:5:"a";b\n";', 'a";b\n'),
        (b"a:0:{}", {}),
        (b'a:2:{i:0;s:0:"";s:1:"k";a:1:{i:1;N;}}', {0: "", "k": {1: None}}),
    ],
)
def test_values(data: bytes, expected: Value) -> None:
    assert unserialized(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"s:3:",
        b's:3:"ab";',
        b's:-1:"ab";',
        b"i:x;",
        b"a:1:{i:0;}",
        b"a:1:{N;N;}",
        b"a:1:{i:0;N;",
        b'O:3:"Foo":0:{}',
        b"a:1:{i:0;" * 80 + b"N;" + b"}" * 80,
    ],
)
def test_what_is_no_value(data: bytes) -> None:
    with pytest.raises(Unreadable):
        unserialized(data)


@pytest.mark.parametrize("content", [b"N;", b"a:0:{}", b'a:1:{s:4:"name";i:1;}'])
def test_what_is_no_package(content: bytes) -> None:
    with pytest.raises(Unreadable):
        registered("/x/.registry/x.reg", content)
