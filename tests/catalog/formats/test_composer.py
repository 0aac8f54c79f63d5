"""PHP packages that Composer installed."""

from __future__ import annotations

import json

import pytest

from distil.catalog.facts import Claim, Facts, Unreadable
from distil.catalog.formats.composer import installed
from tests.catalog.formats.language_samples import SAMPLES


def test_version_2_says_where_each_is() -> None:
    console, odd, solo = installed(*SAMPLES["composer"]).stated
    component = console.component
    assert (component.kind, component.name, component.version) == (
        "composer",
        "symfony/console",
        "v5.4.1",
    )
    assert component.purl == "pkg:composer/symfony/console@v5.4.1"
    assert component.licenses == ("MIT OR GPL-2.0-only",)
    assert component.supplier == "Fabien <f@example.org>"
    assert component.homepage == "https://symfony.com"
    assert console.keys == ("composer:/app/vendor:symfony/console",)
    assert console.needs == ("composer:/app/vendor:symfony/string",)
    assert console.claims == (
        Claim("/app/vendor/symfony/console", is_tree=True),
        Claim("/app/vendor/bin/console", is_optional=True),
    )
    assert odd.component.purl == "pkg:composer/a/b~c%2Bd@dev-master%231:2"
    assert odd.claims == (), "a directory outside the project is nobody's"
    assert solo.component.purl == "pkg:composer/solo@1.0"


def test_version_1_is_a_list() -> None:
    content = json.dumps([{"name": "psr/log", "version": "1.1.4", "license": "MIT"}]).encode()
    (stated,) = installed("/vendor/composer/installed.json", content).stated
    assert stated.component.licenses == ("MIT",)
    assert stated.claims == (Claim("/vendor/psr/log", is_tree=True),)


@pytest.mark.parametrize(
    ("install_path", "vendor", "expected"),
    [
        ("../../web/core", "/app/vendor", "/app/web/core"),
        ("../..", "/app/vendor", None),
        ("../../", "/app/vendor", None),
        ("..", "/app/vendor", None),
        ("../../usr", "/vendor", None),
        ("/etc", "/app/vendor", None),
    ],
)
def test_a_directory_is_claimed_whole_only_inside_the_project(
    install_path: str, vendor: str, expected: str | None
) -> None:
    content = json.dumps({"packages": [{"name": "a/b", "install-path": install_path}]}).encode()
    (stated,) = installed(f"{vendor}/composer/installed.json", content).stated
    assert [claim.path for claim in stated.claims] == ([expected] if expected else [])


def test_what_composer_writes_itself() -> None:
    made = [path for path, _ in installed(*SAMPLES["composer"]).generated]
    assert "/app/vendor/autoload.php" in made
    assert "/app/vendor/composer/installed.php" in made


def test_another_file_of_that_name() -> None:
    assert installed("/x/installed.json", b"{}") == Facts()
    with pytest.raises(Unreadable):
        installed("/x/installed.json", b"[1]")
