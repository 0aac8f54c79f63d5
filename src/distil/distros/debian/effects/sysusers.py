"""``sysusers.d`` files: users and groups as data (sysusers.d(5))."""

from __future__ import annotations

import shlex

from distil.distros.debian.effects.accounts import Account, Group

_UNSET = "-"


def parse_sysusers(text: str) -> tuple[list[Account], list[Group]] | None:
    """The users and groups a file asks for; None when a line is not understood.

    Lines that add members or set ranges (``m``, ``r``) ask for nothing an image needs.
    """
    accounts: list[Account] = []
    groups: list[Group] = []
    for line in text.splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            return None
        if not words or words[0] in ("m", "r"):
            continue
        kind, name, number, comment, home, *_ = (*words, *(_UNSET,) * 5)
        uid, _, gid = ("" if number == _UNSET else number).partition(":")
        if "%" in line or (not (uid + gid).isdigit() and (uid + gid)):
            return None
        if kind.rstrip("!-") == "u":
            place = "/" if home == _UNSET else home
            about = "" if comment == _UNSET else comment
            accounts.append(Account(name, name, place, about, _known(uid), _known(gid)))
        elif kind == "g":
            groups.append(Group(name, _known(uid)))
        else:
            return None
    return accounts, groups


def _known(number: str) -> int | None:
    return int(number) if number.isdigit() else None
