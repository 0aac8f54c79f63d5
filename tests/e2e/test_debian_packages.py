"""Debian packages that applications name: each builds beside a small one, at both levels.

Packages ship plug-ins for libraries that they only recommend, links into packages that are cut,
and scripts for interpreters that are not there. None of that may stand in the way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.network]

THOROUGH = pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")
ALWAYS = ("imagemagick", "poppler-utils")
PACKAGES = {
    "ffmpeg": "libgl_plugin.so.0.0.0 needs libGLU.so.1",
    "mpv": "libgl_plugin.so.0.0.0 needs libGLU.so.1",
    **dict.fromkeys(
        (
            "imagemagick", "gdal-bin", "poppler-utils", "graphviz", "vim-nox", "mariadb-client",
            "postgresql-client", "openssh-client", "curl", "git", "ghostscript", "tesseract-ocr",
            "gstreamer1.0-plugins-good", "pulseaudio-utils", "python3-gi", "libvips-tools", "sox",
            "redis-tools", "rsync", "inkscape", "nodejs", "ruby", "php-cli", "r-base-core",
            "python3-opencv", "weasyprint", "unixodbc", "odbc-postgresql", "tdsodbc", "krb5-user",
        ),
        "",
    ),
}  # fmt: skip
"""By the plug-ins that have to be told; where that is empty, anything may be."""


@pytest.mark.parametrize("level", ["packages", "reachable"])
@pytest.mark.parametrize(
    ("package", "told"),
    [
        pytest.param(*one, marks=() if one[0] in ALWAYS else (pytest.mark.thorough, THOROUGH))
        for one in PACKAGES.items()
    ],
    ids=PACKAGES,
)
def test_builds(package: str, told: str, level: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("if __name__ == '__main__':\n    print('ok')\n")
    spec = f'[base]\npackages = ["{package}"]\n[reach]\nlevel = "{level}"\n'
    (tmp_path / "distil.toml").write_text(spec)
    command = ["build", str(tmp_path), "--no-debug", "-o", f"oci:{tmp_path / 'out'}"]
    done = subprocess.run(
        [sys.executable, "-m", "distil", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert told in done.stderr
