"""``[image] locales``: which directories of Debian's ``locales-all`` hold the locales named.

A locale is a directory below /usr/lib/locale, called as setlocale(3) looks it up: the character
set in small letters without punctuation (``_nl_normalize_codeset`` of glibc), so ``de_DE.UTF-8``
is ``de_DE.utf8``. C, POSIX and C.UTF-8 are in every image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from distil.distros.debian.archive import DebPack
from distil.errors import nearest

PACKAGE: Final = "locales-all"
DIRECTORY: Final = "/usr/lib/locale"

_EVERYWHERE: Final = frozenset({"C", "POSIX", "C.utf8"})
_SHOWN: Final = 8
_NAME: Final = re.compile(r"([^.@]*)(?:\.([^@]*))?(@.*)?")


def further_locales(names: Iterable[str]) -> dict[str, str]:
    """The directory of each of the locales `names`, but for those that are in every image."""
    found = {name: f"{DIRECTORY}/{_normalised(name)}" for name in names}
    return {
        name: path for name, path in found.items() if path[len(DIRECTORY) + 1 :] not in _EVERYWHERE
    }


def unknown_locales(names: Iterable[str], packs: Sequence[DebPack]) -> dict[str, list[str]]:
    """Those of the locales `names` that ``locales-all`` among `packs` lacks, with near ones."""
    there = {
        member.path.removeprefix(f"{DIRECTORY}/").split("/")[0]
        for pack in packs
        if pack.name == PACKAGE
        for member in pack.members
        if member.path.startswith(f"{DIRECTORY}/")
    }
    wanted = further_locales(names)
    return {
        name: _near(name, there)
        for name, path in wanted.items()
        if path.removeprefix(f"{DIRECTORY}/") not in there
    }


def _normalised(name: str) -> str:
    """The name of the directory that setlocale finds the locale `name` in."""
    match = _NAME.fullmatch(name)
    if match is None or match[2] is None:
        return name
    charset = re.sub(r"[^a-z0-9]", "", match[2].lower())
    charset = f"iso{charset}" if charset.isdigit() else charset
    return f"{match[1]}.{charset}{match[3] or ''}"


def _near(name: str, there: Iterable[str]) -> list[str]:
    """Locales that `name` may be meant for: the same language's, else those spelt alike."""
    shown = sorted(one.replace(".utf8", ".UTF-8") for one in there)
    language = re.split(r"[_.@-]", name)[0].lower()
    same = [one for one in shown if re.split(r"[_.@]", one)[0].lower() == language]
    alike = nearest(name, same, _SHOWN) or nearest(name, shown, _SHOWN)
    return list(dict.fromkeys([*alike, *same]))[:_SHOWN]
