"""What stays for the sake of what a search has reached, and how that stands in the end.

It depends on what is not reached as well: a requested distribution that nothing imports stays
with all of its modules, one that something imports does not.
"""

from __future__ import annotations

from distil.model.ledger import Reason
from distil.runtimes.python.reach.cuts import sort_files
from distil.runtimes.python.reach.following import Following
from distil.runtimes.python.reach.result import COMPUTED, PythonReach
from distil.runtimes.python.reach.standard_library import public_modules
from distil.runtimes.python.reach.startable import Startable
from distil.runtimes.python.reach.state import State


def finish(reached: State) -> PythonReach:
    """The outcome of a search that has come to `reached`, which stays as it is."""
    state = reached.copy(reached.finder.copy())
    following = Following(state)
    _keep_requested(state)
    following.drain()
    _explain(following)
    startable = Startable(state, following.references)
    while startable.keep():
        following.drain()
        _explain(following)
    removed = sort_files(state)
    return PythonReach(
        kept=dict(sorted(state.kept.items())),
        further=state.reasons.further,
        removed=dict(sorted(removed.items())),
        modules=dict(sorted(state.modules.items())),
        unresolved=tuple(sorted(state.unresolved)),
        resolved=tuple(sorted(state.resolved)),
        libraries=tuple(sorted(state.libraries)),
        missing=dict(sorted(state.missing.items())),
        held=state.held.places,
        rules=tuple(sorted(state.named_rules | state.held.used)),
    )


def _keep_requested(state: State) -> None:
    """Distributions that the application asks for, though nothing is seen to import them."""
    for name in state.world.requested:
        distribution = state.world.by_name.get(name)
        if distribution is not None and name not in state.used:
            detail = f"the application asks for {name}; nothing is seen to import it"
            state.reach_all_of(distribution, Reason("requirement", "", detail))


def _explain(following: Following) -> None:
    """Keep everything that could be meant by dynamic imports which nothing explains."""
    if following.state.unresolved and not following.state.everything:
        _keep_everything(following.state)
        following.drain()


def _keep_everything(state: State) -> None:
    state.everything = True
    first = min(state.unresolved)
    for name in public_modules(state.finder, state.world.layout):
        state.reach(name, Reason(COMPUTED, first.path, f"{first} may import {name}"))
    for distribution in state.world.distributions:
        detail = f"{first} may import any of {distribution.name}"
        state.reach_all_of(distribution, Reason(COMPUTED, first.path, detail))
