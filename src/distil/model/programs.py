"""Names of programs that an image does without unless somebody asks for them."""

from __future__ import annotations

from typing import Final

SHELLS: Final = ("sh", "bash", "dash", "ash", "busybox", "zsh", "ksh")
PACKAGE_MANAGERS: Final = ("apt", "apt-get", "dpkg", "pip", "pip3", "apk", "rpm")
