"""That a component is not there is said only where the files show it."""

from __future__ import annotations

import pytest

from distil.model.finding import Justification, Presence
from distil.model.inventory import (
    Answer,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    OsRelease,
    SourcePackage,
    Subject,
    Verdict,
)
from distil.model.node import Kind
from distil.vulns.matching.scan import Matching, scan
from tests.vulns.memory import NOW, MemoryAdvisories, below

BOOKWORM = OsRelease(id="debian", version_id="12")
COPYRIGHT = "/usr/share/doc/libssl3/copyright"
LIBRARIES = ("/usr/lib/libcrypto.so.3", "/usr/lib/libssl.so.3")


def _file(path, owner=0, mode=0o644):
    owners, attribution = ((), Attribution.UNOWNED) if owner is None else ((owner,), _PACKAGE)
    return InventoryFile(path, Kind.FILE, mode, 1, 0, attribution, owners=owners, digest="ab" * 32)


_PACKAGE = Attribution.PACKAGE


def _settled(component, *files):
    inventory = Inventory(
        subject=Subject(name="x"),
        release=BOOKWORM,
        components=(component,),
        files=files,
        has_files=True,
        verdict=Verdict(Answer.COMPLETE),
    )
    source = component.source.name if component.source else component.name
    advisories = MemoryAdvisories()
    advisories.add("Debian:12", source, below("", "CVE-2024-0001"))
    advisories.add("PyPI", source, below("", "CVE-2024-0001"))
    (one,) = scan(inventory, advisories, Matching(now=NOW)).findings
    return one, one.settled


def _package(name="libssl3", source="openssl", kind="deb", **more):
    return InventoryComponent(
        name=name, version="3.0.11-1", kind=kind, source=SourcePackage(source), **more
    )


def test_a_package_of_which_only_the_copyright_is_left():
    component = _package(claimed=3, present=1, missing=LIBRARIES)
    one, settled = _settled(component, _file(COPYRIGHT))
    assert one.presence is Presence.DOCUMENTS
    assert settled.justification is Justification.COMPONENT_NOT_PRESENT
    assert settled.evidence.rule == "files-absent"
    assert settled.evidence.files == ((COPYRIGHT, "ab" * 32),)
    assert settled.evidence.absent == LIBRARIES
    assert one.evidence == settled.evidence


def test_a_package_of_which_nothing_is_left():
    one, settled = _settled(_package(claimed=2, present=0, missing=LIBRARIES))
    assert one.presence is Presence.NONE
    assert settled.evidence.files == ()


def test_a_package_that_never_had_code():
    one, settled = _settled(_package("gcc-12-base", claimed=1, present=1), _file(COPYRIGHT))
    assert one.presence is Presence.DOCUMENTS
    assert "documentation alone" in settled.reason


@pytest.mark.parametrize(
    "component",
    [
        _package(claimed=3, present=1, missing=LIBRARIES[:1]),
        _package(claimed=3, present=1),
        _package(claimed=0),
        _package(claimed=1, present=0, missing=("/etc/ssl/openssl.cnf",)),
        InventoryComponent(name="x", version="1", kind="python", claimed=1, present=1),
    ],
    ids=[
        "a-path-is-not-told",
        "no-path-is-told",
        "no-files-are-told",
        "settings-alone",
        "in-a-bundle",
    ],
)
def test_what_is_not_known_wholly_stays(component):
    _, settled = _settled(component, _file(COPYRIGHT))
    assert settled is None


def test_a_package_with_a_file_that_does_something_stays():
    component = _package(claimed=3, present=2)
    one, settled = _settled(component, _file(COPYRIGHT), _file(LIBRARIES[0]))
    assert one.presence is Presence.PART
    assert settled is None


@pytest.mark.parametrize(
    ("path", "mode", "stays"),
    [
        ("/app/libssl.so.3", 0o755, True),
        ("/app/libssl.so.3", 0o644, True),
        ("/opt/usr/lib/libssl.so.3", 0o644, True),
        ("/app/libother.so", 0o755, False),
    ],
)
def test_a_file_that_nobody_owns_and_looks_like_the_packages(path, mode, stays):
    component = _package(claimed=3, present=1, missing=LIBRARIES)
    _, settled = _settled(component, _file(COPYRIGHT), _file(path, None, mode))
    assert (settled is None) is stays


@pytest.mark.parametrize(
    ("path", "stays"),
    [
        ("/app/site-packages/requests/api.pyc", True),
        ("/app/site-packages/requests/__pycache__/api.cpython-311.opt-1.pyc", True),
        ("/app/site-packages/requests/api.cpython-311-x86_64-linux-gnu.so", True),
        ("/app/site-packages/other/api.pyc", False),
    ],
)
def test_what_is_there_compiled_alone_is_there(path, stays):
    record = "/app/site-packages/requests-2.28.0.dist-info/METADATA"
    component = InventoryComponent(
        name="requests",
        version="2.28.0",
        kind="python",
        claimed=2,
        present=1,
        missing=("/app/site-packages/requests/api.py",),
    )
    _, settled = _settled(component, _file(record), _file(path, None))
    assert (settled is None) is stays


HEADER = "/usr/include/linux/if.h"


@pytest.mark.parametrize(
    ("name", "files", "is_settled"),
    [
        ("linux-libc-dev", (HEADER,), True),
        ("linux-headers-6.1.0-18-amd64", ("/usr/src/linux-headers-6.1.0-18/Makefile",), True),
        ("linux-image-6.1.0-18-amd64", ("/boot/vmlinuz-6.1.0-18-amd64",), False),
        ("linux-libc-dev", (HEADER, "/usr/bin/something"), False),
        ("linux-perf", ("/usr/bin/perf",), False),
    ],
)
def test_headers_of_a_kernel_are_no_kernel(name, files, is_settled):
    component = _package(name, "linux", claimed=len(files), present=len(files))
    _, settled = _settled(component, *(_file(path) for path in files))
    assert (settled is not None) is is_settled


@pytest.mark.parametrize(
    "kernel", ["/boot/vmlinuz-6.1", "/usr/lib/modules/6.1/kernel/fs/x.ko", "/lib/modules/6/vmlinuz"]
)
def test_headers_beside_a_kernel_stay(kernel):
    component = _package("linux-libc-dev", "linux", claimed=1, present=1)
    _, settled = _settled(component, _file(HEADER), _file(kernel, None))
    assert settled is None
