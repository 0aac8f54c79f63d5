"""Which runtime an image is for, by what is in it and what it starts."""

from __future__ import annotations

import pytest

from distil.model.inventory import Inventory, InventoryComponent, Link, Place, Relation, Subject
from distil.recommend.bases import packages_for
from distil.recommend.known import KNOWN
from distil.recommend.recognised import recognised, version_of

SUBJECT = Subject(name="oci:shop")


def component(kind: str, name: str, version: str, path: str = "") -> InventoryComponent:
    places = (Place(path, 0),) if path else ()
    return InventoryComponent(kind=kind, name=name, version=version, places=places)


SLIM = (
    component("deb", "perl-base", "5.36.0-7+deb12u3"),
    component("deb", "libc6", "2.36-9+deb12u14"),
    component("binary", "python", "3.12.11", "/usr/local/bin/python3.12"),
    component("python", "pip", "25.0"),
)


def of(*components: InventoryComponent, relations: tuple[Relation, ...] = ()) -> Inventory:
    return Inventory(subject=SUBJECT, components=components, relations=relations)


@pytest.mark.parametrize(
    ("components", "command", "found"),
    [
        (SLIM, ("python3",), ("python", "3.12.11", "the container starts python3", False)),
        (SLIM, (), ("python", "3.12.11", "/usr/local/bin/python3.12 is it", False)),
        (SLIM, ("entrypoint.sh", "gunicorn"), ("python", "3.12.11", "starts gunicorn", False)),
        (
            (component("deb", "python3.11", "3.11.2-6"), component("deb", "nodejs", "18.19.0+ds")),
            ("/usr/bin/node", "x.js"),
            ("node", "18.19.0", "the container starts node", True),
        ),
        (
            (component("deb", "openjdk-17-jre-headless", "17.0.12+7-2~deb12u1"),),
            (),
            ("java", "17.0.12", "package openjdk-17-jre-headless", True),
        ),
        (
            (component("deb", "postgresql-15", "15.8-0+deb12u1"),),
            ("docker-entrypoint.sh", "postgres"),
            ("postgresql", "15.8", "starts postgres", True),
        ),
        ((component("apk", "python3", "3.12.8-r1"),), (), ("python", "3.12.8", "python3", True)),
        (
            (component("gem", "rack", "3.0"), component("gem", "puma", "6.0")),
            (),
            ("ruby", "", "2 components written for it", False),
        ),
        ((component("npm", "x", "1"),), ("java",), ("java", "", "starts java", False)),
    ],
)  # fmt: skip
def test_what_shows(
    components: tuple[InventoryComponent, ...], command: tuple[str, ...], found: tuple
) -> None:
    told = recognised(of(*components), command)
    name, version, evidence, from_os = found
    assert (told.name, told.version, told.from_os) == (name, version, from_os)
    assert evidence in told.evidence


def test_what_is_there_counts_before_what_is_not() -> None:
    nginx, gem = component("deb", "nginx-light", "1.22.1-9"), component("gem", "rack", "3.0")
    assert recognised(of(nginx, gem), ()).name == "nginx"
    ruby = component("deb", "ruby3.1", "3.1.2-7")
    assert recognised(of(nginx, gem, ruby), ()).name == "ruby"


def test_nothing_shows() -> None:
    assert recognised(of(component("deb", "perl-base", "5.36.0-7")), ("/bin/sh",)) is None
    assert recognised(of(), ()) is None


def test_what_a_package_of_the_system_owns_is_not_written_for_it() -> None:
    module = component("python", "six", "1.16")
    owner = component("deb", "python3-six", "1.16-4")
    owned = (Relation(owner.ref, Link.OWNS, module.ref),)
    assert recognised(of(module, owner), ()) is not None
    assert recognised(of(module, owner, relations=owned), ()) is None


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("1:20.19.2+dfsg-1", "20.19.2"),
        ("v22.1.0", "22.1.0"),
        ("3.13.5-2+deb13u5", "3.13.5"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_versions(version: str, numbers: str) -> None:
    assert version_of(component("binary", "node", version)) == numbers


JRE = ("deb", "openjdk-17-jre", "17.0.1")


@pytest.mark.parametrize(
    ("component", "there", "packages"),
    [
        (JRE, {"openjdk-17-jre-headless"}, "openjdk-17-jre-headless"),
        (JRE, {"default-jre-headless"}, "default-jre-headless"),
        (("deb", "php8.2-fpm", "8.2.1"), {"php8.2-fpm", "php8.4-fpm"}, "php8.2-fpm"),
        (("deb", "php8.2-fpm", "8.2.1"), {"php8.4-fpm"}, "php8.4-fpm"),
        (("deb", "postgresql-16", "16.1"), {"postgresql-17"}, "postgresql-17"),
        (("deb", "nodejs", "18.1"), set(), ""),
    ],
)  # fmt: skip
def test_packages_in_the_version_that_is_nearest(
    component: tuple[str, str, str], there: set[str], packages: str
) -> None:
    kind, name, version = component
    one = InventoryComponent(kind=kind, name=name, version=version)
    assert " ".join(packages_for(recognised(of(one), ()), there.__contains__)) == packages


def test_without_a_version_no_package_is_called_after_it() -> None:
    found = recognised(of(), ("php-fpm",))
    assert packages_for(found, {"php-fpm", "php8.4-fpm"}.__contains__) == ("php8.4-fpm",)


def test_the_table() -> None:
    assert len({row.name for row in KNOWN}) == len(KNOWN)
    for row in KNOWN:
        numbers = ("3", "3.1")
        assert all(name.format(*numbers) for choice in row.choices for name in choice)
