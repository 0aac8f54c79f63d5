"""Signed documents: only what a trusted key signed comes out."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pysequoia import Cert, SignatureMode, Tsk, sign

from distil.errors import DistilError
from distil.trust.errors import (
    BadSignature,
    KeyringUnreadable,
    NotSigned,
    TextOutsideSignature,
    TrustError,
    UnknownSigner,
    UnusableKey,
)
from distil.trust.keyring import DEBIAN_KEYRING, Keyring
from distil.trust.signed_text import verified_text

TEXT = b"Origin: Debian\nCodename: trixie\n"
KEY = Tsk.generate(user_id="one <one@example.org>")
SHARED = [HealthCheck.function_scoped_fixture]
OTHER = Tsk.generate(user_id="two <two@example.org>")


def clear_sign(text: bytes, key: Tsk = KEY) -> bytes:
    return sign(key.signer(), text, mode=SignatureMode.CLEAR)


def keyring_of(tmp_path, *certificates: bytes) -> Keyring:
    path = tmp_path / "keyring.pgp"
    path.write_bytes(b"".join(certificates))
    return Keyring([path])


def public(key: Tsk) -> bytes:
    return bytes(key.extract_certificate())


@pytest.fixture
def keyring(tmp_path):
    return keyring_of(tmp_path, public(KEY))


SIGNED = clear_sign(TEXT)


def test_signed_text(keyring):
    assert verified_text(SIGNED, keyring, "it").strip() == TEXT.strip()


def test_dash_escapes_are_undone(keyring):
    text = b"- one\n-----BEGIN PGP SIGNATURE-----\nFrom: x\n"
    signed = clear_sign(text)
    assert b"\n- -----BEGIN" in signed
    assert verified_text(signed, keyring, "it").strip() == text.strip()


@pytest.mark.parametrize("before", [b"Origin: Evil\n", b"Origin: Evil\n\n", b"\n"])
def test_text_before(keyring, before):
    with pytest.raises(TextOutsideSignature) as caught:
        verified_text(before + SIGNED, keyring, "it")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("after", [b"Origin: Evil\n", b"\nOrigin: Evil", b"\n", SIGNED])
def test_text_after(keyring, after):
    with pytest.raises(TextOutsideSignature):
        verified_text(SIGNED + after, keyring, "it")


@pytest.mark.parametrize("header", [b"Origin: Evil", b"Comment: x", b"Hash SHA512", b" "])
def test_text_in_the_headers(keyring, header):
    signed = SIGNED.replace(b"\nHash:", b"\n" + header + b"\nHash:", 1)
    with pytest.raises(TextOutsideSignature):
        verified_text(signed, keyring, "it")


def test_second_message_inside(keyring):
    begin = SIGNED.index(b"-----BEGIN PGP SIGNATURE")
    with pytest.raises(TrustError):
        verified_text(SIGNED[:begin] + SIGNED, keyring, "it")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" " + SIGNED,
        b"<html>please log in</html>",
        TEXT,
        sign(KEY.signer(), TEXT),
        sign(KEY.signer(), TEXT, mode=SignatureMode.DETACHED),
        SIGNED[: len(SIGNED) // 2],
        SIGNED.replace(b"\n", b"\r\n"),
    ],
)
def test_what_is_not_clear_signed(keyring, document):
    with pytest.raises(NotSigned):
        verified_text(document, keyring, "it")


def test_changed_text(keyring):
    with pytest.raises(BadSignature) as caught:
        verified_text(SIGNED.replace(b"trixie", b"triXie"), keyring, "it")
    assert caught.value.exit_code == 2


def test_changed_signature(keyring):
    lines = SIGNED.split(b"\n")
    start = lines.index(b"-----BEGIN PGP SIGNATURE-----")
    lines[start + 3] = lines[start + 3][::-1]
    with pytest.raises(TrustError):
        verified_text(b"\n".join(lines), keyring, "it")


def test_unknown_signer_is_named(keyring):
    with pytest.raises(UnknownSigner) as caught:
        verified_text(clear_sign(TEXT, OTHER), keyring, "it")
    assert re.search("[0-9a-f]{16}", caught.value.message)
    assert "DISTIL_DEBIAN_KEYRING" in caught.value.hint


def test_one_trusted_signature_of_two_is_enough(tmp_path):
    assert verified_text(_signed_twice(), keyring_of(tmp_path, public(KEY)), "it")
    assert verified_text(_signed_twice(), keyring_of(tmp_path, public(OTHER)), "it")


def _signed_twice() -> bytes:
    """One text with the signatures of both keys in one armor."""
    from pysequoia import ArmorKind, Sig, armor

    both = b"".join(
        bytes(Sig.from_bytes(sign(key.signer(), TEXT[:-1], mode=SignatureMode.DETACHED)))
        for key in (KEY, OTHER)
    )
    armored = armor(both, ArmorKind.Signature)
    text = armored.encode() if isinstance(armored, str) else bytes(armored)
    return b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" + TEXT + text


def test_revoked_key(tmp_path):
    revocation = KEY.extract_certificate().revoke(KEY.certifier())
    revoked = Cert.from_bytes(public(KEY) + bytes(revocation))
    with pytest.raises(UnusableKey, match="revoked"):
        verified_text(SIGNED, keyring_of(tmp_path, bytes(revoked)), "it")


def test_key_that_expired_after_it_signed(tmp_path, monkeypatch):
    """The signature is good cryptographically; the key has nobody to look after it any more."""
    # Sequoia dates a new key back by a minute.
    short = Tsk.generate(user_id="short", validity_seconds=3600)
    signed = clear_sign(TEXT, short)
    ring = keyring_of(tmp_path, public(short))
    assert verified_text(signed, ring, "it")
    import datetime

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + datetime.timedelta(hours=2)

    monkeypatch.setattr(datetime, "datetime", Later)
    with pytest.raises(UnusableKey, match="expired on"):
        verified_text(signed, ring, "it")


@given(
    position=st.integers(0, len(SIGNED)),
    removed=st.integers(0, 40),
    inserted=st.binary(max_size=40),
)
@example(position=0, removed=0, inserted=b"\n")
@settings(max_examples=300, deadline=None, suppress_health_check=SHARED)
def test_no_change_lets_other_text_through(keyring, position, removed, inserted):
    """Whatever is done to the document, what comes out is what was signed, or an error."""
    changed = SIGNED[:position] + inserted + SIGNED[position + removed :]
    try:
        text = verified_text(changed, keyring, "it")
    except TrustError:
        return
    # Trailing white space of a line is not signed (RFC 9580, 7.2), and means nothing here.
    lines = [line.rstrip() for line in text.strip().splitlines()]
    assert lines == TEXT.strip().splitlines()


class TestKeyrings:
    def test_armored_and_binary(self, tmp_path):
        armored, binary = tmp_path / "a.asc", tmp_path / "b.pgp"
        armored.write_text(str(KEY.extract_certificate()))
        binary.write_bytes(public(KEY))
        for path in (armored, binary):
            assert verified_text(SIGNED, Keyring([path]), "it")

    def test_extra_key_beside_debian(self, tmp_path):
        extra = tmp_path / "extra.asc"
        extra.write_text(str(KEY.extract_certificate()))
        ring = Keyring.debian(extra)
        assert len(ring.certificates) == len(Keyring.debian().certificates) + 1
        assert ring.identity != Keyring.debian().identity
        assert verified_text(SIGNED, ring, "it")
        with pytest.raises(UnknownSigner):
            verified_text(SIGNED, Keyring.debian(), "it")

    @pytest.mark.parametrize("content", [b"", b"no keyring", b"\x99\x01\x0d", SIGNED])
    def test_what_is_no_keyring(self, tmp_path, content):
        path = tmp_path / "keyring"
        path.write_bytes(content)
        with pytest.raises(KeyringUnreadable, match="keyring"):
            assert Keyring([path]).certificates

    def test_missing_file(self, tmp_path):
        with pytest.raises(KeyringUnreadable):
            Keyring([tmp_path / "none"])

    def test_shipped_keyring_is_the_documented_one(self):
        digest = hashlib.sha256(DEBIAN_KEYRING.read_bytes()).hexdigest()
        assert digest in (DEBIAN_KEYRING.parent / "README.md").read_text()

    def test_shipped_keyring_has_the_keys_of_every_release(self):
        names = [str(user) for cert in Keyring.debian().certificates for user in cert.user_ids]
        for release in ("11/bullseye", "12/bookworm", "13/trixie"):
            assert sum(release in name for name in names) == 3

    def test_errors_are_for_users(self):
        assert issubclass(TrustError, DistilError)
