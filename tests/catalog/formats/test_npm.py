"""Node.js packages: which package.json counts, and what is the package's."""

from __future__ import annotations

import json

import pytest

from distil.catalog.facts import Claim, Facts, Stated
from distil.catalog.formats.npm import package_json
from tests.catalog.formats.language_samples import SAMPLES


def only(facts: Facts) -> Stated:
    (stated,) = facts.stated
    return stated


def told(path: str, fields: dict[str, object] | None = None) -> Stated:
    document = {"name": "x", "version": "1", **(fields or {})}
    return only(package_json(path, json.dumps(document).encode()))


def test_a_scoped_module() -> None:
    stated = only(package_json(*SAMPLES["npm"]))
    component = stated.component
    assert (component.kind, component.name, component.version) == (
        "npm",
        "@scope/thing",
        "1.0.0+b",
    )
    assert component.purl == "pkg:npm/%40scope/thing@1.0.0%2Bb"
    assert component.licenses == ("MIT",)
    assert component.supplier == "Ann <ann@example.org>"
    assert component.homepage == "https://example.org/thing.git"
    assert component.description == "Does things"
    assert component.properties == (("private", "true"),)
    assert stated.keys == ("npm:/app/node_modules/@scope/thing",)
    assert stated.claims == (
        Claim("/app/node_modules/@scope/thing/package.json", is_optional=True),
        Claim("/app/node_modules/@scope/thing", is_tree=True),
        Claim("/app/node_modules/.bin/thing", is_optional=True),
    )


def test_what_it_needs_is_looked_for_as_node_does() -> None:
    stated = told("/a/node_modules/b/node_modules/c/package.json", {"dependencies": {"ms": "2"}})
    assert stated.needs == (
        "|".join(
            f"npm:{place}/ms"
            for place in (
                "/a/node_modules/b/node_modules/c/node_modules",
                "/a/node_modules/b/node_modules",
                "/a/node_modules",
                "/node_modules",
                "/usr/share/nodejs",
                "/usr/lib/nodejs",
            )
        ),
    )


@pytest.mark.parametrize(
    ("path", "tree"),
    [
        ("/usr/share/nodejs/semver/package.json", "/usr/share/nodejs/semver"),
        ("/usr/share/nodejs/@types/node/package.json", "/usr/share/nodejs/@types/node"),
        (
            "/app/node_modules/.pnpm/ms@2.1.3/node_modules/ms/package.json",
            "/app/node_modules/.pnpm/ms@2.1.3/node_modules/ms",
        ),
        # an application, the root, and a file deep in a module have no directory of their own
        ("/app/package.json", None),
        ("/package.json", None),
        ("/app/node_modules/x/test/fixtures/package.json", None),
    ],
)
def test_which_directory_is_the_packages(path: str, tree: str | None) -> None:
    claims = told(path).claims
    assert [claim.path for claim in claims if claim.is_tree] == ([tree] if tree else [])
    lock = f"{path.removesuffix('package.json')}package-lock.json"
    assert (lock in [claim.path for claim in claims]) == (tree is None)


def test_the_programs_of_a_module_for_everybody() -> None:
    stated = told(
        "/usr/local/lib/node_modules/npm/package.json", {"bin": {"npx": "a", "../x": "b"}}
    )
    assert [claim.path for claim in stated.claims[2:]] == [
        "/usr/local/lib/node_modules/.bin/npx",
        "/usr/local/bin/npx",
    ]
    assert (
        Claim("/a/node_modules/.bin/x", is_optional=True)
        in told("/a/node_modules/x/package.json", {"bin": "cli.js"}).claims
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"license": "mit"}, ("MIT",)),
        ({"license": {"type": "ISC", "url": "x"}}, ("ISC",)),
        ({"licenses": [{"type": "MIT"}, {"type": "BSD-3-Clause"}]}, ("MIT", "BSD-3-Clause")),
        ({"license": ["MIT", "ISC"]}, ("MIT", "ISC")),
        ({"license": "(MIT OR GPL-3.0)"}, ("MIT OR GPL-3.0-only",)),
        ({"license": 5}, ()),
        ({"license": ""}, ()),
    ],
)
def test_licences(fields: dict[str, object], expected: tuple[str, ...]) -> None:
    assert told("/app/package.json", fields).component.licenses == expected


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ({"name": "N", "email": "e@x"}, "N <e@x>"),
        ({"email": "e@x"}, "<e@x>"),
        ("N (https://x)", "N"),
        (["N"], ""),
    ],
)
def test_authors(author: object, expected: str) -> None:
    assert told("/app/package.json", {"author": author}).component.supplier == expected


@pytest.mark.parametrize(
    "content",
    [b'{"type": "module"}', b'{"name": "x"}', b'{"version": "1"}', b'{"name": 1, "version": "1"}'],
)
def test_without_name_or_version_it_is_no_package(content: bytes) -> None:
    assert package_json("/app/package.json", content) == Facts()


def test_a_module_without_a_version_is_one() -> None:
    content = b'{"name": "x", "main": "x.js"}'
    stated = only(package_json("/app/node_modules/x/package.json", content))
    assert stated.component.purl == "pkg:npm/x"
    assert package_json("/app/node_modules/x/es6/package.json", content) == Facts()


def test_a_byte_order_mark_is_passed_over() -> None:
    content = b'\xef\xbb\xbf{"name": "x", "version": "1"}'
    assert only(package_json("/app/package.json", content)).component.name == "x"
