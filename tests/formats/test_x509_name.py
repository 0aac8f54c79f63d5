from __future__ import annotations

import base64
import contextlib
import functools
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.formats.errors import MalformedCertificate
from distil.formats.x509_name import certificates_in, subject_hash
from tests.support.tools import needs

openssl = needs("openssl")

SUBJECTS = [
    "/CN=Example",
    "/C=DE/O=  Many   Spaces  Ltd /CN=UPPER lower",
    "/C=DE/O=M\u00fcnchen \u00c4rger/CN=\u00e9\u00c9",
    "/CN=two+OU=in one set/O=x",
    "/CN=b+CN=a",
    "/O=" + "x" * 60 + "/OU=" + "y" * 60 + "/CN=" + "z" * 60,
    "/emailAddress=A@B.example/DC=Org/CN=ia5",
]


def made(tmp_path: Path, subject: str, mask: str = "utf8only") -> Path:
    path = tmp_path / "cert.pem"
    settings_file = tmp_path / "openssl.cnf"
    settings_file.write_text(f"[req]\ndistinguished_name=dn\nstring_mask={mask}\n[dn]\n")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", tmp_path / "key.pem", "-out", path, "-subj", subject, "-utf8",
         "-multivalue-rdn", "-config", settings_file],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


@openssl
@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("mask", ["utf8only", "default"])
def test_hashes_are_those_of_openssl(tmp_path: Path, subject: str, mask: str) -> None:
    path = made(tmp_path, subject, mask)
    expected = subprocess.run(
        ["openssl", "x509", "-in", path, "-noout", "-subject_hash"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    (certificate,) = certificates_in(path.read_bytes())
    assert subject_hash(certificate) == expected


@functools.cache
def a_certificate() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        return certificates_in(made(Path(directory), SUBJECTS[3]).read_bytes())[0]


@openssl
@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_damage_is_an_error_of_ours(position: int, byte: int) -> None:
    data = bytearray(a_certificate())
    data[position % len(data)] = byte
    with contextlib.suppress(MalformedCertificate):
        assert len(subject_hash(bytes(data))) == 8


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x80\0\0", b"\x30\x03\x02\x01\x01", b"PEM"])
def test_what_is_no_certificate(data: bytes) -> None:
    with pytest.raises(MalformedCertificate):
        subject_hash(data)


def test_pem_files_hold_any_number_of_certificates() -> None:
    block = (
        b"-----BEGIN CERTIFICATE-----\n"
        + base64.encodebytes(b"contents")
        + b"-----END CERTIFICATE-----\n"
    )
    assert certificates_in(b"text before\n" + block * 2) == [b"contents"] * 2
    assert certificates_in(block.replace(b"CERTIFICATE", b"PRIVATE KEY")) == []
