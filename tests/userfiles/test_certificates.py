"""Certificates that the user wants in the image: authorities' only, each in its own file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from distil.formats.x509_name import certificates_in
from distil.model.origin import ApplicationOrigin
from distil.userfiles.certificates import UnusableCertificate, local_certificates
from tests.support.authority import Authority, make_authority
from tests.support.tools import tool

PLACE = "/usr/local/share/ca-certificates"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("other"))


def contents(source: Path, *names: str) -> dict[str, bytes]:
    nodes = local_certificates(source, names)
    return {node.path: node.blob.read() for node in nodes if node.blob is not None}


def test_one_certificate(tmp_path: Path, authority: Authority) -> None:
    pem = authority.certificate.read_bytes()
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs/corp.pem").write_bytes(pem)
    (node,) = local_certificates(tmp_path, ["certs/corp.pem"])
    assert (node.path, node.mode) == (f"{PLACE}/corp.crt", 0o644)
    assert node.origin == ApplicationOrigin("certs/corp.pem")
    assert contents(tmp_path, "certs/corp.pem") == {f"{PLACE}/corp.crt": pem}


def test_several_in_one_file_and_files_of_one_name(
    tmp_path: Path, authority: Authority, other: Authority
) -> None:
    """The hashed links only find files that hold exactly one."""
    first, second = (one.certificate.read_bytes() for one in (authority, other))
    (tmp_path / "corp.pem").write_bytes(b"# our root\n" + first + b"\n# the next\n" + second)
    (tmp_path / "more").mkdir()
    (tmp_path / "more/corp.crt").write_bytes(second.replace(b"\n", b"\r\n"))
    found = contents(tmp_path, "corp.pem", "more/corp.crt")
    assert found == {
        f"{PLACE}/corp.crt": first,
        f"{PLACE}/corp-2.crt": second,
        f"{PLACE}/corp-3.crt": second,
    }


def test_a_server_is_no_authority(tmp_path: Path, authority: Authority) -> None:
    both = authority.certificate.read_bytes() + authority.server_certificate.read_bytes()
    (tmp_path / "both.pem").write_bytes(both)
    with pytest.raises(UnusableCertificate) as caught:
        local_certificates(tmp_path, ["both.pem"])
    assert "both.pem" in caught.value.message
    assert "certificate 2 of 2 is a server's" in caught.value.message
    assert "authority that signed it" in caught.value.hint


def test_a_private_key_stays_outside(tmp_path: Path, authority: Authority) -> None:
    key = authority.certificate.with_name("authority.key").read_bytes()
    (tmp_path / "all.pem").write_bytes(authority.certificate.read_bytes() + key)
    with pytest.raises(UnusableCertificate, match="private key"):
        local_certificates(tmp_path, ["all.pem"])


def test_the_other_form_has_its_hint(tmp_path: Path, authority: Authority) -> None:
    (der,) = certificates_in(authority.certificate.read_bytes())
    (tmp_path / "corp.der").write_bytes(der)
    with pytest.raises(UnusableCertificate, match="PEM form") as caught:
        local_certificates(tmp_path, ["corp.der"])
    command = [tool("openssl"), *caught.value.hint.split()[1:]]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert contents(tmp_path, "corp.pem") == {
        f"{PLACE}/corp.crt": authority.certificate.read_bytes()
    }


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no certificate"),
        (b"\0\xff" * 100, "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is malformed"),
        (b"-----BEGIN CERTIFICATE-----\nMAA\n-----END CERTIFICATE-----\n", "cannot be read"),
    ],
)
def test_what_is_no_certificate(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "corp.pem").write_bytes(data)
    with pytest.raises(UnusableCertificate, match=why):
        local_certificates(tmp_path, ["corp.pem"])


@pytest.mark.parametrize("name", ["../outside.pem", "link.pem", "none.pem", "."])
def test_places_where_none_can_be(tmp_path: Path, authority: Authority, name: str) -> None:
    source = tmp_path / "application"
    source.mkdir()
    (tmp_path / "outside.pem").write_bytes(authority.certificate.read_bytes())
    (source / "link.pem").symlink_to("../outside.pem")
    with pytest.raises(UnusableCertificate, match=r"outside|No such file|directory"):
        local_certificates(source, [name])
