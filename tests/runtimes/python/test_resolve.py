"""Resolving for a target against an index of the test's own."""

from __future__ import annotations

import hashlib
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from distil.fetch.errors import WrongDigest
from distil.formats.errors import InvalidProjectFile
from distil.model.spec import AppSpec, PythonSpec, Spec
from distil.runtimes.errors import StaleLock
from distil.runtimes.python.errors import (
    IndexUnreachable,
    NoMatchingWheel,
    PythonDoesNotFit,
    RequirementUnreachable,
    ResolverFailed,
    UnexpectedWheel,
    UnknownDistribution,
    UnsatisfiableRequirements,
    UnsupportedSource,
)
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.resolve import resolve
from distil.runtimes.python.target import WheelFile, best_wheel, fits
from distil.runtimes.python.wheels import fetch_wheels
from tests.support.detected import detect

RUN = AppSpec(entrypoint=("/x",))


@pytest.fixture
def resolved(write, interpreter, client):
    """Resolve the application made of some files; the value is name → wheel's file name."""

    def run(files, python=None, target=interpreter, **options):
        spec = Spec(app=RUN, python=python or PythonSpec())
        application = detect(write(files), spec)
        found = resolve(application, target, client, spec, **options)
        return {wheel.name: wheel.filename for wheel in found.wheels}

    return run


def requirements(*lines: str) -> dict[str, str]:
    return {"requirements.txt": "".join(f"{line}\n" for line in lines)}


# --- what is chosen ------------------------------------------------------------------------


def test_dependencies_come_along_for_the_target(house, resolved):
    house.add(
        "web",
        requires=["text>=2", "winonly; sys_platform == 'win32'", "old; python_version < '3.13'"],
    )
    house.add("text", "1.0")
    house.add("text", "2.1")
    house.add("winonly")
    house.add("old")
    assert resolved(requirements("web")) == {
        "web": "web-1.0-py3-none-any.whl",
        "text": "text-2.1-py3-none-any.whl",
    }


TAGS = (
    "cp313-cp313-manylinux_2_17_x86_64",
    "cp313-cp313-manylinux_2_28_aarch64",
    "cp312-cp312-manylinux_2_17_x86_64",
    "cp313-cp313-musllinux_1_2_x86_64",
    "cp313-cp313-win_amd64",
    "py3-none-any",
)


@pytest.mark.parametrize(
    ("machine", "version", "tag"),
    [
        ("x86_64", "3.13.5", TAGS[0]),
        ("aarch64", "3.13.5", TAGS[1]),
        ("x86_64", "3.12.1", TAGS[2]),
        ("aarch64", "3.12.1", "py3-none-any"),
    ],
)
def test_the_wheel_is_the_targets(house, resolved, machine, version, tag):
    for each in TAGS:
        house.add("fast", tag=each)
    target = PythonInterpreter(version, (2, 41), machine)
    assert resolved(requirements("fast"), target=target) == {"fast": f"fast-1.0-{tag}.whl"}


CHOICES = {
    "newer C library first": (
        ("cp313-cp313-manylinux_2_17_x86_64", "cp313-cp313-manylinux_2_28_x86_64"),
        1,
    ),
    "as new as the target's": (("py3-none-any", "cp313-cp313-manylinux_2_41_x86_64"), 1),
    "not newer than the target's": (("py3-none-any", "cp313-cp313-manylinux_2_42_x86_64"), 0),
    "a stable ABI": (("py3-none-any", "cp39-abi3-manylinux2014_x86_64"), 1),
    "a newer stable ABI does not fit": (("py3-none-any", "cp314-abi3-manylinux2014_x86_64"), 0),
    "one's own ABI before the stable one": (
        ("cp39-abi3-manylinux_2_28_x86_64", "cp313-cp313-manylinux_2_17_x86_64"),
        1,
    ),
    "not without the GIL": (("py3-none-any", "cp313-cp313t-manylinux_2_17_x86_64"), 0),
    "several tags in one name": (
        ("py3-none-any", "cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        1,
    ),
    "python 2 and 3": (("py2.py3-none-any",), 0),
    "python 2 only": (("py2-none-any",), None),
    "not a wheel": (("nonsense",), None),
}


@pytest.mark.parametrize(("tags", "chosen"), CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("turned", [False, True])
def test_choice_of_a_wheel(interpreter, tags, chosen, turned):
    files = [WheelFile(f"x-1-{tag}.whl", "", None, "") for tag in tags]
    expected = None if chosen is None else files[chosen]
    assert best_wheel(files[::-1] if turned else files, interpreter) == expected


def test_higher_build_number_wins(interpreter):
    names = ["x-1-9-py3-none-any.whl", "x-1-10-py3-none-any.whl", "x-1-py3-none-any.whl"]
    files = [WheelFile(name, "", None, "") for name in names]
    assert best_wheel(files, interpreter) is files[1]


@pytest.mark.parametrize(
    ("requires", "version", "fit"),
    [
        ("", "3.13.5", True),
        (">=3.11", "3.13.5", True),
        (">=3.14", "3.13.5", False),
        (">=3.11,<3.13", "3.13.5", False),
        ("~=3.13.0", "3.13.5", True),
        (">=3.14", "3.14.0rc2", False),
        (">=3.13.0.0,<4", "3.13", True),
        (">=3.9,<3.13", "3.13.0", False),
        (">= 3.13.6", "3.13.5", False),
        ("!=3.13.*", "3.13.5", False),
    ],
)
def test_fits(requires, version, fit):
    assert fits(requires, version) is fit


@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=3),
    st.lists(st.integers(0, 20), min_size=1, max_size=3),
    st.lists(st.integers(0, 20), min_size=1, max_size=4),
)
def test_the_short_way_says_what_the_library_says(lowest, bound, version):
    low, high, asked = (".".join(map(str, numbers)) for numbers in (lowest, bound, version))
    for requires in (f">={low}", f">={low},<{high}"):
        assert fits(requires, asked) is SpecifierSet(requires).contains(asked, prereleases=True)


# --- projects and locks --------------------------------------------------------------------

PROJECT = textwrap.dedent("""\
    [project]
    name = "hello"
    version = "1"
    requires-python = ">=3.13"
    dependencies = ["web"]
    [project.optional-dependencies]
    pg = ["database"]
    [dependency-groups]
    dev = ["tester"]
""")


@pytest.mark.parametrize(
    ("python", "names"),
    [
        (PythonSpec(), {"web"}),
        (PythonSpec(extras=("pg",)), {"web", "database"}),
        (PythonSpec(groups=("dev",)), {"web", "tester"}),
    ],
)
@pytest.mark.parametrize("locked", [False, True])
def test_extras_and_groups(house, resolved, python, names, locked):
    for name in ("web", "database", "tester"):
        house.add(name)
    files = {"pyproject.toml": PROJECT}
    if locked:
        files["uv.lock"] = uv_lock(house)
    assert resolved(files, python).keys() == names


def uv_lock(house) -> str:
    """What `uv lock` writes for PROJECT; written out, since uv wants Python 3.13 for it."""
    packages = "".join(
        textwrap.dedent(f"""\
            [[package]]
            name = "{name}"
            version = "1.0"
            source = {{ registry = "http://x.invalid/simple" }}
            wheels = [
              {{ url = "http://x.invalid/{name}-1.0-py3-none-any.whl", hash = "{sha256}" }},
              {{ url = "http://x.invalid/{name}-1.0-cp313-cp313-win32.whl", hash = "{sha256}" }},
            ]
        """)
        for name in ("database", "tester", "web")
        for sha256 in ["sha256:" + house.sha256(f"{name}-1.0-py3-none-any.whl")]
    )
    return (
        'version = 1\nrevision = 3\nrequires-python = ">=3.13"\n'
        + packages
        + textwrap.dedent("""\
        [[package]]
        name = "hello"
        version = "1"
        source = { virtual = "." }
        dependencies = [{ name = "web" }]
        [package.optional-dependencies]
        pg = [{ name = "database" }]
        [package.dev-dependencies]
        dev = [{ name = "tester" }]
        [package.metadata]
        requires-dist = [
          { name = "database", marker = "extra == 'pg'" }, { name = "web" },
        ]
        provides-extras = ["pg"]
        [package.metadata.requires-dev]
        dev = [{ name = "tester" }]
    """)
    )


def test_a_lock_asks_no_index(house, resolved):
    for name in ("web", "database", "tester"):
        house.add(name)
    resolved({"pyproject.toml": PROJECT, "uv.lock": uv_lock(house)})
    assert house.requests == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["web"]', '["web", "six"]', "what is asked of six changed"),
        ('["web"]', '["web>=2"]', "what is asked of web changed"),
        ('["web"]', "[]", "web is no longer asked for"),
        ('["tester"]', '["tester", "six"]', "what is asked of six changed"),
    ],
)
def test_stale_uv_lock(house, resolved, old, new, message):
    for name in ("web", "database", "tester"):
        house.add(name)
    with pytest.raises(StaleLock, match="uv lock") as raised:
        resolved({"pyproject.toml": PROJECT.replace(old, new), "uv.lock": uv_lock(house)})
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ('{ name = "web", specifier = ">=1.0,<2" }', "web < 2.0, >= 1"),
        ('{ name = "web", specifier = "==1.0b0" }', "web==1.0-beta"),
        ('{ name = "web", editable = "../web" }', "web"),
        ('{ name = "web", git = "http://x.invalid/x" }', "web>=1"),
        ('{ name = "web", url = "http://x.invalid/w.whl" }', "web @ http://x.invalid/w.whl"),
        ('{ name = "web", extras = ["a", "b"] }', "web[B,a]"),
    ],
)
def test_uv_lock_that_is_current(house, resolved, written, asked):
    for name in ("web", "database", "tester"):
        house.add(name)
    lock = uv_lock(house).replace('{ name = "web" },\n]\nprov', f"{written},\n]\nprov")
    assert written in lock
    assert resolved({"pyproject.toml": PROJECT.replace('["web"]', f'["{asked}"]'), "uv.lock": lock})


POETRY = textwrap.dedent("""\
    [tool.poetry]
    name = "hello"
    version = "1"
    package-mode = false
    [tool.poetry.dependencies]
    python = "^3.11"
    web = "^1.0"
    database = {version = "*", optional = true}
    [tool.poetry.extras]
    pg = ["database"]
    [tool.poetry.group.dev.dependencies]
    tester = "*"
""")


def poetry_lock(house, *, groups: bool) -> str:
    text = ""
    for name, group, extra in (
        ("web", "main", ""),
        ("text", "main", ""),
        ("winonly", "main", ""),
        ("database", "main", "pg"),
        ("tester", "dev", ""),
    ):
        filename = f"{name}-1.0-py3-none-any.whl"
        text += f'[[package]]\nname = "{name}"\nversion = "1.0"\npython-versions = ">=3.9"\n'
        text += f"optional = {'true' if extra else 'false'}\n"
        text += f'files = [{{file = "{filename}", hash = "sha256:{house.sha256(filename)}"}}]\n'
        if groups:
            text += f'groups = ["{group}"]\n'
            if extra:
                text += f"markers = \"extra == '{extra}'\"\n"
            if name == "winonly":
                text += "markers = \"sys_platform == 'win32'\"\n"
        if name == "web":
            text += '[package.dependencies]\ntext = "*"\n'
            text += 'winonly = {version = "*", markers = "sys_platform == \'win32\'"}\n'
    return text + '[metadata]\nlock-version = "2.1"\n'


@pytest.mark.parametrize(
    ("python", "names"),
    [
        (PythonSpec(), {"web", "text"}),
        (PythonSpec(extras=("pg",)), {"web", "text", "database"}),
        (PythonSpec(groups=("dev",)), {"web", "text", "tester"}),
    ],
)
@pytest.mark.parametrize("groups", [False, True], ids=["lock 2.0", "lock 2.1"])
def test_poetry_lock(house, resolved, python, names, groups):
    for name in ("web", "text", "winonly", "database", "tester"):
        house.add(name)
    house.add("text", "2.0")
    files = {"pyproject.toml": POETRY, "poetry.lock": poetry_lock(house, groups=groups)}
    found = resolved(files, python)
    assert found.keys() == names
    assert found["text"] == "text-1.0-py3-none-any.whl"


def test_poetry_hashes_are_demanded(house, resolved):
    for name in ("web", "text", "winonly", "database", "tester"):
        house.add(name)
    lock = poetry_lock(house, groups=True)
    house.add("text", files={"text.py": "changed"})
    with pytest.raises(UnexpectedWheel, match=r"text 1\.0"):
        resolved({"pyproject.toml": POETRY, "poetry.lock": lock})


def test_stale_poetry_lock(house, resolved):
    for name in ("web", "text", "winonly", "database", "tester"):
        house.add(name)
    pyproject = POETRY.replace('web = "^1.0"', 'web = "^1.0"\nother = "*"')
    with pytest.raises(StaleLock, match="does not hold other"):
        resolved({"pyproject.toml": pyproject, "poetry.lock": poetry_lock(house, groups=True)})


def test_pylock(house, resolved):
    house.add("web")
    digest = house.sha256("web-1.0-py3-none-any.whl")
    packages = "".join(
        f"[[packages]]\nname = '{name}'\nversion = '1.0'\n{marker}wheels = [{{name = "
        f"'{name}-1.0-py3-none-any.whl', url = 'http://x/{name}.whl', hashes = "
        f"{{sha256 = '{digest}'}}}}]\n"
        for name, marker in (
            ("web", ""),
            ("winonly", "marker = \"sys_platform == 'win32'\"\n"),
            ("tester", "marker = \"'dev' in dependency_groups\"\n"),
        )
    )
    lock = "lock-version = '1.0'\ncreated-by = 'x'\ndependency-groups = ['dev']\n" + packages
    assert resolved({"pylock.toml": lock}).keys() == {"web"}


# --- hashes --------------------------------------------------------------------------------


def hashed(house, *names: str) -> dict[str, str]:
    lines = []
    for name in names:
        project, version = name.split("-")[:2]
        lines.append(f"{project}=={version} \\\n    --hash=sha256:{house.sha256(name)}")
    return requirements(*lines)


def test_hashes_that_hold(house, resolved):
    house.add("web", requires=["text"])
    house.add("text")
    names = ("web-1.0-py3-none-any.whl", "text-1.0-py3-none-any.whl")
    assert resolved(hashed(house, *names)) == {"web": names[0], "text": names[1]}


def test_hash_mismatch_is_an_error(house, resolved):
    house.add("web")
    files = hashed(house, "web-1.0-py3-none-any.whl")
    house.add("web", files={"evil.py": ""})
    with pytest.raises(UnexpectedWheel, match=r"requirements\.txt allows") as raised:
        resolved(files)
    assert house.sha256("web-1.0-py3-none-any.whl") in raised.value.message


def test_a_worse_wheel_with_the_right_hash_is_taken(house, resolved):
    """The better one was added to the index after the hashes were written down."""
    house.add("web")
    files = hashed(house, "web-1.0-py3-none-any.whl")
    house.add("web", tag="cp313-cp313-manylinux_2_28_x86_64")
    assert resolved(files) == {"web": "web-1.0-py3-none-any.whl"}


def test_hashes_have_to_be_complete(house, resolved):
    house.add("web", requires=["text"])
    house.add("text")
    with pytest.raises(InvalidProjectFile, match=r"none for text 1\.0"):
        resolved(hashed(house, "web-1.0-py3-none-any.whl"))


def test_included_files_count(house, resolved):
    house.add("web")
    good = hashed(house, "web-1.0-py3-none-any.whl")["requirements.txt"]
    bad = good.replace("sha256:", "sha256:" + "0" * 64 + "\n#")
    assert resolved({"requirements.txt": "-r more.txt\n", "more.txt": good})
    with pytest.raises(UnexpectedWheel, match=r"more\.txt allows"):
        resolved({"requirements.txt": "-r more.txt\n", "more.txt": bad})


def test_an_index_that_lies_about_its_files(house, resolved, write, interpreter, client):
    house.add("web")
    house.wrong_hashes.add("web-1.0-py3-none-any.whl")
    spec = Spec(app=RUN)
    source = write(requirements("web"))
    found = resolve(detect(source, spec), interpreter, client, spec)
    with pytest.raises(WrongDigest, match=r"web 1\.0"):
        fetch_wheels(found.wheels, client, source)


# --- what cannot be done -------------------------------------------------------------------


def test_unknown_package(house, resolved):
    with pytest.raises(UnknownDistribution, match="'no-such-thing'"):
        resolved(requirements("No_such.thing>1"))


def test_unsatisfiable_says_who_asks_for_what(house, resolved):
    house.add("web", requires=["text>=2"])
    house.add("text", "1.0")
    house.add("text", "2.0")
    with pytest.raises(UnsatisfiableRequirements) as raised:
        resolved(requirements("web", "text<2"))
    for part in ("web", "text>=2", "text<2"):
        assert part in raised.value.message


def test_no_wheel_for_the_target_lists_what_there_is(house, resolved):
    house.add("native", tag="cp313-cp313-win_amd64")
    house.add("native", tag="cp313-cp313-macosx_11_0_arm64")
    with pytest.raises(NoMatchingWheel) as raised:
        resolved(requirements("native==1.0"))
    assert "native 1.0 has no wheel for CPython 3.13 on Linux x86_64" in raised.value.message
    assert "native-1.0-cp313-cp313-win_amd64.whl" in raised.value.message


def test_no_wheel_says_who_wants_it(house, resolved):
    house.add("web", requires=["native==1.0"])
    house.add("native", tag="cp38-cp38-win_amd64")
    house.add("native", "2.0")
    with pytest.raises(NoMatchingWheel) as raised:
        resolved(requirements("web==1.0"))
    assert "native 1.0 has no wheel" in raised.value.message
    assert "wanted by web" in raised.value.message
    assert "cp38" in raised.value.message


def test_source_only(house, resolved):
    house.add_file("old-1.0.tar.gz", b"not looked at")
    with pytest.raises(NoMatchingWheel, match="old"):
        resolved(requirements("old"))
    assert not any(path.endswith(".tar.gz") for path in house.requests)


def test_locked_without_a_wheel_for_the_target(house, resolved):
    digest = "0" * 64
    lock = (
        "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'native'\nversion = '1.0'\n"
        f"wheels = [{{name = 'native-1.0-cp313-cp313-win32.whl', url = 'http://x/n.whl', "
        f"hashes = {{sha256 = '{digest}'}}}}]\n"
    )
    with pytest.raises(NoMatchingWheel, match=r"native-1\.0-cp313-cp313-win32\.whl"):
        resolved({"pylock.toml": lock})


def test_code_in_a_repository(house, resolved):
    lock = (
        "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'tip'\n"
        "vcs = {type = 'git', url = 'https://x/y', commit-id = 'abc'}\n"
    )
    with pytest.raises(UnsupportedSource, match="tip is to be had from a git repository only"):
        resolved({"pylock.toml": lock})


def test_python_of_the_project(resolved, house):
    project = PROJECT.replace(">=3.13", ">=3.14")
    with pytest.raises(PythonDoesNotFit, match=r"hello needs Python >=3\.14") as raised:
        resolved({"pyproject.toml": project})
    assert raised.value.requires == ">=3.14"
    assert "debian:sid" in raised.value.with_suites(["debian:sid"]).hint


def test_python_of_a_dependency(resolved, house):
    house.add("web", requires_python=">=3.14")
    with pytest.raises(PythonDoesNotFit) as raised:
        resolved(requirements("web==1.0"))
    assert raised.value.requires == ">=3.14"
    assert raised.value.version == "3.13.5"
    assert "web" in raised.value.message


def test_no_network(resolved, monkeypatch, house):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://me:hunter2@127.0.0.1:1/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(IndexUnreachable) as raised:
        resolved(requirements("web"))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("git+http://127.0.0.1:1/x.git", "unable to access"),
        ("git+http://me:hunter2@127.0.0.1:1/x.git@v1", "unable to access"),
        ("git+file:///nowhere/at-all", "does not appear to be a git repository"),
        ("http://127.0.0.1:1/x-1-py3-none-any.whl", "onnection refused"),
        ("http://127.0.0.1:1/x-1.tar.gz", "onnection refused"),
    ],
)
def test_a_requirement_whose_own_place_does_not_answer(resolved, monkeypatch, place, why):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(RequirementUnreachable) as raised:
        resolved(requirements(f"x @ {place}"))
    assert raised.value.message.startswith("x @ ")
    assert why in raised.value.message
    assert ("git ls-remote" in raised.value.hint) is place.startswith("git+")
    assert "index" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_private_index(resolved, house, monkeypatch, write, interpreter, client):
    house.add("web")
    house.login = ("bob", "s3cret")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(ResolverFailed, match="credentials"):
        resolved(requirements("web"))
    import os

    index = os.environ["UV_DEFAULT_INDEX"]
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.replace("://", "://bob:s3cret@"))
    spec = Spec(app=RUN)
    source = write(requirements("web"))
    found = resolve(detect(source, spec), interpreter, client, spec)
    assert "s3cret" not in found.wheels[0].url
    assert len(fetch_wheels(found.wheels, client, source)) == 1


def test_named_private_index(house, monkeypatch, write, interpreter, client):
    import os

    house.add("web")
    house.login = ("bob", "s3cret")
    index = os.environ["UV_DEFAULT_INDEX"]
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv("UV_INDEX_MY_OWN_USERNAME", "bob")
    monkeypatch.setenv("UV_INDEX_MY_OWN_PASSWORD", "s3cret")
    source = write(
        {
            **requirements("web"),
            "uv.toml": f'[[index]]\nname = "my-own"\nurl = "{index}"\ndefault = true\n',
        }
    )
    spec = Spec(app=RUN)
    found = resolve(detect(source, spec), interpreter, client, spec)
    assert len(fetch_wheels(found.wheels, client, source)) == 1


# --- the cache -----------------------------------------------------------------------------


def test_resolution_is_used_again_and_renewed(house, resolved, monkeypatch):
    house.add("web")
    first = resolved(requirements("web"))
    house.add("web", "2.0")
    assert resolved(requirements("web")) == first
    assert resolved(requirements("web"), refresh=True)["web"] == "web-2.0-py3-none-any.whl"
    house.add("web", "3.0")
    monkeypatch.setenv("DISTIL_INDEX_MAX_AGE", "0")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    assert resolved(requirements("web"))["web"] == "web-3.0-py3-none-any.whl"


def test_hashes_are_resolved_once_for_good(house, resolved, monkeypatch):
    house.add("web")
    files = hashed(house, "web-1.0-py3-none-any.whl")
    first = resolved(files)
    house.requests.clear()
    monkeypatch.setenv("DISTIL_INDEX_MAX_AGE", "0")
    assert resolved(files, refresh=True) == first
    assert house.requests == []


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ("nothing", "1.0"),
        ("requirements", "2.0"),
        ("include", "2.0"),
        ("target", "2.0"),
        ("settings", "2.0"),
        ("environment", "2.0"),
    ],
)
def test_what_makes_a_resolution_another_one(house, resolved, change, version, monkeypatch):
    monkeypatch.setenv("UV_NO_CACHE", "1")
    house.add("web")
    files = {"requirements.txt": "-r more.txt\n", "more.txt": "web\n"}
    resolved(files)
    house.add("web", "2.0")
    if change == "include":
        files["more.txt"] = "web>=1\n"
    elif change == "requirements":
        files["requirements.txt"] += "\n"
    elif change == "settings":
        files["uv.toml"] = 'index-strategy = "first-index"\n'
    elif change == "environment":
        monkeypatch.setenv("UV_INDEX_STRATEGY", "first-index")
    target = PythonInterpreter("3.13.5", (2, 36 if change == "target" else 41), "x86_64")
    assert resolved(files, target=target) == {"web": f"web-{version}-py3-none-any.whl"}


def test_wheel_file_in_the_project(house, resolved, write, client, interpreter):
    path = house.add("web")
    root = write(requirements("./web-1.0-py3-none-any.whl"))
    (root / path.name).write_bytes(path.read_bytes())
    spec = Spec(app=RUN)
    found = resolve(detect(root, spec), interpreter, client, spec)
    (wheel,) = found.wheels
    assert wheel.digest.hex == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(fetch_wheels(found.wheels, client, root)) == 1


def test_directory_in_the_project(house, write, client, interpreter):
    root = write(
        {
            **requirements("-e ./lib"),
            "lib/pyproject.toml": PROJECT.replace("hello", "lib").replace('["web"]', "[]"),
        }
    )
    spec = Spec(app=RUN)
    assert resolve(detect(root, spec), interpreter, client, spec).directories == ("lib",)


def test_directory_that_would_have_to_be_built_to_resolve(house, resolved):
    files = {**requirements("./lib"), "lib/setup.py": "raise SystemExit('it was run')\n"}
    with pytest.raises(ResolverFailed, match="only its build back end knows") as raised:
        resolved(files)
    assert "it was run" not in str(raised.value)


def test_member_of_a_workspace(house, write, interpreter, client):
    for name in ("web", "database", "tester"):
        house.add(name)
    lock = uv_lock(house).replace(
        'source = { virtual = "." }', 'source = { virtual = "apps/hello" }'
    )
    root = write(
        {
            "pyproject.toml": "[tool.uv.workspace]\nmembers = ['apps/*']\n",
            "uv.lock": lock.replace(
                "[[package]]", '[manifest]\nmembers = ["hello"]\n[[package]]', 1
            ),
            "apps/hello/pyproject.toml": PROJECT,
        }
    )
    spec = Spec(app=RUN)
    application = detect(root / "apps/hello", spec)
    assert application.dependencies.files == ("../../uv.lock",)
    found = resolve(application, interpreter, client, spec)
    assert [wheel.name for wheel in found.wheels] == ["web"]
    assert not house.requests
