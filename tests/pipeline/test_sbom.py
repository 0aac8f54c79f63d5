"""`distil sbom` and `distil files`: what is in an image, who owns it, and what documents say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import pytest

from distil import pipeline
from distil.cli import run
from distil.cli.sbom import FORMATS
from distil.compose import contained
from distil.compose.record import record
from distil.fetch.cache import Cache
from distil.image.artifact import attach
from distil.image.assemble import Image, assemble, assemble_index
from distil.image.errors import PathNotFound
from distil.image.naming import name_image, unnamed
from distil.image.write import write
from distil.model.digest import Digest
from distil.model.image import MEDIA_MANIFEST, ContainerConfig
from distil.model.inventory import Answer, Attribution, IndexInventory, Inventory, State
from distil.model.ledger import Kept, Ledger, Reason, Removed
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, GeneratedOrigin, PackageOrigin
from distil.model.platform import AMD64, ARM64, Platform
from distil.model.reference import parse_image_name
from distil.sbom import table
from distil.survey.errors import NoAttachedSbom, NoSuchComponent, NotTheBase
from tests.support.images import EPOCH, layer, oci
from tests.support.nodes import file, special
from tests.support.spoken import Speaker, check_text

SNAPSHOTS = Path(__file__).with_name("snapshots")
STATUS = (
    b"Package: tool\nStatus: install ok installed\nVersion: 1.2-3\nArchitecture: amd64\n"
    b"Maintainer: People <people@example.org>\n\n"
)
OS = b'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
PURL = "pkg:deb/debian/tool@1.2-3?arch=amd64"
CDX = "application/vnd.cyclonedx+json"


def installed(files: dict[str, bytes]) -> list[Node]:
    """A small Debian with one package of `files`, as dpkg has it."""
    sums = "".join(f"{hashlib.md5(data).hexdigest()}  {path[1:]}\n" for path, data in files.items())
    return [
        file("/etc/os-release", OS),
        file("/var/lib/dpkg/status", STATUS),
        file("/var/lib/dpkg/info/tool.md5sums", sums.encode()),
        *(file(path, data, mode=0o755) for path, data in files.items()),
    ]


DEBIAN = installed({"/usr/bin/tool": b"#!/bin/sh\n", "/usr/share/tool": b"data"})


def image_of(cache: Cache, *layers: Iterable[Node], platform: Platform = AMD64) -> Image:
    written = [layer(cache, nodes) for nodes in layers]
    return assemble(written, ContainerConfig(), platform=platform, created=EPOCH)


def put(image, path: Path, *artifacts) -> str:
    place = oci(path, "x")
    name = parse_image_name("sample:1")
    named = [*name_image(image, [name], place), *(unnamed(one, name) for one in artifacts)]
    write(named, place)
    return str(place)


def inventory_of(image: str, **asked) -> Inventory:
    found = pipeline.sbom(pipeline.SbomRequest(image=image, **asked)).inventory
    assert isinstance(found, Inventory)
    return found


@pytest.fixture
def image(cache: Cache, tmp_path: Path) -> str:
    return put(image_of(cache, DEBIAN), tmp_path / "image")


def replaced(path: str, data: bytes) -> list[Node]:
    return [msgspec.structs.replace(n, blob=file("/x", data).blob) if n.path == path else n
            for n in DEBIAN]  # fmt: skip


# --- what is there -------------------------------------------------------------------------


def test_every_format_has_a_name_on_the_command_line() -> None:
    assert set(FORMATS) == set(table.FORMATS)
    assert contained.FORMATS.items() <= {
        (name, one.media_type) for name, one in table.FORMATS.items()
    }


def test_a_component_and_its_files(image: str) -> None:
    found = inventory_of(image)
    (tool,) = (one for one in found.components if one.kind == "deb")
    assert (tool.name, tool.version, tool.claimed, tool.present) == ("tool", "1.2-3", 2, 2)
    states = {one.path: (one.attribution, one.state) for one in found.files}
    assert states["/usr/bin/tool"] == (Attribution.PACKAGE, State.VERIFIED)
    assert found.subject.name == image
    assert found.subject.platform == "linux/amd64"
    assert found.subject.created == EPOCH


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_it_says(speaker: Speaker, cache: Cache, tmp_path: Path, form: str) -> None:
    nodes = [*replaced("/usr/share/tool", b"changed"), file("/opt/x", b"#!/bin/sh\n", mode=0o755)]
    nodes = [one for one in nodes if one.path != "/usr/bin/tool"]
    said = speaker.text("sbom", put(image_of(cache, nodes), tmp_path / "i"), "--format", form)
    check_text(SNAPSHOTS / f"sbom-{form}.txt", said)


def test_every_component_when_asked(speaker: Speaker, image: str) -> None:
    assert "deb  tool  1.2-3" not in speaker.text("sbom", image)
    assert "deb  tool  1.2-3  2 of 2 files" in speaker.text("sbom", image, "-v")


def test_an_image_without_packages_is_unknown(
    speaker: Speaker, cache: Cache, tmp_path: Path
) -> None:
    """Never an empty success, and the answer of a script is its exit code."""
    nodes = [file("/bin/server", b"#!/bin/sh\n", mode=0o755)]
    place = put(image_of(cache, nodes), tmp_path / "i")
    assert inventory_of(place).verdict.answer is Answer.UNKNOWN
    assert "UNKNOWN: there is no package manager's database" in speaker.text("sbom", place)
    assert run(["sbom", place, "--require-complete"]) == 3
    assert run(["sbom", place, "--require-complete", "--exit-zero"]) == 0
    assert run(["sbom", place, "--require-complete", "--verify", "attached"]) == 2
    assert run(["sbom", place]) == 0


def test_an_empty_image_is_unknown(cache: Cache, tmp_path: Path) -> None:
    place = put(image_of(cache, [special("/a", Kind.DIRECTORY)]), tmp_path / "i")
    assert inventory_of(place).verdict.answer is Answer.UNKNOWN
    assert run(["sbom", place, "--require-complete"]) == 3


def test_components_only_hash_nothing(image: str) -> None:
    found = inventory_of(image, components_only=True)
    assert not found.has_files
    assert [one.name for one in found.components if one.kind == "deb"] == ["tool"]
    assert found.verdict.answer is not Answer.COMPLETE


@pytest.mark.parametrize("form", FORMATS)
def test_documents(image: str, speaker: Speaker, tmp_path: Path, form: str) -> None:
    said = speaker.data("sbom", image, "--format", form)
    assert b"tool" in said
    target = tmp_path / "document"
    assert speaker.data("sbom", image, "--format", form, "-o", target) == b""
    assert target.read_bytes() == said
    if form != "purls":
        assert speaker.data("sbom", image, "--verify", target).startswith(b"PASS")
    again = speaker.data("sbom", "convert", target, "--format", "purls")
    assert b"\npkg:deb/debian/tool@1.2-3" in again


def test_where_a_document_cannot_be_written_nothing_is_left(image: str, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("before")
    target = tmp_path / "there" / "file"
    assert run(["sbom", image, "--format", "purls", "-o", str(target)]) == 2
    assert (tmp_path / "there").read_text() == "before"


def test_what_is_no_document(image: str, speaker: Speaker, tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    target.write_text("[]")
    assert "no software bill of materials" in speaker.error("sbom", image, "--verify", target)
    assert "no software" in speaker.error("sbom", "convert", target, "--format", "purls")


# --- what changes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "path", "what"),
    [
        (replaced("/usr/share/tool", b"Data"), "/usr/share/tool", "is not the file that"),
        (
            [*DEBIAN, file("/usr/bin/more", b"#!/bin/sh\n", mode=0o755)],
            "/usr/bin/more",
            "is in the image, and not",
        ),
        ([one for one in DEBIAN if one.path != "/usr/bin/tool"], "/usr/bin/tool", "is in the doc"),
    ],
)
def test_what_is_changed_is_found(  # noqa: PLR0917
    image: str, speaker: Speaker, cache: Cache, tmp_path: Path, nodes: list[Node],
    path: str, what: str,
) -> None:  # fmt: skip
    """One byte, a file more, a file less: of a document, and of what the owners say."""
    document = tmp_path / "document"
    speaker.data("sbom", image, "--format", "cyclonedx", "-o", document)
    other = put(image_of(cache, nodes), tmp_path / "other")
    said = speaker.text("sbom", other, "--verify", document, code=1)
    assert f"{path} {what}" in said
    assert speaker.data("sbom", other, "--verify", document, "--exit-zero").startswith(b"FAIL")
    told = json.loads(speaker.data("sbom", other, "--verify", document, "--format", "json", code=1))
    assert [one["agrees"] for one in told["documents"]] == [False]
    found = inventory_of(other)
    (tool,) = (one for one in found.components if one.name == "tool")
    unowned = [one.path for one in found.files if one.attribution is Attribution.UNOWNED]
    assert found.verdict.answer is Answer.PARTIAL or tool.is_partial
    assert path in {*tool.modified, *unowned} or tool.present == 1


def test_layers_are_hashed_anew_to_verify(
    cache: Cache, speaker: Speaker, tmp_path: Path, image: str
) -> None:
    """What is known of a layer is not held for what its file holds now."""
    document = tmp_path / "document"
    speaker.data("sbom", image, "--format", "spdx", "-o", document)
    speaker.data("sbom", image, "--verify", document)
    digest = image_of(cache, DEBIAN).layers[0].descriptor.digest
    blob = tmp_path / "image/blobs/sha256" / digest.hex
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    assert digest.hex in speaker.error("sbom", image, "--verify", document)


def test_the_files_of_an_image(speaker: Speaker, cache: Cache, tmp_path: Path) -> None:
    nodes = [*replaced("/usr/share/tool", b"Data"), file("/opt/x", b"#!/bin/sh\n", mode=0o755)]
    image = put(image_of(cache, nodes), tmp_path / "i")

    def listed(*options: str) -> list[str]:
        return [line.split()[0] for line in speaker.text("files", image, *options).splitlines()]

    assert listed() == sorted(one.path for one in nodes)
    assert listed("--modified") == ["/usr/share/tool"]
    assert "/opt/x" in listed("--unowned")
    assert not {"/usr/bin/tool", "/usr/share/tool"} & {*listed("--unowned")}
    assert listed("--executable", "/usr") == ["/usr/bin/tool", "/usr/share/tool"]
    assert listed("--package", "tool", "/usr") == ["/usr/bin/tool", "/usr/share/tool"]
    assert listed("--package", "tool@1.2-3", "usr/bin", "/opt/") == ["/usr/bin/tool"]
    assert listed("--modified", "--unowned") == []
    text = speaker.text("files", image, "/usr/bin")
    assert text == "/usr/bin/tool  package  deb tool 1.2-3  verified\n"
    told = json.loads(speaker.data("files", image, "/usr", "--modified", "--format", "json"))
    assert [one["state"] for one in told["files"]] == ["modified"]
    assert told["files"][0]["owners"] == [one["ref"] for one in told["components"]]


def test_what_is_not_there(image: str) -> None:
    with pytest.raises(PathNotFound):
        pipeline.files(pipeline.FilesRequest(image=image, paths=("/no",)))
    with pytest.raises(NoSuchComponent, match="did you mean tool"):
        pipeline.files(pipeline.FilesRequest(image=image, package="tol"))


# --- several platforms ---------------------------------------------------------------------


@pytest.fixture
def index(cache: Cache, tmp_path: Path) -> str:
    arm = [*DEBIAN, file("/only-arm", b"x")]
    images = [image_of(cache, DEBIAN), image_of(cache, arm, platform=ARM64)]
    return put(assemble_index(images), tmp_path / "index")


def test_an_index_has_a_child_for_each_platform(index: str, speaker: Speaker) -> None:
    found = pipeline.sbom(pipeline.SbomRequest(image=index)).inventory
    assert isinstance(found, IndexInventory)
    platforms = [one.subject.platform for one in found.children]
    assert platforms == ["linux/amd64", "linux/arm64/v8"]
    assert speaker.text("sbom", index).count("\nverdict ") == 2
    told = json.loads(speaker.data("sbom", index, "--format", "json"))
    assert [one["subject"]["platform"] for one in told["platforms"]] == platforms
    only = inventory_of(index, platform="linux/arm64")
    assert "/only-arm" in {one.path for one in only.files}


def test_a_document_about_one_platform_or_all(index: str, speaker: Speaker, tmp_path: Path) -> None:
    one, both = tmp_path / "one", tmp_path / "both"
    cyclonedx = ("--format", "cyclonedx", "-o")
    speaker.data("sbom", index, "--platform", "linux/arm64", *cyclonedx, one)
    speaker.data("sbom", index, *cyclonedx, both)
    assert "linux/arm64" in speaker.text("sbom", index, "--verify", one)
    assert speaker.text("sbom", index, "--verify", both).count("PASS") == 2
    said = speaker.text("sbom", index, "--verify", both, "--platform", "linux/amd64", code=1)
    assert "the image is not there for this platform" in said


# --- bases and documents that are attached -------------------------------------------------


def test_a_base_that_the_user_names(cache: Cache, tmp_path: Path) -> None:
    base = put(image_of(cache, DEBIAN), tmp_path / "base")
    place = put(image_of(cache, DEBIAN, [file("/app", b"1")]), tmp_path / "i")
    found = inventory_of(place, base=base)
    assert (found.base.name, found.base.layers) == (base, 1)
    assert [one.is_base for one in found.layers] == [True, False]
    other = put(image_of(cache, [file("/other", b"")]), tmp_path / "other")
    with pytest.raises(NotTheBase):
        inventory_of(place, base=other)


def test_a_document_that_is_attached(
    cache: Cache, speaker: Speaker, tmp_path: Path, image: str
) -> None:
    with pytest.raises(NoAttachedSbom):
        pipeline.verify_sbom(pipeline.SbomRequest(image=image), "attached")
    document = speaker.data("sbom", image, "--format", "cyclonedx")
    changed = image_of(cache, replaced("/usr/share/tool", b"Data"))
    for made, agrees in ((image_of(cache, DEBIAN), True), (changed, False)):
        descriptor = msgspec.structs.replace(made.descriptor, media_type=MEDIA_MANIFEST)
        place = put(made, tmp_path / f"attached-{agrees}", attach(descriptor, CDX, document))
        said = speaker.text("sbom", place)
        assert ("the bytes agree" in said) == agrees
        assert ("1 difference from the bytes" in said) != agrees
        assert run(["sbom", place, "--verify", "attached"]) == (0 if agrees else 1)


def test_an_attached_document_that_is_none(cache: Cache, speaker: Speaker, tmp_path: Path) -> None:
    made = image_of(cache, DEBIAN)
    place = put(made, tmp_path / "i", attach(made.descriptor, CDX, b"{]"))
    assert "attached" in speaker.text("sbom", place)
    assert "FAIL" in speaker.text("sbom", place, "--verify", "attached", code=1)


# --- ledgers -------------------------------------------------------------------------------


def ledger(*more: Kept, without: Sequence[str] = ()) -> Ledger:
    origins = {
        "/usr/bin/tool": PackageOrigin(PURL, Digest("sha256:" + "1" * 64)),
        "/usr/share/tool": PackageOrigin(PURL, Digest("sha256:" + "1" * 64)),
    }
    kept = [
        Kept(n.path, n.kind, n.size, origins.get(n.path, GeneratedOrigin("r")), (Reason("x"),))
        for n in DEBIAN
        if n.path not in without
    ]
    removed = (Removed("/usr/bin/gone", PURL, 1, "r", "why"),)
    return Ledger(tuple(sorted((*kept, *more), key=lambda one: one.path)), removed)


OWN = [
    file("/app/main.py", b"print()"),
    special("/usr/bin/link", Kind.SYMLINK, target="tool"),
]
OWN_KEPT = (
    Kept("/app/main.py", Kind.FILE, 7, ApplicationOrigin("main.py"), (Reason("x"),)),
    Kept(
        "/usr/bin/link",
        Kind.SYMLINK,
        0,
        PackageOrigin(PURL, Digest("sha256:" + "1" * 64)),
        (Reason("x"),),
    ),
)


def with_ledger(cache: Cache, root: Path, own: Ledger) -> str:
    made = image_of(cache, [*DEBIAN, *OWN])
    return put(made, root / "ledger", record(made, own, cache))


def test_the_ledger_tells_what_no_package_has(cache: Cache, tmp_path: Path) -> None:
    found = inventory_of(with_ledger(cache, tmp_path, ledger(*OWN_KEPT)))
    told = {one.path: one for one in found.files}
    assert told["/app/main.py"].attribution is Attribution.APPLICATION
    assert told["/usr/bin/link"].attribution is Attribution.PACKAGE
    (tool,) = (one for one in found.components if one.name == "tool")
    assert (tool.present, tool.claimed) == (3, 4)
    assert found.verdict.answer is Answer.COMPLETE, found.verdict
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("own", "path", "what"),
    [
        (ledger(), "/app/main.py", "it does not have it"),
        (
            ledger(*OWN_KEPT, Kept("/lost", Kind.FILE, 1, GeneratedOrigin("r"), (Reason("x"),))),
            "/lost",
            "it is in the ledger, and not in the image",
        ),
        (
            ledger(msgspec.structs.replace(OWN_KEPT[0], size=8), OWN_KEPT[1]),
            "/app/main.py",
            "8 bytes, and it has 7",
        ),
        (
            ledger(msgspec.structs.replace(OWN_KEPT[0], kind=Kind.SYMLINK), OWN_KEPT[1]),
            "/app/main.py",
            "a symlink",
        ),
        (
            ledger(
                *OWN_KEPT,
                Kept(
                    "/usr/bin/tool",
                    Kind.FILE,
                    10,
                    PackageOrigin("pkg:deb/debian/other@1", Digest("sha256:" + "1" * 64)),
                    (Reason("x"),),
                ),
                without=["/usr/bin/tool"],
            ),
            "/usr/bin/tool",
            "of pkg:deb/debian/other@1",
        ),
    ],
)
def test_a_ledger_that_says_something_else(
    cache: Cache, tmp_path: Path, own: Ledger, path: str, what: str
) -> None:
    found = inventory_of(with_ledger(cache, tmp_path, own))
    assert [(one.path, what in one.what) for one in found.remarks if one.path == path] == [
        (path, True)
    ]
    assert found.verdict.answer is Answer.PARTIAL
    assert any("not as the image's ledger says" in one for one in found.verdict.reasons)
