"""Run inside an image by its own Python: what a process finds there, as JSON.

It is handed over as ``python3 -c``, so it stands alone and only uses the standard library.
"""

import ctypes.util
import importlib
import json
import locale
import os
import pwd
import socket
import ssl
import sys
import tempfile
import zoneinfo
from datetime import datetime


def attempt(action):
    """The result of `action`, or the error as text."""
    try:
        return action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def unimportable():
    """The modules of the standard library that cannot be imported, and why."""
    result = {}
    for name in sorted(sys.stdlib_module_names - {"antigravity", "this"}):
        try:
            importlib.import_module(name)
        except Exception as error:
            result[name] = f"{type(error).__name__}: {error}"
    return result


def winter(zone):
    """The offset of `zone` in hours in January."""
    return datetime(2026, 1, 15, tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset().total_seconds() / 3600


print(
    json.dumps(
        {
            "uid": os.getuid(),
            "gid": os.getgid(),
            "user": attempt(lambda: pwd.getpwuid(os.getuid()).pw_name),
            "home": os.path.expanduser("~"),
            "home_exists": os.path.isdir(os.path.expanduser("~")),
            "directory": os.getcwd(),
            "temporary": attempt(tempfile.gettempdir),
            "authorities": ssl.create_default_context().cert_store_stats()["x509_ca"],
            "locale": attempt(lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8")),
            "own_locale": attempt(lambda: locale.setlocale(locale.LC_ALL, "")),
            "encoding": sys.getfilesystemencoding(),
            "zones": len(zoneinfo.available_timezones()),
            "kolkata": attempt(lambda: winter("Asia/Kolkata")),
            "local_zone": datetime.now().astimezone().tzname(),
            "localhost": attempt(lambda: socket.gethostbyname("localhost")),
            "services": attempt(lambda: socket.getservbyname("https")),
            "libc": attempt(lambda: ctypes.util.find_library("c")),
            "version": "{}.{}".format(*sys.version_info),
            "unimportable": unimportable(),
        }
    )
)
