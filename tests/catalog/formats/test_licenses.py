"""What packages write of their licences, and the SPDX expression that it comes to."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.licenses import canonicalize_license_expression

from distil.catalog.formats import license_names
from distil.catalog.formats.licenses import Licenses, _key, _listed, spdx, spdx_all


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # DEP-5
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2", "GPL-2.0-only"),
        ("Expat", "MIT"),
        ("BSD-3-clause", "BSD-3-Clause"),
        ("GPL-1+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
        ("LGPLv3+_or_GPLv2+", "LGPL-3.0-or-later OR GPL-2.0-or-later"),
        ("GPL-2+ or Expat, and BSD-2-clause", "(GPL-2.0-or-later OR MIT) AND BSD-2-Clause"),
        ("GPL-2+ or Expat and BSD-2-clause", "GPL-2.0-or-later OR MIT AND BSD-2-Clause"),
        ("GPL-3+ with Bison exception", "GPL-3.0-or-later WITH Bison-exception-2.2"),
        ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("GFDL-1.2+-no-invariants", "GFDL-1.2-no-invariants-or-later"),
        ("Perl", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
        ("Perl and Expat", "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT"),
        ("APACHE-2-LLVM-EXCEPTIONS", "Apache-2.0 WITH LLVM-exception"),
        ("Apache-2.0-with-LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
        ("GPL-3+-WITH-BISON-EXCEPTION", "GPL-3.0-or-later WITH Bison-exception-2.2"),
        ("GPL-2+-libtool-exception", "GPL-2.0-or-later WITH Libtool-exception"),
        # rpm, of several years
        ("GPLv2+ and MIT", "GPL-2.0-or-later AND MIT"),
        (
            "LGPLv2+ with OCaml linking exceptions",
            "LGPL-2.0-or-later WITH OCaml-LGPL-linking-exception",
        ),
        ("GPL-2.0-or-later AND (MIT OR Zlib)", "GPL-2.0-or-later AND (MIT OR Zlib)"),
        ("ASL 2.0", "Apache-2.0"),
        ("GPL+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
        # Alpine, Arch
        ("GPL-2.0-only AND MIT", "GPL-2.0-only AND MIT"),
        ("MIT GPL2+ zlib", "MIT AND GPL-2.0-or-later AND Zlib"),
        # R
        ("GPL (>= 2)", "GPL-2.0-or-later"),
        ("GPL-2 | GPL-3", "GPL-2.0-only OR GPL-3.0-only"),
        ("MIT + file LICENSE", "MIT"),
        # PyPI
        ("License :: OSI Approved :: MIT License", "MIT"),
        (
            "License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)",
            "GPL-3.0-or-later",
        ),
        ("License :: OSI Approved :: GNU Affero General Public License v3", "AGPL-3.0-only"),
        ("License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ('BSD 3-Clause "New" or "Revised" License', "BSD-3-Clause"),
        ("LGPL version 2.1 or (at your option) any later version", "LGPL-2.1-or-later"),
        ("GNU General Public License (GPL) version 2 or later", "GPL-2.0-or-later"),
        ("MIT License\n\nCopyright (c) 2020 Somebody\n", "MIT"),
        ("Apache License\n  Version 2.0, January 2004\n", "Apache-2.0"),
        # npm, gems, crates
        ("mit", "MIT"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("(MIT OR GPL-2.0)", "MIT OR GPL-2.0-only"),
        ("(MIT) OR (ISC)", "(MIT) OR (ISC)"),
        ("GPL-3.0+", "GPL-3.0-or-later"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("(MIT AND BSD-3-Clause) OR ISC", "(MIT AND BSD-3-Clause) OR ISC"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        # no version, no id
        ("BSD", None),
        ("GPL", None),
        ("Public Domain", None),
        ("UNLICENSED", None),
        ("(MIT OR", None),
        ("Other/Proprietary License", None),
        ("Permission to use, copy, modify, and distribute this, with or without fee", None),
    ],
)
def test_what_is_written_comes_to_an_expression(written: str, expected: str | None) -> None:
    read = spdx(written)
    if expected is None:
        ((reference, words),) = read.texts
        assert read.expressions == (reference,)
        assert words == written
        assert reference.startswith("LicenseRef-")
    else:
        assert read == Licenses((expected,))


@pytest.mark.parametrize("written", ["", " \n", "UNKNOWN", "None", "NOASSERTION"])
def test_words_that_say_nothing_are_no_licence(written: str) -> None:
    assert spdx(written) == Licenses()


def test_what_has_no_id_stands_beside_what_has() -> None:
    assert spdx("LGPLv2+ and BSD") == Licenses(
        ("LGPL-2.0-or-later AND LicenseRef-BSD",), (("LicenseRef-BSD", "BSD"),)
    )


def test_a_plus_is_not_lost_in_a_reference() -> None:
    assert spdx("GPL-2+-odd").expressions != spdx("GPL-2-odd").expressions


def test_a_text_tells_references_of_one_name_apart() -> None:
    one = spdx("PD or PD-old or MIT", {"PD": "All of it is free."})
    other = spdx("PD", {"PD": "Do what you like."})
    (reference, text), (older, name) = one.texts
    assert text == "All of it is free."
    assert (older, name) == ("LicenseRef-PD-old", "PD-old")
    assert one.expressions == (f"{reference} OR LicenseRef-PD-old OR MIT",)
    assert other.texts[0][0] != reference


def test_several_are_each_told_once() -> None:
    assert spdx_all(["MIT", "Expat", "BSD", "", "ISC"]) == Licenses(
        ("MIT", "LicenseRef-BSD", "ISC"), (("LicenseRef-BSD", "BSD"),)
    )


def test_every_row_can_be_met_and_is_of_the_list() -> None:
    for name, expression in license_names.NAMES.items():
        assert _key(name) == name
        assert _listed(expression) == expression
    for name, exception in license_names.EXCEPTIONS.items():
        assert _key(name) == name
        assert _listed(f"MIT WITH {exception}") == f"MIT WITH {exception}"
    for old, new in license_names.REPLACED.items():
        assert _listed(old) == new
        assert canonicalize_license_expression(new) == new


_WORDS = st.sampled_from(
    ["MIT", "GPL-2+", "and", "or", "with", "(", ")", ",", "/", "Perl", "BSD", "exception", "+"]
)


@given(st.one_of(st.text(max_size=600), st.lists(_WORDS, max_size=60).map(" ".join)))
def test_whatever_is_written_comes_to_a_valid_expression(written: str) -> None:
    read = spdx(written, {"BSD": "a text"})
    for expression in read.expressions:
        canonicalize_license_expression(expression)
        assert set(re.findall(r"LicenseRef-[\w.-]+", expression)) == {one for one, _ in read.texts}


def test_parentheses_beyond_measure_are_words() -> None:
    assert spdx("(" * 200 + "BSD" + ")" * 200).expressions[0].startswith("LicenseRef-")
