"""The commit and the repository in an image's labels, when asked for and as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from distil.formats.spec_toml import parse_spec
from distil.source.errors import NoRevision
from distil.source.revision import REVISION, SOURCE, with_revision
from distil.source.scan import scan
from tests.support.tools import tool

ASKED = "[image]\ngit = true\n"


def git(directory: Path, *arguments: str) -> str:
    settings = (
        "-c",
        "user.name=me",
        "-c",
        "user.email=me@example.org",
        "-c",
        "init.defaultBranch=a",
    )
    command = [tool("git"), *settings, *arguments]
    return subprocess.run(
        command, cwd=directory, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit and an application in a directory of it."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    root = tmp_path / "repository"
    (root / "shop").mkdir(parents=True)
    (root / "shop/app.py").write_text("x = 1\n")
    (root / "shop/.gitignore").write_text("ignored.py\n")
    (root / "README").write_text("read me\n")
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    return root


def labels(source: Path, text: str = ASKED) -> dict[str, str]:
    spec = parse_spec(text)
    return dict(with_revision(spec, source, scan(source, spec)).image.labels)


def test_only_when_asked(repository: Path) -> None:
    assert labels(repository / "shop", "") == {}


def test_the_commit(repository: Path) -> None:
    assert labels(repository / "shop") == {REVISION: git(repository, "rev-parse", "HEAD")}


@pytest.mark.parametrize("change", ["shop/app.py", "shop/new.py", "shop/\u00e4 b.py"])
def test_what_the_commit_does_not_tell_is_dirty(repository: Path, change: str) -> None:
    (repository / change).write_text("x = 2\n")
    assert labels(repository / "shop") == {
        REVISION: git(repository, "rev-parse", "HEAD") + "-dirty"
    }


def test_what_was_deleted_is_dirty(repository: Path) -> None:
    (repository / "shop/app.py").unlink()
    assert labels(repository / "shop")[REVISION].endswith("-dirty")


@pytest.mark.parametrize("change", ["shop/ignored.py", "README", "other/new.py"])
def test_what_the_image_does_not_have_is_not(repository: Path, change: str) -> None:
    (repository / change).parent.mkdir(exist_ok=True)
    (repository / change).write_text("x = 2\n")
    assert not labels(repository / "shop")[REVISION].endswith("-dirty")


def test_what_an_application_leaves_out_is_not(repository: Path) -> None:
    (repository / "shop/notes.txt").write_text("only here\n")
    text = '[app]\nexclude = ["notes.txt"]\n' + ASKED
    assert not labels(repository / "shop", text)[REVISION].endswith("-dirty")


@pytest.mark.parametrize(
    ("remote", "public"),
    [
        ("https://code.example/me/shop.git", "https://code.example/me/shop.git"),
        ("https://me:t0ken@code.example:8443/shop", "https://code.example:8443/shop"),
        ("https://t0ken@code.example/shop?token=t0ken#t0ken", "https://code.example/shop"),
        ("git@code.example:me/shop.git", "ssh://git@code.example/me/shop.git"),
        ("code.example:/srv/shop.git", "ssh://code.example/srv/shop.git"),
        ("ssh://git:t0ken@code.example/shop", "ssh://git@code.example/shop"),
        ("ssh://git@[::1]:22/shop", "ssh://git@[::1]:22/shop"),
        ("git://code.example/shop", "git://code.example/shop"),
        ("/home/me/t0ken/shop", None),
        ("../shop", None),
        ("file:///home/me/t0ken", None),
        ("https://[broken", None),
        ("ext::t0ken %S", None),
        ("me:t0ken@code.example:shop", None),
    ],
)
def test_the_repository_without_secrets(repository: Path, remote: str, public: str | None) -> None:
    git(repository, "remote", "add", "origin", remote)
    found = labels(repository / "shop")
    assert found.get(SOURCE) == public
    assert "t0ken" not in str(found)


def test_which_remote(repository: Path) -> None:
    git(repository, "remote", "add", "fork", "https://code.example/fork")
    assert labels(repository)[SOURCE] == "https://code.example/fork"
    git(repository, "remote", "add", "origin", "https://code.example/shop")
    assert labels(repository)[SOURCE] == "https://code.example/shop"


def test_the_users_labels_win(repository: Path) -> None:
    text = f'{ASKED}labels = {{ "{REVISION}" = "7", owner = "me" }}\n'
    assert labels(repository, text) == {REVISION: "7", "owner": "me"}


def test_without_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    source = tmp_path / "shop"
    source.mkdir()
    with pytest.raises(NoRevision, match="not a git repository") as caught:
        labels(source)
    assert "labels" in caught.value.hint
    git(source, "init")
    with pytest.raises(NoRevision, match="no commit yet"):
        labels(source)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoRevision, match="no git program"):
        labels(source)


def test_somebody_elses_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As git refuses it; only root could make one here."""
    refusal = "fatal: detected dubious ownership in repository at '/the/repository'"
    program = tmp_path / "git"
    program.write_text(f'#!/bin/sh\necho "{refusal}" >&2\nexit 128\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(NoRevision, match="dubious ownership") as caught:
        labels(tmp_path)
    assert caught.value.hint == "git config --global --add safe.directory /the/repository"


def test_nothing_of_the_repository_is_run(repository: Path, tmp_path: Path) -> None:
    monitor = tmp_path / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    monitor.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(monitor))
    labels(repository / "shop")
    assert not (tmp_path / "ran").exists()
