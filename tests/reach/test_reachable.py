"""What the pass over everything keeps: small systems, one kind of evidence at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from distil.formats.elf import ElfFile, parse_elf
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, GeneratedOrigin, Origin, PackageOrigin
from distil.model.platform import AMD64
from distil.model.tree import Tree
from distil.reach.command import Command
from distil.reach.packages import SystemPackages
from distil.reach.reachable import Reached, reach
from distil.reach.roots import Roots
from distil.runtimes.python.evidence import PythonEvidence
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.reach.analysis import Analyses
from tests.support.elf_builder import Elf
from tests.support.elf_tree import Content
from tests.support.go_program import GoProgram

LOADER = "/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
LIBRARY = "/usr/lib/python3.13"
SITE = "/usr/local/lib/python3.13/dist-packages"
PYTHON = PythonInterpreter("3.13.5", (2, 41), "x86_64")
PROGRAM = Elf(interpreter=LOADER, needed=("libc.so.6",), flags_1=0x08000000)

Files = Mapping[str, Elf | bytes | str]


def package(name: str) -> PackageOrigin:
    return PackageOrigin(f"pkg:deb/debian/{name}@1", Digest.of(name.encode()))


RUNTIME = package("python3.13")
SYSTEM: Files = {
    "/usr/bin/python3.13": PROGRAM,
    f"{LIBRARY}/os.py": b"",
    f"{LIBRARY}/smtplib.py": b"import csv",
    f"{LIBRARY}/csv.py": b"",
    f"{LIBRARY}/unused.py": b"",
}
LIBC: Files = {
    f"{LIBRARIES}/libc.so.6": Elf(soname="libc.so.6"),
    f"{LIBRARIES}/ld-linux-x86-64.so.2": Elf(soname="ld-linux-x86-64.so.2"),
    "/usr/lib64/ld-linux-x86-64.so.2": f"{LIBRARIES}/ld-linux-x86-64.so.2",
    "/lib64": "usr/lib64",
}


def nodes(files: Files, origin: Origin, mode: int = 0o644) -> list[Node]:
    found = []
    for path, content in files.items():
        if isinstance(content, str):
            found.append(Node(path, Kind.SYMLINK, 0o777, target=content, origin=origin))
            continue
        data = content.build() if isinstance(content, Elf) else content
        program = isinstance(content, Elf) or data.startswith(b"#!")
        blob = InlineBlob.of(data)
        found.append(Node(path, Kind.FILE, 0o755 if program else mode, blob=blob, origin=origin))
    return found


def system(*more: Node) -> Tree:
    base = [*nodes(LIBC, package("libc6")), *nodes(SYSTEM, RUNTIME)]
    python = Node(
        "/usr/bin/python3", Kind.SYMLINK, 0o777, target="python3.13", origin=GeneratedOrigin("x")
    )
    return Tree([*base, python, *more])


def app(files: Files) -> list[Node]:
    return [
        msgspec.structs.replace(node, origin=ApplicationOrigin(node.path.removeprefix("/app/")))
        for node in nodes(files, RUNTIME)
    ]


def reached(
    tree: Tree,
    *words: str,
    also: tuple[str, ...] = (),
    asked: frozenset[str] = frozenset(),
    depends: Mapping[str, Sequence[str]] | None = None,
    keep: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
) -> Reached:
    elf: dict[Digest, ElfFile | None] = {
        node.blob.digest: parse_elf(node.blob.read()) for node in tree if node.blob is not None
    }
    command = Command(
        words or ("python3", "main.py"),
        environment=environment or {},
        also=(also,) if also else (),
    )
    names = {
        node.origin.purl: node.origin.purl.partition("@")[0].rpartition("/")[2]
        for node in tree
        if isinstance(node.origin, PackageOrigin)
    }
    packages = SystemPackages(
        {purl: name for purl, name in names.items() if purl.startswith("pkg:deb/")},
        depends or {},
        asked,
        frozenset([RUNTIME.purl]),
    )
    start = Roots(command, AMD64, PYTHON.executable, packages, names, keep)
    return reach(tree, elf, start, [lambda known: PythonEvidence(known, PYTHON, (), Analyses())])


MAIN = app({"/app/main.py": b""})


def test_what_nothing_reaches_goes() -> None:
    found = reached(system(*MAIN))
    assert f"{LIBRARY}/unused.py" not in found.kept
    assert f"{LIBRARY}/smtplib.py" not in found.kept
    assert {"/app/main.py", "/usr/bin/python3", "/usr/bin/python3.13", "/lib64"} <= set(found.kept)
    assert found.kept[f"{LIBRARIES}/libc.so.6"].rule == "DT_NEEDED"


def test_code_on_the_command_line_of_the_health_check() -> None:
    check = ("/usr/bin/python3", "-c", "import smtplib")
    found = reached(system(*MAIN), also=check)
    assert {f"{LIBRARY}/smtplib.py", f"{LIBRARY}/csv.py"} <= set(found.kept)


def test_the_program_of_the_health_check() -> None:
    tool = nodes({"/usr/bin/ping": PROGRAM, "/usr/share/ping/data": b"x"}, package("ping"))
    found = reached(system(*MAIN, *tool), also=("ping", "localhost"))
    assert found.kept["/usr/bin/ping"].rule == "health check"
    assert found.kept["/usr/share/ping/data"].rule == "whole package"
    assert "/usr/bin/ping" not in reached(system(*MAIN, *tool)).kept


def test_a_guarded_import_of_a_file_that_the_health_check_runs() -> None:
    files = app({"/app/main.py": b"", "/app/h.py": b"if __name__ == '__main__':\n import csv\n"})
    assert f"{LIBRARY}/csv.py" in reached(system(*files), also=("python3", "h.py")).kept


def test_what_an_application_file_does_as_the_program_counts() -> None:
    """Jobs and management commands are run in the same image."""
    files = app({"/app/main.py": b"", "/app/job.py": b"if __name__ == '__main__':\n import csv\n"})
    assert f"{LIBRARY}/csv.py" in reached(system(*files)).kept
    files = app({"/app/main.py": b"", "/app/bin/job": b"#!/usr/bin/python3\nimport csv\n"})
    assert f"{LIBRARY}/csv.py" in reached(system(*files)).kept
    files = app({"/app/main.py": b"", "/app/job/__init__.py": b"from . import a, __main__"})
    files += app({"/app/job/a.py": b"", "/app/job/__main__.py": b"from . import a\nimport csv"})
    assert f"{LIBRARY}/csv.py" in reached(system(*files)).kept


@pytest.mark.parametrize(
    "words",
    [
        ("python3", "-u", "run"),
        ("python3", "-Wignore", "-X", "dev", "run"),
        ("python3", "-uc", "import csv"),
        ("python3", "-cimport csv"),
        ("python3", "-Im", "smtplib"),
        ("python3", "-msmtplib"),
        ("python3", "--check-hash-based-pycs", "never", "-m", "smtplib"),
        ("env", "A=b", "python3", "run"),
    ],
)
def test_arguments_of_the_interpreter(words: tuple[str, ...]) -> None:
    files = app({"/app/run": b"import csv", "/app/main.py": b""})
    assert f"{LIBRARY}/csv.py" in reached(system(*files), *words).kept


def test_an_entrypoint_relative_to_the_working_directory() -> None:
    script = app({"/app/bin/run": b"#!/usr/bin/env -S python3 -u\nimport smtplib\n"})
    for word in ("./bin/run", "bin/run", "/app/bin/run", "../app/bin/run"):
        found = reached(system(*script), word)
        assert {"/app/bin/run", "/usr/bin/python3", f"{LIBRARY}/csv.py"} <= set(found.kept), word


def test_interpreters_behind_links_are_kept_with_their_links() -> None:
    files = nodes(
        {"/usr/bin/mawk": PROGRAM, "/etc/alternatives/awk": "/usr/bin/mawk"}, package("m")
    )
    files += nodes({"/usr/bin/awk": "/etc/alternatives/awk"}, package("awk-link"))
    for line in (b"#!/usr/bin/env awk -f", b"#!/usr/bin/awk -f", b"#! /usr/bin/env -S awk -f"):
        script = app({"/app/run": line + b"\nBEGIN {}\n", "/usr/bin/env": PROGRAM})
        found = reached(system(*script, *files), "/app/run")
        links = {"/usr/bin/awk", "/etc/alternatives/awk", "/usr/bin/mawk"}
        assert links <= set(found.kept), line


BASH = nodes({"/usr/bin/sh": PROGRAM}, package("dash"))
TOOLS = nodes({"/usr/bin/sed": PROGRAM, "/usr/bin/tr": PROGRAM}, package("tools"))


def test_programs_that_a_shell_script_names() -> None:
    text = b"#!/bin/sh -e\n# tr\nx=$(sed -n p <f) && exec python3 -m smtplib\n"
    bin_link = [Node("/bin", Kind.SYMLINK, 0o777, target="usr/bin", origin=package("base-files"))]
    one_by_one = msgspec.structs.replace(TOOLS[1], origin=package("tr"))
    tree = system(*app({"/app/run": text}), *BASH, *bin_link, TOOLS[0], one_by_one)
    found = reached(tree, "/app/run")
    assert found.kept["/usr/bin/sh"].rule in ("#!", "link")
    assert found.kept["/usr/bin/sed"].rule == "named in script"
    assert "/usr/bin/tr" not in found.kept
    assert f"{LIBRARY}/csv.py" in found.kept


def test_shell_scripts_look_for_programs_where_the_environment_says() -> None:
    tools = nodes({"/opt/x/bin/sed": PROGRAM, "/usr/bin/sed": PROGRAM}, package("tr"))
    tools = [*tools[:1], msgspec.structs.replace(tools[1], origin=package("sed"))]
    tree = system(*app({"/app/run": b"#!/usr/bin/sh\nsed\n"}), *BASH, *tools)
    kept = reached(tree, "/app/run", environment={"PATH": "/opt/x/bin:/usr/bin"}).kept
    assert {path for path in kept if path.endswith("sed")} == {"/opt/x/bin/sed"}
    kept = reached(tree, "/app/run").kept
    assert {path for path in kept if path.endswith("sed")} == {"/usr/bin/sed"}


def test_shell_text_in_one_word_of_the_command() -> None:
    tree = system(*MAIN, *BASH, *TOOLS)
    found = reached(tree, "sh", "-c", "sed -i s/a/b/ x; exec python3 -m smtplib")
    assert {"/usr/bin/sh", "/usr/bin/sed", f"{LIBRARY}/csv.py"} <= set(found.kept)


def test_what_a_kept_python_module_imports_is_kept() -> None:
    found = reached(system(*MAIN), keep=(f"{LIBRARY}/smtplib.py",))
    assert f"{LIBRARY}/csv.py" in found.kept


def test_what_a_python_program_of_a_kept_package_imports_is_kept() -> None:
    tool = nodes({"/usr/bin/mail": b"#!/usr/bin/python3\nimport smtplib\n"}, package("mail"))
    found = reached(system(*MAIN, *tool), asked=frozenset([package("mail").purl]))
    assert {"/usr/bin/mail", f"{LIBRARY}/smtplib.py", f"{LIBRARY}/csv.py"} <= set(found.kept)


def test_modules_of_a_kept_package_know_their_package() -> None:
    files = nodes(
        {
            "/usr/lib/python3/dist-packages/post/__init__.py": b"from . import send",
            "/usr/lib/python3/dist-packages/post/send.py": b"from .. import x\nimport csv",
        },
        package("python3-post"),
    )
    found = reached(system(*MAIN, *files), asked=frozenset([package("python3-post").purl]))
    assert f"{LIBRARY}/csv.py" in found.kept


def test_empty_directories_of_the_application_stay() -> None:
    uploads = Node("/app/up", Kind.DIRECTORY, 0o755, origin=ApplicationOrigin("up"))
    assert "/app/up" in reached(system(*MAIN, uploads)).kept


def test_empty_directories_of_a_whole_package_stay() -> None:
    spool = Node("/var/spool/ping", Kind.DIRECTORY, 0o755, origin=package("ping"))
    tool = nodes({"/usr/bin/ping": PROGRAM}, package("ping"))
    assert "/var/spool/ping" in reached(system(*MAIN, *tool, spool), "ping").kept
    assert "/var/spool/ping" not in reached(system(*MAIN, *tool, spool)).kept


def test_elf_programs_among_the_applications_files_find_their_libraries() -> None:
    helper = Elf(interpreter=LOADER, needed=("libown.so", "libz.so.1"), runpath="$ORIGIN/lib")
    files = app({"/app/helper": helper, "/app/lib/libown.so": Elf(soname="libown.so")})
    zlib = nodes({f"{LIBRARIES}/libz.so.1": Elf(soname="libz.so.1")}, package("zlib1g"))
    found = reached(system(*MAIN, *files, *zlib))
    assert found.kept[f"{LIBRARIES}/libz.so.1"].because == "/app/helper"


def certificates() -> Node:
    (node,) = nodes(
        {"/etc/ssl/certs/ca-certificates.crt": b"x"}, GeneratedOrigin("CA certificates")
    )
    return node


def test_certificates_stay_for_a_static_program_that_looks_for_them() -> None:
    assert certificates().path not in reached(system(*MAIN, certificates())).kept
    static = Elf(kind=2, dynamic=False).build() + b"go/etc/ssl/certs/etc/pki"
    files = app({"/app/main.py": b"", "/app/agent": static})
    found = reached(system(*files, certificates()))
    because = Reason("policy", "/app/agent", "certificates of authorities")
    assert found.kept[certificates().path] == because


@pytest.mark.parametrize(
    ("function", "kept"),
    [
        ("main.main", set()),
        ("crypto/x509.loadSystemRoots", {"/etc/ssl/certs/ca-certificates.crt"}),
        ("mime.TypeByExtension", {"/etc/mime.types"}),
    ],
)
def test_go_programs_keep_what_the_functions_in_them_read(function: str, kept: set[str]) -> None:
    program = GoProgram(functions=(function,))
    program.elf.sections = {".rodata": b"/etc/ssl/certs/etc/mime.types"}
    system_files = nodes({"/etc/mime.types": b"", "/etc/ssl/openssl.cnf": b""}, package("media"))
    files = app({"/app/main.py": b"", "/app/agent": program.build()})
    found = reached(system(*files, *system_files, certificates())).kept
    read = {path for path in found if path in {*kept, certificates().path, "/etc/mime.types"}}
    assert read == kept
    assert all(found[path].because == "/app/agent" for path in kept)


@pytest.mark.parametrize("name", ["libplug.so.1", "%s/libplug.so.1", "${ORIGIN}/libplug.so.1"])
def test_libraries_that_compiled_code_names(name: str) -> None:
    data = Elf(interpreter=LOADER, needed=("libc.so.6",), flags_1=0x08000000).build()
    files = app({"/app/main.py": b"", "/app/tool": data + b"\0" + name.encode() + b"\0"})
    plug = nodes({f"{LIBRARIES}/libplug.so.1": Elf(soname="libplug.so.1")}, package("plug"))
    found = reached(system(*files, *plug))
    assert found.kept[f"{LIBRARIES}/libplug.so.1"].rule == "named library"
    assert f"{LIBRARIES}/libplug.so.1" not in reached(system(*MAIN, *plug)).kept


def test_programs_for_another_machine_are_left_alone() -> None:
    other = Elf(elf_class=32, machine=3, interpreter="/lib/ld-linux.so.2", needed=("libz.so.1",))
    files = app({"/app/main.py": b"", "/app/old": other})
    zlib = nodes({f"{LIBRARIES}/libz.so.1": Elf(soname="libz.so.1")}, package("zlib1g"))
    found = reached(system(*files, *zlib))
    assert "/app/old" in found.kept
    assert f"{LIBRARIES}/libz.so.1" not in found.kept


def test_libraries_of_a_whole_package_stay_only_when_they_are_linked() -> None:
    tool = nodes({"/usr/bin/tool": PROGRAM}, package("tool"))
    helper = nodes({"/usr/bin/helper": PROGRAM}, package("helper"))
    library = nodes({f"{LIBRARIES}/libz.so.1": Elf(soname="libz.so.1")}, package("zlib1g"))
    library += nodes({"/usr/share/doc/zlib1g/copyright": b"x"}, package("zlib1g"))
    needs = {package("tool").purl: [package("helper").purl, package("zlib1g").purl]}
    found = reached(
        system(*MAIN, *tool, *helper, *library),
        asked=frozenset([package("tool").purl]),
        depends=needs,
    )
    assert found.kept["/usr/bin/tool"].rule == "asked for"
    assert found.kept["/usr/bin/helper"].rule == "dependency"
    assert f"{LIBRARIES}/libz.so.1" not in found.kept
    asked = frozenset([package("zlib1g").purl])
    found = reached(system(*MAIN, *library), asked=asked)
    assert f"{LIBRARIES}/libz.so.1" in found.kept


def test_a_package_of_which_a_file_is_used_stays_whole_with_its_licence() -> None:
    files: dict[str, Content] = {
        f"{LIBRARIES}/libz.so.1": Elf(soname="libz.so.1"),
        "/usr/share/z/table": b"x",
    }
    zlib = nodes({**files, "/usr/share/doc/zlib1g/copyright": b"y"}, package("zlib1g"))
    linked = app({"/app/main.py": b"", "/app/x.so": Elf(needed=("libz.so.1",))})
    found = reached(system(*linked, *zlib))
    assert found.kept["/usr/share/z/table"].rule == "whole package"
    assert found.kept["/usr/share/doc/zlib1g/copyright"].rule == "licence"


def test_keeping_by_path_and_by_the_name_of_a_package() -> None:
    words = nodes({"/usr/share/words/a": b"", "/usr/share/words/b": b""}, package("words"))
    found = reached(system(*MAIN, *words), keep=("/usr/share/*/a",))
    assert "/usr/share/words/a" in found.kept
    found = reached(system(*MAIN, *words), keep=("wor*",))
    assert {"/usr/share/words/a", "/usr/share/words/b"} <= set(found.kept)


def test_a_link_that_leads_nowhere_is_kept_as_it_is() -> None:
    files = app({"/app/main.py": b"", "/app/gone": "nothing", "/app/up": "../app/main.py"})
    assert {"/app/gone", "/app/up"} <= set(reached(system(*files)).kept)


def test_nothing_depends_on_the_order_of_evidence() -> None:
    tree = system(*MAIN, *BASH, *TOOLS)
    one, two = (reached(tree, "sh", "-c", "sed x", also=("tr",)) for _ in range(2))
    assert list(one.kept.items()) == list(two.kept.items())


# --- packages whose files are judged one by one -----------------------------------------------

SERVICE = package("nginx")
MODULE = package("libnginx-mod-x")
CONF = "/etc/nginx/nginx.conf"


def service(*more: Node) -> Tree:
    """nginx beside a package that depends on it; the link was made by the module's script."""
    files: Files = {
        CONF: b"include modules-enabled/*;",
        "/usr/sbin/nginx": Elf(),
        "/usr/share/nginx/x": b"",
    }
    modules = {"/usr/share/nginx/modules-available/x.conf": b"load modules/x.so"}
    made = Node(
        "/etc/nginx/modules-enabled/x.conf", Kind.SYMLINK, 0o777,
        target="/usr/share/nginx/modules-available/x.conf",
        origin=GeneratedOrigin("maintainer scripts of libnginx-mod-x"),
    )  # fmt: skip
    other = nodes({"/usr/bin/other": b"#!/usr/bin/none"}, package("other"))
    found = [*nodes(files, SERVICE), *nodes(modules, MODULE), *other, made, *more]
    return system(*MAIN, *found)


def test_who_depends_on_a_service_gets_its_program_and_what_that_opens() -> None:
    tree = service()
    other = package("other").purl
    found = reached(tree, asked=frozenset([other]), depends={other: [SERVICE.purl]})
    assert found.kept["/usr/sbin/nginx"].rule == "dependency"
    assert found.kept["/etc/nginx/modules-enabled/x.conf"].rule == "configuration"
    assert "/usr/share/nginx/modules-available/x.conf" in found.kept
    assert "/usr/share/nginx/x" not in found.kept


def test_what_scripts_of_a_service_made_goes_with_it() -> None:
    assert not {path for path in reached(service()).kept if "nginx" in path}


def test_configuration_of_the_user_decides() -> None:
    own = app({CONF: b"http {}"})
    tree = service().with_nodes(own)
    found = reached(tree, "nginx")
    assert CONF in found.kept
    assert not {path for path in found.kept if "modules" in path}


def test_what_a_policy_does_without_tells_why() -> None:
    root = "/usr/lib/postgresql/17"
    files = {
        f"{root}/bin/postgres": PROGRAM,
        f"{root}/lib/plpgsql.so": Elf(),
        f"{root}/lib/llvmjit.so": Elf(needed=("libLLVM.so",)),
        f"{LIBRARIES}/libLLVM.so": Elf(soname="libLLVM.so"),
    }
    tree = system(*MAIN, *nodes(files, package("postgresql-17")))
    found = reached(tree, f"{root}/bin/postgres")
    assert found.kept[f"{root}/lib/plpgsql.so"].rule == "policy"
    assert f"{LIBRARIES}/libLLVM.so" not in found.kept
    assert "run without it" in found.removed[f"{root}/lib/llvmjit.so"]
    back = reached(tree, f"{root}/bin/postgres", keep=(f"{root}/lib/llvmjit*",))
    assert f"{LIBRARIES}/libLLVM.so" in back.kept
    assert f"{root}/lib/llvmjit.so" not in back.removed
