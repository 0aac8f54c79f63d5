"""Inventories to write and read: one with all there is, and any."""

from __future__ import annotations

import hashlib
import string
from typing import Any

from hypothesis import strategies as st

from distil.model.inventory import (
    KINDS,
    Answer,
    Attribution,
    BaseImage,
    Checksum,
    IndexInventory,
    Inventory,
    InventoryComponent,
    InventoryFile,
    InventoryLayer,
    Link,
    OsRelease,
    Place,
    Relation,
    Remark,
    Scope,
    SourcePackage,
    State,
    Subject,
    Verdict,
)
from distil.model.node import Kind


def _sum(text: str, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, text.encode("utf-8", "surrogateescape")).hexdigest()


def _file(path: str, attribution: Attribution, *owners: int, **more) -> InventoryFile:
    given: dict[str, Any] = {
        "kind": Kind.FILE,
        "mode": 0o644,
        "size": len(path),
        "layer": 0,
        "state": State.VERIFIED,
        "digest": _sum(path),
        "sha1": _sum(path, "sha1"),
    } | more
    return InventoryFile(path=path, attribution=attribution, owners=owners, **given)


LIBC = InventoryComponent(
    name="libc6",
    version="2.36-9+deb12u10",
    kind="deb",
    purl="pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12&upstream=glibc",
    architecture="amd64",
    source=SourcePackage("glibc"),
    supplier="GNU Libc Maintainers <debian-glibc@lists.debian.org>",
    licenses=("GPL-2.0-only", "LGPL-2.1-only"),
    homepage="https://www.gnu.org/software/libc/libc.html",
    description="GNU C Library: Shared libraries",
    cpes=("cpe:2.3:a:gnu:glibc:2.36:*:*:*:*:*:*:*",),
    places=(Place("/var/lib/dpkg/info/libc6:amd64.md5sums", 0), Place("/var/lib/dpkg/status", 1)),
    claimed=61,
    present=14,
    modified=("/etc/ld.so.conf.d/x86_64-linux-gnu.conf",),
    layer=0,
    properties=(("essential", "yes"), ("section", "libs")),
)
MAGIC = InventoryComponent(
    name="python3-magic",
    version="2:0.4.26-3",
    kind="deb",
    purl="pkg:deb/debian/python3-magic@2:0.4.26-3?arch=all&distro=debian-12&upstream=python-magic",
    architecture="all",
    source=SourcePackage("python-magic", "2:0.4.26-2"),
    supplier="Adam Hupp",
    licenses=("MIT", "LicenseRef-public-domain"),
    license_texts=(("LicenseRef-public-domain", "Do what you like.\nReally."),),
    places=(Place("/var/lib/dpkg/status", 1),),
    claimed=3,
    present=3,
    layer=1,
)
PYTHON = InventoryComponent(
    name="python-magic",
    version="0.4.26",
    kind="python",
    purl="pkg:pypi/python-magic@0.4.26",
    licenses=("Apache-2.0 OR MIT", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
    cpes=(
        "cpe:2.3:a:adam_hupp:python-magic:0.4.26:*:*:*:*:*:*:*",
        "cpe:2.3:a:python-magic:python_magic:0.4.26:*:*:*:*:*:*:*",
    ),
    checksums=(Checksum("sha256", _sum("wheel")), Checksum("sha1", _sum("wheel", "sha1"))),
    places=(Place("/usr/lib/python3/dist-packages/python_magic-0.4.26.dist-info/METADATA", 1),),
    layer=1,
    removed_by=2,
)
GO = InventoryComponent(
    name="example.com/tool",
    version="v1.2.3",
    kind="go",
    purl="pkg:golang/example.com/tool@v1.2.3",
    places=(Place("/usr/bin/tool", 1),),
    layer=1,
)
SAMPLE = Inventory(
    subject=Subject(
        name="docker.io/library/sample:1.0",
        digest=f"sha256:{_sum('manifest')}",
        config_digest=f"sha256:{_sum('config')}",
        media_type="application/vnd.oci.image.manifest.v1+json",
        platform="linux/amd64",
        size=123456,
        created=1_700_000_000,
        labels=(("maintainer", "nobody"),),
        annotations=(("org.opencontainers.image.base.name", "debian:12"),),
    ),
    release=OsRelease(
        "debian",
        "12",
        version="12 (bookworm)",
        codename="bookworm",
        name="Debian GNU/Linux",
        pretty_name="Debian GNU/Linux 12 (bookworm)",
        home_url="https://www.debian.org/",
        path="/usr/lib/os-release",
    ),
    layers=tuple(
        InventoryLayer(
            f"sha256:{_sum(f'diff {number}')}",
            f"sha256:{_sum(f'blob {number}')}",
            1000 + number,
            "application/vnd.oci.image.layer.v1.tar+gzip",
            f"RUN {number}",
            is_base=number == 0,
        )
        for number in range(3)
    ),
    base=BaseImage("debian:12", f"sha256:{_sum('base')}", 1, "its layers are the first"),
    components=(LIBC, MAGIC, PYTHON, GO),
    relations=tuple(
        sorted(
            (
                Relation(MAGIC.ref, Link.NEEDS, LIBC.ref),
                Relation(MAGIC.ref, Link.OWNS, PYTHON.ref),
                Relation(PYTHON.ref, Link.CONTAINS, GO.ref),
            )
        )
    ),
    files=(
        _file("/app/main.py", Attribution.APPLICATION, rule="the application's", layer=2),
        _file(
            "/etc/ld.so.conf.d/x86_64-linux-gnu.conf",
            Attribution.PACKAGE,
            0,
            state=State.MODIFIED,
            layer=1,
        ),
        _file("/lib/libc.so.6", Attribution.PACKAGE, 0, mode=0o755, is_program=True),
        _file("/srv/na\udcefve", Attribution.UNOWNED, state=State.UNCHECKED, layer=-1),
        _file("/srv/système\\xff", Attribution.UNOWNED, state=State.UNCHECKED, mode=0o4755),
        _file("/usr/bin/tool", Attribution.PROGRAM, 3, is_program=True),
        _file("/usr/lib/python3/dist-packages/magic.py", Attribution.PACKAGE, 1, 2),
        InventoryFile(
            "/usr/lib/python3/link",
            Kind.SYMLINK,
            0o777,
            0,
            1,
            Attribution.GENERATED,
            rule="update-alternatives",
        ),
    ),
    has_files=True,
    scope=Scope.SQUASHED,
    verdict=Verdict(Answer.PARTIAL, ("2 files are owned by no package",)),
    remarks=(Remark("/opt/broken.jar", "it is no archive"),),
)
INDEX = IndexInventory(
    subject=Subject(
        name="docker.io/library/sample:1.0", digest=f"sha256:{_sum('index')}", created=1_700_000_000
    ),
    children=(
        SAMPLE,
        Inventory(
            subject=Subject(
                name="docker.io/library/sample:1.0",
                digest=f"sha256:{_sum('other')}",
                platform="linux/arm64/v8",
            ),
            components=(LIBC, GO),
            relations=(Relation(GO.ref, Link.NEEDS, LIBC.ref),),
            verdict=Verdict(Answer.COMPLETE),
        ),
    ),
)

_words = st.text(st.characters(codec="utf-8"), max_size=12)
_names = st.text(string.ascii_letters + string.digits + "-_.+~é@/", min_size=1, max_size=12)
_hex = st.text("0123456789abcdef", min_size=64, max_size=64)
_sha1 = st.text("123456789abcdef", min_size=40, max_size=40)
_numbers = st.integers(-1, 12)
_paths = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\0/"),
        st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"]),
        st.sampled_from("\\x5cffd"),
    ),
    min_size=1,
    max_size=12,
).map("/{}".format)
_LICENSES = ["MIT", "Apache-2.0 OR MIT", "MIT AND ISC", "LicenseRef-own", "LicenseRef-other.1"]


@st.composite
def components(draw) -> InventoryComponent:
    """A component, as cataloguers make it."""
    licenses = draw(st.lists(st.sampled_from(_LICENSES), unique=True, max_size=3))
    refs = [one for one in licenses if one.startswith("LicenseRef")]
    texts = [(one, draw(_words.filter(bool))) for one in refs if draw(st.booleans())]
    kind = draw(st.sampled_from(sorted(KINDS)))
    claimed = draw(st.integers(0, 30))
    return InventoryComponent(
        name=draw(_names),
        version=draw(_words),
        kind=kind,
        purl=draw(
            st.sampled_from(["", "pkg:deb/debian/x@1?arch=all&upstream=y%402", "pkg:pypi/x"])
        ),
        architecture=draw(st.sampled_from(["", "amd64"])),
        source=draw(st.none() | st.builds(SourcePackage, _names, _words)),
        supplier=draw(st.sampled_from(["", "A B <a@b.example>", "Some Team"]) | _words),
        licenses=tuple(licenses),
        license_texts=tuple(texts),
        homepage=draw(st.sampled_from(["", "https://a.example/b?c#d", "nowhere"])),
        description=draw(_words),
        cpes=draw(st.sampled_from([(), LIBC.cpes, PYTHON.cpes, (*LIBC.cpes, "cpe:/a:b")])),
        checksums=draw(
            st.sampled_from([(), PYTHON.checksums, (*PYTHON.checksums, Checksum("crc32", "0a"))])
        ),
        places=tuple(draw(st.lists(st.builds(Place, _paths, _numbers), max_size=2))),
        claimed=claimed,
        present=draw(st.integers(0, claimed)),
        modified=tuple(draw(st.lists(_paths, max_size=2))),
        layer=draw(_numbers),
        removed_by=draw(_numbers),
        properties=tuple(draw(st.lists(st.tuples(_names, _words), max_size=2))),
    )


@st.composite
def inventories(draw) -> Inventory:
    """An inventory, as cataloguing makes it."""
    made = draw(st.lists(components(), max_size=4, unique_by=lambda one: one.ref))
    refs = st.sampled_from([one.ref for one in made] or ["none"])
    relations = draw(st.lists(st.builds(Relation, refs, st.sampled_from(Link), refs), max_size=4))
    owners = st.sets(st.integers(0, len(made) - 1)) if made else st.just(set())
    paths = draw(st.lists(_paths, max_size=4, unique=True))
    files = [
        InventoryFile(
            path,
            draw(st.sampled_from([kind for kind in Kind if kind is not Kind.DIRECTORY])),
            draw(st.integers(0, 0o7777)),
            draw(st.integers(0, 1 << 40)),
            draw(_numbers),
            draw(st.sampled_from(Attribution)),
            draw(st.sampled_from(State)),
            tuple(sorted(draw(owners))),
            draw(_words),
            draw(st.just("") | _hex),
            draw(st.just("") | _sha1),
            draw(st.booleans()),
        )
        for path in sorted(paths)
    ]
    return Inventory(
        subject=Subject(
            name=draw(_names),
            digest=draw(st.just("") | _hex.map("sha256:{}".format)),
            platform=draw(st.sampled_from(["", "linux/amd64"])),
            created=draw(st.integers(0, 1 << 34)),
            labels=tuple(draw(st.lists(st.tuples(_words, _words), max_size=2))),
        ),
        release=draw(st.none() | st.builds(OsRelease, _names, _words, pretty_name=_words)),
        layers=SAMPLE.layers[: draw(st.integers(0, 3))],
        base=draw(st.none() | st.builds(BaseImage, _names, layers=st.integers(0, 3))),
        components=tuple(made),
        relations=tuple(sorted({one for one in relations if one.subject != "none"})),
        files=tuple(files),
        has_files=draw(st.booleans()),
        scope=draw(st.sampled_from(Scope)),
        verdict=draw(st.none() | st.builds(Verdict, st.sampled_from(Answer), st.just(("why",)))),
        remarks=tuple(draw(st.lists(st.builds(Remark, _paths, _words), max_size=2))),
    )
