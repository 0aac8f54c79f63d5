"""``[image] certificates``: a client inside the image trusts the server, and else it does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.subjects import SUBJECTS
from tests.e2e.workloads import Surroundings
from tests.support.runners import BuiltImage, Launch, Runner

pytestmark = [pytest.mark.engine, pytest.mark.network]

ASK = """
import ssl, sys, urllib.request
for context in (None, ssl.create_default_context(capath="/etc/ssl/certs")):
    with urllib.request.urlopen(sys.argv[1], timeout=10, context=context) as answer:
        print(answer.read().decode())
"""
"""By the bundle, which SSL_CERT_FILE names, and by the hashed links."""


def built(source: Path, layout: Path) -> BuiltImage:
    command = [sys.executable, "-m", "distil", "build", str(source), "-t", "asks:1", "--no-debug"]
    done = subprocess.run(
        [*command, "-o", f"oci:{layout}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return BuiltImage("asks:1", layout, Path())


def test_trusted_as_asked(runc_runner: Runner, around: Surroundings, tmp_path: Path) -> None:
    source = tmp_path / "application"
    shutil.copytree(SUBJECTS["flask-hello"].source, source)
    without = built(source, tmp_path / "without")
    shutil.copy(around.authority.certificate, source / "corp.pem")
    (source / "distil.toml").write_text('[image]\ncertificates = ["corp.pem"]\n')
    with_it = built(source, tmp_path / "with")
    around.service.pages["/greeting"] = b"welcome"
    launch = Launch(entrypoint=("python3", "-c", ASK, f"{around.service.url}/greeting"))
    done = runc_runner.run(with_it, launch)
    assert (done.status, done.output.split()) == (0, ["welcome", "welcome"]), done.errors
    refused = runc_runner.run(without, launch)
    assert refused.status != 0
    assert "CERTIFICATE_VERIFY_FAILED" in refused.errors
