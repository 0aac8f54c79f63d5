"""Every error distil raises on purpose: what, where, why, and the next step.

Each class knows its exit code. 1: the answer is "no". 2: the work could not be done (usage,
input, network). 3: the answer could not be told. Nothing below `cli` exits the process.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Sequence

_LONGEST_SLIP = 100
"""Characters of a word that is compared with others, which takes their product."""


class DistilError(Exception):
    """Base of all errors meant for a user: one message, one optional hint."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


def nearest(word: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The entries of `known` that `word` may be a slip of, best first."""
    if len(word) > _LONGEST_SLIP:
        return []
    return difflib.get_close_matches(word, list(known), n=limit, cutoff=0.6)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names what `word` may be a slip of, or an empty string."""
    found = nearest(word, known)
    return f"did you mean {' or '.join(found)}?" if found else ""


# --- model ---------------------------------------------------------------------------------


class InvalidDigest(DistilError):
    """A digest that is not ``sha256:`` and 64 hexadecimal digits."""

    def __init__(self, value: str) -> None:
        super().__init__(f"{value!r} is not a sha256 digest")


class InvalidPath(DistilError):
    """A path in an archive or image that cannot be honoured."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"unsafe path {path!r}: {why}")


class CorruptContent(DistilError):
    """Bytes on this machine's disk that no longer match their digest."""

    def __init__(self, path: str, digest: str) -> None:
        super().__init__(
            f"{path}: content does not match its digest {digest}",
            hint="something changed the file meanwhile, or the disk is failing",
        )
        self.path = path


class UnknownPlatform(DistilError):
    """A platform distil cannot build for."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown platform {name!r}", hint=f"use one of {', '.join(known)}")


class FileConflict(DistilError):
    """Two origins want the same path with different contents."""

    def __init__(self, path: str, first: str, second: str) -> None:
        super().__init__(f"{path} comes from both {first} and {second}, with different contents")


class LinkLoop(DistilError):
    """Symbolic links inside an image that never end."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: too many levels of symbolic links")


class NotADirectory(DistilError):
    """A path whose parent is a file."""

    def __init__(self, path: str, origin: str) -> None:
        super().__init__(f"{path} ({origin}) is not a directory, but other paths lie below it")


class DanglingHardLink(DistilError):
    """A hard link to a path that is not there."""

    def __init__(self, path: str, target: str) -> None:
        super().__init__(f"{path} is a hard link to {target!r}, which is not a file of the image")


# --- specification -------------------------------------------------------------------------


class InvalidSpec(DistilError):
    """A ``distil.toml`` (or an option that overrides it) that cannot be honoured."""

    def __init__(
        self, filename: str, line: int | None, key: str, why: str, *, hint: str = ""
    ) -> None:
        place = f"{filename}:{line}" if line else filename
        super().__init__(f"{place}: {key}: {why}" if key else f"{place}: {why}", hint=hint)
        self.filename, self.line, self.key = filename, line, key


class SpecExists(DistilError):
    """A ``distil.toml`` that is there already, and that nobody said to replace."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is there already",
            hint="--stdout shows what would be written, --force replaces the file",
        )


# --- fetch and trust -----------------------------------------------------------------------


class CacheUnwritable(DistilError):
    """The cache directory cannot be created or written."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"the cache at {path} cannot be written: {why}",
            hint="set DISTIL_CACHE_DIR to a directory of your own",
        )


class CorruptCache(DistilError):
    """A file of the cache that is not what was stored there; it is `removed` if that can be."""

    def __init__(self, what: str, path: str, *, removed: bool) -> None:
        super().__init__(
            f"{what} in the cache is not what was stored there: {path} does not match its digest",
            hint=("it was removed: run again" if removed else "remove it, and run again")
            + "; if this comes back, check the disk and who else writes there",
        )
        self.path = path


class DiskFull(DistilError):
    """No space left where distil has to write."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"no space left on the disk that holds {path}",
            hint="free some space, or run `distil cache gc`; nothing half-written was left",
        )


class CacheInUse(DistilError):
    """The cache cannot be cleaned while another process reads from it."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"the cache at {path} is in use by another process",
            hint="wait for it to end, then clean again",
        )


class NetworkError(DistilError):
    """Base of what can go wrong between here and a server; `url` holds no credentials."""

    advice = "check the network, the proxy and the address"

    def __init__(self, what: str, url: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"cannot fetch {what} from {url}: {why}", hint=hint or self.advice)
        self.url = url


class ConnectionFailed(NetworkError):
    """Refused, reset, or no answer in time, after all retries."""


class HostNotFound(NetworkError):
    """The name of the host has no address."""


class TlsFailed(NetworkError):
    """The server's certificate is not trusted, or the handshake failed."""


class ServerError(NetworkError):
    """An HTTP status that is neither success nor one of the more particular classes."""


class NotFound(NetworkError):
    """HTTP 404 or 410: the server does not have it."""

    advice = "check the address, or ask for what there is now with --refresh"


class ArchiveGone(NotFound):
    """A Debian archive that the mirror no longer has: a newer version took its place."""

    def __init__(self, what: str, url: str) -> None:
        super().__init__(
            what,
            url,
            "the mirror no longer has it, probably because a newer version took its place",
            hint="ask the mirror anew with --refresh, or name one that keeps old versions: "
            "`snapshot-mirror` in config.toml, or DISTIL_DEBIAN_SNAPSHOT_MIRROR",
        )


class AccessDenied(NetworkError):
    """HTTP 401, 403 or 407: credentials are missing or wrong."""


class TruncatedDownload(NetworkError):
    """The connection ended before the last byte, after all retries."""

    advice = "try again, or another mirror"


class TooManyRedirects(NetworkError):
    """A chain of HTTP redirects that does not end, or leads out of HTTP."""


class Offline(NetworkError):
    """Something that is not in the cache is needed, and the network may not be used."""

    def __init__(self, what: str, url: str) -> None:
        super().__init__(
            what,
            url,
            "it is not in the cache, and the network is not to be used",
            hint="run once without --offline",
        )


class NoAnswer(DistilError):
    """Something that was given a certain time and took longer."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(
            f"{what}: no answer within {seconds:g} s",
            hint="check the network, the name servers and the proxy",
        )


class InvalidUrl(DistilError):
    """An address that cannot be fetched from."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url}: {why}")


class WrongSize(DistilError):
    """A download that is not as long as its verified description says."""

    def __init__(self, what: str, url: str, expected: int, got: str) -> None:
        super().__init__(
            f"{what} from {url} should have {expected} bytes, but has {got}",
            hint="the mirror or a proxy changed the file; try another mirror",
        )


class WrongDigest(DistilError):
    """A download whose bytes are not those its verified description names."""

    def __init__(self, what: str, url: str, expected: str, got: str) -> None:
        super().__init__(
            f"{what} from {url} should have the digest {expected}, but has {got}",
            hint="the mirror or a proxy changed the file; try another mirror",
        )


class TooLarge(DistilError):
    """A document of unknown size that goes on for longer than is sensible."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"{what} is larger than the {limit} bytes allowed")


class KeyringUnreadable(DistilError):
    """A file that should hold OpenPGP certificates and does not."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"the keyring {path} cannot be used: {why}",
            hint="name an exported public key, armored or binary, as `keyring` in config.toml "
            "or in DISTIL_DEBIAN_KEYRING",
        )


class TrustError(DistilError):
    """Base of what is wrong with a document that has to be signed."""


class NotSigned(TrustError):
    """A document without a signature where there has to be one."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not a signed document",
            hint="is this an apt repository, or did a login page answer?",
        )


class TextOutsideSignature(TrustError):
    """Text that nobody signed, in a document that has a signature."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(
            f"{what} has text {where} its signed part that nobody signed",
            hint="somebody changed the file; do not use this mirror",
        )


class UnknownSigner(TrustError):
    """A document signed only by keys that are not trusted."""

    def __init__(self, what: str, keys: Sequence[str]) -> None:
        super().__init__(
            f"{what} is signed by none of the trusted keys, but by {', '.join(keys)}",
            hint="for a mirror with a key of its own, name that as `keyring` in config.toml or "
            "in DISTIL_DEBIAN_KEYRING",
        )


class UnusableKey(TrustError):
    """A document signed only by keys that are expired or revoked."""

    def __init__(self, what: str, key: str, why: str) -> None:
        super().__init__(f"{what} is signed by the key {key}, which is {why}")


class BadSignature(TrustError):
    """A document that is not what its signer signed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} has no valid signature: it is not what its signer signed",
            hint="somebody or something changed the file; try another mirror",
        )


class CredentialsUnreadable(DistilError):
    """A netrc or auth.conf file that does not parse."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}", hint="correct the file, or remove it")


# --- packages ------------------------------------------------------------------------------


class InvalidConfiguration(DistilError):
    """The user's configuration file, or a variable of the environment, that makes no sense."""

    def __init__(self, where: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{where}: {why}", hint=hint)


class NoMirror(DistilError):
    """No Debian mirror is named anywhere."""

    def __init__(self, looked: str) -> None:
        super().__init__(
            f"no Debian mirror is known: none in {looked}",
            hint="set DISTIL_DEBIAN_MIRROR (and DISTIL_DEBIAN_SECURITY_MIRROR) to the address of "
            "one, or write it as `mirror` under [debian] in ~/.config/distil/config.toml",
        )


class UnknownBase(DistilError):
    """A base that is not a Debian suite."""

    def __init__(self, base: str) -> None:
        super().__init__(
            f"the base {base!r} is not one distil can build on",
            hint="write debian:SUITE, such as debian:trixie",
        )


class UnknownSuite(DistilError):
    """A suite that no mirror has."""

    def __init__(self, suite: str, mirrors: Sequence[str], *, hint: str = "") -> None:
        super().__init__(f"there is no Debian suite {suite!r} at {', '.join(mirrors)}", hint=hint)


class UnsupportedArchitecture(DistilError):
    """A suite that does not exist for the target's architecture."""

    def __init__(self, suite: str, architecture: str, known: Sequence[str]) -> None:
        super().__init__(
            f"Debian {suite} does not exist for {architecture}",
            hint=f"it has {', '.join(known)}",
        )


class MissingComponent(DistilError):
    """A component, such as contrib, that a suite does not have."""

    def __init__(self, suite: str, component: str, known: Sequence[str]) -> None:
        super().__init__(
            f"Debian {suite} has no component {component!r}", hint=f"it has {', '.join(known)}"
        )


class MalformedRelease(TrustError):
    """A verified Release file that lacks what it must have."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


class NotDebian(TrustError):
    """A well-signed archive of somebody else."""

    def __init__(self, what: str, origin: str) -> None:
        super().__init__(
            f"{what} says its origin is {origin!r}, not Debian",
            hint="name a mirror of Debian itself",
        )


class WrongSuite(TrustError):
    """A mirror that answers with another suite than the one asked for."""

    def __init__(self, what: str, asked: str, got: str) -> None:
        super().__init__(
            f"{what} is not about the suite {asked}, but about {got}",
            hint="the mirror mixes its suites up, or somebody replays another one; "
            "try another mirror",
        )


class ReleaseExpired(TrustError):
    """A Release file beyond its own Valid-Until."""

    def __init__(self, what: str, until: str, codename: str) -> None:
        super().__init__(
            f"{what} expired on {until}: nobody looks after it any more, or somebody holds "
            "updates back",
            hint="try another mirror, or accept it by name with "
            f"DISTIL_ACCEPT_EXPIRED_INDEX={codename}",
        )


class ReleaseRolledBack(TrustError):
    """A Release file older than one that was verified before."""

    def __init__(self, what: str, date: str, newest: str, codename: str) -> None:
        super().__init__(
            f"{what} is of {date}, but one of {newest} was seen before: the mirror is behind, or "
            "somebody holds updates back",
            hint="wait or try another mirror, or accept it by name with "
            f"DISTIL_ACCEPT_OLDER_INDEX={codename}",
        )


class ReleaseTooOld(TrustError):
    """A Release file older than the user allows."""

    def __init__(self, what: str, date: str, days: float) -> None:
        super().__init__(
            f"{what} is of {date}, which is more than {days:g} days ago",
            hint="try another mirror, or raise DISTIL_RELEASE_MAX_DAYS",
        )


class ReleaseNotYetValid(TrustError):
    """A Release file from the future."""

    def __init__(self, what: str, date: str) -> None:
        super().__init__(
            f"{what} is of {date}, which is in the future", hint="set this machine's clock"
        )


class UnusableRepository(DistilError):
    """An apt repository that does not have what the user says; `key` is the setting to look at."""

    def __init__(self, repository: str, key: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"the repository {repository} {why}", hint=hint)
        self.key = key


class UnusableDeb(DistilError):
    """A local .deb file that cannot be one of the packages of an image."""

    def __init__(self, path: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{path} {why}", hint=hint)


class IndexMismatch(TrustError):
    """An index that is not the one that the signed Release file names."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"{what} does not match the signed Release file: {why}",
            hint="the mirror may be in the middle of an update: try again, or another mirror",
        )


class ByHashMismatch(IndexMismatch):
    """A file named by its digest with other contents: no update in progress explains that."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}, asked for by its digest,", why)
        self.hint = "somebody or something changed the file; try another mirror"


class IndexMissing(DistilError):
    """An index that the mirror should have and does not."""

    def __init__(self, what: str, url: str) -> None:
        super().__init__(
            f"{what} is missing at {url}",
            hint="the mirror may be in the middle of an update: try again with --refresh",
        )


class MalformedArchive(DistilError):
    """An archive whose bytes do not follow its format, or mean two things at once."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


class TruncatedArchive(MalformedArchive):
    """An archive that ends before it says it does."""


class ArchiveTooLarge(MalformedArchive):
    """An archive that unpacks to more than any honest one would."""


class UnsupportedArchive(MalformedArchive):
    """An archive that uses a part of its format that distil does not read."""


class MalformedCertificate(DistilError):
    """An X.509 certificate that cannot be read."""

    def __init__(self, why: str) -> None:
        super().__init__(f"a certificate cannot be read: {why}")


class UnusableCertificate(DistilError):
    """A file of certificates for the image that cannot be used."""

    def __init__(self, name: str, why: str, *, hint: str = "") -> None:
        advice = "[image] certificates are files of authorities in PEM form"
        super().__init__(f"the certificate {name} cannot be used: {why}", hint=hint or advice)


class InvalidUser(DistilError):
    """A user of the image that is not a number."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a numeric user",
            hint='write `user = "65532"` or `"65532:65532"`; names cannot be checked for root',
        )


class MalformedScript(DistilError):
    """A shell script that does not follow the grammar distil reads."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line} of the script: {why}")


class CutReached(DistilError):
    """Files that the image keeps need others that were cut."""

    def __init__(self, found: Sequence[str]) -> None:
        shown = "".join(f"\n  {one}" for one in found)
        super().__init__(
            f"the image would need what is not in it:{shown}",
            hint="add the package that has it to `packages` in distil.toml (dash has /bin/sh)",
        )


class MissingCopyright(DistilError):
    """A package whose copyright file is a link to a package that is not there."""

    def __init__(self, package: str, path: str, target: str) -> None:
        super().__init__(f"{package}: {path} leads to {target}, which no package has")


class MalformedControl(DistilError):
    """Debian control data (an index, a Release file, a package's control) that does not parse."""

    def __init__(self, what: str, line: int, why: str) -> None:
        super().__init__(f"{what}: in the paragraph at line {line}, {why}")


class UnusablePackageEntry(DistilError):
    """A package in an index that lacks what it must have, or says something unsafe."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} cannot be used: {why}")


class MalformedRelation(DistilError):
    """A package relationship field that does not follow its grammar."""

    def __init__(self, text: str, why: str) -> None:
        shown = text if len(text) <= 80 else text[:77] + "..."
        super().__init__(f"the package relation {shown!r} cannot be read: {why}")


class UnknownPackage(DistilError):
    """A Debian package that no index names."""

    def __init__(self, name: str, where: str, similar: Sequence[str] = ()) -> None:
        super().__init__(
            f"there is no package {name!r} in {where}",
            hint=f"did you mean {' or '.join(similar)}?" if similar else "",
        )


class UnknownPackageVersion(DistilError):
    """A version of a Debian package that the indexes do not have."""

    def __init__(self, name: str, version: str, known: Sequence[str]) -> None:
        super().__init__(
            f"{name} has no version {version!r}",
            hint=f"there is {', '.join(known)}" if known else "",
        )


class VirtualPackage(DistilError):
    """A name that several packages provide, so that one of them has to be named instead."""

    def __init__(self, name: str, providers: Sequence[str]) -> None:
        super().__init__(
            f"{name} is a virtual package, which several packages provide",
            hint=f"name one of them: {', '.join(providers)}",
        )


class UnsatisfiableDependencies(DistilError):
    """Packages that cannot be installed together; `chains` say who asks for what, and why not."""

    def __init__(self, chains: Sequence[str]) -> None:
        self.chains = tuple(chains)
        super().__init__("the packages cannot be installed together:\n  " + "\n  ".join(chains))


# --- applications --------------------------------------------------------------------------


class NoApplication(DistilError):
    """A directory in which nothing says that it is an application."""

    def __init__(self, source: str, looked_for: Sequence[str]) -> None:
        super().__init__(
            f"no application found in {source}: there is none of {', '.join(looked_for)}",
            hint="name the directory that holds the project",
        )


class UnreadableSource(DistilError):
    """A file or directory of the application that cannot be read."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")


class InvalidProjectFile(DistilError):
    """A project's own file (pyproject.toml, a lock, requirements) that makes no sense."""

    def __init__(self, path: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{path}: {why}", hint=hint)


class StaleLock(DistilError):
    """A lock file that does not answer what the project asks for now."""

    def __init__(self, path: str, why: str, command: str) -> None:
        super().__init__(f"{path} is out of date: {why}", hint=f"run `{command}`")


class NoLock(DistilError):
    """A locked build of something that has no lock."""

    def __init__(self, path: str, source: str) -> None:
        super().__init__(f"there is no {path}", hint=f"`distil lock {source}` makes it")


class InvalidLock(DistilError):
    """A ``distil.lock`` that cannot be read, or that contradicts itself."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}", hint="remove it, and `distil lock` writes it anew")


class NotLocked(DistilError):
    """A lock that lacks what the image needs: a platform, a package."""

    def __init__(self, path: str, what: str, *, hint: str = "") -> None:
        super().__init__(
            f"{path} holds no {what}", hint=hint or "run `distil lock`, and look at what it changes"
        )


class UnsoundLock(DistilError):
    """A lock that would not come to what it was made from: a defect of distil."""

    def __init__(self, platform: str, what: Sequence[str]) -> None:
        super().__init__(
            f"the lock for {platform} does not say all that decides about "
            f"{', '.join(what)}; please report this"
        )


class WheelDiffers(DistilError):
    """A project of the application's own that was built anew and came out different."""

    def __init__(self, filename: str, expected: str, got: str) -> None:
        super().__init__(
            f"{filename} was built from the locked sources and is {got} instead of {expected}",
            hint="its build back end gives another wheel here; `distil lock --vendor DIR` keeps "
            "the wheel itself",
        )


class UnusableVendor(DistilError):
    """A directory of kept archives that a build cannot use."""

    def __init__(self, directory: str, *, locked: bool) -> None:
        if locked:
            why, hint = "it keeps no archives", "`distil lock --vendor DIR` fills it"
        else:
            why, hint = "archives are kept for a lock only", "add --locked"
        super().__init__(f"{directory} cannot be built from: {why}", hint=hint)


class UnknownUpgrade(DistilError):
    """Something to upgrade that the lock does not hold."""

    def __init__(self, name: str, path: str, *, hint: str = "") -> None:
        super().__init__(f"{name} is not in {path}, so there is nothing to upgrade", hint=hint)


class UnknownExtra(DistilError):
    """An extra or dependency group that the project does not have."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        listed = f"it has {', '.join(known)}" if known else "it has none"
        super().__init__(
            f"the project has no {kind} called {name!r}; {listed}", hint=did_you_mean(name, known)
        )


class SecretsFound(DistilError):
    """Private keys or tokens among what would go into the image; it never shows them."""

    exit_code = 1

    def __init__(self, what: str, places: Sequence[str], hint: str) -> None:
        shown = [f"  {place}" for place in places[:20]]
        if len(places) > len(shown):
            shown.append(f"  and {len(places) - len(shown)} more")
        message = f"{what} would put secrets into the image:"
        super().__init__("\n".join([message, *shown]), hint=hint)


class NoEntrypoint(DistilError):
    """An application whose start cannot be told, or can be told in more than one way."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(f"cannot tell how to start the application: {why}", hint=hint)


class WorkspaceRoot(NoEntrypoint):
    """The root of a workspace that has no entrypoint of its own, while its members may.

    `members` are their directories, relative to `source`; one at least.
    """

    def __init__(self, source: str, members: Sequence[str]) -> None:
        more = f" and {len(members) - _FILES_SHOWN} more" if len(members) > _FILES_SHOWN else ""
        super().__init__(
            f"{source} is the root of a workspace, and nothing in it says how it starts; its "
            f"members are {', '.join(members[:_FILES_SHOWN])}{more}",
            f"name the directory of one instead, such as {source.rstrip('/')}/{members[0]}",
        )


class PythonDoesNotFit(DistilError):
    """An interpreter that the application, or something it needs, does not run on.

    `requires` is the ``Requires-Python`` specifier and `version` the interpreter's, so that a
    caller can look for a suite that fits and add it as a hint.
    """

    def __init__(
        self, who: str, requires: str, version: str, *, suites: Sequence[str] = ()
    ) -> None:
        hint = f"these have one that fits: {', '.join(suites)}" if suites else ""
        if len(suites) == 1:
            hint = f'{suites[0]} has one that fits: write from = "{suites[0]}" below [base]'
        super().__init__(f"{who} needs Python {requires}, the image has {version}", hint=hint)
        self.who = who
        self.requires = requires
        self.version = version

    def with_suites(self, suites: Sequence[str]) -> PythonDoesNotFit:
        """The same error, with the suites that fit named."""
        return PythonDoesNotFit(self.who, self.requires, self.version, suites=suites)


class NoMatchingWheel(DistilError):
    """A distribution without a wheel that the target can use."""

    def __init__(self, what: str, target: str, files: Sequence[str], *, source: str = "") -> None:
        shown = ", ".join(files[:_FILES_SHOWN])
        more = f" and {len(files) - _FILES_SHOWN} more" if len(files) > _FILES_SHOWN else ""
        listed = f"; its wheels are {shown}{more}" if files else ""
        super().__init__(
            f"{what} has no wheel for {target}{listed}{source}",
            hint="choose a version that has one, or build one and name it as a file or an index",
        )
        self.what = what
        self.source = source


_FILES_SHOWN = 8


class UnknownDistribution(DistilError):
    """A requirement whose name no index knows."""

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(
            f"no package index has {name!r}" + (f": {why}" if why else ""),
            hint="check the spelling, and the index if it is a private one",
        )


class UnsatisfiableRequirements(DistilError):
    """Requirements that contradict one another."""

    def __init__(self, explanation: str) -> None:
        super().__init__(f"the requirements cannot all be met: {explanation}")


class UnexpectedWheel(DistilError):
    """A wheel whose hash is not one of those that the project allows."""

    def __init__(self, what: str, where: str, found: Sequence[str], allowed: int) -> None:
        super().__init__(
            f"{what}: none of the files that the index offers for the target has a hash that "
            f"{where} allows (offered: {', '.join(found)}; allowed: {allowed})",
            hint="lock again if the change is known to be right; otherwise do not trust the index",
        )


class UnsupportedSource(DistilError):
    """A requirement that is not a wheel: a repository, a source archive."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            f"{name} is to be had from {kind} only, and third-party code is not built here",
            hint="build a wheel of it and name that file or an index that has it",
        )


class ResolverFailed(DistilError):
    """The resolver could not do its work, for a reason of its own."""

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__(f"resolving the Python packages failed: {why}", hint=hint)


class IndexUnreachable(DistilError):
    """No answer from a package index."""

    advice = "check the network, the proxy and the index that uv is configured to use"

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__(
            f"the Python package index cannot be reached: {why}", hint=hint or self.advice
        )


class RequirementUnreachable(DistilError):
    """A requirement with an address of its own, a git repository or an archive, and no answer."""

    def __init__(self, requirement: str, why: str, *, hint: str = "") -> None:
        advice = "check the network, the proxy and the address"
        if "git+" in requirement:
            advice += "; `git ls-remote` with the address has to work without asking for a password"
        super().__init__(f"{requirement} cannot be fetched: {why}", hint=hint or advice)


class InvalidWheel(DistilError):
    """A wheel that breaks the specification, or tries to reach out of its place."""

    def __init__(self, filename: str, why: str) -> None:
        super().__init__(f"{filename} is not a sound wheel: {why}")


class ProjectBuildFailed(DistilError):
    """The project's own build back end that did not produce a wheel."""

    def __init__(self, project: str, output: str) -> None:
        quoted = textwrap.indent(output, "  ")
        super().__init__(
            f"building the wheel of {project} failed:\n{quoted}",
            hint="`uv build --wheel` in that directory runs the same build",
        )


class ForeignWheel(DistilError):
    """A wheel of the project itself that does not run on the target."""

    def __init__(self, filename: str, target: str) -> None:
        super().__init__(
            f"the project's own wheel {filename} does not run on {target}",
            hint="build its wheel for that platform and name it in requirements.txt",
        )


class LoginInMetadata(DistilError):
    """A project whose metadata, which goes into the image, tells everybody a password."""

    def __init__(self, project: str) -> None:
        super().__init__(
            f"a requirement of {project} has a login in its address, and the metadata of a wheel "
            "is for everybody to read",
            hint="take it out of the address, and give it to uv as UV_INDEX_NAME_PASSWORD, in "
            "~/.netrc, or with a keyring",
        )


# --- reach ---------------------------------------------------------------------------------


class MalformedLedger(DistilError):
    """A ledger that cannot be read."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the ledger cannot be read: {why}")


class InvalidRule(DistilError):
    """A data file of rules that does not follow its format."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}", hint="the README beside the file has the format")


class MalformedElf(DistilError):
    """An ELF file that says something impossible about itself."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(f"{path or 'a file'} is a malformed ELF file: {why}")
        self.why = why


class MalformedLdCache(DistilError):
    """A file that is not a cache of libraries as glibc writes it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"malformed ld.so.cache: {why}")


# --- images --------------------------------------------------------------------------------


class InvalidReference(DistilError):
    """An image name or location that does not follow the grammar."""

    def __init__(self, text: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"invalid image reference {text!r}: {why}", hint=hint)
        self.why = why


class UnsupportedDestination(DistilError):
    """A place that an image cannot be written to, or not in the form asked for."""

    def __init__(self, destination: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"cannot write to {destination}: {why}", hint=hint)


class OutputFailed(DistilError):
    """The file system refused an output; nothing half-written is left."""

    def __init__(self, path: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"cannot write {path}: {why}", hint=hint)


class PartlyWritten(DistilError):
    """An output that failed when others had been written for good; `error` is what it failed of."""

    def __init__(self, error: DistilError, done: Sequence[str]) -> None:
        super().__init__(
            f"{error.message}; written before that: {', '.join(done)}", hint=error.hint
        )
        self.exit_code = error.exit_code


class UnknownCompression(DistilError):
    """A layer compression that does not exist."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown compression {name!r}", hint=f"use {' or '.join(known)}")


class InvalidLayer(DistilError):
    """Paths that cannot be one layer of an image."""

    def __init__(self, why: str) -> None:
        super().__init__(f"cannot write a layer: {why}")


class NoEngine(DistilError):
    """No container engine is there to load an image into, or to read one from."""

    def __init__(self, tried: Sequence[str]) -> None:
        super().__init__(
            f"no container engine answers here ({'; '.join(tried)})",
            hint="start Docker or install podman; a file, docker-archive:FILE.tar, needs neither",
        )
        self.tried = tried


class EngineFailed(DistilError):
    """A container engine refused an image."""

    def __init__(self, engine: str, why: str) -> None:
        super().__init__(f"{engine} did not load the image: {why}")


class NotSaved(DistilError):
    """A container engine that does not give out an image."""

    def __init__(self, engine: str, image: str, why: str) -> None:
        super().__init__(
            f"{engine} does not give out {image}: {why}",
            hint=f"`{engine} image ls` shows which images it has",
        )


class UnreadablePlace(DistilError):
    """A kind of place from which no image is read."""

    def __init__(self, place: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{place}: {why}", hint=hint)


class MalformedImage(DistilError):
    """An existing image that breaks its format, or whose bytes are not what they should be."""

    def __init__(self, what: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{what}: {why}", hint=hint)


def _listed(names: Sequence[str]) -> str:
    """Names out of an image, which can hold anything and be many, on one line."""
    shown = [name if name.isprintable() else repr(name) for name in names[:20]]
    return ", ".join([*shown, "…"] if len(names) > 20 else shown)


class ImageNotFound(DistilError):
    """A layout or archive that does not hold the image asked for."""

    def __init__(self, where: str, wanted: str, known: Sequence[str]) -> None:
        hint = f"it holds {_listed(known)}" if known else "it holds no named image"
        super().__init__(f"{where} has no image {wanted}", hint=hint)


class PlatformNotFound(DistilError):
    """An image that is not there for the platform asked for, or for this machine's."""

    def __init__(self, where: str, wanted: str, known: Sequence[str]) -> None:
        hint = f"it is there for {_listed(known)}: name one with --platform" if known else ""
        super().__init__(f"{where} is not an image for {wanted}", hint=hint)


# --- build ---------------------------------------------------------------------------------


class NoLedger(DistilError):
    """An image of which nobody knows why its files are there."""

    def __init__(self, image: str) -> None:
        super().__init__(
            f"there is no ledger for {image}, in the image or in the cache",
            hint="only images that distil built have one; build it again, here",
        )


class NothingKnown(DistilError):
    """A path or package that a ledger does not speak of."""

    exit_code = 1

    def __init__(self, what: str, image: str, *, hint: str = "") -> None:
        super().__init__(f"{what} is not in {image}, and nothing would have brought it", hint=hint)


class NothingAsked(DistilError):
    """A question about an image without an object."""

    def __init__(self) -> None:
        super().__init__("why what?", hint="name a path, or use --package, --largest or --removed")


class MalformedBusybox(DistilError):
    """A busybox that the debug twin cannot be made with."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"busybox-static cannot be used for the debug twin: {why}",
            hint="leave the twin out with --no-debug",
        )


class PlatformsFailed(DistilError):
    """A build for several platforms of which some cannot be; nothing was written for any.

    `failures` are the names of platforms, each with the error that a build for it alone would
    raise. What several have in common is said once. The exit code is that of the error; where
    errors differ, the highest.
    """

    def __init__(self, failures: Sequence[tuple[str, DistilError]]) -> None:
        self.failures = tuple(failures)
        self.exit_code = max(error.exit_code for _, error in failures)
        said: dict[tuple[str, str], list[str]] = {}
        for platform, error in failures:
            said.setdefault((error.message, error.hint), []).append(platform)
        hints = {hint for _, hint in said}
        lines = []
        for (message, hint), platforms in said.items():
            lines.append(f"the build for {' and '.join(platforms)} failed: {message}")
            if hint and len(hints) > 1:
                lines.append(f"hint: {hint}")
        super().__init__("\n".join(lines), hint=hints.pop() if len(hints) == 1 else "")


class ClosureBroken(DistilError):
    """Files of the image that would not find what they need, with packages that have it.

    `packages` are those to add, `files` own modules to take along; both are in the hint.
    """

    exit_code = 1

    def __init__(
        self,
        misses: Sequence[tuple[str, Sequence[str]]],
        distributions: Sequence[str] = (),
        files: Sequence[str] = (),
    ) -> None:
        lines = [f"  {text}{_in_packages(packages)}" for text, packages in misses]
        self.packages = tuple(dict.fromkeys(packages[0] for _, packages in misses if packages))
        self._said = (tuple(misses), tuple(distributions), tuple(files))
        hints = []
        if self.packages:
            hints.append(f"write packages = {_quoted(self.packages)} below [app] in distil.toml")
        if distributions:
            wanted = " and ".join(dict.fromkeys(distributions))
            hints.append(f"add the distribution that has it to the dependencies: {wanted}")
        if files:
            take = f"write include = {_quoted(dict.fromkeys(files))} below [app] in distil.toml"
            hints.append(f"{take}, or build the directory")
        super().__init__("the image would not work:\n" + "\n".join(lines), hint="; ".join(hints))

    def joined(self, later: ClosureBroken) -> ClosureBroken:
        """This error with what only shows once its packages are there."""
        (misses, *others), (more, *further) = self._said, later._said
        new = [miss for miss in more if miss not in misses]
        distributions, files = ((*a, *b) for a, b in zip(others, further, strict=True))
        return ClosureBroken((*misses, *new), distributions, files)


class TwinBroken(DistilError):
    """Files that only the debug twin has and that would not find what they need."""

    exit_code = 1

    def __init__(self, misses: Sequence[tuple[str, Sequence[str]]]) -> None:
        lines = [f"  {text}{_in_packages(packages)}" for text, packages in misses]
        names = dict.fromkeys(packages[0] for _, packages in misses if packages)
        quoted = ", ".join(f'"{name}"' for name in names)
        super().__init__(
            "the tools of the debug twin would not work:\n" + "\n".join(lines),
            hint=f"add {quoted} to packages below [debug] in distil.toml" if names else "",
        )


def _quoted(names: Iterable[str]) -> str:
    """`names` as a list in TOML."""
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"[{quoted}]"


def _in_packages(packages: Sequence[str]) -> str:
    return f" (it is in {' or '.join(packages)})" if packages else ""


class BrokenCommand(DistilError):
    """An entrypoint or a health check that could not be started; `hint` says where to write it."""

    exit_code = 1

    def __init__(self, kind: str, program: str, why: str, hint: str) -> None:
        super().__init__(f"the {kind} {program} cannot be started: {why}", hint=hint)


class UnwantedProgram(DistilError):
    """A shell or package manager in an image for which nobody asked for one."""

    exit_code = 1

    def __init__(self, path: str, origin: str) -> None:
        super().__init__(
            f"{path} of {origin} is in the image, and nothing asks for it",
            hint="name the package that brings it below [app] packages, to keep it on purpose",
        )


class UnaccountedFile(DistilError):
    """A file of the image that nothing accounts for: a defect of distil."""

    def __init__(self, path: str) -> None:
        super().__init__(f"nothing accounts for {path} in the image; please report this")


class InvalidEpoch(DistilError):
    """A SOURCE_DATE_EPOCH that is not a number of seconds."""

    def __init__(self, value: str) -> None:
        super().__init__(
            f"SOURCE_DATE_EPOCH is {value!r}, not a number of seconds since 1970",
            hint="unset it, or use `git log -1 --format=%ct`",
        )


class NoRevision(DistilError):
    """No commit to name, where the image is to name one."""

    def __init__(self, source: str, why: str) -> None:
        hint = "build in a git work tree, or leave git out and write labels"
        if "dubious ownership" in why:
            # As in CI, where the files and the container have different users.
            place = why.partition("'")[2].rstrip("'") or source
            hint = f"git config --global --add safe.directory {place}"
        super().__init__(f"[image] git asks for the revision of {source}: {why}", hint=hint)


class NoPython(DistilError):
    """A base without the packages of a Python interpreter."""

    def __init__(self, base: str, platform: str) -> None:
        super().__init__(
            f"{base} has no python3 for {platform}", hint="use another base, or another platform"
        )


class CannotCompile(DistilError):
    """Byte code that cannot be made, because the target's Python does not run on this machine."""

    def __init__(self, version: str, why: str) -> None:
        super().__init__(
            f"Python {version} cannot be run here to compile modules: {why}",
            hint='write bytecode = "none" below [python], or build on Linux on amd64 or arm64',
        )


class NoOutput(DistilError):
    """A build that nobody would see the result of."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "nothing says where the image should go",
            hint=f"add -o oci:out/{name}, -o docker-archive:{name}.tar, or --load",
        )
