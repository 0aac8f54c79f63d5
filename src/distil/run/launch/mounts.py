"""The root of a sandbox: what is mounted, where, and how nothing leads out of it.

Every source is opened before the first mount, and every target is looked up as a process in the
root would, so that a link that a root holds leads nowhere but to another place of the root.
"""

from __future__ import annotations

import errno
import os

from distil.run.launch import kernel
from distil.run.launch.kernel import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_REC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from distil.run.launch.plan import Plan

PLACES = ("/tmp", "/run", "/mnt", "/home", "/srv", "/proc")  # noqa: S108
"""Directories of the host, one of which is there to be mounted over, in this namespace only."""

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}

_RESERVED_IDS = 300
"""Process ids that are not given a second time (kernel/pid.c)."""
_OWN_IDS = (6, 14)
"""The Linux from which on a process namespace has its own ``pid_max``; it was the machine's."""

READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
HIDDEN = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/scsi",
    "/proc/timer_list",
)
"""What engines keep from a container of /proc: who is root outside could change the host there."""


class Refused(Exception):
    """A step of the set-up that the kernel refused; `what` names it."""

    def __init__(self, what: str, number: int, detail: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.number = number
        self.detail = detail


class step:  # noqa: N801
    """A block whose OSError is a `Refused` of this name."""

    # Not made by contextlib, which takes longer to import than the set-up to do.

    def __init__(self, what: str, detail: str = "") -> None:
        self._what = what
        self._detail = detail

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise Refused(self._what, error.errno or 0, self._detail) from error


def build(plan: Plan) -> None:
    """Mount everything and make it the root of this process. Raises `Refused`."""
    with step("mounts"):
        kernel.mount("none", "/", "", MS_REC | kernel.MS_PRIVATE)
        sources = _Sources(plan)
        place = next(place for place in PLACES if os.path.isdir(place))
        # What is written to a root without a layer is here.
        most = min(filter(None, (plan.memory, plan.disk)), default=0)
        kernel.mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=755{_size(most)}")
    root = f"{place}/root"
    _mount_root(plan, sources, place, root)
    handle = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    if plan.copied:
        with step("places"):
            for path, is_directory in targets(plan):
                _make_in_root(handle, path, is_directory=is_directory)
    _own(handle, plan)
    inside = _Inside(handle, plan, place)
    inside.volumes()
    if plan.read_only:
        with step("root"):
            kernel.restrict_mount(handle, kernel.MOUNT_ATTR_RDONLY, below=False)
    inside.proc()
    inside.devices(sources)
    inside.texts()
    inside.secrets(sources)
    inside.asked_for(sources)
    inside.protect()
    with step("root"):
        os.fchdir(handle)
        kernel.pivot_here()


def has_own_ids(release: str) -> bool:
    """Whether each process namespace of this Linux has a largest process id of its own."""
    numbers = release.partition("-")[0].split(".")[:2]
    if not all(number.isdecimal() for number in numbers):
        return False
    return tuple(map(int, numbers)) >= _OWN_IDS


class _Sources:
    """Handles of what is mounted from the host, taken while its paths still mean it."""

    def __init__(self, plan: Plan) -> None:
        self.lower = _handle(plan.lower)
        self.upper = _handle(plan.upper) if plan.upper else -1
        self.binds: dict[str, int] = {}
        for source, target, *_ in (*plan.binds, *plan.optional):
            with step("bind", source):
                self.binds[target] = _handle(source)
        self.devices: dict[str, int] = {}
        for name in DEVICES:
            try:
                self.devices[name] = _handle(f"/dev/{name}")
            except OSError:
                continue


def _handle(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def _bind(handle: int, target: str) -> None:
    kernel.mount(f"/proc/self/fd/{handle}", target, "", MS_BIND | MS_REC)


def _size(most: int) -> str:
    """The option of tmpfs(5) that holds it to so many bytes; 0: half of the machine's memory."""
    return f",size={most}" if most else ""


def _mount_root(plan: Plan, sources: _Sources, place: str, root: str) -> None:
    for name in ("lower", "layer", "layer/upper", "layer/work", "places", "root"):
        os.mkdir(f"{place}/{name}", 0o755)
    with step("root", plan.lower):
        _bind(sources.lower, f"{place}/lower")
        if plan.upper:
            _bind(sources.upper, f"{place}/layer")
        if plan.copied:
            kernel.mount(f"{place}/layer/copy", root, "", MS_BIND | MS_REC)
            return
    _make_places(plan, f"{place}/places")
    options = f"lowerdir={place}/lower:{place}/places,userxattr"
    if plan.upper or plan.owners or plan.volumes or not plan.read_only:
        # Volatile: nothing is written through to the disk, not even at the end. A layer is not
        # meant to outlast a crash, and its file system is other people's too.
        options += f",upperdir={place}/layer/upper,workdir={place}/layer/work,volatile"
    with step("overlay"):
        kernel.mount("overlay", root, "overlay", MS_NOSUID | MS_NODEV, options)


def targets(plan: Plan) -> list[tuple[str, bool]]:
    """Every path that something is mounted on, and whether it is a directory."""
    found = [
        ("/proc", True),
        ("/dev", True),
        *((path, True) for path in (*plan.tmpfs, *plan.volumes)),
    ]
    found += [(path, False) for path, _ in (*plan.texts, *plan.secrets)]
    binds = (*plan.binds, *plan.optional)
    return found + [(target, is_directory) for _, target, _, is_directory in binds]


def _make_places(plan: Plan, lowest: str) -> None:
    """Make what is mounted on, below everything else: what the root has of it, it keeps."""
    with step("places"):
        for path, is_directory in targets(plan):
            make_place(lowest, path, is_directory=is_directory)


def make_place(top: str, path: str, *, is_directory: bool) -> None:
    """Make a directory, or an empty file, at `path` of `top`, which holds no links."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    for number in range(1, len(parts) + 1):
        here = "/".join((top, *parts[:number]))
        if os.path.lexists(here):
            continue
        if number < len(parts) or is_directory:
            os.mkdir(here, 0o755)
        else:
            os.close(os.open(here, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _make_in_root(root: int, path: str, *, is_directory: bool) -> None:
    """The same in a root that may hold links, which lead to places of the root alone."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    above = os.dup(root)
    for number, part in enumerate(parts, 1):
        here = "/" + "/".join(parts[:number])
        try:
            handle = kernel.open_in_root(root, here, os.O_PATH)
        except FileNotFoundError:
            inner = f"/proc/self/fd/{above}/{part}"
            if number < len(parts) or is_directory:
                os.mkdir(inner, 0o755)
            else:
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
                os.close(os.open(inner, flags, 0o644))
            handle = kernel.open_in_root(root, here, os.O_PATH)
        os.close(above)
        above = handle
    os.close(above)


def _own(root: int, plan: Plan) -> None:
    for path, uid, gid in plan.owners:
        with step("owners", path):
            handle = kernel.open_in_root(root, path, os.O_PATH | os.O_NOFOLLOW)
            mode = os.fstat(handle).st_mode & 0o7777
            os.chown(f"/proc/self/fd/{handle}", uid, gid)
            os.chmod(f"/proc/self/fd/{handle}", mode)
            os.close(handle)


class _Inside:
    """Mounts on paths of the root at the handle `root`."""

    def __init__(self, root: int, plan: Plan, place: str) -> None:
        self._root = root
        self._plan = plan
        self._place = place

    def _at(self, path: str) -> int:
        return kernel.open_in_root(self._root, path, os.O_PATH)

    def _mount(self, source: str, path: str, kind: str, flags: int, options: str = "") -> None:
        handle = self._at(path)
        kernel.mount(source, f"/proc/self/fd/{handle}", kind, flags, options)
        os.close(handle)

    def _bind(self, source: int, path: str, attributes: int) -> None:
        handle = self._at(path)
        _bind(source, f"/proc/self/fd/{handle}")
        os.close(handle)
        mounted = self._at(path)
        kernel.restrict_mount(mounted, attributes, below=True)
        os.close(mounted)

    def volumes(self) -> None:
        """Directories of the root as mounts of their own: they stay writable when it is not."""
        for path in self._plan.volumes:
            with step("volume", path):
                self._over_itself(path, 0)

    def proc(self) -> None:
        """/proc, of this process namespace."""
        with step("proc"):
            self._mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        if self._plan.processes:
            self._bound_ids(2 * self._plan.processes)

    def _bound_ids(self, most: int) -> None:
        """Let there be at most `most` processes, whoever they belong to (Linux 6.14).

        Root's are not counted by RLIMIT_NPROC. Before that, outside has to be quick: who is root
        outside would set the limit of the whole machine.
        """
        if not has_own_ids(os.uname().release):
            return
        try:
            handle = kernel.open_in_root(self._root, "/proc/sys/kernel/pid_max", os.O_WRONLY)
        except OSError:
            return
        try:
            os.write(handle, b"%d" % (_RESERVED_IDS + most))
        except OSError:
            return
        finally:
            os.close(handle)

    def devices(self, sources: _Sources) -> None:
        """A /dev of its own, with the devices that every program may have."""
        with step("devices"):
            self._mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k")
            top = f"/proc/self/fd/{self._at('/dev')}"
            for name, handle in sources.devices.items():
                os.close(os.open(f"{top}/{name}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC))
                _bind(handle, f"{top}/{name}")
            for name, target in DEVICE_LINKS.items():
                os.symlink(target, f"{top}/{name}")
            os.mkdir(f"{top}/pts")
            os.mkdir(f"{top}/shm")
            terminals = MS_NOSUID | MS_NOEXEC
            kernel.mount("devpts", f"{top}/pts", "devpts", terminals, "newinstance,ptmxmode=0666")
            self._tmpfs("/dev/shm")  # noqa: S108

    def _tmpfs(self, path: str) -> None:
        options = f"mode=1777{_size(self._plan.memory)}"
        self._mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options)

    def texts(self) -> None:
        """Small files of the launcher's own over the root's."""
        os.mkdir(f"{self._place}/texts", 0o755)
        for number, (path, text) in enumerate(self._plan.texts):
            source = f"{self._place}/texts/{number}"
            with open(source, "wb", buffering=0) as stream:
                stream.write(text.encode())
            os.chmod(source, 0o644)
            self._optional(_handle(source), path, 0)

    def secrets(self, sources: _Sources) -> None:
        """Files of the task's own in memory, to be mounted as what comes from the host is."""
        for number, (path, data) in enumerate(self._plan.secrets):
            source = f"{self._place}/texts/secret-{number}"
            with open(source, "xb", buffering=0) as stream:
                stream.write(data)
            os.chmod(source, 0o400)
            sources.binds[path] = _handle(source)

    def _optional(self, source: int, path: str, attributes: int) -> None:
        try:
            self._bind(source, path, kernel.MOUNT_ATTR_NOSUID | attributes)
        except OSError as error:
            # A link to nothing, or a directory where a file should be: then it is left alone.
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise

    def asked_for(self, sources: _Sources) -> None:
        """What the task wants mounted, the outer before the inner."""
        plan = self._plan
        for _, target, writable, _ in plan.optional:
            attributes = 0 if writable else kernel.MOUNT_ATTR_RDONLY
            with step("bind", target):
                self._optional(sources.binds[target], target, attributes)
        can_write = {target: can for _, target, can, _ in plan.binds}
        can_write |= dict.fromkeys((path for path, _ in plan.secrets), False)
        memory = frozenset(plan.tmpfs)
        for path in sorted((*can_write, *memory), key=lambda path: path.count("/")):
            with step("bind", path):
                self._place_in_memory(path)
                if path in memory:
                    self._tmpfs(path)
                    continue
                attributes = kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
                if not can_write[path]:
                    attributes |= kernel.MOUNT_ATTR_RDONLY
                self._bind(sources.binds[path], path, attributes)

    def _place_in_memory(self, path: str) -> None:
        """Make what `path` is mounted on where it lies in one of the task's own tmpfs."""
        above = [one for one in self._plan.tmpfs if path.startswith(f"{one.rstrip('/')}/")]
        if not above:
            return
        outer = max(above, key=len)
        handle = self._at(outer)
        is_directory = dict(targets(self._plan))[path]
        make_place(f"/proc/self/fd/{handle}", path[len(outer) :], is_directory=is_directory)
        os.close(handle)

    def protect(self) -> None:
        """Keep from the task what of /proc belongs to the machine."""
        with step("proc"):
            for path in READ_ONLY:
                self._over_itself(path, kernel.MOUNT_ATTR_RDONLY)
            for path in HIDDEN:
                self._cover(path)

    def _over_itself(self, path: str, attributes: int) -> None:
        try:
            handle = self._at(path)
        except FileNotFoundError:
            return
        self._bind(handle, path, attributes)
        os.close(handle)

    def _cover(self, path: str) -> None:
        try:
            handle = self._at(path)
        except FileNotFoundError:
            return
        is_directory = os.path.isdir(f"/proc/self/fd/{handle}")
        os.close(handle)
        if is_directory:
            self._mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | 1, "size=0")
        else:
            self._bind(self._at("/dev/null"), path, kernel.MOUNT_ATTR_RDONLY)
