"""Results as JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from distil.report.printable import printable_json


def json_text(document: msgspec.Struct | dict[str, Any]) -> str:
    """`document` as indented JSON, digests as their text.

    A path that is not UTF-8 is written as Python writes it, with lone surrogates escaped, which
    ``os.fsencode`` turns back into its bytes; what a terminal would obey is escaped as well.
    """
    try:
        data = msgspec.json.encode(document, enc_hook=str)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(document, enc_hook=str), indent=2)
    return printable_json(msgspec.json.format(data, indent=2).decode())
