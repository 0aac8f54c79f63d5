"""What Python's installers write beside the metadata."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Added, Claim, Facts, Unreadable
from distil.catalog.formats import python_files
from distil.catalog.formats.python_files import (
    direct_url,
    environment,
    installed_files,
    installer,
    record,
    top_level,
)
from tests.catalog.formats.language_samples import SAMPLES

SITE = "/usr/lib/python3.11/site-packages"
KEY = f"python:{SITE}/my_pack_age-1.0.dist-info"


def only(facts: Facts) -> Added:
    (added,) = facts.added
    return added


def test_record_has_the_files_with_their_checksums() -> None:
    added = only(record(*SAMPLES["python-record"]))
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert added.key == KEY
    assert added.claims == (
        Claim(
            "/usr/bin/pack",
            "sha256:8757583b594a197f6dd1166d17648a04daf01ba84de04a69ac4007111d141edc",
        ),
        Claim(f"{SITE}/pack/__init__.py", f"sha256:{empty}"),
        Claim(f"{SITE}/pack/__pycache__/__init__.cpython-311.pyc", is_optional=True),
        Claim(f'{SITE}/pack/a,"b".txt', "md5:d41d8cd98f00b204e9800998ecf8427e"),
        Claim("/etc/passwd"),
        Claim("/opt/x.py"),
        Claim(f"{SITE}/my_pack_age-1.0.dist-info/RECORD"),
    )


def test_a_name_that_is_not_utf_8_is_kept_as_it_is() -> None:
    added = only(record(f"{SITE}/x.dist-info/RECORD", b"caf\xe9.py,,\n"))
    assert added.claims == (Claim(f"{SITE}/caf\udce9.py"),)


def test_installed_files_of_an_egg_info() -> None:
    added = only(installed_files(*SAMPLES["python-installed-files"]))
    assert added.key == f"python:{SITE}/x.egg-info"
    assert added.claims == (
        Claim(f"{SITE}/x/__init__.py"),
        Claim(f"{SITE}/x/a.pyc", is_optional=True),
        Claim(f"{SITE}/x.egg-info/PKG-INFO"),
        Claim("/etc/passwd"),
    )


def test_top_level_modules_are_below_the_directory_that_they_are_in() -> None:
    assert only(top_level(*SAMPLES["python-top-level"])).claims == (
        Claim(f"{SITE}/yaml", is_tree=True, is_optional=True),
        Claim(f"{SITE}/yaml.py", is_optional=True),
        Claim(f"{SITE}/_yaml", is_tree=True, is_optional=True),
        Claim(f"{SITE}/_yaml.py", is_optional=True),
    )


def test_where_it_came_from() -> None:
    added = only(direct_url(*SAMPLES["python-direct-url"]))
    assert added.key == KEY
    assert added.properties == (("direct-url", "https://example.org/y.git"),)
    assert added.qualifiers == (("vcs_url", "git+https://example.org/y.git@abc"),)
    local = direct_url(f"{SITE}/x.dist-info/direct_url.json", b'{"url": "file:///src"}')
    assert only(local).qualifiers == ()


def test_who_installed_it() -> None:
    assert only(installer(*SAMPLES["python-installer"])).properties == (("installer", "pip"),)


def test_the_list_of_files_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_files, "_MOST_FILES", 2)
    with pytest.raises(Unreadable):
        record(f"{SITE}/x.dist-info/RECORD", b"a,,\nb,,\nc,,\n")


def test_what_a_virtual_environment_is_made_with() -> None:
    made = dict(environment(*SAMPLES["python-venv"]).generated)
    assert set(made.values()) == {"virtual environment"}
    assert {"/opt/venv/pyvenv.cfg", "/opt/venv/bin/activate", "/opt/venv/bin/python3.11"} <= {*made}
    assert "/opt/venv/bin/python3.11" not in dict(environment("/v/pyvenv.cfg", b"").generated)
