from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from distil.distros.debian.effects.certificates import certificate_nodes
from distil.formats.errors import MalformedCertificate
from distil.model.certificates import BUNDLE, DIRECTORY
from distil.model.node import Kind, Node, generated_file, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree
from tests.support.tools import needs

SOURCE = "/usr/share/ca-certificates/mozilla"
openssl = needs("openssl")


def certificate(tmp_path: Path, subject: str) -> bytes:
    path = tmp_path / "made.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", tmp_path / "key.pem", "-out", path, "-subj", subject],
        check=True, capture_output=True,
    )  # fmt: skip
    return path.read_bytes()


def tree(files: dict[str, bytes]) -> Tree:
    return Tree(generated_file(path, data, "test") for path, data in files.items())


def by_path(nodes: list[Node]) -> dict[str, Node]:
    return {node.path: node for node in nodes}


def test_without_certificates_there_is_nothing_to_do() -> None:
    assert certificate_nodes(tree({"/etc/x": b""})) == []


@openssl
def test_the_bundle_and_the_links_are_those_of_the_real_tools(tmp_path: Path) -> None:
    """What update-ca-certificates does is sh, ln, sed and `openssl rehash`."""
    files = {
        f"{SOURCE}/b_second.crt": certificate(tmp_path, "/CN=Second"),
        f"{SOURCE}/B_first.crt": certificate(tmp_path, "/CN=First"),
        f"{SOURCE}/with space (x),y.crt": certificate(tmp_path, "/CN=Third").rstrip(b"\n"),
        f"{SOURCE}/same_name.crt": certificate(tmp_path, "/CN=second"),
        "/usr/local/share/ca-certificates/a_local.crt": certificate(tmp_path, "/CN=Local"),
        f"{SOURCE}/README": b"no certificate",
    }
    files[f"{SOURCE}/copy.crt"] = files[f"{SOURCE}/B_first.crt"]
    nodes = by_path(certificate_nodes(tree(files)))
    order = ["B_first", "b_second", "copy", "same_name", "with space (x),y"]
    expected = b"".join(
        data if data.endswith(b"\n") else data + b"\n"
        for data in (*(files[f"{SOURCE}/{name}.crt"] for name in order),
                     files["/usr/local/share/ca-certificates/a_local.crt"])
    )  # fmt: skip
    bundle = nodes[BUNDLE]
    assert bundle.blob is not None
    assert bundle.blob.read() == expected
    assert bundle.mode == 0o644

    real = tmp_path / "certs"
    real.mkdir()
    for path, node in nodes.items():
        if node.kind is Kind.SYMLINK and node.name.endswith(".pem"):
            (real / node.name).write_bytes(files[node.target])
            assert path == f"{DIRECTORY}/{node.name}"
    assert (real / "with_space_=x=_y.pem").exists()
    subprocess.run(["openssl", "rehash", real], check=True, capture_output=True)
    wanted = {p.name: str(p.readlink()) for p in real.iterdir() if p.is_symlink()}
    found = {
        node.name: node.target
        for node in nodes.values()
        if node.kind is Kind.SYMLINK and not node.name.endswith(".pem")
    }
    # Which of two names with one subject gets .0 depends on the directory's order there.
    assert found.keys() == wanted.keys()
    assert len(found) == 5
    assert sorted(name.split(".")[1] for name in found) == ["0", "0", "0", "0", "1"]


def test_files_with_several_certificates_get_no_hash() -> None:
    block = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    nodes = by_path(certificate_nodes(tree({f"{SOURCE}/two.crt": block * 2})))
    assert {node.name for node in nodes.values() if node.kind is Kind.SYMLINK} == {"two.pem"}


def test_a_certificate_that_cannot_be_read_is_named() -> None:
    block = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    with pytest.raises(MalformedCertificate, match=r"bad\.pem"):
        certificate_nodes(tree({f"{SOURCE}/bad.crt": block}))


def test_links_between_certificates_are_followed() -> None:
    files = tree({"/usr/share/real.pem": b"text\n"})
    link = symlink(f"{SOURCE}/x.crt", "../../real.pem", GeneratedOrigin("test"))
    nodes = by_path(certificate_nodes(files.with_nodes([link])))
    assert nodes[BUNDLE].blob is not None
    assert nodes[BUNDLE].blob.read() == b"text\n"
