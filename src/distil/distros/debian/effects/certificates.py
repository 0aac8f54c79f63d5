"""The effect of update-ca-certificates: one bundle, and a directory OpenSSL can look into.

Follows the script of ca-certificates and ``openssl rehash``. The postinst enables every
certificate of the package, in the order of sort(1) in the C locale.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distil.distros.foundation import small_file
from distil.formats.errors import MalformedCertificate
from distil.formats.x509_name import certificates_in, subject_hash
from distil.model.certificates import BUNDLE, DIRECTORY, LOCAL, RULE
from distil.model.node import Node, directory, generated_file, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree

_NOTHING: Final = Tree()
_SOURCE: Final = "/usr/share/ca-certificates"
_NAME: Final = str.maketrans({" ": "_", "(": "=", ")": "=", ",": "_"})


def certificate_nodes(tree: Tree, before: Tree = _NOTHING) -> list[Node]:
    """The bundle, a link to each certificate, and a link by the hash of its subject.

    Certificates below ``/usr/local/share/ca-certificates`` follow those of the package. Without
    any certificate in `tree` there is nothing to do. What `before`, the image that is built on,
    has of all this stays, and what is new follows it. Raises `MalformedCertificate`.
    """
    certificates = [*_below(tree, _SOURCE), *_below(tree, LOCAL)]
    known = small_file(before, BUNDLE)
    bundle = bytearray(known or b"")
    if known is not None:
        certificates = [(path, data) for path, data in certificates if path not in before]
    if not certificates:
        return []
    origin = GeneratedOrigin(RULE)
    nodes = [directory(path, origin) for path in ("/etc/ssl", DIRECTORY) if path not in before]
    subjects: dict[str, bytes] = {}
    for path, data in certificates:
        bundle += data if data.endswith(b"\n") or not data else data + b"\n"
        name = path.rsplit("/", 1)[1].removesuffix(".crt").translate(_NAME) + ".pem"
        if name not in subjects:
            nodes.append(symlink(f"{DIRECTORY}/{name}", path, origin))
        subjects[name] = data
    nodes.append(generated_file(BUNDLE, bytes(bundle), RULE))
    nodes += [
        symlink(f"{DIRECTORY}/{hashed}", name, origin)
        for hashed, name in _hashed_names(subjects, before)
    ]
    return nodes


def _below(tree: Tree, top: str) -> Iterator[tuple[str, bytes]]:
    """Certificates below `top`, in the order of their paths as bytes."""
    found = [node.path for node in tree.under(top) if node.path.endswith(".crt")]
    for path in sorted(found, key=lambda path: path.encode("utf-8", "surrogateescape")):
        node = tree.resolve(path)
        if node is not None and node.blob is not None:
            yield path, node.blob.read()


def _hashed_names(subjects: dict[str, bytes], before: Tree) -> Iterator[tuple[str, str]]:
    """``<hash>.<n>`` for each file that holds exactly one certificate, none of them twice.

    Names that `before` has are taken.
    """
    counts: dict[str, int] = {}
    seen = set()
    for name, data in sorted(subjects.items()):
        certificates = certificates_in(data)
        if len(certificates) != 1 or certificates[0] in seen:
            continue
        seen.add(certificates[0])
        try:
            value = subject_hash(certificates[0])
        except MalformedCertificate as error:
            raise MalformedCertificate(f"{name}: {error.message}") from error
        number = counts.get(value, 0)
        while f"{DIRECTORY}/{value}.{number}" in before:
            number += 1
        counts[value] = number + 1
        yield f"{value}.{number}", name
