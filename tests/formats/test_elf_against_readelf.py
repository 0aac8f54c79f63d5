"""The reader against binutils' readelf on the ELF files of the machine the tests run on."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from distil.formats.elf import parse_elf
from tests.support.readelf import readelf
from tests.support.tools import needs

pytestmark = needs("readelf")

DIRECTORIES = ("/usr/lib", "/usr/bin", "/usr/sbin")


def elf_files():
    for top in DIRECTORIES:
        for directory, subdirectories, names in os.walk(top):
            subdirectories.sort()
            for name in sorted(names):
                path = Path(directory, name)
                if path.is_symlink() or not path.is_file():
                    continue
                with path.open("rb") as stream:
                    if stream.read(4) == b"\x7fELF":
                        yield path


def differences(paths):
    for path, expected in readelf(map(str, paths)):
        elf = parse_elf(Path(path).read_bytes())
        for field, value in expected.items():
            if getattr(elf, field) != value:
                yield path, field, getattr(elf, field), value


def test_agrees_with_readelf_on_a_sample():
    paths = list(islice(elf_files(), 0, None, 47))
    if not paths:
        pytest.skip("no ELF files found")
    assert list(differences(paths)) == []


@pytest.mark.thorough
@pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")
def test_agrees_with_readelf_on_every_file():
    assert list(differences(elf_files())) == []
