"""What documents accept where they want an address or a CPE."""

from __future__ import annotations

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"(?:https?|ftp)://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?::[0-9]{1,5})?(?:[/?#][!#-;=?-Z_a-z~%]*)?"
)
_AV: Final = r"""[\-*]|(?:[A-Za-z0-9._\-]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^`{|}~.\-_])+"""
_CPE: Final = re.compile(
    rf"cpe:2\.3:[aho*\-](?::(?:{_AV})){{5}}:(?:[a-zA-Z]{{2,3}}(?:-(?:[a-zA-Z]{{2}}|[0-9]{{3}}))?|[*\-])(?::(?:{_AV})){{4}}"
)
_LONGEST: Final = 4096


def is_address(text: str) -> bool:
    """Whether `text` is an address that all formats take (RFC 3986, of the web)."""
    return len(text) < _LONGEST and _ADDRESS.fullmatch(text) is not None


def is_cpe(text: str) -> bool:
    """Whether `text` is a CPE 2.3 formatted string (NIST IR 7695)."""
    return len(text) < _LONGEST and _CPE.fullmatch(text) is not None
