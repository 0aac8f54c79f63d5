"""The console script ``notes-api``."""

import os

import uvicorn


def main() -> None:
    """Serve until SIGTERM; ``HOST`` and ``PORT`` say where."""
    uvicorn.run(
        "notes_api.app:app",
        host=os.environ.get("HOST", "0.0.0.0"),
        port=int(os.environ.get("PORT", "8000")),
        timeout_graceful_shutdown=5,
    )
