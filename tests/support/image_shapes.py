"""Images of many shapes, made with other people's tools out of small trees.

Each shape is a function that makes an image in a directory of its own and returns a layout that
has it, and one that umoci reads, which knows nothing of zstd: mostly the same. In both it is called
`TAG`. `SHAPES` has them by what is particular about them. Root makes them: they have devices,
owners and capabilities.

What umoci 0.4 does not read stands in `tests/formats`: the old GNU form of sparse files, global PAX
headers, attributes without a value, which it drops.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.engines import Engine, docker_engine
from tests.support.tools import run_tool, tool

Made = tuple[Path, Path]
Shape = Callable[[Path], Made]

TAG = "made"
MMDEBSTRAP = "mmdebstrap, extracted"
"""The one shape that needs packages from a mirror."""

CONTENT = b"some contents\n" * 40
LONG = "long-" * 45
DEEP = "/".join(f"a-directory-with-quite-a-long-name-{at}" for at in range(9))


# --- trees ---------------------------------------------------------------------------------


def plain_root(root: Path) -> Path:
    """What every format of tar can hold."""
    for name in ("usr/bin", "etc/conf.d", "home/user", "tmp", "empty"):
        (root / name).mkdir(parents=True)
    (root / "usr/bin/tool").write_bytes(CONTENT)
    (root / "usr/bin/tool").chmod(0o4755)
    (root / "etc/nothing").touch(0o600)
    (root / "etc/secret").write_bytes(b"x")
    (root / "etc/secret").chmod(0)
    (root / "tmp").chmod(0o1777)
    (root / "home/user").chmod(0o2750)
    os.chown(root / "home/user", 1000, 1001)
    os.link(root / "usr/bin/tool", root / "usr/bin/again")
    (root / "bin").symlink_to("usr/bin")
    (root / "etc/dangling").symlink_to("/nowhere/at/all")
    (root / "etc/up").symlink_to("../../../../etc/nothing")
    return root


def odd_root(root: Path) -> Path:
    """What needs extensions of the format, and what is no file."""
    plain_root(root)
    (root / DEEP).mkdir(parents=True)
    (root / DEEP / LONG).write_bytes(CONTENT)
    os.link(root / DEEP / LONG, root / f"{LONG}-linked")
    (root / "etc/far").symlink_to(f"/{DEEP}/{LONG}")
    for name in (
        b"caf\xe9",
        b"two\nlines",
        b" blank ",
        "snow\u2603man".encode(),
        b"-n",
        b"\x01\x7f",
    ):
        Path(os.fsdecode(os.fsencode(root) + b"/etc/conf.d/" + name)).write_bytes(name)
    (root / "etc/conf.d/owned").touch()
    os.chown(root / "etc/conf.d/owned", 3_000_000, 4_000_000)
    os.mkfifo(root / "tmp/pipe", 0o640)
    os.mknod(root / "tmp/null", 0o020666, os.makedev(1, 3))
    os.mknod(root / "tmp/disk", 0o060660, os.makedev(259, 70_000))
    return root


def attributed_root(root: Path) -> Path:
    """Extended attributes and file capabilities."""
    odd_root(root)
    run_tool("setcap", "cap_net_raw+ep", root / "etc/nothing")
    os.setxattr(root / "etc/conf.d", "user.of-a-directory", b"yes")
    os.setxattr(root / "usr/bin/tool", "user.bytes", bytes(range(256)))
    os.setxattr(root / "usr/bin/tool", "user.lines", b"a\n20 b=c\n")
    os.setxattr(root / "usr/bin/tool", os.fsdecode(b"user.caf\xe9"), b"x")
    return root


def sparse_root(root: Path) -> Path:
    """Files with holes."""
    plain_root(root)
    with (root / "usr/hole").open("wb") as out:
        out.seek(1 << 20)
        out.write(CONTENT)
        out.seek(2 << 20)
        out.write(CONTENT)
        out.truncate(3 << 20)
    with (root / "usr/nothing-but-a-hole").open("wb") as out:
        out.truncate(1 << 20)
    return root


# --- archives ------------------------------------------------------------------------------


def gnu_tar(make: Callable[[Path], Path], *options: str) -> Shape:
    """A tree as GNU tar writes it."""

    def shape(work: Path) -> Made:
        root = make(work / "root")
        run_tool("tar", "-c", "-f", work / "layer.tar", *options, "-C", root, ".")
        return layout(work, work / "layer.tar")

    return shape


def bsd_tar(make: Callable[[Path], Path], form: str, *options: str) -> Shape:
    """A tree as bsdtar writes it."""

    def shape(work: Path) -> Made:
        root = make(work / "root")
        archive = work / "layer.tar"
        run_tool("bsdtar", "-c", "-f", archive, f"--format={form}", *options, "-C", root, ".")
        return layout(work, archive)

    return shape


def layout(work: Path, *layers: Path) -> Made:
    """An image of `layers`, put together by umoci."""
    image = f"{work / 'layout'}:{TAG}"
    run_tool("umoci", "init", "--layout", work / "layout")
    run_tool("umoci", "new", "--image", image)
    for layer in layers:
        run_tool("umoci", "raw", "add-layer", "--image", image, layer)
    return work / "layout", work / "layout"


# --- layers on each other ------------------------------------------------------------------

Entry = tuple[str, bytes, object]
"""A name, a type of tarfile, and contents, a link's target, a mode, or attributes."""


def d(name: str, mode: int = 0o755) -> Entry:
    return name, tarfile.DIRTYPE, mode


def f(name: str, content: bytes = b"") -> Entry:
    return name, tarfile.REGTYPE, content


def s(name: str, target: str) -> Entry:
    return name, tarfile.SYMTYPE, target


def h(name: str, target: str) -> Entry:
    return name, tarfile.LNKTYPE, target


def x(name: str, **attributes: str) -> Entry:
    return name, tarfile.REGTYPE, attributes


def layers(*contents: Sequence[Entry]) -> Shape:
    """An image of layers written entry by entry, as builders write what they changed."""

    def shape(work: Path) -> Made:
        archives = []
        for number, entries in enumerate(contents):
            archives.append(work / f"{number}.tar")
            archives[-1].write_bytes(_archive(entries))
        return layout(work, *archives)

    return shape


def _archive(entries: Sequence[Entry]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for at, (name, kind, value) in enumerate(entries):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime, info.uid = kind, 0o640, 1000 + at, at
            data = value if isinstance(value, bytes) else b""
            if isinstance(value, int):
                info.mode = value
            elif isinstance(value, str):
                info.linkname = value
            elif isinstance(value, dict):
                info.pax_headers = {f"SCHILY.xattr.user.{key}": v for key, v in value.items()}
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


BASE = [
    *(d("a"), f("a/one", b"1"), f("a/two", b"2"), d("a/b"), f("a/b/deep", b"3"), s("link", "a")),
    *(s("a/file-link", "one"), h("a/b/same", "a/one"), d("other"), f("other/x", b"4")),
]
OPAQUE = ".wh..wh..opq"


# --- tools that build ----------------------------------------------------------------------


def repacked(work: Path) -> Made:
    """An image that umoci unpacked, and packed again after its files were changed."""
    gnu_tar(plain_root, "--format=posix")(work)
    image, bundle = f"{work / 'layout'}:{TAG}", work / "bundle"
    run_tool("umoci", "unpack", "--image", image, bundle)
    root = bundle / "rootfs"
    (root / "etc/nothing").unlink()
    (root / "home/user").rmdir()
    (root / "home/user").write_bytes(b"a file now")
    (root / "bin").unlink()
    (root / "bin").mkdir()
    (root / "bin/new").write_bytes(CONTENT)
    (root / "etc/secret").chmod(0o640)
    os.setxattr(root / "etc/conf.d", "user.new", b"1")
    run_tool("umoci", "repack", "--image", image, bundle)
    return work / "layout", work / "layout"


def bootstrapped(work: Path) -> Made:
    """Debian packages, unpacked and not configured, in the tar that mmdebstrap makes of them."""
    options = ("--quiet", "--variant=extract", "--include=base-files,libc6,bash")
    run_tool("mmdebstrap", *options, "--format=tar", "bookworm", work / "root.tar")
    return layout(work, work / "root.tar")


CONTAINERFILE = f"""\
FROM scratch
COPY busybox /bin/busybox
COPY root /root
RUN ["/bin/busybox", "sh", "-c", "set -e; B=/bin/busybox; $B mkdir /d /e /f; $B touch /d/1 /d/2; \
$B echo x > /e/x; $B ln /e/x /e/y; $B ln -s /e /l; $B mkfifo /e/p"]
RUN ["/bin/busybox", "sh", "-c", "set -e; B=/bin/busybox; $B rm -r /d; $B mkdir /d; \
$B touch /d/new; $B rm /e/x; $B chown 7:8 /e/y; $B rm -r /root/etc/conf.d; $B ln -s /e /root/etc/conf.d"]
RUN ["/bin/busybox", "sh", "-c", "set -e; B=/bin/busybox; $B ln /e/y /f/z; $B chmod 1777 /f; \
$B rm -r /root/home; $B echo file > /root/home; $B touch '/f/{LONG}'"]
RUN ["/bin/busybox", "sh", "-c", "B=/bin/busybox; $B rm /l; $B mkdir /l; $B mv /f/z /l/moved"]
"""  # noqa: E501 - a line of a Containerfile


def _context(work: Path) -> Path:
    context = work / "context"
    context.mkdir()
    plain_root(context / "root")
    (context / "busybox").write_bytes(Path(tool("busybox")).read_bytes())
    (context / "busybox").chmod(0o755)
    (context / "Dockerfile").write_text(CONTAINERFILE)
    return context


def docker_built(work: Path) -> Made:
    """What `docker build` makes of files that are removed, replaced, linked and moved."""
    with docker_engine() as engine:
        _docker_build(engine, work)
    archive = f"docker-archive:{work / 'saved.tar'}"
    run_tool("skopeo", "copy", "--quiet", archive, f"oci:{work / 'layout'}:{TAG}")
    return work / "layout", work / "layout"


def _docker_build(engine: Engine, work: Path) -> None:
    engine.output("build", "--network", "host", "--tag", "shape", _context(work))
    engine.output("save", "--output", work / "saved.tar", "shape")


def buildah_built(*options: str) -> Shape:
    """The same with buildah, a layer for each step."""

    def shape(work: Path) -> Made:
        storage = ["--root", str(work / "storage"), "--runroot", str(work / "run")]
        storage += ["--storage-driver", "vfs"]
        build = ["build", "--isolation", "chroot", "--layers", *options, "--tag", "shape"]
        run_tool("buildah", *storage, *build, _context(work))
        where = f"oci:{work / 'layout'}:{TAG}"
        run_tool("buildah", *storage, "push", "--quiet", "shape", where)
        return work / "layout", work / "layout"

    return shape


def copied(make: Shape, *options: str) -> Shape:
    """An image that skopeo copied to another compression."""

    def shape(work: Path) -> Made:
        (work / "before").mkdir()
        place, _ = make(work / "before")
        copy = ["copy", "--quiet", *options, f"oci:{place}:{TAG}", f"oci:{work / 'layout'}:{TAG}"]
        run_tool("skopeo", *copy)
        return work / "layout", place

    return shape


XATTRS = ("--format=posix", "--xattrs", "--xattrs-include=*")
SPARSE = ("--sparse", "--hole-detection=raw")
SHAPES: dict[str, Shape] = {
    "GNU tar, v7": gnu_tar(plain_root, "--format=v7"),
    "GNU tar, ustar": gnu_tar(plain_root, "--format=ustar"),
    "GNU tar, oldgnu": gnu_tar(odd_root, "--format=oldgnu"),
    "GNU tar, gnu": gnu_tar(odd_root, "--format=gnu"),
    "GNU tar, posix": gnu_tar(odd_root, "--format=posix"),
    "GNU tar, attributes": gnu_tar(attributed_root, *XATTRS),
    "GNU tar, sparse 0.0": gnu_tar(sparse_root, "--format=posix", "--sparse-version=0.0", *SPARSE),
    "GNU tar, sparse 0.1": gnu_tar(sparse_root, "--format=posix", "--sparse-version=0.1", *SPARSE),
    "GNU tar, sparse 1.0": gnu_tar(sparse_root, "--format=posix", "--sparse-version=1.0", *SPARSE),
    "bsdtar, ustar": bsd_tar(plain_root, "ustar"),
    "bsdtar, gnutar": bsd_tar(odd_root, "gnutar"),
    "bsdtar, pax": bsd_tar(odd_root, "pax", "--no-xattrs"),
    "bsdtar, attributes": bsd_tar(attributed_root, "pax", "--xattrs"),
    "bsdtar, restricted pax": bsd_tar(odd_root, "paxr"),
    "no layer": layers(),
    "an empty layer": layers(BASE, [], [f("z")]),
    "absolute names and dots": layers([d("/a/"), f("./a/./b", b"x"), f("//c", b"y")]),
    "parents that no layer has": layers([f("a/b/c/d", b"x"), s("l", "a")], [f("l/b/e/f", b"y")]),
    "a directory that comes twice": layers([d("a", 0o700), f("a/x"), d("a", 0o711)]),
    "a file removed": layers(BASE, [f("a/.wh.one"), f("other/.wh.x")]),
    "a directory removed": layers(BASE, [f(".wh.a")]),
    "removed and made again": layers(BASE, [f("a/.wh.b"), d("a/b"), f("a/b/new", b"5")]),
    "made again, then removed": layers(BASE, [d("a/b"), f("a/b/new", b"5"), f("a/.wh.b")]),
    "opaque": layers(BASE, [d("a"), f(f"a/{OPAQUE}"), f("a/new", b"5")]),
    "opaque, said last": layers(BASE, [d("a"), f("a/new"), d("a/b"), f("a/b/n"), f(f"a/{OPAQUE}")]),
    "removed, and back in a third layer": layers(BASE, [f(".wh.a")], [d("a"), f("a/one", b"6")]),
    "a file replaced by a directory": layers(BASE, [d("a/one"), f("a/one/x", b"5")]),
    "a directory replaced by a file": layers(BASE, [f("a/b", b"5")]),
    "a directory replaced by a link": layers(BASE, [s("a/b", "/other"), f("a/b/y", b"5")]),
    "a link replaced by a directory": layers(BASE, [d("link"), f("link/x", b"5")]),
    "a link replaced by a file": layers(BASE, [f("a/file-link", b"5")]),
    "a link replaced by an opaque directory": layers(
        BASE, [d("link"), f(f"link/{OPAQUE}"), f("link/.wh.one"), f("link/x", b"5")]
    ),
    "written through a link": layers(BASE, [f("link/one", b"5"), f("link/b/new", b"6")]),
    "removed through a link": layers(BASE, [f("link/.wh.one"), f("link/b/.wh.deep")]),
    "opaque through a link": layers(BASE, [f(f"link/{OPAQUE}"), f("link/new", b"5")]),
    "linked to a lower layer": layers(BASE, [h("new", "a/one"), h("a/b/third", "a/b/same")]),
    "linked through a link": layers(BASE, [h("new", "link/b/deep")]),
    "linked to a symbolic link": layers(BASE, [h("new", "a/file-link")]),
    "one of two links replaced": layers(BASE, [f("a/one", b"5")]),
    "one of two links removed": layers(BASE, [f("a/.wh.one")], [h("again", "a/b/same")]),
    "a directory with another mode": layers(BASE, [d("a", 0o700)], [d("a/b", 0o1777)]),
    "attributes that go": layers([x("a", one="1", two="2")], [x("a", two="3")]),
    "attributes of what is linked": layers([x("a", one="1"), h("b", "a")], [h("c", "b")]),
    "many layers": layers(*([f(f"n/{at}", b"%d" % at), f(f"n/.wh.{at - 2}")] for at in range(30))),
    MMDEBSTRAP: bootstrapped,
    "umoci, repacked": repacked,
    "docker build": docker_built,
    "buildah, OCI": buildah_built("--format=oci"),
    "buildah, Docker": buildah_built("--format=docker"),
    "skopeo, zstd": copied(gnu_tar(attributed_root, *XATTRS), "--dest-compress-format=zstd"),
    "skopeo, zstd:chunked": copied(
        # skopeo 1.9 loses the padding of larger records, and does not tell the diff id.
        gnu_tar(odd_root, "--blocking-factor=1"),
        "--dest-compress-format=zstd:chunked",
    ),
}  # fmt: skip
