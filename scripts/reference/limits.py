"""The page about the limits for images: the fields of ``Limits`` and the errors beside them."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.image import errors
from distil.model.errors import LimitExceeded
from distil.model.limits import Limits
from scripts.reference.docstrings import field_docstrings

HEAD: Final = """# Limits

<!-- Made by scripts/docs from src/distil/model/limits.py. -->

How large an image that somebody else wrote may be, part by part. Each is far beyond what honest
images are. Passing one is an error with exit code 2 that names the limit, its value and its key;
who trusts the image raises the limit in the user's configuration file:

```toml
# ~/.config/distil/config.toml
[limits]
layers = 2000
```

Nothing raises what one process may cost in streams without contents, records of an extended
header or nested indexes: no image that a tool has written comes near those.

| key | default | what | error |
|---|---:|---|---|
"""


def limits_page() -> str:
    """The page as Markdown."""
    said = field_docstrings(Limits)
    found = {each.key: name for name, each in vars(errors).items() if _is_limit(each)}
    rows = []
    for field in msgspec.structs.fields(Limits):
        error = found.get(field.encode_name, found["expansion-ratio"])
        rows.append(
            f"| `{field.encode_name}` | {field.default:,} | {said[field.name]} | `{error}` |\n"
        )
    return HEAD + "".join(rows)


def _is_limit(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, LimitExceeded) and bool(value.key)
