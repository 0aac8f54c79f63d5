"""What to write where, to have another version of a component."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from distil.model.finding import Upgrade

_PLAIN: Final = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._+~:/^-]*")
"""Names and versions that mean nothing to a shell or a parser: they come from anybody's image."""


class Line(msgspec.Struct, frozen=True):
    """`text` is for `where`: a file, or ``$`` for a shell."""

    where: str
    text: str


_WRITTEN: Final = {
    "python": ("requirements.txt", "{name}>={to}"),
    "npm": ("$", "npm install {name}@{to}"),
    "go": ("$", "go get {name}@v{to}"),
    "rust": ("$", "cargo update -p {name} --precise {to}"),
    "gem": ("$", "bundle update --conservative {name}"),
    "composer": ("$", "composer require {name}:^{to}"),
    "dotnet": ("$", "dotnet add package {name} --version {to}"),
    "java": ("pom.xml", "{name}:{to}"),
    "deb": ("Dockerfile", "RUN apt-get update && apt-get install -y --only-upgrade {names}"),
    "apk": ("Dockerfile", "RUN apk upgrade --no-cache {names}"),
    "rpm": ("Dockerfile", "RUN dnf upgrade -y {names}"),
}
"""By kind of component: where, and what."""

_GO_ITSELF: Final = "stdlib"


def lines_for(upgrade: Upgrade) -> tuple[Line, ...]:
    """What to write for `upgrade`; nothing where it depends on how the image is made."""
    if upgrade.kind not in _WRITTEN:
        return ()
    if not all(map(_PLAIN.fullmatch, (upgrade.package, upgrade.target, *upgrade.names))):
        return ()
    if upgrade.kind == "go" and upgrade.package == _GO_ITSELF:
        return (Line("go.mod", f"toolchain go{upgrade.target}"),)
    where, text = _WRITTEN[upgrade.kind]
    to = upgrade.target.removeprefix("v") if upgrade.kind == "go" else upgrade.target
    names = " ".join(dict.fromkeys(upgrade.names))
    return (Line(where, text.format(name=upgrade.package, names=names, to=to)),)
