"""Modules that an image's own metadata lists: RECORDs, and the checksums that dpkg keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from distil.model.tree import Tree
from distil.runtimes.python.reach.distributions import Distribution, recorded_paths
from distil.runtimes.python.reach.suites import is_test

_CHECKSUMS: Final = ("/var/lib/dpkg/info", "/var/lib/dpkg/status.d")
_LARGEST: Final = 16 << 20


def lost_modules(tree: Tree, distributions: Iterable[Distribution]) -> Iterator[tuple[str, str]]:
    """The modules that metadata lists and `tree` lacks, and who lists them; tests left out.

    Somebody removed them on purpose, which is well as long as nothing imports them.
    """
    for path, owner in _listed(tree, distributions):
        if path.endswith((".py", ".so")) and path not in tree and not is_test(path):
            yield path, f"{owner} lists it"


def _listed(tree: Tree, distributions: Iterable[Distribution]) -> Iterator[tuple[str, str]]:
    for distribution in distributions:
        site = distribution.metadata.rpartition("/")[0]
        for path in recorded_paths(tree, site, distribution.metadata):
            yield path, f"the metadata of {distribution.name}"
    for directory in _CHECKSUMS:
        for node in tree.children(directory):
            if not node.name.endswith(".md5sums") or node.blob is None or node.size > _LARGEST:
                continue
            owner = f"the package {node.name.removesuffix('.md5sums').partition(':')[0]}"
            for line in node.blob.read().decode("utf-8", "replace").splitlines():
                if "python" in line:
                    yield "/" + line[34:], owner
