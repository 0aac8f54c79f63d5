"""The effects of maintainer scripts: worked out where they can be, named where they cannot.

Each script is followed as on the first installation of all packages: ``preinst install``, then
``postinst configure``, then ``postinst triggered`` for the triggers that were activated. Packages
that are taken in part are left out: what their scripts do is written by distil itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.effects.evaluation import SHELL, Evaluation, Handler
from distil.distros.debian.effects.expansion import Text
from distil.distros.debian.effects.file_commands import FILE_COMMANDS
from distil.distros.debian.effects.machine import Machine
from distil.distros.debian.effects.outcome import DONE, Leave, Result
from distil.distros.debian.effects.record import ScriptEffects, UnhandledScript, recorded
from distil.distros.debian.effects.shell_commands import SHELL_COMMANDS
from distil.distros.debian.effects.system_commands import SYSTEM_COMMANDS
from distil.distros.debian.formats.shell import parse_script
from distil.errors import MalformedScript
from distil.formats.patterns import path_expression

DATA: Final = Path(__file__).parents[1] / "data" / "scripts.toml"
"""What is known of commands and packages; it documents its own format."""

_ANY: Final = re.compile(r"[\s\S]*")


class _Harmless(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    commands: tuple[str, ...]
    reason: str
    unless: tuple[str, ...] = ()


class Covered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something left over that an image need not have, and why."""

    package: str
    what: str
    reason: str

    def covers(self, found: UnhandledScript) -> bool:
        """Whether this is about `found`."""
        return _glob(self.package, found.package) and _glob(self.what, found.what)


class ScriptKnowledge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data file ``data/scripts.toml``, which documents its own format."""

    harmless: tuple[_Harmless, ...]
    covered: tuple[Covered, ...] = ()


@functools.cache
def default_knowledge() -> ScriptKnowledge:
    """What distil comes with."""
    import tomllib

    return msgspec.convert(tomllib.loads(DATA.read_text("utf-8")), ScriptKnowledge)


def script_effects(
    packs: Sequence[DebPack],
    architecture: str,
    passed_over: Collection[str] = (),
    knowledge: ScriptKnowledge | None = None,
) -> ScriptEffects:
    """What the scripts of `packs` make, and what of it cannot be made.

    `packs` are all packages there are, of which the scripts of those named in `passed_over` are
    not followed. `architecture` is Debian's name of the platform.
    """
    knowledge = knowledge or default_knowledge()
    machine = Machine(packs, architecture)
    commands = _commands(packs, knowledge)
    found: set[UnhandledScript] = set()
    followed = [pack for pack in packs if pack.name not in passed_over]
    for pack in followed:
        found |= _follow(pack, machine, commands, "preinst", ("install",))
    for pack in followed:
        found |= _follow(pack, machine, commands, "postinst", ("configure", ""))
    for pack, triggers in _activated(followed, machine):
        words = ("triggered", " ".join(triggers))
        found |= _follow(pack, machine, commands, "postinst", words)
    covered = knowledge.covered
    unhandled = [one for one in found if not any(entry.covers(one) for entry in covered)]
    return recorded(machine, unhandled)


def _follow(
    pack: DebPack,
    machine: Machine,
    commands: dict[str, Handler],
    script: str,
    arguments: tuple[str, ...],
) -> set[UnhandledScript]:
    data = pack.scripts.get(script)
    if data is None:
        return set()
    if not SHELL.match(data):
        first = data.split(b"\n", 1)[0][:60].decode("ascii", "replace")
        return {UnhandledScript(pack.name, script, f"is no shell script: {first}")}
    run = Evaluation(machine, pack.name, commands)
    run.answers = pack.answers
    run.arguments = list(arguments)
    run.assign("0", f"/var/lib/dpkg/info/{pack.name}.{script}")
    run.assign("DPKG_MAINTSCRIPT_PACKAGE", pack.name)
    run.assign("DPKG_MAINTSCRIPT_NAME", script)
    run.assign("DPKG_MAINTSCRIPT_ARCH", machine.architecture)
    run.assign("DEBIAN_FRONTEND", "noninteractive")
    run.assign("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    try:
        run.run(parse_script(data.decode("utf-8", "surrogateescape")))
    except MalformedScript as error:
        run.report(f"cannot be read: {error.message}")
    except Leave:
        pass
    return {UnhandledScript(pack.name, script, what) for what in run.unhandled}


def _commands(packs: Sequence[DebPack], knowledge: ScriptKnowledge) -> dict[str, Handler]:
    commands = {**SHELL_COMMANDS, **FILE_COMMANDS, **SYSTEM_COMMANDS}
    paths: list[str] | None = None
    for entry in knowledge.harmless:
        if entry.unless:
            paths = paths or [member.path for pack in packs for member in pack.members]
            expression = re.compile(path_expression(entry.unless))
            if any(expression.fullmatch(path) for path in paths):
                continue
        commands.update(dict.fromkeys(entry.commands, _nothing))
    return commands


def _nothing(run: Evaluation, arguments: list[Text]) -> Result:  # noqa: ARG001
    return DONE


def _activated(
    packs: Sequence[DebPack], machine: Machine
) -> Iterator[tuple[DebPack, tuple[str, ...]]]:
    """The packages whose triggers fire, each with the triggers' names (deb-triggers(5))."""
    named = {
        name
        for pack in packs
        for directive, name in pack.triggers
        if directive.startswith("activate")
    }
    for pack in packs:
        interests = [name for word, name in pack.triggers if word.startswith("interest")]
        fired = [
            name
            for name in interests
            if name in named or (name.startswith("/") and _others_have(machine, pack, name))
        ]
        if fired:
            yield pack, tuple(fired)


def _others_have(machine: Machine, pack: DebPack, directory: str) -> bool:
    return any(
        member.path.startswith(directory + "/")
        for other in machine.packages.values()
        if other is not pack
        for member in other.members
    )


def _glob(pattern: str, text: str) -> bool:
    pieces: Iterable[str] = map(re.escape, pattern.split("*"))
    return re.fullmatch(_ANY.pattern.join(pieces), text) is not None
