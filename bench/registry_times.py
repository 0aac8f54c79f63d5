"""How long images take between places, beside crane and skopeo, and what memory that needs.

Each tool in turn, round after round, so that what else the machine does meets all of them; what
one leaves behind is removed and written back before the next starts. Registries are Debian's
docker-registry on the loopback interface, a new one for each push. Caches are empty.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.large_image import NAME, write_image
from bench.measure import Usage, megabytes, middle, run, seconds, table
from bench.peers.context import Example
from bench.results import write_section
from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.read_tree import read_listing
from distil.image.stores.table import store_to_read
from distil.model.reference import parse_location
from tests.support.cutting_proxy import cable
from tests.support.registries import Registry, docker_registry
from tests.support.tools import tool

ROUNDS = 5
"""Runs that count, after one that does not."""

REPOSITORY = "bench/large"
DISTIL = str(Path(sys.executable).parent / "distil")


@dataclass(frozen=True)
class Peer:
    """A tool's commands: between a layout and ``HOST:PORT/NAME:TAG``, and to list all files."""

    name: str
    pull: Callable[[str, Path], Sequence[str]]
    push: Callable[[Path, str], Sequence[str]]
    copy: Callable[[str, str], Sequence[str]]
    ls: Callable[[str], Sequence[str]] | None


def _insecure(*names: str) -> list[str]:
    return [word for name in names for word in ("--insecure", name.partition("/")[0])]


def peers() -> list[Peer]:
    """distil and what it is compared with."""
    crane, skopeo = tool("crane"), tool("skopeo")
    return [
        Peer(
            "distil",
            lambda name, to: [DISTIL, "copy", f"docker://{name}", f"oci:{to}", *_insecure(name)],
            lambda at, name: [
                *(DISTIL, "copy", f"oci:{at}:{NAME}", f"docker://{name}"),
                *_insecure(name),
            ],
            lambda name, to: [
                *(DISTIL, "copy", f"docker://{name}", f"docker://{to}"),
                *_insecure(name, to),
            ],
            lambda name: [sys.executable, "-m", "bench.registry_times", f"docker://{name}"],
        ),
        Peer(
            "crane",
            lambda name, to: [crane, "pull", "--format=oci", name, str(to)],
            lambda at, name: [crane, "push", str(at), name],
            lambda name, to: [crane, "copy", name, to],
            lambda name: ["sh", "-c", f"{crane} export {name} - | tar -t"],
        ),
        Peer(
            "skopeo",
            lambda name, to: [
                *(skopeo, "copy", "--src-tls-verify=false", f"docker://{name}", f"oci:{to}:{NAME}"),
            ],
            lambda at, name: [
                *(skopeo, "copy", "--dest-tls-verify=false", f"oci:{at}:{NAME}", f"docker://{name}")
            ],
            lambda name, to: [
                *(skopeo, "copy", "--src-tls-verify=false", "--dest-tls-verify=false"),
                *(f"docker://{name}", f"docker://{to}"),
            ],
            None,
        ),
    ]


class Place:
    """Where one run works: a directory of its own with empty caches, gone after the run."""

    def __init__(self, work: Path) -> None:
        self._work = work

    @contextlib.contextmanager
    def directory(self) -> Iterator[Path]:
        directory = self._work / "run"
        directory.mkdir()
        os.sync()
        try:
            yield directory
        finally:
            shutil.rmtree(directory)

    def run(self, directory: Path, command: Sequence[str]) -> Usage:
        """Run a command with empty caches in `directory`."""
        variables = {"DISTIL_CACHE_DIR": str(directory / "cache"), "HOME": str(directory)}
        return run(command, variables)

    @contextlib.contextmanager
    def registry(self, directory: Path) -> Iterator[Registry]:
        """An empty registry below `directory`."""
        with docker_registry(directory / "registry") as registry:
            yield registry


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Time pull, push, copy, listing and the push of a small change of the large image."""
    layout = work / "large"
    digest = write_image(layout)
    place = Place(work)
    with docker_registry(work / "source") as registry:
        source = f"{registry.place}/{REPOSITORY}:1"
        subprocess.run([tool("crane"), "push", layout, source], check=True, capture_output=True)
        jobs: dict[str, Callable[[Peer], Usage]] = {
            "pull to a layout": lambda peer: _pull(place, peer, source, digest),
            "push": lambda peer: _push(place, peer, layout, digest),
            "copy between registries": lambda peer: _copy(place, peer, source, digest),
            "list all files": lambda peer: _list(place, peer, source),
        }
        usages = {job: _rounds(job, act) for job, act in jobs.items()}
    changes = _changes(place, layout, work)
    write_section("Registries", "scripts/bench registries", _report(usages, changes))


def _rounds(job: str, act: Callable[[Peer], Usage]) -> dict[str, list[Usage]]:
    chosen = [peer for peer in peers() if peer.ls or job != "list all files"]
    usages: dict[str, list[Usage]] = {peer.name: [] for peer in chosen}
    for number in range(ROUNDS + 1):
        for peer in chosen:
            usage = act(peer)
            print(job, peer.name, usage, file=sys.stderr)
            if number:
                usages[peer.name].append(usage)
    return usages


def _pull(place: Place, peer: Peer, source: str, digest: str) -> Usage:
    with place.directory() as directory:
        usage = place.run(directory, peer.pull(source, directory / "out"))
        _expect(digest, (directory / "out/index.json").read_text())
        return usage


def _push(place: Place, peer: Peer, layout: Path, digest: str) -> Usage:
    with place.directory() as directory, place.registry(directory) as registry:
        name = f"{registry.place}/{REPOSITORY}:1"
        usage = place.run(directory, peer.push(layout, name))
        _expect(digest, _digest(name))
        return usage


def _copy(place: Place, peer: Peer, source: str, digest: str) -> Usage:
    with place.directory() as directory, place.registry(directory) as registry:
        name = f"{registry.place}/{REPOSITORY}:1"
        usage = place.run(directory, peer.copy(source, name))
        _expect(digest, _digest(name))
        return usage


def _list(place: Place, peer: Peer, source: str) -> Usage:
    assert peer.ls is not None
    with place.directory() as directory:
        return place.run(directory, peer.ls(source))


def _digest(name: str) -> str:
    command = [tool("crane"), "digest", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _expect(digest: str, text: str) -> None:
    """Whoever does not deliver the image is not timed."""
    if digest not in text:
        raise RuntimeError(f"{digest} is not in {text}")


@dataclass(frozen=True)
class Change:
    """What the second push cost: time, and bytes on the way to the registry."""

    usage: Usage
    sent: int


def _changes(place: Place, layout: Path, work: Path) -> dict[str, list[Change]]:
    """Push an image, then the same with one line of its uppermost layer changed."""
    before = _with_file(layout, work / "before", b"line = 1\n")
    after = _with_file(layout, work / "after", b"line = 2\n")
    changes: dict[str, list[Change]] = {peer.name: [] for peer in peers()}
    for number in range(ROUNDS + 1):
        for peer in peers():
            with place.directory() as directory, place.registry(directory) as registry:
                with cable(registry.place) as wire:
                    name = f"{wire.place}/{REPOSITORY}:1"
                    place.run(directory, peer.push(before, name))
                    sent = wire.upwards
                    usage = place.run(directory, peer.push(after, name))
                change = Change(usage, wire.upwards - sent)
            print("change", peer.name, change, file=sys.stderr)
            if number:
                changes[peer.name].append(change)
    return changes


def _with_file(layout: Path, target: Path, content: bytes) -> Path:
    """A layout of the image with one more layer, of one file; other blobs are links."""
    shutil.copytree(layout, target, copy_function=os.link)
    index = json.loads((layout / "index.json").read_bytes())
    entry = index["manifests"][0]
    manifest = _blob(layout, entry)
    config = _blob(layout, manifest["config"])
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("app.py")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(stream.getvalue()) + packer.flush()
    config["rootfs"]["diff_ids"].append(f"sha256:{hashlib.sha256(stream.getvalue()).hexdigest()}")
    config["history"].append({"created_by": "application"})
    layer = {"mediaType": manifest["layers"][0]["mediaType"], **_store(target, packed)}
    manifest["layers"].append(layer)
    manifest["config"] |= _store(target, json.dumps(config).encode())
    entry |= _store(target, json.dumps(manifest).encode())
    (target / "index.json").unlink()  # a link to the other's
    (target / "index.json").write_text(json.dumps(index))
    return target


def _blob(layout: Path, descriptor: dict[str, Any]) -> dict[str, Any]:
    path = layout / "blobs" / descriptor["digest"].replace(":", "/")
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def _store(layout: Path, data: bytes) -> dict[str, object]:
    hexadecimal = hashlib.sha256(data).hexdigest()
    (layout / "blobs/sha256" / hexadecimal).write_bytes(data)
    return {"digest": f"sha256:{hexadecimal}", "size": len(data)}


def _report(usages: dict[str, dict[str, list[Usage]]], changes: dict[str, list[Change]]) -> str:
    rows = [
        [f"{job}, {name}", *_figures(runs)]
        for job, by_peer in usages.items()
        for name, runs in by_peer.items()
    ]
    rows += [
        [f"push of a change, {name}", *_figures([change.usage for change in runs])]
        for name, runs in changes.items()
    ]
    head = ["", "seconds, median", "least to most", "processor, s", "most memory, MB"]
    sent = [
        [name, f"{middle([change.sent for change in runs]):,.0f}"] for name, runs in changes.items()
    ]
    version = subprocess.run([tool("skopeo"), "--version"], check=True, capture_output=True)
    skopeo = version.stdout.decode().split()[-1]
    return f"""The image of `bench/large_image.py` (1 GB, 15,000 files, 12 layers); skopeo {skopeo}
of Debian 12, crane of Debian unstable; {ROUNDS} rounds of all in turn after one that is not
counted. Memory is that of the largest process. What distil pulls is on the disk when it ends.
distil's list is that of `read_listing`, called from Python; skopeo cannot list, and crane does it
as `crane export NAME - | tar -t`.

{table(head, rows)}

*A change*: one line of the one file in a 13th layer, after the image was pushed. Bytes on the
wire towards the registry, with all headers:

{table(["", "bytes, median"], sent)}"""


def _figures(runs: Sequence[Usage]) -> list[str]:
    times = [usage.seconds for usage in runs]
    return [
        seconds(middle(times)),
        f"{seconds(min(times))} to {seconds(max(times))}",
        seconds(middle([usage.processor for usage in runs])),
        megabytes(max(usage.memory for usage in runs)),
    ]


def list_files(image: str) -> None:
    """Print the path of every file that a container of `image` sees."""
    with store_to_read(parse_location(image)).opened() as source:
        cache = Cache(Path(os.environ["DISTIL_CACHE_DIR"]))
        for node in read_listing(read_image(source).layers, cache):
            print(node.path)


if __name__ == "__main__":
    list_files(sys.argv[1])
