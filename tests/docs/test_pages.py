"""Every command in the documentation does what its page says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from distil.cli import cli
from distil.formats.spec_toml import parse_spec
from tests.support.pages import read_page
from tests.support.sessions import prepare, run_page
from tests.support.tools import ROOT, missing

PATHS = [
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]
PAGES = {str(path.relative_to(ROOT)): read_page(path) for path in PATHS}
SESSIONS = [name for name, page in PAGES.items() if any(f.commands for f in page.fences)]
VERBS = set(cli.list_commands(click.Context(cli)))

NOT_RUN = {
    "README.md": 2,
    "docs/concepts/cve-by-cve.md": 1,
    "docs/concepts/platforms.md": 1,
    "docs/guides/bases.md": 2,
    "docs/reference/commands.md": 6,
    "docs/guides/ci.md": 3,
    "docs/guides/compiled.md": 2,
    "docs/guides/copying.md": 2,
    "docs/guides/django.md": 1,
    "docs/guides/other-scanners.md": 2,
    "docs/guides/private-index.md": 2,
    "docs/guides/recommend.md": 2,
    "docs/guides/registries.md": 3,
    "docs/guides/scan.md": 2,
    "docs/guides/services.md": 2,
    "docs/guides/running.md": 1,
    "docs/guides/vulnerability-database.md": 2,
    "examples/c-tool/README.md": 1,
    "examples/django/README.md": 1,
    "examples/nginx-site/README.md": 1,
    "examples/postgres/README.md": 2,
    "examples/redis/README.md": 3,
    "examples/rust-cli/README.md": 1,
}
"""How many fences of each page say that they are not run, and why; one more is a decision."""

LANGUAGES = {"c", "go", "console", "sh", "", "text", "toml", "python", "yaml", "json", "ini"}
COMMAND = re.compile(r"\s*(?:\$ |(?:distil|docker|podman|make|curl|uv|pip|pipx|scripts/\w+) )")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)(?P<target>[^)#\s]+)")


@pytest.mark.engine
@pytest.mark.network
@pytest.mark.xdist_group("pages")
@pytest.mark.parametrize("name", SESSIONS)
def test_commands_do_what_the_page_says(
    name: str, reader: Callable[[tuple[str, ...]], dict[str, str]], tmp_path: Path
) -> None:
    page = PAGES[name]
    environment = reader(page.given)
    place = prepare(page, tmp_path)
    fences = [fence for fence in page.fences if not fence.not_run and _is_there(fence.run_with)]
    ended = run_page(page, place, fences, environment)
    if ended and ended[-1].not_installed:
        missing(f"{ended[-1].not_installed} is not installed")
    complaints = [f"{name}, {end.complaint}" for end in ended if end.complaint]
    assert not complaints, "\n\n".join(complaints)
    assert len(ended) == sum(len(fence.commands) for fence in fences)


def _is_there(verb: str) -> bool:
    return not verb or verb.removeprefix("distil ") in VERBS


def test_what_is_not_run_is_known() -> None:
    found = Counter(name for name, page in PAGES.items() for f in page.fences if f.not_run)
    assert found == NOT_RUN


@pytest.mark.parametrize("name", PAGES)
def test_commands_are_where_they_are_run(name: str) -> None:
    fences = PAGES[name].fences
    assert {fence.language for fence in fences} <= LANGUAGES
    for fence in fences:
        assert fence.language != "sh" or fence.not_run or fence.path, f"{name}:{fence.line}"
        if fence.language != "console" and not fence.not_run and not fence.path:
            lines = [line for line in fence.text.splitlines() if COMMAND.match(line)]
            assert lines == [], f"{name}:{fence.line}: commands that nothing runs"


@pytest.mark.parametrize("name", PAGES)
def test_settings_on_a_page_are_right(name: str) -> None:
    for fence in PAGES[name].fences:
        if fence.path.endswith("distil.toml"):
            parse_spec(fence.text, f"{name}:{fence.line}")


@pytest.mark.parametrize("name", [*PAGES, "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = [found["target"] for found in LINK.finditer(text)]
    assert [t for t in targets if not ((ROOT / name).parent / t).exists()] == []


def test_the_site_is_built_without_a_warning_and_asks_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > len(list(ROOT.glob("docs/**/*.md")))
    loaded = re.compile(
        r"<(?:link[^>]+stylesheet[^>]+href|script[^>]+src|img[^>]+src)=\"?(https?:)?//"
    )
    assert [page.name for page in pages if loaded.search(page.read_text())] == []


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text())
    there = {str(path.relative_to(ROOT / "docs")) for path in ROOT.glob("docs/**/*.md")}
    assert set(listed) == there
