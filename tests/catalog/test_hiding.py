"""Images that want to have something that nobody sees: a program, a change, or what went wrong."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from distil.catalog.inventory import inventory
from distil.catalog.owners import is_shared
from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.stores.table import store_to_read
from distil.model.inventory import Answer, Attribution, State, Subject
from distil.model.reference import parse_location
from tests.catalog.test_inventory import INFO, STATUS, at, debian, layer_of, of, unowned
from tests.support.deb_builder import directory, file, link, tar
from tests.support.hand_made import Layout

EVIL = b"#!/bin/sh\necho evil\n"
PLACE = "usr/bin/evil"
MODULE = b'{"name": "bin", "version": "1"}'
RELEASE = b'JAVA_VERSION="17"\n'


@pytest.mark.parametrize(
    "claiming",
    [
        {"usr/bin/DESCRIPTION": b"Package: bin\nVersion: 1\nBuilt: R 4\n"},
        {"usr/DESCRIPTION": b"Package: usr\nVersion: 1\nBuilt: R 4\n"},
        {"DESCRIPTION": b"Package: bin\nVersion: 1\nBuilt: R 4\n"},
        {"usr/bin/EGG-INFO/PKG-INFO": b"Name: bin\nVersion: 1\n"},
        {"EGG-INFO/PKG-INFO": b"Name: bin\nVersion: 1\n"},
        {
            "usr/x.egg-info/PKG-INFO": b"Name: x\nVersion: 1\n",
            "usr/x.egg-info/top_level.txt": b"bin\n",
        },
        {"usr/bin/release": RELEASE},
        {
            "usr/x/composer/installed.json": b'{"packages": [{"name": "a/b", "version": "1", '
            b'"install-path": "../../bin"}]}',
        },
    ],
)
def test_no_file_gives_a_directory_of_the_system_to_one_component(
    tmp_path: Path, claiming: dict[str, bytes]
) -> None:
    found = of(tmp_path, layer_of(debian(**claiming, **{PLACE: EVIL})))
    assert f"/{PLACE}" in unowned(found)
    assert found.verdict is not None
    assert found.verdict.answer is Answer.PARTIAL


def test_nor_does_one_that_is_there_through_a_link(tmp_path: Path) -> None:
    links = tar([directory("/n"), link("/n/node_modules", "/usr")])
    above = tar([file("/n/node_modules/bin/package.json", MODULE), file(f"/{PLACE}", EVIL)])
    assert f"/{PLACE}" in unowned(of(tmp_path, layer_of(debian()), links, above))


@pytest.mark.parametrize(
    ("path", "shared"),
    [
        ("/", True),
        ("/anything", True),
        ("/usr/local/bin", True),
        ("/usr/lib/x86_64-linux-gnu", True),
        ("/opt/venv/lib/python3.11/site-packages", True),
        ("/app/node_modules", True),
        ("/usr/local/go", False),
        ("/opt/java/openjdk", False),
        ("/usr/local/include/python3.12", False),
        ("/usr/lib/R/library/base", False),
    ],
)
def test_directories_that_are_nobodys_own(path: str, shared: bool) -> None:
    assert is_shared(path) is shared


def test_configuration_does_not_excuse_a_changed_program(tmp_path: Path) -> None:
    registry = {"var/lib/ucf/registry": b"tool /usr/bin/tool\ntool /etc/tool.sh\n"}
    found = of(tmp_path, layer_of(debian(**registry, **{"usr/bin/tool": EVIL})))
    assert at(found, "/usr/bin/tool").state is State.MODIFIED


def test_only_scripts_of_packages_may_be_programs_in_their_databases(tmp_path: Path) -> None:
    hidden = (f"{INFO}/tool.templates", "usr/lib/opkg/info/other.postinst")
    found = of(tmp_path, layer_of(debian(**dict.fromkeys(hidden, EVIL))))
    assert [at(found, f"/{path}").attribution for path in hidden] == [Attribution.UNOWNED] * 2


def test_what_a_layer_writes_through_a_link_that_it_takes_away_again(tmp_path: Path) -> None:
    module = "/n/node_modules/x"
    above = [
        directory("/n"),
        directory("/n/node_modules"),
        link(module, "/usr/bin"),
        file(f"{module}/tool", EVIL),
        directory(module),
        file(f"{module}/package.json", MODULE),
    ]
    found = of(tmp_path, layer_of(debian()), tar(above))
    assert at(found, "/usr/bin/tool").state is State.MODIFIED


def test_what_went_wrong_is_told_where_the_file_is(tmp_path: Path) -> None:
    below = tar([link("/lib", "/usr/lib")])
    above = tar([file("/lib/node_modules/x/package.json", b"{garbage")])
    found = of(tmp_path, layer_of(debian()), below, above)
    assert [one.path for one in found.remarks] == ["/usr/lib/node_modules/x/package.json"]


def test_an_image_is_not_known_by_what_another_one_writes_of_its_layers(tmp_path: Path) -> None:
    cache, place = Cache(tmp_path / "cache"), tmp_path / "image"
    Layout(place).image((layer_of(debian()), ""), (layer_of({PLACE: EVIL}), ""))
    with store_to_read(parse_location(f"oci:{place}")).opened() as source:
        below, above = read_image(source).layers
        one = above.descriptor
        for told in (
            f"\n{above.diff_id} {one.digest} ",
            f"{above.diff_id} {one.digest} {one.size} {one.media_type}",
        ):
            inventory(Subject(name="x"), [msgspec.structs.replace(below, created_by=told)], cache)
        found = inventory(Subject(name="x"), [below, above], cache)
    assert f"/{PLACE}" in unowned(found)


def test_a_list_of_checksums_that_was_taken_away_hides_no_change(tmp_path: Path) -> None:
    above = layer_of({f"{INFO}/tool.md5sums": None, "usr/bin/tool": EVIL})
    found = of(tmp_path, layer_of(debian()), above)
    assert (at(found, "/usr/bin/tool").attribution, at(found, "/usr/bin/tool").state) == (
        Attribution.PACKAGE,
        State.UNCHECKED,
    )
    assert found.verdict is not None
    assert found.verdict.answer is Answer.PARTIAL
    assert found.verdict.reasons == ("2 files are of a package that has no checksum of it",)


def test_what_many_say_of_many_is_bounded(tmp_path: Path) -> None:
    """Lists that each count for thousands of packages would fill any memory."""
    several = "".join(
        f"Package: p\nStatus: install ok installed\nArchitecture: a{n}\nVersion: 1\n\n"
        for n in range(300)
    )
    package = '{"name": "a/b%d", "version": "1", "install-path": "../a"}'
    together = ",".join(package % n for n in range(300))
    found = of(
        tmp_path,
        layer_of(
            {
                STATUS: several.encode(),
                f"{INFO}/p.md5sums": b"0" * 32 + b"  usr/bin/p\n",
                "usr/bin/p": EVIL,
                "app/vendor/composer/installed.json": f'{{"packages": [{together}]}}'.encode(),
                "app/vendor/a/file": b"",
            }
        ),
    )
    assert len(found.components) == 600
    assert sum(one.claimed > 0 for one in found.components) == 8
    assert at(found, "/usr/bin/p").state is State.MODIFIED
    assert len(at(found, "/app/vendor/a/file").owners) == 100


def _sparse(path: str, data: bytes) -> bytes:
    """A member of GNU's sparse type, whose first piece is one byte."""
    header = bytearray(512)
    for start, field in (
        (0, path.encode()),
        (100, b"0000755\x000000000\x000000000\0"),
        (124, b"%011o\x0000000000000\0" % len(data)),
        (148, b" " * 8 + b"S"),
        (257, b"ustar  \0"),
        (386, b"%011o\0%011o\0%011o\0%011o\0" % (0, 1, 1, len(data) - 1)),
        (483, b"%011o\0" % len(data)),
    ):
        header[start : start + len(field)] = field
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data + bytes(-len(data) % 512)


def test_a_sparse_file_is_known_by_its_first_bytes_too(tmp_path: Path) -> None:
    above = _sparse("etc/hosts", EVIL) + bytes(1024)
    found = of(tmp_path, layer_of(debian()), above)
    assert at(found, "/etc/hosts").is_program
    assert unowned(found) == ["/etc/hosts"]
