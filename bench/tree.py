"""Time and memory of a tree of 100,000 nodes. Prints a row for RESULTS.md.

Run: python bench/tree.py
Built from 100,000 nodes (1,000 directories deep in places, symbolic and hard links among
them), overlaid with a layer of 20,000 nodes and 5,000 whiteouts, looked up and iterated.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree

COUNT = 100_000


def files(count: int, top: str) -> list[Node]:
    origin = PackageOrigin("pkg:deb/debian/x@1?arch=amd64", Digest.of(b""))
    nodes = []
    for index in range(count):
        path = f"{top}/share/package-{index // 100:04}/module/{index % 10}/file-{index:06}.py"
        kind = Kind.SYMLINK if index % 20 == 1 else Kind.FILE
        if kind is Kind.SYMLINK:
            nodes.append(Node(path, kind, 0o777, target=f"file-{index - 1:06}.py", origin=origin))
        else:
            digest = Digest.from_hex(f"{index:064x}")
            blob = FileBlob("/cache/packs/some-archive", index * 512, 512, digest)
            nodes.append(Node(path, kind, 0o644, blob=blob, origin=origin))
    return nodes


def timed(work: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def memory() -> float:
    """Peak resident size in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    before = memory()
    nodes = files(COUNT, "/usr")
    build, tree = timed(lambda: Tree(nodes))
    assert isinstance(tree, Tree)
    built = memory() - before
    whiteouts = [Node(f"{node.parent}/.wh.{node.name}", Kind.FILE, 0o644) for node in nodes[::20]]
    layer = [*whiteouts, *files(20_000, "/opt")]
    overlay, _ = timed(lambda: tree.overlay(layer))
    look_up, _ = timed(lambda: [tree.resolve(node.path) for node in nodes])
    merge, _ = timed(lambda: Tree().merge(tree))
    print("| tree | nodes | build s | memory MB | overlay s | merge s | look-ups s |")
    print("|---|---|---|---|---|---|---|")
    times = f"{build:.2f} | {built:.0f} | {overlay:.2f} | {merge:.2f} | {look_up:.2f}"
    print(f"| {COUNT} files, 25,000 in the layer | {len(tree)} | {times} |")


if __name__ == "__main__":
    main()
