"""The stage that a Go command is built in."""

from __future__ import annotations

import os
import shlex
from typing import Final
from urllib.parse import urlsplit

from distil.events import Warned, emit
from distil.model.spec import Spec, StageSpec
from distil.runtimes.native.building import (
    ONLY_HERE,
    Building,
    Compiler,
    cache,
    program_path,
    suite_of,
)
from distil.runtimes.native.go_commands import GoCommand, GoFiles
from distil.runtimes.native.go_mod import GoModule
from distil.source.scan import Sources

GO_STAGE: Final = "go"
"""Of the stage, and of the runtime."""
VENDORED: Final = "vendor/modules.txt"

_NEED_C: Final = frozenset(
    {"github.com/mattn/go-sqlite3", "github.com/confluentinc/confluent-kafka-go"}
)
"""Modules that build without C and then refuse to work."""

_PASSED_ON: Final = ("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE")
"""What the user's environment says about where modules are had from."""

_BUILD: Final = "go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o /out/"


def compiler_of(module: GoModule) -> Compiler:
    """The Go that `module` needs."""
    return Compiler("Go", "golang-go", module.version, "golang-{}-go")


def fetches(module: GoModule, sources: Sources) -> bool:
    """Whether modules have to be fetched to build: some are required, and none is vendored."""
    return bool(module.requires) and not sources.named(VENDORED)


def calls_c(module: GoModule, files: GoFiles) -> bool:
    """Whether C is compiled too: for the module's own files, or one that is nothing without."""
    return files.cgo or not _NEED_C.isdisjoint(module.requires)


def go_building(
    module: GoModule, command: GoCommand, files: GoFiles, sources: Sources, spec: Spec
) -> Building:
    """How `command` is built: for any platform unless C is called."""
    network, cgo = fetches(module, sources), calls_c(module, files)
    environment = {"CGO_ENABLED": "1" if cgo else "0", "GOTOOLCHAIN": "local"}
    mounts = [cache("go-build", "/root/.cache/go-build")]
    packages = ["golang-go"]
    if sources.named(VENDORED):
        environment["GOFLAGS"] = "-mod=vendor"
    if network:
        environment |= _users()
        mounts.append(cache("go-mod", "/root/go/pkg/mod"))
        packages.append("ca-certificates")
        # Modules that no proxy has are cloned.
        packages += ["git"] if environment.keys() & {"GOPRIVATE", "GONOPROXY"} else []
    if cgo:
        packages += ["gcc", "libc6-dev"]
    for_target = "" if cgo else "GOOS=$TARGETOS GOARCH=$TARGETARCH "
    build = f"{for_target}{_BUILD} {shlex.quote(command.package)}"
    stage = StageSpec(
        name=GO_STAGE,
        source=suite_of(spec),
        packages=tuple(packages),
        run=(ONLY_HERE, build) if cgo else (build,),
        environment=environment,
        mounts=tuple(mounts),
        network=network,
    )
    return Building(stage, f"/out/{command.name}", program_path(spec, command.name))


def _users() -> dict[str, str]:
    """The user's settings; what holds a login would be in the lock, and stays out."""
    found = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    for name, value in list(found.items()):
        if any("@" in urlsplit(part.strip()).netloc for part in value.replace("|", ",").split(",")):
            del found[name]
            emit(
                Warned(
                    f"{name} holds a login and is not passed on to the stage",
                    hint="write [[stage]] with `distil init`, and mount a .netrc as a secret",
                )
            )
    return found
