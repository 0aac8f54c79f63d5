"""What goes although its distribution stays, and what configuration files keep."""

from __future__ import annotations

from distil.runtimes.python.reach import (
    PythonCommand,
    PythonReach,
    RuleSet,
    load_rules,
    reach_python,
)
from tests.support.python_tree import INTERPRETER, LIBRARY, SITE, python_tree

RULE = """
distribution = "frame"
versions = ">=1"
test = "none"

[[resolve]]
module = "frame.registry"
sources = ["application"]
why = "parts are named by the application"

[[add]]
when = "frame"
modules = ["frame.*"]
why = "everything in it is imported by name"

[[data]]
packages = ["kit.*"]
directories = ["locale", "static"]
why = "it looks for these in packages that it imports"
"""
WORDS = ("/usr/bin/python3.13", "/app/main.py")


def reach(
    application: dict[str, str],
    distributions: dict[str, dict[str, str]],
    library: dict[str, str] | None = None,
) -> PythonReach:
    return reach_python(
        python_tree(application, library, distributions),
        PythonCommand(WORDS),
        INTERPRETER,
        rules=RuleSet([load_rules(RULE, "test")]),
    )


def kept_of(found: PythonReach) -> set[str]:
    return {path.removeprefix(f"{SITE}/") for path in found.kept}


def test_a_test_directory_goes_when_a_file_of_it_is_named_like_a_test():
    files = {
        "d/__init__.py": "",
        "d/test/__init__.py": "",
        "d/test/web_test.py": "",
        "d/test/util.py": "",
        "d/test/data/page.html": "",
        "d/client/test/__init__.py": "",
        "d/client/test/cases.py": "",
    }
    kept = kept_of(reach({"main.py": "import d"}, {"d": files}))
    assert not {path for path in kept if path.startswith("d/test/")}
    assert "d/client/test/cases.py" in kept, "nothing says that this is a test-suite"


def test_a_test_directory_stays_when_something_imports_any_of_it():
    files = {"d/__init__.py": "", "d/test/web_test.py": "", "d/test/util.py": ""}
    found = reach({"main.py": "import d.test.util"}, {"d": files})
    assert "d/test/web_test.py" in kept_of(found)


def test_a_pattern_of_a_rule_does_not_bring_tests_by_their_data():
    files = {
        "frame/__init__.py": "",
        "frame/part.py": "",
        "frame/tests/__init__.py": "import heavy",
        "frame/tests/data/more/x.py": "",
    }
    found = reach({"main.py": "import frame"}, {"frame": files}, {"heavy.py": ""})
    assert "frame/part.py" in kept_of(found)
    assert f"{SITE}/frame/tests/__init__.py" in found.removed
    assert f"{LIBRARY}/heavy.py" in found.removed


KIT = {
    "kit/__init__.py": "",
    "kit/a/__init__.py": "",
    "kit/a/locale/de/x.mo": "",
    "kit/b/__init__.py": "",
    "kit/b/locale/de/x.mo": "",
    "kit/b/other/x": "",
    "kit/locale/de/x.mo": "",
}


def test_data_goes_with_the_package_that_nothing_reaches():
    distributions = {"frame": {"frame/__init__.py": ""}, "kit": KIT}
    found = reach({"main.py": "import kit.a, frame"}, distributions)
    kept = kept_of(found)
    assert {"kit/a/locale/de/x.mo", "kit/locale/de/x.mo", "kit/b/other/x"} <= kept
    assert found.removed[f"{SITE}/kit/b/locale/de/x.mo"].startswith("kit.b is not used: ")


def test_a_string_of_the_application_is_enough_for_data():
    distributions = {"frame": {"frame/__init__.py": ""}, "kit": KIT}
    found = reach({"main.py": "import kit, frame\nAPPS = ['kit.b']"}, distributions)
    assert "kit/b/locale/de/x.mo" in kept_of(found)


def test_configuration_files_name_modules_like_strings():
    code = "import importlib\ndef f(x): importlib.import_module(x)"
    registry = {"frame/__init__.py": "", "frame/registry.py": code}
    plug = {"plug/__init__.py": "", "plug/deep.py": "import wave", "plug/other.py": "import heavy"}
    application = {
        "main.py": "import frame.registry, plug",
        "site.yml": "extensions:\n  - plug.deep:Extension  # not wave\n",
        "log.ini": "[handler_x]\nclass=noise.Handler\n",
        "notes.txt": "plug.other",
    }
    found = reach(
        application,
        {"frame": registry, "plug": plug},
        {"wave.py": "", "heavy.py": "", "noise.py": ""},
    )
    assert found.unresolved == ()
    assert found.kept[f"{SITE}/plug/deep.py"].rule == "application configuration"
    assert {"wave", "noise"} <= set(found.modules), "of the library too, when the name has a dot"
    assert "heavy" not in found.modules, "a text is no configuration"


def test_a_string_with_a_dot_names_a_module_of_the_library_unless_it_is_a_file_name():
    library = {"noise.py": "", "profile.py": ""}
    found = reach({"main.py": "x = ['noise.Handler', 'profile.html', 'profile']"}, {}, library)
    assert "noise" in found.modules
    assert "profile" not in found.modules


def test_encodings_that_the_application_names_are_reached():
    names = ("gbk", "cp1251", "shift_jis", "koi8_r")
    library = {f"encodings/{name}.py": "" for name in ("__init__", "aliases", *names)}
    application = {
        "main.py": "open('x', encoding='GBK'); b''.decode('windows-1251')",
        "settings.ini": "[input]\nencoding = Shift-JIS\n",
    }
    found = reach(application, {}, library)
    assert {"encodings.gbk", "encodings.cp1251", "encodings.shift_jis"} <= set(found.modules)
    assert "encodings.koi8_r" not in found.modules


def test_a_stub_stays_where_the_module_reads_it_and_what_it_names_is_reached():
    files = {
        "d/__init__.py": "import lazy_loader as lazy\n"
        "__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)",
        "d/__init__.pyi": "from .part import thing",
        "d/part.py": "def thing():\n    import heavy",
        "d/part.pyi": "",
        "d/other/__init__.py": "from lazy_loader import attach_stub\nattach_stub(1, 2)",
        "d/other/__init__.pyi": "from .. import rare",
    }
    found = reach({"main.py": "import d"}, {"d": files}, {"heavy.py": ""})
    assert {"d/__init__.pyi", "d/other/__init__.pyi"} <= kept_of(found)
    assert "d/part.pyi" not in kept_of(found)
    assert {"d.part", "heavy"} <= found.modules.keys()


def test_encodings_that_the_code_of_a_distribution_names():
    library = {f"encodings/{name}.py": "" for name in ("__init__", "mac_roman", "cp866", "koi8_r")}
    files = {
        "d/__init__.py": "table = fill('mac-roman')",
        "d/unused.py": "bytes(range(256)).decode('CP866')",
        "d/test_d.py": "'koi8-r'",
    }
    found = reach({"main.py": "import d"}, {"d": files}, library)
    assert {f"{LIBRARY}/encodings/{n}.py" for n in ("mac_roman", "cp866")} <= found.kept.keys()
    assert f"{LIBRARY}/encodings/koi8_r.py" in found.removed


def test_what_compiled_modules_of_a_distribution_import_when_nothing_asks_for_them():
    files = {
        "d/__init__.py": "",
        "d/fast.cpython-313-x86_64-linux-gnu.so": "\0heavy\0",
        "d/made.cpython-313-x86_64-linux-gnu.so": "\x000123__mypyc\0",
        "d/made.py": "import other, e",
    }
    everything = {"d": files, "e": {"e.py": "import third"}}
    library = {f"{name}.py": "" for name in ("heavy", "other", "third", "more")}
    found = reach({"main.py": "import d"}, everything, library)
    kept = {f"{LIBRARY}/{name}.py" for name in ("heavy", "other", "third")}
    assert kept <= found.kept.keys()
    assert "e.py" in kept_of(found)
    assert f"{LIBRARY}/more.py" in found.removed


def test_where_plugins_of_a_distribution_lead_stays_too():
    entries = "[plugins]\np = e.part:Part\nq = f.part [more]\n[console_scripts]\nr = g:main\n"
    files = {"d/__init__.py": "", "d-1.0.dist-info/entry_points.txt": entries}
    e = {"e/__init__.py": "", "e/part.py": "import heavy"}
    others = {"e": e, "f": {"f/part.py": ""}, "g": {"g.py": ""}}
    found = reach({"main.py": "import d"}, {"d": files, **others}, {"heavy.py": ""})
    assert {"e/__init__.py", "e/part.py"} <= kept_of(found)
    assert f"{LIBRARY}/heavy.py" in found.kept
    assert not {"f/part.py", "g.py"} & kept_of(found)
