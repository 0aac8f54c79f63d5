"""Images of busybox that can be run: what is asked of them is a command of its shell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from distil.fetch.cache import Cache
from distil.image.assemble import assemble
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.image import ContainerConfig, string_set
from distil.model.node import Kind, Node
from distil.model.platform import AMD64
from distil.model.reference import parse_image_name
from tests.support.images import EPOCH, busybox_layer, layer, oci
from tests.support.nodes import file, special

PASSWD = b"root:x:0:0:root:/root:/bin/sh\nwww:x:33:44:www:/srv/www:/bin/false\n"
GROUP = b"root:x:0:\nweb:x:44:\nlogs:x:55:www,other\n"

SHELL = ContainerConfig(env=("PATH=/bin",), entrypoint=("/bin/busybox", "sh", "-c"))
"""A configuration whose one argument is a script."""

COMMANDS = ("cat", "echo", "env", "id", "kill", "ls", "nc", "pwd", "sh", "sleep", "stty", "touch")


def files() -> list[Node]:
    """What every such image has beside busybox."""
    links = [special(f"/bin/{name}", Kind.SYMLINK, target="busybox") for name in COMMANDS]
    directories = [special(path, Kind.DIRECTORY) for path in ("/etc", "/proc", "/dev", "/sys")]
    return [
        *links,
        *directories,
        file("/etc/passwd", PASSWD),
        file("/etc/group", GROUP),
        special("/tmp", Kind.DIRECTORY, mode=0o1777),
        special("/data", Kind.DIRECTORY, mode=0o700, uid=33, gid=44),
        file("/data/kept", b"in the image\n", uid=33, gid=44),
    ]


def write_image(directory: Path, cache: Cache, more: Iterable[Node] = (), **config: object) -> str:
    """An image like `SHELL`, but for what `config` says, with `more` files; where it is."""
    if "volumes" in config:
        config["volumes"] = string_set(list(config["volumes"]))  # type: ignore[call-overload]
    layers = [busybox_layer(cache), layer(cache, files())]
    extra = list(more)
    if extra:
        layers.append(layer(cache, extra))
    image = assemble(
        layers, msgspec.structs.replace(SHELL, **config), platform=AMD64, created=EPOCH
    )
    location = oci(directory, "run")
    write(name_image(image, [parse_image_name("busy:run")], location), location)
    return f"oci:{directory}:run"
