"""Names of locales as setlocale takes them, and those that there are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.locales import further_locales, unknown_locales
from distil.fetch.cache import Cache
from tests.support.deb_builder import file
from tests.support.packages import unpacked

DIRECTORIES = {
    "de_DE.UTF-8": "de_DE.utf8",
    "de_DE.utf8": "de_DE.utf8",
    "de_DE": "de_DE",
    "de_DE@euro": "de_DE@euro",
    "sr_RS.UTF-8@latin": "sr_RS.utf8@latin",
    "ja_JP.eucJP": "ja_JP.eucjp",
    "ru_RU.KOI8-R": "ru_RU.koi8r",
    "de_DE.8859-1": "de_DE.iso88591",
    "C": None,
    "POSIX": None,
    "C.UTF-8": None,
    "C.utf8": None,
}


@pytest.mark.parametrize(("name", "found"), DIRECTORIES.items())
def test_where_a_locale_is(name: str, found: str | None) -> None:
    expected = {} if found is None else {name: f"/usr/lib/locale/{found}"}
    assert further_locales([name]) == expected


def test_locales_that_there_are_not(tmp_path: Path) -> None:
    names = ("de_DE.utf8", "de_DE", "de_AT.utf8", "fr_FR.utf8")
    entries = [file(f"/usr/lib/locale/{name}/LC_TIME") for name in names]
    packs = [unpacked(Cache(tmp_path / "cache"), "locales-all", entries)]
    assert unknown_locales(["de_DE.UTF-8", "C", "fr_FR.utf8"], packs) == {}
    found = unknown_locales(["de_CH.UTF-8", "xx"], packs)
    assert found["de_CH.UTF-8"][:2] == ["de_DE.UTF-8", "de_AT.UTF-8"]
    assert found["xx"] == []
