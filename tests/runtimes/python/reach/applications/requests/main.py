"""requests: a page from a local server, its encoding guessed, a refused certificate."""

import contextlib
import http.server
import threading

import requests

if __name__ == "__main__":
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answer = requests.get(f"http://127.0.0.1:{server.server_port}/", timeout=5)
    answer.encoding = None
    assert answer.text
    answer.encoding = "koi8-r"
    assert answer.text
    with contextlib.suppress(requests.RequestException):
        requests.get(f"https://127.0.0.1:{server.server_port}/", timeout=5)
    server.shutdown()
