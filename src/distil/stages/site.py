"""The stages of an application for one platform: each is run once, and only when it is needed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.distros.protocol import Toolchain
from distil.events import stage as told
from distil.fetch.http import Client
from distil.model.ledger import Reason
from distil.model.node import Node
from distil.model.origin import StageOrigin
from distil.model.platform import Platform
from distil.model.spec import CopySpec, Spec, StageSpec
from distil.model.tree import Tree
from distil.run.errors import SandboxFailed, SandboxUnavailable, UnusableChange
from distil.source.scan import Sources, files_at
from distil.source.specification import SpecPlace
from distil.stages.difference import difference
from distil.stages.errors import StageFailed, StagesUnable
from distil.stages.failing import failure
from distil.stages.kept import KeptLayer, find_copy, find_layer, keep_copy, keep_layer
from distil.stages.key import Inputs, again, copy_key, files_key, stage_key
from distil.stages.mounts import turn
from distil.stages.output import Output
from distil.stages.secrets import Secrets, Traces
from distil.stages.stage_base import StageBase, base_of_stage, lineage
from distil.stages.surroundings import PASSED_ON, environment_of, shown
from distil.stages.taking import Taker
from distil.stages.work import Work, Worker
from distil.userfiles.copies import COPY, Copied

_SECONDS: Final = re.compile(r"\d{1,12}", re.ASCII)


class Workplace(msgspec.Struct, frozen=True):
    """What the stages of an application have in common, whatever the platform.

    `source` is the application's directory, `toolchain` opens what a stage stands on, `here` is
    the platform of this machine. With `fresh`, nothing that was kept is used or replaced.
    """

    source: Path
    spec: Spec
    sources: Sources
    client: Client
    here: Platform
    toolchain: Callable[[StageBase], Toolchain]
    worker: Worker
    secrets: Secrets
    fresh: bool = False


class StageRun(msgspec.Struct, frozen=True):
    """A stage that something was copied from: what it took to run, and whether it was run now.

    `packages` is the number of those that it has, `seconds` what its commands took, then or now.
    """

    name: str
    base: str
    packages: int
    commands: int
    seconds: float
    cached: bool


class Taken(msgspec.Struct, frozen=True):
    """What was copied out of stages, and what is to be told of them."""

    copied: tuple[Copied, ...] = ()
    runs: tuple[StageRun, ...] = ()


class Site:
    """The stages for the platform `target`."""

    def __init__(self, workplace: Workplace, target: Platform) -> None:
        self._place = workplace
        self._target = target
        self._toolchains: dict[str, Toolchain] = {}
        self._keys: dict[str, str] = {}
        self._files: dict[str, Tree] = {}
        self._layers: dict[str, KeptLayer] = {}
        self._trees: dict[str, Tree] = {}
        self._runs: dict[str, StageRun] = {}

    def take(self) -> Taken:
        """Run what has to be run, and take what the specification copies out of stages.

        Raises `StageFailed`, `StagesUnable`, `NoSecret`, `SecretKept`, `InvalidSpec`, and what
        opening and fetching a toolchain raise.
        """
        copied = [
            found
            for number, copy in enumerate(self._place.spec.copy)
            if copy.stage
            for found in self._taken(number, copy)
        ]
        order = [stage.name for stage in self._place.spec.stage]
        runs = sorted(self._runs.values(), key=lambda run: order.index(run.name))
        return Taken(tuple(copied), tuple(runs))

    def left(self, names: Iterable[str]) -> dict[str, dict[str, Node]]:
        """What those of the stages `names` left behind of which it is kept, by path."""
        cache = self._place.client.cache
        kept = {name: find_layer(cache, self._key(name), StageOrigin(name, "")) for name in names}
        return {
            name: {node.path: node for node in layer.nodes}
            for name, layer in kept.items()
            if layer is not None
        }

    # --- copies ----------------------------------------------------------------------------

    def _taken(self, number: int, copy: CopySpec) -> Iterator[Copied]:
        place = SpecPlace(self._place.source, ("copy", f"[{number}]", "from"))
        cache, key = self._place.client.cache, copy_key(copy, self._key(copy.stage))
        kept = None if self._place.fresh else find_copy(cache, key)
        if kept is None:
            nodes = list(Taker(self._tree(copy.stage), copy, place).nodes())
            kept = keep_copy(cache, key, nodes, self._layer(copy.stage).seconds)
        self._note(copy.stage, kept.seconds, cached=True)
        stage = lineage(self._place.spec, copy.stage)[-1]
        made_by = f", made by: {shown(stage.run[-1])}" if stage.run else ""
        reason = Reason(COPY, "", f"{copy.source} of stage {stage.name} to {copy.target}{made_by}")
        for node in kept.nodes:
            yield Copied(node, reason, place)

    def _note(self, name: str, seconds: float, *, cached: bool) -> None:
        """Remember what to tell of the stage `name`, unless it was run just now."""
        if name not in self._runs:
            *_, stage = lineage(self._place.spec, name)
            toolchain = self._toolchain(name)
            base = stage.source or base_of_stage(self._place.spec, name).source
            count = len(toolchain.packages)
            run = StageRun(name, base, count, len(stage.run), seconds, cached)
            self._runs[name] = run

    # --- inputs ----------------------------------------------------------------------------

    def _toolchain(self, name: str) -> Toolchain:
        if name not in self._toolchains:
            self._toolchains[name] = self._place.toolchain(base_of_stage(self._place.spec, name))
        return self._toolchains[name]

    def _own_files(self, stage: StageSpec) -> Tree:
        """The application's files as the stage finds them; none without a working directory."""
        if not stage.workdir:
            return Tree()
        if stage.workdir not in self._files:
            tree = files_at(stage.workdir, self._place.sources, lambda _: True)
            self._files[stage.workdir] = tree
        return self._files[stage.workdir]

    def _epoch(self, stage: StageSpec) -> int:
        """The date of what the stage makes, in seconds since 1970."""
        toolchain = self._toolchain(stage.name)
        # What the stage's commands are told in any case goes for the dates of what they leave.
        for said in (stage.environment, toolchain.environment, os.environ):
            if _SECONDS.fullmatch(date := said.get("SOURCE_DATE_EPOCH", "")):
                return int(date)
        return toolchain.date

    def _environment(self, stage: StageSpec) -> dict[str, str]:
        toolchain, epoch = self._toolchain(stage.name), self._epoch(stage)
        return environment_of(stage, toolchain, self._place.here, self._target, epoch)

    def _key(self, name: str) -> str:
        if name not in self._keys:
            *below, stage = lineage(self._place.spec, name)
            files = self._own_files(stage)
            inputs = Inputs(
                below=self._key(below[-1].name) if below else "",
                system=self._toolchain(name).identity,
                files=files_key(files) if stage.workdir else "",
                environment=self._environment(stage),
            )
            key = stage_key(stage, inputs)
            self._keys[name] = again(key) if self._place.fresh else key
        return self._keys[name]

    # --- results ---------------------------------------------------------------------------

    def _tree(self, name: str) -> Tree:
        """All that is there when the stage has ended."""
        if name not in self._trees:
            *_, stage = lineage(self._place.spec, name)
            layer = self._layer(name)
            self._trees[name] = self._root(name).overlaid([self._own_files(stage), layer.nodes])
        return self._trees[name]

    def _root(self, name: str) -> Tree:
        """What the stage begins with, without the application's files."""
        *below, _ = lineage(self._place.spec, name)
        tree = self._toolchain(name).tree(self._place.client)
        for stage in below:
            tree = tree.overlaid([self._own_files(stage), self._layer(stage.name).nodes])
        return tree

    def _layer(self, name: str) -> KeptLayer:
        """The difference that the stage makes: known, kept, or made now."""
        if name not in self._layers:
            origin = StageOrigin(name, "")
            cache = self._place.client.cache
            kept = None if self._place.fresh else find_layer(cache, self._key(name), origin)
            if kept is None:
                with turn(name, self._key(name), cache):
                    if not self._place.fresh:
                        kept = find_layer(cache, self._key(name), origin)
                    self._layers[name] = kept or self._run(name)
            else:
                self._layers[name] = kept
            self._note(name, self._layers[name].seconds, cached=kept is not None)
        return self._layers[name]

    def _run(self, name: str) -> KeptLayer:
        place, cache = self._place, self._place.client.cache
        *below, stage = lineage(place.spec, name)
        if stage.network and place.client.offline:
            why = "it asks for the network, and --offline forbids that"
            raise StagesUnable(name, why, hint="what it makes is kept when it has run once")
        work = self._work(stage, self._key(below[-1].name) if below else "")
        secrets = {m.secret: place.secrets.value(m.secret) for m in stage.mounts if m.secret}
        logins = {name: os.fsencode(text) for name, text in work.proxies.items() if "@" in text}
        traces = Traces(logins | secrets)
        output = Output(name, traces)
        try:
            with (
                told(f"running stage {name}") as result,
                place.worker.work(work, cache, output.take) as worked,
            ):
                output.end()
                if worked.ended.status or worked.ended.exceeded:
                    raise failure(stage, worked, list(output.last))
                seconds = worked.seconds
                changes = difference(stage, work.files, worked.changes(), traces, work.epoch)
                nodes = list(changes)
                layer = keep_layer(cache, self._key(name), nodes, StageOrigin(name, ""), seconds)
                result(f"{seconds:.1f} s, {len(nodes):,} paths")
        except SandboxUnavailable as error:
            raise StagesUnable(name, error.reason, hint=error.hint) from error
        except (SandboxFailed, UnusableChange) as error:
            raise StageFailed(name, "it", f"cannot be used: {error.message}") from error
        return layer

    def _work(self, stage: StageSpec, below: str) -> Work:
        proxies = {
            name: os.environ[name]
            for known in PASSED_ON
            for name in (known, known.upper())
            if stage.network and name in os.environ
        }
        return Work(
            stage=stage,
            root=f"stage {self._toolchain(stage.name).identity} {below}",
            tree=lambda: self._root(stage.name),
            files=self._own_files(stage),
            environment=self._environment(stage),
            epoch=self._epoch(stage),
            proxies=proxies,
            fresh=self._place.fresh,
            secrets={
                mount.at: self._place.secrets.value(mount.secret)
                for mount in stage.mounts
                if mount.secret
            },
        )
