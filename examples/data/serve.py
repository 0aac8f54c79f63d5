"""Serve until SIGTERM.

Linux gives the first process of a container no default action for signals: without a handler,
SIGTERM would be ignored, and the engine would wait and then kill.
"""

import os
import signal
import sys

import waitress
from app import app


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    waitress.serve(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8000")), threads=4)


if __name__ == "__main__":
    main()
