"""Which files of a component only say something about it: documentation, and records of it."""

from __future__ import annotations

import re
from typing import Final

from distil.model.inventory import OS_KINDS

_DOCUMENTS: Final = re.compile(
    r".*?/(?:usr/(?:local/)?share/(?:doc|doc-base|man|info|lintian|licenses|bug|gtk-doc|help)/"
    r"|var/lib/dpkg/|var/lib/rpm/|usr/lib/sysimage/rpm/|lib/apk/db/|var/lib/pacman/)",
    re.DOTALL,
)
"""Where documentation and the records of package managers are."""
_RECORDS: Final = re.compile(
    r".*?/(?:[^/]+\.(?:dist-info|egg-info)/.*|specifications/[^/]+\.gemspec|package\.json"
    r"|(?:LICEN[CS]E|COPYING|NOTICE|README|CHANGE(?:S|LOG)|AUTHORS|HISTORY)(?:[-.][^/]*)?)",
    re.DOTALL | re.IGNORECASE,
)
"""What a language's package manager writes down of a package, and what is to be read in it."""


def is_document(path: str, kind: str) -> bool:
    """Whether `path` of a component of `kind` does nothing: documentation, or a record of it."""
    if _DOCUMENTS.match(path):
        return True
    return kind not in OS_KINDS and _RECORDS.fullmatch(path) is not None
