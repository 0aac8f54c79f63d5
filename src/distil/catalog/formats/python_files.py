"""What Python's installers write beside the metadata: whose the files are, where it came from.

Recording installed projects, and direct URL data structure, of the PyPA specifications.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.catalog.facts import Added, Claim, Content, Facts, Unreadable
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import json_file, word
from distil.catalog.formats.python_metadata import info_key

_MOST_FILES: Final = 1_000_000
_LARGEST_CONFIGURATION: Final = 64 << 10
_VERSION: Final = re.compile(rb"^version(?:_info)?[ \t]*=[ \t]*(3\.\d+)", re.MULTILINE)
_ENVIRONMENT: Final = (
    ".gitignore",
    ".lock",
    "CACHEDIR.TAG",
    "bin/Activate.ps1",
    "bin/activate",
    "bin/activate.bat",
    "bin/activate.csh",
    "bin/activate.fish",
    "bin/activate.nu",
    "bin/activate.ps1",
    "bin/activate_this.py",
    "bin/deactivate.bat",
    "bin/pydoc.bat",
    "bin/python",
    "bin/python3",
    "lib64",
)
_ALGORITHMS: Final = {"sha256": 32, "sha1": 20, "md5": 16}
"""Those that files are checked by, with their size in bytes."""


def record(path: str, content: Content) -> Facts:
    """``RECORD``: the files, from the directory that the ``.dist-info`` is in, with checksums."""
    return _claimed(path, _recorded(_lines(content), directory_of(path, 2)))


def installed_files(path: str, content: Content) -> Facts:
    """``installed-files.txt`` of an ``.egg-info``: the files, from that directory."""
    information = directory_of(path)
    found = (image_path(information, line.strip()) for line in _lines(content))
    return _claimed(path, (_claim(one) for one in found if one))


def top_level(path: str, content: Content) -> Facts:
    """``top_level.txt`` of an ``.egg-info``, which mostly has no list of files: its modules."""
    site = directory_of(path, 2)
    claims: list[Claim] = []
    for line in _lines(content):
        module = image_path(site, line.strip())
        if module.startswith(f"{site}/"):
            claims += (
                Claim(module, is_tree=True, is_optional=True),
                Claim(f"{module}.py", is_optional=True),
            )
    return _claimed(path, iter(claims))


class _Vcs(msgspec.Struct):
    vcs: object = None
    commit_id: object = None


class _DirectUrl(msgspec.Struct):
    url: object = None
    vcs_info: _Vcs | None = None


def direct_url(path: str, content: Content) -> Facts:
    """``direct_url.json``: what it was installed from when not from an index."""
    told = json_file(content, _DirectUrl)
    origin = told.vcs_info or _Vcs()
    url, vcs, commit = word(told.url), word(origin.vcs), word(origin.commit_id)
    return Facts(
        added=(
            Added(
                info_key(directory_of(path)),
                properties=(("direct-url", url),) if url else (),
                qualifiers=(("vcs_url", f"{vcs}+{url}@{commit}"),) if vcs and url else (),
            ),
        )
    )


def installer(path: str, content: Content) -> Facts:
    """``INSTALLER``: the program that installed it."""
    name = word(content[:512].decode("utf-8", "replace"))
    properties = (("installer", name),) if name else ()
    return Facts(added=(Added(info_key(directory_of(path)), properties=properties),))


def environment(path: str, content: Content) -> Facts:
    """``pyvenv.cfg``: what `venv`, `virtualenv` and `uv` make of a virtual environment."""
    directory = directory_of(path)
    version = _VERSION.search(content[:_LARGEST_CONFIGURATION])
    names = [*_ENVIRONMENT]
    if version is not None:
        python = f"python{version[1].decode()}"
        modules = f"lib/{python}/site-packages"
        names += [f"bin/{python}", f"{modules}/_virtualenv.py", f"{modules}/_virtualenv.pth"]
    made = [image_path(directory, name) for name in names]
    return Facts(generated=tuple((one, "virtual environment") for one in (path, *made)))


def _lines(content: Content) -> list[str]:
    lines = content[:].decode("utf-8", "surrogateescape").splitlines()
    if len(lines) > _MOST_FILES:
        raise Unreadable(f"it lists more than {_MOST_FILES:,} files")
    return lines


def _claimed(path: str, claims: Iterator[Claim]) -> Facts:
    return Facts(added=(Added(info_key(directory_of(path)), tuple(claims)),))


def _recorded(lines: list[str], site: str) -> Iterator[Claim]:
    for line in lines:
        written, checksum, size = line.rsplit(",", 2) if line.count(",") > 1 else (line, "", "")
        if written.startswith('"'):
            written = written.strip('"').replace('""', '"')
        found = image_path(site, written)
        if found and (size or not line.endswith("/")):
            yield _claim(found, _hexadecimal(checksum))


def _claim(path: str, checksum: str = "") -> Claim:
    is_byte_code = path.endswith((".pyc", ".pyo"))
    return Claim(path, "" if is_byte_code else checksum, is_optional=is_byte_code)


def _hexadecimal(checksum: str) -> str:
    """``sha256=…`` in URL-safe base64 without padding, as claims have it; else empty."""
    algorithm, _, written = checksum.partition("=")
    if algorithm not in _ALGORITHMS:
        return ""
    try:
        digest = base64.urlsafe_b64decode(f"{written}==")
    except (binascii.Error, ValueError):
        return ""
    return f"{algorithm}:{digest.hex()}" if len(digest) == _ALGORITHMS[algorithm] else ""
