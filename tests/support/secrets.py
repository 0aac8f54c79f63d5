"""Secrets made up on the spot, so that none stands in a file of this project."""

from __future__ import annotations

import json
import random
import string
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from distil.source.secret_checks import base62_crc32, looks_random
from tests.support.tools import tool

_LETTERS = string.ascii_letters
_BASE62 = string.digits + _LETTERS
_URL_SAFE = _BASE62 + "-_"
_HEXADECIMAL = "0123456789abcdef"


def text(length: int, characters: str = _BASE62) -> str:
    """Random text; with a digit, where there can be one, and nothing that looks made up."""
    while True:
        made = "".join(random.choices(characters, k=length))
        if length < 20 or looks_random((made if "0" in characters else f"0{made}").encode()):
            return made


def github_token() -> str:
    body = text(30)
    return f"ghp_{body}{base62_crc32(body.encode()).decode()}"


def aws() -> str:
    return f"id = AKI{'A'}{text(16, string.ascii_uppercase + '234567')}\nsecret = {text(40)}\n"


@cache
def keys() -> Mapping[str, bytes]:
    """Private keys by the kinds of files that openssl and ssh-keygen make."""
    with TemporaryDirectory() as temporary:
        place = Path(temporary)

        def made(name: str, command: str) -> bytes:
            program, *arguments = command.split()
            done = [tool(program), *arguments, str(place / name)]
            subprocess.run(done, check=True, capture_output=True)
            return (place / name).read_bytes()

        rsa = made("rsa", "openssl genrsa -traditional -out")
        made("ec", "openssl ecparam -name prime256v1 -genkey -noout -out")
        made("cert", f"openssl req -x509 -key {place}/rsa -subj /CN=x -out")
        found = {
            "PKCS#1": rsa,
            "PKCS#8": made("rsa8", f"openssl pkcs8 -topk8 -nocrypt -in {place}/rsa -out"),
            "encrypted": made("enc", f"openssl rsa -aes128 -passout pass:x -in {place}/rsa -out"),
            "SEC 1": (place / "ec").read_bytes(),
            "Ed25519": made("ed", "openssl genpkey -algorithm ed25519 -out"),
            "OpenSSH": made("ssh", "ssh-keygen -q -t ed25519 -N x -f"),
            "PKCS#1 DER": made(
                "a.der", f"openssl rsa -traditional -outform DER -in {place}/rsa -out"
            ),
            "PKCS#8 DER": made(
                "b.der", f"openssl pkcs8 -topk8 -nocrypt -outform DER -in {place}/ed -out"
            ),
            "SEC 1 DER": made("c.der", f"openssl ec -outform DER -in {place}/ec -out"),
            "PKCS#12": made(
                "p12",
                f"openssl pkcs12 -export -passout pass:x -inkey {place}/rsa -in {place}/cert -out",
            ),
        }
        account = {"type": "service_account", "private_key": found["PKCS#8"].decode()}
        return found | {"service account": json.dumps(account).encode()}


@cache
def public() -> Mapping[str, bytes]:
    """What belongs to keys and is for everybody, by the kinds of files."""
    with TemporaryDirectory() as temporary:
        place = Path(temporary)
        commands = {
            "rsa": "openssl genrsa -out {}/rsa",
            "ssh": "ssh-keygen -q -t rsa -N x -f {}/ssh",
            "PEM": "openssl rsa -pubout -in {0}/rsa -out {0}/PEM",
            "DER": "openssl rsa -pubout -outform DER -in {0}/rsa -out {0}/DER",
            "PKCS#1": "openssl rsa -RSAPublicKey_out -outform DER -in {0}/rsa -out {0}/PKCS#1",
            "certificate": "openssl req -x509 -key {0}/rsa -subj /CN=x -out {0}/certificate",
            "of DER": "openssl x509 -outform DER -in {0}/certificate -out {0}/DER_certificate",
        }
        for command in commands.values():
            program, *arguments = command.format(place).split()
            subprocess.run([tool(program), *arguments], check=True, capture_output=True)
        names = ("PEM", "DER", "PKCS#1", "certificate", "DER_certificate", "ssh.pub")
        return {name: (place / name).read_bytes() for name in names}


def tokens() -> dict[str, str]:
    """One token of each kind, by what it is called in data/secrets.toml."""
    return {
        "a private key (PuTTY)": "PuTTY-User-Key-File-" + "3: ssh-ed25519\n",
        "a private key (age)": f"AGE-SECRET-KEY-1{text(58, string.ascii_uppercase + '23456789')}",
        "an access key of AWS": aws(),
        "a token of GitHub": github_token(),
        "a token of npm": f"npm_{text(36)}",
        "a token of GitLab": f"glpat-{text(20, _URL_SAFE)}",
        "a token of PyPI": f"pypi-AgE{text(120, _URL_SAFE)}",
        "a token of Slack": f"xoxb-{text(12, string.digits)}-{text(24)}",
        "a webhook of Slack": "https://hooks.slack.com/services/"
        f"T{text(9, _BASE62.upper())}/B{text(9, _BASE62.upper())}/{text(24)}",
        "a live key of Stripe": f"sk_live_{text(24)}",
        "an API key of Google": f"AIza{text(35, _URL_SAFE)}",
        "a client secret of Google": f"GOCSPX-{text(28, _URL_SAFE)}",
        "an account key of Azure": f"AccountKey={text(86)}==",
        "a key of Anthropic": f"sk-ant-api03-{text(93, _URL_SAFE)}AA",
        "a key of OpenAI": f"sk-proj-{text(74, _URL_SAFE)}T3BlbkFJ{text(74, _URL_SAFE)}",
        "a token of Hugging Face": f"hf_{text(34, _LETTERS)}",
        "a token of DigitalOcean": f"dop_v1_{text(64, _HEXADECIMAL)}",
        "a token of Databricks": f"dapi{text(32, _HEXADECIMAL)}",
        "a token of Docker Hub": f"dckr_pat_{text(27, _URL_SAFE)}",
        "a key of SendGrid": f"SG.{text(22, _URL_SAFE)}.{text(43, _URL_SAFE)}",
        "a token of Shopify": f"shpat_{text(32, _HEXADECIMAL)}",
        "a token of Vault": f"hvs.{text(95, _URL_SAFE)}",
        "a token of Grafana": f"glsa_{text(32)}_{text(8, _HEXADECIMAL)}",
    }
