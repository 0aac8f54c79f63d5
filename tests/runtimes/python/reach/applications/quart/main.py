"""Quart on Hypercorn: the application and the configuration named by strings, one request."""

import asyncio
import json
import socket
import urllib.request

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.utils import load_application
from quart import Quart

app = Quart(__name__)
bind = ["127.0.0.1:0"]


@app.get("/")
async def hello():
    return {"hello": "you"}


async def main():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = Config.from_object("main")
    config.bind = [f"127.0.0.1:{port}"]
    end = asyncio.Event()
    assert load_application("main:app", 0) is not None
    server = asyncio.create_task(serve(app, config, shutdown_trigger=end.wait))
    await asyncio.sleep(1)
    answer = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/", None, 5)
    assert json.loads(answer.read()) == {"hello": "you"}
    end.set()
    await server


if __name__ == "__main__":
    asyncio.run(main())
