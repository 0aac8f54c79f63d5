"""Bottle behind Waitress: a server chosen by name, a page, an error page."""

import contextlib
import socket
import threading
import time
import urllib.error
import urllib.request

import bottle
import waitress
from waitress import runner

app = bottle.Bottle()


@app.get("/<name>")
def hello(name):
    return bottle.template("<p>{{name}}</p>", name=name)


if __name__ == "__main__":
    assert bottle.load("main:app") is not None
    assert callable(runner.run)
    server = waitress.create_server(app, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    time.sleep(0.2)
    address = f"http://127.0.0.1:{server.effective_port}"
    assert urllib.request.urlopen(f"{address}/you", timeout=5).read() == b"<p>you</p>"
    with contextlib.suppress(urllib.error.HTTPError, socket.timeout):
        urllib.request.urlopen(f"{address}/no/where", timeout=5)
    server.close()
