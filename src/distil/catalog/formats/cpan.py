"""Perl distributions from CPAN: what cpanm and Carton keep, and Perl's own lists of files.

``.meta/DIST-VERSION/install.json`` and ``MYMETA.json`` (CPAN::Meta::Spec) in the directory of an
architecture, and ``auto/MODULE/.packlist`` (ExtUtils::Packlist) beside it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from distil.catalog.facts import Added, Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import json_file, line, word, words
from distil.catalog.formats.licenses import spdx_all
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_LICENSES: Final = {
    "agpl_3": "AGPL-3.0-only",
    "apache_1_1": "Apache-1.1",
    "apache_2_0": "Apache-2.0",
    "artistic_1": "Artistic-1.0",
    "artistic_2": "Artistic-2.0",
    "bsd": "BSD-3-Clause",
    "freebsd": "BSD-2-Clause",
    "gfdl_1_2": "GFDL-1.2-only",
    "gfdl_1_3": "GFDL-1.3-only",
    "gpl_1": "GPL-1.0-only",
    "gpl_2": "GPL-2.0-only",
    "gpl_3": "GPL-3.0-only",
    "lgpl_2_1": "LGPL-2.1-only",
    "lgpl_3_0": "LGPL-3.0-only",
    "mit": "MIT",
    "mozilla_1_0": "MPL-1.0",
    "mozilla_1_1": "MPL-1.1",
    "openssl": "OpenSSL",
    "perl_5": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "qpl_1_0": "QPL-1.0",
    "zlib": "Zlib",
}
"""The words of CPAN::Meta::Spec that name a licence."""
_MOST_FILES: Final = 1_000_000


class _Installed(msgspec.Struct):
    name: object = None
    version: object = None
    dist: object = None
    pathname: object = None


class _Meta(msgspec.Struct):
    abstract: object = None
    author: object = None
    license: object = None
    resources: object = None


def install_json(path: str, content: Content) -> Facts:
    """A distribution: named as CPAN names it, with its author's account in the package URL."""
    told = json_file(content, _Installed)
    full, version = word(told.dist), word(told.version)
    name = full.removesuffix(f"-{version}") if version else full
    if not name:
        raise Unreadable("it names no distribution")
    version = version or full.rpartition("-")[2]
    parts = word(told.pathname).split("/")
    component = InventoryComponent(
        name=name,
        version=version,
        kind="perl",
        purl=package_url("cpan", name, version, namespace=parts[2] if len(parts) > 3 else ""),
    )
    directory = directory_of(path)
    main = f"{directory_of(directory, 2)}:{word(told.name)}"
    claims = (Claim(directory, is_tree=True),)
    return Facts((Stated(component, (f"perl:{directory}", f"perl:{main}"), claims),))


def metadata(path: str, content: Content) -> Facts:
    """``MYMETA.json`` beside it."""
    told = json_file(content, _Meta)
    read = spdx_all(_LICENSES[one] for one in words(told.license) if one in _LICENSES)
    resources = told.resources if isinstance(told.resources, dict) else {}
    fields = (
        ("description", line(told.abstract)),
        ("homepage", word(resources.get("homepage"))),
        ("supplier", ", ".join(words(told.author))),
    )
    key = f"perl:{directory_of(path)}"
    told_fields = tuple(one for one in fields if one[1])
    return Facts(added=(Added(key, (), read.expressions, read.texts, told_fields),))


def packlist(path: str, content: Content) -> Facts:
    """``auto/Foo/Bar/.packlist``: the files, whole paths, each with how it was put there."""
    architecture, _, module = directory_of(path).rpartition("/auto/")
    lines = content[:].decode("utf-8", "surrogateescape").splitlines()
    if len(lines) > _MOST_FILES:
        raise Unreadable(f"it lists more than {_MOST_FILES:,} files")
    paths = [image_path("/", one.partition(" type=")[0].strip()) for one in lines]
    claims = (Claim(path, is_optional=True), *(Claim(one) for one in paths if one))
    return Facts(added=(Added(f"perl:{architecture}:{module.replace('/', '::')}", claims),))
