"""A distribution and a language that distil does not know, each added by a line in its table.

They go all the way of the verbs: detected, locked, built at both levels, explained and checked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from distil import pipeline
from distil.compose.errors import ClosureBroken
from distil.distros import table as distros
from distil.explain.explain import Question
from distil.fetch.cache import Cache
from distil.image.read_tree import read_tree
from distil.model.reference import parse_location
from distil.model.tree import Tree
from distil.pipeline import BuildRequest, LockRequest
from distil.runtimes import table as runtimes
from distil.source.specification import Overrides
from tests.seams.scheme import Scheme
from tests.seams.tin import Tin, TinPackage
from tests.support.elf_builder import Elf
from tests.support.images import open_image

INTERPRETER = Elf(kind=2, dynamic=False).build()
MANUAL = "/usr/share/man/scheme"
PACKAGES = {
    "scheme": TinPackage(
        "scheme", "9.3", ("base",), {"/usr/bin/scheme": INTERPRETER, MANUAL: b"how"}, (MANUAL,)
    ),
    "base": TinPackage("base", "1", (), {"/etc/motd": b"hello"}),
    "unused": TinPackage("unused", "1", (), {"/usr/bin/unused": INTERPRETER}),
}


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An application of the toy language on the toy distribution; both are in the tables."""
    monkeypatch.setattr(distros, "DISTROS", (*distros.DISTROS, Tin(PACKAGES)))
    monkeypatch.setattr(runtimes, "RUNTIMES", (*runtimes.RUNTIMES, Scheme()))
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))
    app = tmp_path / "tune"
    app.mkdir()
    (app / "distil.toml").write_text('[base]\nfrom = "tin:1"\n')
    (app / "main.scm").write_text('(load "part.scm")')
    (app / "part.scm").write_text("()")
    (app / "notes.txt").write_text("")
    return app


def built(app: Path, level: str = "reachable", *, locked: bool = False) -> tuple[Tree, str]:
    place = f"oci:{app.parent / level}"
    overrides = Overrides(level=level)
    pipeline.build(BuildRequest(source=app, outputs=(place,), overrides=overrides, locked=locked))
    image = f"{place}:2"
    opened = open_image(parse_location(image))
    assert "SCHEME_HOME=/app" in opened.config.config.env
    return read_tree(opened.layers, Cache.default()), image


def test_all_that_is_reached_and_nothing_else(toys: Path) -> None:
    tree, image = built(toys)
    assert {"/app/main.scm", "/app/part.scm", "/usr/bin/scheme", "/var/lib/tin"} <= set(
        tree.paths()
    )
    assert "/app/notes.txt" not in tree
    assert MANUAL not in tree
    database = tree["/var/lib/tin"].blob
    assert database is not None
    assert database.read() == b"pkg:tin/base@1\npkg:tin/scheme@9.3"
    (explained,) = pipeline.why(image, Question(path="/app/part.scm")).answer.explanations
    assert explained.kept.reasons[0].rule == "load"
    assert pipeline.check(image).faults == ()


def test_level_packages(toys: Path) -> None:
    tree, _ = built(toys, "packages")
    assert "/app/notes.txt" in tree


def test_what_would_fail_is_told(toys: Path) -> None:
    (toys / "part.scm").unlink()
    with pytest.raises(ClosureBroken, match=r"part\.scm is not there"):
        built(toys)


def test_a_lock_has_the_parts_as_they_write_them(toys: Path) -> None:
    unlocked, _ = built(toys)
    summary = pipeline.lock(LockRequest(source=toys))
    text = (toys / "distil.lock").read_text()
    assert "[platform.base.tin]" in text
    assert '{ name = "scheme", version = "9.3" }' in text
    assert '[platform.runtime.scheme]\nversion = "9.3"' in text
    assert summary.platforms[0].packages == 2
    locked, _ = built(toys, locked=True)
    assert [node.path for node in locked] == [node.path for node in unlocked]


def test_the_twin_has_the_tools(toys: Path) -> None:
    built(toys)
    twin = open_image(parse_location(f"oci:{toys.parent / 'reachable'}:2-debug"))
    assert "/tools/tin" in read_tree(twin.layers, Cache.default())
