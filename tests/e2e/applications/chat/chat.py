"""Rooms with a history: pages, WebSockets, server-sent events, a database, a call to elsewhere."""

import asyncio
import logging
import os
import zoneinfo
from datetime import datetime

import aiosqlite
import httpx
from quart import Quart, abort, jsonify, make_response, render_template, request, session, websocket
from quart.utils import run_sync

app = Quart(__name__)
app.secret_key = "for tests only"
app.config["DATABASE"] = os.environ.get("DATABASE", "/tmp/chat.sqlite")
log = logging.getLogger("chat")
listeners: set[asyncio.Queue] = set()


@app.before_serving
async def open_database():
    app.database = await aiosqlite.connect(app.config["DATABASE"])
    await app.database.execute(
        "CREATE TABLE IF NOT EXISTS said (room TEXT, name TEXT, words TEXT, at TEXT)"
    )


@app.after_serving
async def close_database():
    await app.database.close()


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.get("/")
async def index():
    session["visits"] = session.get("visits", 0) + 1
    return await render_template("index.html", visits=session["visits"])


@app.route("/rooms/<room>", methods=["GET", "POST"])
async def room(room):
    if request.method == "POST":
        form = await request.form
        await say(room, form.get("name", "anonymous"), form["words"])
    query = "SELECT name, words, at FROM said WHERE room = ? ORDER BY rowid"
    async with app.database.execute(query, (room,)) as rows:
        said = await rows.fetchall()
    zone = zoneinfo.ZoneInfo(request.args.get("zone", "UTC"))
    lines = [(n, w, datetime.fromisoformat(at).astimezone(zone).isoformat()) for n, w, at in said]
    return await render_template("room.html", room=room, lines=lines)


@app.websocket("/rooms/<room>/live")
async def live(room):
    queue = asyncio.Queue()
    listeners.add(queue)
    try:
        sender = asyncio.ensure_future(send_all(queue))
        while True:
            message = await websocket.receive_json()
            await say(room, message["name"], message["words"])
    finally:
        sender.cancel()
        listeners.discard(queue)


async def send_all(queue):
    while True:
        await websocket.send_json(await queue.get())


async def say(room, name, words):
    at = datetime.now(zoneinfo.ZoneInfo("UTC"))
    await app.database.execute(
        "INSERT INTO said VALUES (?, ?, ?, ?)", (room, name, words, at.isoformat())
    )
    await app.database.commit()
    for queue in listeners:
        queue.put_nowait({"room": room, "name": name, "words": words})


@app.get("/events")
async def events():
    async def send():
        for number in range(3):
            yield f"data: {number}\n\n".encode()
            await asyncio.sleep(0)

    response = await make_response(send(), {"Content-Type": "text/event-stream"})
    response.timeout = None
    return response


@app.post("/upload")
async def upload():
    files = await request.files
    return jsonify({name: len(file.read()) for name, file in files.items()})


@app.get("/upstream")
async def upstream():
    async with httpx.AsyncClient() as client:
        answer = await client.get(os.environ["UPSTREAM_URL"])
    return {"status": answer.status_code, "text": answer.text, "version": answer.http_version}


@app.get("/slow")
async def slow():
    return {"in_thread": await run_sync(lambda: sum(range(1000)))()}


@app.get("/fail")
async def fail():
    raise RuntimeError("on purpose")


@app.get("/forbidden")
async def forbidden():
    abort(403)


@app.errorhandler(404)
async def not_found(error):
    return await render_template("error.html", error=error), 404


@app.errorhandler(500)
async def failed(error):
    return await render_template("error.html", error=error), 500
