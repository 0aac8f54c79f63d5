"""Commands of the system: dpkg, debconf, alternatives, accounts.

Their answers are those of a first installation, where nothing was chosen, diverted or configured.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from distil.distros.debian.effects.accounts import Account, Group
from distil.distros.debian.effects.arguments import (
    Options,
    done,
    known,
    number,
    only_prints,
    parse,
    parsed,
)
from distil.distros.debian.effects.machine import Alternative
from distil.distros.debian.effects.outcome import Status, Text, Unclear
from distil.distros.debian.effects.shell import Handler, Shell
from distil.distros.debian.effects.sysusers import parse_sysusers
from distil.distros.debian.errors import MalformedScript
from distil.formats.debian_version import compare_versions

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?", re.ASCII)
_FIELDS: Final = re.compile(r"[^:\n\0]*")
"""What can stand in a field of the tables of users and groups."""

_USER_OPTIONS: Final = (
    "system quiet group ingroup=g: gid=g: g: uid=u: u: home=d: home-dir=d: d: gecos=c: comment=c:"
    " c: shell=s: s: no-create-home=M M no-home=M disabled-login disabled-password allow-bad-names"
    " force-badname firstuid=x: lastuid=x: add-extra-groups=x add_extra_groups=x U=group"
    " user-group=group r=system N m create-home=m K: k:"
)

_GROUP_OPTIONS: Final = "system quiet force-badname gid=g: g: r f firstgid=x: lastgid=x:"

# --- dpkg ------------------------------------------------------------------------------------

_RELATIONS: Final = {
    "lt": (-1,), "le": (-1, 0), "eq": (0,), "ne": (-1, 1), "ge": (0, 1), "gt": (1,),
    "<<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">>": (1,), "<": (-1, 0), ">": (0, 1),
}  # fmt: skip


def _dpkg(run: Shell, arguments: list[str]) -> Status:
    if arguments[:1] == ["--compare-versions"]:
        return _compared(arguments[1:])
    if arguments == ["--print-architecture"]:
        run.print(run.machine.architecture + "\n")
        return True
    return _dpkg_query(run, arguments)


def _compared(arguments: list[str]) -> Status:
    """Compare as dpkg does: no version is the earliest one, with ``-nl`` the latest."""
    if len(arguments) != 3:
        return None
    left, relation, right = arguments
    latest = relation.endswith("-nl")
    accepted = _RELATIONS.get(relation.removesuffix("-nl"))
    if accepted is None:
        return None
    if not left or not right:
        order = 0 if left == right else -1 if (not left) is not latest else 1
    else:
        order = compare_versions(left, right)
    return order in accepted


def _dpkg_query(run: Shell, arguments: list[str]) -> Status:
    """Nothing is known of packages that are not there; what is printed of others is unknown."""
    name = arguments[-1] if arguments else ""
    if name.split(":")[0] in run.machine.packages or not name or name[0] in "-/" or "*" in name:
        raise Unclear
    return False


def _dpkg_divert(run: Shell, options: Options, names: list[str]) -> Status:
    path = names[-1] if names else ""
    if "truename" in options:
        run.print(path + "\n")
        return True
    if "listpackage" in options:
        return True
    if "list" in options or "remove" in options:
        return "remove" in options
    node = run.machine.find(path, follow=False)
    if node is None or run.machine.owner(node) == run.package:
        return True
    raise Unclear


def _statoverride(run: Shell, options: Options, names: list[str]) -> Status:
    if "list" in options or "remove" in options:
        return False
    if len(names) != 4:
        raise Unclear
    user, group, mode, path = names
    status = run.call(["chown", f"{user}:{group}", path])
    return run.call(["chmod", mode, path]) if status else status


def _ucf(run: Shell, arguments: list[str]) -> Status:
    """Copy a configuration file to where there is none; there is nothing to forget."""
    if "--purge" in arguments:
        return True
    words = [word for word in arguments if word != "-three-way"]
    _, names = parse(words, "three-way debconf-ok no-debconf-ok debconf-template: src-dir: d v")
    if len(names) != 2 or run.machine.find(names[1]) is not None:
        raise Unclear
    return run.call(["cp", "-p", *names])


# --- debconf ---------------------------------------------------------------------------------


def _db_get(run: Shell, arguments: list[str]) -> Status:
    """The default answer; without one there is none for a script that is prepared for that.

    Where it is not, its configuration script, which is not followed, would have set one.
    """
    question = arguments[0] if arguments else ""
    run.assign("RET", run.answers.get(question, ""))
    return question in run.answers or not run.tested


def _db_set(run: Shell, arguments: list[Text]) -> Status:
    if not arguments or arguments[0] is None:
        raise Unclear
    run.answers[arguments[0]] = arguments[1] if len(arguments) == 2 else None
    return True


def _db_unknown(run: Shell, arguments: list[Text]) -> Status:  # noqa: ARG001
    run.assign("RET", None)
    return True


# --- alternatives ----------------------------------------------------------------------------


def _alternatives(run: Shell, arguments: list[str]) -> Status:
    """``--install`` with its slaves; everything else looks or tidies up."""
    if "--install" not in arguments:
        if not {"--list", "--query", "--display"}.isdisjoint(arguments):
            return False
        if {"--remove", "--remove-all", "--auto"}.isdisjoint(arguments):
            raise Unclear
        return True
    at = arguments.index("--install")
    priority = number(arguments[at + 4]) if len(arguments) > at + 4 else None
    if priority is None:
        raise Unclear
    link, name, path = arguments[at + 1 : at + 4]
    slaves = [
        (arguments[n + 1], arguments[n + 2], arguments[n + 3])
        for n, word in enumerate(arguments[:-3])
        if word == "--slave"
    ]
    found = Alternative(link, name, path, priority, tuple(slaves))
    return run.change(f"install {path} for {link}", lambda: run.machine.alternatives.append(found))


# --- accounts --------------------------------------------------------------------------------


def _adduser(run: Shell, options: Options, names: list[str]) -> Status:
    if len(names) == 2:
        add = (names[0], names[1])
        return run.change(f"add {add[0]} to {add[1]}", lambda: run.machine.members.append(add))
    if len(names) != 1 or not _NAME.fullmatch(names[0]):
        raise Unclear
    name = names[0]
    if run.machine.has_user(name):
        return "system" in options
    group = options.get("g", "")
    if not group:
        group = name if "group" in options or "system" not in options else "nogroup"
    home, comment = options.get("d", ""), options.get("c", "")
    if not _FIELDS.fullmatch(f"{group}{home}{comment}"):
        raise Unclear
    account = Account(name, group, home or "/nonexistent", comment, _wished(options, "u"))
    status = run.change(f"create user {name}", lambda: run.machine.add(accounts=[account]))
    if status and home and "M" not in options and run.machine.find(home) is None:
        run.call(["mkdir", "-p", home])
        return run.call(["chown", f"{name}:{group}", home])
    return status


def _addgroup(run: Shell, options: Options, names: list[str]) -> Status:
    if len(names) == 2:
        return _adduser(run, {}, names)
    if len(names) != 1 or not _NAME.fullmatch(names[0]):
        raise Unclear
    group = Group(names[0], _wished(options, "g"))
    return run.change(f"create group {group.name}", lambda: run.machine.add(groups=[group]))


def _wished(options: Options, name: str) -> int | None:
    """The number that an option asks for, None without it. Raises `Unclear`."""
    value = number(options.get(name, ""))
    if value is None and name in options:
        raise Unclear
    return value


def _getent(run: Shell, options: Options, names: list[str]) -> Status:  # noqa: ARG001
    """The entry of Debian's own accounts; of those that scripts create, that there is one."""
    table, name = names
    if table not in ("passwd", "group"):
        raise Unclear
    machine = run.machine
    for entry in machine.base.users if table == "passwd" else machine.base.groups:
        if name in (entry[0], entry[2]):
            run.print(":".join(entry) + "\n")
            return True
    made = machine.has_user(name) if table == "passwd" else machine.has_group(name)
    if made:
        run.print(None)
    return made


def _id(run: Shell, options: Options, names: list[str]) -> Status:
    """The names of the groups of a user that a script created; other answers are not known."""
    account = run.machine.accounts.get(names[0])
    if account is not None and options.keys() == {"G", "n"}:
        groups = [
            account.group,
            *(group for name, group in run.machine.members if name == names[0]),
        ]
        run.print(" ".join(dict.fromkeys(groups)) + "\n")
        return True
    found = run.machine.has_user(names[0])
    if found:
        run.print(None)
    return found


def _su(run: Shell, options: Options, names: list[str]) -> Status:
    """Follow a command in a shell of another user; what only its rights decide is not known."""
    if "c" not in options or len(names) != 1 or not run.machine.has_user(names[0]):
        raise Unclear
    try:
        body = run.parsed(options["c"])
    except MalformedScript:
        raise Unclear from None

    def as_user() -> Status:
        run.state.user = names[0]
        return run.run(body)

    return run.subshell(as_user)


def _sysusers(run: Shell, options: Options, names: list[str]) -> Status:  # noqa: ARG001
    for name in names:
        path = name if name.startswith("/") else f"/usr/lib/sysusers.d/{name}"
        data = run.machine.contents(path)
        found = None if data is None else parse_sysusers(data.decode("utf-8", "surrogateescape"))
        if found is None:
            raise Unclear
        run.change(f"create the users of {path}", partial(run.machine.add, *found))
    return True


SYSTEM_COMMANDS: Final[dict[str, Handler]] = {
    "dpkg": only_prints(known(_dpkg)),
    "dpkg-query": only_prints(known(_dpkg_query)),
    "dpkg-divert": parsed(
        _dpkg_divert,
        "quiet rename no-rename add remove list truename listpackage package: divert: local",
    ),
    "ucf": known(_ucf),
    "dpkg-statoverride": parsed(
        _statoverride, "quiet force update add remove list force-all"
    ),
    "db_get": known(_db_get),
    "db_set": _db_set,
    "db_metaget": _db_unknown,
    "db_fget": _db_unknown,
    **dict.fromkeys(
        (
            "db_version", "db_capb", "db_input", "db_go", "db_stop", "db_title", "db_subst",
            "db_fset", "db_reset", "db_unregister", "db_purge",
            "db_beginblock", "db_endblock",
        ),
        done,
    ),
    "update-alternatives": known(_alternatives),
    **dict.fromkeys(("adduser", "useradd"), parsed(_adduser, _USER_OPTIONS)),
    **dict.fromkeys(("addgroup", "groupadd"), parsed(_addgroup, _GROUP_OPTIONS)),
    "getent": only_prints(parsed(_getent, count=2)),
    "id": only_prints(parsed(_id, "u g G n r", count=1)),
    "su": parsed(_su, "l m p s: c: shell=s: command=c: login=l"),
    "systemd-sysusers": parsed(_sysusers, "root: replace:"),
}  # fmt: skip
"""Handlers by name."""
