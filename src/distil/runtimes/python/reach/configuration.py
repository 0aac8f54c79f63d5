"""Configuration files of the application: they name modules, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.model.node import Node

LARGEST: Final = 1 << 20
"""Bytes of one file that are read; a larger one is data."""

_ENDINGS: Final = (".cfg", ".conf", ".ini", ".json", ".toml", ".yaml", ".yml")
_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:[.-]\w+)*")
"""A dotted name; or one with hyphens, as encodings have them."""

FILE_NAME: Final = re.compile(
    r"\.(?:c?js|css|csv|db|gif|gz|html?|ico|ini|jpe?g|json|log|md|mo|pdf|png|po|py|rst|sh|so|sql|svg"
    r"|tar|toml|ts|txt|webp|woff2?|xml|ya?ml|zip)$"
)
"""Dotted text that is a file's name and no module's."""


def configured_names(node: Node) -> Iterator[str]:
    """The words of a configuration file that may name modules, each once; none of other files.

    Plug-ins, extensions, log handlers and classes are named in such files as they would be in
    strings of the code that reads them.
    """
    if node.blob is None or node.size > LARGEST or not node.name.endswith(_ENDINGS):
        return
    text = node.blob.read().decode("utf-8", "replace")
    yield from dict.fromkeys(_NAME.findall(text))
