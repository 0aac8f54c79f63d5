"""What is wrong with a registry, with a login for it, or with what this machine says of either."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError
from distil.model.errors import CorruptContent


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


class LoginRefused(DistilError):
    """A login that its registry does not take; it is not kept."""

    def __init__(self, user: str, why: str) -> None:
        super().__init__(
            f"{user} is not logged in: {why}",
            hint="check name and password; some registries want a token in the password's place",
        )


class NotLoggedIn(DistilError):
    """A login to be removed that is not there."""

    exit_code = 1

    def __init__(self, registry: str, known: Sequence[str]) -> None:
        hint = f"there are logins for {', '.join(known)}" if known else "there is no login at all"
        super().__init__(f"there is no login for {registry}", hint=hint)


class RegistryDenied(DistilError):
    """A registry that does not let this user do what was asked, or does not know the user."""

    def __init__(self, what: str, registry: str, why: str, *, hint: str = "") -> None:
        super().__init__(
            f"{registry} does not give access to {what}: {why}",
            hint=hint or f"`distil login {registry}`, if you have an account there",
        )


class RegistryRefused(DistilError):
    """A registry that answers that it will not do what was asked."""

    def __init__(self, what: str, registry: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{registry} refuses {what}: {why}", hint=hint)


class RegistryUnsound(DistilError):
    """A registry whose answer breaks the protocol (OCI distribution-spec 1.1)."""

    def __init__(self, what: str, registry: str, why: str) -> None:
        super().__init__(
            f"{registry}: {what}: {why}",
            hint="the registry, or a proxy before it, does not work as it should",
        )


class HostileRealm(DistilError):
    """A token service that logins are not sent to."""

    def __init__(self, registry: str, realm: str, why: str, *, hint: str = "") -> None:
        super().__init__(
            f"{registry} wants its tokens to come from {realm}, {why}; nothing was sent there",
            hint=hint,
        )


class HostileLocation(DistilError):
    """An address that a registry sends contents or questions to, on another host."""

    def __init__(self, what: str, registry: str, location: str) -> None:
        super().__init__(
            f"{registry} wants {what} to go to {location}, another host; nothing was sent there",
            hint="whoever runs the registry should let it name its own address",
        )


class CorruptTransfer(CorruptContent):
    """Bytes from a registry that are not what their descriptor says, after all attempts."""

    def __init__(self, what: str, registry: str, why: str) -> None:
        DistilError.__init__(
            self,
            f"{what} from {registry}: {why}",
            hint="the registry or a proxy before it changed it; nothing of it was kept",
        )
        self.path = what
