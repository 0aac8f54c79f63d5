"""Which contents are secrets, and which only look like some."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.source.secrets import (
    MOST_BINARY,
    Answer,
    find_secret,
    is_beside,
    named_secret,
    secret_table,
)
from tests.support import secrets

TOKENS = secrets.tokens()
KEYS = ("PKCS#1", "PKCS#8", "encrypted", "SEC 1", "Ed25519", "OpenSSH", "PKCS#1 DER", "PKCS#8 DER",
        "SEC 1 DER", "PKCS#12", "service account")  # fmt: skip
PUBLIC = ("PEM", "DER", "PKCS#1", "certificate", "DER_certificate", "ssh.pub")

BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"

OF_EXAMPLES = {
    "code that looks for keys": f'if "{BEGIN}" in text:\n    return load(text)\n',
    "a key with dots": f"{BEGIN}\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7...\n{END}\n",
    "a key cut short": f"{BEGIN}MIIEpQIBAAKCAQEAuyf/lNrH9ck8DmNyo3fGgvCI1l9s+cmBY3WIz+{END}",
    "a key filled with zeros": f"{BEGIN}\nMIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgE{'A' * 68}\n"
    f"ShZANiAATglHNUqyS\nmMHIqtl3Mh3rl+cJvQtMoKylXcitUdz8nRWJoVl+OlEg4e/\n{END}\n",
    "a key of one character": f"{BEGIN}\n{'A' * 64}\n{END}",
    "a public key": "-----BEGIN PUBLIC KEY-----\n" + secrets.text(64) + "\n",
    "a key's name of AWS alone": f"id = AKIA{secrets.text(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')}\n",
    "AWS's example": "AKIAIOSFODNN7EXAMPLE\nwJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    "a checksum that is wrong": "ghp_" + "a1B2" * 9,
    "GitHub's example": "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",
    "a made-up token": "npm_0123456789abcdefghijABCDEFGHIJ123456",
    "a placeholder": "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
    "a token for tests": "sk_test_" + secrets.text(24),
    "a name": "hf_" + "a_long_name_of_a_function_in_lower_case",
    "in the middle of a word": "x" + TOKENS["a token of Databricks"],
    "Azurite's key": "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
    "K1SZFPTOtr/KBHBeksoGMGw==",
    "a dashed line": "-" * 200,
}  # fmt: skip


def test_every_entry_has_a_secret_made_for_it() -> None:
    kinds = {rule.kind for rule in secret_table().content}
    found = map(find_secret, secrets.keys().values())
    made = {one.kind for one in found if one is not None} | TOKENS.keys()
    assert kinds - made <= {
        "a private key (SSH.COM)", "a private key (Java key store)",
        "a store of passwords (KeePass)",
    }  # fmt: skip


@pytest.mark.parametrize("kind", TOKENS)
def test_tokens(kind: str) -> None:
    found = find_secret(TOKENS[kind].encode())
    assert found is not None
    assert found.kind == kind
    if found.line:
        within = f'first line\n"key": "{TOKENS[kind]}",\n'.encode()
        again = find_secret(within)
        assert again is not None
        assert (again.kind, again.line) == (kind, 2)
        escaped = find_secret(b"text = 'x\\n" + TOKENS[kind].encode() + b"'")
        assert escaped is not None


@pytest.mark.parametrize("name", KEYS)
def test_private_keys(name: str) -> None:
    found = find_secret(secrets.keys()[name])
    assert found is not None
    assert found.answer is Answer.REFUSED


@pytest.mark.parametrize("name", PUBLIC)
def test_public_keys_and_certificates_are_none(name: str) -> None:
    assert find_secret(secrets.public()[name]) is None


@pytest.mark.parametrize("name", OF_EXAMPLES)
def test_examples_are_none(name: str) -> None:
    assert find_secret(OF_EXAMPLES[name].encode()) is None


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1\0\0\0\1\0\4mine", True),
        (b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1\0\0\0\2\0\4root", False),
        (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", True),
        (b"\x03\xd9\xa2\x9a", False),
    ],
    ids=["keys of Java", "certificates of Java", "KeePass", "too short"],
)
def test_stores(data: bytes, *, found: bool) -> None:
    assert (find_secret(data) is not None) is found


def test_the_worst_is_told() -> None:
    mild, bad = TOKENS["an API key of Google"], TOKENS["a token of GitHub"]
    found = find_secret(f"{mild}\n{bad}\n".encode())
    assert found is not None
    assert (found.kind, found.line) == ("a token of GitHub", 2)


def test_of_a_binary_file_the_beginning_is_looked_at() -> None:
    token = TOKENS["a token of GitHub"].encode()
    assert find_secret(b"\0 " + token) is not None
    assert find_secret(bytes(MOST_BINARY) + token) is None
    assert find_secret(b"text\n" * MOST_BINARY + token) is not None


@given(st.binary(max_size=400), st.sampled_from([*TOKENS.values()]), st.integers(0, 60))
def test_anything_can_be_looked_at(data: bytes, token: str, end: int) -> None:
    """Cut short and among anything: an answer, which never shows the secret."""
    found = find_secret(data + token.encode()[:end] + data)
    assert found is None or found.kind in {rule.kind for rule in secret_table().content}


@pytest.mark.parametrize(
    "piece", ["-----BEGIN PRIVATE KEY-----", "sk-", "AKIA" + "A" * 16 + " ", "-"]
)
def test_much_of_what_looks_like_something_ends(piece: str) -> None:
    assert find_secret(piece.encode() * (4_000_000 // len(piece))) is None


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (".ssh", "left out"), ("deploy/.ssh", "left out"), ("id_ed25519", "left out"),
        ("id_ed25519.pub", ""), (".env", "left out"), (".env.production", "left out"),
        (".env.example", ""), (".env.production.example", ""), ("env", ""), ("environment", ""),
        (".aws", "left out"), ("home/.config/gcloud", "left out"), ("config/gcloud", ""),
        (".docker", "left out"), ("docker", ""), ("docker/config.json", ""),
        ("infra/terraform.tfstate", "left out"), ("main.tf", ""), ("key.py", ""), ("keys", ""),
        ("server.key", "warned"), ("config/secrets.toml", "warned"), ("app/secrets.py", ""),
        ("credentials.json", "warned"), ("credentials.py", ""), (".bash_history", "left out"),
        ("history", ""), (".npmrc", "left out"),
    ],
)  # fmt: skip
def test_names(path: str, answer: str) -> None:
    rule = named_secret(path)
    assert (rule.answer.value if rule is not None else "") == answer


@pytest.mark.parametrize(
    ("path", "beside"),
    [
        ("tests/a.key", True), ("shop/tests/deep/a.key", True), ("docs/a.md", True),
        ("examples/a.py", True), ("shop/test_keys.py", True), ("conftest.py", True),
        ("shop/a.key", False), ("contest/a.key", False), ("tests.py", True), ("tests", False),
        ("latest/a.key", False),
    ],
)  # fmt: skip
def test_what_is_beside(path: str, *, beside: bool) -> None:
    assert is_beside(path) is beside
