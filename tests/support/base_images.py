"""Images to build on, each with as little as its kind has: like Debian's, distroless, busybox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from distil.fetch.cache import Cache
from distil.image.assemble import assemble, assemble_index
from distil.image.naming import name_image
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.write import write
from distil.model.image import ContainerConfig, History
from distil.model.node import Kind, Node
from distil.model.platform import AMD64, Platform
from distil.model.reference import parse_image_name, parse_location
from tests.support.elf_builder import Elf
from tests.support.images import EPOCH, layer
from tests.support.nodes import file, special

RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
VERSION_CODENAME=trixie
ID=debian
"""
LIBC = """\
Package: libc6
Version: 2.41-12
Architecture: {architecture}
Multi-Arch: same
Depends: libgcc-s1
"""
PASSWD = "# people\nroot:x:0:0:root:/root:/bin/sh\nteam:x:1000:1000::/srv:/bin/sh\n"
CONFIG = ContainerConfig(
    env=("PATH=/opt/team/bin:/usr/bin", "TEAM=blue"), labels={"team": "blue"}, cmd=("sh",)
)


def c_library(platform: Platform = AMD64) -> list[Node]:
    """glibc, as far as a loader looks at it."""
    machine = platform.elf_machine
    place = f"/usr/lib/{platform.multiarch}"
    loader = {62: "lib64/ld-linux-x86-64.so.2", 183: "lib/ld-linux-aarch64.so.1"}[machine]
    name = loader.rpartition("/")[2]
    return [
        special("/lib", Kind.SYMLINK, target="usr/lib"),
        special("/lib64", Kind.SYMLINK, target="usr/lib64"),
        file(f"{place}/libc.so.6", Elf(machine=machine, soname="libc.so.6").build(), mode=0o755),
        file(f"{place}/{name}", Elf(machine=machine, soname=name).build(), mode=0o755),
        special(f"/usr/{loader}", Kind.SYMLINK, target=f"{place}/{name}"),
    ]


def slim(platform: Platform = AMD64, release: str = RELEASE) -> list[Node]:
    """An image of Debian with dpkg's own database, in which there is a shell."""
    text = LIBC.format(architecture=platform.debian)
    status = f"{text}Status: install ok installed\n\nPackage: gone\nStatus: deinstall ok "
    status += "config-files\nVersion: 1\nArchitecture: all\n"
    return [
        *c_library(platform),
        special("/bin", Kind.SYMLINK, target="usr/bin"),
        file("/etc/os-release", release.encode()),
        file("/etc/passwd", PASSWD.encode()),
        file("/etc/group", b"root:x:0:\nteam:x:1000:\n"),
        file("/usr/bin/dash", Elf(machine=platform.elf_machine).build(), mode=0o755),
        file("/var/lib/dpkg/status", status.encode()),
        file("/var/lib/dpkg/info/libc6:amd64.list", b"/.\n"),
        special("/dev/null", Kind.CHARACTER, device=(1, 3)),
    ]


def distroless(platform: Platform = AMD64) -> list[Node]:
    """An image with a file for each package, and no shell."""
    return [
        *c_library(platform),
        file(
            "/etc/os-release", RELEASE.replace("VERSION_CODENAME=trixie", "VERSION_ID=13").encode()
        ),
        file("/var/lib/dpkg/status.d/libc6", LIBC.format(architecture=platform.debian).encode()),
        file("/var/lib/dpkg/status.d/libc6.md5sums", b""),
    ]


def busybox() -> list[Node]:
    """An image without packages."""
    program = Elf(kind=2, dynamic=False).build()
    return [
        file("/bin/busybox", program, mode=0o755),
        special("/bin/sh", Kind.SYMLINK, target="busybox"),
        file("/etc/passwd", PASSWD.encode()),
        file("/etc/group", b"root:x:0:\n"),
    ]


def write_base(
    place: str,
    layers: Sequence[Iterable[Node]],
    cache: Path,
    config: ContainerConfig = CONFIG,
    settings: StoreSettings = NOTHING_SAID,
    platforms: Sequence[Platform] = (AMD64,),
) -> str:
    """Write an image of `layers` to `place`; its manifest's digest, or its index's for several."""
    store = Cache(cache)
    written = [layer(store, nodes) for nodes in layers]
    history = [History(created_by=f"ADD {number}") for number, _ in enumerate(written)]
    images = [
        assemble(
            written,
            config,
            platform=platform,
            created=EPOCH,
            history=[*history, History(created_by="CMD", empty_layer=True)],
        )
        for platform in platforms
    ]
    whole = images[0] if len(images) == 1 else assemble_index(images)
    location = parse_location(place)
    named = name_image(whole, [location.name or parse_image_name("base:1")], location)
    write(named, location, settings)
    return str(whole.descriptor.digest)
