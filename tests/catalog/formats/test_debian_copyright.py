"""Licences by copyright files, machine-readable or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Facts, Unreadable
from distil.catalog.formats.debian_copyright import copyright_file

PATH = "/usr/share/doc/libx1/copyright"
FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"


def licenses(text: str) -> tuple[str, ...]:
    facts = copyright_file(PATH, text.encode())
    return facts.added[0].licenses if facts.added else ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                "\nFiles: *\nLicense: GPL-2+\n words\n\nFiles: b\nLicense: Expat\n\n"
                "Files: c\nLicense: GPL-2+\n\nLicense: Artistic\n words\n"
            ),
            ("GPL-2.0-or-later", "MIT"),
        ),
        ("License: Apache-2.0\n\nLicense: Expat\n words\n", ("Apache-2.0",)),
        ("\nLicense: Apache-2.0\n words\n", ("Apache-2.0",)),
        (
            "\nFiles: *\nLicense:\n  Artistic or\n GPL-1+\n\nFiles: b\nLicense: GPL-2 and MIT\n",
            ("GPL-2.0-only AND MIT",),
        ),
        (
            "\nFiles: *\nLicense: Expat or GPL-3 with Bison exception\n",
            ("MIT OR GPL-3.0-only WITH Bison-exception-2.2",),
        ),
        ("\nFiles: *\nCopyright: nobody\n", ()),
    ],
)
def test_machine_readable_files(text: str, expected: tuple[str, ...]) -> None:
    assert licenses(FORMAT + text) == expected


def test_a_licence_of_its_own_is_told_with_its_words() -> None:
    text = (
        "\nFiles: *\nLicense: own-terms\n\nLicense: own-terms\n Do as you\n  like.\n .\n Always.\n"
    )
    added = copyright_file(PATH, (FORMAT + text).encode()).added[0]
    assert len(added.licenses) == 1
    assert added.licenses[0].startswith("LicenseRef-own-terms-")
    assert added.license_texts == ((added.licenses[0], "Do as you\nlike.\n\nAlways."),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See /usr/share/common-licenses/GPL-2.", ("GPL-2.0-only",)),
        (
            (
                "either version 2, or (at your option) any later\nversion.\n"
                "See `/usr/share/common-licenses/GPL-2'.\n"
                "The manual: /usr/share/common-licenses/GFDL-1.3\n"
            ),
            ("GPL-2.0-or-later", "GFDL-1.3-only"),
        ),
        ("any later version of Apache /usr/share/common-licenses/Apache-2.0", ("Apache-2.0",)),
        (
            "Permission is hereby granted, free of charge, to\n * any person obtaining a copy",
            ("MIT",),
        ),
        (
            (
                "Redistribution and use in source and binary forms, with or without\n"
                "# modification: may be used to endorse or promote products derived"
            ),
            ("BSD-3-Clause",),
        ),
        (
            "Redistribution and use in source and binary forms, with or without modification",
            ("BSD-2-Clause",),
        ),
        ("All that Format: says is nothing.\nLicense: By\n", ()),
    ],
)
def test_files_of_free_text(text: str, expected: tuple[str, ...]) -> None:
    assert licenses(text) == expected


def test_it_is_of_the_package_whose_documentation_it_is_in() -> None:
    content = b"/usr/share/common-licenses/GPL-2"
    assert copyright_file(PATH, content).added[0].key == "dpkg:/:libx1"
    assert copyright_file(f"/srv/r{PATH}", content).added[0].key == "dpkg:/srv/r:libx1"
    assert copyright_file("/usr/share/doc/a/b/copyright", content) == Facts()


def test_what_is_no_text_or_endless_is_said_so() -> None:
    with pytest.raises(Unreadable):
        copyright_file(PATH, b"\0")
    with pytest.raises(Unreadable, match="more than 500"):
        licenses(FORMAT + "".join(f"\nFiles: {one}\nLicense: L{one}\n" for one in range(600)))


WORDS = st.sampled_from(
    [
        *("/usr/share/common-licenses/", "any later version", "x" * 200),
        FORMAT,
        "License: ",
        "Files: *\n",
        "GPL-2+",
        " or ",
        "(",
        "\n",
        " .\n",
        "\udcff",
        ", and ",
    ]
)


@given(
    st.binary()
    | st.lists(WORDS).map(lambda words: "".join(words).encode("utf-8", "surrogateescape"))
)
def test_any_bytes_are_licences_or_unreadable(content: bytes) -> None:
    try:
        facts = copyright_file(PATH, content)
    except Unreadable:
        return
    for added in facts.added:
        assert added.licenses
        "".join(added.licenses).encode()
        str(added.license_texts).encode()
