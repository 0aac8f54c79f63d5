"""``[python] bytecode = "compiled"``: the byte code of the modules that are in the image.

What was compiled is kept in the cache, the modules of one package or of the application
together, so that only new and changed ones are compiled again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from distil.events import stage
from distil.fetch.cache import Cache
from distil.fetch.packs import Pack, PackMember, open_pack, write_pack
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, PackageOrigin
from distil.model.tree import Tree
from distil.runtimes.python.byte_code_files import byte_code_origin, byte_code_path
from distil.runtimes.python.interpreter import PythonInterpreter

if TYPE_CHECKING:
    from distil.runtimes.python.byte_compiler import Compiler

_AREA: Final = "analysis"
_PACK: Final = "pyc"
_SOURCES: Final = "sources"

_MODULE: Final = re.compile(r"[^\udc80-\udcff]*/[^\W\d]\w*\.py")
"""What ``import`` can name; other files are only ever run, and then byte code is not used.

A path with bytes that are not UTF-8 is left alone.
"""

_Sources = dict[str, str]
"""Path of each module, and the digest of its source."""


class _Group(msgspec.Struct, frozen=True):
    """Modules that are kept together in the cache, and the node of each."""

    name: str
    modules: dict[str, Node]

    @property
    def sources(self) -> _Sources:
        return {path: str(n.blob.digest) for path, n in self.modules.items() if n.blob is not None}


def byte_code_nodes(
    tree: Tree, interpreter: PythonInterpreter, runtime: Compiler, application: str, cache: Cache
) -> list[Node]:
    """A file of byte code for each module in `tree`, for `interpreter`, made by `runtime`.

    Modules are the importable files of the standard library, of distributions and of the
    application; what does not compile has none. `application` is a name under which the
    application's own are found in the cache again. Raises what `compile_modules` raises, and
    `DiskFull`, `CacheUnwritable`.
    """
    from distil.runtimes.python.byte_compiler import SourceModule, compile_modules

    with stage("compiling modules") as result:
        groups = _groups(tree, interpreter, application)
        known = [(group, _known(group, runtime, cache)) for group in groups]
        missing = [
            SourceModule(path, node.blob)
            for group, pack in known
            for path, node in _missing(group, pack).items()
            if node.blob is not None
        ]
        compiled = compile_modules(runtime, missing) if missing else []
        new = dict(zip((module.path for module in missing), compiled, strict=True))
        nodes = [
            node
            for group, pack in known
            for node in _nodes(group, _completed(group, pack, new, runtime, cache), interpreter)
        ]
        result(f"{len(nodes):,} modules, {len(missing):,} compiled")
    return nodes


def _groups(tree: Tree, interpreter: PythonInterpreter, application: str) -> list[_Group]:
    places = (
        f"/usr/lib/python{interpreter.line}/",
        "/usr/lib/python3/",
        f"{interpreter.site_directory}/",
    )
    groups: dict[str, _Group] = {}
    for node in tree:
        origin = node.origin
        if isinstance(origin, PackageOrigin) and node.path.startswith(places):
            name = origin.purl
        elif isinstance(origin, ApplicationOrigin):
            name = application
        else:
            continue
        source = tree.resolve(node.path) if _MODULE.fullmatch(node.path) else None
        if source is not None and source.kind is not Kind.DIRECTORY and source.blob is not None:
            groups.setdefault(name, _Group(name, {})).modules[node.path] = source
    return list(groups.values())


def _known(group: _Group, runtime: Compiler, cache: Cache) -> Pack | None:
    """The newest pack of `group`, which may lack some of its modules and have others."""
    found = cache.document(_AREA, _key(group, runtime))
    return None if found is None else open_pack(cache, Digest(found.decode()), _PACK)


def _key(group: _Group, runtime: Compiler) -> str:
    return f"byte code {runtime.identity} {group.name}"


def _sources(pack: Pack | None) -> Mapping[str, str]:
    if pack is None:
        return {}
    return msgspec.msgpack.decode(pack.attachments[_SOURCES], type=_Sources)


def _missing(group: _Group, pack: Pack | None) -> dict[str, Node]:
    """The modules of `group` that `pack` does not have as they are now."""
    known = _sources(pack)
    wanted = group.sources
    return {p: node for p, node in group.modules.items() if known.get(p) != wanted[p]}


def _completed(
    group: _Group, pack: Pack | None, new: Mapping[str, bytes], runtime: Compiler, cache: Cache
) -> Pack:
    """A pack with all of `group`: `pack` where that is one, else what it has and what is new."""
    missing = _missing(group, pack)
    if pack is not None and not missing:
        return pack
    known = {path: digest for path, digest in _sources(pack).items() if path not in missing}
    sources = dict(sorted((known | group.sources).items()))
    old = {member.path: member for member in pack.members} if pack is not None else {}

    def contents() -> Iterator[tuple[PackMember, Sequence[bytes]]]:
        for path in sources:
            data = new[path] if path in missing else b""
            if pack is not None and path not in missing and path in old:
                data = pack.blob(old[path]).read()
            if data:
                yield PackMember(path, Kind.FILE, 0o644), [data]

    text = "\n".join([_key(group, runtime), *(f"{p} {d}" for p, d in sources.items())])
    digest = Digest.from_hex(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())
    attachments = {_SOURCES: msgspec.msgpack.encode(sources)}
    completed = write_pack(cache, digest, _PACK, contents(), attachments)
    cache.put_document(_AREA, _key(group, runtime), digest.encode())
    return completed


def _nodes(group: _Group, pack: Pack, interpreter: PythonInterpreter) -> Iterator[Node]:
    for member in pack.members:
        source = group.modules.get(member.path)
        if source is not None:
            yield Node(
                byte_code_path(member.path, interpreter.line),
                Kind.FILE,
                source.mode & 0o666,
                source.uid,
                source.gid,
                blob=pack.blob(member),
                origin=byte_code_origin(member.path),
            )
