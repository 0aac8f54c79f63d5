"""Names of files and directories that are no part of an application in an image, and why.

Those of secrets are in data/secrets.toml.
"""

from __future__ import annotations

import fnmatch
from typing import Final

NEVER: Final = {
    ".git": "version control",
    ".hg": "version control",
    ".svn": "version control",
    ".bzr": "version control",
    "__pycache__": "byte-code",
    "*.py[co]": "byte-code",
    ".venv": "a virtual environment",
    ".distil": "distil's own cache and results",
    ".tox": "test environments",
    ".nox": "test environments",
    "*.egg-info": "metadata of a development installation",
    ".mypy_cache": "a cache",
    ".pytest_cache": "a cache",
    ".ruff_cache": "a cache",
    ".hypothesis": "a cache",
    ".DS_Store": "an editor's or desktop's file",
    ".netrc": "it holds logins",
    ".pypirc": "it holds logins",
    "pip.conf": "pip's configuration, which may hold logins",
    "distil.lock": "instructions for distil",
}
"""Names, at any depth, that never belong to an application in an image, and why."""

UNLESS_INCLUDED: Final = {
    "distil.toml": "instructions for distil",
    "distil.schema.json": "instructions for an editor",
    ".dockerignore": "an ignore file",
    ".gitignore": "an ignore file",
    ".gitattributes": "version control",
    ".gitmodules": "version control",
    ".github": "continuous integration",
    ".gitlab-ci.yml": "continuous integration",
    ".pre-commit-config.yaml": "a development tool's configuration",
    ".idea": "an editor's or desktop's file",
    ".vscode": "an editor's or desktop's file",
    ".editorconfig": "an editor's or desktop's file",
    ".coverage": "a test result",
    "node_modules": "JavaScript packages, which Python does not run",
    "Dockerfile": "instructions for another builder",
    "Containerfile": "instructions for another builder",
    "uv.toml": "uv's configuration",
}
"""Names, at any depth, that are left out unless ``[app] include`` matches them, and why."""

_NEVER_GLOBS: Final = tuple(name for name in NEVER if "*" in name)


def never_taken(name: str) -> str:
    """Why a file or directory called `name` never goes in; empty when it may."""
    exact = NEVER.get(name, "")
    return exact or next((NEVER[g] for g in _NEVER_GLOBS if fnmatch.fnmatchcase(name, g)), "")
