"""Debian's own tools in maintainer scripts: dpkg, debconf, alternatives, accounts."""

from __future__ import annotations

from typing import Final

from distil.distros.debian.effects.accounts import Account, Group
from distil.distros.debian.effects.evaluation import Evaluation, Handler
from distil.distros.debian.effects.expansion import Text
from distil.distros.debian.effects.file_commands import parse_arguments
from distil.distros.debian.effects.machine import Alternative
from distil.distros.debian.effects.outcome import DONE, FAILED, UNKNOWN, Result
from distil.distros.debian.effects.sysusers import parse_sysusers
from distil.distros.debian.version import compare_versions

# --- dpkg ------------------------------------------------------------------------------------

_RELATIONS: Final = {
    "lt": (-1,), "le": (-1, 0), "eq": (0,), "ne": (-1, 1), "ge": (0, 1), "gt": (1,),
    "<<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">>": (1,), "<": (-1, 0), ">": (0, 1),
}  # fmt: skip


def _dpkg(run: Evaluation, arguments: list[Text]) -> Result:
    if arguments[:1] == ["--compare-versions"]:
        return Result(_compared(arguments[1:]))
    if arguments[:1] == ["--print-architecture"]:
        return Result(status=True, output=run.machine.architecture + "\n")
    return _dpkg_query(run, arguments)


def _compared(arguments: list[Text]) -> bool | None:
    """Compare as dpkg does: no version is the earliest one, with ``-nl`` the latest."""
    if len(arguments) != 3 or None in arguments:
        return None
    left, relation, right = (word or "" for word in arguments)
    latest = relation.endswith("-nl")
    accepted = _RELATIONS.get(relation.removesuffix("-nl"))
    if accepted is None:
        return None
    if not left or not right:
        order = 0 if left == right else -1 if (not left) is not latest else 1
    else:
        order = compare_versions(left, right)
    return order in accepted


def _dpkg_query(run: Evaluation, arguments: list[Text]) -> Result:
    """Nothing is known of packages that are not there; what is printed of others is unknown."""
    name = (arguments[-1] if arguments else None) or ""
    if name.split(":")[0] in run.machine.packages or not name or name.startswith("-"):
        return UNKNOWN
    return FAILED


def _dpkg_divert(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments, ("--package", "--divert"))
    if parsed is None:
        return run.report("diverts a file whose name is computed")
    if "--truename" in parsed.options or "--truename" in arguments:
        return Result(status=True, output=(parsed.names or [""])[-1] + "\n")
    if "--list" in parsed.options or "--remove" in parsed.options:
        return FAILED if "--list" in parsed.options else DONE
    path = parsed.names[-1] if parsed.names else ""
    if run.machine.find(path, follow=False) is None:
        return DONE
    owners = [
        pack.name
        for pack in run.machine.packages.values()
        if pack.name != run.package and any(member.path == path for member in pack.members)
    ]
    return run.report(f"diverts {path}") if owners else DONE


def _statoverride(run: Evaluation, arguments: list[Text]) -> Result:
    if "--list" in arguments or "--remove" in arguments:
        return FAILED
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) != 4:
        return run.report("overrides an owner in a way that is computed")
    user, group, mode, path = parsed.names
    run.call(["chown", f"{user}:{group}", path])
    return run.call(["chmod", mode, path])


# --- debconf ---------------------------------------------------------------------------------


def _db_get(run: Evaluation, arguments: list[Text]) -> Result:
    """The default answer; a question without one has no answer."""
    question = arguments[0] if arguments else None
    answer = run.answers.get(question or "")
    run.assign("RET", answer or "")
    return DONE if answer is not None else FAILED


def _db_unknown(run: Evaluation, arguments: list[Text]) -> Result:  # noqa: ARG001
    run.assign("RET", None)
    return DONE


def _done(run: Evaluation, arguments: list[Text]) -> Result:  # noqa: ARG001
    return DONE


# --- alternatives ----------------------------------------------------------------------------


def _alternatives(run: Evaluation, arguments: list[Text]) -> Result:
    """``--install`` with its slaves; everything else looks or tidies up."""
    if "--install" not in arguments:
        return FAILED if {"--list", "--query", "--display"} & set(arguments) else DONE
    if None in arguments:
        return run.report("installs an alternative whose name is computed")
    words = [word or "" for word in arguments]
    at = words.index("--install")
    if len(words) < at + 5 or not words[at + 4].lstrip("-").isdigit():
        return run.report("installs an alternative that is not understood")
    link, name, path, priority = words[at + 1 : at + 5]
    slaves = [
        (words[n + 1], words[n + 2], words[n + 3])
        for n, word in enumerate(words[:-3])
        if word == "--slave"
    ]
    found = Alternative(link, name, path, int(priority), tuple(slaves))
    return run.change(f"install {path} for {link}", lambda: run.machine.alternatives.append(found))


# --- accounts --------------------------------------------------------------------------------

_USER_OPTIONS: Final = (
    "--home", "--uid", "--gid", "--ingroup", "--gecos", "--comment", "--shell", "--firstuid",
    "--lastuid", "-d", "-u", "-g", "-c", "-s", "-G", "-k", "-K", "--home-dir", "--groups",
)  # fmt: skip


def _adduser(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments, _USER_OPTIONS)
    if parsed is None or not parsed.names:
        return run.report("creates a user whose name is computed")
    options = parsed.options
    if len(parsed.names) == 2:
        user, group = parsed.names
        add = (user, group)
        return run.change(f"add {user} to {group}", lambda: run.machine.members.append(add))
    name = parsed.names[0]
    uid = options.get("--uid") or options.get("-u") or ""
    group = options.get("--ingroup") or options.get("--gid") or options.get("-g") or ""
    if not group:
        own = "--group" in options or "-U" in options or "--user-group" in options
        group = name if own or "--system" not in options else "nogroup"
    home = options.get("--home") or options.get("--home-dir") or options.get("-d") or ""
    account = Account(
        name,
        group,
        home or "/nonexistent",
        options.get("--gecos") or options.get("--comment") or options.get("-c") or "",
        int(uid) if uid.isdigit() else None,
    )

    def create() -> None:
        run.machine.accounts.append(account)
        if home and not {"--no-create-home", "-M", "--no-home"} & options.keys():
            run.machine.make_directory(home, run.package)
            ownership = run.machine.own(home)
            ownership.user, ownership.group = name, group

    return run.change(f"create user {name}", create)


def _addgroup(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments, ("--gid", "-g", "-K"))
    if parsed is None or len(parsed.names) != 1:
        return run.report("creates a group whose name is computed")
    gid = parsed.options.get("--gid") or parsed.options.get("-g") or ""
    group = Group(parsed.names[0], int(gid) if gid.isdigit() else None)
    return run.change(f"create group {group.name}", lambda: run.machine.groups.append(group))


def _getent(run: Evaluation, arguments: list[Text]) -> Result:
    """The entry of Debian's own accounts; of those that scripts create, that there is one."""
    parsed = parse_arguments(arguments)
    if parsed is None or len(parsed.names) != 2 or parsed.names[0] not in ("passwd", "group"):
        return UNKNOWN
    table, name = parsed.names
    machine = run.machine
    for entry in machine.base.users if table == "passwd" else machine.base.groups:
        if name in (entry[0], entry[2]):
            return Result(status=True, output=":".join(entry) + "\n")
    made = {account.name if table == "passwd" else account.group for account in machine.accounts}
    if table == "group":
        made |= {group.name for group in machine.groups}
    return Result(status=True, output=None) if name in made else FAILED


def _id(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments)
    if parsed is None or not parsed.names:
        return UNKNOWN
    return _getent(run, ["passwd", parsed.names[-1]])


def _sysusers(run: Evaluation, arguments: list[Text]) -> Result:
    parsed = parse_arguments(arguments, ("--root", "--replace"))
    if parsed is None:
        return run.report("creates users of a list whose name is computed")
    for name in parsed.names:
        path = name if name.startswith("/") else f"/usr/lib/sysusers.d/{name}"
        data = run.machine.contents(path)
        found = None if data is None else parse_sysusers(data.decode("utf-8", "surrogateescape"))
        if found is None:
            return run.report(f"creates the users of {path}")

        def create(found: tuple[list[Account], list[Group]] = found) -> None:
            run.machine.accounts += found[0]
            run.machine.groups += found[1]

        run.change(f"create the users of {path}", create)
    return DONE


SYSTEM_COMMANDS: Final[dict[str, Handler]] = {
    "dpkg": _dpkg,
    "dpkg-query": _dpkg_query,
    "dpkg-divert": _dpkg_divert,
    "dpkg-statoverride": _statoverride,
    "db_get": _db_get,
    "db_metaget": _db_unknown,
    **dict.fromkeys(
        (
            "db_version", "db_capb", "db_input", "db_go", "db_stop", "db_title", "db_subst",
            "db_fset", "db_fget", "db_set", "db_reset", "db_register", "db_unregister",
            "db_purge", "db_settitle", "db_info", "db_beginblock", "db_endblock", "db_clear",
        ),
        _done,
    ),
    "update-alternatives": _alternatives,
    "adduser": _adduser,
    "useradd": _adduser,
    "addgroup": _addgroup,
    "groupadd": _addgroup,
    "getent": _getent,
    "id": _id,
    "systemd-sysusers": _sysusers,
}  # fmt: skip
"""Handlers by name."""
