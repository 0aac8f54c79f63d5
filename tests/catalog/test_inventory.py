"""What is in an image: facts joined over layers, and every file attributed."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from distil.catalog.asked import Asked
from distil.catalog.inventory import inventory
from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.stores.table import store_to_read
from distil.model.errors import MalformedImage
from distil.model.inventory import (
    Answer,
    Attribution,
    Inventory,
    InventoryFile,
    Link,
    Relation,
    Scope,
    State,
    Subject,
)
from distil.model.reference import parse_location
from tests.support import deb_builder
from tests.support.deb_builder import tar
from tests.support.hand_made import Layout

STATUS = "var/lib/dpkg/status"
README = "usr/share/doc/tool/README"
INFO = "var/lib/dpkg/info"
RELEASE = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'
TOOL = b"#!/bin/sh\necho tool\n"


def stanza(name: str, version: str = "1.0-1", more: str = "") -> bytes:
    return (
        f"Package: {name}\nStatus: install ok installed\nMaintainer: M <m@example.org>\n"
        f"Architecture: amd64\nVersion: {version}\n{more}\n"
    ).encode()


def sums(**files: bytes) -> bytes:
    lines = (f"{hashlib.md5(data).hexdigest()}  {path}\n" for path, data in files.items())
    return "".join(lines).encode()


def listed(*paths: str) -> bytes:
    return "".join(f"/{path}\n" for path in (".", *paths)).encode()


def layer_of(files: dict[str, bytes | None]) -> bytes:
    """A layer of files by their paths; None for a whiteout."""
    members = []
    for path, data in files.items():
        directory, _, name = path.rpartition("/")
        whole = path if data is not None else f"{directory}/.wh.{name}"
        members.append(deb_builder.file(f"/{whole}", data or b""))
    return tar(members)


def debian(**more: bytes | None) -> dict[str, bytes | None]:
    files: dict[str, bytes | None] = {
        "etc/os-release": RELEASE,
        STATUS: stanza("tool", more="Source: toolbox (2.0)\n"),
        f"{INFO}/tool.list": listed("etc/os-release", "usr", "usr/bin", "usr/bin/tool", README),
        f"{INFO}/tool.md5sums": sums(**{"usr/bin/tool": TOOL, README: b"hi"}),
        "usr/bin/tool": TOOL,
        README: b"hi",
    }
    return files | more


def of(tmp_path: Path, *layers: bytes, asked: Asked | None = None) -> Inventory:
    directory = tmp_path / hashlib.sha256(b"".join(layers)).hexdigest()[:16]
    if not directory.exists():
        Layout(directory).image(*((data, "") for data in layers))
    with store_to_read(parse_location(f"oci:{directory}")).opened() as source:
        layers_read = read_image(source).layers
        return inventory(Subject(name="x"), layers_read, Cache(tmp_path / "cache"), asked)


def at(found: Inventory, path: str) -> InventoryFile:
    (file,) = [one for one in found.files if one.path == path]
    return file


def unowned(found: Inventory) -> list[str]:
    """By path; the database of dpkg itself is another test's."""
    return [
        f.path
        for f in found.files
        if f.attribution is Attribution.UNOWNED and not f.path.startswith("/var/lib/dpkg/")
    ]


def test_a_package_owns_what_its_lists_say_and_is_verified(tmp_path: Path) -> None:
    found = of(tmp_path, layer_of(debian()))
    (tool,) = found.components
    assert (
        tool.purl == "pkg:deb/debian/tool@1.0-1?arch=amd64&distro=debian-12&upstream=toolbox%402.0"
    )
    assert (tool.claimed, tool.present, tool.modified, tool.layer) == (2, 2, (), 0)
    file = at(found, "/usr/bin/tool")
    assert (file.attribution, file.state, file.owners) == (
        Attribution.PACKAGE,
        State.VERIFIED,
        (0,),
    )
    assert file.digest == hashlib.sha256(TOOL).hexdigest()
    assert found.release is not None
    assert found.release.id == "debian"
    assert unowned(found) == []
    assert found.verdict.answer is Answer.COMPLETE


def test_a_changed_an_added_and_a_lacking_file_are_told(tmp_path: Path) -> None:
    files = debian(
        **{"usr/bin/tool": b"#!/bin/sh\necho another\n", "usr/bin/added": b"#!/bin/sh\n"}
    )
    del files[README]
    found = of(tmp_path, layer_of(files))
    assert at(found, "/usr/bin/tool").state is State.MODIFIED
    assert unowned(found) == ["/usr/bin/added"]
    (tool,) = found.components
    assert (tool.claimed, tool.present, tool.modified) == (2, 1, ("/usr/bin/tool",))
    assert found.verdict.answer is Answer.PARTIAL
    assert found.verdict.reasons == (
        "1 executable file is owned by no package",
        "1 file is not what the owner says",
    )


def test_a_file_with_a_checksum_of_the_user_alone_is_configuration(tmp_path: Path) -> None:
    files = debian(**{"etc/tool.conf": b"theirs"})
    digest = hashlib.md5(b"ours").hexdigest()
    files[STATUS] = stanza("tool", more=f"Conffiles:\n /etc/tool.conf {digest}\n")
    found = of(tmp_path, layer_of(files))
    assert at(found, "/etc/tool.conf").state is State.CONFIGURED
    assert found.verdict.answer is Answer.COMPLETE


def test_links_of_directories_are_followed(tmp_path: Path) -> None:
    """Debian's merged /usr: a package's /bin/tool is /usr/bin/tool."""
    files = debian()
    files[f"{INFO}/tool.list"] = listed("etc/os-release", "bin", "bin/tool", README)
    files[f"{INFO}/tool.md5sums"] = sums(**{"bin/tool": TOOL})
    made = [deb_builder.file(f"/{path}", data or b"") for path, data in files.items()]
    found = of(tmp_path, tar([deb_builder.link("/bin", "usr/bin"), *made]))
    assert at(found, "/usr/bin/tool").state is State.VERIFIED
    assert at(found, "/bin").attribution is Attribution.GENERATED


def test_a_diverted_file_is_where_the_diversion_says(tmp_path: Path) -> None:
    files = debian(
        **{
            "usr/bin/tool.real": TOOL,
            "usr/bin/tool": b"wrapped",
            "var/lib/dpkg/diversions": b"/usr/bin/tool\n/usr/bin/tool.real\nwrapper\n",
            f"{INFO}/wrapper.list": listed("usr/bin/tool"),
            f"{INFO}/wrapper.md5sums": sums(**{"usr/bin/tool": b"wrapped"}),
        }
    )
    files[STATUS] = stanza("tool") + b"\n" + stanza("wrapper")
    found = of(tmp_path, layer_of(files))
    names = [component.name for component in found.components]
    for path, owner in (("/usr/bin/tool.real", "tool"), ("/usr/bin/tool", "wrapper")):
        file = at(found, path)
        assert [names[number] for number in file.owners] == [owner]
        assert file.state is State.VERIFIED


def test_which_layer_brought_and_which_removed(tmp_path: Path) -> None:
    below = layer_of(debian())
    tool = stanza("tool", more="Source: toolbox (2.0)\n")
    both = tool + b"\n" + stanza("other")
    above = layer_of({STATUS: both, f"{INFO}/other.list": listed("usr/bin/other")})
    top = layer_of({STATUS: stanza("other"), "usr/bin/tool": None})
    squashed = of(tmp_path, below, above, top)
    assert [(c.name, c.layer) for c in squashed.components] == [("other", 1)]
    every = of(tmp_path, below, above, top, asked=Asked(scope=Scope.ALL_LAYERS))
    told = [(c.name, c.layer, c.removed_by) for c in every.components]
    assert told == [("other", 1, -1), ("tool", 0, 2)]


def test_an_os_package_that_ships_a_language_package_is_a_relation(tmp_path: Path) -> None:
    info = "usr/lib/python3/dist-packages/lib-1.0.dist-info"
    metadata = b"Metadata-Version: 2.1\nName: lib\nVersion: 1.0\n"
    files = debian(**{f"{info}/METADATA": metadata})
    files[f"{INFO}/tool.list"] = listed("usr/bin/tool", f"{info}/METADATA")
    found = of(tmp_path, layer_of(files))
    deb, wheel = found.components
    assert (deb.kind, wheel.kind) == ("deb", "python")
    assert Relation(deb.ref, Link.OWNS, wheel.ref) in found.relations
    assert at(found, f"/{info}/METADATA").attribution is Attribution.PACKAGE


def test_byte_code_belongs_to_its_source(tmp_path: Path) -> None:
    home = "usr/lib/tool"
    files = debian(**{f"{home}/a.py": b"1", f"{home}/__pycache__/a.cpython-311.pyc": b"x"})
    files[f"{home}/__pycache__/b.cpython-311.pyc"] = b"x"
    files[f"{INFO}/tool.list"] = listed("usr/bin/tool", f"{home}/a.py")
    found = of(tmp_path, layer_of(files))
    assert at(found, f"/{home}/__pycache__/a.cpython-311.pyc").owners == (0,)
    assert f"/{home}/__pycache__/b.cpython-311.pyc" in unowned(found)


def test_an_image_without_database_is_unknown(tmp_path: Path) -> None:
    found = of(tmp_path, layer_of({"app/run": TOOL}))
    assert found.verdict.answer is Answer.UNKNOWN
    assert found.verdict.reasons[0] == "there is no package manager's database"


def test_what_is_known_otherwise_is_attributed(tmp_path: Path) -> None:
    owned = {"/app/run": (Attribution.APPLICATION, "src/run")}
    found = of(tmp_path, layer_of(debian(**{"app/run": b"x"})), asked=Asked(owned=owned))
    file = at(found, "/app/run")
    assert (file.attribution, file.rule) == (Attribution.APPLICATION, "src/run")
    assert found.verdict.answer is Answer.COMPLETE


def test_components_only_reads_no_contents(tmp_path: Path) -> None:
    layers = layer_of(debian())
    few = of(tmp_path, layers, asked=Asked(contents=False))
    all_of_it = of(tmp_path, layers)
    assert few.components == all_of_it.components
    assert (few.files, few.has_files) == ((), False)
    assert few.verdict.answer is Answer.PARTIAL


def test_a_layer_is_read_once(tmp_path: Path) -> None:
    """Known by its diff id, in any image: what is stored of it is not opened again."""
    below, above = layer_of(debian()), layer_of({"usr/bin/added": b"x"})
    first = of(tmp_path, below, above)
    directory = next(path for path in tmp_path.iterdir() if path.name != "cache")
    for blob in (directory / "blobs/sha256").iterdir():
        if blob.stat().st_size >= 10240:
            blob.write_bytes(bytes(blob.stat().st_size))
    assert of(tmp_path, below, above) == first
    with pytest.raises(MalformedImage, match="do not match its digest"):
        of(tmp_path, below, above, asked=Asked(hashed=True))
    for record in (tmp_path / "cache/catalog").iterdir():
        record.unlink()
    with pytest.raises(MalformedImage):
        of(tmp_path, below, above)


def test_an_image_cannot_pass_a_layer_off_as_a_known_one(tmp_path: Path) -> None:
    """The bytes of one layer under the diff id of another, which the cache knows."""
    known, hidden = layer_of(debian()), gzip.compress(layer_of({"usr/bin/evil": TOOL}))
    of(tmp_path, known)
    directory = tmp_path / "hostile"
    digest = f"sha256:{hashlib.sha256(known).hexdigest()}"
    Layout(directory).image((hidden, "+gzip"), diff_ids=(digest,))
    with store_to_read(parse_location(f"oci:{directory}")).opened() as source:
        layers = read_image(source).layers
        with pytest.raises(MalformedImage, match="its contents are not those of"):
            inventory(Subject(name="x"), layers, Cache(tmp_path / "cache"))


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    member = deb_builder.file("/usr/bin/caf\udce9", b"x")
    layers = (layer_of(debian()), tar([member]))
    assert "/usr/bin/caf\udce9" in unowned(of(tmp_path, *layers))
    assert of(tmp_path, *layers) == of(tmp_path, *layers)


def test_a_damaged_database_is_a_remark(tmp_path: Path) -> None:
    files = debian(**{"usr/lib/python3/x.dist-info/METADATA": b"\xff\xfe garbage"})
    found = of(tmp_path, layer_of(files))
    assert [remark.path for remark in found.remarks] == ["/usr/lib/python3/x.dist-info/METADATA"]
    assert found.verdict.answer is Answer.PARTIAL
