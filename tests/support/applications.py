"""Applications that tests build: as little code as it takes to be recognised."""

from __future__ import annotations

FLASK = {
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "requirements.txt": "flask==3.1.0\ngunicorn==23.0.0\n",
}
"""Needs no distil.toml, and is not packaged."""

_BACK_END = '''\
"""A build back end that needs nothing, and puts the time of day into what it makes."""

import base64
import hashlib
import pathlib
import zipfile

INFO = "till-4.2.dist-info"


def line(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\\n"


def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "till-4.2-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory, name), "w") as wheel:
        for path in pathlib.Path("till").rglob("*.*"):
            wheel.write(path)
        metadata = "Metadata-Version: 2.1\\nName: till\\nVersion: 4.2\\n"
        wheel.writestr(f"{INFO}/METADATA", metadata + "Requires-Dist: flask\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\\n" + tags)
        wheel.writestr(f"{INFO}/entry_points.txt", "[console_scripts]\\ntill = till:run\\n")
        lines = [line(name, wheel.read(name)) for name in wheel.namelist()]
        wheel.writestr(f"{INFO}/RECORD", "".join([*lines, f"{INFO}/RECORD,,\\n"]))
    return name
'''

PACKAGED = {
    "pyproject.toml": (
        '[project]\nname = "till"\nversion = "4.2"\ndependencies = ["flask"]\n\n'
        '[project.scripts]\ntill = "till:run"\n\n'
        '[build-system]\nrequires = []\nbuild-backend = "back_end"\nbackend-path = ["."]\n'
    ),
    "back_end.py": _BACK_END,
    "till/__init__.py": "import flask\n\nfrom till.zones import a, b\n\ndef run(): ...\n",
    "till/prices.csv": "tea,2\n",
    "till/templates/bill.html": "<p>bill</p>\n",
    "till/zones/__init__.py": "",
    "till/zones/a.py": "",
    "till/zones/b.py": "",
}
"""A project with a console script and a build back end of its own."""


def native(name: str, *needed: str, machine: str = "x86_64") -> dict[str, bytes | str]:
    """The files of a wheel with an extension module that needs libraries."""
    from tests.support.elf_builder import Elf

    number = {"x86_64": 62, "aarch64": 183}[machine]
    extension = Elf(machine=number, needed=(*needed, "libc.so.6")).build()
    return {
        f"{name}/__init__.py": f"from {name} import _speed\n",
        f"{name}/_speed.cpython-313-{machine}-linux-gnu.so": extension,
    }
