"""What programs do with the standard library alone, as broadly as one file can."""

import asyncio
import codecs
import collections
import concurrent.futures
import copy
import csv
import datetime
import decimal
import email.message
import gzip
import hashlib
import io
import ipaddress
import json
import locale
import logging.config
import multiprocessing
import pickle
import socket
import sqlite3
import ssl
import statistics
import string
import subprocess
import sys
import tarfile
import tempfile
import threading
import traceback
import urllib.request
import uuid
import wsgiref.simple_server
import xml.dom.minidom
import xml.etree.ElementTree
import xml.sax
import zipfile
import zoneinfo

logging.config.dictConfig(
    {
        "version": 1,
        "formatters": {"f": {"format": "%(message)s", "class": "logging.Formatter"}},
        "handlers": {"h": {"class": "logging.handlers.BufferingHandler", "capacity": 1}},
        "root": {"handlers": ["h"]},
    }
)
logging.getLogger().warning("x")


def square(number):
    return number * number


async def several():
    loop = asyncio.get_running_loop()
    await asyncio.gather(asyncio.sleep(0), loop.run_in_executor(None, square, 2))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await process.wait()


def serve():
    def app(environ, start):
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    server = wsgiref.simple_server.make_server("127.0.0.1", 0, app)
    threading.Thread(target=server.handle_request, daemon=True).start()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/") as answer:
        assert answer.read() == b"hello"
    server.server_close()


def main():
    asyncio.run(several())
    serve()
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        assert list(threads.map(square, [1, 2])) == [1, 4]
    with concurrent.futures.ProcessPoolExecutor(1) as processes:
        assert list(processes.map(square, [3])) == [9]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(square, [4]) == [16]
    assert pickle.loads(pickle.dumps(collections.OrderedDict(a=1))) == {"a": 1}
    assert datetime.datetime.strptime("2020-01-02 +0000", "%Y-%m-%d %z").day == 2
    assert str(decimal.Decimal(1) / 3)
    assert int(str(10**5000 - 1)[:4000]) if not hasattr(sys, "set_int_max_str_digits") else True
    assert json.loads(json.dumps({"a": [1.5]})) == {"a": [1.5]}
    message = email.message.EmailMessage()
    message["Subject"] = "ü"
    message.set_content("x")
    assert message.as_bytes()
    for name in ("utf-16", "latin-1", "cp1252", "idna", "punycode", "ascii", "utf-8-sig", "hex"):
        codecs.lookup(name)
    database = sqlite3.connect(":memory:")
    database.execute("create table t (x)")
    assert list(database.iterdump())
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(f"{place}/a.tar.gz", "w:gz") as archive:
            archive.add(__file__, "main.py")
        with zipfile.ZipFile(f"{place}/a.zip", "w") as archive:
            archive.writestr("ü", "x")
    assert gzip.decompress(gzip.compress(b"x")) == b"x"
    assert xml.etree.ElementTree.fromstring("<a><b/></a>").find("b") is not None
    assert xml.dom.minidom.parseString("<a/>").toxml()
    xml.sax.parseString(b"<a/>", xml.sax.ContentHandler())
    assert hashlib.new("sha3_256", b"x").hexdigest()
    ssl.create_default_context()
    socket.getaddrinfo("localhost", 80)
    subprocess.run([sys.executable, "-m", "json.tool", "--help"], check=True, capture_output=True)
    locale.setlocale(locale.LC_ALL, "C")
    copy.deepcopy({"a": [1]})
    list(csv.reader(io.StringIO("a,b")))
    statistics.mean([1, 2])
    string.Template("$a").substitute(a=1)
    ipaddress.ip_network("10.0.0.0/8")
    uuid.uuid4()
    zoneinfo.ZoneInfo("UTC")
    try:
        raise ValueError
    except ValueError:
        assert traceback.format_exc()


if __name__ == "__main__":
    main()
