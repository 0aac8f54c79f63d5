"""What `distil.formats.spec_toml` asks of values beyond their types, as JSON schema.

By key: ``table.key``; ``[]`` stands for the items of a list, ``{}`` for the values of a table.
A test holds that the schema refuses what the parser refuses, and nothing else.
"""

from __future__ import annotations

from typing import Any, Final

NO_NUL: Final = "^[^\\u0000]*$"
_USABLE: Final = (
    "(?!(\\.?/)*(proc|sys|dev)(/|$))(?!([^\\u0000]*/)?(\\.\\.(/|$)|\\.wh\\.|[^/\\u0000]{256}))"
)
ABSOLUTE: Final = f"^/{_USABLE}[^\\u0000]{{0,4094}}$"
BELOW_ROOT: Final = f"^/(?!/*$){_USABLE}[^\\u0000]{{0,4094}}$"
WORD: Final = {"pattern": NO_NUL, "maxLength": (1 << 17) - 1}
"""What a program can get as one argument; in bytes, where this counts characters."""

LARGEST_ID: Final = 2**31 - 2
SECONDS: Final = {"anyOf": [{"const": 0}, {"minimum": 0.001, "maximum": 10**9}]}
PROGRAM: Final = {"minItems": 1, "not": {"minItems": 1, "items": [{"const": ""}]}}
"""Words that begin with the name of a program."""


def up_to(limit: int) -> str:
    """A pattern of the decimal numbers from 0 to `limit` with at most as many digits as it has."""
    digits = str(limit)
    shorter = [f"[0-9]{{1,{len(digits) - 1}}}"]
    smaller = [
        f"{digits[:at]}[0-{int(digit) - 1}]" + f"[0-9]{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"({'|'.join([*shorter, *smaller, digits])})"


BELOW: Final = "^(?!/)(?!([^\\u0000]*/)?\\.\\.(/|$))[^\\u0000]+$"
"""A path or pattern below the directory of the application."""

_NAME: Final = "[A-Za-z0-9][A-Za-z0-9._+~-]*"
_HOST: Final = f"(\\[[0-9A-Fa-f:.]+\\]|[^/@:?#\\[\\]\\s\\u0000]+)(:(?!0+(/|$)){up_to(65535)})?"
_PLACE: Final = "(/[^?#\\s\\u0000]*)?"
_NAMES: Final = f"{_NAME}(/{_NAME})*"
ID: Final = f"^{up_to(LARGEST_ID)}(:{up_to(LARGEST_ID)})?$"

CONDITION: Final = "(critical|high|medium|low|any|kev|fixable)"
NAMED: Final = "^[^\\u0000]+$"
SIZE: Final = "^([0-9]{1,9}(\\.[0-9]{1,3})? ?(B|kB|MB|GB|KiB|MiB|GiB))?$"

CONSTRAINTS: Final[dict[str, dict[str, Any]]] = {
    "app.entrypoint": PROGRAM,
    "app.name": {"pattern": NO_NUL},
    "app.runtime": {"pattern": NO_NUL},
    "app.entrypoint[]": WORD,
    "app.command[]": WORD,
    "app.environment": {"propertyNames": {"pattern": "^[^=\\u0000]+$"}},
    "app.environment{}": WORD,
    "app.packages[]": {"pattern": NO_NUL},
    "app.include[]": {"pattern": NO_NUL},
    "app.exclude[]": {"pattern": NO_NUL},
    "python.extras[]": {"pattern": NO_NUL},
    "python.groups[]": {"pattern": NO_NUL},
    "python.requirements": {"pattern": BELOW},
    "base.from": {"pattern": NO_NUL},
    "base.packages[]": {"pattern": NO_NUL},
    "debug.packages[]": {"pattern": NO_NUL},
    "image.labels": {"propertyNames": {"pattern": NO_NUL}},
    "image.labels{}": {"pattern": NO_NUL},
    "base.debs[]": {"pattern": BELOW},
    "base.repositories[]": {
        "if": {"properties": {"suite": {"pattern": "/$"}}},
        "then": {"properties": {"components": {"maxItems": 0}}},
    },
    "base.repositories[].url": {"pattern": f"^(https?://{_HOST}|file://({_HOST})?){_PLACE}$"},
    "base.repositories[].suite": {"pattern": f"^(\\./|/|{_NAMES}/?)$"},
    "base.repositories[].components[]": {"pattern": f"^{_NAMES}$"},
    "base.repositories[].key": {"pattern": BELOW},
    "copy[]": {
        "if": {"required": ["stage"], "properties": {"stage": {"minLength": 1}}},
        "then": {"properties": {"from": {"pattern": ABSOLUTE}}},
        "else": {"properties": {"from": {"pattern": BELOW}}},
    },
    "copy[].stage": {"pattern": NO_NUL},
    "stage[].name": {"pattern": NO_NUL},
    "stage[].base": {"pattern": NO_NUL},
    "stage[].packages[]": {"pattern": NO_NUL},
    "stage[].environment": {"propertyNames": {"pattern": NO_NUL}},
    "stage[].environment{}": WORD,
    "stage[].workdir": {"pattern": ABSOLUTE},
    "copy[].to": {"pattern": ABSOLUTE},
    "copy[].mode": {"pattern": "^(0?[0-7]{3,4})?$"},
    "copy[].owner": {"pattern": ID},
    "image.user": {"pattern": ID},
    "image.ports[]": {
        "minimum": 1,
        "maximum": 65535,
        "pattern": f"^(?!0+(/|$)){up_to(65535)}(/(tcp|udp|sctp))?$",
    },
    "image.certificates[]": {"pattern": BELOW},
    "image.locales[]": {"pattern": "^[A-Za-z][A-Za-z0-9_.@-]*$"},
    "image.platforms[]": {"pattern": "^((linux/)?(amd64|arm64)|linux/arm64/v8|x86_64|aarch64)$"},
    "image.compression": {"enum": ["gzip", "zstd"]},
    "image.stop_signal": {"pattern": "^(SIG[A-Z0-9]+([+-][0-9]+)?|[1-9][0-9]?)?$"},
    "image.workdir": {"pattern": f"^$|{ABSOLUTE}"},
    "image.volumes[]": {"pattern": BELOW_ROOT},
    "image.writable[]": {"pattern": BELOW_ROOT},
    "image.healthcheck.command": PROGRAM,
    "image.healthcheck.command[]": {"pattern": NO_NUL},
    "image.healthcheck.interval": SECONDS,
    "image.healthcheck.timeout": SECONDS,
    "image.healthcheck.start_period": SECONDS,
    "image.healthcheck.retries": {"minimum": 0, "maximum": LARGEST_ID},
    "policy.fail_on[]": {"pattern": f"^{CONDITION}(\\+{CONDITION})*$"},
    "policy.max_database_days": {"minimum": 0, "maximum": LARGEST_ID},
    "policy.ignore": {"pattern": f"^$|{BELOW}"},
    "policy.vex[]": {"pattern": BELOW},
    "policy.denied_licenses[]": {"pattern": NAMED},
    "policy.license_exceptions[]": {"pattern": NAMED},
    "policy.denied_packages[]": {"pattern": NAMED},
    "policy.max_size": {"pattern": SIZE},
    "policy.max_download": {"pattern": SIZE},
    "policy.labels[]": {"pattern": "^[^=\\u0000][^\\u0000]*$"},
    "reach.keep[]": {"pattern": "^(/[^\\u0000]*|[^/\\u0000]*)$"},
}
