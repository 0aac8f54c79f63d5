"""What brings a module that nothing in an image has: a distribution, or a Debian package."""

from __future__ import annotations

from typing import Final

from distil.runtimes.python.reach.distributions import normal_name

_PACKAGES: Final = {
    "_tkinter": "python3-tk",
    "distutils": "python3-distutils",
    "idlelib": "idle-python3",
    "lib2to3": "python3-lib2to3",
    "tkinter": "python3-tk",
    "turtle": "python3-tk",
}
"""Parts of the standard library that Debian has in packages of their own."""

_DISTRIBUTIONS: Final = {
    "Crypto": "pycryptodome",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dns": "dnspython",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "git": "gitpython",
    "google.protobuf": "protobuf",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "multipart": "python-multipart",
    "nacl": "pynacl",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "rest_framework": "djangorestframework",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "usb": "pyusb",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Distributions whose name is not that of their module, of those that many programs use."""


def package_for_module(module: str) -> str:
    """The Debian package with the part of the standard library `module`; empty if none has it."""
    return _PACKAGES.get(module.partition(".")[0], "")


def distribution_for_module(module: str) -> str:
    """The distribution that most likely has `module`: a well-known one, or that of its name."""
    known = _DISTRIBUTIONS.get(module) or _DISTRIBUTIONS.get(module.partition(".")[0])
    return known or normal_name(module.partition(".")[0])
