"""Progress as it is drawn: what events say is text, never markup or control codes."""

from __future__ import annotations

import contextvars
import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from distil.cli import progress
from distil.events import Event, StageStarted, Transfer, Warned, emit, labelled, listening, stage

TROUBLE = "[reach] keep of uvicorn[standard] [/usr] [red]x[/red] \x1b[2J"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_brackets_are_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")
    stream = _Terminal()
    with progress.show_progress(stream):
        emit(StageStarted(TROUBLE))
        emit(Transfer(TROUBLE, 1, 2))
        with stage(TROUBLE) as result:
            result("done")
        emit(Warned(TROUBLE, "write [app]"))
    shown = stream.getvalue()
    literal = TROUBLE.replace("\x1b", "\\x1b")
    assert f"✓ {literal}: done" in shown
    assert f"warning: {literal} (write [app])" in shown


def test_stages_name_the_platform_and_a_warning_comes_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")
    stream = _Terminal()
    with progress.show_progress(stream):
        for platform in ("linux/amd64", "linux/arm64"):
            with labelled(platform), stage("fetching wheels") as result:
                emit(Warned("no security updates"))
                result("8 distributions")
    shown = stream.getvalue()
    for platform in ("linux/amd64", "linux/arm64"):
        assert shown.count(f"✓ {platform}: fetching wheels: 8 distributions") == 1
    assert shown.count("no security updates") == 1


def test_warnings_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.show_progress(io.StringIO()):
        emit(StageStarted("never shown"))
        emit(Warned("odd \x1b[31mname"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "warning: odd \\x1b[31mname\n"


def test_threads_that_share_a_listener_take_turns() -> None:
    busy = threading.Lock()
    met = threading.Barrier(4)
    heard = []

    def hear(event: Event) -> None:
        assert busy.acquire(blocking=False), "two at once"
        threading.Event().wait(0.01)
        heard.append(event)
        busy.release()

    def work() -> None:
        met.wait()
        emit(StageStarted("unpacking"))

    with listening(hear), labelled("linux/amd64"), ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(contextvars.copy_context().run, work) for _ in range(4)]
        for task in tasks:
            task.result()
    assert heard == [StageStarted("linux/amd64: unpacking")] * 4
