"""Where an image keeps certificate authorities: the places that OpenSSL and its users know."""

from __future__ import annotations

from typing import Final

RULE: Final = "CA certificates"
"""The rule under which the bundle and its links are made."""

DIRECTORY: Final = "/etc/ssl/certs"
BUNDLE: Final = f"{DIRECTORY}/ca-certificates.crt"
LOCAL: Final = "/usr/local/share/ca-certificates"
"""Where update-ca-certificates(8) expects authorities of the user's own."""
