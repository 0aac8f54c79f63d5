"""FastAPI under uvicorn: validation, documentation, errors, a WebSocket route, a client."""

import threading
import time

import httpx
import uvicorn
from fastapi import FastAPI, WebSocket
from pydantic import BaseModel, HttpUrl, ImportString

app = FastAPI()


class Item(BaseModel):
    name: str
    address: HttpUrl | None = None
    kind: ImportString = "collections.OrderedDict"


@app.post("/items")
async def create(item: Item) -> Item:
    return item


@app.get("/")
def index():
    return {"a": 1}


@app.websocket("/ws")
async def socket(ws: WebSocket):
    await ws.accept()


if __name__ == "__main__":
    server = uvicorn.Server(uvicorn.Config("main:app", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get("/").json() == {"a": 1}
        assert client.post("/items", json={"name": "x", "address": "http://a.b"}).status_code
        assert client.post("/items", json={}).status_code == 422
        assert client.get("/docs").status_code == 200
        assert client.get("/openapi.json").json()
    server.should_exit = True
    thread.join()
