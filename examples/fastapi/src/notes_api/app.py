"""The application: notes in memory, changes told to listeners."""

import asyncio
import importlib.metadata
import os
import ssl
from contextlib import suppress
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Query, WebSocket
from starlette.websockets import WebSocketDisconnect

from notes_api.models import Change, NewNote, Note
from notes_api.webhook import notify

app = FastAPI(title="Notes", version=importlib.metadata.version("notes-api"))
notes: dict[UUID, Note] = {}
listeners: set[asyncio.Queue[Change]] = set()


def wanted_zone(zone: Annotated[str, Query(max_length=64)] = "UTC") -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise HTTPException(400, f"no time zone {zone!r}") from error


def find(note_id: UUID) -> Note:
    if note_id not in notes:
        raise HTTPException(404, "no such note")
    return notes[note_id]


Zone = Annotated[ZoneInfo, Depends(wanted_zone)]
Found = Annotated[Note, Depends(find)]


def tell(change: Change) -> None:
    for queue in listeners:
        queue.put_nowait(change)


@app.get("/notes")
async def list_notes(zone: Zone, tag: str | None = None) -> list[Note]:
    chosen = (note for note in notes.values() if tag is None or tag in note.tags)
    return [note.in_zone(zone) for note in sorted(chosen, key=lambda note: note.created)]


@app.post("/notes", status_code=201)
async def add_note(new: NewNote, tasks: BackgroundTasks) -> Note:
    note = Note(**new.model_dump())
    notes[note.id] = note
    change = Change(kind="added", note=note)
    tell(change)
    tasks.add_task(notify, change)
    return note


@app.get("/notes/{note_id}")
async def read_note(note: Found, zone: Zone) -> Note:
    return note.in_zone(zone)


@app.delete("/notes/{note_id}", status_code=204)
async def remove_note(note: Found) -> None:
    del notes[note.id]
    tell(Change(kind="removed", note=note))


@app.websocket("/changes")
async def changes(socket: WebSocket) -> None:
    """Every change from now on, one JSON message each, until the listener leaves."""
    await socket.accept()
    queue: asyncio.Queue[Change] = asyncio.Queue()
    listeners.add(queue)

    async def send() -> None:
        while True:
            await socket.send_text((await queue.get()).model_dump_json())

    sending = asyncio.create_task(send())
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        listeners.discard(queue)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


@app.get("/about")
async def about() -> dict[str, str | int]:
    """What this process sees of the image it runs in."""
    return {
        "loop": type(asyncio.get_running_loop()).__module__,
        "uid": os.getuid(),
        "gid": os.getgid(),
        "certificate_authorities": ssl.create_default_context().cert_store_stats()["x509_ca"],
    }


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
