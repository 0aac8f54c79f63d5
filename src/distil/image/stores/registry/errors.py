"""What is wrong with a registry, with a login for it, or with what this machine says of either."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError


class InvalidRegistry(DistilError):
    """A text that is to name a registry, or a namespace in one, and does not."""

    def __init__(self, text: str, why: str, *, hint: str = "") -> None:
        super().__init__(
            f"{text!r} is not a registry: {why}", hint=hint or "write HOST or HOST:PORT"
        )


class RegistryBlocked(DistilError):
    """A registry that this machine's registries.conf forbids."""

    def __init__(self, name: str, prefix: str, path: str) -> None:
        super().__init__(
            f"{name} is not to be used: {path} blocks {prefix}",
            hint="take the image from elsewhere, or ask who keeps that file",
        )


class InvalidRegistriesConf(DistilError):
    """A containers-registries.conf(5) file that cannot be honoured."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}", hint="containers-registries.conf(5) has the format")


class InvalidCertificates(DistilError):
    """Certificates for one registry that cannot be used as they are."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}", hint="containers-certs.d(5) says what belongs there")


class UnreadableLogins(DistilError):
    """A file of logins for registries that cannot be read, or makes no sense."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"the logins in {path} cannot be read: {why}", hint="correct the file, or remove it"
        )


class UnwritableLogins(DistilError):
    """A file of logins for registries that cannot be written; it is as it was."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"the logins in {path} cannot be written: {why}",
            hint="REGISTRY_AUTH_FILE or DOCKER_CONFIG names another place",
        )


class HelperFailed(DistilError):
    """A program that keeps logins, docker-credential-NAME, which did not do what it was asked."""

    def __init__(self, program: str, action: str, server: str, why: str) -> None:
        super().__init__(
            f"{program} does not {action} the login for {server}: {why}",
            hint=f"see whether `{program} list` works, or remove it from credsStore or credHelpers",
        )


class InvalidLogin(DistilError):
    """A user or a secret that no registry can be told."""

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__(f"this login cannot be used: {why}", hint=hint)


class NotLoggedIn(DistilError):
    """A login to be removed that is not there."""

    exit_code = 1

    def __init__(self, registry: str, known: Sequence[str]) -> None:
        hint = f"there are logins for {', '.join(known)}" if known else "there is no login at all"
        super().__init__(f"there is no login for {registry}", hint=hint)
