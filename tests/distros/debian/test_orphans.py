from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.errors import CutReached
from distil.distros.debian.orphans import LINK_RULE, SCRIPT_RULE, without_orphans
from distil.distros.debian.select import Selection, Wanted, select
from distil.fetch.cache import Cache
from distil.model.node import generated_file
from tests.support.deb_builder import file, link
from tests.support.packages import unpacked


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def cleaned(packs: list[DebPack], *asked: str) -> Selection:
    wanted = Wanted(frozenset(asked))
    selection = select(packs, default_cuts(), wanted)
    return without_orphans(selection.tree, selection.removed, packs, {}, wanted)


SCRIPT = "#! /bin/sh\necho\n"


def test_scripts_without_interpreter_go_with_a_reason(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "tool",
        [
            file("/usr/bin/tool", b"\x7fELF", 0o755),
            file("/usr/bin/tool-helper", SCRIPT, 0o755),
            file("/usr/bin/with-env", "#!/usr/bin/env python3\n", 0o755),
            file("/usr/lib/python3/dist-packages/module.py", SCRIPT, 0o755),
            file("/usr/bin/data", SCRIPT, 0o644),
        ],
    )
    found = cleaned([pack])
    assert "/usr/bin/tool" in found.tree
    assert "/usr/bin/data" in found.tree
    assert "/usr/lib/python3/dist-packages/module.py" in found.tree
    assert [(r.path, r.rule, r.reason) for r in found.removed] == [
        ("/usr/bin/tool-helper", SCRIPT_RULE, "its interpreter /bin/sh is not in the image"),
        ("/usr/bin/with-env", SCRIPT_RULE, "its interpreter /usr/bin/env is not in the image"),
    ]


def test_with_the_interpreter_they_stay(cache: Cache) -> None:
    packs = [
        unpacked(cache, "tool", [file("/usr/bin/tool", SCRIPT, 0o755)]),
        unpacked(cache, "dash", [file("/usr/bin/dash", mode=0o755), link("/usr/bin/sh", "dash")]),
    ]
    assert "/usr/bin/tool" in cleaned(packs, "dash").tree
    assert "/usr/bin/tool" not in cleaned(packs).tree


def test_links_to_what_went_go_too(cache: Cache) -> None:
    packs = [
        unpacked(cache, "python3.13", [file("/usr/bin/pydoc3.13", SCRIPT, 0o755)]),
        unpacked(
            cache,
            "x",
            [
                file("/usr/bin/script", SCRIPT, 0o755),
                link("/usr/bin/alias", "script"),
                link("/usr/bin/documents", "pydoc3.13"),
                link("/usr/bin/always-dangling", "nowhere"),
            ],
        ),
    ]
    found = cleaned(packs)
    rules = {entry.path: entry.rule for entry in found.removed if entry.package == "x"}
    assert rules == {
        "/usr/bin/alias": LINK_RULE,
        "/usr/bin/documents": LINK_RULE,
        "/usr/bin/script": SCRIPT_RULE,
    }
    assert "/usr/bin/always-dangling" in found.tree


def test_links_to_what_rules_cut_go_wherever_they_are(cache: Cache) -> None:
    packs = [
        unpacked(cache, "numpy-dev", [file("/usr/lib/x86_64-linux-gnu/numpy/lib/libnp.a")]),
        unpacked(
            cache,
            "numpy",
            [
                file("/usr/lib/python3/dist-packages/numpy/x.py"),
                link(
                    "/usr/lib/python3/dist-packages/numpy/lib",
                    "../../../x86_64-linux-gnu/numpy/lib",
                ),
            ],
        ),
    ]
    found = cleaned(packs)
    rules = {entry.path: entry.rule for entry in found.removed if entry.package == "numpy"}
    assert rules == {"/usr/lib/python3/dist-packages/numpy/lib": LINK_RULE}
    assert "/usr/lib/python3/dist-packages/numpy/lib" in cleaned(packs, "numpy-dev").tree


def test_a_link_to_a_script_elsewhere_is_a_program_as_well(cache: Cache) -> None:
    entries = [
        file("/usr/bin/node", b"\x7fELF", 0o755),
        file("/usr/share/nodejs/acorn/bin/acorn", "#!/usr/bin/env node\n", 0o755),
        link("/usr/bin/acorn", "../share/nodejs/acorn/bin/acorn"),
    ]
    found = cleaned([unpacked(cache, "nodejs", entries)], "nodejs")
    assert "/usr/share/nodejs/acorn/bin/acorn" in found.tree
    assert [(gone.path, gone.rule) for gone in found.removed] == [("/usr/bin/acorn", SCRIPT_RULE)]


def test_scripts_that_a_pattern_keeps_stay(cache: Cache) -> None:
    pack = unpacked(cache, "tool", [file("/usr/bin/tool", SCRIPT, 0o755)])
    selection = select([pack], default_cuts())
    wanted = Wanted(keep=("/usr/bin/to*",))
    found = without_orphans(selection.tree, selection.removed, [pack], {}, wanted)
    assert "/usr/bin/tool" in found.tree


def test_a_wanted_package_without_any_program_left_is_an_error(cache: Cache) -> None:
    pack = unpacked(cache, "p7zip", [file("/usr/bin/7z", SCRIPT, 0o755)])
    with pytest.raises(CutReached, match="/usr/bin/7z of p7zip: its interpreter /bin/sh"):
        cleaned([pack], "p7zip")
    assert "/usr/bin/7z" not in cleaned([pack]).tree


def test_a_wanted_package_with_other_programs_is_none(cache: Cache) -> None:
    entries = [file("/usr/bin/curl", b"\x7fELF", 0o755), file("/usr/bin/wcurl", SCRIPT, 0o755)]
    assert "/usr/bin/curl" in cleaned([unpacked(cache, "curl", entries)], "curl").tree


def test_files_that_are_of_no_package_are_left_alone(cache: Cache) -> None:
    pack = unpacked(cache, "x", [file("/usr/bin/x", b"\x7fELF", 0o755)])
    tree = select([pack], default_cuts()).tree
    tree = tree.with_nodes([generated_file("/usr/bin/own", SCRIPT.encode(), "test", 0o755)])
    assert "/usr/bin/own" in without_orphans(tree, [], [pack], {}, Wanted()).tree
