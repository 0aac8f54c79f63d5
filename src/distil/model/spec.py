"""What the user asks for: ``distil.toml`` as values, every one with a default."""

from __future__ import annotations

import enum

import msgspec

DEFAULT_BASE = "debian:trixie"
DEFAULT_USER = "65532"
SCRATCH = "scratch"
"""The base with nothing in it but what evidence asks for."""


class AppSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[app]``: the application itself."""

    name: str | None = None
    """Name of the image when no tag is given; the project's name by default."""
    runtime: str = ""
    """What the application is written for: ``python``, ``go``, ``rust``, or ``program`` for what
    this file says in full; found out by default."""
    entrypoint: tuple[str, ...] | None = None
    """Exec-form entrypoint; found out from the project by default."""
    command: tuple[str, ...] = ()
    """Default arguments, which ``docker run IMAGE …`` replaces."""
    environment: dict[str, str] = {}
    """Environment variables of the container."""
    packages: tuple[str, ...] = ()
    """Debian packages the application needs beside its runtime, such as ``libpq5``."""
    include: tuple[str, ...] = ()
    """Patterns of application files to take along although an ignore file names them, or although
    they look like secrets."""
    exclude: tuple[str, ...] = ()
    """Patterns of application files to leave out."""


class ByteCode(enum.StrEnum):
    """Whether modules are in the image as byte code too."""

    NONE = "none"
    """Python compiles what it imports, at every start: the smallest image."""
    COMPILED = "compiled"
    """Every module is there as byte code as well: the fastest start."""


class PythonSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[python]``: how the project's dependencies are chosen."""

    extras: tuple[str, ...] = ()
    """Extras of the project to install."""
    groups: tuple[str, ...] = ()
    """Dependency groups (PEP 735) to install; none by default, so no development tools."""
    requirements: str | None = None
    """Requirements file to use, relative to the application and inside of it; found by default."""
    bytecode: ByteCode = ByteCode.NONE
    """``none``, or ``compiled``: modules are in the image as byte code too. It is a quarter to a
    third larger then, and a start takes a quarter of the processor time."""


class RepositorySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[base.repositories]]``: an apt repository beside Debian's own suites."""

    url: str
    """Address of the repository, without user name and password."""
    suite: str
    """Directory below ``dists``, or a path that ends in ``/`` for a flat repository."""
    key: str
    """OpenPGP keyring file, relative to the application: the only keys it is checked with."""
    components: tuple[str, ...] = ()
    """Components to use; ``main`` by default, none in a flat repository."""


class BaseSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """``[base]``: where system packages come from."""

    source: str = ""
    """``debian:SUITE``, ``scratch`` or an image; what suits the runtime by default."""
    packages: tuple[str, ...] = ()
    """Debian packages to put into the image whatever the application is."""
    debs: tuple[str, ...] = ()
    """Local .deb files to put into the image: patterns relative to the application."""
    repositories: tuple[RepositorySpec, ...] = ()
    """Further apt repositories, each checked with a key of its own."""


class MountSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``mounts`` of a stage: what its commands see and the stage does not hold."""

    at: str
    """Absolute path in the stage."""
    cache: str = ""
    """Name of a directory that is kept between builds, of this and other applications."""
    secret: str = ""
    """Name of a secret, which ``--secret NAME=FILE`` gives; a file that only commands can read."""


class StageSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "base"}):
    """``[[stage]]``: a place to build in with all tools, of which only copies are taken."""

    name: str
    """What copies and other stages call it."""
    source: str = ""
    """``debian:SUITE``, an image, or the name of a stage above; Debian by default."""
    packages: tuple[str, ...] = ()
    """Debian packages that the commands need; taken whole."""
    run: tuple[str | tuple[str, ...], ...] = ()
    """Commands, each a text for ``/bin/sh`` or the words of one program; run in order."""
    environment: dict[str, str] = {}
    """Environment variables of the commands."""
    workdir: str = "/src"
    """Where the application's files are, and the commands begin."""
    mounts: tuple[MountSpec, ...] = ()
    """Directories that are kept between builds, and secrets."""
    network: bool = False
    """Whether commands may reach the network."""
    seconds: float = 3600
    """Seconds that all commands together may take."""
    memory: str = "4g"
    """Memory that all processes together may use: ``512m``, ``4g``."""


class CopySpec(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"source": "from", "target": "to"},
):
    """``[[copy]]``: files of your own, put where you say."""

    source: str
    """File, directory or pattern (``conf/**/*.ini``), relative to the application; of a stage an
    absolute path in it."""
    target: str
    """Absolute path in the image, not below ``/proc``, ``/sys`` or ``/dev``; with a ``/`` at the
    end a directory to put things into."""
    mode: str = ""
    """Octal mode of the files, such as ``"0640"``; 0644 or 0755 by default."""
    owner: str = "0"
    """Numeric ``uid`` or ``uid:gid``."""
    stage: str = ""
    """The stage that it is copied from; the application's own files by default."""


class HealthcheckSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[image.healthcheck]``: Docker's health check; times in seconds."""

    command: tuple[str, ...]
    """Exec-form command; the container is healthy while it ends with 0."""
    interval: float = 30
    """Seconds between two checks."""
    timeout: float = 30
    """Seconds after which a check has failed."""
    start_period: float = 0
    """Seconds after the start in which a failed check does not count."""
    retries: int = 3
    """Failed checks in a row that make the container unhealthy."""


class ImageSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[image]``: the image's configuration."""

    user: str = DEFAULT_USER
    """Numeric ``uid`` or ``uid:gid``."""
    ports: tuple[int | str, ...] = ()
    """Ports the application listens on: ``8000`` or ``"53/udp"``."""
    labels: dict[str, str] = {}
    """Labels, which are also written as annotations when they are OCI's own keys."""
    git: bool = False
    """Label the image with the commit and the repository that it was built from."""
    volumes: tuple[str, ...] = ()
    """Paths that the engine mounts a volume on."""
    writable: tuple[str, ...] = ()
    """Directories that belong to the user and are volumes, so a read-only root is no obstacle."""
    certificates: tuple[str, ...] = ()
    """Files of certificate authorities (PEM) that the image trusts beside Debian's; by their paths
    in the application's directory."""
    locales: tuple[str, ...] = ()
    """Locales beside C.UTF-8, such as ``de_DE.UTF-8``: these of Debian's ``locales-all``."""
    workdir: str = ""
    """Working directory, which holds the application's files; ``/app`` by default, ``/`` for
    programs whose sources stay outside."""
    stop_signal: str = ""
    """Signal that asks the application to end: ``SIGTERM`` or ``15``; ``SIGTERM`` by default, for
    a known service the one that lets it finish its work."""
    healthcheck: HealthcheckSpec | None = None
    platforms: tuple[str, ...] = ()
    """What to build for: ``linux/amd64``, ``linux/arm64``; this machine's platform by default.
    Several make one image index."""
    compression: str = "gzip"
    """Of the layers: ``gzip``, which everything reads, or ``zstd``."""


class DebugSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[debug]``: what the debug twin holds beside a shell."""

    packages: tuple[str, ...] = ()
    """Debian packages of the debug twin, beside busybox."""


class Level(enum.StrEnum):
    """How far an image is minimised; each level is part of the one before."""

    PACKAGES = "packages"
    """Whole packages of the closure, less what no program reads."""
    REACHABLE = "reachable"
    """What static evidence reaches from the entrypoint."""


class ReachSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[reach]``: what stays in the image."""

    level: Level = Level.REACHABLE
    """How far the image is minimised."""
    keep: tuple[str, ...] = ()
    """What to keep whatever the evidence and the cuts say: patterns of paths
    (``/usr/share/hunspell/**``), or of names of packages and distributions (``hunspell-*``)."""


class PolicySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[policy]``: what the image has to be like, else it is written nowhere."""

    fail_on: tuple[str, ...] = ()
    """Vulnerabilities that must not be there: ``critical``, ``high``, ``medium`` or ``low`` and
    what is worse, ``kev`` (known to be exploited), ``fixable``, ``any``; with ``+`` what is all of
    it: ``["kev", "high+fixable"]``."""
    complete: bool = False
    """Whether it must be certain that all vulnerabilities are known: everything in the image is
    recognised, and advisories cover it."""
    max_database_days: int | None = None
    """Days that the vulnerability database may be old."""
    ignore: str = ""
    """File that says which findings to ignore, why and until when; relative to the application."""
    vex: tuple[str, ...] = ()
    """VEX documents that are believed; relative to the application."""
    denied_licenses: tuple[str, ...] = ()
    """Licences that nothing in the image may have: SPDX ids, or patterns such as ``AGPL-*``. Of
    several to choose from, one that is allowed is enough."""
    license_exceptions: tuple[str, ...] = ()
    """Components whose licence does not matter: patterns of names, ``deb:*`` for all of a kind."""
    denied_packages: tuple[str, ...] = ()
    """Components that must not be there: patterns of names, such as ``telnet*`` or ``npm:*``."""
    max_size: str = ""
    """Size of all files, such as ``60MB``."""
    max_download: str = ""
    """Size of the layers as they are stored and sent, such as ``25MB``."""
    labels: tuple[str, ...] = ()
    """Labels that it must have: names, or ``NAME=PATTERN`` for what they have to say."""
    shell: bool = True
    """Whether a shell may be there."""
    package_manager: bool = True
    """Whether a package manager may be there, of the system or of a language."""
    setuid: bool = True
    """Whether files may be there that run with their owner's or their group's rights."""
    root: bool = True
    """Whether it may run as root."""


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``distil.toml``."""

    app: AppSpec = AppSpec()
    python: PythonSpec = PythonSpec()
    base: BaseSpec = BaseSpec()
    stage: tuple[StageSpec, ...] = ()
    copy: tuple[CopySpec, ...] = ()
    image: ImageSpec = ImageSpec()
    reach: ReachSpec = ReachSpec()
    debug: DebugSpec = DebugSpec()
    policy: PolicySpec = PolicySpec()

    def completed(self, *, base: str, workdir: str) -> Spec:
        """The same with a base and a working directory where it names none."""
        return msgspec.structs.replace(
            self,
            base=msgspec.structs.replace(self.base, source=self.base.source or base),
            image=msgspec.structs.replace(self.image, workdir=self.image.workdir or workdir),
        )
