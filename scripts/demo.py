"""Build examples/flask-hello, run it with what is there, ask it something, clean up.

Run with the first of `distil run`'s ways that works here. Exit status: 0 answered; 3 built, not
run; otherwise what distil said.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = Path("out")
NAME = "distil-demo:1.0"
LAYOUT = f"oci:{OUT / 'demo'}"
ARCHIVE = OUT / "demo.tar"
DISTIL = (sys.executable, "-m", "distil")
WAYS = ("sandbox", "docker", "podman", "runc")
QUESTIONS = ("/hello/world", "/about", "/time/Asia/Tokyo")
BUILT_NOT_RUN = 3
START_SECONDS = 30
GRACE = 10


class Unable(Exception):
    """This way of running containers does not work on this machine."""


def main() -> int:
    """Build, run in the first way that works, show; the exit status."""
    os.chdir(ROOT)
    build()
    for way in WAYS:
        try:
            answers = answers_of(way)
        except Unable as reason:
            print(f"not with {way}: {reason}")
            continue
        print(f"\nrun with {way}:")
        for path, answer in answers:
            print(f"  GET {path}\n    {answer}")
        return 0
    print("built, not run")
    return BUILT_NOT_RUN


def build() -> None:
    """Build the example with distil's command line, which says what it does and how large it is."""
    OUT.mkdir(exist_ok=True)
    outputs = ("-o", LAYOUT, "-o", f"docker-archive:{ARCHIVE}")
    command = ("build", "examples/flask-hello", "-t", NAME, *outputs)
    print(f"$ distil {' '.join(command)}", flush=True)
    done = subprocess.run([*DISTIL, *command], check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


def answers_of(way: str) -> list[tuple[str, str]]:
    """What the application says to each question when it is run with `way`; then it is ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--read-only", "--tmpfs", "/tmp", "--publish", f"127.0.0.1:{port}:8000")
    process = subprocess.Popen(
        [*DISTIL, "run", "--with", way, *options, f"{LAYOUT}:1.0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        await_answer(f"http://127.0.0.1:{port}", process)
        return [ask(f"http://127.0.0.1:{port}", path) for path in QUESTIONS]
    finally:
        end(process)


def ask(url: str, path: str) -> tuple[str, str]:
    """The path and the text of the answer, without markup."""
    with urllib.request.urlopen(url + path, timeout=GRACE) as response:
        text = response.read().decode()
    heading = text.partition("<h1>")[2].partition("</h1>")[0]
    return path, f"{response.status} {heading or text.strip()}"


def await_answer(url: str, process: subprocess.Popen[str]) -> None:
    """Wait until the application answers; `Unable` when it ends or never does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    end(process)
    assert process.stderr is not None
    said = process.stderr.read().strip().splitlines()
    raise Unable(said[0] if said else "the container did not answer")


def end(process: subprocess.Popen[str]) -> None:
    """SIGTERM, which the container gets, SIGKILL after the grace period."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        process.send_signal(number)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    sys.exit(main())
