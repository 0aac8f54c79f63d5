"""The effects of maintainer scripts: worked out where they can be, named where they cannot.

Each script is followed as on the first installation of all packages: ``preinst install``, then
``postinst configure``, then ``postinst triggered`` for the triggers that were activated. Then come
the directories that a service manager makes at every start. Packages that are taken in part are
left out: what their scripts do is written by distil itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.effects.accounts import Accounts
from distil.distros.debian.effects.arguments import done
from distil.distros.debian.effects.evaluation import Evaluation
from distil.distros.debian.effects.expansion import State
from distil.distros.debian.effects.file_commands import FILE_COMMANDS
from distil.distros.debian.effects.machine import SEARCH_PATH, Machine, System
from distil.distros.debian.effects.mode_commands import MODE_COMMANDS
from distil.distros.debian.effects.outcome import Exhausted, Text
from distil.distros.debian.effects.php_commands import PHP_COMMANDS
from distil.distros.debian.effects.record import ScriptEffects, UnhandledScript, recorded
from distil.distros.debian.effects.shell import SHELL, Handler
from distil.distros.debian.effects.shell_commands import SHELL_COMMANDS
from distil.distros.debian.effects.system_commands import SYSTEM_COMMANDS
from distil.distros.debian.effects.system_files import DIRECTORIES, LINKS
from distil.distros.debian.effects.text_commands import TEXT_COMMANDS
from distil.distros.debian.effects.tmpfiles import DIRECTORY as TMPFILES
from distil.distros.debian.effects.tmpfiles import tmpfiles_script
from distil.distros.debian.errors import MalformedScript
from distil.distros.debian.merged_usr import MERGED, merged_path
from distil.formats.patterns import path_expression
from distil.model.node import Kind, Node

DATA: Final = Path(__file__).parents[1] / "data" / "scripts.toml"
"""What is known of commands and packages; it documents its own format."""

_ANY: Final = re.compile(r"[\s\S]*")
_TMPFILES: Final = "tmpfiles.d"
_LARGEST_TABLE: Final = 1 << 20
"""Bytes of a file of tmpfiles.d."""


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


class PackageScripts(msgspec.Struct, frozen=True):
    """The maintainer scripts of a package by name, with what decides about them.

    `answers` are the defaults to its questions, `triggers` the lines of its triggers file.
    """

    package: str
    scripts: Mapping[str, bytes]
    answers: Mapping[str, str] = {}
    triggers: tuple[tuple[str, str], ...] = ()


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
    nodes: dict[str, Node] = {}
    owners: dict[str, str] = {}
    for pack in packs:
        for node in pack.pack.nodes(pack.origin):
            path = merged_path(node.path, node.kind)
            if path not in nodes:
                nodes[path] = msgspec.structs.replace(node, path=path)
                owners[path] = pack.name
    used = {path.split("/", 3)[2] for path in nodes if path.startswith("/usr/")}
    for name in used.intersection(MERGED):
        link = Node(f"/{name}", Kind.SYMLINK, 0o777, target=f"usr/{name}")
        nodes.setdefault(link.path, link)
    nodes["/dev/null"] = Node("/dev/null", Kind.CHARACTER, 0o666, device=(1, 3))
    for path, mode in DIRECTORIES:
        nodes.setdefault(path, Node(path, Kind.DIRECTORY, mode))
    for path, target in LINKS:
        nodes.setdefault(path, Node(path, Kind.SYMLINK, 0o777, target=target))
    for path, node in nodes.items():
        if node.kind is Kind.HARDLINK:
            shared = nodes.get(merged_path(node.target, Kind.FILE), node)
            nodes[path] = msgspec.structs.replace(shared, path=path, kind=Kind.FILE)
    system = System({pack.name for pack in packs}, nodes, owners, Accounts(packs), architecture)
    scripts = [
        PackageScripts(pack.name, pack.scripts, pack.answers, pack.triggers)
        for pack in packs
        if pack.name not in passed_over
    ]
    return follow_scripts(scripts, system, knowledge or default_knowledge())


def follow_scripts(
    packages: Sequence[PackageScripts], system: System, knowledge: ScriptKnowledge
) -> ScriptEffects:
    """What the scripts of `packages`, newly unpacked on `system`, do to it, in their order.

    Nothing is run. The work is bounded: a script that takes more than `SCRIPT_WORK`, or is there
    when all `IMAGE_WORK` is done, is reported, and so is everything that is not modelled.
    """
    machine = Machine(system)
    commands = _commands(system.nodes, knowledge)
    found: set[UnhandledScript] = set()
    for one in packages:
        found |= _follow(one, machine, commands, "preinst", ("install",))
    for one in packages:
        found |= _follow(one, machine, commands, "postinst", ("configure", ""))
    for one, triggers in _activated(packages, machine):
        words = ("triggered", " ".join(triggers))
        found |= _follow(one, machine, commands, "postinst", words)
    for one in _at_boot(packages, system):
        found |= _follow(one, machine, commands, _TMPFILES, ())
    covered = knowledge.covered
    unhandled = [one for one in found if not any(entry.covers(one) for entry in covered)]
    return recorded(machine, unhandled)


def _at_boot(packages: Sequence[PackageScripts], system: System) -> Iterator[PackageScripts]:
    """What a service manager would do for each of `packages`, as another script of theirs."""
    texts: dict[str, list[str]] = {}
    for path, node in sorted(system.nodes.items()):
        if path.startswith(TMPFILES) and node.blob is not None and node.size <= _LARGEST_TABLE:
            text = node.blob.read().decode("utf-8", "surrogateescape")
            texts.setdefault(system.owners.get(path, ""), []).append(text)
    for one in packages:
        if one.package in texts:
            script = tmpfiles_script(texts[one.package]).encode("utf-8", "surrogateescape")
            yield PackageScripts(one.package, {_TMPFILES: script})


def _follow(
    package: PackageScripts,
    machine: Machine,
    commands: dict[str, Handler],
    script: str,
    arguments: tuple[str, ...],
) -> set[UnhandledScript]:
    data, name = package.scripts.get(script), package.package
    if data is None:
        return set()
    if not SHELL.match(data):
        first = data.split(b"\n", 1)[0][:60].decode("ascii", "replace")
        return {UnhandledScript(name, script, f"is no shell script: {first}")}
    variables: dict[str, Text] = {
        "0": f"/var/lib/dpkg/info/{name}.{script}",
        "DPKG_MAINTSCRIPT_PACKAGE": name,
        "DPKG_MAINTSCRIPT_NAME": script,
        "DPKG_MAINTSCRIPT_ARCH": machine.architecture,
        "DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT": "1",
        "DPKG_ROOT": "",
        "DPKG_ADMINDIR": "/var/lib/dpkg",
        "DEBIAN_FRONTEND": "noninteractive",
        "PATH": ":".join(SEARCH_PATH),
        "PWD": "/",
    }
    run = Evaluation(machine, name, commands, State(variables, arguments=list(arguments)))
    run.answers = dict(package.answers)
    machine.budget.begin()
    try:
        run.whole(data)
    except MalformedScript as error:
        run.report(f"cannot be read: {error.message}")
    except Exhausted:
        run.unhandled["takes too much work to follow"] = None
    except RecursionError:
        run.report("nests too deeply")
    return {UnhandledScript(name, script, what) for what in run.unhandled}


def _commands(paths: Iterable[str], knowledge: ScriptKnowledge) -> dict[str, Handler]:
    commands = {
        **SHELL_COMMANDS,
        **TEXT_COMMANDS,
        **FILE_COMMANDS,
        **MODE_COMMANDS,
        **SYSTEM_COMMANDS,
        **PHP_COMMANDS,
    }
    for entry in knowledge.harmless:
        if entry.unless:
            expression = re.compile(path_expression(entry.unless))
            if any(expression.fullmatch(path) for path in paths):
                continue
        commands.update(dict.fromkeys(entry.commands, done))
    return commands


def _activated(
    packages: Sequence[PackageScripts], machine: Machine
) -> Iterator[tuple[PackageScripts, tuple[str, ...]]]:
    """The packages whose triggers fire, each with the triggers' names (deb-triggers(5))."""
    named = {
        name
        for one in packages
        for directive, name in one.triggers
        if directive.startswith("activate")
    }
    for one in packages:
        interests = [name for word, name in one.triggers if word.startswith("interest")]
        fired = [
            name
            for name in interests
            if name in named or (name.startswith("/") and machine.others_have(one.package, name))
        ]
        if fired:
            yield one, tuple(fired)


def _glob(pattern: str, text: str) -> bool:
    pieces: Iterable[str] = map(re.escape, pattern.split("*"))
    return re.fullmatch(_ANY.pattern.join(pieces), text) is not None
