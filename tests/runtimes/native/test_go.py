"""What is found out about a Go module, and the stage that is made for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.errors import InvalidProjectFile
from distil.formats.spec_toml import parse_spec
from distil.model.platform import AMD64
from distil.model.spec import AppSpec, BaseSpec, Spec, StageSpec
from distil.pipeline import init
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.native.compiled import CompiledProject
from distil.runtimes.native.errors import CompilerTooOld
from distil.runtimes.native.go import GO
from distil.runtimes.native.go_mod import GoModule, parse_go_mod
from distil.runtimes.protocol import Asking
from tests.support.native_projects import MAIN, Compilers, project

MOD = "module example.org/shop/v2\n\ngo 1.22.1\n"
REQUIRING = f"{MOD}\nrequire github.com/go-chi/chi/v5 v5.2.0\n"
LIBRARY = "package shop\n"


def found(tmp_path: Path, files: dict[str, str], spec: Spec | None = None) -> CompiledProject:
    made = project(GO, tmp_path, files, spec)
    assert made is not None
    return made


def stage_of(made: CompiledProject) -> StageSpec:
    (stage,) = made.completed(made.spec).stage
    return stage


MODULES = {
    "blocks, comments, quotes": (
        (
            'module "example.org/a" // why\n\ngo 1.24\ntoolchain go1.24.4\n'
            "require (\n\tb.org/b v1.0.0 // indirect\n\n\t`c.org/c` v2.0.0+incompatible\n)\n"
            "replace b.org/b => ../b\nexclude (\n)\nretract [v1.0.0, v1.1.0]\n"
        ),
        GoModule("example.org/a", "1.24", ("b.org/b", "c.org/c")),
    ),
    "no go line": ("module a", GoModule("a")),
    "a workspace": (
        "go 1.25rc1\nuse ./a\nuse (\n\t.\n\t./b/c/\n)\n",
        GoModule("", "1.25rc1", (), ("a", ".", "b/c")),
    ),
    "an empty file": ("", GoModule()),
}


@pytest.mark.parametrize("case", MODULES)
def test_a_module_file(case: str) -> None:
    text, module = MODULES[case]
    assert parse_go_mod(text, "go.mod") == module


@pytest.mark.parametrize("text", ["go next\n", "module\n", "require (\n)\nuse\n"])
def test_a_file_that_is_none(text: str) -> None:
    with pytest.raises(InvalidProjectFile, match=r"go\.mod: "):
        parse_go_mod(text, "go.mod")


@pytest.mark.parametrize(
    ("path", "name"),
    [("example.org/shop", "shop"), ("example.org/shop/v2", "shop"), ("v2", "v2"), ("", "")],
)
def test_the_name_of_a_module(path: str, name: str) -> None:
    assert GoModule(path).name == name


@given(st.text(alphabet='()"`/=> \n\tmoduleqrus1.v', max_size=200))
def test_any_text_is_a_module_file_or_is_refused(text: str) -> None:
    try:
        parse_go_mod(text, "go.mod")
    except InvalidProjectFile:
        return


def test_the_name_of_the_image(tmp_path: Path) -> None:
    files = {"go.mod": "module example.org/Foo~Bar_2\n", "main.go": MAIN}
    assert found(tmp_path, files).application.name == "foo-bar_2"


COMMANDS = {
    "the top": ({"main.go": MAIN, "shop.go": MAIN}, ".", "/shop"),
    "one below cmd": ({"shop.go": LIBRARY, "cmd/api/main.go": MAIN}, "./cmd/api", "/api"),
    "called as the module": (
        {"cmd/api/main.go": MAIN, "cmd/shop/main.go": MAIN},
        "./cmd/shop",
        "/shop",
    ),
    "the only one anywhere": ({"service/server/main.go": MAIN}, "./service/server", "/server"),
    "below cmd rather than elsewhere": (
        {"cmd/api/main.go": MAIN, "tools/gen/main.go": MAIN},
        "./cmd/api",
        "/api",
    ),
    "what Go does not build": (
        {
            "cmd/api/main.go": "// Package main is\n/* the\nserver */\npackage main\n",
            "gen.go": f"//go:build ignore\n\n{MAIN}",
            "main_test.go": MAIN,
            "vendor/x.org/x/main.go": MAIN,
            "cmd/testdata/main.go": MAIN,
            "cmd/_old/main.go": MAIN,
            "tools/go.mod": "module tools\n",
            "tools/main.go": MAIN,
            "mainly.go": "package mainly\n",
            "unended.go": "/*" * 30_000 + MAIN,
            "empty.go": "\n" * 60_000,
        },
        "./cmd/api",
        "/api",
    ),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_the_command_that_is_started(case: str, tmp_path: Path) -> None:
    files, package, program = COMMANDS[case]
    made = found(tmp_path, {"go.mod": MOD, **files})
    assert made.application.entrypoint == (program,)
    assert made.application.name == "shop"
    assert stage_of(made).run == (
        (
            "GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false "
            f"-ldflags='-s -w -buildid=' -o /out/ {package}"
        ),
    )
    (copy,) = made.completed(made.spec).copy
    assert (copy.stage, copy.source, copy.target) == ("go", f"/out{program}", program)


TWO = {"go.mod": MOD, "cmd/api/main.go": MAIN, "cmd/worker/main.go": MAIN}


def test_several_commands(tmp_path: Path) -> None:
    with pytest.raises(NoEntrypoint, match="are api, worker") as raised:
        project(GO, tmp_path, TWO)
    assert raised.value.hint == 'write entrypoint = ["/api"] below [app] in distil.toml'


@pytest.mark.parametrize(
    ("word", "target"),
    [("/opt/worker", "/opt/worker"), ("worker", "/usr/local/bin/worker")],
)
def test_the_entrypoint_says_which_and_where(word: str, target: str, tmp_path: Path) -> None:
    spec = Spec(app=AppSpec(entrypoint=(word, "--all")))
    made = found(tmp_path, TWO, spec)
    assert made.application.entrypoint == (word, "--all")
    (copy,) = made.completed(spec).copy
    assert (copy.source, copy.target) == ("/out/worker", target)


def test_a_library(tmp_path: Path) -> None:
    with pytest.raises(NoEntrypoint, match="no package main"):
        project(GO, tmp_path, {"go.mod": MOD, "shop.go": LIBRARY})


def test_other_projects(tmp_path: Path) -> None:
    files = {"go.mod": MOD, "main.go": MAIN, "pyproject.toml": "[project]\nname = 'a'\n"}
    assert project(GO, tmp_path, files) is None
    assert project(GO, tmp_path, files, Spec(app=AppSpec(runtime="go"))) is not None
    assert project(GO, tmp_path / "none", {"main.go": MAIN}) is None


def test_vendored(tmp_path: Path) -> None:
    stage = stage_of(
        found(tmp_path, {"go.mod": REQUIRING, "main.go": MAIN, "vendor/modules.txt": "#\n"})
    )
    assert stage == StageSpec(
        name="go",
        source="debian:trixie",
        packages=("golang-go",),
        run=stage.run,
        environment={"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=vendor"},
        mounts=stage.mounts,
    )
    assert [(mount.cache, mount.at) for mount in stage.mounts] == [
        ("go-build", "/root/.cache/go-build")
    ]


def test_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "https://proxy.example.org|direct")
    monkeypatch.setenv("GOPRIVATE", "example.org/*")
    stage = stage_of(found(tmp_path, {"go.mod": REQUIRING, "main.go": MAIN}))
    assert stage.network
    assert stage.packages == ("golang-go", "ca-certificates", "git")
    assert stage.environment == {
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOPROXY": "https://proxy.example.org|direct",
        "GOPRIVATE": "example.org/*",
    }
    assert "go-mod" in [mount.cache for mount in stage.mounts]


def test_a_login_is_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "https://one.example.org,https://me:word@two.example.org")
    stage = stage_of(found(tmp_path, {"go.mod": REQUIRING, "main.go": MAIN}))
    assert "GOPROXY" not in stage.environment


@pytest.mark.parametrize(
    "files",
    [
        {"go.mod": MOD, "main.go": MAIN, "c.go": 'package main\n\nimport "C"\n'},
        {"go.mod": MOD, "main.go": MAIN, "c.go": 'package main\n\nimport (\n\t"C"\n)\n'},
        {"go.mod": f"{MOD}require github.com/mattn/go-sqlite3 v1.14.0\n", "main.go": MAIN},
    ],
)
def test_with_c(files: dict[str, str], tmp_path: Path) -> None:
    stage = stage_of(found(tmp_path, {**files, "vendor/modules.txt": ""}))
    assert stage.environment["CGO_ENABLED"] == "1"
    assert {"gcc", "libc6-dev"} <= set(stage.packages)
    check, build = stage.run
    assert "$BUILDPLATFORM alone" in check
    assert str(build).startswith("go build ")


def test_a_workspace(tmp_path: Path) -> None:
    files = {
        "go.work": "go 1.23\n\nuse (\n\t./service\n\t./store\n)\n",
        "service/go.mod": "module example.org/service\n\nrequire example.org/store v0.0.0\n",
        "service/main.go": MAIN,
        "store/go.mod": "module example.org/store\n",
        "store/store.go": "package store\n",
        "other/go.mod": "module example.org/other\n",
        "other/main.go": MAIN,
    }
    made = found(tmp_path / "all", files)
    assert made.application.name == "all"
    assert made.application.entrypoint == ("/service",)
    assert made.compiler.version == "1.23"
    # What they require of one another is not fetched.
    assert not stage_of(made).network
    assert set(made.inputs()) == {"go.work"}


def test_stages_of_the_users_own(tmp_path: Path) -> None:
    own = StageSpec(name="mine", packages=("golang-go",))
    files = {"go.mod": MOD, "main.go": MAIN}
    with pytest.raises(NoEntrypoint):
        project(GO, tmp_path, files, Spec(stage=(own,)))
    spec = Spec(stage=(own,), app=AppSpec(entrypoint=("/shop",)))
    completed = found(tmp_path, files, spec).completed(spec)
    assert completed.stage == (own,)
    assert completed.copy == ()
    assert completed.base.source == "scratch"


def test_a_suite_to_build_on(tmp_path: Path) -> None:
    spec = Spec(base=BaseSpec(source="debian:sid"))
    made = found(tmp_path, {"go.mod": MOD, "main.go": MAIN}, spec)
    assert stage_of(made).source == "debian:sid"
    assert made.completed(spec).base.source == "debian:sid"


OTHERS = {"debian:sid": {"golang-go": "1.25~1"}, "debian:bookworm": {"golang-go": "1.19~1"}}


@pytest.mark.parametrize(
    ("base", "has", "asked", "version"),
    [
        ("scratch", {"golang-go": "1.24~2"}, "1.24.9", "1.24"),
        ("debian:trixie", {"golang-go": "1.24~2"}, "1.9", "1.24"),
        ("docker.io/library/debian:12", {"golang-go": "1.19"}, "1.24", ""),
        ("debian:trixie", {}, "1.24", ""),
    ],
)
def test_a_compiler_that_is_new_enough(
    base: str, has: dict[str, str], asked: str, version: str, tmp_path: Path, asking: Asking
) -> None:
    spec = Spec(base=BaseSpec(source=base))
    made = found(tmp_path, {"go.mod": f"module a\ngo {asked}\n", "main.go": MAIN}, spec)
    plan = made.resolve(Compilers(base, has, OTHERS), asking)
    assert plan.version == version
    assert made.locked(plan.lock(asking.client, None), AMD64, asking.client) == plan


@pytest.mark.parametrize(
    ("has", "hint"),
    [
        ({"golang-go": "1.24~2"}, 'debian:sid has one that is: write from = "debian:sid"'),
        ({"golang-go": "1.24~2", "golang-1.25-go": "1.25.1"}, "golang-1.25-go is new enough"),
    ],
)
def test_a_compiler_that_is_too_old(
    has: dict[str, str], hint: str, tmp_path: Path, asking: Asking
) -> None:
    made = found(tmp_path, {"go.mod": "module a\ngo 1.25.1\n", "main.go": MAIN})
    with pytest.raises(CompilerTooOld, match=r"needs Go 1\.25\.1, and that of debian:trixie") as e:
        made.resolve(Compilers("scratch", has, OTHERS), asking)
    assert e.value.hint.startswith(hint)


def test_what_is_written_out_builds_the_same(tmp_path: Path) -> None:
    project(GO, tmp_path, {"go.mod": REQUIRING, "main.go": MAIN, "vendor/modules.txt": ""})
    spec = parse_spec(init(tmp_path, write=False, force=False).text, "distil.toml")
    again = found(tmp_path, {}, spec)
    made = found(tmp_path, {})
    assert again.completed(spec).stage == made.completed(Spec()).stage
    assert again.completed(spec).copy == made.completed(Spec()).copy
    assert again.completed(spec).base == made.completed(Spec()).base
    assert again.application.entrypoint == made.application.entrypoint


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("cmd/app/v2/", "app"),
        ("cmd/v1/", "v1"),
        ("v3/", "shop"),
        ("cmd/v10x/", "v10x"),
        ("", "shop"),
    ],
)
def test_a_command_is_called_as_go_calls_it(tmp_path: Path, directory: str, name: str) -> None:
    made = found(tmp_path, {"go.mod": "module example.org/shop\n", f"{directory}main.go": MAIN})
    assert made.building is not None
    assert made.building.built == f"/out/{name}"
