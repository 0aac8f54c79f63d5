"""Lua rocks, and the Lua source that their records are."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Added, Claim, Facts, Unreadable
from distil.catalog.formats.lua_rock import rock_manifest, rockspec
from distil.catalog.formats.lua_table import assignments
from tests.catalog.formats.language_samples import ROCKSPEC, SAMPLES

ROCKS = "/usr/local/lib/luarocks/rocks-5.1"


def test_a_rock_that_is_installed() -> None:
    (stated,) = rockspec(*SAMPLES["lua"]).stated
    component = stated.component
    assert (component.kind, component.name, component.version) == ("lua", "penlight", "1.13.1-1")
    assert component.purl == "pkg:luarocks/penlight@1.13.1-1"
    assert component.licenses == ("MIT",)
    assert component.supplier == "t@example.org"
    assert component.homepage == "https://example.org"
    assert component.description == "Lua utility"
    assert stated.keys == (f"lua:{ROCKS}/penlight/1.13.1-1", f"lua:{ROCKS}:penlight")
    assert stated.needs == (f"lua:{ROCKS}:luafilesystem", f"lua:{ROCKS}:lpeg")
    assert Claim(f"{ROCKS}/penlight/1.13.1-1", is_tree=True) in stated.claims


def test_a_rockspec_elsewhere_has_no_directory() -> None:
    (stated,) = rockspec("/src/penlight-1.13.1-1.rockspec", ROCKSPEC).stated
    assert [claim.path for claim in stated.claims] == ["/src/penlight-1.13.1-1.rockspec"]


def test_the_manifest_has_what_was_put_in_place() -> None:
    assert rock_manifest(*SAMPLES["lua-manifest"]).added == (
        Added(
            f"lua:{ROCKS}/penlight/1.13.1-1",
            (
                Claim(
                    "/usr/local/share/lua/5.1/pl/app.lua", "md5:d41d8cd98f00b204e9800998ecf8427e"
                ),
                Claim("/evil.lua"),
                Claim(
                    f"{ROCKS}/penlight/1.13.1-1/bin/tool", "md5:0123456789abcdef0123456789abcdef"
                ),
                Claim("/usr/local/bin/tool"),
            ),
        ),
    )
    assert rock_manifest("/x/rock_manifest", b"rock_manifest = {}") == Facts()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('a = "x"', {"a": "x"}),
        ("a = 'it\\'s\\n'", {"a": "it's\n"}),
        ("a = [==[x]]y]==]", {"a": "x]]y"}),
        ("a = [[unfinished", {"a": "unfinished"}),
        ('a = "x" .. "y"', {"a": "xy"}),
        ('a = { "x", k = "y"; ["z w"] = "v", }', {"a": {"1": "x", "k": "y", "z w": "v"}}),
        ('a = { f({1}, "q"), b = 3, c = "x" }', {"a": {"c": "x"}}),
        ("a = {{}, {x = {}}}", {"a": {"1": {}, "2": {"x": {}}}}),
        ('-- a = "x"\nb = "y" --[[ c = "z" ]]', {"b": "y"}),
        ('a = "x" a = "y"', {"a": "y"}),
        ("a = 1 b = nil", {}),
        ("local function f() return {", {}),
    ],
)
def test_assignments(source: str, expected: dict[str, object]) -> None:
    assert assignments(source) == expected


@pytest.mark.parametrize("content", [b"", b'package = "x"', b'version = "1"', b"package = 1"])
def test_without_name_and_version_it_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        rockspec("/x.rockspec", content)
