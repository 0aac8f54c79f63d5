"""Which of an application's files go into the image."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from distil.formats.errors import InvalidProjectFile
from distil.model.application import Application
from distil.model.node import Kind
from distil.model.spec import AppSpec, BaseSpec, ImageSpec, RepositorySpec, Spec
from distil.reach.objects import elf_files
from distil.source.errors import UnreadableSource
from distil.source.scan import application_tree, scan, scan_project
from tests.support.detected import detect

IN_APP = Spec(image=ImageSpec(workdir="/app"))

PLAIN = Application(source="", name="x", version="")


def taken(root: Path, spec: Spec | None = None) -> list[str]:
    found = scan(root, spec or Spec())
    return [file.path for file in found.files if file.kind is not Kind.DIRECTORY]


def write_all(root: Path, *paths: str) -> Path:
    for name in paths:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def test_what_never_goes_in(tmp_path):
    write_all(
        tmp_path, "a.py", "a.pyc", "b/__pycache__/x.pyc", ".git/HEAD", ".venv/x", "env/pyvenv.cfg",
        "env/x", "out/oci-layout", "out/blobs/x", "x.egg-info/PKG-INFO", ".mypy_cache/x",
    )  # fmt: skip
    os.mkfifo(tmp_path / "pipe")
    assert taken(tmp_path) == ["a.py"]
    spec = Spec(app=AppSpec(include=("**",)))
    assert taken(tmp_path, spec) == ["a.py"]
    why = {left.path: left.why for left in scan(tmp_path, Spec()).left_out}
    assert why["env"] == "a virtual environment"
    assert why["out"] == "an image that was built before"
    assert why["pipe"] == "it is not a file, directory or symbolic link"
    assert why["b/__pycache__"] == "byte-code"


def test_what_goes_in_when_it_is_included(tmp_path):
    write_all(tmp_path, "a.py", ".env", "node_modules/x/y.js", "distil.toml", "Dockerfile")
    assert taken(tmp_path) == ["a.py"]
    spec = Spec(app=AppSpec(include=(".env", "node_modules/x")))
    assert taken(tmp_path, spec) == [".env", "a.py", "node_modules/x/y.js"]


def test_what_distil_itself_was_given(tmp_path):
    """Packages and keys that the specification names are no files of the application."""
    write_all(tmp_path, "a.py", "debs/x.deb", "debs/notes", "keys/vendor.asc", "keys/other.asc")
    repository = RepositorySpec("https://vendor.example/debian", "stable", "./keys/vendor.asc")
    base = BaseSpec(debs=("debs/*.deb",), repositories=(repository,))
    assert taken(tmp_path, Spec(base=base)) == ["a.py", "debs/notes", "keys/other.asc"]
    spec = Spec(base=base, app=AppSpec(include=("keys",)))
    assert taken(tmp_path, spec) == ["a.py", "debs/notes", "keys/other.asc", "keys/vendor.asc"]


def test_exclude(tmp_path):
    write_all(tmp_path, "a.py", "b/c.txt", "b/d.py")
    assert taken(tmp_path, Spec(app=AppSpec(exclude=("**/*.txt",)))) == ["a.py", "b/d.py"]


def test_dockerignore_decides_alone(tmp_path):
    write_all(tmp_path, "a.py", "b.py", "src/x.py", "src/y.txt", "data/z.csv", "data/keep/k.csv")
    (tmp_path / ".gitignore").write_text("*.py\n")
    (tmp_path / ".dockerignore").write_text("*\n!a.py\n!src\nsrc/*.txt\n!data/keep\n")
    assert taken(tmp_path) == ["a.py", "data/keep/k.csv", "src/x.py"]
    why = {left.path: left.why for left in scan(tmp_path, Spec()).left_out}
    assert why["b.py"] == ".dockerignore: *"
    assert why["src/y.txt"] == ".dockerignore: src/*.txt"


def test_include_takes_back_what_an_ignored_directory_holds(tmp_path):
    write_all(tmp_path, "a.py", "static/built/app.js", "static/built/deep/x.css", "static/s.txt")
    (tmp_path / ".gitignore").write_text("static/\n")
    assert taken(tmp_path) == ["a.py"]
    spec = Spec(app=AppSpec(include=("static/built/**/*.css",)))
    assert taken(tmp_path, spec) == ["a.py", "static/built/deep/x.css"]


GITIGNORES = {
    ".gitignore": "*.log\n/top.txt\nbuild/\n!keep.log\ndocs/*\n!docs/index.md\n",
    "pkg/.gitignore": "*.tmp\n!special.log\n/only-here\n",
    "pkg/sub/.gitignore": "!x.tmp\n",
}
GIT_FILES = (
    "a.log", "keep.log", "top.txt", "x/top.txt", "build/a", "x/build/b", "docs/index.md",
    "docs/other.md", "pkg/a.tmp", "pkg/special.log", "pkg/other.log", "pkg/only-here",
    "pkg/sub/only-here", "pkg/sub/x.tmp", "pkg/sub/y.tmp", "z.tmp", "a.py",
)  # fmt: skip


def test_gitignore_is_what_git_says(tmp_path):
    """Compared with git itself, over nested files and negation."""
    write_all(tmp_path, *GIT_FILES)
    for name, text in GITIGNORES.items():
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert taken(tmp_path) == sorted(n for n in listed if not n.endswith(".gitignore"))


def test_ignore_files_of_the_repository_around(tmp_path):
    app = write_all(tmp_path / "apps/hello", "a.py", "a.log", "x/only.txt", "only.txt")
    (tmp_path / ".gitignore").write_text("*.log\n/apps/hello/only.txt\n")
    assert taken(app) == ["a.log", "a.py", "only.txt", "x/only.txt"]
    (tmp_path / ".git").mkdir()
    assert taken(app) == ["a.py", "x/only.txt"]


def test_an_application_in_an_ignored_directory(tmp_path):
    app = write_all(tmp_path / "scratch/hello", "a.py")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("scratch/\n")
    assert taken(app) == ["a.py"]


def test_back_end_sees_what_dockerignore_hides(tmp_path):
    write_all(tmp_path, "README.md", "a.py", "Dockerfile", "a.log")
    (tmp_path / ".dockerignore").write_text("*\n")
    (tmp_path / ".gitignore").write_text("*.log\n")
    found = [file.path for file in scan_project(tmp_path, Spec()).files]
    assert found == [".dockerignore", ".gitignore", "Dockerfile", "README.md", "a.py"]


def test_symbolic_links(tmp_path):
    root = write_all(tmp_path / "app", "a.py", "dir/b.py")
    write_all(tmp_path, "secret")
    (root / "in").symlink_to("dir/b.py")
    (root / "dir/up").symlink_to("../a.py")
    (root / "out").symlink_to("../secret")
    (root / "absolute").symlink_to(root / "a.py")
    (root / "loop").symlink_to("dir")
    (root / "sneaky").symlink_to("loop/../../secret")
    assert taken(root) == ["a.py", "dir/b.py", "dir/up", "in", "loop"]
    tree = application_tree(_application(root), IN_APP)
    assert tree["/app/in"].target == "dir/b.py"
    assert "/app/loop/b.py" not in tree


def _application(root: Path, *, packaged: bool = False) -> Application:
    import msgspec

    return msgspec.structs.replace(PLAIN, source=str(root), packaged=packaged)


def test_tree_does_not_depend_on_the_host(tmp_path):
    first = write_all(tmp_path / "one", "b/x.py", "run", "a.py")
    second = write_all(tmp_path / "two", "a.py", "run", "b/x.py")
    (first / "run").chmod(0o700)
    (second / "run").chmod(0o775)
    (first / "a.py").chmod(0o600)
    (second / "a.py").chmod(0o666)
    (first / "b").chmod(0o700)
    os.utime(first / "a.py", (1, 1))
    trees = [application_tree(_application(root), IN_APP) for root in (first, second)]
    shapes = [[(n.path, n.mode, n.mtime, n.size, n.origin) for n in tree] for tree in trees]
    assert shapes[0] == shapes[1]
    assert trees[0]["/app/run"].mode == 0o755
    assert trees[0]["/app/a.py"].mode == 0o644
    assert trees[0]["/app/b"].mode == 0o755


def test_workdir(tmp_path):
    root = write_all(tmp_path / "app", "a.py")
    tree = application_tree(_application(root), Spec(image=ImageSpec(workdir="/srv/x/")))
    assert tree["/srv/x/a.py"].blob.read() == b"a.py"


def test_packaged_application_only_brings_what_is_included(tmp_path):
    root = write_all(tmp_path / "app", "a.py", "data/x.csv", "data/y.csv", "manage.py")
    spec = Spec(app=AppSpec(include=("manage.py", "data/x*")), image=ImageSpec(workdir="/app"))
    tree = application_tree(_application(root, packaged=True), spec)
    assert [n.path for n in tree if n.kind is Kind.FILE] == ["/app/data/x.csv", "/app/manage.py"]
    assert tree["/app"].kind is Kind.DIRECTORY


def test_elf_files(tmp_path):
    root = write_all(tmp_path / "app", "a.py", "empty")
    (root / "empty").write_bytes(b"")
    (root / "broken").write_bytes(b"\x7fELF and no more")
    (root / "program").write_bytes(Path("/bin/true").read_bytes())
    tree = application_tree(_application(root), IN_APP)
    found = elf_files(tree)
    assert found[tree["/app/a.py"].blob.digest] is None
    assert found[tree["/app/broken"].blob.digest] is None
    assert found[tree["/app/program"].blob.digest].needed


def test_unreadable(tmp_path):
    root = write_all(tmp_path / "app", "main.py")
    spec = Spec(app=AppSpec(entrypoint=("/x",)))
    application = detect(root, spec)
    sources = scan(root, Spec())
    (root / "main.py").unlink()
    with pytest.raises(UnreadableSource, match=r"main\.py: No such file"):
        application_tree(application, IN_APP, sources)


def test_bad_pattern(tmp_path):
    with pytest.raises(InvalidProjectFile, match=r"\[app\] include: line 1"):
        scan(tmp_path, Spec(app=AppSpec(include=("[",))))


def test_links_that_lead_round_in_circles_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    found = scan(tmp_path, Spec())
    assert [file.path for file in found.files] == ["app.py"]
    assert all("circles" in left.why for left in found.left_out)
