"""Flask behind gunicorn: pages, errors, a session, a worker that starts and stops."""

import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def visit(port, server):
    for path in ("/", "/json", "/missing", "/broken"):
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()
            except urllib.error.HTTPError:
                pass
            except urllib.error.URLError:
                time.sleep(0.1)
                continue
            break
    os.kill(server, signal.SIGTERM)


if __name__ == "__main__":
    from gunicorn.app.wsgiapp import run

    port = free_port()
    sys.argv = ["gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "2", "site_app:app"]
    threading.Thread(target=visit, args=(port, os.getpid()), daemon=True).start()
    run()
