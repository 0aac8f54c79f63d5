"""Where a search begins: what the command runs and names, and files that stay in any case."""

from __future__ import annotations

from collections.abc import Iterable

from distil.model.ledger import Reason
from distil.model.node import Node
from distil.runtimes.python.formats.source import read_python_source
from distil.runtimes.python.reach.command import Start, is_python
from distil.runtimes.python.reach.following import Following
from distil.runtimes.python.reach.modules import Module
from distil.runtimes.python.reach.references import MAIN
from distil.runtimes.python.reach.suites import is_test


def follow_start(following: Following, start: Start) -> None:
    """Follow the modules, scripts and texts that are run, and modules that are named."""
    for name in start.modules:
        _run_module(following, name)
    for path in start.scripts:
        reason = Reason("entrypoint", "", "the container's command runs it")
        _run_file(following, path, reason)
    for text in start.code:
        follow_text(following, Module(MAIN, ""), text)
    for name in start.names:
        following.state.reach_named(name, Reason("command", "", f"the command names {name}"))


def follow_text(following: Following, module: Module, text: str) -> None:
    """Follow the source `text` as if it stood in `module`."""
    words = following.state.rules.words
    following.follow(module, read_python_source(text.encode(), words=words))


def follow_application(following: Following, node: Node) -> None:
    """A file of the application stays; Python code may be imported, or run by itself.

    Jobs and management commands run in the same image, so what a file does only when it is
    the program counts whether or not the image's own command runs it.
    """
    state = following.state
    reason = Reason("application", "", "a file of the application")
    state.keep(node.path, reason)
    following.references.follow_configuration(node)
    may_run = node.name.endswith(".py") or node.mode & 0o111
    if node.blob is None or not may_run or not is_python(node) or is_test(node.path):
        return
    name = state.finder.name_of(node.path)
    found = state.finder.find(name) if name else None
    if found is not None and found.path == node.path:
        state.reach(name, reason)
    else:
        found = None
    following.follow(found or Module(name, node.path), state.analyses.of(node), main=True)


def follow_kept(following: Following, paths: Iterable[str]) -> None:
    """Python files that something else than an import keeps: modules, or programs."""
    state = following.state
    for path in paths:
        name = state.finder.name_of(path)
        found = state.finder.find(name) if name else None
        reason = Reason("kept file", "", "it is kept, so what it imports is")
        if found is not None and found.path == path:
            state.reach(name, reason)
        else:
            _run_file(following, path, reason)


def _run_module(following: Following, name: str) -> None:
    state = following.state
    reason = Reason("entrypoint", "", f"the container's command runs -m {name}")
    state.reach(name, reason)
    module = state.finder.find(name)
    if module is not None and module.search:
        state.reach(f"{name}.__main__", reason)
        module = state.finder.find(f"{name}.__main__")
    if module is not None and module.path:
        source = state.analyses.of(state.world.tree[module.path])
        following.follow(module, source, main=True)


def _run_file(following: Following, path: str, reason: Reason) -> None:
    state = following.state
    state.keep(path, reason)
    state.use_owner(path)
    source = state.analyses.of(state.world.tree[path])
    following.follow(Module(MAIN, path), source, main=True)
