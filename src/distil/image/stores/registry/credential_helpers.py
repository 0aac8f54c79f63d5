"""Programs that keep logins: ``docker-credential-NAME``, which docker and podman call as well.

The registry, and what is secret, goes in over standard input and comes out over standard output;
nothing that such a program says ends up in a message.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import IO, Final

import msgspec

from distil.image.stores.registry.errors import HelperFailed
from distil.image.stores.registry.login import Login

_PREFIX: Final = "docker-credential-"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_SECONDS: Final = 120
"""Within which a helper has to end: it may ask its user for a passphrase."""
_ANSWER_LIMIT: Final = 1 << 20
_TOKEN_USER: Final = "<token>"  # noqa: S105 - what helpers call the user of an identity token
_NOT_FOUND: Final = b"credentials not found"


class _Kept(msgspec.Struct, frozen=True):
    """A login as helpers read and write it."""

    server: str = msgspec.field(default="", name="ServerURL")
    user: str = msgspec.field(default="", name="Username")
    secret: str = msgspec.field(default="", name="Secret")

    def __repr__(self) -> str:
        return f"_Kept({self.server!r}, …)"


class CredentialHelper(msgspec.Struct, frozen=True):
    """The helper that a file of logins calls `name`; it is looked for on PATH."""

    name: str

    @property
    def program(self) -> str:
        """What its program is called."""
        return _PREFIX + self.name

    def get(self, server: str) -> Login | None:
        """The login that it has for `server`, None when it has none. Raises `HelperFailed`."""
        answer = self._said("get", server, server.encode())
        if answer is None:
            return None
        try:
            kept = msgspec.json.decode(answer, type=_Kept)
        except (msgspec.MsgspecError, RecursionError):
            raise HelperFailed(self.program, "get", server, "its answer makes no sense") from None
        if kept.user == _TOKEN_USER:
            return Login(identity_token=kept.secret)
        return Login(kept.user, kept.secret) if kept.user or kept.secret else None

    def store(self, server: str, login: Login) -> None:
        """Make it keep `login` for `server`. Raises `HelperFailed`."""
        kept = _Kept(server, login.user, login.secret)
        if login.identity_token:
            kept = _Kept(server, _TOKEN_USER, login.identity_token)
        self._said("store", server, msgspec.json.encode(kept))

    def erase(self, server: str) -> None:
        """Make it forget `server`, whether it knew it or not. Raises `HelperFailed`."""
        self._said("erase", server, server.encode())

    def _said(self, action: str, server: str, stdin: bytes) -> bytes | None:
        """What it prints, None when it says that it has no such login."""
        try:
            status, answer = _run(self._path(action, server), action, stdin)
        except TimeoutError:
            why = f"it takes longer than {_SECONDS} s"
        except OSError as error:
            why = f"it cannot be run: {error.strerror}"
        else:
            if len(answer) > _ANSWER_LIMIT:
                why = "its answer is too long"
            elif status == 0:
                return answer
            elif _NOT_FOUND in answer.lower():
                return None
            else:
                why = f"it ends with status {status}"
        raise HelperFailed(self.program, action, server, why)

    def _path(self, action: str, server: str) -> str:
        if not _NAME.fullmatch(self.name):
            raise HelperFailed("the helper", action, server, "its name is not the name of a file")
        path = shutil.which(self.program)
        if path is None:
            raise HelperFailed(self.program, action, server, "it is not installed")
        return path


def _run(path: str, action: str, stdin: bytes) -> tuple[int, bytes]:
    """The exit status of the program and what it printed, one byte over the limit at most.

    Raises OSError, and TimeoutError when it takes too long; it is ended then.
    """
    end = time.monotonic() + _SECONDS
    with (
        _in_memory(stdin) as source,
        subprocess.Popen(
            [path, action], stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process,
    ):
        try:
            answer = _read(process.stdout, end)
            if len(answer) > _ANSWER_LIMIT:
                process.kill()
            return process.wait(max(0, end - time.monotonic())), answer
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        finally:
            process.kill()


def _read(stream: IO[bytes] | None, end: float) -> bytes:
    """All that comes out of `stream`, which a child of the program may hold open for good."""
    found = b""
    while stream is not None and len(found) <= _ANSWER_LIMIT:
        if not select.select([stream], [], [], max(0, end - time.monotonic()))[0]:
            raise TimeoutError
        piece = os.read(stream.fileno(), _ANSWER_LIMIT + 1 - len(found))
        if not piece:
            break
        found += piece
    return found


@contextlib.contextmanager
def _in_memory(data: bytes) -> Iterator[int]:
    """A file that is on no disk: a pipe would be waited for when nobody reads it."""
    handle = os.memfd_create("login", os.MFD_CLOEXEC)
    try:
        os.write(handle, data)
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)
