"""A small site: pages from templates, the time anywhere, a request to another service."""

import locale
import os
import platform
import ssl
import urllib.error
import urllib.request
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from flask import Flask, abort, jsonify, render_template
from werkzeug.exceptions import HTTPException

UPSTREAM_TIMEOUT = 5.0  # seconds
UPSTREAM_LIMIT = 64 * 1024  # bytes

locale.setlocale(locale.LC_ALL, "")
app = Flask(__name__)


@app.get("/")
def index():
    return render_template("index.html", zones=["UTC", "Europe/Berlin", "Asia/Kolkata"])


@app.get("/hello/<name>")
def hello(name):
    return render_template("hello.html", name=name)


@app.get("/time/<path:zone>")
def time(zone):
    if zone not in available_timezones():
        abort(404, f"There is no time zone {zone}.")
    now = datetime.now(ZoneInfo(zone))
    return jsonify(zone=zone, time=now.isoformat(timespec="seconds"), name=now.tzname())


@app.get("/upstream")
def upstream():
    """Show what the service at ``UPSTREAM_URL`` says; its certificate is verified."""
    url = os.environ.get("UPSTREAM_URL")
    if not url:
        abort(503, "UPSTREAM_URL is not set.")
    try:
        context = ssl.create_default_context()
        with urllib.request.urlopen(url, timeout=UPSTREAM_TIMEOUT, context=context) as answer:
            text = answer.read(UPSTREAM_LIMIT).decode("utf-8", "replace")
    except (urllib.error.URLError, TimeoutError) as error:
        app.logger.warning("upstream: %s", error)
        abort(502, "The other service did not answer as it should.")
    return render_template("upstream.html", text=text)


@app.get("/about")
def about():
    """What this process sees of the image it runs in."""
    return jsonify(
        python=platform.python_version(),
        uid=os.getuid(),
        gid=os.getgid(),
        locale=".".join(part or "" for part in locale.getlocale()),
        certificate_authorities=ssl.create_default_context().cert_store_stats()["x509_ca"],
        time_zones=len(available_timezones()),
    )


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.errorhandler(HTTPException)
def error_page(error):
    return render_template("error.html", error=error), error.code
