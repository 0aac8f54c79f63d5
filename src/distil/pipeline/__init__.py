"""The verbs as functions: distil's Python API, one file a verb.

Each reads top to bottom as what is done; what each step means is said where it is written.
"""

from distil.image.stores import StoreSettings
from distil.pipeline.build import BuildRequest, build
from distil.pipeline.cache import CacheCleaned, CacheInfo, cache_gc, cache_info
from distil.pipeline.cat import cat
from distil.pipeline.check import CheckReport, check
from distil.pipeline.copy import CopyRequest, CopySummary, copy
from distil.pipeline.diff import diff
from distil.pipeline.doctor import doctor
from distil.pipeline.export import export, exported
from distil.pipeline.init import InitialSpec, init, schema
from distil.pipeline.inspect import inspect, raw_config, raw_manifest
from distil.pipeline.layers import layers
from distil.pipeline.lock import LockRequest, lock
from distil.pipeline.login import LoggedIn, login
from distil.pipeline.logout import LoggedOut, logout
from distil.pipeline.ls import Listed, ls
from distil.pipeline.run import Ran, Running, RunRequest, run
from distil.pipeline.tags import delete, tag, tags
from distil.pipeline.why import Found, why

__all__ = [
    "BuildRequest",
    "CacheCleaned",
    "CacheInfo",
    "CheckReport",
    "CopyRequest",
    "CopySummary",
    "Found",
    "InitialSpec",
    "Listed",
    "LockRequest",
    "LoggedIn",
    "LoggedOut",
    "Ran",
    "RunRequest",
    "Running",
    "StoreSettings",
    "build",
    "cache_gc",
    "cache_info",
    "cat",
    "check",
    "copy",
    "delete",
    "diff",
    "doctor",
    "export",
    "exported",
    "init",
    "inspect",
    "layers",
    "lock",
    "login",
    "logout",
    "ls",
    "raw_config",
    "raw_manifest",
    "run",
    "schema",
    "tag",
    "tags",
    "why",
]
