"""Nodes for tests: small trees by hand, and hypothesis strategies for any."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from distil.model.blob import InlineBlob
from distil.model.node import Kind, Node
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree

RULE = GeneratedOrigin("test")
NET_RAW = bytes.fromhex("01000002 00200000 00000000 00000000 00000000")
"""``security.capability`` for cap_net_raw+ep, as setcap(8) writes it."""


def file(path: str, data: bytes = b"", **fields: object) -> Node:
    """A file with `data`, mode 0644 unless `fields` say otherwise."""
    node = Node(path, Kind.FILE, 0o644, blob=InlineBlob.of(data), origin=RULE)
    return msgspec.structs.replace(node, **fields)


def special(path: str, kind: Kind, **fields: object) -> Node:
    """A node without contents."""
    mode = 0o777 if kind is Kind.SYMLINK else 0o755
    return msgspec.structs.replace(Node(path, kind, mode, origin=RULE), **fields)


def sample_tree() -> Tree:
    """A tree with one of everything a layer can hold; its layer's digest is pinned."""
    return Tree(
        [
            special("/dev", Kind.DIRECTORY),
            special("/dev/null", Kind.CHARACTER, mode=0o666, device=(1, 3)),
            special("/dev/pipe", Kind.FIFO, mode=0o600),
            special("/dev/sda", Kind.BLOCK, mode=0o660, gid=6, device=(8, 0)),
            file("/etc/hostname", b"distil\n", mtime=1_700_000_000),
            file("/etc/shadow", b"", mode=0o640, gid=42),
            special("/tmp", Kind.DIRECTORY, mode=0o1777),
            file("/usr/bin/b", b"program" * 1000, mode=0o4755, mtime=2_000_000_000),
            special("/usr/bin/a", Kind.HARDLINK, target="/usr/bin/b"),
            special("/usr/bin/c", Kind.SYMLINK, target="b"),
            file("/usr/lib/\u00fcber", b"utf-8 name"),
            file("/usr/lib/\udcff\udcfe", b"name that is no utf-8"),
            file("/usr/lib/" + "long" * 20 + "/" + "name" * 20, b"prefix"),
            file("/usr/lib/" + "x" * 200, b"pax path", uid=3_000_000_000, gid=65532),
            file("/usr/bin/ping", b"cap", xattrs=(("security.capability", NET_RAW),)),
        ]
    )


_NAMES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12),
    st.binary(min_size=1, max_size=8).map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.sampled_from(["n" * 99, "n" * 100, "n" * 101, "n" * 255, "a b", "\n", "=", "é" * 60]),
).filter(
    lambda name: (
        name not in (".", "..")
        and not name.startswith(".wh.")
        and "/" not in name
        and "\0" not in name
    )
)

_PATHS = st.lists(_NAMES, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))


@st.composite
def nodes(draw: st.DrawFn, path: str) -> Node:
    """Some node at `path`, anything but a hard link."""
    kind = draw(st.sampled_from([kind for kind in Kind if kind is not Kind.HARDLINK]))
    xattrs = draw(
        st.dictionaries(
            st.sampled_from(["user.a", "security.capability", "user.\u00fc"]),
            st.binary(min_size=1, max_size=20),
        )
    )
    return Node(
        path,
        kind,
        0o777 if kind is Kind.SYMLINK else draw(st.integers(0, 0o7777)),
        uid=draw(
            st.one_of(st.integers(0, 70000), st.sampled_from([0o7777777, 0o10000000, 2**32 - 2]))
        ),
        gid=draw(st.integers(0, 70000)),
        mtime=draw(st.integers(-(2**40), 2**40)),
        target=draw(_PATHS) if kind is Kind.SYMLINK else "",
        blob=InlineBlob.of(draw(st.binary(max_size=1500))) if kind is Kind.FILE else None,
        origin=RULE,
        xattrs=tuple(sorted(xattrs.items())),
        device=(draw(st.integers(0, 4095)), draw(st.integers(0, 2**20 - 1)))
        if kind in (Kind.CHARACTER, Kind.BLOCK)
        else None,
    )


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Any small tree, hard links included."""
    found: dict[str, Node] = {}
    for path in draw(st.lists(_PATHS, max_size=8, unique=True)):
        parents = [path[:end] for end in range(1, len(path)) if path[end] == "/"]
        if path in found or any(
            parent in found and found[parent].kind is not Kind.DIRECTORY for parent in parents
        ):
            continue
        for parent in parents:
            found.setdefault(parent, special(parent, Kind.DIRECTORY))
        found[path] = draw(nodes(path))
    files = [node for node in found.values() if node.kind is Kind.FILE]
    if files:
        for number in range(draw(st.integers(0, 3))):
            target = draw(st.sampled_from(files))
            path = draw(st.sampled_from([f"/\0{number}", f"/zz{number}", f"/!{number}"])).replace(
                "\0", "\x01"
            )
            found.setdefault(path, special(path, Kind.HARDLINK, target=target.path))
    return Tree(found.values())
