"""Why a stage failed, in words, and what would mend it."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from typing import Final

from distil.model.spec import StageSpec
from distil.run.task import NOT_FOUND
from distil.stages.errors import StageFailed
from distil.stages.surroundings import shown
from distil.stages.work import Worked

_LIMITS: Final = {
    "time": ("took more than {seconds:g} seconds", "seconds = {more:g} in its [[stage]] allows it"),
    "memory": ("used more than {memory} of memory", 'memory = "8g" in its [[stage]] allows more'),
    "processes": ("started more processes than a stage may have", "have it start fewer at a time"),
    "disk": ("wrote more than a stage may", "have it write less, or into a cache mount"),
}
"""What passing a limit is called, and the way around it."""

_OFFLINE: Final = re.compile(
    r"could not resolve|name resolution|no such host|network is unreachable|name or service not"
    r"|failed to (?:fetch|connect)|enotfound|eai_again|getaddrinfo",
    re.IGNORECASE,
)
_LACKING: Final = re.compile(
    r"([\w.+-]+): (?:command )?not found|there is no such program|([\w/.+-]+\.h): No such file"
)


def failure(stage: StageSpec, worked: Worked, lines: Sequence[str]) -> StageFailed:
    """The error for the command of `stage` that failed after printing `lines`."""
    ended = worked.ended
    command = f"`{shown(stage.run[worked.command])}`" if stage.run else "it"
    if ended.exceeded in _LIMITS:
        how, hint = _LIMITS[ended.exceeded]
        said = {"seconds": stage.seconds, "more": stage.seconds * 2, "memory": stage.memory}
        return StageFailed(
            stage.name, command, how.format(**said), lines=lines, hint=hint.format(**said)
        )
    if ended.why:
        how = f"could not be started: {ended.why}"
    elif ended.signal:
        how = f"was ended by {_signal_name(ended.signal)}"
    else:
        how = f"ended with status {ended.status}"
    return StageFailed(stage.name, command, how, lines=lines, hint=_hint(stage, worked, lines))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _hint(stage: StageSpec, worked: Worked, lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    if not stage.network and _OFFLINE.search(text):
        return "stages have no network: network = true in its [[stage]] gives it one"
    lacking = _LACKING.search(text)
    if lacking or worked.ended.status == NOT_FOUND:
        name = next(filter(None, lacking.groups()), "") if lacking else ""
        what = f" that has {name}" if name else ""
        return (
            f"add the Debian package{what} to packages of its [[stage]]; what other packages only "
            "recommend does not come by itself"
        )
    return ""
