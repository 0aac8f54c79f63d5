"""WordPress plug-ins: the file of a directory that says which it is."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Claim, Facts
from distil.catalog.formats.wordpress import plugin
from tests.catalog.formats.language_samples import PLUGIN, SAMPLES


def test_a_plug_in_has_its_directory() -> None:
    (stated,) = plugin(*SAMPLES["wordpress"]).stated
    component = stated.component
    assert (component.kind, component.name, component.version) == (
        "wordpress",
        "Akismet Anti-Spam",
        "5.3",
    )
    assert component.purl == ""
    assert component.licenses == ("GPL-2.0-or-later",)
    assert component.supplier == "Automattic - Team"
    assert component.properties == (("plugin-directory", "akismet"),)
    assert Claim("/srv/wp-content/plugins/akismet", is_tree=True) in stated.claims


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/srv/wp-content/plugins/akismet/class.php", b"<?php\n$version = 'Version: 1';\n"),
        ("/srv/wp-content/plugins/akismet/class.php", b"<?php\n/* Plugin Name: x */\n"),
        ("/srv/wp-content/plugins/akismet/views/x.php", PLUGIN),
        ("/srv/wp-content/plugins/hello.php", PLUGIN),
        ("/srv/wp-content/plugins/akismet/x.php", b" " * 9000 + PLUGIN),
    ],
)
def test_other_files_are_none(path: str, content: bytes) -> None:
    assert plugin(path, content) == Facts()
